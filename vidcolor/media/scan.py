"""What the header of a scan says, DPX or EXR: timecode, rate, reel, and what its codes stand for.

- DPX is read here byte by byte (SMPTE 268M): OpenImageIO (3.2.2) takes the picture for a television header where a file
  has none, as FFmpeg's have not, and makes a timecode of it.
- EXR's attributes have no fixed names beyond timeCode, framesPerSecond and reelName; what others write is taken too.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidcolor.errors import MediaError
from vidcolor.media.deep import opened
from vidcolor.timeline import TIMECODE
from vidcolor.types import Transfer

DPX, EXR = (b"SDPX", b"XPDS"), b"\x76\x2f\x31\x01"
"""How they begin; a DPX in either byte order."""
LOG, LINEAR = (1, 3), 2
"""Transfers of a DPX element: printing density and logarithmic; linear. All others are video, or say nothing."""
BITS, PACKING = 803, 804
TRANSFER, FILM_RATE, TIMECODE_AT, VIDEO_RATE = 801, 1724, 1920, 1940
INPUT_DEVICE, NAME_LENGTH = 1556, 32
WHOLE = 2048
"""Bytes of a DPX header with its film and television parts."""
UNSET = 0xFFFFFFFF
DROP = 0x40
"""In a timecode's frames: labels are dropped (SMPTE 12M)."""
PULLED = (24, 30, 48, 60, 120)
"""Rates that exist 1000/1001 slower too."""
NEAR = 0.006
"""Rates are written with as few as two decimals: 23.98."""
MOST = 240
RATES = ("framespersecond", "framerate", "timecoderate")
REELS = ("reelname", "reel", "tapename", "tape")
"""EXR attributes, in small letters, after what a maker wrote before the last dot."""


@dataclass(frozen=True, slots=True)
class ScanHeader:
    """What a scan's header says; empty where it says nothing."""

    timecode: str = ""
    rate: Fraction | None = None
    other_rate: Fraction | None = None
    """What a DPX's film header says where its television header, which is used, says otherwise."""
    reel: str = ""
    transfer: Transfer = "auto"


def read_header(path: Path) -> ScanHeader:
    """The header of a DPX or EXR picture; an empty one of other kinds. Refuses what cannot be opened."""
    try:
        with path.open("rb") as file:
            head = file.read(WHOLE)
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path and permissions") from error
    if head.startswith(DPX):
        return _dpx(head)
    return _exr(path) if head.startswith(EXR) else ScanHeader()


def is_packed(path: Path) -> bool:
    """Whether a picture is a DPX of 10-bit samples on end, without fill: OpenImageIO reads those, FFmpeg does not."""
    with path.open("rb") as file:
        head = file.read(WHOLE).ljust(WHOLE, b"\0")
    if not head.startswith(DPX) or head[BITS] != 10:
        return False
    (packing,) = struct.unpack_from(f"{_order(head)}H", head, PACKING)
    return packing == 0


def _order(head: bytes) -> str:
    """How struct calls the byte order of a DPX."""
    return ">" if head.startswith(DPX[0]) else "<"


def _dpx(head: bytes) -> ScanHeader:
    order = _order(head)
    head = head.ljust(WHOLE, b"\0")
    transfer: Transfer = "log" if head[TRANSFER] in LOG else "linear" if head[TRANSFER] == LINEAR else "auto"
    (picture,) = struct.unpack_from(f"{order}I", head, 4)
    if picture < WHOLE:
        return ScanHeader(transfer=transfer)
    (label,) = struct.unpack_from(f"{order}I", head, TIMECODE_AT)
    rates = [exact(struct.unpack_from(f"{order}f", head, place)[0]) for place in (VIDEO_RATE, FILM_RATE)]
    stated = [rate for rate in rates if rate is not None]
    return ScanHeader(
        timecode=_label(label),
        rate=stated[0] if stated else None,
        other_rate=stated[1] if len(set(stated)) == 2 else None,
        reel=_reel(head[INPUT_DEVICE : INPUT_DEVICE + NAME_LENGTH]),
        transfer=transfer,
    )


def _reel(name: bytes) -> str:
    """A reel that a scanner wrote as its input device, as ARRI's do: one word with a digit; else that is a machine."""
    text = name.split(b"\0")[0].decode("ascii", "replace").strip()
    return text if text.isprintable() and any(c.isdigit() for c in text) and len(text.split()) == 1 else ""


def _exr(path: Path) -> ScanHeader:
    with closing(opened(path)) as file:
        attributes = {str(a.name).lower().rpartition(".")[2]: a.value for a in file.spec().extra_attribs}
    rates = [_rate(attributes[name]) for name in RATES if name in attributes]
    reels = [str(attributes[name]).strip() for name in REELS if isinstance(attributes.get(name), str)]
    return ScanHeader(
        timecode=_timecode(attributes.get("smpte:timecode", attributes.get("timecode"))),
        rate=next((rate for rate in rates if rate is not None), None),
        reel=next(filter(None, reels), ""),
    )


def _timecode(value: Any) -> str:
    if isinstance(value, str):
        return value.strip() if TIMECODE.fullmatch(value.strip()) else ""
    if isinstance(value, Sequence) and value and isinstance(value[0], int):
        return _label(value[0] & UNSET)
    return ""


def _label(value: int) -> str:
    """HH:MM:SS:FF of the 32 bits of SMPTE 12M, decimal digits in four bits each; empty where they are none."""
    parts = [value >> 24 & 0x3F, value >> 16 & 0x7F, value >> 8 & 0x7F, value & 0x3F]
    if value == UNSET or any(part & 15 > 9 for part in parts):
        return ""
    hours, minutes, seconds, frames = ((part >> 4) * 10 + (part & 15) for part in parts)
    if hours > 23 or minutes > 59 or seconds > 59:
        return ""
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if value & DROP else ':'}{frames:02d}"


def _rate(value: Any) -> Fraction | None:
    if isinstance(value, int | float):
        return exact(float(value))
    if isinstance(value, Sequence) and len(value) == 2 and all(isinstance(v, int) and v > 0 for v in value):
        return exact(value[0] / value[1])
    return None


def exact(rate: float) -> Fraction | None:
    """The rate that a header's number means, a 32-bit one: 29.97 is 30000/1001. None for none, or outside 1 to 240.

    What a person writes is read to the last digit (`clock.exact_rate`).
    """
    if not (math.isfinite(rate) and 1 - NEAR <= rate <= MOST + NEAR):
        return None
    known = [Fraction(n) for n in range(1, MOST + 1)] + [Fraction(n * 1000, 1001) for n in PULLED]
    best = min(known, key=lambda fraction: abs(fraction - Fraction(rate)))
    return best if abs(float(best) - rate) < NEAR else Fraction(rate).limit_denominator(1001)
