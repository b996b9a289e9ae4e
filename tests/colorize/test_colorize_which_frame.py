"""Which frame a picture is of. The truth is the frame of the made film that the picture was made from."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from film import make_film
from made_scenes import jpeg_of, redrawn, reference

from vidcolor.colorize.which_frame import FITS, find_frame, small_picture, small_size
from vidcolor.features import lightness_of
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


def moving_disc(place: int) -> np.ndarray:
    """(240, 320, 3) R'G'B': a red disc on a green wall about as bright; a blue box, a brown floor."""
    y, x = np.mgrid[:240, :320]
    shade = 0.35 + 0.4 * x / 320 + 0.03 * np.sin(x / 5) * np.cos(y / 7)
    colors = np.stack([0.5 * shade, shade, 0.55 * shade], 2)
    colors[160:] = np.array([0.62, 0.5, 0.3]) * (0.7 + 0.25 * np.sin(x / 9)[160:, :, None] ** 2)
    colors[60:140, 230:290] = (0.2, 0.3, 0.7)
    colors[(x - 80 - 2 * place) ** 2 + (y - 100) ** 2 < 38**2] = (0.75, 0.2, 0.18)
    return colors.astype(np.float32)


@pytest.mark.parametrize("luma", [(0.2126, 0.7152, 0.0722), (0.299, 0.587, 0.114), (0.05, 0.55, 0.4)])
def test_a_picture_is_found_whatever_luma_or_stock_the_film_has(luma: tuple[float, ...]) -> None:
    """Of colours as bright as each other only their edges show: none of them may lie a pixel off."""
    frames = [moving_disc(place) for place in range(24)]
    size = small_size((240, 320))
    grays = [lightness_of(colors @ np.array(luma, np.float32)) for colors in frames]
    small = [cv2.resize(gray, size[::-1], interpolation=cv2.INTER_AREA) for gray in grays]
    for frame, named in ((4, 6), (10, 12), (8, 12), (4, 12), (13, 8)):
        picture = small_picture(reference(np.moveaxis(frames[frame], 2, 0)), size)
        assert find_frame(picture, small.__getitem__, named, FrameRange(0, 24)).best == frame


def test_another_scene_fits_nowhere() -> None:
    match = match_of(FILM.colors[45], 20)
    assert match.fits < FITS
    assert match.best == 20


def lies(change: Callable[[np.ndarray], np.ndarray]) -> str:
    """How a picture of a wide film's frame is told to lie, changed so."""
    film = make_film((96, 192), (4,))
    colors = np.moveaxis(np.ascontiguousarray(change(film.colors[2])), 2, 0)
    size = small_size(film.size)
    return find_frame(small_picture(reference(colors), size), lambda k: film.lightness[k], 2, FrameRange(0, 4)).lies


def test_how_a_picture_lies_that_fits_only_turned_back_is_told() -> None:
    assert lies(lambda c: c[:, ::-1]) == lies(lambda c: c[::-1]) == "mirrored"
    assert lies(np.rot90) == lies(lambda c: np.rot90(c, -1)) == "turned by a quarter"


@pytest.mark.parametrize("change", [lambda c: c, lambda c: c[::-1, ::-1], lambda c: c[20:76, 40:152]])
def test_what_lies_as_it_should_or_is_cropped_is_told_nothing(change) -> None:
    assert lies(change) == ""


def test_an_even_picture_fits_nowhere() -> None:
    assert match_of(np.full((90, 120, 3), 0.4, np.float32), 20).fits < FITS


def test_few_frames_are_looked_at_where_the_name_is_right() -> None:
    asked: list[int] = []
    match_of(FILM.colors[20], 20, asked)
    assert len(asked) < 20
    match_of(FILM.colors[20], 38, asked)
    assert max(asked) < SHOT.stop
