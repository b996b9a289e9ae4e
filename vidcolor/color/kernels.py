"""The compiled loops of this room, and the curves of CIELAB and of coded R'G'B' that they share.

- The transfer is the sRGB curve (IEC 61966-2-1), for every film. Pictures that artists give are sRGB, so a
  gray frame and its own picture have the same L*; a BT.1886 display differs from it only in the shadows.
- They stand in one file because numba's cache notices a change in a function's own file only.
- Roots are taken by a bit trick and two Halley steps instead of `pow`: the loops around them then compile to
  vector instructions. Relative error below 3e-7, about two units in the last place of float32.
"""

import numpy as np
from numba import njit

CUBE_ROOT_BITS = np.int32(709953477)
"""Two thirds of float32's exponent offset, tuned: the seed of the cube root (W. Kahan's trick)."""
FIFTH_ROOT_BITS = np.int32(851974572)
"""Four fifths of the same, for the fifth root."""
F32 = np.float32


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def cube_root(x):  # type: ignore[no-untyped-def]
    """Cube root of a float32 >= 0; of 0 it is 1e-10, so that nothing is divided by 0."""
    x = max(F32(x), F32(1e-30))
    bits = F32(x).view(np.int32)
    y = np.int32(bits // np.int32(3) + CUBE_ROOT_BITS).view(np.float32)
    cube = y * y * y
    y = y * (cube + x + x) / (cube + cube + x)
    cube = y * y * y
    return y * (cube + x + x) / (cube + cube + x)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def fifth_root(x):  # type: ignore[no-untyped-def]
    """Fifth root of a float32 > 0."""
    bits = F32(x).view(np.int32)
    y = np.int32(bits // np.int32(5) + FIFTH_ROOT_BITS).view(np.float32)
    power = y * y * y * y * y
    y = y * (F32(2.0) * power + F32(3.0) * x) / (F32(3.0) * power + F32(2.0) * x)
    power = y * y * y * y * y
    return y * (F32(2.0) * power + F32(3.0) * x) / (F32(3.0) * power + F32(2.0) * x)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def decode(value):  # type: ignore[no-untyped-def]
    """Linear light of a coded value >= 0."""
    base = (value + F32(0.055)) * F32(1 / 1.055)
    square = base * base
    return square * fifth_root(square) if value > F32(0.04045) else value * F32(1 / 12.92)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def encode(light):  # type: ignore[no-untyped-def]
    """Coded R', G' or B' of linear light; odd below 0, and goes on above 1."""
    size = abs(light)
    root = cube_root(size)
    curve = F32(1.055) * root * np.sqrt(np.sqrt(root)) - F32(0.055)
    value = curve if size > F32(0.0031308) else F32(12.92) * size
    return value if light >= F32(0.0) else -value


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def lab_forward(t):  # type: ignore[no-untyped-def]
    """CIELAB's f."""
    return cube_root(t) if t > F32(216 / 24389) else (F32(24389 / 27) * t + F32(16.0)) * F32(1 / 116)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def lab_backward(f):  # type: ignore[no-untyped-def]
    """The inverse of CIELAB's f."""
    return f * f * f if f > F32(6 / 29) else (F32(116.0) * f - F32(16.0)) * F32(27 / 24389)


@njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"}, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"}, error_model="numpy")
def fill_rgb(lab, m, rgb):  # type: ignore[no-untyped-def]
    for i in range(lab.shape[1]):
        fy = (lab[0, i] + F32(16.0)) * F32(1 / 116)
        x = lab_backward(fy + lab[1, i] * F32(1 / 500))
        y = lab_backward(fy)
        z = lab_backward(fy - lab[2, i] * F32(1 / 200))
        for c in range(3):
            v = encode(m[c, 0] * x + m[c, 1] * y + m[c, 2] * z)
            rgb[c, i] = min(max(v, F32(0.0)), F32(1.0))
