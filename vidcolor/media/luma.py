"""From a decoded picture of any pixel format to 10-bit limited-range luma codes, without a scaler.

- Y' is taken as it is stored: 8 bits are shifted, 10 bits are copied, more bits are rounded; full range is
  mapped to 64..940. The library's scaler (swscale) is never used: it shifts, dithers and takes gray for full range.
- R'G'B' pictures have no luma: it is computed with the weights of the film's matrix.
- Float pictures are taken for linear light of BT.709 primaries and coded with the sRGB curve.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from vidcolor.compiled import exact
from vidcolor.errors import MediaError

BLACK, WHITE = 64, 940
"""10-bit codes of black and white, limited range (BT.709)."""
TOP = 1023
DEEP_TOP = 65535
NEUTRAL_SLACK = 5
"""Chroma this far from neutral is noise or rounding, in 8-bit codes."""
COLORED_PART = 0.005
"""A picture has colour if this part of it is further from neutral than that."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Where the samples of a pixel format with several components to a plane are."""

    step: int
    """Samples from one pixel to the next."""
    places: tuple[int, ...]
    """Place of Y', or of R', G', B', within a step."""
    bits: int = 8
    shift: int = 0
    """Bits below the sample."""
    chroma: tuple[int, ...] = ()
    """Places of Cb and Cr: within a step, or within two where a pair of pixels shares them; in plane 1 if Y' is alone
    in its own."""

    @property
    def chroma_step(self) -> int:
        """Samples from one Cb to the next."""
        return 2 * self.step if self.step <= 2 else self.step


_YUV = {
    "nv12": Packing(1, (0,), chroma=(0, 1)),
    "nv21": Packing(1, (0,), chroma=(1, 0)),
    "nv16": Packing(1, (0,), chroma=(0, 1)),
    "nv24": Packing(1, (0,), chroma=(0, 1)),
    "nv20le": Packing(1, (0,), 10, chroma=(0, 1)),
    "p010le": Packing(1, (0,), 10, 6, (0, 1)),
    "p210le": Packing(1, (0,), 10, 6, (0, 1)),
    "p410le": Packing(1, (0,), 10, 6, (0, 1)),
    "p012le": Packing(1, (0,), 12, 4, (0, 1)),
    "p212le": Packing(1, (0,), 12, 4, (0, 1)),
    "p412le": Packing(1, (0,), 12, 4, (0, 1)),
    "p016le": Packing(1, (0,), 16, chroma=(0, 1)),
    "p216le": Packing(1, (0,), 16, chroma=(0, 1)),
    "p416le": Packing(1, (0,), 16, chroma=(0, 1)),
    "yuyv422": Packing(2, (0,), chroma=(1, 3)),
    "yvyu422": Packing(2, (0,), chroma=(3, 1)),
    "uyvy422": Packing(2, (1,), chroma=(0, 2)),
    "y210le": Packing(2, (0,), 10, 6, (1, 3)),
    "y212le": Packing(2, (0,), 12, 4, (1, 3)),
    "ayuv": Packing(4, (1,), chroma=(2, 3)),
    "vuya": Packing(4, (2,), chroma=(1, 0)),
    "vuyx": Packing(4, (2,), chroma=(1, 0)),
    "uyva": Packing(4, (1,), chroma=(0, 2)),
    "vyu444": Packing(3, (1,), chroma=(2, 0)),
    "xv36le": Packing(4, (1,), 12, 4, (0, 2)),
    "ayuv64le": Packing(4, (1,), 16, chroma=(2, 3)),
    "ya8": Packing(2, (0,)),
    "ya16le": Packing(2, (0,), 16),
    "ya16be": Packing(2, (0,), 16),
}
_RGB = {
    "rgb24": Packing(3, (0, 1, 2)),
    "bgr24": Packing(3, (2, 1, 0)),
    **{name: Packing(4, (0, 1, 2)) for name in ("rgba", "rgb0")},
    **{name: Packing(4, (2, 1, 0)) for name in ("bgra", "bgr0")},
    **{name: Packing(4, (1, 2, 3)) for name in ("argb", "0rgb")},
    **{name: Packing(4, (3, 2, 1)) for name in ("abgr", "0bgr")},
    **{name: Packing(3, (0, 1, 2), 16) for name in ("rgb48le", "rgb48be")},
    **{name: Packing(3, (2, 1, 0), 16) for name in ("bgr48le", "bgr48be")},
    **{name: Packing(4, (0, 1, 2), 16) for name in ("rgba64le", "rgba64be")},
    **{name: Packing(4, (2, 1, 0), 16) for name in ("bgra64le", "bgra64be")},
}
_PLANAR_YUV = re.compile(r"(?:yuvj?|yuva)4\d\dp(\d+)?(?:le|be)?")
_GRAY = re.compile(r"gray(\d+)?(?:le|be)?")
_PLANAR_RGB = re.compile(r"gbra?p(\d+)?(?:le|be)?")
_FLOAT = re.compile(r"(?:gbra?p|gray|ya|rgb|rgba)f(16|32)(?:le|be)")
_FLOAT_STEPS = {"ya": (2, (0,)), "rgb": (3, (0, 1, 2)), "rgba": (4, (0, 1, 2))}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a pixel format holds its samples."""

    name: str
    kind: str
    """`luma`, `gray` (luma without chroma), `rgb`, `palette` or `float`."""
    bits: int
    packing: Packing | None = None
    """None: a component to a plane."""


@lru_cache(maxsize=64)
def layout_of(name: str) -> Layout | None:
    """The layout of a pixel format by its FFmpeg name; None for those that are not read."""
    if name in _YUV:
        packing = _YUV[name]
        return Layout(name, "luma" if packing.chroma else "gray", packing.bits, packing)
    if name in _RGB:
        return Layout(name, "rgb", _RGB[name].bits, _RGB[name])
    if name == "pal8":
        return Layout(name, "palette", 8)
    if match := _FLOAT.fullmatch(name):
        return Layout(name, "float", int(match[1]))
    for pattern, kind in ((_PLANAR_YUV, "luma"), (_GRAY, "gray"), (_PLANAR_RGB, "rgb")):
        if match := pattern.fullmatch(name):
            return Layout(name, kind, int(match[1] or 8))
    return None


def _samples(picture: Any, plane: int, bits: int, kind: str = "u") -> np.ndarray:
    """(rows, samples) view of one plane, padding included, row 0 on top."""
    source = picture.planes[plane]
    size = 1 if bits <= 8 and kind == "u" else 4 if bits > 16 else 2
    dtype = np.dtype(f"{'>' if picture.format.name.endswith('be') else '<'}{kind}{size}")
    pitch = source.line_size
    if pitch >= 0:
        return np.frombuffer(source, dtype).reshape(-1, pitch // size)
    # Stored from the bottom up: the buffer the library shows starts at the top row and would run past the end.
    rows = source.height
    start = source.buffer_ptr + pitch * (rows - 1)
    memory = (ctypes.c_ubyte * (-pitch * rows)).from_address(start)
    return np.frombuffer(memory, dtype).reshape(rows, -pitch // size)[::-1]


def _place(picture: Any, plane: int, layout: Layout, place: int, kind: str = "u") -> np.ndarray:
    """(H, W) view of one full-size component."""
    packing = layout.packing or Packing(1, (0,), layout.bits)
    samples = _samples(picture, plane, packing.bits + packing.shift, kind)
    return samples[: picture.height, place : place + packing.step * picture.width : packing.step]


def _rgb(picture: Any, layout: Layout) -> list[np.ndarray]:
    """R', G', B' views, (H, W) each."""
    if layout.kind == "palette":
        indices = _samples(picture, 0, 8)[: picture.height, : picture.width]
        palette = np.frombuffer(picture.planes[1], "<u4", 256)  # 0xAARRGGBB
        return [((palette >> shift) & 255).astype(np.uint8)[indices] for shift in (16, 8, 0)]
    if layout.packing:
        return [_place(picture, 0, layout, place) for place in layout.packing.places]
    return [_place(picture, plane, layout, 0) for plane in (2, 0, 1)]  # stored G, B, R


def channels_of(picture: Any) -> list[np.ndarray]:
    """Views (H, W) of Y' alone, or of R', G' and B', whatever the arrangement; alpha is left out."""
    layout = layout_of(picture.format.name)
    if layout is None or layout.kind not in ("gray", "rgb"):
        raise MediaError(f"pixel format {picture.format.name} is not read; save the picture as RGB")
    if layout.kind == "rgb":
        return _rgb(picture, layout)
    return [_place(picture, 0, layout, 0)]


def linear_of(picture: Any) -> list[np.ndarray]:
    """Linear-light views of a float picture: one if gray, or R, G, B."""
    layout = layout_of(picture.format.name)
    assert layout is not None  # the caller has seen that it is float
    prefix = layout.name.split("f")[0]
    if prefix in _FLOAT_STEPS:
        step, places = _FLOAT_STEPS[prefix]
        layout = Layout(layout.name, "float", layout.bits, Packing(step, places, layout.bits))
        return [_place(picture, 0, layout, place, "f") for place in places]
    planes = (0,) if prefix == "gray" else (2, 0, 1)
    return [_place(picture, plane, layout, 0, "f") for plane in planes]


@lru_cache(maxsize=16)
def _full_to_limited(bits: int) -> np.ndarray:
    """10-bit limited codes of every full-range code."""
    codes = np.rint(BLACK + (WHITE - BLACK) * np.arange(2**bits) / (2**bits - 1)).astype(np.uint16)
    codes.setflags(write=False)
    return codes


@exact()
def _fill(codes: np.ndarray, table: np.ndarray, out: np.ndarray) -> None:
    last = len(table) - 1
    for y in range(codes.shape[0]):
        for x in range(codes.shape[1]):
            out[y, x] = table[min(codes[y, x], last)]


def look_up(codes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(H, W) of the table's type: its entry for every code; five times faster than NumPy's indexing."""
    out = np.empty(codes.shape, table.dtype)
    _fill(codes.astype(codes.dtype.newbyteorder("="), copy=False), table, out)
    return out


def _limited(luma: np.ndarray, bits: int, full: bool) -> np.ndarray:
    if full:
        return look_up(luma, _full_to_limited(bits))
    if bits <= 10:
        codes = luma.astype(np.uint16)
        return np.left_shift(codes, 10 - bits, out=codes)
    shift = bits - 10
    return np.minimum((luma.astype(np.uint32) + (1 << (shift - 1))) >> shift, TOP).astype(np.uint16)


def _from_rgb(channels: list[np.ndarray], bits: int, full: bool, weights: tuple[float, float]) -> np.ndarray:
    top = 2**bits - 1
    if _neutral(channels):
        return _limited(channels[0], bits, full)  # the weights add up to one, exactly
    luma = _weighed(channels, weights)
    if full:
        return np.rint(BLACK + (WHITE - BLACK) / np.float32(top) * luma).astype(np.uint16)
    return np.minimum(np.rint(luma * np.float32(2.0 ** (10 - bits))), TOP).astype(np.uint16)


def _neutral(channels: list[np.ndarray]) -> bool:
    return not any(np.not_equal(channels[0], other).any() for other in channels[1:])


def _weighed(channels: list[np.ndarray], weights: tuple[float, float]) -> np.ndarray:
    """float32: the luma of R'G'B' codes."""
    red, blue = weights
    green = np.float32(1 - red - blue)
    return np.asarray(np.float32(red) * channels[0] + green * channels[1] + np.float32(blue) * channels[2])


def _coded(channels: list[np.ndarray]) -> list[np.ndarray]:
    """Linear light by the sRGB curve, clipped to 0..1."""
    # NaN and negative light come from ringing filters and broken pixels: both are black.
    light = [np.clip(np.nan_to_num(channel.astype(np.float32)), 0, 1) for channel in channels]
    return [np.where(v <= 0.0031308, 12.92 * v, 1.055 * np.power(v, 1 / 2.4) - 0.055) for v in light]


def _luma_of_light(channels: list[np.ndarray], weights: tuple[float, float]) -> np.ndarray:
    """Luma of linear light, 0..1."""
    red, blue = weights
    coded = _coded(channels)
    return coded[0] if len(coded) == 1 else red * coded[0] + (1 - red - blue) * coded[1] + blue * coded[2]


def _from_linear(channels: list[np.ndarray], weights: tuple[float, float]) -> np.ndarray:
    return np.rint(BLACK + (WHITE - BLACK) * _luma_of_light(channels, weights)).astype(np.uint16)


def _turn(luma: np.ndarray, rotation: int) -> np.ndarray:
    """Quarter turns counter-clockwise, as the file asks for."""
    return luma if not rotation else np.ascontiguousarray(np.rot90(luma, rotation // 90))


def _layout(picture: Any) -> Layout:
    """Refuses pixel formats that are not read."""
    layout = layout_of(picture.format.name)
    if layout is None:
        raise MediaError(f"pixel format {picture.format.name} is not read; convert the film to yuv422p10")
    return layout


def luma_codes(picture: Any, *, full_range: bool, weights: tuple[float, float]) -> np.ndarray:
    """(H, W) uint16: the picture's luma as 10-bit limited-range codes, turned upright.

    picture     av.VideoFrame
    full_range  its codes run from 0 to the top; R'G'B' pictures too
    weights     Kr and Kb, for R'G'B' pictures
    Refuses pixel formats that hold neither luma nor R'G'B'.
    """
    layout = _layout(picture)
    if layout.kind == "float":
        codes = _from_linear(linear_of(picture), weights)
    elif layout.kind in ("rgb", "palette"):
        codes = _from_rgb(_rgb(picture, layout), layout.bits, full_range, weights)
    else:
        codes = _limited(luma_plane(picture, layout), layout.bits, full_range)
    return _turn(codes, picture.rotation)


@lru_cache(maxsize=8)
def _spread(bits: int) -> np.ndarray:
    """16-bit full-range codes of every full-range code of fewer bits."""
    codes = np.rint(np.arange(2**bits) * (DEEP_TOP / (2**bits - 1))).astype(np.uint16)
    codes.setflags(write=False)
    return codes


def deep_luma(picture: Any, *, full_range: bool, weights: tuple[float, float]) -> np.ndarray:
    """(H, W) uint16: the picture's luma as 16-bit codes of its own range, turned upright; every code it has comes back.

    Otherwise as `luma_codes`. Float pictures have full range.
    """
    layout = _layout(picture)
    if layout.kind == "float":
        codes = np.rint(DEEP_TOP * _luma_of_light(linear_of(picture), weights)).astype(np.uint16)
    elif layout.kind not in ("rgb", "palette"):
        codes = _deepened(luma_plane(picture, layout), layout.bits, full_range)
    elif _neutral(channels := _rgb(picture, layout)):
        codes = _deepened(channels[0], layout.bits, full_range)
    else:
        gain = DEEP_TOP / (2**layout.bits - 1) if full_range else 2.0 ** (16 - layout.bits)
        codes = np.minimum(np.rint(np.float32(gain) * _weighed(channels, weights)), DEEP_TOP).astype(np.uint16)
    return _turn(codes, picture.rotation)


def _deepened(luma: np.ndarray, bits: int, full: bool) -> np.ndarray:
    if full and bits < 16:
        return look_up(luma, _spread(bits))
    return np.left_shift(luma.astype(np.uint16), 16 - bits)


def entries_of_stored(layout: Layout, table: np.ndarray, full_range: bool) -> np.ndarray | None:
    """The entry of `table`, which has one for each 10-bit limited code, for every code that a luma plane of this layout
    may hold; None where pictures hold no luma."""
    if layout.kind not in ("luma", "gray"):
        return None
    stored = np.arange(2**layout.bits, dtype=np.uint8 if layout.bits <= 8 else np.uint16)[None]
    return look_up(_limited(stored, layout.bits, full_range), table)[0]


def is_reversible(layout: Layout, *, full_range: bool, has_color: bool) -> bool:
    """True if the 10-bit limited codes give the picture's own codes back."""
    if layout.kind == "float" or (layout.kind in ("rgb", "palette") and has_color):
        return False
    return layout.bits <= (9 if full_range else 10)  # 512 full-range codes stay apart in the 877 there are, 1024 not


def has_color(picture: Any) -> bool:
    """True if more of the picture than noise explains is not neutral."""
    layout = layout_of(picture.format.name)
    if layout is None or layout.kind == "gray":
        return False
    if layout.kind in ("rgb", "palette", "float"):
        if layout.kind == "float":
            channels, unit = linear_of(picture), 1 / 255
        else:
            channels, unit = _rgb(picture, layout), 2.0 ** (layout.bits - 8)
        values = [channel.astype(np.float32) for channel in channels]
        away = np.max(values, axis=0) - np.min(values, axis=0)
        return bool(np.mean(away > 2 * NEUTRAL_SLACK * unit) > COLORED_PART)
    unit = 2.0 ** (layout.bits - 8)
    planes = [np.abs(c.astype(np.float32) - 128 * unit) for c in _chroma(picture, layout)]
    return any(float(np.mean(plane > NEUTRAL_SLACK * unit)) > COLORED_PART for plane in planes)


def luma_plane(picture: Any, layout: Layout) -> np.ndarray:
    """(H, W) view of Y' as it is stored, of a picture that has it."""
    packing = layout.packing
    if packing is None:
        return _place(picture, 0, layout, 0)
    luma = _place(picture, 0, layout, packing.places[0])
    return luma >> packing.shift if packing.shift else luma


def _chroma(picture: Any, layout: Layout) -> list[np.ndarray]:
    """Cb and Cr as they are stored, at their own size."""
    packing, form = layout.packing, picture.format
    height, width = form.chroma_height(picture.height), form.chroma_width(picture.width)
    if packing is None:
        return [_samples(picture, plane, layout.bits)[:height, :width] for plane in (1, 2)]
    samples = _samples(picture, 1 if packing.step == 1 else 0, packing.bits + packing.shift)[:height]
    step = packing.chroma_step
    return [samples[:, place : place + step * (width - 1) + 1 : step] >> packing.shift for place in packing.chroma]


def components_of(picture: Any) -> list[np.ndarray]:
    """All that a picture shows: Y' of gray; Y', Cb, Cr; or R', G', B'. Codes at their stored size, alpha left out.

    Float pictures come out coded, 0..1, one channel if gray. Refuses pixel formats that are not read.
    """
    layout = _layout(picture)
    if layout.kind == "float":
        return _coded(linear_of(picture))
    if layout.kind in ("rgb", "palette"):
        return _rgb(picture, layout)
    return [luma_plane(picture, layout), *(_chroma(picture, layout) if layout.kind == "luma" else [])]
