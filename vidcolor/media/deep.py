"""TIFF, EXR, PSD, JPEG XL, JPEG 2000 and pictures of 16 bits, read by OpenImageIO, which refuses what is cut short.

- Only read here. Its PNG writer (3.2.2) reports no failure on a full disk, and none of its writers writes to memory:
  hence picture_out.py. Those of DPX, TIFF and EXR do report it: picture_file.py.
- DPX is left to FFmpeg (still.py), which gives a scan's 10-bit codes; here they would be spread over 16 bits.
- A picture that is read keeps its ICC profile, which is not applied (icc.py).
- The library is loaded where it is first needed: 30 ms of every command otherwise.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vidcolor.errors import MediaError

if TYPE_CHECKING:
    from numpy import ndarray as Array

WHITE_IS_ZERO = 0
PHOTOMETRICS = (WHITE_IS_ZERO, 1, 2, 3)
"""Kinds of TIFF that are read: gray both ways, RGB, palette (TIFF 6.0)."""
KINDS = {"uint8": "uint8", "uint16": "uint16", "half": "float", "float": "float"}
"""Samples that are read, and as what; halves as floats, which hold them exactly."""
OTHERS = {"CMYK": {"C", "M", "Y", "K"}, "LAB": {"L", "a", "b"}}
"""Channels of pictures that are neither gray nor RGB, as a PSD may be; by one of their names they would be gray."""
PNG_END = b"IEND"
"""What a whole PNG ends with."""
MOST_NAMED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A picture as its file holds it."""

    samples: Array
    """(H, W, 1 or 3) uint8, uint16 or float32 (linear light)"""
    alpha: Array | None = None
    """(H, W) float32 0..1; None where the picture has none."""
    profile: bytes = b""
    """Its ICC profile."""
    orientation: int = 1
    """As EXIF has it; the samples are not turned."""
    corners: tuple[float, ...] = ()
    """Chromaticities (x, y) of red, green, blue and white, where an EXR states them."""


def stored_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture, from its header alone. Refuses files that cannot be read."""
    with closing(opened(path)) as file:
        spec = file.spec()
        return spec.height, spec.width


def stored_kind(path: Path) -> str:
    """`uint8`, `uint16` or `float`, by the header alone; empty for other samples, and for what cannot be read."""
    try:
        with closing(opened(path)) as file:
            return KINDS.get(str(file.spec().format), "")
    except MediaError:
        return ""


def read_stored(path: Path) -> Stored:
    """The picture's samples; of a layered one, its layers together. Refuses what is damaged or cut short, and samples
    of other kinds.

    The caller has checked the picture's size.
    """
    with closing(opened(path)) as file:
        if file.format_name() == "png" and PNG_END not in path.read_bytes():  # libpng would say so on the terminal
            raise MediaError(_not_whole(path, ""))
        if file.format_name() == "openexr":
            _seek_colors(path, file)
        spec = file.spec()
        kind, names = str(spec.format), list(spec.channelnames)
        photometric = spec.get_int_attribute("tiff:PhotometricInterpretation", 1)
        channels = _channels(path, names) if file.format_name() == "openexr" else _colors(names)
        if other := next((kind for kind, held in OTHERS.items() if held <= set(names)), ""):
            raise MediaError(f"{path}: pixels of the kind {other} are not read; save the picture as 8- or 16-bit RGB")
        if kind not in KINDS or not channels or photometric not in PHOTOMETRICS:
            raise MediaError(f"{path}: this kind of picture is not read; save it as RGB or gray of 8 or 16 bits")
        samples = file.read_image(KINDS[kind])
        if samples is None:
            raise MediaError(_not_whole(path, _said(file)))
        profile = spec.getattribute("ICCProfile")
        orientation = spec.get_int_attribute("Orientation", 1)
        corners = spec.getattribute("chromaticities") or ()
    if photometric == WHITE_IS_ZERO and kind == "uint16":
        samples = np.iinfo(np.uint16).max - samples  # the library (3.2.2) turns 8 bits alone
    alpha = None
    if "A" in names:
        top = np.float32(1 if KINDS[kind] == "float" else np.iinfo(samples.dtype).max)
        alpha = samples[:, :, names.index("A")].astype(np.float32) / top
    chosen = samples if len(channels) == samples.shape[2] else samples[:, :, channels]
    icc = b"" if profile is None else np.asarray(profile, np.uint8).tobytes()
    return Stored(np.ascontiguousarray(chosen), alpha, icc, orientation, tuple(map(float, corners)))


def _seek_colors(path: Path, file: Any) -> None:
    """Goes to the part of an EXR that holds colours; to its first where none does. Refuses several."""
    parts = count()
    found = {n: str(file.spec().getattribute("name") or n) for n in takewhile(lambda n: file.seek_subimage(n, 0), parts)
             if {"R", "G", "B"} <= {name.rpartition(".")[2] for name in file.spec().channelnames}}  # fmt: skip
    if len(found) > 1:
        raise MediaError(f"{path}: several parts hold colours ({', '.join(found.values())}); write one of them alone")
    file.seek_subimage(next(iter(found), 0), 0)


def _said(library: Any) -> str:
    """What OpenImageIO, or a file it opened, says went wrong; it hands on a damaged file's own bytes, not always
    UTF-8, which its binding cannot."""
    try:
        return str(library.geterror())
    except UnicodeDecodeError as error:
        return error.object.decode(errors="replace")


def _not_whole(path: Path, said: str) -> str:
    if "not configured" in said:  # this library's TIFF has no Zstandard, for one
        return f"{path}: its compression is not read ({said.strip()[:120]}); save it with LZW or ZIP, or unpacked"
    return f"{path}: the picture is damaged or cut short; copy it again from its source"


def opened(path: Path) -> Any:
    """The picture's file, opened by OpenImageIO; refused where it cannot be. The caller closes it."""
    import OpenImageIO

    wish = OpenImageIO.ImageSpec()
    wish["oiio:UnassociatedAlpha"] = 1  # samples as stored, not times their alpha
    wish["oiio:RawColor"] = 1
    file = OpenImageIO.ImageInput.open(str(path.absolute()), wish)
    if file is None:
        said = (_said(OpenImageIO).splitlines() or ["it says no more"])[0]
        raise MediaError(f"{path}: cannot be read as a picture ({said[:120]}); save it again")
    return file


def _colors(names: list[str]) -> list[int]:
    """Which channels are R, G and B, or gray; none where there is nothing of the kind."""
    if {"R", "G", "B"} <= set(names):
        return [names.index(name) for name in "RGB"]
    return next(([names.index(name)] for name in ("Y", "I", "L") if name in names), [])


def _channels(path: Path, names: list[str]) -> list[int]:
    """The same of an EXR, whose colours may be in a layer (`beauty.R`). Refuses several layers, and none."""
    if found := _colors(names):
        return found
    layers: dict[str, dict[str, int]] = {}
    for place, name in enumerate(names):
        layer, _, channel = name.rpartition(".")
        layers.setdefault(layer, {})[channel] = place
    chosen = {layer: _colors(list(held)) for layer, held in layers.items() if _colors(list(held))}
    if len(chosen) == 1:
        ((layer, places),) = chosen.items()
        return [list(layers[layer].values())[place] for place in places]
    some = ", ".join(names[:MOST_NAMED]) + (" and more" if len(names) > MOST_NAMED else "")
    if chosen:
        raise MediaError(f"{path}: several layers hold colours ({', '.join(chosen)}); write one of them alone")
    raise MediaError(f"{path}: no channels R, G and B, or Y (it has {some}); write the picture with them")
