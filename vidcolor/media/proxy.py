"""The review proxy's pictures: 8 bits, 4:2:0, with shot, frame, timecode and keyframes burnt in.

- Codes are rounded to 8 bits here, in whole numbers; no plane passes through a scaler.
- Chroma is reduced as H.264 sites it: on the even columns, and between the two lines of each pair (of one field,
  where the film is interlaced). Frames of odd size get one more column or line, a copy of the last.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vidcolor.media.codecs import even_size
from vidcolor.media.encoder import padded
from vidcolor.types import DeliveryFrame, Reel, Scan, Shot

if TYPE_CHECKING:
    from numpy import ndarray as Array

LABEL_HEIGHT = 1 / 24
"""Height of the letters, of the picture's height."""
SMALLEST_LETTERS = 8
BLACK, WHITE, NEUTRAL = 16, 235, 128


@dataclass(frozen=True, slots=True)
class Labels:
    """What is burnt into a proxy."""

    shots: Sequence[Shot] = ()
    keyframes: Collection[int] = ()

    def text(self, reel: Reel, frame: int) -> str:
        """`r1-001042  frame 001203  01:00:50:03`"""
        place = bisect.bisect_right(self.shots, frame, key=lambda shot: shot.frames.start) - 1
        shot = f"{self.shots[place].id}  " if place >= 0 else ""
        return f"{shot}frame {frame:06d}  {reel.timecode(frame)}"


def _eight_bits(codes: Array, scale: int = 1) -> Array:
    """Sums of `scale` 10-bit codes as their rounded mean in 8 bits."""
    divisor = 4 * scale
    return np.minimum((codes + divisor // 2) // divisor, 255).astype(np.uint8)


def _halved_lines(plane: Array, scan: Scan) -> Array:
    """4:2:2 codes to 4:2:0: means of line pairs, rounded to 8 bits; within each field where interlaced."""
    wide = plane.astype(np.uint32)
    if scan == "progressive" or plane.shape[0] % 4:
        return _eight_bits(wide[0::2] + wide[1::2], 2)
    top, bottom = wide[0::2], wide[1::2]
    out = np.empty((plane.shape[0] // 2, plane.shape[1]), np.uint8)
    # 4:2:0 sites a field's chroma a quarter of its line distance from the field's own line, towards the frame's pair
    out[0::2] = _eight_bits(3 * top[0::2] + top[1::2], 4)
    out[1::2] = _eight_bits(bottom[0::2] + 3 * bottom[1::2], 4)
    return out


def proxy_planes(frame: DeliveryFrame, scan: Scan) -> tuple[Array, Array, Array]:
    """Y', Cb, Cr (uint8) of a 4:2:2 frame in 8-bit 4:2:0, at even size, without labels."""
    height, width = even_size(frame.luma.shape)
    luma = _eight_bits(padded(frame.luma, (height, width)).astype(np.uint32))
    chroma = [_halved_lines(padded(c, (height, width // 2)), scan) for c in (frame.cb, frame.cr)]
    return luma, chroma[0], chroma[1]


@lru_cache(maxsize=8)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def _fitting_font(text: str, size: tuple[int, int]) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    height = max(SMALLEST_LETTERS, round(size[0] * LABEL_HEIGHT))
    while height > SMALLEST_LETTERS and _font(height).getlength(text) > 0.9 * size[1]:
        height -= 1
    return _font(height)


def burn_in(planes: tuple[Array, Array, Array], text: str, keyframe_text: str = "") -> None:
    """Writes `text` in white on a black strip at the foot of the picture, in place.

    `keyframe_text`, where there is one, stands before it in black on white.
    """
    luma, cb, cr = planes
    height, width = luma.shape
    font = _fitting_font(f"{keyframe_text}  {text}", (height, width))
    _, top, _, bottom = font.getbbox(f"{keyframe_text}{text}0")
    margin = max(1, round(bottom - top) // 3)
    strip_height = min(height, 2 * ((round(bottom) + 2 * margin + 1) // 2))
    strip = Image.new("L", (width, strip_height), BLACK)
    draw = ImageDraw.Draw(strip)
    across = 2 * margin
    if keyframe_text:
        end = across + font.getlength(keyframe_text) + 2 * margin
        draw.rectangle((across, 0, end, strip_height), fill=WHITE)
        draw.text((across + margin, margin), keyframe_text, font=font, fill=BLACK)
        across = round(end) + 2 * margin
    draw.text((across, margin), text, font=font, fill=WHITE)
    luma[height - strip_height :] = np.asarray(strip)
    for plane in (cb, cr):
        plane[(height - strip_height) // 2 :] = NEUTRAL
