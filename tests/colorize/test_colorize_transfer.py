"""Colours from other pictures. The truth is the made scene's own colour; things have moved in the pictures."""

import numpy as np
import pytest
from made_scenes import chroma, gray, off, redrawn, reference, scene

from vidcolor.colorize import color_from_references, register, transfer
from vidcolor.features import PatchFeatures
from vidcolor.settings import ColorizeSettings
from vidcolor.types import ColorFrame

FEATURES, SETTINGS = PatchFeatures(), ColorizeSettings()
BOTH = pytest.mark.parametrize("colorize", [transfer, color_from_references])


@BOTH
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_things_keep_their_colours_where_they_have_moved(colorize, seed: int) -> None:
    """The disc stands 40 pixels elsewhere. Better than no colour and than the picture's colours left in place."""
    truth, other = scene(seed), scene(seed, move=(40, 10))
    color = colorize(gray(truth), [(reference(other), 0.9)], FEATURES, SETTINGS)
    error = off(color.chroma, chroma(truth))
    assert error < 0.5 * off(0 * color.chroma, chroma(truth))
    assert error < 0.8 * off(chroma(other), chroma(truth))
    assert np.hypot(*color.chroma).mean() > 0.85 * np.hypot(*chroma(truth)).mean()


@BOTH
def test_confidence_knows_where_colours_are_wrong(colorize) -> None:
    truth, other = scene(2), scene(2, move=(40, 10))
    other[:, :, :120] = scene(9)[:, :, :120]
    color = colorize(gray(truth), [(reference(other), 0.9)], FEATURES, SETTINGS)
    wrong = np.hypot(*(color.chroma - chroma(truth)))
    low = color.confidence < np.median(color.confidence)
    assert wrong[low].mean() > 1.5 * wrong[~low].mean()
    assert color.confidence.min() >= 0
    assert color.confidence.max() <= 1


def test_the_reference_that_matches_better_is_preferred() -> None:
    """Two pictures of the scene disagree on its colours: the better match wins, and is not averaged to gray."""
    truth = scene(3)
    swapped = np.ascontiguousarray(truth[::-1])
    for first, second, expected in ((0.95, 0.62, truth), (0.62, 0.95, swapped)):
        color = transfer(
            gray(truth),
            [(reference(truth, "a"), first), (reference(swapped, "b"), second)],
            FEATURES,
            ColorizeSettings(trust=8.0),
        )
        other = swapped if expected is truth else truth
        assert off(color.chroma, chroma(expected)) < off(color.chroma, chroma(other))


@BOTH
def test_no_reference_no_colour(colorize) -> None:
    color = colorize(gray(scene(1), 5), [], FEATURES, SETTINGS)
    assert color.index == 5
    assert not color.chroma.any()
    assert not color.confidence.any()


@BOTH
def test_references_of_any_size(colorize) -> None:
    truth = scene(4)
    wide = scene(4, size=(90, 300))
    color = colorize(gray(truth), [(reference(wide), 0.8), (reference(truth[:, :40, :33]), 0.7)], FEATURES, SETTINGS)
    assert color.chroma.shape == (2, 180, 240)
    assert np.isfinite(color.chroma).all()


def test_registration_helps_where_the_scene_is_the_same() -> None:
    """A redrawn picture as a free reference: small edges are kept, which superpixels lose."""
    truth = scene(5, size=(270, 360))
    given = [(reference(redrawn(truth, 5)), 0.9)]
    alone = transfer(gray(truth), given, FEATURES, SETTINGS)
    both = color_from_references(gray(truth), given, FEATURES, SETTINGS)
    assert off(both.chroma, chroma(truth)) < 0.9 * off(alone.chroma, chroma(truth))


@BOTH
def test_twice_gives_the_same_bytes(colorize) -> None:
    given = [(reference(scene(6, move=(20, 0))), 0.9), (reference(scene(7)), 0.7)]
    first, second = (colorize(gray(scene(6)), given, FEATURES, SETTINGS) for _ in "12")
    assert first.chroma.tobytes() == second.chroma.tobytes()
    assert first.confidence.tobytes() == second.confidence.tobytes()


def test_every_colorizer_answers_a_colour_frame() -> None:
    """The contract: each gives the frame's index, size, and confidence between 0 and 1."""
    target, picture = gray(scene(8), 3), reference(scene(8))
    others = [colorize(target, [(picture, 0.9)], FEATURES, SETTINGS) for colorize in (transfer, color_from_references)]
    for color in (register(target, picture, SETTINGS)[1], *others):
        assert isinstance(color, ColorFrame)
        assert color.index == 3
        assert color.chroma.shape == (2, *target.lightness.shape)
        assert color.chroma.dtype == np.float32
        assert 0 <= color.confidence.min() <= color.confidence.max() <= 1
