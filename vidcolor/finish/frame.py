"""One frame finished: full-size chroma under the film's own luma, as codes to deliver.

- Enlarging: cubic, of slightly sharpened chroma (each stored value is the mean of an area). To it is added the
  luma's fine detail times the slope of colour over luma, as a guided filter has it, but only as far as luma and
  colour go together around that place: there a colour edge is drawn on the luma's edge at full resolution.
  Where they do not, a plain guided or joint bilateral filter paints luma texture into the colour; on photographs
  every one that was tried was worse than cubic enlarging, and most worse than bilinear.
- The result stays between the least and the greatest stored value around it: else a saturated edge would get a
  halo of the complementary colour (8 of 60 on a neutral ground). It costs photographs 0.01 in CIEDE2000 at edges.
- The low-resolution luma that the detail is measured against is made here from the full-size one.
- Then the luma lock of `color`. Chroma that is full size already goes to it as it is.

Source of the slope: K. He, J. Sun, X. Tang, "Guided Image Filtering", PAMI 2013, equations 5 and 8; the weight by
squared correlation is ours.
"""

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from vidcolor.color import LumaLock
from vidcolor.color.lock import Subsampling
from vidcolor.color.scale import TEN, Scale
from vidcolor.compiled import strict
from vidcolor.errors import InputError
from vidcolor.finish.around_exact import Drawing, draw
from vidcolor.planes.kinds import Device
from vidcolor.settings import FinishSettings
from vidcolor.types import Bars, ColorFrame, DeliveryFrame, SourceFrame
from vidcolor.weights import library

SHARPEN = np.float32(0.1)
"""Gives area means back their contrast; 0.1 to 0.2 is best on photographs reduced 2 to 4 times."""
HALVED = 4
"""Times the chroma's width from which 4:2:2 is made without 4:4:4 before it: 1 to 8 % further from the truth on
photographs (twice the width: 7 to 30 %), a third nearer than bilinear, and 32 ms instead of 57 at 1920x1080."""
SOFTEN = np.float32(0.6)
"""How far colours nobody is sure of are drawn to the mean around them: sharpened, their errors show."""
WINDOW, SPREAD = (5, 5), 1.0
"""Window of the slope and its Gaussian's deviation, in chroma pixels."""
LUMA_FLOOR = 1e-3
"""Variance of luma (0..1) below which it tells nothing about colour."""
CHROMA_FLOOR = 1.0
"""Variance of a* and b* that counts as noise."""
SQUARE = np.ones((3, 3), np.uint8)
CODE_SPAN = 876.0
"""Luma codes from black to white."""


def finish(
    source: SourceFrame,
    color: ColorFrame,
    lock: LumaLock,
    settings: FinishSettings,
    subsampling: Subsampling,
    drawings: Sequence[Drawing] = (),
    scale: Scale = TEN,
    bars: Bars | None = None,
    device: Device = None,
) -> DeliveryFrame:
    """The frame to deliver: the luma that the source hands on, the same array, with Cb, Cr codes of the colours.

    source       full size
    color        chroma of the same frame, at any size up to full size
    subsampling  444, or 422 (co-sited, an odd width rounded up)
    drawings     the exact keyframes that draw the frame: around_exact.py
    scale        of the luma that the source hands on, and of the codes that come out
    bars         around the picture: they come out neutral, and no colour runs between them and the picture
    device       where it is worked (on_device.py); None: the processor
    Refuses colours of another frame or larger than the film.
    """
    if source.index != color.index:
        raise InputError(f"frame {source.index}: was given the colours of frame {color.index}")
    luma = source.luma
    if bars is not None:
        inner = ColorFrame(color.index, *(_run_out(p, bars, luma.shape) for p in (color.chroma, color.confidence)))
        made = finish(source, inner, lock, settings, subsampling, drawings, scale, device=device)
        cb, cr = (_neutral(codes, bars, luma.shape, scale) for codes in (made.cb, made.cr))
        return replace(made, cb=cb, cr=cr)
    if device is not None:
        cb, cr = _there().codes_of(source, color, lock, settings, subsampling, drawings, scale, device)
        return DeliveryFrame(source.index, source.handed, cb, cr)
    if is_halved(subsampling, color.chroma.shape[2], luma.shape[1], scale) and not drawings:
        return _finish_halved(source, color, lock, settings)
    chroma = draw(enlarge(color.chroma, luma, settings.detail, color.confidence), luma, drawings)
    cb, cr = lock.chroma_codes(source.handed, chroma, subsampling, scale)
    return DeliveryFrame(source.index, source.handed, cb, cr)


def finisher(
    device: str, lock: LumaLock, settings: FinishSettings, subsampling: Subsampling, scale: Scale = TEN
) -> Callable[..., DeliveryFrame]:
    """`finish` but for source, color, drawings and bars.

    device  its name, as PyTorch has it: cuda, cuda:1, mps, cpu; empty: the processor, without PyTorch
    Refuses a device that is not there.
    """
    where = _there().device_named(device) if device else None
    return partial(finish, lock=lock, settings=settings, subsampling=subsampling, scale=scale, device=where)


def _there() -> Any:
    """What a device does, brought in where there is one: it loads PyTorch."""
    library("torch", "run pip install 'vidcolor[torch]', or use --device cpu")
    return importlib.import_module("vidcolor.finish.on_device")


def is_halved(subsampling: Subsampling, columns: int, width: int, scale: Scale) -> bool:
    """Whether chroma of so many columns is enlarged straight to the samples of 4:2:2 of a film of this width."""
    return subsampling == "422" and HALVED * columns <= width and scale == TEN


def _run_out(planes: np.ndarray, bars: Bars, film: tuple[int, ...]) -> np.ndarray:
    """Planes (..., h, w) with the edge of what lies inside the bars run out over them."""
    height, width = planes.shape[-2:]
    edges = ((bars.top, bars.bottom, height / film[0]), (bars.left, bars.right, width / film[1]))
    rows, columns = (
        np.clip(np.arange(count), min(math.ceil(first * ratio), count - 1), max(0, count - 1 - math.ceil(last * ratio)))
        for count, (first, last, ratio) in zip((height, width), edges, strict=True)
    )
    return np.ascontiguousarray(planes[..., rows, :][..., columns])


def _neutral(codes: np.ndarray, bars: Bars, film: tuple[int, ...], scale: Scale) -> np.ndarray:
    """Chroma codes with those of the bars neutral: of halved columns those that begin in one."""
    step = -(-film[1] // codes.shape[1])
    made = np.full_like(codes, scale.neutral)
    rows = slice(bars.top, film[0] - bars.bottom)
    columns = slice(-(-bars.left // step), -(-(film[1] - bars.right) // step))
    made[rows, columns] = codes[rows, columns]
    return made


def _finish_halved(source: SourceFrame, color: ColorFrame, lock: LumaLock, settings: FinishSettings) -> DeliveryFrame:
    """4:2:2 of much smaller chroma: enlarged straight to the co-sited samples, at half the cost."""
    luma = source.luma
    width = luma.shape[1]
    samples = np.ascontiguousarray(luma[:, ::2])
    ratio = color.chroma.shape[2] / samples.shape[1]
    # co-sited samples lie half a pixel left of the middle of their pair, a quarter of a sample
    chroma = np.stack([_moved(plane, -0.25 * ratio) for plane in color.chroma])
    guide = np.empty_like(samples)
    _even_columns(luma, width, guide)
    enlarged = enlarge(chroma, guide, settings.detail, _moved(color.confidence, -0.25 * ratio))
    cb, cr = lock.chroma_codes(samples, enlarged, "444")
    return DeliveryFrame(source.index, luma, cb, cr)


def mix(outgoing: ColorFrame, incoming: ColorFrame, ramp: float) -> ColorFrame:
    """The colours of one frame of a dissolve, between those its two shots gave it.

    ramp    how much of the incoming shot shows, 0..1
    Refuses two different frames or sizes.
    """
    if outgoing.index != incoming.index or outgoing.chroma.shape != incoming.chroma.shape:
        raise InputError(
            f"dissolve: frame {outgoing.index} {outgoing.chroma.shape} cannot be mixed with "
            f"frame {incoming.index} {incoming.chroma.shape}"
        )
    if not 0 <= ramp <= 1:
        raise InputError(f"frame {outgoing.index}: a dissolve's ramp is 0 to 1, not {ramp}")
    new, old = np.float32(ramp), np.float32(1 - ramp)
    chroma = old * outgoing.chroma + new * incoming.chroma
    confidence = old * outgoing.confidence + new * incoming.confidence
    return ColorFrame(outgoing.index, chroma, confidence)


def enlarge(chroma: np.ndarray, luma: np.ndarray, detail: float, confidence: np.ndarray | None = None) -> np.ndarray:
    """Chroma at the luma's size: (C, H, W) float32.

    chroma      (C, h, w) float32, h <= H and w <= W: a* and b*, or other planes that go with them
    luma        (H, W) uint16 codes
    detail      how much of the luma's detail is added, 0..1; 0 is cubic enlarging
    confidence  (h, w), 0..1: doubtful colours are softened instead of sharpened; None: all are sure
    """
    height, width = luma.shape
    low = chroma.shape[1:]
    if low == luma.shape:
        return np.asarray(chroma)
    check_size(low, luma.shape)
    reduced = _resize(luma, low, cv2.INTER_AREA).astype(np.float32)
    smooth = _resize(reduced, luma.shape, cv2.INTER_CUBIC)
    weight = np.float32(detail / CODE_SPAN)
    amount = SHARPEN if confidence is None else SHARPEN - (SHARPEN + SOFTEN) * (1 - confidence)
    result = np.empty((len(chroma), height, width), np.float32)
    for plane, slope, target in zip(chroma, _slopes(chroma, reduced / CODE_SPAN), result, strict=True):
        sharp = plane + amount * (plane - _mean3(plane))
        _resize(sharp, luma.shape, cv2.INTER_CUBIC, target)
        lowest, highest = (_resize(f(plane, SQUARE), luma.shape, cv2.INTER_LINEAR) for f in (cv2.erode, cv2.dilate))
        _add_detail(target, _resize(slope, luma.shape, cv2.INTER_LINEAR), luma, smooth, weight, lowest, highest)
    return result


def check_size(low: tuple[int, ...], film: tuple[int, ...]) -> None:
    """Refuses colours that are larger than the film, or have no pixels."""
    if low[0] > film[0] or low[1] > film[1] or 0 in low:
        raise InputError(f"colours of size {low} do not fit a film of size {film}")


def _slopes(chroma: np.ndarray, luma: np.ndarray) -> list[np.ndarray]:
    """Change of each plane with luma around each pixel, weighted by the square of how far they go together."""
    mean = _local(luma)
    spread = _local(luma * luma) - mean * mean + np.float32(LUMA_FLOOR)
    means = [_local(c) for c in chroma]
    together = [_local(luma * c) - mean * m for c, m in zip(chroma, means, strict=True)]
    own = sum(np.maximum(_local(c * c) - m * m, 0) for c, m in zip(chroma, means, strict=True))
    explained = sum(t * t for t in together) / (spread * (own + np.float32(CHROMA_FLOOR)))
    weight = np.minimum(explained, 1) ** 2 / spread
    return [t * weight for t in together]


def _local(plane: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(plane, WINDOW, SPREAD, borderType=cv2.BORDER_REPLICATE))


def _mean3(plane: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REPLICATE))


def _resize(plane: np.ndarray, size: tuple[int, ...], how: int, target: np.ndarray | None = None) -> np.ndarray:
    return np.asarray(cv2.resize(plane, size[::-1], dst=target, interpolation=how))


def _moved(plane: np.ndarray, right: float) -> np.ndarray:
    """The plane sampled `right` pixels further right, cubic; beyond the edge, the edge's value."""
    matrix = np.array([[1, 0, right], [0, 1, 0]], np.float32)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, plane.shape[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE))


@strict()
def _even_columns(luma, width, out):  # type: ignore[no-untyped-def]
    """Each even column of `luma` with its neighbours, weighed 1 2 1: what a 4:2:2 sample stands for."""
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            left, right = luma[j, max(0, 2 * i - 1)], luma[j, min(width - 1, 2 * i + 1)]
            out[j, i] = (np.uint32(left) + 2 * np.uint32(luma[j, 2 * i]) + np.uint32(right) + 2) // 4


@strict()
def _add_detail(chroma, slope, luma, smooth, weight, lowest, highest):  # type: ignore[no-untyped-def]
    """Adds weight * slope * (luma - smooth) to the plane `chroma`, within lowest..highest, in place."""
    for j in range(np.uint32(luma.shape[0])):
        for i in range(np.uint32(luma.shape[1])):
            value = chroma[j, i] + slope[j, i] * weight * (np.float32(luma[j, i]) - smooth[j, i])
            chroma[j, i] = min(max(value, lowest[j, i]), highest[j, i])
