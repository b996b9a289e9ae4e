"""training/scenes.py: things move before a still, cover it and uncover it, and are the same for the same seed."""

import numpy as np
import pytest

from vidcolor.research.training.scenes import FRAMES, PIECE, SIZE, Thing, piece_of, play

GROUND, THING = (40, 90, 200), (220, 60, 30)


def still(color: tuple[int, int, int], size: tuple[int, int] = (224, 320)) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.uint8), (*size, 3)).copy()


def thing() -> Thing:
    cover = np.zeros((120, 90), np.float32)
    cover[20:100, 20:70] = 1
    return Thing(still(THING, cover.shape), cover)


@pytest.mark.parametrize("seed", range(4))
def test_a_thing_covers_some_of_the_still_and_moves(seed):
    frames = play(still(GROUND), [thing()], np.random.default_rng(seed))
    assert len(frames) == FRAMES
    assert all(f.shape == (*SIZE, 3) and f.dtype == np.uint8 for f in frames)
    covered = [np.abs(f.astype(int) - THING).max(2) < 3 for f in frames]
    ground = [np.abs(f.astype(int) - GROUND).max(2) < 3 for f in frames]
    assert covered[0].any()
    assert (covered[0] & ground[-1]).any(), "something is uncovered"
    assert (ground[0] & covered[-1]).any(), "something is covered"
    mixed = [(~c & ~g).mean() for c, g in zip(covered, ground, strict=True)]
    assert max(mixed) < 0.06, "edges are soft, and no wider"


def test_edges_are_mixtures_of_the_two_and_nothing_else():
    frame = play(still(GROUND), [thing()], np.random.default_rng(0))[5].astype(int)
    low, high = np.minimum(GROUND, THING), np.maximum(GROUND, THING)
    assert (frame >= low - 2).all()
    assert (frame <= high + 2).all()


def test_the_same_seed_makes_the_same_scene():
    first, second, other = (play(still(GROUND), [thing()], np.random.default_rng(s)) for s in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("size", [(40, 60), (224, 320), (500, 170)])
def test_a_piece_is_round_and_of_its_size_whatever_the_still(size):
    piece = piece_of(still(THING, size), np.random.default_rng(1))
    assert piece.rgb.shape == (*PIECE, 3)
    assert piece.cover.shape == PIECE
    assert 0.05 < piece.cover.mean() < 0.8
    assert piece.cover[0].max() == piece.cover[:, 0].max() == 0, "the corners are not covered"
