"""Colours from references by super-attention: the guesses, regions, several references, and what the network says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from made_scenes import chroma, gray, off, reference, scene

from vidcolor.colorize.by_super_attention import Colorizer, collect
from vidcolor.colorize.evidence import LEVELS, ORDERED, SIGNALS, SLOTS, Laid, Source, gather, see
from vidcolor.confidence import ABSENT
from vidcolor.errors import InputError, WeightsError
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.weighing_net import WeighingConfig
from vidcolor.research.networks.files import save_weighing
from vidcolor.research.networks.ours import WeighingNet
from vidcolor.settings import ColorizeSettings
from vidcolor.types import ColorFrame, Guidance, Reference, Region

SETTINGS = ColorizeSettings()


@pytest.fixture(scope="module")
def features() -> NetworkFeatures:
    return NetworkFeatures()


@pytest.fixture(scope="module")
def colorizer(features, tmp_path_factory) -> Colorizer:
    """A network that has learned nothing: the hand-set rule."""
    file = tmp_path_factory.mktemp("weights") / "colorizer.safetensors"
    torch.manual_seed(0)
    save_weighing(file, WeighingNet(WeighingConfig(SLOTS, SIGNALS)), {})
    return Colorizer(features, file)


def opposite(picture: Reference) -> Reference:
    return Reference(picture.name + "-", picture.hash + "-", picture.lightness, -picture.chroma)


def halves(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    left = np.zeros(shape, np.bool_)
    left[:, : shape[1] // 2] = True
    return left, ~left


def test_attention_between_superpixels_is_the_direct_loop(features):
    """Before smoothing each superpixel has the mean of eq. 4.3; over even ground smoothing keeps it near that."""
    truth, other = scene(1, size=(60, 80)), scene(1, (12, 4), (60, 80))
    mine, theirs = see(gray(truth).lightness, features), see(gray(other).lightness, features, chroma(other))
    for slot, level in enumerate(LEVELS):
        ours, parts = mine.parts[slot], theirs.parts[slot]
        similar = ours.looks.features.T.astype(np.float64) @ parts.looks.features
        far = ((ours.looks.places[:, None].astype(np.float64) - parts.looks.places) ** 2).sum(-1)
        scores = similar / level.tau - far / level.reach**2
        weights = np.exp(scores - scores.max(1, keepdims=True))
        expected = (weights / weights.sum(1, keepdims=True)) @ parts.colors[:2].T
        made = gather(mine, [Source(theirs)], None).planes[slot, :2]
        means = np.stack([made[:, ours.labels == n].mean(1) for n in range(len(expected))])
        # smoothing exchanges colours between neighbours of like lightness only
        assert np.median(np.hypot(*(means - expected).T)) < 2.0
        assert np.corrcoef(means.ravel(), expected.ravel())[0, 1] > 0.95


def test_things_keep_their_colours_where_they_have_moved(colorizer):
    truth, other = scene(2), scene(2, move=(40, 10))
    made = colorizer(gray(truth), [Guidance(reference(other))], SETTINGS)
    assert made.chroma.shape == (2, 180, 240)
    assert off(made.chroma, chroma(truth)) < 0.4 * off(0 * made.chroma, chroma(truth))


def test_confidence_knows_where_colours_are_wrong(colorizer):
    truth, other = scene(2), scene(2, move=(40, 10))
    other[:, :, :120] = scene(9)[:, :, :120]
    made = colorizer(gray(truth), [Guidance(reference(other))], SETTINGS)
    wrong = np.hypot(*(made.chroma - chroma(truth)))
    low = made.confidence < np.median(made.confidence)
    assert wrong[low].mean() > 1.5 * wrong[~low].mean()
    assert 0 <= made.confidence.min() <= made.confidence.max() <= 1


def test_a_region_takes_colours_from_its_own_region_alone(features):
    """The right half of the target from the left half of the reference: not a trace of the other half's colour."""
    truth = scene(3)
    left, right = halves(truth.shape[1:])
    lab = np.where(left, 40.0, -30.0)[None].astype(np.float32).repeat(2, 0)
    given = Reference("halves.png", "1", gray(truth).lightness, lab)
    regions = (Region(right, left), Region(left, right))
    _, made, _ = collect(gray(truth).lightness, [Guidance(given, 1.0, regions)], features, SETTINGS)
    for slot in range(len(LEVELS)):
        assert np.allclose(made.planes[slot, :2, right], 40, atol=0.01)
        assert np.allclose(made.planes[slot, :2, left], -30, atol=0.01)
        assert made.error[slot].max() <= ORDERED
    assert np.array_equal(made.error[-1], np.full_like(made.error[-1], ABSENT))


def test_a_reference_of_the_same_scene_is_laid_within_its_regions(features):
    truth = scene(3)
    left, right = halves(truth.shape[1:])
    guide = Guidance(reference(truth), 1.0, (Region(left, left), Region(right, right)))
    _, made, _ = collect(gray(truth).lightness, [guide], features, SETTINGS)
    there = made.error[-1] < ABSENT
    assert there[:, :110].mean() > 0.7
    assert there[:, 130:].mean() > 0.7
    assert not there[:, 116:124].any()
    swapped = Guidance(reference(truth), 1.0, (Region(left, right), Region(right, left)))
    _, other, _ = collect(gray(truth).lightness, [swapped], features, SETTINGS)
    assert (other.error[-1] == ABSENT).all()


def test_outside_the_regions_the_whole_reference_serves(features):
    truth = scene(3)
    left, right = halves(truth.shape[1:])
    picture = Reference("p", "p", gray(truth).lightness, chroma(truth))
    _, free, _ = collect(gray(truth).lightness, [Guidance(picture)], features, SETTINGS)
    _, bound, _ = collect(gray(truth).lightness, [Guidance(picture, 1.0, (Region(left, left),))], features, SETTINGS)
    error = off(bound.planes[0, :2][:, right], chroma(truth)[:, right])
    assert error < 1.2 * off(free.planes[0, :2][:, right], chroma(truth)[:, right]) + 0.2


def test_without_regions_masks_change_nothing(features):
    target = see(gray(scene(1)).lightness, features)
    picture = see(gray(scene(1, (20, 5))).lightness, features, chroma(scene(1, (20, 5))))
    whole = np.ones(target.lightness.shape, np.bool_)
    masked = see(gray(scene(1)).lightness, features, masks=[whole])
    one = gather(target, [Source(picture)], None)
    other = gather(
        masked, [Source(see(picture.lightness, features, chroma(scene(1, (20, 5))), [whole]), 1.0, (0,))], None
    )
    assert np.abs(one.planes[1] - other.planes[1]).mean() < 0.5


@pytest.mark.parametrize("swap", [False, True])
def test_references_that_disagree_are_not_averaged_to_gray(colorizer, swap):
    picture = reference(scene(4))
    first, second = (opposite(picture), picture) if swap else (picture, opposite(picture))
    made = colorizer(gray(scene(4)), [Guidance(first, 0.95), Guidance(second, 0.6)], SETTINGS)
    nearer = np.minimum(*(np.hypot(*(made.chroma - given.chroma)) for given in (first, second)))
    assert nearer.mean() < 0.35 * off(0 * made.chroma, first.chroma)
    if not swap:  # the other way round the better score is of the picture that looks less alike
        assert off(made.chroma, first.chroma) < 0.35 * off(0 * made.chroma, first.chroma)


def test_a_reference_that_shows_other_things_does_not_disturb(colorizer):
    truth = scene(5)
    alone = colorizer(gray(truth), [Guidance(reference(truth), 0.9)], SETTINGS)
    others = [Guidance(reference(truth), 0.9), *(Guidance(reference(scene(k)), 0.7) for k in (6, 7, 8))]
    among = colorizer(gray(truth), others, SETTINGS)
    plain = off(0 * alone.chroma, chroma(truth))
    assert off(among.chroma, chroma(truth)) < off(alone.chroma, chroma(truth)) + 0.1 * plain


def test_without_references_confidence_is_zero(colorizer):
    made = colorizer(gray(scene(1), 5), [], SETTINGS)
    assert made.index == 5
    assert not made.confidence.any()
    assert np.isfinite(made.chroma).all()


def test_a_picture_already_laid_is_used(features):
    truth = scene(6)
    laid = ColorFrame(0, chroma(truth), np.full(truth.shape[1:], 0.9, np.float32))
    _, made, _ = collect(gray(truth).lightness, [], features, SETTINGS, laid)
    assert np.allclose(made.planes[-1, :2], chroma(truth), atol=1e-3)
    assert (made.error[0] == ABSENT).all()


def test_what_is_not_laid_is_absent(features):
    target = see(gray(scene(1)).lightness, features)
    trust = np.zeros(target.lightness.shape, np.float32)
    made = gather(target, [], Laid(chroma(scene(1)), trust))
    assert (made.error == ABSENT).all()
    assert not made.planes.any()


def test_pictures_of_any_size_and_the_same_answer_twice(colorizer):
    truth = scene(4, size=(90, 170))
    guides = [Guidance(reference(scene(4, size=(40, 600)))), Guidance(reference(truth[:, :40, :33]))]
    large = gray(np.repeat(np.repeat(truth, 3, 1), 3, 2))
    made = colorizer(large, guides, SETTINGS)
    assert made.chroma.shape == (2, 270, 510)
    with ThreadPoolExecutor(2) as pool:
        for again in pool.map(lambda _: colorizer(large, guides, SETTINGS), range(2)):
            assert np.array_equal(made.chroma, again.chroma)
            assert np.array_equal(made.confidence, again.confidence)


def test_tiny_pictures(colorizer):
    truth = scene(1, size=(17, 23))
    assert colorizer(gray(truth), [Guidance(reference(truth))], SETTINGS).chroma.shape == (2, 17, 23)


@pytest.mark.parametrize("mask", [np.zeros((180, 240), np.bool_), np.ones((180, 240), np.uint8)])
def test_masks_that_are_none_are_refused(features, mask):
    region = Region(mask, np.ones((180, 240), np.bool_))
    with pytest.raises(InputError, match="region"):
        collect(gray(scene(1)).lightness, [Guidance(reference(scene(1)), 1.0, (region,))], features, SETTINGS)


def test_weights_for_other_guesses_are_refused(features, tmp_path):
    save_weighing(tmp_path / "other.safetensors", WeighingNet(WeighingConfig(("one", "two"), SIGNALS)), {})
    with pytest.raises(WeightsError):
        Colorizer(features, tmp_path / "other.safetensors")
