"""From a decoded picture of any pixel format to R'G'B' 0..1, without a scaler.

- Chroma is enlarged linearly from where its samples lie: on every second column (co-sited, as the deliveries write
  4:2:2 and as MPEG-2 and H.264 have 4:2:0) and between every second row; Motion JPEG has it between the columns too.
- Y'CbCr goes to R'G'B' by the matrix of the file's own tag, else by that of its raster, from codes of full depth.
- Nothing is done about transfer or primaries: the values are those a display is sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from vidcolor.color.colorimetry import LUMA_WEIGHTS
from vidcolor.compiled import strict
from vidcolor.errors import MediaError
from vidcolor.media.luma import BLACK, WHITE, Layout, components_of, layout_of
from vidcolor.types import Reel

UNSAID = (0, 2, 3)
"""H.273 matrix numbers that say nothing of Y'CbCr."""
CENTRED = ("mjpeg", "mjpegb", "jpeg2000")
"""Codecs whose halved chroma lies between the columns (JFIF 1.02)."""
ONE = np.float32(1)


def picture_rgb(picture: Any, reel: Reel) -> np.ndarray:
    """(3, H, W) float32 R'G'B' 0..1 of a decoded picture (av.VideoFrame) of `reel`, turned upright.

    Refuses pixel formats that are not read, and matrices that are no plain Y'CbCr.
    """
    channels = components_of(picture)
    layout = layout_of(picture.format.name)
    assert layout is not None  # components_of refused it
    if len(channels) == 1:
        rgb = np.broadcast_to(_unit(channels[0], layout, reel.full_range), (3, *channels[0].shape))
    elif layout.kind == "luma":
        rgb = _from_chroma(picture, channels, layout, reel)
    else:
        rgb = np.stack([_unit(channel, layout, reel.full_range) for channel in channels])
    return np.ascontiguousarray(np.rot90(rgb, picture.rotation // 90, axes=(1, 2)))


def _unit(codes: np.ndarray, layout: Layout, full_range: bool) -> np.ndarray:
    """(H, W) float32 0..1 of one channel of codes; float channels are so already."""
    if layout.kind == "float":
        return codes.astype(np.float32)
    black, span = _levels(layout.bits, full_range)[:2]
    return np.clip((codes.astype(np.float32) - np.float32(black)) / np.float32(span), 0, 1)


def _levels(bits: int, full_range: bool) -> tuple[float, float, float, float]:
    """Black and the span to white, neutral and the span of chroma, in codes of `bits` bits (H.273, 8.3)."""
    unit = 2.0 ** (bits - 8)
    top = 2.0**bits - 1
    return (0.0, top, 128 * unit, top) if full_range else (16 * unit, 219 * unit, 128 * unit, 224 * unit)


def _from_chroma(picture: Any, channels: list[np.ndarray], layout: Layout, reel: Reel) -> np.ndarray:
    matrix = picture.colorspace if picture.colorspace not in UNSAID else reel.tags.matrix
    if matrix not in LUMA_WEIGHTS:
        raise MediaError(f"{reel.path}: colour matrix {matrix} (H.273) is not read; convert the film to BT.709")
    red, blue = LUMA_WEIGHTS[matrix]
    green = 1 - red - blue
    black, span, neutral, chroma_span = _levels(layout.bits, reel.full_range)
    to_red, to_blue = 2 * (1 - red), 2 * (1 - blue)
    factors = (to_red, -to_red * red / green, -to_blue * blue / green, to_blue)
    numbers = (black, 1 / span, neutral, *(factor / chroma_span for factor in factors))
    luma, cb, cr = (np.ascontiguousarray(channel, np.uint16) for channel in channels)
    form = picture.format
    across, down = (PROBE // size(PROBE) for size in (form.chroma_width, form.chroma_height))
    columns = _places(luma.shape[1], cb.shape[1], across, reel.codec in CENTRED)
    rows = _places(luma.shape[0], cb.shape[0], down, True)
    rgb = np.empty((3, *luma.shape), np.float32)
    _convert(luma, cb, cr, columns, rows, tuple(np.float32(number) for number in numbers), rgb)
    return rgb


PROBE = 64
"""A width that every subsampling divides."""


@lru_cache(maxsize=32)
def _places(size: int, count: int, factor: int, centred: bool) -> tuple[np.ndarray, np.ndarray]:
    """((size,) chroma sample before each luma sample, (size,) float32 part of the one after it), ends repeated."""
    shift = 0.5 * (factor - 1) if centred else 0.0
    place = np.clip((np.arange(size) - shift) / factor, 0, count - 1)
    before = np.floor(place).astype(np.int32)
    return before, (place - before).astype(np.float32)


@strict()
def _convert(
    luma: np.ndarray, cb: np.ndarray, cr: np.ndarray, columns: tuple, rows: tuple, numbers: tuple, out: np.ndarray
) -> None:
    black, scale, neutral, cr_red, cr_green, cb_green, cb_blue = numbers
    height, width = luma.shape
    count = cb.shape[1]
    blue, red = np.empty(count + 1, np.float32), np.empty(count + 1, np.float32)
    wide_blue, wide_red = np.empty(width, np.float32), np.empty(width, np.float32)
    before, part = columns
    for y in range(height):
        top, weight = rows[0][y], rows[1][y]
        low = min(top + 1, cb.shape[0] - 1)
        for i in range(count):
            blue[i] = (ONE - weight) * np.float32(cb[top, i]) + weight * np.float32(cb[low, i]) - neutral
            red[i] = (ONE - weight) * np.float32(cr[top, i]) + weight * np.float32(cr[low, i]) - neutral
        blue[count], red[count] = blue[count - 1], red[count - 1]
        for x in range(width):
            k, w = before[x], part[x]
            wide_blue[x] = blue[k] + w * (blue[k + 1] - blue[k])
            wide_red[x] = red[k] + w * (red[k + 1] - red[k])
        for x in range(width):
            light = (np.float32(luma[y, x]) - black) * scale
            out[0, y, x] = min(max(light + cr_red * wide_red[x], np.float32(0)), ONE)
            out[1, y, x] = min(max(light + cr_green * wide_red[x] + cb_green * wide_blue[x], np.float32(0)), ONE)
            out[2, y, x] = min(max(light + cb_blue * wide_blue[x], np.float32(0)), ONE)


def unit_planes(samples: np.ndarray) -> np.ndarray:
    """(3, H, W) float32 0..1 of (H, W, 1 or 3) uint8 or uint16 samples."""
    out = np.empty((3, *samples.shape[:2]), np.float32)
    _spread(np.ascontiguousarray(samples), np.float32(np.iinfo(samples.dtype).max), out)
    return out


@strict()
def _spread(samples: np.ndarray, top: np.float32, out: np.ndarray) -> None:
    height, width, count = samples.shape
    for y in range(height):
        for channel in range(3):
            source = channel if count == 3 else 0
            for x in range(width):
                out[channel, y, x] = np.float32(samples[y, x, source]) / top


def rgb_luma(rgb: np.ndarray) -> np.ndarray:
    """(H, W) uint16: BT.709 luma of R'G'B' as 10-bit limited-range codes."""
    out = np.empty(rgb.shape[1:], np.uint16)
    red, blue = LUMA_WEIGHTS[1]
    _weigh(rgb, red, blue, float(BLACK), float(WHITE - BLACK), out)
    return out


@strict()
def _weigh(rgb: np.ndarray, red: float, blue: float, black: float, span: float, out: np.ndarray) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            light = red * rgb[0, y, x] + (1.0 - red - blue) * rgb[1, y, x] + blue * rgb[2, y, x]
            out[y, x] = np.uint16(np.rint(black + span * light))
