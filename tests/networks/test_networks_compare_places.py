"""networks/compare_places.py: what is looked up, against loops over every pair of places."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.networks import compare_places
from vidcolor.networks.cells import in_cells
from vidcolor.networks.compare_places import Colored, Seen, compare, gathered, see, with_colors

SIZE = (45, 70)


def units(seed: int, width: int, size: tuple[int, int]) -> list[np.ndarray]:
    """Unit maps (h, w, width) of any picture at strides 4, 8 and 16."""
    random = np.random.default_rng(seed)
    some = [random.standard_normal((-(-size[0] // s), -(-size[1] // s), width), np.float32) for s in (4, 8, 16)]
    return [m / np.linalg.norm(m, axis=2, keepdims=True) for m in some]


def maps(seed: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Features."""
    return units(seed, 32, size)


def seen(seed: int, size: tuple[int, int] = SIZE) -> Seen:
    return see(np.random.default_rng(seed).uniform(0, 100, size).astype(np.float32), maps(seed, size))


def things(seed: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Things."""
    return units(100 + seed, 7, size)


def colored(seed: int, confidence: float = 1.0) -> Colored:
    chroma = np.random.default_rng(seed + 50).normal(0, 20, (2, *SIZE)).astype(np.float32)
    return with_colors(seen(seed), chroma, np.full(SIZE, confidence, np.float32))


def places_of(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w, C) of (c, n, C), one place at a time."""
    height, width = -(-size[0] // 4), -(-size[1] // 4)
    columns = -(-width // 4)
    out = np.zeros((height, width, cells.shape[-1]))
    for y in range(height):
        for x in range(width):
            out[y, x] = cells[(y // 4) * columns + x // 4, (y % 4) * 4 + x % 4]
    return out


def test_cells_hold_every_place_once():
    frame = seen(1)
    assert np.allclose(places_of(frame.places, SIZE), maps(1)[0])


def test_with_every_cell_chosen_it_is_attention_from_place_to_place(monkeypatch):
    """Direct loops in float64 over all places of two coloured frames."""
    target, frames = seen(3), [colored(4, 1.0), colored(5, 0.2)]
    monkeypatch.setattr(compare_places, "_on_pixels", lambda fine, lightness: fine)
    fine, _ = compare(target, gathered(frames, [3, 3]), chosen=10_000)
    queries = places_of(target.places, SIZE)
    keys, values = (np.concatenate([getattr(f, k).reshape(-1, getattr(f, k).shape[2]) for f in frames]).astype(float)
                    for k in ("places", "values"))  # fmt: skip
    for y in range(queries.shape[0]):
        for x in range(queries.shape[1]):
            cosine = keys @ queries[y, x]
            weight = np.exp(cosine / compare_places.TEMPERATURE) * values[:, 5]
            weight /= weight.sum()
            expected = [*(weight @ values[:, :4]), (weight @ cosine) * (weight @ values[:, 5]), weight @ values[:, 5]]
            assert np.allclose(fine[:, y, x], expected, atol=2e-2, rtol=2e-3)


def test_things_join_features_in_what_is_compared(monkeypatch):
    """Direct loops over all places: fine things join at each place, coarser ones at its cell."""
    monkeypatch.setattr(compare_places, "_on_pixels", lambda fine, lightness: fine)
    light = np.random.default_rng(1).uniform(0, 100, SIZE).astype(np.float32)
    target, other = (see(light, maps(seed), things(seed)) for seed in (21, 22))
    chroma = np.random.default_rng(2).normal(0, 20, (2, *SIZE)).astype(np.float32)
    found, _ = compare(target, with_colors(other, chroma, np.ones(SIZE, np.float32)), chosen=10_000)
    values = with_colors(other, chroma, np.ones(SIZE, np.float32)).values.reshape(-1, 6).astype(float)
    shares = np.array(compare_places.JOINED)
    looks = [places_of(in_cells(m), SIZE) for f in (21, 22) for m in (maps(f)[0], things(f)[0])]
    deep = [[_cell_means(m, 2 >> n) for n, m in enumerate(things(f)[1:])] for f in (21, 22)]
    keys = [places_in_order(look) for look in looks[2:]]
    for y, x in [(0, 0), (5, 9), (11, 17)]:
        cell = (y // 4) * 5 + x // 4
        cosine = shares[0] * keys[0] @ looks[0][y, x] + shares[1] * keys[1] @ looks[1][y, x]
        cosine += np.repeat(sum(shares[n + 2] * deep[1][n] @ deep[0][n][cell] for n in (0, 1)), 16)
        weight = np.exp(cosine / compare_places.TEMPERATURE)
        weight /= weight.sum()
        like = 1 - compare_places.WIDER * (1 - weight @ cosine)
        assert np.allclose(found[:, y, x], [*(weight @ values[:, :4]), like, 1], atol=2e-2, rtol=2e-3)


def _cell_means(x: np.ndarray, side: int) -> np.ndarray:
    """(c, C), of unit length: means over cells of so many places each way, the last row and column repeated."""
    down, right = -x.shape[0] % side, -x.shape[1] % side
    whole = np.pad(x.transpose(2, 0, 1).astype(float), ((0, 0), (0, down), (0, right)), mode="edge")
    rows, columns = whole.shape[1] // side, whole.shape[2] // side
    means = whole.reshape(len(whole), rows, side, columns, side).mean((2, 4)).reshape(len(whole), -1).T
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def places_in_order(look: np.ndarray) -> np.ndarray:
    """(c n, C) of (h, w, C): by cells of 4 x 4, the last row and column repeated."""
    down, right = -look.shape[0] % 4, -look.shape[1] % 4
    whole = np.pad(look, ((0, down), (0, right), (0, 0)), mode="edge")
    height, width, channels = whole.shape
    return whole.reshape(height // 4, 4, width // 4, 4, channels).transpose(0, 2, 1, 3, 4).reshape(-1, channels)


def test_things_that_do_not_count_change_nothing():
    """Grainy frames: compared by their features alone."""
    light = np.random.default_rng(1).uniform(0, 100, SIZE).astype(np.float32)
    chroma = np.random.default_rng(2).normal(0, 20, (2, *SIZE)).astype(np.float32)
    alone, joined = ([see(light, maps(seed), *more) for seed in (24, 25)] for more in ((), (things(9), 0.0)))
    ones = np.ones(SIZE, np.float32)
    (first, _), (second, _) = (compare(target, with_colors(key, chroma, ones)) for target, key in (alone, joined))
    assert np.allclose(first, second, atol=1e-3)


def test_without_things_nothing_is_added_and_likeness_is_the_cosine():
    frame = seen(23)
    assert frame.things.shape[1] == 0
    assert frame.wider == 1


def test_cells_average_over_all_cells(monkeypatch):
    target, frame = seen(6), colored(7)
    monkeypatch.setattr(compare_places, "_finished", lambda planes: planes)
    monkeypatch.setattr(compare_places, "_enlarged", lambda planes, stride, size: planes)
    monkeypatch.setattr(compare_places, "_on_pixels", lambda fine, lightness: fine)
    coarse = compare(target, frame)[1].reshape(6, -1)
    for cell in range(len(target.cells)):
        alike = frame.cells.astype(float) @ target.cells[cell].astype(float)
        weight = np.exp(alike / compare_places.CELL_TEMPERATURE)
        expected = (weight / weight.sum()) @ frame.values[..., :4].astype(float).mean(1)
        assert np.allclose(coarse[:4, cell], expected, rtol=1e-3, atol=1e-2)


def test_a_frame_finds_its_own_colours_in_itself():
    chroma = np.zeros((2, *SIZE), np.float32)
    chroma[0, :, 35:], chroma[1, 20:] = 40, -30
    frame = seen(8)
    fine, coarse = compare(frame, with_colors(frame, chroma, np.ones(SIZE, np.float32)))
    assert fine.shape == coarse.shape == (compare_places.PLANES, *SIZE)
    assert np.median(np.abs(fine[:2] - chroma)) < 0.5
    assert np.median(fine[3]) > 0.95
    assert np.isfinite(coarse).all()


def test_the_chosen_cells_are_nearly_all_that_counts():
    target = seen(9)
    frame = with_colors(
        target, np.random.default_rng(0).normal(0, 20, (2, *SIZE)).astype(np.float32), np.ones(SIZE, "f4")
    )
    some, every = (compare(target, frame, chosen=n)[0] for n in (4, 10_000))
    assert np.abs(some[:2] - every[:2]).mean() < 0.5


def test_unknown_colours_are_not_taken():
    frame = seen(10)
    chroma = np.full((2, *SIZE), 30, np.float32)
    half = np.ones(SIZE, np.float32)
    half[:, :35], chroma[:, :, :35] = 0, -90
    fine, coarse = compare(frame, with_colors(frame, chroma, half))
    assert np.abs(fine[:2] - 30).max() < 1
    assert np.abs(coarse[:2] - 30).max() < 1


def test_places_of_a_pixels_own_lightness_are_preferred():
    """Two halves of other lightness and colour; the pixels at the border take their own half's."""
    fine = np.zeros((6, 4, 8), np.float32)
    fine[0, :, 4:], fine[1, :, 4:], fine[3] = 90, 50, 2500
    light = np.zeros((16, 32), np.float32)
    light[:, 17:] = 90
    out = compare_places._on_pixels(fine, light)
    assert out[0, 8, 16] < 5
    assert out[0, 8, 17] > 45


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (61, 40)])
def test_any_size_will_do(size):
    frame = seen(11, size)
    fine, coarse = compare(frame, with_colors(frame, np.zeros((2, *size), np.float32), np.ones(size, np.float32)))
    assert fine.shape == coarse.shape == (compare_places.PLANES, *size)


def test_frames_nearer_in_time_are_preferred():
    """The same frame twice, in two colours."""
    frame, ones = seen(12), np.ones(SIZE, np.float32)
    blue, red = (with_colors(frame, np.full((2, *SIZE), c, np.float32), ones) for c in (-40, 40))
    early, late = (compare(frame, gathered([blue, red], away))[0][:2].mean() for away in ([2, 60], [60, 2]))
    assert early < -30
    assert late > 30
    assert abs(compare(frame, gathered([blue, red], [9, 9]))[0][:2].mean()) < 1


def test_frames_that_lie_together_are_looked_into_as_they_are_apart():
    frames = [colored(4, 1.0), colored(5, 0.2)]
    together = compare_places.Together(frames)
    for ours, theirs in zip(together, frames, strict=True):
        assert all(np.array_equal(getattr(ours, part), getattr(theirs, part)) for part in compare_places.PARTS)
    found = compare(seen(3), gathered(together, [3, 9]))
    assert all(map(np.array_equal, found, compare(seen(3), gathered(frames, [3, 9]))))
    assert all(np.shares_memory(together.whole.places, frame.places) for frame in together)
