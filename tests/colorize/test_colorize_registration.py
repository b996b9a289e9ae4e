"""A frame from its own picture. The truth is the made scene's own colour; the picture differs in known ways."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_scenes import chroma, gray, moving_disc, off, redrawn, reference, scene

from vidcolor.colorize import register
from vidcolor.colorize.align import affine_between, align, local_contrast, prepare
from vidcolor.confidence import error_of
from vidcolor.features import gray_of
from vidcolor.settings import ColorizeSettings
from vidcolor.types import Frame

SETTINGS = ColorizeSettings()
BIG = (270, 360)


def noisy(frame: Frame, deviation: float) -> Frame:
    noise = np.random.default_rng(5).normal(size=frame.lightness.shape).astype(np.float32)
    return Frame(frame.index, np.clip(frame.lightness + deviation * noise, 0, 100))


def jpeg(rgb: np.ndarray, quality: int = 90) -> np.ndarray:
    packed = cv2.imencode(".jpg", (rgb.transpose(1, 2, 0) * 255 + 0.5).astype(np.uint8), [1, quality])[1]
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).astype(np.float32).transpose(2, 0, 1) / 255


def scaled(rgb: np.ndarray, share: float) -> np.ndarray:
    height, width = (round(n * share) for n in rgb.shape[1:])
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return np.clip(np.stack([cv2.resize(p, (width, height), interpolation=how) for p in rgb]), 0, 1)


def moved(rgb: np.ndarray, pixels: float) -> np.ndarray:
    matrix = np.array([[1, 0, pixels], [0, 1, 0]], np.float32)
    size = rgb.shape[:0:-1]
    return np.clip(
        np.stack([cv2.warpAffine(p, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT) for p in rgb]),
        0,
        1,
    )


def test_an_exact_picture_is_taken_as_it_is() -> None:
    picture = scene(1)
    found, color = register(gray(picture, 7), reference(picture), SETTINGS)
    assert found.kind == "exact"
    assert color.index == 7
    assert np.array_equal(color.chroma, chroma(picture))
    assert (color.confidence == 1).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda p: jpeg(p),
        lambda p: np.clip(p * 0.85, 0, 1) ** 1.2,
        lambda p: scaled(p, 0.5),
        lambda p: scaled(p, 2.0),
        lambda p: np.round(p * 255) / 255,
    ],
    ids=["jpeg", "tones", "half size", "double size", "8 bits"],
)
def test_the_same_pixels_are_exact_whatever_was_done_to_them(change) -> None:
    picture = scene(2, size=BIG)
    found, color = register(gray(picture), reference(change(picture)), SETTINGS)
    assert found.kind == "exact"
    assert color.chroma.shape == (2, *BIG)


def test_grain_of_the_film_does_not_hide_an_exact_picture() -> None:
    picture = scene(3, size=BIG)
    assert register(noisy(gray(picture), 2.0), reference(picture), SETTINGS)[0].kind == "exact"


@pytest.mark.parametrize("pixels", [1.0, 2.0, 5.0])
def test_a_picture_that_is_off_is_not_exact(pixels: float) -> None:
    picture = scene(4, size=BIG)
    found, color = register(gray(picture), reference(moved(picture, pixels)), SETTINGS)
    assert found.kind == "near"
    assert found.shift == pytest.approx(pixels, abs=0.4)
    inside = np.s_[:, 12:-12, 12:-12]
    there = chroma(moved(picture, pixels))[inside]
    assert off(color.chroma[inside], chroma(picture)[inside]) < off(there, chroma(picture)[inside]) / pixels**0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_redrawn_picture_is_laid_on_the_frame(seed: int) -> None:
    """Framing changed by 4 %, bent by 3 pixels, softer, darker, JPEG: colours sit on the things again."""
    truth = scene(seed, size=BIG)
    drawn = redrawn(truth, seed)
    found, color = register(gray(truth), reference(drawn), SETTINGS)
    assert found.kind == "near"
    assert off(color.chroma, chroma(truth)) < 0.7 * off(chroma(drawn), chroma(truth))
    vivid = np.hypot(*color.chroma).mean() / np.hypot(*chroma(truth)).mean()
    assert 0.9 < vivid < 1.1


def test_confidence_is_low_where_the_picture_shows_something_else() -> None:
    truth = scene(5, size=BIG)
    drawn = redrawn(truth, 5)
    drawn[:, 80:200, 120:260] = scene(6, size=BIG)[:, 80:200, 120:260]
    color = register(gray(truth), reference(drawn), SETTINGS)[1]
    assert color.confidence[100:180, 140:240].mean() < color.confidence[:, :90].mean() - 0.2


def test_another_scene_is_far() -> None:
    truth, other = scene(7, size=BIG), reference(scene(8, size=BIG))
    found, color = register(gray(truth), other, SETTINGS)
    assert found.kind == "far"
    fitting = register(gray(truth), reference(redrawn(truth, 7)), SETTINGS)[1]
    assert color.confidence.mean() < 0.5 * fitting.confidence.mean(), "what fits by chance is trusted less"
    assert register(gray(truth), other, replace(SETTINGS, near=0.0))[0].kind == "near"


def test_a_picture_that_hardly_fits_gives_nothing() -> None:
    noise = np.random.default_rng(0).random((3, *BIG)).astype(np.float32)
    found, color = register(gray(scene(7, size=BIG)), reference(noise), SETTINGS)
    assert found.kind == "far"
    assert not color.confidence.any()
    assert not color.chroma.any()


@pytest.mark.parametrize("seeds", [(2, 17), (3, 13)])
def test_what_little_of_another_scene_fits_by_chance_gives_nothing(seeds: tuple[int, int]) -> None:
    frame, picture = (scene(seed, size=(90, 120)) for seed in seeds)
    found, color = register(gray(frame), reference(picture), SETTINGS)
    assert 0.1 < found.fits < 0.15
    assert not color.confidence.any()


@pytest.mark.parametrize("film_grain", [3.0, 8.0])
def test_grain_on_even_things_hides_no_picture_and_makes_none_fit(film_grain: float) -> None:
    truth = np.moveaxis(moving_disc(4), 2, 0)
    frame = noisy(gray(truth), film_grain)
    speck = 0.08 * np.random.default_rng(2).normal(size=truth.shape[1:])
    found, color = register(frame, reference(np.clip(moved(truth, 4.0) + speck, 0, 1).astype(np.float32)), SETTINGS)
    assert found.kind == "near"
    inside = np.s_[:, 12:-12, 12:-12]
    assert off(color.chroma[inside], chroma(truth)[inside]) < 2
    for seed in range(3):
        assert register(frame, reference(scene(seed, size=(240, 320))), SETTINGS)[0].kind == "far"


def framed(rgb: np.ndarray, edge: float = 0.125) -> np.ndarray:
    """The middle of a picture as large as the whole: what lies within `edge` of the border is not shown."""
    height, width = rgb.shape[1:]
    down, along = round(edge * height), round(edge * width)
    part = rgb[:, down : height - down, along : width - along]
    return np.clip(np.stack([cv2.resize(p, (width, height), interpolation=cv2.INTER_CUBIC) for p in part]), 0, 1)


def test_colours_guessed_beyond_the_pictures_framing_say_how_far_they_are_off() -> None:
    stated, measured = [], []
    for seed in range(4, 9):
        truth = scene(seed, size=(180, 240))
        found, color = register(gray(truth), reference(framed(truth)), SETTINGS)
        assert found.kind == "near"
        wrong = np.hypot(*(color.chroma - chroma(truth)))
        wrong[26:-26, 34:-34] = 0
        stated.append(error_of(color.confidence)[wrong > 10])
        measured.append(wrong[wrong > 10])
    assert np.concatenate(measured).size > 5000
    assert np.concatenate(stated).mean() > 10


def test_pictures_of_another_size_and_shape() -> None:
    truth = scene(9, size=BIG)
    small = scaled(redrawn(truth, 9), 0.6)
    color = register(gray(truth), reference(small), SETTINGS)[1]
    assert color.chroma.shape == (2, *BIG)
    assert off(color.chroma, chroma(truth)) < 0.7 * off(chroma(scaled(small, 1 / 0.6)), chroma(truth))


def test_even_pictures_are_judged_by_their_lightness() -> None:
    card, other = np.full((3, 90, 120), 0.5, np.float32), np.full((3, 90, 120), 0.9, np.float32)
    assert register(gray(card), reference(card), SETTINGS)[0].kind == "exact"
    assert register(gray(card), reference(other), SETTINGS)[0].kind != "exact"


def test_the_affine_map_of_a_known_change() -> None:
    """The map from the frame to the picture is the one the picture was made by."""
    truth = np.array([[1.06, 0.01, -9.0], [-0.01, 0.97, 4.0]])
    picture = gray(scene(10, size=BIG)).lightness
    made = cv2.warpAffine(picture, truth, BIG[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    found = affine_between(local_contrast(picture), local_contrast(made))
    corners = np.array([[60, 300, 60, 300], [60, 60, 200, 200], [1, 1, 1, 1]], float)
    assert np.abs(found @ corners - truth @ corners).max() < 1.5


def test_alignment_says_what_fits() -> None:
    truth = scene(11, size=BIG)
    frame = prepare(gray(truth).lightness)
    same = align(frame, prepare(gray_of(reference(redrawn(truth, 11)))))
    other = align(frame, prepare(gray_of(reference(scene(12, size=BIG)))))
    assert same.fit.mean() > 2 * other.fit.mean()
    assert same.points.shape == (2, *BIG)


def test_twice_gives_the_same_bytes() -> None:
    truth = scene(13)
    first, second = (register(gray(truth), reference(redrawn(truth, 13)), SETTINGS) for _ in "12")
    assert first[0] == second[0]
    assert first[1].chroma.tobytes() == second[1].chroma.tobytes()
    assert first[1].confidence.tobytes() == second[1].confidence.tobytes()
