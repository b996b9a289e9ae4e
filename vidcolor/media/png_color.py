"""What a PNG's own chunks say of its colours: cICP before iCCP, sRGB, and gAMA with cHRM (PNG, third edition, 4.3).

Pillow hands over none of cICP and applies none of the others.
"""

from __future__ import annotations

import struct

import numpy as np

from vidcolor.color.colorimetry import PRIMARIES, WHITE, rgb_to_xyz, to_bt709
from vidcolor.color.lab import decode_exactly
from vidcolor.media.icc import Profile

GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"""H.273 transfers that are a power; 8 is linear."""
CURVED = (1, 2, 6, 13, 14, 15)
"""Those that are shown as sRGB is, as a film's are."""
SRGB_GAMMA = 45455
"""gAMA of what is coded as sRGB, by convention."""
SAMPLES = 65536


def stated_color(data: bytes) -> Profile | str | None:
    """How a PNG's codes become colours, where chunks other than iCCP say; None where they are sRGB or an iCCP says.

    A text instead names what it asks for that is not read.
    """
    chunks = _chunks(data)
    if "cICP" in chunks and len(chunks["cICP"]) == 4:
        return _numbered(*chunks["cICP"])
    if "iCCP" in chunks or "sRGB" in chunks:
        return None
    gamma = struct.unpack(">I", chunks["gAMA"])[0] if len(chunks.get("gAMA", b"")) == 4 else 0
    corners = struct.unpack(">8I", chunks["cHRM"]) if len(chunks.get("cHRM", b"")) == 32 else ()
    white, *colors = [(corners[k] / 1e5, corners[k + 1] / 1e5) for k in range(0, 8, 2)] if corners else [WHITE]
    srgb = not colors or np.allclose([white, *colors], [WHITE, *PRIMARIES[1]], atol=2e-3)
    if srgb and (not gamma or abs(gamma - SRGB_GAMMA) < 500):
        return None
    if not gamma or not 1000 < gamma < 1_000_000:
        curve = _srgb()
    else:
        curve = _power(2.2 if gamma == SRGB_GAMMA else 1e5 / gamma)
    if srgb:
        return Profile((curve,), np.eye(3))
    try:
        return Profile((curve,), to_bt709(colors, white))
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return "chromaticities that are no colours (cHRM)"


def _chunks(data: bytes) -> dict[str, bytes]:
    """The chunks before the pixels."""
    found: dict[str, bytes] = {}
    place = 8
    while data.startswith(b"\x89PNG") and place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name = data[place + 4 : place + 8].decode("latin-1")
        if name in ("IDAT", "IEND"):
            break
        found.setdefault(name, data[place + 8 : place + 8 + length])
        place += 12 + length
    return found


def _numbered(primaries: int, transfer: int, matrix: int, full: int) -> Profile | str | None:
    if transfer in (16, 18):
        return "HDR (cICP)"
    if matrix or not full or transfer not in (*GAMMAS, *CURVED) or primaries not in (*PRIMARIES, 2):
        return f"colours {primaries}-{transfer}-{matrix}, {'full' if full else 'narrow'} range (cICP)"
    curve = _power(GAMMAS[transfer]) if transfer in GAMMAS else _srgb()
    to_srgb = np.linalg.inv(rgb_to_xyz(1)) @ rgb_to_xyz(primaries if primaries in PRIMARIES else 1)
    return None if primaries in (1, 2) and transfer in CURVED else Profile((curve,), to_srgb)


def _power(exponent: float) -> np.ndarray:
    return np.asarray(np.linspace(0, 1, SAMPLES) ** exponent)


def _srgb() -> np.ndarray:
    return decode_exactly(np.linspace(0, 1, SAMPLES))
