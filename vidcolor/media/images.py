"""Pictures in and out: references as Lab, pictures to measure as R'G'B', sizes without decoding, 16-bit PNG.

- Sizes are read from headers before anything is decoded: a small file can ask for any amount of memory.
- Colours go through the picture's ICC profile to sRGB. Profiles of curves and a matrix, which RGB and gray
  pictures have, are computed in floating point (`icc.py`), so 16 bits stay 16 bits. Others, and CMYK, go through
  LittleCMS in 8 bits.
- Pictures with transparency are refused, but as paints and masks (`painted.py`): there alpha says where they count.
"""

from __future__ import annotations

import hashlib
import io
import struct
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms

from vidcolor.color import rgb_to_lab
from vidcolor.errors import InputError, MediaError
from vidcolor.media.colors import unit_planes
from vidcolor.media.deep import read_composite, read_stored, stored_size
from vidcolor.media.icc import Profile, color_space, read_profile
from vidcolor.media.layered import kind_of, merged_png
from vidcolor.media.place import whole
from vidcolor.media.png_color import stated_color
from vidcolor.types import Reference

FORMATS = ("PNG", "TIFF", "JPEG")
MEASURED = (*FORMATS, "WEBP")
"""What pictures that are only looked at may be besides."""
SCANS = (b"SDPX", b"XPDS", b"\x76\x2f\x31\x01")
"""How DPX, either byte order, and EXR begin: Pillow reads neither."""
MAX_PIXELS = 100_000_000
"""Largest picture that is decoded, in pixels: 1.2 GB as Lab. Twelve times an 8-megapixel still."""
BAND = 256
"""Rows turned into Lab at a time, to keep memory near the size of the result."""
ORIENTATION = 0x0112
HEAD = 1 << 16
"""Bytes in which a PNG says whether it has transparent pixels: behind a palette and a profile of usual size."""
BITS_PER_SAMPLE = 258
"""TIFF tag."""
TURNS = {
    1: (0, False),
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (3, True),
    6: (3, False),
    7: (1, True),
    8: (1, False),
}
"""EXIF orientation: quarter turns counter-clockwise, then mirrored left to right."""
FAILURES = (OSError, ValueError, SyntaxError, IndexError, KeyError, EOFError, struct.error, OverflowError, MemoryError)
"""What Pillow raises for damaged files."""
BROKEN_PROFILE = (ImageCms.PyCMSError, OSError, ValueError)


def picture_size(path: Path, formats: Sequence[str] = FORMATS) -> tuple[int, int]:
    """(height, width) of a PNG, TIFF, JPEG, DPX or EXR picture, from its header alone.

    Refuses what is missing, empty, no picture, or larger than `MAX_PIXELS`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path and permissions") from error
    if not head:
        raise MediaError(f"{path}: the file is empty; copy it again from its source")
    if head in SCANS:
        size = stored_size(path)
    else:
        with _open(path, formats) as picture:
            size = (picture.height, picture.width)
    _check_size(path, size)
    return size


def _check_size(path: Path, size: tuple[int, int]) -> None:
    height, width = size
    if height < 1 or width < 1:
        raise MediaError(f"{path}: {width}x{height} pixels; the header is damaged, copy the picture again")
    if height * width > MAX_PIXELS:
        raise MediaError(
            f"{path}: {width}x{height} pixels is more than {MAX_PIXELS // 1_000_000} megapixels; reduce the picture"
        )


def _open(path: Path, formats: Sequence[str]) -> Image.Image:
    """The picture opened by Pillow, not decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of sizes and odd tags; sizes are judged by MAX_PIXELS
        try:
            return Image.open(path, formats=tuple(formats))
        except Image.DecompressionBombError as error:
            raise MediaError(f"{path}: more than {MAX_PIXELS // 1_000_000} megapixels; reduce the picture") from error
        except FAILURES as error:
            known = f"{', '.join(formats[:-1])} or {formats[-1]}"
            raise MediaError(f"{path}: not a readable {known} picture; save it again as one") from error


def read_picture(path: Path, name: str = "") -> Reference:
    """An artist's picture: lightness and chroma (CIELAB, D65) at its own size, upright, its profile honoured.

    path    PNG, TIFF or JPEG; gray, RGB, indexed, or CMYK with a profile; 8 or 16 bits
    name    the reference's name; the file's own if empty
    Refuses damaged and enormous pictures, transparency, float and Lab pixels, and profiles that cannot be used.
    """
    stored = _load(path, FORMATS)
    lab = np.empty((3, *stored.samples.shape[:2]), np.float32)
    for rows, rgb in _bands(path, stored):
        lab[:, rows] = rgb_to_lab(rgb)
    lab = _upright(lab, stored.orientation)
    return Reference(name or path.name, hashlib.sha256(stored.data).hexdigest(), lab[0], lab[1:])


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A picture of which only a part may count."""

    chroma: np.ndarray
    """(2, H, W) a*b*"""
    share: np.ndarray
    """(H, W) 0..1: how far each pixel counts, by its alpha"""
    white: np.ndarray
    """(H, W) 0..1: how light each pixel is, black to white"""
    hash: str


def may_have_alpha(path: Path) -> bool:
    """Whether a picture may have transparent pixels, by its head alone: some PNG, and any TIFF."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False  # who reads it says why it cannot be read
    if head.startswith(b"\x89PNG"):
        return head[25:26] in (b"\x04", b"\x06") or b"tRNS" in head
    return head[:2] in (b"II", b"MM")


def read_painted(path: Path) -> Painted:
    """A paint or a soft mask, upright; PSD and OpenRaster too: all their visible layers together.

    Refuses what `read_picture` does, but for transparency.
    """
    stored = _load_painted(path)
    lab = np.empty((3, *stored.samples.shape[:2]), np.float32)
    for rows, rgb in _bands(path, stored):
        lab[:, rows] = rgb_to_lab(rgb)
    white = stored.samples.mean(2, dtype=np.float32) / np.float32(np.iinfo(stored.samples.dtype).max)
    planes = _upright(np.concatenate([lab[1:], stored.share[None], white[None]]), stored.orientation)
    return Painted(planes[:2], planes[2], planes[3], hashlib.sha256(stored.data).hexdigest())


def _load_painted(path: Path) -> _Stored:
    kind = kind_of(path)
    if kind == "psd":
        _check_size(path, stored_size(path))
        samples, share = read_composite(path)
        return _Stored(_bytes(path), samples, b"", 1, share)
    if kind == "ora":
        with tempfile.TemporaryDirectory() as folder:
            merged = Path(folder, "merged.png")
            merged.write_bytes(merged_png(path))
            try:
                return replace(_load(merged, FORMATS, opaque=False), data=_bytes(path))
            except MediaError as error:
                raise MediaError(str(error).replace(str(merged), str(path))) from error
    return _load(path, FORMATS, opaque=False)


def read_rgb(path: Path) -> np.ndarray:
    """A picture to measure: (3, H, W) float32 sRGB R'G'B' 0..1, upright; as stored where it has no profile.

    Reads and refuses what `read_picture` does, and reads WebP too.
    """
    stored = _load(path, MEASURED)
    if stored.profile or stored.stated is not None:
        rgb = np.empty((3, *stored.samples.shape[:2]), np.float32)
        for rows, band in _bands(path, stored):
            rgb[:, rows] = band
    else:
        rgb = unit_planes(stored.samples)
    return _upright(rgb, stored.orientation)


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
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


def _load(path: Path, formats: Sequence[str], *, opaque: bool = True) -> _Stored:
    picture_size(path, formats)
    data = _bytes(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd tags are no reason to refuse a picture
        with _open(path, formats) as picture:
            deep = _is_deep(picture, data)
            try:
                picture.load()  # for 16 bits too: only Pillow says when data are cut short
            except FAILURES as error:
                raise MediaError(f"{path}: the picture is damaged or cut short; save it again") from error
            share = _alpha(picture)
            if opaque and share.min() < 1:
                raise MediaError(f"{path}: the picture has transparent pixels; flatten it and save it again")
            profile = picture.info.get("icc_profile") or b""
            samples = _deep_samples(path) if deep else _samples(path, picture, profile)
            orientation = _orientation(picture)
            if picture.mode == "CMYK":
                profile = b""  # its samples are sRGB by now
    stated = stated_color(data)
    if isinstance(stated, str):
        raise MediaError(f"{path}: states {stated}, which is not read; convert the picture to sRGB")
    if stated is not None:
        profile = b""
    if profile:
        _check_profile(path, color_space(profile), samples.shape[2])
    return _Stored(data, samples, profile, orientation, np.broadcast_to(share, samples.shape[:2]), stated)


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
        return np.asarray(_by_tables(path, picture, profile))
    if mode in ("1", "L", "LA", "La"):
        return np.asarray(picture.convert("L"))[..., None]
    if mode in ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr"):
        return np.asarray(picture.convert("RGB"))
    raise MediaError(f"{path}: pixels of the kind {mode} are not read; save the picture as 8- or 16-bit RGB")


def _deep_samples(path: Path) -> np.ndarray:
    """(H, W, 1 or 3) uint16 of a 16-bit picture: Pillow cuts colour to 8."""
    samples = read_stored(path).samples
    if samples.dtype != np.uint16:
        raise MediaError(f"{path}: this kind of 16-bit picture is not read; save it as 16-bit RGB PNG")
    return samples


def _check_profile(path: Path, space: str, channels: int) -> None:
    if space not in ("RGB", "GRAY") or (space == "GRAY" and channels == 3):
        kind = f"for {space}" if space else "damaged"
        raise MediaError(f"{path}: its ICC profile is {kind}; convert the picture to sRGB")


def _by_tables(path: Path, picture: Image.Image, profile: bytes) -> Image.Image:
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


def _bands(path: Path, stored: _Stored) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows, (3, rows, W) float32 sRGB) from top to bottom."""
    samples, profile = stored.samples, stored.profile
    simple = read_profile(profile) if profile else stored.stated
    if profile and simple is None:
        if samples.dtype == np.uint16:
            samples = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
        picture = Image.fromarray(np.repeat(samples, 3, axis=2) if samples.shape[2] == 1 else samples)
        samples = np.asarray(_by_tables(path, picture, profile))
    for top in range(0, samples.shape[0], BAND):
        band = samples[top : top + BAND]
        yield slice(top, top + BAND), simple.to_srgb(band) if simple is not None else unit_planes(band)


def _upright(planes: np.ndarray, orientation: int) -> np.ndarray:
    turns, mirrored = TURNS.get(orientation, (0, False))
    planes = np.rot90(planes, turns, axes=(1, 2))
    return np.ascontiguousarray(planes[:, :, ::-1] if mirrored else planes)


def write_image(path: Path, picture: np.ndarray) -> None:
    """Writes a PNG of 8 or 16 bits: whole or not at all.

    picture  (H, W) gray or (3, H, W) R'G'B', uint8 or uint16
    """
    if picture.dtype not in (np.uint8, np.uint16) or picture.ndim not in (2, 3) or 0 in picture.shape:
        raise InputError(f"{path}: a picture of {picture.dtype} {picture.shape} cannot be written as PNG")
    pixels = picture if picture.ndim == 2 else np.ascontiguousarray(np.moveaxis(picture, 0, 2)[..., ::-1])
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise MediaError(f"{path}: the picture could not be encoded as PNG; make it smaller")
    with whole(path) as partial:
        partial.write_bytes(data.tobytes())
