"""Pictures and words laid out on a page, and the page as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray as Array
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from vidcolor.errors import MediaError
from vidcolor.media.jpeg import QUALITY
from vidcolor.media.place import told, whole

GROUND, INK, SOFT, WARN = (24, 26, 29), (232, 234, 236), (150, 157, 165), (240, 160, 75)
LETTERS = 13
LINE_HEIGHT = 17
MARK = "vidcolor sheet"
"""Only a file that bears it is replaced."""
HEAD = 4096
TALLEST = 65_500
"""Pixels of a JPEG's side, as libjpeg has it; a page of frames some twenty times as high as wide would have more."""
SUFFIXES = (".jpg", ".jpeg", ".png")


class Canvas:
    """A dark page that pictures and lines are put on."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height), GROUND)
        self._draw = ImageDraw.Draw(self.image)

    def put(self, picture: Array, x: int, y: int) -> None:
        """Puts a picture, (3, h, w) uint8."""
        self.image.paste(Image.fromarray(np.ascontiguousarray(np.moveaxis(picture, 0, 2))), (x, y))

    def frame(self, x: int, y: int, width: int, height: int) -> None:
        """An empty place for a picture that is not there."""
        self._draw.rectangle((x, y, x + width - 1, y + height - 1), outline=SOFT)

    def say(self, text: str, x: int, y: int, color: tuple[int, int, int] = INK, width: int = 0) -> None:
        """Writes a line; what is longer than `width` pixels is cut. Letters the font lacks become `?`."""
        text, font = text.encode("ascii", "replace").decode(), _font()
        while width and len(text) > 1 and font.getlength(text) > width:
            text = text[:-1]
        self._draw.text((x, y), text, fill=color, font=font)

    def bar(self, share: float, x: int, y: int, width: int) -> None:
        """A bar of a share, 0..1."""
        self._draw.rectangle((x, y, x + width - 1, y + 3), fill=(60, 65, 71))
        if share > 0:
            self._draw.rectangle((x, y, x + max(1, round(width * min(share, 1))) - 1, y + 3), fill=WARN)


@lru_cache(maxsize=4)
def _font(size: int = LETTERS) -> Any:
    return ImageFont.load_default(size)


def write_page(path: Path, image: Image.Image) -> None:
    """Writes a page as PNG or JPEG by its name, whole or not at all. Refuses a place that holds another file."""
    check_place(path)
    if image.height > TALLEST:
        image = image.resize((max(1, image.width * TALLEST // image.height), TALLEST))
    data = io.BytesIO()
    if path.suffix.lower() == ".png":
        info = PngInfo()
        info.add_text("Software", MARK)
        image.save(data, "PNG", pnginfo=info)
    else:
        image.save(data, "JPEG", quality=QUALITY, subsampling=0, comment=MARK.encode())
    with whole(path) as partial:
        partial.write_bytes(data.getvalue())


def check_place(path: Path) -> None:
    """Refuses names that are no JPEG's or PNG's, and a place that holds a file of other making."""
    if path.suffix.lower() not in SUFFIXES:
        raise MediaError(f"{path}: pages are JPEG or PNG; name it {path.stem}.jpg")
    if path.exists() and not is_ours(path):
        raise MediaError(
            f"{path}: is there already, and vidcolor did not write it; move it away, or name another place with -o"
        )


def is_ours(path: Path) -> bool:
    """Whether a file is a page that `write_page` wrote."""
    if not path.is_file():
        return False
    with told(path), path.open("rb") as file:
        return MARK.encode() in file.read(HEAD)


def stacked(pictures: Sequence[Array], gap: int) -> Array:
    """(3, h, w): pictures of one height side by side."""
    space = np.empty((3, pictures[0].shape[1], gap), np.uint8)
    space[:] = np.array(GROUND, np.uint8)[:, None, None]
    return np.concatenate([part for picture in pictures for part in (picture, space)][:-1], axis=2)
