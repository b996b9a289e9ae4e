"""Title cards for the tests, drawn here: text in rows on a plain ground, with grain."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

LINES = ("Meanwhile, in the village", "nobody knew who had sent", "the letter to the captain")
SIZE = (192, 256)


def card(
    ground: float = 5, ink: float = 90, *, size: int = 14, lines: tuple[str, ...] = LINES, framed: bool = False
) -> np.ndarray:
    """(H, W) L* of a title card with grain."""
    height, width = SIZE
    picture = Image.new("L", (width, height), 0)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    top = (height - 1.6 * size * len(lines)) / 2
    for row, line in enumerate(lines):
        draw.text(((width - draw.textlength(line, font=font)) / 2, top + 1.6 * size * row), line, fill=255, font=font)
    if framed:
        draw.rectangle((8, 8, width - 9, height - 9), outline=255, width=2)
    share = cv2.GaussianBlur(np.asarray(picture, np.float32) / 255, (0, 0), 0.6)
    grain = np.random.default_rng(size).normal(0, 1.5, SIZE)
    return (ground + (ink - ground) * share + grain).astype(np.float32)
