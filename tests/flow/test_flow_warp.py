"""flow/warp.py: fields whose answer is known."""

import numpy as np
import pytest

from vidcolor.errors import InputError
from vidcolor.flow.warp import compose, mismatch, occluded, resized, warp
from vidcolor.planes.kinds import grid
from vidcolor.planes.samples import fetch


def constant(x: float, y: float, size: tuple[int, int] = (20, 30)) -> np.ndarray:
    return np.stack([np.full(size, x, np.float32), np.full(size, y, np.float32)])


def test_warp_fetches_what_the_flow_points_at() -> None:
    image = np.arange(600, dtype=np.float32).reshape(20, 30)
    moved = warp(image, constant(3, -2))
    assert np.array_equal(moved[2:, :-3], image[:-2, 3:])
    assert np.array_equal(warp(np.stack([image, -image]), constant(3, -2)), np.stack([moved, -moved]))


def test_warp_is_bilinear_between_pixels() -> None:
    ramp = np.broadcast_to(np.arange(30, dtype=np.float32), (20, 30)).copy()
    assert np.allclose(warp(ramp, constant(0.5, 0))[:, :-1], ramp[:, :-1] + 0.5, atol=1e-3)


def test_beyond_the_edge_is_the_edge() -> None:
    image = np.arange(600, dtype=np.float32).reshape(20, 30)
    assert np.array_equal(warp(image, constant(100, 0)), np.repeat(image[:, -1:], 30, axis=1))


def test_compose_adds_the_second_flow_where_the_first_lands() -> None:
    assert np.allclose(compose(constant(3, 1), constant(-1, 2)), constant(2, 3))
    second = grid((20, 30)) * 0.1
    first = constant(4, 0)
    inside = compose(first, second)[0][:, :20]
    assert np.allclose(inside, 4 + 0.1 * (grid((20, 30))[0][:, :20] + 4), atol=1e-3)


def test_there_and_back_returns_but_not_where_something_covers() -> None:
    onward, back = constant(0, 0), constant(0, 0)
    onward[0, 5:15, 5:12] = 6
    back[0, 5:15, 11:18] = -6
    hidden = occluded(onward, back)
    assert hidden[7:13, 13:17].all()
    assert not hidden[7:13, 6:11].any()
    assert not hidden[:4].any()
    assert mismatch(onward, back)[8, 14] == pytest.approx(6)


def test_resized_keeps_the_motion() -> None:
    small = resized(constant(4, -6), (10, 15))
    assert small.shape == (2, 10, 15)
    assert np.allclose(small, constant(2, -3, (10, 15)))


def test_fetch_cubic_is_nearer_on_a_curve() -> None:
    wave = np.sin(grid((20, 60))[0] / 2).astype(np.float32)
    points = grid((20, 60)) + constant(0.5, 0, (20, 60))
    true = np.sin(points[0] / 2)
    inside = (slice(None), slice(3, -3))
    errors = [np.abs(fetch(wave, points, cubic=cubic) - true)[inside].max() for cubic in (True, False)]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize("flow", [np.zeros((2, 5, 5), np.float32), np.zeros((20, 30), np.float32)])
def test_a_flow_of_another_size_is_refused(flow: np.ndarray) -> None:
    with pytest.raises(InputError, match="flow of shape"):
        warp(np.zeros((20, 30), np.float32), flow)
