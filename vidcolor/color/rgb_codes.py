"""R'G'B' pictures of delivered Y', Cb, Cr codes, made so that their luma decodes back to the film's own; and measured.

- Codes: red and blue are rounded, and green is the code that brings luma nearest. The rounding of one code of green
  is then all that luma is off by: 0.36 of a code for BT.709, so it rounds to the film's own code wherever the picture
  has as many bits as the film.
- Light (for EXR) is that of the curve that all of vidcolor uses (`kernels`), in half floats; green is chosen likewise
  where the primaries stay the film's own. Values beyond black and white are kept; codes clip them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidcolor.color import kernels
from vidcolor.color.scale import Scale
from vidcolor.compiled import strict

F32 = np.float32


@dataclass(frozen=True, slots=True, eq=False)
class LumaBack:
    """The luma of a written picture, decoded back and rounded to the film's own codes."""

    luma: np.ndarray
    """(H, W) uint16, of the scale that was handed over"""
    largest: float
    """Largest error before rounding, in the film's own codes, of samples from black to white."""
    changed: int
    """Samples whose code is another than the film's."""
    outside: int
    """Samples blacker than black or whiter than white in the film."""


def rgb_codes(
    luma: np.ndarray, cb: np.ndarray, cr: np.ndarray, scale: Scale, weights: tuple[float, float], bits: int
) -> np.ndarray:
    """(H, W, 3) uint16: full-range R'G'B' codes of `bits` bits.

    luma, cb, cr  (H, W) uint16 codes of `scale`
    weights       Kr and Kb
    """
    out = np.empty((*luma.shape, 3), np.uint16)
    _fill_codes(luma, cb, cr, *_numbers(scale, weights), F32(2**bits - 1), out)
    return out


def rgb_light(
    luma: np.ndarray,
    cb: np.ndarray,
    cr: np.ndarray,
    scale: Scale,
    weights: tuple[float, float],
    matrix: np.ndarray | None,
) -> np.ndarray:
    """(H, W, 3) float16: linear light.

    matrix  (3, 3) from the film's primaries to those wanted; None: the film's own
    Otherwise as `rgb_codes`.
    """
    coded = np.empty((*luma.shape, 3), np.float32)
    numbers = _numbers(scale, weights)
    _fill_coded(luma, cb, cr, *numbers, coded)
    light = _curve(kernels.fill_light, coded)
    if matrix is not None:
        return (light @ matrix.T.astype(np.float32)).astype(np.float16)
    half = light.astype(np.float16)
    back = _curve(kernels.fill_coded, half.astype(np.float32))
    _set_green(luma, *numbers, back)
    half[..., 1] = _curve(kernels.fill_light, np.ascontiguousarray(back[..., 1])).astype(np.float16)
    return half


def luma_back(
    written: np.ndarray,
    luma: np.ndarray,
    scale: Scale,
    weights: tuple[float, float],
    bits: int,
    *,
    top: int = 1,
    matrix: np.ndarray | None = None,
) -> LumaBack:
    """What the luma of a picture, as it was read from its file, is to the film's.

    written  (H, W, 3) uint16 codes up to `top`, or float16 light
    luma     (H, W) uint16 codes of `scale`, as they were handed over
    bits     of the film's own codes
    matrix   as in `rgb_light`
    """
    if written.dtype == np.float16:
        light = written.astype(np.float32)
        if matrix is not None:
            light = np.ascontiguousarray(light @ np.linalg.inv(matrix).T.astype(np.float32))
        coded = _curve(kernels.fill_coded, light)
    else:
        coded = written * F32(1 / top)
    step = scale.top / (2**bits - 1) if scale.full else 2.0 ** (scale.bits - bits)
    back = np.empty_like(luma)
    red, blue = weights
    ends = (float(scale.black), float(scale.span), step, float(scale.top))
    largest, changed, outside = _measure(coded, luma, F32(red), F32(blue), *ends, back)
    return LumaBack(back, float(largest), int(changed), int(outside))


def _numbers(scale: Scale, weights: tuple[float, float]) -> tuple[np.float32, ...]:
    """Black and one over luma's span; neutral and one over chroma's span; Kr, Kb."""
    red, blue = weights
    numbers = (scale.black, 1 / scale.span, scale.neutral, 1 / scale.chroma_span, red, blue)
    return tuple(F32(number) for number in numbers)


def _curve(fill, values: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    out = np.empty_like(values)
    fill(values.reshape(-1), out.reshape(-1))
    return out


@strict(error_model="numpy")
def _fill_coded(luma, cb, cr, black, unit, neutral, chroma_unit, red, blue, out):  # type: ignore[no-untyped-def]
    for j in range(luma.shape[0]):
        for i in range(luma.shape[1]):
            y = (F32(luma[j, i]) - black) * unit
            out[j, i, 0] = y + (F32(cr[j, i]) - neutral) * chroma_unit * F32(2.0) * (F32(1.0) - red)
            out[j, i, 2] = y + (F32(cb[j, i]) - neutral) * chroma_unit * F32(2.0) * (F32(1.0) - blue)
            out[j, i, 1] = (y - red * out[j, i, 0] - blue * out[j, i, 2]) / (F32(1.0) - red - blue)


@strict(error_model="numpy")
def _set_green(luma, black, unit, neutral, chroma_unit, red, blue, coded):  # type: ignore[no-untyped-def]
    for j in range(luma.shape[0]):
        for i in range(luma.shape[1]):
            y = (F32(luma[j, i]) - black) * unit
            coded[j, i, 1] = (y - red * coded[j, i, 0] - blue * coded[j, i, 2]) / (F32(1.0) - red - blue)


@strict(error_model="numpy")
def _fill_codes(luma, cb, cr, black, unit, neutral, chroma_unit, red, blue, top, out):  # type: ignore[no-untyped-def]
    for j in range(luma.shape[0]):
        for i in range(luma.shape[1]):
            y = (F32(luma[j, i]) - black) * unit
            r = y + (F32(cr[j, i]) - neutral) * chroma_unit * F32(2.0) * (F32(1.0) - red)
            b = y + (F32(cb[j, i]) - neutral) * chroma_unit * F32(2.0) * (F32(1.0) - blue)
            r_code = np.floor(min(max(r, F32(0.0)), F32(1.0)) * top + F32(0.5))
            b_code = np.floor(min(max(b, F32(0.0)), F32(1.0)) * top + F32(0.5))
            g = (y * top - red * r_code - blue * b_code) / (F32(1.0) - red - blue)
            out[j, i, 0] = np.uint16(r_code)
            out[j, i, 1] = np.uint16(np.floor(min(max(g, F32(0.0)), top) + F32(0.5)))
            out[j, i, 2] = np.uint16(b_code)


@strict(error_model="numpy")
def _measure(coded, luma, red, blue, black, span, step, top, back):  # type: ignore[no-untyped-def]
    largest, changed, outside = 0.0, 0, 0
    for j in range(luma.shape[0]):
        for i in range(luma.shape[1]):
            y = red * coded[j, i, 0] + (F32(1.0) - red - blue) * coded[j, i, 1] + blue * coded[j, i, 2]
            code = black + np.float64(y) * span
            own = np.float64(luma[j, i])
            if own < black or own > black + span:
                outside += 1
            else:
                largest = max(largest, abs(code - own) / step)
            back[j, i] = np.uint16(min(max(np.floor(np.floor(code / step + 0.5) * step + 0.5), 0.0), top))
            changed += back[j, i] != luma[j, i]
    return largest, changed, outside
