"""One picture of a delivery written by OpenImageIO, header and all, and read back from its file.

- Timecode, rate and reel stand where a conform looks for them: DPX's own fields, EXR's timeCode, framesPerSecond and
  reelName. A TIFF has no such fields.
- Bytes hang on nothing but the frame: no date is written, and a DPX names itself without the folder it was made in.
- What is promised of a picture is measured on what reads back from its file, so whoever writes reads back.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vidcolor.color.colorimetry import ACES_WHITE, AP0, PRIMARIES, WHITE
from vidcolor.errors import MediaError
from vidcolor.media.deep import opened
from vidcolor.media.picture_codecs import BT709, PictureDelivery
from vidcolor.media.scan import DROP
from vidcolor.settings import ExportSettings
from vidcolor.timeline import TIMECODE
from vidcolor.types import Reel

if TYPE_CHECKING:
    from numpy import ndarray as Array

MADE_BY = "vidcolor"
COLORIMETRIC = {1: "ITU-R 709-4", 5: "ITU-R 601-5 system B or G", 6: "ITU-R 601-5 system M"}
"""What OpenImageIO calls a DPX's primaries, by H.273 number."""
DPX_NAME = slice(36, 136)
"""Where a DPX header holds the file's name (SMPTE 268M)."""
MOST_LABELS = 30
"""Frames a second up to which a label of SMPTE 12M counts each frame; above, none is written."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the pictures of one film say of themselves."""

    reel: Reel
    delivery: PictureDelivery
    settings: ExportSettings
    channels: tuple[str, ...] = ()
    """Names of the channels of mattes; empty: R, G and B"""

    def timecode(self, frame: int) -> int | None:
        """The label of a frame in the 32 bits of SMPTE 12M; None where it cannot count each frame."""
        match = TIMECODE.fullmatch(self.reel.timecode(frame))
        if match is None or self.reel.rate.base > MOST_LABELS:
            return None
        digits = "".join(filter(str.isdigit, match[0]))
        return int(digits, 16) | (DROP if self.reel.drop_frame else 0)

    def _spec(self, pixels: Array, frame: int) -> Any:
        import OpenImageIO

        delivery, reel = self.delivery, self.reel
        height, width, count = pixels.shape
        spec = OpenImageIO.ImageSpec(width, height, count, "half" if pixels.dtype == np.float16 else "uint16")
        if self.channels:
            spec.channelnames = self.channels
        spec.attribute("Software", MADE_BY)
        spec.attribute("DateTime", "")
        spec.attribute("PixelAspectRatio", float(reel.pixel_aspect))
        label = self.timecode(frame)
        if label is not None and delivery.kind != "tiff":
            spec.attribute("smpte:TimeCode", OpenImageIO.TypeDesc("timecode"), (label, 0))
        {"dpx": self._dpx, "exr": self._exr, "tiff": self._tiff}[delivery.kind](spec, frame)
        return spec

    def _dpx(self, spec: Any, frame: int) -> None:
        rate = float(self.reel.rate.fraction)
        spec.attribute("oiio:BitsPerSample", self.delivery.bits)
        spec.attribute("oiio:Endian", "big")
        spec.attribute("dpx:Transfer", "ITU-R 709-4")
        if self.reel.tags.primaries in COLORIMETRIC:
            spec.attribute("dpx:Colorimetric", COLORIMETRIC[self.reel.tags.primaries])
        spec.attribute("dpx:FrameRate", rate)
        spec.attribute("dpx:TemporalFrameRate", rate)
        spec.attribute("dpx:FramePosition", frame)
        spec.attribute("dpx:SequenceLength", self.reel.frame_count)
        if self.reel.tape:
            spec.attribute("dpx:InputDevice", self.reel.tape)

    def _exr(self, spec: Any, frame: int) -> None:
        import OpenImageIO

        rate: Fraction = self.reel.rate.fraction
        aces = self.settings.exr_primaries == "ap0"
        corners, white = (AP0, ACES_WHITE) if aces else (PRIMARIES[BT709], WHITE)
        spec.attribute("compression", "zip")
        spec.attribute("framesPerSecond", OpenImageIO.TypeDesc("rational"), (rate.numerator, rate.denominator))
        if self.reel.tape:
            spec.attribute("reelName", self.reel.tape)
        if self.channels:
            return
        places = tuple(value for corner in (*corners, white) for value in corner)
        spec.attribute("chromaticities", OpenImageIO.TypeDesc("float[8]"), places)
        spec.attribute("oiio:ColorSpace", "lin_ap0_scene" if aces else "lin_rec709_scene")

    def _tiff(self, spec: Any, frame: int) -> None:
        spec.attribute("compression", "none")

    def write(self, path: Path, place: Path, frame: int, pixels: Array) -> None:
        """Writes (H, W, channels) codes of the delivery's bits (uint16) or light (float16) at `path`.

        place   where the picture will lie at last, for its header and for messages
        """
        import OpenImageIO

        file: Any = OpenImageIO.ImageOutput.create(str(path))
        done = file.open(str(path), self._spec(pixels, frame)) and file.write_image(self._spread(pixels))
        if not (file.close() and done):
            said = (file.geterror().strip().splitlines() or ["no reason given"])[0]
            raise MediaError(
                f"{place}: cannot be written ({said[:120]}); free some space, or choose another place with -o"
            )
        if self.delivery.kind == "dpx":
            with path.open("r+b") as header:
                header.seek(DPX_NAME.start)
                length = DPX_NAME.stop - DPX_NAME.start
                header.write(place.name.encode("ascii", "replace")[:length].ljust(length, b"\0"))

    def _spread(self, pixels: Array) -> Array:
        """Codes over the 16 bits that the library takes."""
        bits = self.delivery.bits
        if pixels.dtype == np.float16 or bits == 16:
            return pixels
        return np.left_shift(pixels, 16 - bits) | np.right_shift(pixels, 2 * bits - 16)

    def read(self, path: Path, place: Path) -> Array:
        """(H, W, channels): what `write` was given. Refuses a picture that does not hold it."""
        with closing(opened(path)) as file:
            pixels = file.read_image("half" if self.delivery.kind == "exr" else "uint16")
        if pixels is None or pixels.shape != (*self.reel.size, len(self.channels) or 3):
            raise MediaError(
                f"{place}: does not read back whole; the disk may be full: free some space and export again"
            )
        shift = 16 - self.delivery.bits
        return np.right_shift(pixels, shift) if shift else np.asarray(pixels)
