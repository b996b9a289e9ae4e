"""The table of deliveries: what each one is encoded with. An encoder's options live here and nowhere else.

- FFmpeg encodes ProRes from 10-bit planes only; 12 bits are refused by its encoder. FFV1 takes 16.
- `quality` codes every ProRes frame with one quantiser: at equal size 3 dB better and six times faster than
  meeting Apple's target size, which is what `apple` does (shared figures in the README).
- Slices, not threads, divide the work, so the bytes do not depend on the machine. x264 is the exception:
  its thread count is part of what it writes, so it is fixed.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vidcolor.errors import SettingsError
from vidcolor.media.delivery import Delivery
from vidcolor.media.picture_codecs import PICTURES, PictureDelivery
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel

DEFAULT_DELIVERY = "prores-422hq"
X264_THREADS = 2


def even_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width), each the next even number: 4:2:0 has no half samples."""
    return (size[0] + size[0] % 2, size[1] + size[1] % 2)


@dataclass(frozen=True, slots=True)
class FilmDelivery(Delivery):
    """One way to write the film as one file."""

    encoder: str
    pixel_format: str
    compressor: str
    """The name players show."""
    options: dict[str, str] = field(default_factory=dict)
    fourcc: str = ""
    quantiser: int = 0
    """ProRes: the quantiser of `prores_rate = "quality"`; 0 for other encoders."""
    threads: int = 0
    """Threads of the encoder; 0: as many as it likes, with the same bytes."""

    @property
    def is_prores(self) -> bool:
        return self.encoder == "prores_ks"

    @property
    def is_proxy(self) -> bool:
        return self.pixel_format == "yuv420p"

    def picture_size(self, size: tuple[int, int], settings: ExportSettings) -> tuple[int, int]:
        """(height, width) of the coded picture of a film of `size`; where it is more, the last line is repeated."""
        if self.is_proxy:
            height, width = even_size(size)
            return (height, 2 * width if settings.proxy_compare == "side" else width)
        spare = self.is_prores and self.subsampling == "422" and size[1] % BLOCK == 1
        return (size[0], size[1] + int(spare))

    def encoder_options(self, settings: ExportSettings, reel: Reel) -> dict[str, str]:
        """The encoder's private options for the pictures of `reel`."""
        options = dict(self.options)
        if self.is_prores:
            options["vendor"] = settings.vendor
        if self.encoder == "libx264" and reel.scan != "progressive":
            options["x264-params"] = "tff=1" if reel.scan == "top" else "bff=1"
        if "slices" in options and min(reel.size) < SMALLEST_SLICED:
            del options["slices"]
        return options

    def facts(self, settings: ExportSettings, reel: Reel) -> dict[str, Any]:
        return {
            "encoder": self.encoder,
            "options": self.encoder_options(settings, reel),
            "prores_rate": settings.prores_rate if self.is_prores else None,
            "pixel_format": self.pixel_format,
            "coded_size": dict(zip(("height", "width"), self.picture_size(reel.size, settings), strict=True)),
            "lossless": self.lossless,
            "levels": "full" if self.scale_of(reel).full else "limited",
        }


BLOCK = 16
"""Where one luma column is left over after whole blocks, FFmpeg's ProRes encoder codes none of its chroma, and it
turns green: such pictures are given one more column."""
SMALLEST_SLICED = 8
"""FFV1 refuses sixteen slices in pictures narrower or lower than this."""


def _dnxhr(name: str, kept_in: str, suffixes: tuple[str, ...], subsampling: Literal["422", "444"]) -> FilmDelivery:
    kind, more = ("HQX", "") if subsampling == "422" else ("444", ", every chroma sample kept")
    return FilmDelivery(
        name,
        f"DNxHR {kind}, 10-bit {':'.join(subsampling)}, {kept_in}: for Avid{more}",
        suffixes,
        subsampling,
        "dnxhd",
        f"yuv{subsampling}p10le",
        f"Avid DNxHR {kind}",
        {"profile": f"dnxhr_{kind.lower()}"},
        fourcc="AVdh",
        smallest=(120, 256),
        interlaced=False,
    )


CODECS: dict[str, FilmDelivery] = {
    delivery.name: delivery
    for delivery in (
        FilmDelivery(
            "prores-422hq",
            "ProRes 422 HQ, 10-bit 4:2:2, MOV: the usual master",
            (".mov",),
            "422",
            "prores_ks",
            "yuv422p10le",
            "Apple ProRes 422 HQ",
            {"profile": "hq"},
            fourcc="apch",
            quantiser=3,
        ),
        FilmDelivery(
            "prores-4444",
            "ProRes 4444, 10-bit 4:4:4, MOV: every chroma sample kept",
            (".mov",),
            "444",
            "prores_ks",
            "yuv444p10le",
            "Apple ProRes 4444",
            {"profile": "4444"},
            fourcc="ap4h",
            quantiser=2,
        ),
        FilmDelivery(
            "prores-4444-xq",
            "ProRes 4444 XQ, 10-bit 4:4:4, MOV: the least that ProRes loses",
            (".mov",),
            "444",
            "prores_ks",
            "yuv444p10le",
            "Apple ProRes 4444 XQ",
            {"profile": "4444xq"},
            fourcc="ap4x",
            quantiser=1,
        ),
        FilmDelivery(
            "ffv1",
            "FFV1 version 3, 10-bit 4:4:4, MKV: lossless, for the archive",
            (".mkv",),
            "444",
            "ffv1",
            "yuv444p10le",
            "FFV1",
            {"level": "3", "g": "1", "slices": "16", "slicecrc": "1"},
            fourcc="FFV1",
            lossless=True,
            smallest=(1, 1),
        ),
        FilmDelivery(
            "ffv1-16",
            "FFV1 version 3, 16-bit 4:4:4, MKV: lossless, luma at the film's own depth and range",
            (".mkv",),
            "444",
            "ffv1",
            "yuv444p16le",
            "FFV1",
            {"level": "3", "g": "1", "slices": "16", "slicecrc": "1"},
            fourcc="FFV1",
            lossless=True,
            deep=True,
            smallest=(1, 1),
        ),
        _dnxhr("dnxhr-hqx", "MOV or MXF", (".mov", ".mxf"), "422"),
        _dnxhr("dnxhr-444", "MOV or MXF", (".mov", ".mxf"), "444"),
        _dnxhr("dnxhr-hqx-mxf", "MXF OP1a", (".mxf",), "422"),
        _dnxhr("dnxhr-444-mxf", "MXF OP1a", (".mxf",), "444"),
        FilmDelivery(
            "proxy",
            "H.264, 8-bit 4:2:0, shot, frame and timecode burnt in: for review only",
            (".mov", ".mp4"),
            "422",
            "libx264",
            "yuv420p",
            "H.264",
            {"preset": "veryfast", "crf": "18"},
            fourcc="avc1",
            threads=X264_THREADS,
        ),
        FilmDelivery(
            "proxy-av1",
            "AV1, 8-bit 4:2:0, labels burnt in: a smaller file, for review only",
            (".mp4", ".mkv"),
            "422",
            "libsvtav1",
            "yuv420p",
            "AV1",
            {"preset": "10", "crf": "30", "svtav1-params": "lp=2"},
            fourcc="av01",
            threads=X264_THREADS,
            smallest=(64, 64),
            interlaced=False,
        ),
    )
}
"""Every delivery, by name."""


CONTAINERS = {".mov": "mov", ".mp4": "mp4", ".mkv": "matroska", ".mxf": "mxf"}
"""FFmpeg's name of the container, by suffix."""


def container_of(path: Path) -> str:
    """FFmpeg's name of the container that a file's suffix stands for."""
    return CONTAINERS[path.suffix.lower()]


DELIVERIES: dict[str, FilmDelivery | PictureDelivery] = {**CODECS, **PICTURES}
"""Every delivery, films first."""


def find_delivery(name: str) -> FilmDelivery | PictureDelivery:
    """The delivery of that name. Refuses an unknown one and names the known ones."""
    if name not in DELIVERIES:
        close = difflib.get_close_matches(name, DELIVERIES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(DELIVERIES)}"
        raise SettingsError(f"delivery {name!r}: there is none of that name; {hint}")
    return DELIVERIES[name]
