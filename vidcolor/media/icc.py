"""ICC profiles of curves and a matrix, in floating point.

LittleCMS through Pillow works in 8 bits; an artist's 16 bits deserve better. OpenImageIO's readers hand a profile over
as data, beside samples that they leave alone. What is needed here is no more than some arithmetic in floating point:
profiles of the shaper and matrix kind (ICC.1:2022, annex F.3: Rec. 709, sRGB, Adobe RGB, Display P3, ProPhoto ...) and
gray profiles (F.2). Table profiles (A2B0) are left to LittleCMS.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from vidcolor.color.lab import fit_to_rgb, light_to_lab

SRGB_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""Linear sRGB to XYZ of D50, the profile connection space (Bradford; IEC 61966-2-1, ICC sRGB profile)."""
PARAMETERS = (1, 3, 4, 5, 7)
"""Numbers of each parametric curve type."""
HEADER, ENTRY = 128, 12
OUTSIDE = 1e-4
"""Light beyond 0..1 by less is rounding, not another gamut."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A profile whose colours can be computed here."""

    curves: tuple[np.ndarray, ...]
    """One (gray) or three curves as the profile holds them: sampled, evenly over 0..1, values 0..1."""
    matrix: np.ndarray
    """(3, 3): linear device RGB to linear sRGB, white to white; the identity for gray."""

    def to_srgb(self, samples: np.ndarray) -> np.ndarray:
        """(3, H, W) float32 coded sRGB 0..1 of (H, W, 1 or 3) uint8 or uint16 samples.

        Colours that sRGB does not have keep lightness and hue, and lose chroma.
        """
        top = np.iinfo(samples.dtype).max
        places = np.arange(top + 1) / top
        channels = samples.shape[2]
        linear = []
        for channel in range(max(channels, len(self.curves))):
            curve = self.curves[min(channel, len(self.curves) - 1)]
            table = np.interp(places, np.linspace(0, 1, len(curve)), curve).astype(np.float32)
            linear.append(table[samples[..., min(channel, channels - 1)]])
        if len(linear) == 1:
            linear *= 3
        return light_to_srgb(np.tensordot(self.matrix.astype(np.float32), np.stack(linear), axes=1))


def light_to_srgb(light: np.ndarray) -> np.ndarray:
    """(3, H, W) float32 coded sRGB 0..1 of linear light, (3, H, W) of BT.709 primaries.

    Colours that sRGB does not have keep lightness and hue, and lose chroma: channels clipped each by itself would turn
    a saturated green of Adobe RGB by ten degrees.
    """
    clipped = np.clip(light, 0, 1)
    rgb = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * np.power(clipped, np.float32(1 / 2.4)) - 0.055)
    outside = (np.abs(light - clipped) > OUTSIDE).any(axis=0)
    if outside.any():
        rgb[:, outside] = fit_to_rgb(light_to_lab(light[:, outside])[:, None])[:, 0]
    return rgb


def color_space(data: bytes) -> str:
    """`RGB`, `GRAY`, `CMYK` ... of a profile; empty if it is not one."""
    return data[16:20].decode("ascii", "replace").strip() if len(data) > HEADER and data[36:40] == b"acsp" else ""


def read_profile(data: bytes) -> Profile | None:
    """The profile of curves and matrix in `data`; None for tables and for what cannot be read."""
    try:
        tags = _tags(data)
        if "A2B0" in tags or data[20:24] != b"XYZ ":
            return None if color_space(data) != "GRAY" or "kTRC" not in tags else _gray(tags)
        if color_space(data) == "GRAY":
            return _gray(tags)
        if color_space(data) != "RGB":
            return None
        matrix = np.array([_xyz(tags[f"{c}XYZ"]) for c in "rgb"]).T
        # White to white, whatever rounding the profile's numbers have: a neutral pixel stays neutral.
        matrix *= (SRGB_D50.sum(axis=1) / matrix.sum(axis=1))[:, None]
        curves = tuple(_curve(tags[f"{c}TRC"]) for c in "rgb")
        return Profile(curves, np.linalg.inv(SRGB_D50) @ matrix)
    except (struct.error, KeyError, IndexError, ValueError, OverflowError, FloatingPointError):
        return None


def _tags(data: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">I", data, HEADER)
    if count > (len(data) - HEADER) // ENTRY:
        raise ValueError("more tags than bytes")
    rows = [struct.unpack_from(">4sII", data, HEADER + 4 + ENTRY * k) for k in range(count)]
    return {name.decode("latin-1"): data[start : start + size] for name, start, size in rows}


def _gray(tags: dict[str, bytes]) -> Profile:
    return Profile((_curve(tags["kTRC"]),), np.eye(3))


def _xyz(tag: bytes) -> list[float]:
    return [value / 65536 for value in struct.unpack_from(">iii", tag, 8)]


def _curve(tag: bytes) -> np.ndarray:
    """A `curv` or `para` tag, sampled finely enough for 16 bits."""
    x = np.linspace(0, 1, 65536)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return np.array([0.0, 1.0])
        if count == 1:
            return x ** (struct.unpack_from(">H", tag, 12)[0] / 256)
        return np.frombuffer(tag, ">u2", count, 12).astype(np.float64) / 65535
    if tag[:4] != b"para":
        raise ValueError("not a curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    values = [v / 65536 for v in struct.unpack_from(f">{PARAMETERS[kind]}i", tag, 12)]
    g, a, b, c, d, e, f = (*values, *[0.0] * 7)[:7] if kind else (values[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    power = np.power(np.maximum(a * x + b, 0), g)
    if kind == 0:
        return np.clip(power, 0, 1)
    if kind in (1, 2):  # below -b/a a constant: 0, or the third offset
        offset = c if kind == 2 else 0.0
        return np.clip(np.where(a * x + b >= 0, power, 0) + offset, 0, 1)
    high, low = (e, f) if kind == 4 else (0.0, 0.0)
    return np.clip(np.where(x >= d, power + high, c * x + low), 0, 1)
