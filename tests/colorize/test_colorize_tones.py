"""A frame's own picture in other tones. The truth is the made scene's own colour."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from made_scenes import chroma, gray, moving_disc, off, reference, scene

from vidcolor.colorize.tones import in_tones_of
from vidcolor.features import lightness_of

SIZE = (270, 360)
SCENES = (scene(2, size=SIZE), scene(5, size=SIZE), np.moveaxis(moving_disc(6), 2, 0))
Change = Callable[[np.ndarray], np.ndarray]


def zoomed(rgb: np.ndarray) -> np.ndarray:
    """2 % larger, 3 pixels aside."""
    size = rgb.shape[:0:-1]
    matrix = np.array([[1.02, 0, 3 - 0.01 * size[0]], [0, 1.02, -0.01 * size[1]]])
    return np.stack(
        [cv2.warpAffine(p, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT) for p in rgb]
    )


def grainy(rgb: np.ndarray) -> np.ndarray:
    return rgb + 0.04 * np.random.default_rng(3).normal(size=rgb.shape[1:]).astype(np.float32)


def coded(rgb: np.ndarray) -> np.ndarray:
    """As 8 bits hold it."""
    return (np.rint(255 * np.clip(rgb, 0, 1)) / 255).astype(np.float32)


def back(rgb: np.ndarray, change: Change) -> np.ndarray:
    """(2, H, W): the chroma of the changed picture, as it is brought to the unchanged one's tones."""
    toned = in_tones_of(gray(rgb).lightness, reference(coded(change(rgb))))
    assert toned is not None
    return toned.chroma


CHANGES = {
    "contrast": lambda p: 1.15 * p - 20 / 255,
    "flat": lambda p: 0.6 * p + 0.2,
    "gamma": lambda p: np.clip(p, 0, 1) ** 0.6,
    "dark": lambda p: np.clip(p, 0, 1) ** 1.7,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("rgb", SCENES, ids=["cloth", "more cloth", "even things"])
def test_colours_come_back_whatever_the_tones_were(rgb: np.ndarray, change: Change) -> None:
    as_it_is = off(chroma(coded(change(rgb))), chroma(rgb))
    assert off(back(rgb, change), chroma(rgb)) < 0.35 * as_it_is


def blurred(rgb: np.ndarray) -> np.ndarray:
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 1.5) for plane in rgb])


@pytest.mark.parametrize("too", [zoomed, grainy, blurred])
def test_framing_grain_and_blur_do_not_hide_the_tones(too: Change) -> None:
    other, even = CHANGES["contrast"], SCENES[2]
    aside = chroma(coded(too(even)))
    assert off(back(even, lambda p: other(too(p))), aside) < 0.5 * off(chroma(coded(other(too(even)))), aside)


@pytest.mark.parametrize("luma", [(0.2126, 0.7152, 0.0722), (0.299, 0.587, 0.114), (0.05, 0.55, 0.4)])
def test_a_picture_in_the_frames_tones_is_left_as_it_is_whatever_luma_the_film_has(luma: tuple[float, ...]) -> None:
    for rgb in SCENES:
        seen = lightness_of(np.tensordot(np.array(luma, np.float32), rgb, 1))
        for change in (coded, grainy, zoomed):
            assert in_tones_of(seen, reference(coded(change(rgb)))) is None


def test_a_picture_lit_otherwise_from_place_to_place_keeps_its_colours() -> None:
    light = np.linspace(0.5, 1.5, SIZE[1], dtype=np.float32)
    for rgb in SCENES[:2]:
        assert in_tones_of(gray(rgb).lightness, reference(coded(rgb * light))) is None


def test_another_scene_has_no_tones_of_the_frames() -> None:
    assert in_tones_of(gray(SCENES[0]).lightness, reference(coded(1.2 * SCENES[1]))) is None
    even = np.full((3, *SIZE), 0.4, np.float32)
    assert in_tones_of(gray(even).lightness, reference(SCENES[0])) is None
