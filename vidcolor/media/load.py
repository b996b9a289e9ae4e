"""One picture from disk as its file holds it, by the library that loses least of it: Pillow, else OpenImageIO.

- Pillow tells when data are cut short, and cuts colour to 8 bits: what is deeper is read by OpenImageIO (`deep.py`).
- Sizes are read from headers before anything is decoded: a small file can ask for any amount of memory.
- Light (EXR, float TIFF, log and linear DPX) is coded as sRGB in 16 bits: colours keep their hue, and what is brighter
  than white is dimmed to it.
"""

from __future__ import annotations

import io
import struct
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from vidcolor.color.colorimetry import to_bt709
from vidcolor.errors import MediaError
from vidcolor.media.deep import Stored, read_stored, stored_kind, stored_size
from vidcolor.media.icc import Profile, color_space, light_to_srgb, read_profile
from vidcolor.media.layered import PHOTOSHOP, kind_of, merged_png
from vidcolor.media.light import from_log
from vidcolor.media.png_color import stated_color
from vidcolor.media.scan import DPX, EXR, read_header

FORMATS = ("PNG", "TIFF", "JPEG", "WEBP", "AVIF")
"""What Pillow reads here."""
KNOWN = "PNG, TIFF, JPEG, PSD, EXR, DPX, WebP, AVIF or JPEG XL"
JXL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n")
HEIC = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"))
"""Not read: the wheel that reads it, pillow-heif, holds x265, which is under the GPL."""
JP2 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_PIXELS = 100_000_000
"""Largest picture that is decoded, in pixels: 1.2 GB as Lab. Twelve times an 8-megapixel still."""
ORIENTATION = 0x0112
BITS_PER_SAMPLE = 258
"""TIFF tag."""
FAILURES = (OSError, ValueError, SyntaxError, IndexError, KeyError, EOFError, struct.error, OverflowError, MemoryError)
"""What Pillow raises for damaged files."""
BROKEN_PROFILE = (ImageCms.PyCMSError, OSError, ValueError)
SMALLEST = 128
"""OpenImageIO (3.2.2) takes a JPEG XL file of fewer bytes for a damaged one."""


def picture_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture of the kinds that are `KNOWN`, from its header alone.

    Refuses what is missing, empty, no picture, or larger than `MAX_PIXELS`.
    """
    head = _head(path)
    return _size(path, head, _by_pillow(path, head))


def _size(path: Path, head: bytes, by_pillow: bool) -> tuple[int, int]:
    if by_pillow:
        with _open(path) as picture:
            size = (picture.height, picture.width)
    else:
        with _readable(path, head) as place:
            size = stored_size(place)
    _check_size(path, size)
    return size


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path and permissions") from error
    if not head:
        raise MediaError(f"{path}: the file is empty; copy it again from its source")
    if head[4:] in HEIC:
        raise MediaError(f"{path}: HEIC is not read; save the picture as PNG or TIFF")
    return head


def _by_pillow(path: Path, head: bytes) -> bool:
    """Whether Pillow opens a picture that begins so; else OpenImageIO does."""
    if head.startswith(TIFF):
        return stored_kind(path) != "float"
    return not head.startswith((*DPX, EXR, PHOTOSHOP, *JXL, *JP2))


@contextmanager
def _readable(path: Path, head: bytes) -> Iterator[Path]:
    """Where OpenImageIO can read the picture: its own place, or a copy with zeros behind it."""
    if not head.startswith(JXL) or path.stat().st_size >= SMALLEST:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, path.name)
        copy.write_bytes(path.read_bytes().ljust(SMALLEST, b"\0"))
        yield copy


def _check_size(path: Path, size: tuple[int, int]) -> None:
    height, width = size
    if height < 1 or width < 1:
        raise MediaError(f"{path}: {width}x{height} pixels; the header is damaged, copy the picture again")
    if height * width > MAX_PIXELS:
        raise MediaError(
            f"{path}: {width}x{height} pixels is more than {MAX_PIXELS // 1_000_000} megapixels; reduce the picture"
        )


def _open(path: Path) -> Image.Image:
    """The picture opened by Pillow, not decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of sizes and odd tags; sizes are judged by MAX_PIXELS
        try:
            return Image.open(path, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise MediaError(f"{path}: more than {MAX_PIXELS // 1_000_000} megapixels; reduce the picture") from error
        except FAILURES as error:
            raise MediaError(f"{path}: not a readable {KNOWN} picture; save it again as one") from error


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A picture as its file holds it."""

    data: bytes
    samples: np.ndarray
    """(H, W, 1 or 3) uint8 or uint16"""
    profile: bytes
    """Of the samples; empty: they are sRGB, or `stated` says."""
    orientation: int
    share: np.ndarray
    """(H, W) 0..1 alpha; all 1 where the picture has none"""
    stated: Profile | None = None
    """What chunks other than a profile say of the samples."""


def load(path: Path, *, opaque: bool = True) -> Loaded:
    """A picture of the kinds that are `KNOWN`, or OpenRaster; of layers, all visible ones together.

    Refuses what is missing, damaged, cut short or too large, colours that are not read, and where it must be `opaque`
    what has transparent pixels.
    """
    if kind_of(path) == "ora":
        return _merged(path, opaque)
    head = _head(path)
    by_pillow = _by_pillow(path, head)
    _size(path, head, by_pillow)
    loaded = _by_eye(path) if by_pillow else _deep(path, head)
    if opaque and loaded.share.min() < 1:
        raise MediaError(f"{path}: the picture has transparent pixels; flatten it and save it again")
    if loaded.profile:
        _check_profile(path, color_space(loaded.profile), loaded.samples.shape[2])
    return loaded


def _merged(path: Path, opaque: bool) -> Loaded:
    with tempfile.TemporaryDirectory() as folder:
        merged = Path(folder, "merged.png")
        merged.write_bytes(merged_png(path))
        try:
            return replace(load(merged, opaque=opaque), data=_bytes(path))
        except MediaError as error:
            raise MediaError(str(error).replace(str(merged), str(path))) from error


def _by_eye(path: Path) -> Loaded:
    """A picture that Pillow reads; its samples by OpenImageIO where they have 16 bits."""
    data = _bytes(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd tags are no reason to refuse a picture
        with _open(path) as picture:
            deep = _is_deep(picture, data)
            try:
                picture.load()  # for 16 bits too: only Pillow says when data are cut short
            except FAILURES as error:
                raise MediaError(f"{path}: the picture is damaged or cut short; save it again") from error
            share = _alpha(picture)
            profile = picture.info.get("icc_profile") or b""
            if deep:
                stored = _deep_samples(path)
                samples, orientation = stored.samples, stored.orientation  # Pillow has turned a TIFF, and says so
            else:
                samples, orientation = _samples(path, picture, profile), _orientation(picture)
            if picture.mode == "CMYK":
                profile = b""  # its samples are sRGB by now
    stated = stated_color(data)
    if isinstance(stated, str):
        raise MediaError(f"{path}: states {stated}, which is not read; convert the picture to sRGB")
    if stated is not None:
        profile = b""
    if deep and share.shape != (1, 1):
        share = np.ones((1, 1), np.float32) if stored.alpha is None else stored.alpha
    return Loaded(data, samples, profile, orientation, np.broadcast_to(share, samples.shape[:2]), stated)


def _deep(path: Path, head: bytes) -> Loaded:
    """A picture that OpenImageIO reads."""
    with _readable(path, head) as place:
        stored = read_stored(place)
    samples, profile = stored.samples, stored.profile
    transfer = read_header(path).transfer if head.startswith(DPX) else "auto"
    if transfer == "log" or (transfer == "linear" and samples.dtype == np.uint16):
        value = samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)
        stored = replace(stored, samples=from_log(value) if transfer == "log" else value)
        samples = stored.samples
    if samples.dtype == np.float32:
        simple = read_profile(profile) if profile else None
        samples = _coded(samples) if simple is not None else _shown(stored)
        profile = profile if simple is not None else b""
    turned = head.startswith(JXL)  # by its library
    share = np.ones((1, 1), np.float32) if stored.alpha is None else stored.alpha
    share = np.broadcast_to(np.nan_to_num(share), samples.shape[:2])
    return Loaded(_bytes(path), samples, profile, 1 if turned else stored.orientation, share)


def _coded(values: np.ndarray) -> np.ndarray:
    """uint16 codes of 0..1."""
    return np.asarray(np.rint(np.clip(np.nan_to_num(values), 0, 1) * np.float32(65535)), np.uint16)


def _shown(stored: Stored) -> np.ndarray:
    """(H, W, 1 or 3) uint16 sRGB codes of linear light."""
    light = np.moveaxis(np.nan_to_num(stored.samples, posinf=1.0), 2, 0)
    gray = len(light) == 1
    light = np.repeat(light, 3, axis=0) if gray else light
    if len(stored.corners) == 8:
        colors = [(stored.corners[k], stored.corners[k + 1]) for k in (0, 2, 4)]
        light = np.tensordot(to_bt709(colors, stored.corners[6:8]).astype(np.float32), light, axes=1)
    light = light / np.maximum(light.max(axis=0), 1)
    codes = _coded(np.moveaxis(light_to_srgb(light), 0, 2))
    return codes[..., :1] if gray else codes


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); check the disk and permissions") from error


def _is_deep(picture: Image.Image, data: bytes) -> bool:
    """True for 16 bits a sample: Pillow would cut colour to 8."""
    if picture.format == "PNG":
        return data[24] == 16  # IHDR: bit depth
    tags = getattr(picture, "tag_v2", {}) if picture.format == "TIFF" else {}
    return 16 in tuple(tags.get(BITS_PER_SAMPLE, ()))


def _alpha(picture: Image.Image) -> np.ndarray:
    """(H, W) float32 0..1; (1, 1) where the picture has no transparency."""
    if "transparency" not in picture.info and "A" not in picture.getbands() and "a" not in picture.getbands():
        return np.ones((1, 1), np.float32)
    return np.asarray(picture.convert("RGBA").getchannel("A"), np.float32) / np.float32(255)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except FAILURES:
        return 1  # damaged EXIF says nothing of the pixels


def _samples(path: Path, picture: Image.Image, profile: bytes) -> np.ndarray:
    """(H, W, 1 or 3) uint8 of an 8-bit picture; CMYK comes out as sRGB."""
    mode = picture.mode
    if mode == "CMYK":
        if color_space(profile) != "CMYK":
            raise MediaError(f"{path}: CMYK without a CMYK profile; convert the picture to RGB")
        return np.asarray(by_tables(path, picture, profile))
    if mode in ("1", "L", "LA", "La"):
        return np.asarray(picture.convert("L"))[..., None]
    if mode in ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr"):
        return np.asarray(picture.convert("RGB"))
    raise MediaError(f"{path}: pixels of the kind {mode} are not read; save the picture as 8- or 16-bit RGB")


def _deep_samples(path: Path) -> Stored:
    """The picture with (H, W, 1 or 3) uint16 samples: Pillow cuts colour to 8."""
    stored = read_stored(path)
    if stored.samples.dtype != np.uint16:
        raise MediaError(f"{path}: this kind of 16-bit picture is not read; save it as 16-bit RGB PNG")
    return stored


def _check_profile(path: Path, space: str, channels: int) -> None:
    if space not in ("RGB", "GRAY") or (space == "GRAY" and channels == 3):
        kind = f"for {space}" if space else "damaged"
        raise MediaError(f"{path}: its ICC profile is {kind}; convert the picture to sRGB")


def by_tables(path: Path, picture: Image.Image, profile: bytes) -> Image.Image:
    """The picture as 8-bit sRGB by LittleCMS."""
    try:
        converted = ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except BROKEN_PROFILE as error:
        raise MediaError(f"{path}: its ICC profile cannot be used; convert the picture to sRGB") from error
    if converted is None:
        raise MediaError(f"{path}: its ICC profile cannot be used; convert the picture to sRGB")
    return converted
