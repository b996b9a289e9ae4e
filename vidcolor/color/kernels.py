"""The compiled loops of this room, and the curves of CIELAB and of coded R'G'B' that they share.

- The transfer is the sRGB curve (IEC 61966-2-1), for every film. Pictures that artists give are sRGB, so a
  gray frame and its own picture have the same L*; a BT.1886 display differs from it only in the shadows.
- They run over rows: a strip of the picture, flat. What calls one after the other is Python (lock.py): a kernel that
  calls others is compiled with all of them in it, and the first start waits for that.
- They stand in one file because numba's cache notices a change in a function's own file only.
- Roots are taken by a bit trick and two Halley steps instead of `pow`: the loops around them then compile to
  vector instructions. Relative error below 3e-7, about two units in the last place of float32.
"""

import numpy as np

from vidcolor.compiled import INNER, strict

CUBE_ROOT_BITS = np.int32(709953477)
"""Two thirds of float32's exponent offset, tuned: the seed of the cube root (W. Kahan's trick)."""
FIFTH_ROOT_BITS = np.int32(851974572)
"""Four fifths of the same, for the fifth root."""
F32 = np.float32
LEAST_SLOPE = F32(0.3)
"""Below any slope inside the gamut (1.3 at white, more elsewhere); keeps wild colours finite."""
SHADOW = F32(1e-6)
"""Linear light beyond 0..1 that rounding alone explains: neutral colours are never outside by more."""
SHRINKS = 12
"""Halvings of the way from a colour outside the gamut to neutral."""


@strict(**INNER)
def cube_root(x):  # type: ignore[no-untyped-def]
    """Cube root of a float32 >= 0; of 0 it is 1e-10, so that nothing is divided by 0."""
    x = max(F32(x), F32(1e-30))
    bits = F32(x).view(np.int32)
    y = np.int32(bits // np.int32(3) + CUBE_ROOT_BITS).view(np.float32)
    cube = y * y * y
    y = y * (cube + x + x) / (cube + cube + x)
    cube = y * y * y
    return y * (cube + x + x) / (cube + cube + x)


@strict(**INNER)
def fifth_root(x):  # type: ignore[no-untyped-def]
    """Fifth root of a float32 > 0."""
    bits = F32(x).view(np.int32)
    y = np.int32(bits // np.int32(5) + FIFTH_ROOT_BITS).view(np.float32)
    power = y * y * y * y * y
    y = y * (F32(2.0) * power + F32(3.0) * x) / (F32(3.0) * power + F32(2.0) * x)
    power = y * y * y * y * y
    return y * (F32(2.0) * power + F32(3.0) * x) / (F32(3.0) * power + F32(2.0) * x)


@strict(**INNER)
def decode(value):  # type: ignore[no-untyped-def]
    """Linear light of a coded value >= 0."""
    base = (value + F32(0.055)) * F32(1 / 1.055)
    square = base * base
    return square * fifth_root(square) if value > F32(0.04045) else value * F32(1 / 12.92)


@strict(**INNER)
def encode(light):  # type: ignore[no-untyped-def]
    """Coded R', G' or B' of linear light; odd below 0, and goes on above 1."""
    size = abs(light)
    root = cube_root(size)
    curve = F32(1.055) * root * np.sqrt(np.sqrt(root)) - F32(0.055)
    value = curve if size > F32(0.0031308) else F32(12.92) * size
    return value if light >= F32(0.0) else -value


@strict(**INNER)
def lab_forward(t):  # type: ignore[no-untyped-def]
    """CIELAB's f."""
    return cube_root(t) if t > F32(216 / 24389) else (F32(24389 / 27) * t + F32(16.0)) * F32(1 / 116)


@strict(**INNER)
def lab_backward(f):  # type: ignore[no-untyped-def]
    """The inverse of CIELAB's f."""
    return f * f * f if f > F32(6 / 29) else (F32(116.0) * f - F32(16.0)) * F32(27 / 24389)


@strict(error_model="numpy")
def fill_light(coded, light):  # type: ignore[no-untyped-def]
    """Linear light of flat coded values; odd below 0, and goes on above 1."""
    for i in range(coded.size):
        value = decode(abs(coded[i]))
        light[i] = value if coded[i] >= F32(0.0) else -value


@strict(error_model="numpy")
def fill_coded(light, coded):  # type: ignore[no-untyped-def]
    """The inverse of `fill_light`."""
    for i in range(light.size):
        coded[i] = encode(light[i])


@strict(error_model="numpy")
def fill_lab(rgb, m, lab):  # type: ignore[no-untyped-def]
    for i in range(rgb.shape[1]):
        r = decode(min(max(rgb[0, i], F32(0.0)), F32(1.0)))
        g = decode(min(max(rgb[1, i], F32(0.0)), F32(1.0)))
        b = decode(min(max(rgb[2, i], F32(0.0)), F32(1.0)))
        fx = lab_forward(m[0, 0] * r + m[0, 1] * g + m[0, 2] * b)
        fy = lab_forward(m[1, 0] * r + m[1, 1] * g + m[1, 2] * b)
        fz = lab_forward(m[2, 0] * r + m[2, 1] * g + m[2, 2] * b)
        lab[0, i] = F32(116.0) * fy - F32(16.0)
        lab[1, i] = F32(500.0) * (fx - fy)
        lab[2, i] = F32(200.0) * (fy - fz)


@strict(error_model="numpy")
def fill_rgb(lab, m, rgb):  # type: ignore[no-untyped-def]
    for i in range(lab.shape[1]):
        fy = (lab[0, i] + F32(16.0)) * F32(1 / 116)
        x = lab_backward(fy + lab[1, i] * F32(1 / 500))
        y = lab_backward(fy)
        z = lab_backward(fy - lab[2, i] * F32(1 / 200))
        for c in range(3):
            v = encode(m[c, 0] * x + m[c, 1] * y + m[c, 2] * z)
            rgb[c, i] = min(max(v, F32(0.0)), F32(1.0))


@strict(**INNER)
def linear_range(fy, a, b, m):  # type: ignore[no-untyped-def]
    """Least and greatest of linear R, G, B of a Lab colour of lightness fy = (L* + 16) / 116."""
    x, y, z = lab_backward(fy + a * F32(1 / 500)), lab_backward(fy), lab_backward(fy - b * F32(1 / 200))
    r = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
    g = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
    c = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
    return min(r, min(g, c)), max(r, max(g, c))


@strict(error_model="numpy")
def shrink_at_lightness(lab, m):  # type: ignore[no-untyped-def]
    """Scales a*, b* of rows (3, n), in place, towards neutral until linear RGB lies in 0..1 to SHADOW. L* stays."""
    for i in range(lab.shape[1]):
        fy = (lab[0, i] + F32(16.0)) * F32(1 / 116)
        a, b = lab[1, i], lab[2, i]
        low, high = linear_range(fy, a, b, m)
        if low < -SHADOW or high > F32(1.0) + SHADOW:
            inside, outside = F32(0.0), F32(1.0)
            for _ in range(SHRINKS):
                middle = F32(0.5) * (inside + outside)
                low, high = linear_range(fy, middle * a, middle * b, m)
                if low < -SHADOW or high > F32(1.0) + SHADOW:
                    outside = middle
                else:
                    inside = middle
            lab[1, i], lab[2, i] = inside * a, inside * b


@strict(**INNER)
def encode_with_slope(light):  # type: ignore[no-untyped-def]
    """`encode` and its slope. Without branches: the slope of the straight part is 2 % off, which Newton forgives."""
    size = abs(light)
    bent = max(size, F32(0.0031308))
    root = cube_root(bent)
    power = F32(1.055) * root * np.sqrt(np.sqrt(root))
    value = power - F32(0.055) + F32(12.92) * (size - bent)
    return (value if light >= F32(0.0) else -value), power / (F32(2.4) * bent)


@strict(**INNER)
def backward_with_slope(f):  # type: ignore[no-untyped-def]
    """`lab_backward` and its slope, without branches: the straight part is the tangent of the cube at 6/29."""
    bent = max(f, F32(6 / 29))
    slope = F32(3.0) * bent * bent
    return bent * bent * bent + F32(108 / 841) * (f - bent), slope


@strict(error_model="numpy")
def newton_step(f, y, a, b, matrix, weights):  # type: ignore[no-untyped-def]
    """One Newton step on `f` = (L* + 16) / 116 towards the lightness at which Lab (L*, a, b) has the luma y. In place.

    All arguments are rows; `matrix` is XYZ over white to linear RGB (9 numbers), `weights` the luma's (3).
    """
    m00, m01, m02, m10, m11, m12, m20, m21, m22 = matrix
    wr, wg, wb = weights
    for i in range(np.uint32(f.size)):  # unsigned: LLVM cannot turn this loop into vectors otherwise
        x, dx = backward_with_slope(f[i] + a[i] * F32(1 / 500))
        w, dw = backward_with_slope(f[i])
        z, dz = backward_with_slope(f[i] - b[i] * F32(1 / 200))
        red, dr = encode_with_slope(m00 * x + m01 * w + m02 * z)
        green, dg = encode_with_slope(m10 * x + m11 * w + m12 * z)
        blue, db = encode_with_slope(m20 * x + m21 * w + m22 * z)
        slope = wr * dr * (m00 * dx + m01 * dw + m02 * dz)
        slope += wg * dg * (m10 * dx + m11 * dw + m12 * dz)
        slope += wb * db * (m20 * dx + m21 * dw + m22 * dz)
        f[i] -= (wr * red + wg * green + wb * blue - y[i]) / max(slope, LEAST_SLOPE)


@strict(error_model="numpy")
def differences(f, y, a, b, matrix, blue, red):  # type: ignore[no-untyped-def]
    """Rows B' - Y' and R' - Y' of Lab (f, a, b) under the luma y."""
    m00, m01, m02, _, _, _, m20, m21, m22 = matrix
    for i in range(np.uint32(f.size)):
        x = backward_with_slope(f[i] + a[i] * F32(1 / 500))[0]
        w = backward_with_slope(f[i])[0]
        z = backward_with_slope(f[i] - b[i] * F32(1 / 200))[0]
        red[i] = encode_with_slope(m00 * x + m01 * w + m02 * z)[0] - y[i]
        blue[i] = encode_with_slope(m20 * x + m21 * w + m22 * z)[0] - y[i]


@strict(error_model="numpy")
def limit_and_code(y, blue, red, weights, margin, scale_of, cb, cr):  # type: ignore[no-untyped-def]
    """Rows of Cb, Cr codes; the pair is scaled towards neutral until R'G'B' lies in margin..1-margin."""
    wr, wg, wb = weights
    _, _, middle, half = scale_of
    per_cb, per_cr = half / (F32(1.0) - wb), half / (F32(1.0) - wr)
    tiny = F32(1e-6)
    for i in range(np.uint32(y.size)):
        green = -(wr * red[i] + wb * blue[i]) / wg
        top = max(max(red[i], blue[i]), max(green, tiny))
        bottom = min(min(red[i], blue[i]), min(green, -tiny))
        scale = min((F32(1.0) - margin - y[i]) / top, (margin - y[i]) / bottom)
        scale = min(max(scale, F32(0.0)), F32(1.0))
        cb[i] = np.uint16(middle + scale * blue[i] * per_cb)
        cr[i] = np.uint16(middle + scale * red[i] * per_cr)


@strict(error_model="numpy")
def shrink(y, a, b, edge):  # type: ignore[no-untyped-def]
    """Shrinks rows a, b, at constant hue, to the edge of the gamut: `edge` (luma nodes, hue nodes + 1) holds the
    largest |a| + |b| inside."""
    rows, hues = edge.shape[0] - 1, edge.shape[1] - 1
    for i in range(np.uint32(y.size)):
        at = min(max(y[i], F32(0.0)), F32(1.0)) * F32(rows)
        row = min(np.int32(at), rows - 1)
        at -= F32(row)
        length = abs(a[i]) + abs(b[i]) + F32(1e-9)
        part = a[i] / length
        turn = (F32(1.0) - part if b[i] >= F32(0.0) else F32(3.0) + part) * F32(hues / 4)
        hue = min(max(np.int32(turn), 0), hues - 1)
        turn -= F32(hue)
        low = edge[row, hue] + turn * (edge[row, hue + 1] - edge[row, hue])
        high = edge[row + 1, hue] + turn * (edge[row + 1, hue + 1] - edge[row + 1, hue])
        scale = min(F32(1.0), (low + at * (high - low)) / length)
        a[i] *= scale
        b[i] *= scale


@strict(error_model="numpy")
def guess(y, a, b, start, f):  # type: ignore[no-untyped-def]
    """Row f near the lightness sought: 1, a, b, a a, a b, b b times the six numbers that `start` has for the luma's
    10-bit code."""
    for i in range(np.uint32(f.size)):
        code = np.int32(min(max(y[i] * F32(876.0) + F32(64.5), F32(0.0)), F32(1023.0)))
        linear = start[code, 0] + start[code, 1] * a[i] + start[code, 2] * b[i]
        square = start[code, 3] * a[i] * a[i] + start[code, 4] * a[i] * b[i] + start[code, 5] * b[i] * b[i]
        f[i] = linear + square


@strict(error_model="numpy")
def outside(y, blue, red, weights, slack, out):  # type: ignore[no-untyped-def]
    """How many colours lie outside the cube by more than `slack`; `out` says which."""
    wr, wg, wb = weights
    count = 0
    for i in range(np.uint32(y.size)):
        green = -(wr * red[i] + wb * blue[i]) / wg
        top = max(max(red[i], blue[i]), green) + y[i]
        bottom = min(min(red[i], blue[i]), green) + y[i]
        out[i] = bottom < -slack or top > F32(1.0) + slack
        count += out[i]
    return count


@strict(error_model="numpy")
def keep_even(rows, even):  # type: ignore[no-untyped-def]
    """Half-band of `rows`, which have 3 columns to spare on either side, at their even columns."""
    for j in range(even.shape[0]):
        row = rows[j]
        for i in range(np.uint32(even.shape[1])):
            k = 2 * i
            outer = row[k] + row[k + 6]
            inner = row[k + 2] + row[k + 4]
            even[j, i] = F32(0.5) * row[k + 3] + F32(9 / 32) * inner - F32(1 / 32) * outer
