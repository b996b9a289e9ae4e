"""Superpixels through a shot, on a film whose motion, objects and occlusions are known exactly.

The film: textured ground that moves one pixel to the left each frame, and over it a textured disc that moves three to
the right. All motion is in whole pixels, so flow, objects and visibility are exact.
"""

from typing import NamedTuple

import cv2
import numpy as np
import pytest
from scipy import ndimage

from vidcolor.errors import InputError
from vidcolor.superpixels.track import Tracker

SIZE = (96, 176)
FRAMES = 16
COUNT = 160
GROUND, DISC = -1, 3
"""Pixels to the right in each frame."""


class Shown(NamedTuple):
    lightness: np.ndarray
    flow: np.ndarray | None
    occluded: np.ndarray | None
    disc: np.ndarray
    """(H, W) bool: where the disc is."""
    place: np.ndarray
    """(H, W) int: which column of the ground's or disc's own texture is seen."""


def texture(seed: int, size: tuple[int, int], mean: float) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return (mean + 9 * smooth / smooth.std()).astype(np.float32)


def film() -> list[Shown]:
    ground, skin = texture(1, (96, 400), 45), texture(2, (96, 400), 62)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    frames, before = [], None
    for t in range(FRAMES):
        disc = (y - 48) ** 2 + (x - 40 - DISC * t) ** 2 < 26**2
        place = np.where(disc, x - DISC * t + 100, x - GROUND * t)
        light = np.where(disc, skin[y, place], ground[y, place])
        flow = occluded = None
        if before is not None:
            flow = np.zeros((2, *SIZE), np.float32)
            flow[0] = np.where(before, DISC, GROUND)
            landed = np.clip(x + GROUND, 0, SIZE[1] - 1)
            occluded = ~before & disc[y, landed]
        frames.append(Shown(light.astype(np.float32), flow, occluded, disc, place))
        before = disc
    return frames


def track(frames: list[Shown], **how: float) -> tuple[Tracker, list[np.ndarray]]:
    tracker = Tracker(COUNT, **how)
    return tracker, [tracker.step(f.lightness, f.flow, f.occluded) for f in frames]


@pytest.fixture(scope="module")
def shown() -> list[Shown]:
    return film()


@pytest.fixture(scope="module")
def tracked(shown: list[Shown]) -> tuple[Tracker, list[np.ndarray]]:
    return track(shown)


def on_disc(shown: list[Shown], labels: list[np.ndarray], count: int) -> np.ndarray:
    """(count,) bool: whether each label began on the disc."""
    result, known = np.zeros(count, bool), np.zeros(count, bool)
    for frame, picture in zip(shown, labels, strict=True):
        share = np.bincount(picture.ravel(), frame.disc.ravel(), count) / np.maximum(
            np.bincount(picture.ravel(), minlength=count), 1
        )
        new = np.unique(picture)
        new = new[~known[new]]
        result[new], known[new] = share[new] > 0.5, True
    return result


def stays(shown: list[Shown], labels: list[np.ndarray], count: int) -> float:
    """Share of the last frame's pixels whose label began on the object that is there."""
    return float((on_disc(shown, labels, count)[labels[-1]] == shown[-1].disc).mean())


def test_a_label_stays_on_its_object(shown: list[Shown], tracked: tuple[Tracker, list[np.ndarray]]) -> None:
    """Without the flow it does not: the same tracker told that nothing moves is the contrast."""
    tracker, labels = tracked
    assert stays(shown, labels, tracker.label_count) > 0.98
    still = [f._replace(flow=None if f.flow is None else 0 * f.flow, occluded=None) for f in shown]
    lost, labels = track(still)
    assert stays(shown, labels, lost.label_count) < 0.9


def test_a_label_stays_on_its_part_of_the_object(shown: list[Shown], tracked: tuple[Tracker, list[np.ndarray]]) -> None:
    """A label's mean place in the object's own texture moves by less than half a grid step in fifteen frames."""
    tracker, labels = tracked

    def place(t: int) -> np.ndarray:
        count = np.bincount(labels[t].ravel(), minlength=tracker.label_count)
        return np.bincount(labels[t].ravel(), shown[t].place.ravel(), tracker.label_count) / np.maximum(count, 1)

    common = np.intersect1d(labels[0], labels[-1])
    assert len(common) > 0.6 * COUNT
    step = np.sqrt(SIZE[0] * SIZE[1] / COUNT)
    drift = abs(place(FRAMES - 1) - place(0))[common]
    assert np.median(drift) < 0.15 * step
    assert np.mean(drift < 0.5 * step) > 0.9


def test_what_is_occluded_dies(shown: list[Shown], tracked: tuple[Tracker, list[np.ndarray]]) -> None:
    """Labels of the first frame whose ground has gone under the disc, or out of the picture, are gone in the last.

    The temptation is to slide along ahead of what covers them.
    """
    _, labels = tracked
    x = np.arange(SIZE[1])[None] + GROUND * (FRAMES - 1)
    inside = np.broadcast_to(x >= 0, SIZE)
    under = shown[-1].disc[np.arange(SIZE[0])[:, None], np.clip(x, 0, None)]
    visible = np.where(shown[0].disc, True, inside & ~under)
    share = np.bincount(labels[0].ravel(), visible.ravel()) / np.bincount(labels[0].ravel())
    gone = np.flatnonzero(share == 0)
    assert len(gone) > 8
    assert not np.isin(gone, labels[-1]).any()


def test_what_is_uncovered_gets_new_labels(shown: list[Shown], tracked: tuple[Tracker, list[np.ndarray]]) -> None:
    """Ground that the disc hid at first is seen in the last frame under labels that came later, from nothing."""
    tracker, labels = tracked
    hidden = np.zeros((SIZE[0], 400), bool)
    hidden[:, : SIZE[1]] = shown[0].disc
    hidden[:, SIZE[1] :] = True
    y = np.arange(SIZE[0])[:, None]
    uncovered = ~shown[-1].disc & hidden[y, shown[-1].place]
    assert uncovered.sum() > 1500
    inner = ndimage.binary_erosion(uncovered, iterations=2)
    assert (labels[-1][inner] > labels[0].max()).mean() > 0.85
    assert tracker.label_count > labels[0].max() + 8


def test_labels_are_in_one_piece_and_never_used_again(tracked: tuple[Tracker, list[np.ndarray]]) -> None:
    _, labels = tracked
    gone: set[int] = set()
    before: set[int] = set()
    least = SIZE[0] * SIZE[1] / COUNT / 8
    for picture in labels:
        assert picture.dtype == np.int32
        now = set(np.unique(picture).tolist())
        assert not now & gone
        gone |= before - now
        before = now
        for label, box in zip(sorted(now), filter(None, ndimage.find_objects(picture + 1)), strict=True):
            assert ndimage.label(picture[box] == label)[1] == 1
            assert (picture[box] == label).sum() >= least


def test_same_frames_same_labels(shown: list[Shown], tracked: tuple[Tracker, list[np.ndarray]]) -> None:
    _, again = track(shown)
    assert all((a == b).all() for a, b in zip(tracked[1], again, strict=True))


def test_flicker_moves_few_labels(shown: list[Shown], tracked: tuple[Tracker, list[np.ndarray]]) -> None:
    """Gain of up to ten per cent either way, another in each frame after the first."""
    gains = np.random.default_rng(9).uniform(0.9, 1.1, FRAMES).astype(np.float32)
    gains[0] = 1
    tracker, labels = track([f._replace(lightness=f.lightness * g) for f, g in zip(shown, gains, strict=True)])
    assert stays(shown, labels, tracker.label_count) > 0.98
    old = tracked[1][-1] <= tracked[1][0].max()
    assert (tracked[1][-1] == labels[-1])[old].mean() > 0.85


def test_a_zoom_keeps_the_number_of_labels() -> None:
    """Enlarged by two per cent a frame for 36 frames, twice the size in all: labels that grow bud new ones."""
    picture = texture(5, (96, 176), 50)
    y, x = np.mgrid[:96, :176].astype(np.float32)
    scale, tracker = np.float32(1.02), Tracker(COUNT)
    flow = np.stack([(x - 87.5) * (scale - 1), (y - 47.5) * (scale - 1)])
    first = len(np.unique(tracker.step(picture)))
    for t in range(1, 37):
        factor = scale**-t
        light = cv2.remap(picture, (x - 87.5) * factor + 87.5, (y - 47.5) * factor + 47.5, cv2.INTER_LINEAR)
        labels = tracker.step(light, flow)
    assert 0.65 * first < len(np.unique(labels)) < 1.2 * first
    assert np.bincount(labels.ravel()).max() < 5 * 96 * 176 / COUNT


def test_refusals(shown: list[Shown]) -> None:
    light, flow = shown[1].lightness, shown[1].flow
    with pytest.raises(InputError, match="first frame"):
        Tracker(COUNT).step(light, flow)
    tracker = Tracker(COUNT)
    tracker.step(light)
    with pytest.raises(InputError, match="flow None"):
        tracker.step(light)
    with pytest.raises(InputError, match="new tracker"):
        tracker.step(light[:50], flow)
    with pytest.raises(InputError, match="must be bool"):
        tracker.step(light, flow, np.zeros(SIZE, np.float32))


def test_flow_that_is_not_a_number_lands_nowhere(shown: list[Shown]) -> None:
    tracker = Tracker(COUNT)
    tracker.step(shown[0].lightness)
    given = tracker.label_count
    labels = tracker.step(shown[1].lightness, np.full((2, *SIZE), np.nan, np.float32))
    assert labels.min() == given, "every label is new"
    assert labels.max() < tracker.label_count
