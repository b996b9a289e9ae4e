"""Which frame a picture is of. The truth is the frame of the made film that the picture was made from."""

import numpy as np
import pytest
from film import make_film
from made_scenes import jpeg_of, redrawn, reference

from vidcolor.colorize.which_frame import FITS, find_frame, small_picture, small_size
from vidcolor.timeline import FrameRange

FILM = make_film((144, 192), (40, 12))
SHOT = FrameRange(0, 40)
SIZE = small_size(FILM.size)


def match_of(colors: np.ndarray, named: int, asked: list[int] | None = None):
    """`colors` (H, W, 3), named as the picture of a frame."""

    def frame_at(frame: int) -> np.ndarray:
        if asked is not None:
            asked.append(frame)
        return FILM.lightness[frame]

    return find_frame(small_picture(reference(np.moveaxis(colors, 2, 0)), SIZE), frame_at, named, SHOT)


@pytest.mark.parametrize("change", [lambda c: c, jpeg_of, lambda c: np.clip(c * 0.8, 0, 1) ** 1.3])
@pytest.mark.parametrize("off", [0, 2, -4, 9, 17])
def test_a_picture_is_found_where_it_is_from(change, off: int) -> None:
    match = match_of(change(FILM.colors[20]), 20 + off)
    assert match.best == 20
    assert match.fits > 0.95 or off


def test_a_right_name_is_not_doubted_though_the_picture_was_drawn_again() -> None:
    drawn = np.moveaxis(redrawn(np.moveaxis(FILM.colors[20], 2, 0), 3), 0, 2)
    match = match_of(drawn, 20)
    assert match.best == 20
    assert match.fits > FITS
    wrong = match_of(drawn, 26)
    assert wrong.best != 26 or wrong.fits < FITS


def test_other_stock_sees_other_grays() -> None:
    """What is red is as dark as blue here: still the picture of its own frame."""
    assert match_of(FILM.colors[20][..., [2, 1, 0]], 20).best == 20


def test_another_scene_fits_nowhere() -> None:
    match = match_of(FILM.colors[45], 20)
    assert match.fits < FITS
    assert match.best == 20


def test_an_even_picture_fits_nowhere() -> None:
    assert match_of(np.full((90, 120, 3), 0.4, np.float32), 20).fits < FITS


def test_few_frames_are_looked_at_where_the_name_is_right() -> None:
    asked: list[int] = []
    match_of(FILM.colors[20], 20, asked)
    assert len(asked) < 20
    match_of(FILM.colors[20], 38, asked)
    assert max(asked) < SHOT.stop
