"""The sheet of a frame's proposals: side by side, each with its name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from vidcolor.media.images import read_picture
from vidcolor.review.draw import LINE_HEIGHT, SOFT, Canvas, write_page
from vidcolor.view import fitted, shown

WIDTH, GAP = 480, 8
ACROSS = 2


def write_proposal_sheet(path: Path, places: Sequence[Path], title: str) -> None:
    """Writes the sheet as PNG. Refuses a place that holds another file."""
    pictures = []
    for place in places:
        read = read_picture(place)
        small = fitted(read.chroma, WIDTH), fitted(read.lightness[None], WIDTH)[0]
        pictures.append(shown(small[1], small[0]))
    height = pictures[0].shape[1] + LINE_HEIGHT + GAP
    across = min(ACROSS, len(places))
    page = Canvas(GAP + across * (WIDTH + GAP), 2 * GAP + LINE_HEIGHT + math.ceil(len(places) / across) * height)
    page.say(title, GAP, GAP)
    for number, (place, picture) in enumerate(zip(places, pictures, strict=True)):
        x, y = GAP + number % across * (WIDTH + GAP), 2 * GAP + LINE_HEIGHT + number // across * height
        page.put(picture, x, y)
        page.say(place.stem, x, y + picture.shape[1], SOFT, WIDTH)
    write_page(path, page.image)
