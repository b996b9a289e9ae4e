"""The compiled loops of this room: sums of squares, CIEDE2000, SSIM, warped differences, counts. All sums are float64.

- Inputs are finite, as the callers have checked: the liberties LLVM takes suppose so.
- CIEDE2000 without trigonometry: the mean hue is a unit vector (the bisector of the two hues), its multiples follow
  from the addition theorems, and the one function of the angle itself, the bell around 275 degrees, is even about
  that hue, so it is a polynomial in the vector's component along it. The loop then compiles to vector instructions.
- SSIM from the difference d = y - x rather than from y: 2 cov + C is var x + var y + C less var d, so nothing large
  is subtracted from its like, and equal pictures have exactly 1.
"""

import numpy as np

from vidcolor.compiled import INNER, loose, strict

F64 = np.float64
SEVENTH = 25.0**7
FAR = 1.4
"""1 - cosine beyond which the bell around 275 degrees is below 2e-9, and is taken as it is there."""
OPPOSITE = 1e-12
"""Sine of the angle below which two hues that are not near are opposite."""
COS_275, SIN_275 = float(np.cos(np.radians(275))), float(np.sin(np.radians(275)))
COS_30, SIN_30 = float(np.cos(np.radians(30))), float(np.sin(np.radians(30)))
COS_6, SIN_6 = float(np.cos(np.radians(6))), float(np.sin(np.radians(6)))
COS_63, SIN_63 = float(np.cos(np.radians(63))), float(np.sin(np.radians(63)))


def _bell_terms() -> tuple[float, ...]:
    """Polynomial in u = 1 - cos(h - 275 deg), 0..FAR, for exp(-((h - 275 deg) / 25 deg)^2) to the power 1/16.

    That root is smooth enough for thirteen terms; four squarings then give the bell, wrong by 2e-9 at most.
    """
    u = FAR * (1 - np.cos(np.pi * (np.arange(400) + 0.5) / 400)) / 2
    root = np.exp(-((np.degrees(np.arccos(1 - u)) / 25) ** 2) / 16)
    fit = np.polynomial.Chebyshev.fit(u, root, 12, domain=[0, FAR])
    return tuple(float(x) for x in fit.convert(kind=np.polynomial.Polynomial).coef)


BELL = _bell_terms()
RADIUS = 5
"""Of SSIM's window, 11 x 11."""
SPREAD = 1.5
"""Standard deviation of SSIM's Gaussian window, in pixels."""


def _window() -> tuple[float, ...]:
    """SSIM's weights from the middle outwards; the whole window sums to 1."""
    weights = np.exp(-0.5 * (np.arange(RADIUS + 1) / SPREAD) ** 2)
    return tuple(float(x) for x in weights / (2 * weights.sum() - weights[0]))


WINDOW = _window()
C1, C2 = 0.01**2, 0.03**2
"""SSIM's constants for a range of 1 (Wang 2004: K1 = 0.01, K2 = 0.03)."""


@loose()
def sum_of_squares(first, second):  # type: ignore[no-untyped-def]
    """Sum of squared differences of two flat arrays."""
    total = 0.0
    for i in range(first.size):
        d = F64(first[i]) - F64(second[i])
        total += d * d
    return total


@loose()
def opponent_sums(rgb):  # type: ignore[no-untyped-def]
    """Sums of R' - G', of (R' + G') / 2 - B', and of their squares, of (3, N)."""
    first = second = first_square = second_square = 0.0
    for i in range(rgb.shape[1]):
        r, g, b = F64(rgb[0, i]), F64(rgb[1, i]), F64(rgb[2, i])
        p = r - g
        q = 0.5 * (r + g) - b
        first += p
        second += q
        first_square += p * p
        second_square += q * q
    return first, second, first_square, second_square


@strict(**INNER)
def strong(chroma):  # type: ignore[no-untyped-def]
    """sqrt(C^7 / (C^7 + 25^7))."""
    square = chroma * chroma
    seventh = square * square * square * chroma
    return np.sqrt(seventh / (seventh + SEVENTH))


@strict(**INNER)
def bell(along):  # type: ignore[no-untyped-def]
    """exp(-((h - 275 deg) / 25 deg)^2), of the cosine of h - 275 deg."""
    t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12 = BELL
    u = min(1.0 - along, FAR)
    low = t0 + u * (t1 + u * (t2 + u * (t3 + u * (t4 + u * (t5 + u * t6)))))
    high = t7 + u * (t8 + u * (t9 + u * (t10 + u * (t11 + u * t12))))
    power = u * u * u
    root = low + power * power * u * high
    root *= root
    root *= root
    root *= root
    return root * root


@strict(**INNER)
def sine(x):  # type: ignore[no-untyped-def]
    """Sine on 0..pi/3, wrong by 2e-11 at most."""
    z = x * x
    return x * (1.0 - z / 6 * (1.0 - z / 20 * (1.0 - z / 42 * (1.0 - z / 72 * (1.0 - z / 110)))))


@strict(error_model="numpy")
def ciede2000_row(l_row1, a_row1, b_row1, l_row2, a_row2, b_row2, out):  # type: ignore[no-untyped-def]
    """CIEDE2000 of two rows of L*, a*, b*, into float64 (N,)."""
    for i in range(np.uint32(out.size)):
        l1, a1, b1 = F64(l_row1[i]), F64(a_row1[i]), F64(b_row1[i])
        l2, a2, b2 = F64(l_row2[i]), F64(a_row2[i]), F64(b_row2[i])
        mean = 0.5 * (np.sqrt(a1 * a1 + b1 * b1) + np.sqrt(a2 * a2 + b2 * b2))
        stretch = 1.5 - 0.5 * strong(mean)
        a1 *= stretch
        a2 *= stretch
        c1, c2 = np.sqrt(a1 * a1 + b1 * b1), np.sqrt(a2 * a2 + b2 * b2)
        product = c1 * c2
        cross, dot = a1 * b2 - b1 * a2, a1 * a2 + b1 * b2
        # Opposite hues, as rounding lets them be: the mean is a quarter turn on from the smaller of the two.
        from_first = 1.0 if (b1 > 0.0) | ((b1 == 0.0) & (a1 > 0.0)) else -1.0
        sign = from_first if abs(cross) <= OPPOSITE * product else (1.0 if cross > 0.0 else -1.0)
        # Near hues: along the sum of their unit vectors. Far hues: across the difference, lest like cancel like.
        far = dot < 0.0
        x = sign * (b2 * c1 - b1 * c2) if far else a1 * c2 + a2 * c1
        y = sign * (a1 * c2 - a2 * c1) if far else b1 * c2 + b2 * c1
        length = max(np.sqrt(x * x + y * y), 1e-300)
        turned = sign * np.sqrt(max(2.0 * (product - dot), 0.0))
        dh = turned if far else 2.0 * np.sqrt(product) * cross / length
        c, s = x / length, y / length
        cos2, sin2 = c * c - s * s, 2.0 * s * c
        cos3, sin3 = cos2 * c - sin2 * s, sin2 * c + cos2 * s
        cos4, sin4 = cos2 * cos2 - sin2 * sin2, 2.0 * sin2 * cos2
        t = 1.0 - 0.17 * (c * COS_30 + s * SIN_30) + 0.24 * cos2
        t += 0.32 * (cos3 * COS_6 - sin3 * SIN_6) - 0.20 * (cos4 * COS_63 + sin4 * SIN_63)
        # The formula's hues end at 360 degrees: those a little above 0 are far from 275, not near.
        near = bell(c * COS_275 + s * SIN_275) if (c < 0.0) | (s < 0.0) else 0.0
        off = 0.5 * (l1 + l2) - 50.0
        off *= off
        chroma = 0.5 * (c1 + c2)
        dl = (l2 - l1) / (1.0 + 0.015 * off / np.sqrt(20.0 + off))
        dc = (c2 - c1) / (1.0 + 0.045 * chroma)
        dh /= 1.0 + 0.015 * chroma * t
        rotation = -2.0 * strong(chroma) * sine(np.pi / 3 * near)
        out[i] = np.sqrt(max(dl * dl + dc * dc + dh * dh + rotation * dc * dh, 0.0))


@strict()
def ciede2000(first, second, out):  # type: ignore[no-untyped-def]
    """Sum of the CIEDE2000 of (3, H, W) and (3, H, W); the map itself into `out` (H, W)."""
    row = np.empty(out.shape[1], F64)
    total = 0.0
    for j in range(out.shape[0]):
        ciede2000_row(first[0, j], first[1, j], first[2, j], second[0, j], second[1, j], second[2, j], row)
        out[j] = row
        total += row.sum()
    return total


@loose()
def blur_along(row, out):  # type: ignore[no-untyped-def]
    """`row` under SSIM's window, where it fits: 2 RADIUS fewer."""
    w0, w1, w2, w3, w4, w5 = WINDOW
    for i in range(np.uint32(out.size)):
        near = w0 * row[i + 5] + w1 * (row[i + 4] + row[i + 6]) + w2 * (row[i + 3] + row[i + 7])
        far = w3 * (row[i + 2] + row[i + 8]) + w4 * (row[i + 1] + row[i + 9]) + w5 * (row[i] + row[i + 10])
        out[i] = near + far


@loose()
def blur_down(ring, newest, out):  # type: ignore[no-untyped-def]
    """Eleven rows under SSIM's window; `ring` holds them in turn, the last at `newest`."""
    size = 2 * RADIUS + 1
    for k in range(RADIUS + 1):
        weight = WINDOW[RADIUS - k]
        early, late = ring[(newest + 1 + k) % size], ring[(newest + size - k) % size]
        half = weight if k < RADIUS else 0.5 * weight
        for i in range(np.uint32(out.size)):
            value = half * (early[i] + late[i])
            out[i] = value if k == 0 else out[i] + value


@loose()
def square_row(x, out, squares):  # type: ignore[no-untyped-def]
    for i in range(np.uint32(x.size)):
        value = F64(x[i])
        out[i] = value
        squares[i] = value * value


@strict()
def moments(x, mean, variance):  # type: ignore[no-untyped-def]
    """Mean and variance of `x` (H, W) under SSIM's window, into (H - 10, W - 10) each."""
    size, wide = 2 * RADIUS + 1, mean.shape[1]
    rows = np.empty((2, x.shape[1]), F64)
    ring = np.empty((2, size, wide), F64)
    blurred = np.empty((2, wide), F64)
    for j in range(x.shape[0]):
        square_row(x[j], rows[0], rows[1])
        for m in range(2):
            blur_along(rows[m], ring[m, j % size])
        if j < size - 1:
            continue
        for m in range(2):
            blur_down(ring[m], j % size, blurred[m])
        for i in range(np.uint32(wide)):
            mean[j - size + 1, i] = blurred[0, i]
            variance[j - size + 1, i] = max(blurred[1, i] - blurred[0, i] * blurred[0, i], 0.0)


@loose()
def difference_rows(x, y, rows):  # type: ignore[no-untyped-def]
    """d = y - x, d d and x d, of one row, into (3, W)."""
    for i in range(np.uint32(x.size)):
        value = F64(x[i])
        d = F64(y[i]) - value
        rows[0, i] = d
        rows[1, i] = d * d
        rows[2, i] = value * d


@loose(error_model="numpy")
def similarity_sum(mean, variance, blurred):  # type: ignore[no-untyped-def]
    """Sum of SSIM along one row: of the first picture's moments, and of the blurred rows of `difference_rows`."""
    total = 0.0
    for i in range(np.uint32(mean.size)):
        mx, vx, md = F64(mean[i]), F64(variance[i]), blurred[0, i]
        my = mx + md
        vd = blurred[1, i] - md * md
        vy = vx + 2.0 * (blurred[2, i] - mx * md) + vd
        light = 1.0 - md * md / (mx * mx + my * my + C1)
        total += light * (1.0 - vd / (vx + max(vy, 0.0) + C2))
    return total


@strict()
def similarity(x, y, mean, variance):  # type: ignore[no-untyped-def]
    """Sum of SSIM over the (H - 10, W - 10) places of one channel; `mean` and `variance` are those of x."""
    size, wide = 2 * RADIUS + 1, mean.shape[1]
    rows = np.empty((3, x.shape[1]), F64)
    ring = np.empty((3, size, wide), F64)
    blurred = np.empty((3, wide), F64)
    total = 0.0
    for j in range(x.shape[0]):
        difference_rows(x[j], y[j], rows)
        for m in range(3):
            blur_along(rows[m], ring[m, j % size])
        if j < size - 1:
            continue
        for m in range(3):
            blur_down(ring[m], j % size, blurred[m])
        total += similarity_sum(mean[j - size + 1], variance[j - size + 1], blurred)
    return total


@strict()
def count_chroma(a, b, end, counts):  # type: ignore[no-untyped-def]
    """Adds flat a*, b* to `counts` (n, n), whose bins lie from -end to end, bilinearly."""
    last = counts.shape[0] - 1
    scale = last / (2.0 * end)
    for i in range(a.size):
        x = min(max((F64(a[i]) + end) * scale, 0.0), F64(last))
        y = min(max((F64(b[i]) + end) * scale, 0.0), F64(last))
        k, m = min(np.int64(x), last - 1), min(np.int64(y), last - 1)
        x -= k
        y -= m
        counts[k, m] += (1.0 - x) * (1.0 - y)
        counts[k, m + 1] += (1.0 - x) * y
        counts[k + 1, m] += x * (1.0 - y)
        counts[k + 1, m + 1] += x * y


@strict()
def count_codes(rgb, counts):  # type: ignore[no-untyped-def]
    """Adds (3, N) values 0..1, as 8-bit codes, to `counts` (3, 256)."""
    for c in range(3):
        for i in range(rgb.shape[1]):
            counts[c, np.int64(rgb[c, i] * np.float32(255.0) + np.float32(0.5))] += 1


@strict()
def warped_squares(now, before, flow, visible):  # type: ignore[no-untyped-def]
    """Over visible pixels, of `now` (C, H, W) and of `before` fetched bilinearly along `flow` (2, H, W) from now to
    before: the sum of squared differences, and the count of pixels. Beyond the edge lies the edge's value."""
    channels, height, width = now.shape
    right, bottom = F64(width - 1), F64(height - 1)
    total, count = 0.0, 0
    for j in range(height):
        for i in range(width):
            if not visible[j, i]:
                continue
            count += 1
            x = min(max(i + F64(flow[0, j, i]), 0.0), right)
            y = min(max(j + F64(flow[1, j, i]), 0.0), bottom)
            left, top = np.int64(x), np.int64(y)
            x -= left
            y -= top
            beside, below = min(left + 1, width - 1), min(top + 1, height - 1)
            for c in range(channels):
                upper = before[c, top, left] * (1.0 - x) + before[c, top, beside] * x
                lower = before[c, below, left] * (1.0 - x) + before[c, below, beside] * x
                d = now[c, j, i] - (upper * (1.0 - y) + lower * y)
                total += d * d
    return total, count
