"""Which frame a picture is of. The truth is the frame of the made film that the picture was made from."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from film import make_film
from made_scenes import jpeg_of, moving_disc, redrawn, reference

from vidcolor.colorize.which_frame import FITS, find_frame, small_picture, small_size
from vidcolor.features import LUMA, lightness_of
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


@pytest.mark.parametrize(
    ("lies", "change"),
    [
        ("two pictures side by side", lambda gray, colors: np.hstack([gray, colors])),
        ("two pictures side by side", lambda gray, colors: np.hstack([colors, gray])),
        ("two pictures one above the other", lambda gray, colors: np.vstack([gray, colors])),
    ],
)
def test_a_picture_beside_its_gray_frame_is_told(lies: str, change) -> None:
    colors = FILM.colors[20]
    assert match_of(change(np.repeat((colors @ LUMA)[..., None], 3, 2), colors), 20).lies == lies


def cards(places: int, paints: int) -> np.ndarray:
    """(240, 320, 3) R'G'B': discs, each of one colour, on a gray wall; by two seeds."""
    where, what, (y, x) = np.random.default_rng(places), np.random.default_rng(paints), np.mgrid[:240, :320]
    colors = np.full((240, 320, 3), 0.5, np.float32)
    for _ in range(12):
        place, radius = where.uniform(0, (320, 240)), where.uniform(15, 50)
        colors[np.hypot(x - place[0], y - place[1]) < radius] = what.uniform(0.2, 0.8, 3)
    return colors


def test_colours_of_other_lightness_on_a_grainy_film_of_even_things_fit_their_frame_alone() -> None:
    frame = cards(1, 1)
    grain = 0.03 * np.random.default_rng(1).normal(size=frame.shape[:2])
    gray = lightness_of(np.clip(frame @ LUMA + grain, 0, 1).astype(np.float32))
    small = cv2.resize(gray, (192, 144), interpolation=cv2.INTER_AREA)
    for colors, fits in ((cards(1, 2), True), (cards(2, 1), False)):
        picture = small_picture(reference(np.moveaxis(colors, 2, 0)), (144, 192))
        assert (find_frame(picture, lambda _: small, 0, FrameRange(0, 1)).fits >= FITS) == fits


def test_an_even_picture_fits_nowhere() -> None:
    assert match_of(np.full((90, 120, 3), 0.4, np.float32), 20).fits < FITS


def test_few_frames_are_looked_at_where_the_name_is_right() -> None:
    asked: list[int] = []
    match_of(FILM.colors[20], 20, asked)
    assert len(asked) < 20
    match_of(FILM.colors[20], 38, asked)
    assert max(asked) < SHOT.stop
