"""What a frame's measures tell of scenes, and what they do not care for."""

from __future__ import annotations

import numpy as np
import pytest
from shot_scenes import SIZE, aged, frames_of, scene

from vidcolor.shots import measure as measures
from vidcolor.shots.measure import band_energies, blocks_of, measure, measuring_size


def difference(before: np.ndarray, after: np.ndarray) -> float:
    return measures.difference(blocks_of(before.astype(np.float32)), blocks_of(after.astype(np.float32)))


@pytest.fixture(scope="module")
def one() -> np.ndarray:
    return scene(1, 12)


@pytest.fixture(scope="module")
def other() -> np.ndarray:
    return scene(2, 12)


def test_the_same_picture_does_not_differ(one):
    assert difference(one[0], one[0]) < 0.01


@pytest.mark.parametrize(("gain", "offset"), [(0.9, 0.0), (1.1, -3.0), (0.5, 20.0)])
def test_gain_and_offset_are_no_change(one, gain, offset):
    assert difference(one[0], one[0] * gain + offset) < 0.1


def test_a_negative_is_another_picture(one):
    assert difference(one[0], 100 - one[0]) > 0.4


def test_small_motion_is_no_change_and_another_scene_is(one, other):
    moved = np.roll(one[0], (3, -4), axis=(0, 1))
    assert difference(one[0], moved) < 0.2
    assert difference(one[0], other[0]) > 0.45


def test_both_directions_agree(one, other):
    assert difference(one[0], other[0]) == pytest.approx(difference(other[0], one[0]), abs=1e-5)


def test_plain_frames_do_not_differ():
    assert difference(np.full(SIZE, 3, np.float32), np.full(SIZE, 90, np.float32)) == 0.0


def test_a_scene_differs_from_black(one):
    black = np.zeros(SIZE, np.float32)
    assert difference(one[0], black) > 0.5
    assert difference(black, one[0]) > 0.5


def test_energies_of_a_mixture_are_those_of_unrelated_pictures():
    """(1/2)^2 of each: the law that dissolves are found by. Sums over regions, since single ones vary."""
    bands = [[band_energies(scene(s, 1)[0]).reshape(6, 12).sum(1) for s in (k, k + 50)] for k in range(8)]
    mixed = [band_energies((scene(k, 1)[0] + scene(k + 50, 1)[0]) / 2).reshape(6, 12).sum(1) for k in range(8)]
    expected = np.mean([(a + b) / 4 for a, b in bands], axis=0)
    np.testing.assert_allclose(np.mean(mixed, axis=0), expected, rtol=0.1)


def test_energies_grow_with_the_square_of_contrast(one):
    np.testing.assert_allclose(band_energies(one[0] * 2), 4 * band_energies(one[0]), rtol=1e-4)


def test_energies_tell_directions_apart():
    """Stripes that stand have energy across only, at every scale that holds them."""
    stripes = np.tile(np.where(np.arange(96) // 4 % 2, 60.0, 20.0), (54, 1)).astype(np.float32)
    energies = band_energies(stripes).reshape(3, 2, 12).sum(2)
    assert (energies[:2, 0] > 100).all()
    np.testing.assert_allclose(energies[:, 1], 0, atol=1e-3)


def test_measures_have_one_row_a_frame_and_report_progress(one):
    seen: list[int] = []
    measures = measure(frames_of(one), 96, 2, seen.append)
    assert len(measures) == len(one) == len(measures.jump)
    assert measures.energy.shape == (12, 72)
    assert seen == list(range(1, 13))
    np.testing.assert_allclose(measures.mean, one.mean((1, 2)), rtol=1e-3)
    assert measures.change[0] == 0


def test_frames_are_read_once_in_order(one):
    """An iterator that cannot go back gives the same measures as a list."""
    once = measure(iter(frames_of(one)), 96, 2, None)
    np.testing.assert_array_equal(once.energy, measure(frames_of(one), 96, 2, None).energy)


def test_no_frames_have_no_measures():
    assert len(measure([], 96, 2, None)) == 0


@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_changes_but_does_not_jump(one, length):
    film = one.copy()
    film[5 : 5 + length] = 99.0
    measures = measure(frames_of(film), 96, 2, None)
    assert measures.change[5] > 0.4
    assert not measures.jump.any()


def test_a_flash_longer_than_asked_jumps(one):
    film = one.copy()
    film[5:8] = 99.0
    assert measure(frames_of(film), 96, 2, None).jump[5] > 0.4
    assert not measure(frames_of(film), 96, 3, None).jump.any()


@pytest.mark.parametrize("at", [1, 2, 6, 10, 11])
def test_another_scene_jumps_wherever_it_begins(one, other, at):
    film = aged(np.concatenate([one[:at], other[at:]]), seed=at)
    measures = measure(frames_of(film), 96, 2, None)
    assert measures.jump[at] > 0.4
    assert np.count_nonzero(measures.jump > 0.4) == 1


def test_larger_frames_are_reduced(one):
    large = np.repeat(np.repeat(one, 3, axis=1), 3, axis=2)
    np.testing.assert_allclose(
        measure(frames_of(large), 96, 2, None).energy, measure(frames_of(one), 96, 2, None).energy, rtol=1e-3
    )


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1080, 1920), (54, 96)), ((480, 640), (72, 96)), ((1920, 1080), (96, 54)), ((10, 4000), (16, 96))],
)
def test_measuring_size_keeps_the_shape(size, expected):
    assert measuring_size(size, 96) == expected
