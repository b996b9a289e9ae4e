"""Colours laid on a frame, settled onto its edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import strict

ROUNDS = 3
"""Rounds of the smoother: each works along rows, then along columns."""
SMALLEST_TRUST = 1e-6
"""What an untrusted pixel counts, so that nothing is divided by 0."""


def smooth(values: Array, trust: Array, guide: Array, reach: float, step: float) -> tuple[Array, Array]:
    """`values` as their trusted neighbours have them, without crossing the guide's edges.

    values  (C, H, W)
    trust   (H, W), 0..1: how much each pixel counts
    guide   (H, W) lightness
    reach   how far colours run over even ground, in pixels
    step    the difference of lightness that stops them, in L*
    returns (C, H, W), and (H, W) the trust that reached each pixel
    Source: Min et al., Fast Global Image Smoothing, TIP 2014, eq. 5 to 10, on trust and trusted values.
    """
    weight = np.maximum(trust, SMALLEST_TRUST).astype(np.float32)
    planes = np.concatenate([values * weight, weight[None]]).astype(np.float32)
    for i in range(ROUNDS):
        strength = np.float32(1.5 * reach**2 * 4.0 ** (ROUNDS - 1 - i) / (4.0**ROUNDS - 1))
        _rows(planes, guide, strength, np.float32(1 / step))
        turned = np.ascontiguousarray(planes.transpose(0, 2, 1))
        _rows(turned, np.ascontiguousarray(guide.T), strength, np.float32(1 / step))
        planes = np.ascontiguousarray(turned.transpose(0, 2, 1))
    reached = planes[-1]
    return planes[:-1] / reached, reached


@strict()
def _rows(planes, guide, strength, sharpness):  # type: ignore[no-untyped-def]
    """Solves (1 + strength * Laplacian) u = planes along each row, in place."""
    channels, height, width = planes.shape
    upper = np.empty(width, np.float32)
    for y in range(height):
        left = np.float32(0)
        for x in range(width):
            right = np.float32(0)
            if x + 1 < width:
                right = strength * np.exp(-abs(guide[y, x + 1] - guide[y, x]) * sharpness)
            above = upper[x - 1] if x else np.float32(0)
            scale = np.float32(1) / (np.float32(1) + left + right - left * above)
            upper[x] = right * scale
            for c in range(channels):
                before = planes[c, y, x - 1] if x else np.float32(0)
                planes[c, y, x] = (planes[c, y, x] + left * before) * scale
            left = right
        for x in range(width - 2, -1, -1):
            for c in range(channels):
                planes[c, y, x] += upper[x] * planes[c, y, x + 1]


def attend(frame: Array, picture: Array, chroma: Array, points: Array, radius: int, sharpness: float) -> Array:
    """(2, H, W): the picture's chroma around each pixel's place in it, weighed by how alike the patches are.

    frame, picture  (H, W) local contrast, of the frame and of the picture
    points          (2, H, W): where each pixel of the frame lies in the picture
    sharpness       weight exp(-sharpness * mean square difference of 3x3 patches)
    """
    pad = radius + 2
    wide = [
        np.ascontiguousarray(cv2.copyMakeBorder(p, pad, pad, pad, pad, cv2.BORDER_REPLICATE))
        for p in (picture, chroma[0], chroma[1])
    ]
    out = np.empty((2, *frame.shape), np.float32)
    edge = cv2.copyMakeBorder(frame, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    _attend(edge, wide[0], wide[1], wide[2], points, pad, radius, np.float32(sharpness), out)
    return out


@strict()
def _attend(frame, picture, a, b, points, pad, radius, sharpness, out):  # type: ignore[no-untyped-def]
    height, width = out.shape[1:]
    high, wide = picture.shape[0] - 2 * pad, picture.shape[1] - 2 * pad
    for y in range(height):
        for x in range(width):
            px = int(min(max(points[0, y, x] + np.float32(0.5), np.float32(0)), np.float32(wide - 1))) + pad
            py = int(min(max(points[1, y, x] + np.float32(0.5), np.float32(0)), np.float32(high - 1))) + pad
            total, sum_a, sum_b = np.float32(0), np.float32(0), np.float32(0)
            for dy in range(-radius, radius + 1):
                for dx in range(-radius, radius + 1):
                    cost = np.float32(0)
                    for v in range(-1, 2):
                        for u in range(-1, 2):
                            d = frame[y + 1 + v, x + 1 + u] - picture[py + dy + v, px + dx + u]
                            cost += d * d
                    w = np.exp(-sharpness * cost * np.float32(1 / 9)) + np.float32(1e-12)
                    total += w
                    sum_a += w * a[py + dy, px + dx]
                    sum_b += w * b[py + dy, px + dx]
            out[0, y, x] = sum_a / total
            out[1, y, x] = sum_b / total
