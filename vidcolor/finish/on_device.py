"""One frame finished on a device, by PyTorch: what frame.py does by OpenCV and compiled loops.

Luma codes, chroma and confidence go up, two bytes or four a number; Cb and Cr codes come down, and nothing is waited
for between. Values of luma and colour are the processor's but for last digits.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn.functional import max_pool2d

from vidcolor.color import LumaLock
from vidcolor.color.lock import Subsampling
from vidcolor.color.lock_on_device import chroma_codes
from vidcolor.color.scale import Scale
from vidcolor.errors import DeviceError
from vidcolor.finish.around_exact import Drawing
from vidcolor.finish.draw_on_device import Placed, draw, placed
from vidcolor.finish.frame import (
    CHROMA_FLOOR,
    CODE_SPAN,
    LUMA_FLOOR,
    SHARPEN,
    SOFTEN,
    SPREAD,
    WINDOW,
    check_size,
    is_halved,
)
from vidcolor.planes.kinds import up
from vidcolor.planes.on_device import CUBIC, at_size, blurred, mean_around
from vidcolor.settings import FinishSettings
from vidcolor.types import ColorFrame, SourceFrame
from vidcolor.weights import first_line, pick_device

AT_ONCE = threading.Semaphore(2)
"""Frames that are on a device at once, whichever threads finish them: one travels while one is worked at."""


def codes_of(
    source: SourceFrame,
    color: ColorFrame,
    lock: LumaLock,
    settings: FinishSettings,
    subsampling: Subsampling,
    drawings: Sequence[Drawing],
    scale: Scale,
    device: torch.device,
) -> tuple[Array, Array]:
    """Cb and Cr codes of a frame, uint16, as `finish` has them. Refuses a frame that the device has no memory for."""
    try:
        with AT_ONCE, torch.no_grad():
            luma = codes_up(source.luma, device)
            handed = luma if source.handed is source.luma else codes_up(source.handed, device)
            chroma, confidence = up(color.chroma, device), up(color.confidence, device)
            there = [placed(drawing, device, codes_up) for drawing in drawings]
            made = finished(luma, handed, chroma, confidence, lock, settings, subsampling, scale, there)  # type: ignore[arg-type]
            cb, cr = made.cpu().numpy().view(np.uint16)
    except RuntimeError as error:
        height, width = source.luma.shape
        raise DeviceError(
            f"frame {source.index}: device {device} failed at {width}x{height} ({first_line(error)}); use --device cpu"
        ) from error
    return cb, cr


def device_named(name: str) -> torch.device:
    """`cuda`, `mps` or `cpu`, or one of several as `cuda:1`. Refuses one that is not there."""
    kind, _, number = name.partition(":")
    found = pick_device(torch, kind)
    return torch.device(f"{found}:{number}" if number else found)


def codes_up(codes: Array, device: torch.device) -> Tensor:
    """uint16 codes as int32 on the device; they travel as they are."""
    return up(codes.view(np.int16), device).int() & 0xFFFF  # type: ignore[attr-defined, no-any-return]


def finished(
    luma: Tensor,
    handed: Tensor,
    chroma: Tensor,
    confidence: Tensor,
    lock: LumaLock,
    settings: FinishSettings,
    subsampling: Subsampling,
    scale: Scale,
    drawings: Sequence[Placed] = (),
) -> Tensor:
    """Cb and Cr codes (2, H, W) or (2, H, ceil(W / 2)), as 16 bits that are to be read without a sign.

    luma, handed        (H, W) int32 codes: of 10 bits, and of `scale`
    chroma, confidence  (2, h, w), (h, w)
    """
    halved = subsampling == "422"
    if is_halved(subsampling, chroma.shape[2], luma.shape[1], scale) and not drawings:
        right = -0.25 * chroma.shape[2] / ((luma.shape[1] + 1) // 2)
        planes = moved(torch.cat([chroma.float(), confidence.float()[None]]), right)
        chroma, confidence, guide = planes[:2], planes[2], even_columns(luma)
        handed, halved = luma[:, ::2], False
    else:
        guide = luma
    enlarged = enlarge(chroma.float(), guide, settings.detail, confidence.float())
    drawn = draw(enlarged, luma, drawings) if drawings else enlarged
    codes = torch.stack(chroma_codes(lock, handed, drawn, halved, scale))
    return torch.where(codes > 0x7FFF, codes - 0x10000, codes).short()


def enlarge(chroma: Tensor, luma: Tensor, detail: float, confidence: Tensor | None = None) -> Tensor:
    """As frame.enlarge, of tensors; luma codes of any type of number."""
    size = (luma.shape[0], luma.shape[1])
    low = (chroma.shape[1], chroma.shape[2])
    if low == size:
        return chroma
    check_size(low, size)
    luma = luma.float()
    reduced = at_size(luma, low, "area")  # whole codes; of four pixels OpenCV rounds a half up, else to even
    reduced = (reduced + 0.5).floor() if size == (2 * low[0], 2 * low[1]) else reduced.round()
    amount = float(SHARPEN) if confidence is None else float(SHARPEN) - float(SHARPEN + SOFTEN) * (1 - confidence)
    sharp = chroma + amount * (chroma - mean_around(chroma, 3, "repeated"))
    highest, lowest = greatest3(torch.stack([chroma, -chroma]))
    slope = slopes(chroma, reduced / CODE_SPAN) * (detail / CODE_SPAN)
    cubic = at_size(torch.cat([sharp, reduced[None]]), size, "cubic")
    fine = luma - cubic[len(chroma)]
    result = torch.addcmul(cubic[: len(chroma)], at_size(slope, size, "linear"), fine)
    result = torch.maximum(result, -at_size(lowest, size, "linear"))
    return torch.minimum(result, at_size(highest, size, "linear"))


def greatest3(planes: Tensor) -> Tensor:
    """Planes (..., h, w): the greatest of each pixel and those around it."""
    return max_pool2d(planes, 3, stride=1, padding=1)


def slopes(chroma: Tensor, luma: Tensor) -> Tensor:
    """As frame._slopes: (2, h, w)."""
    count = len(chroma)
    planes = torch.cat([luma[None], (luma * luma)[None], chroma, luma * chroma, chroma * chroma])
    mean, square, *rest = blurred(planes, SPREAD, "repeated", WINDOW[0]).split([1, 1, count, count, count])
    means, products, squares = rest
    spread = square - mean * mean + LUMA_FLOOR
    together = products - mean * means
    own = (squares - means * means).clamp(min=0).sum(0)
    explained = (together * together).sum(0) / (spread * (own + CHROMA_FLOOR))
    return together * (explained.clamp(max=1).square() / spread)


def moved(planes: Tensor, right: float) -> Tensor:
    """As frame._moved, of planes (..., h, w)."""
    first, width = math.floor(right), planes.shape[-1]
    part = right - first
    columns = torch.arange(width, device=planes.device) + first
    taps = (_far(1 + part), _near(part), _near(1 - part), _far(2 - part))
    made = [planes[..., (columns + k).clamp(0, width - 1)] * tap for k, tap in zip(range(-1, 3), taps, strict=True)]
    return made[0] + made[1] + made[2] + made[3]


def _near(away: float) -> float:
    return ((CUBIC + 2) * away - (CUBIC + 3)) * away * away + 1


def _far(away: float) -> float:
    return ((CUBIC * away - 5 * CUBIC) * away + 8 * CUBIC) * away - 4 * CUBIC


def even_columns(luma: Tensor) -> Tensor:
    """As frame._even_columns: (H, ceil(W / 2)) int32."""
    even = luma[:, ::2]
    odd = luma[:, 1::2]
    left = torch.cat([even[:, :1], odd], 1)[:, : even.shape[1]]
    right = odd if odd.shape[1] == even.shape[1] else torch.cat([odd, even[:, -1:]], 1)
    return (left + 2 * even + right + 2) >> 2
