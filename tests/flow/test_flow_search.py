"""flow/search.py: finds known motion as DIS does, many pairs at once, wherever the pictures are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vidcolor.errors import InputError
from vidcolor.flow import dis
from vidcolor.flow.estimate import both_ways, little_flow
from vidcolor.flow.warp import mismatch, warp

torch = pytest.importorskip("torch")
search = pytest.importorskip("vidcolor.flow.search")

LAUNCHES = 400
"""Steps of a pair, both ways, at 480x270, at most: each starts a kernel on a device."""


def texture(height: int, width: int, grain: float = 2.0, seed: int = 5, rise: float = 2.0) -> np.ndarray:
    """Detail of every size from `grain` up, twice as large `rise` times as strong."""
    noise = np.random.default_rng(seed).random((height, width)).astype(np.float32) - 0.5
    smooth = sum(cv2.GaussianBlur(noise, (0, 0), grain * 2**n) * rise**n for n in range(6))
    return (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 90 + 5


def moved(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """What, fetched along the flow, is the picture: for flows that are the same everywhere, or nearly."""
    return warp(picture, -flow, cubic=True)


def constant(size: tuple[int, int], x: float, y: float) -> np.ndarray:
    return np.stack([np.full(size, x, np.float32), np.full(size, y, np.float32)])


def off(flow: np.ndarray, true: np.ndarray, edge: int) -> float:
    """Mean distance from the true flow, in pixels, but for what is near to the edge."""
    inner = (..., slice(edge, -edge), slice(edge, -edge))
    return float(np.hypot(*(flow - true)[inner]).mean())


def tensors(*pictures: np.ndarray) -> list:
    return [torch.from_numpy(np.ascontiguousarray(picture)) for picture in pictures]


@pytest.mark.parametrize(("x", "y"), [(3.0, -2.0), (0.4, 0.25), (-9.5, 6.25)])
def test_a_shift_is_found_to_a_tenth_of_a_pixel(x, y):
    a = texture(135, 240)
    true = constant(a.shape, x, y)
    flow = search.for_carrying()(a, moved(a, true))
    assert flow.shape == (2, 135, 240)
    assert flow.dtype == np.float32
    assert off(flow, true, 20) < 0.1


def test_a_shift_of_sixty_pixels_is_found():
    whole = texture(310, 560, rise=3.0)
    a, b = whole[20:290, 70:550], whole[30:300, 10:490]
    flow, true = search.for_carrying()(a, b), constant((270, 480), 60, -10)
    assert off(flow, true, 70) < 0.1


def test_a_zoom_is_found():
    a = texture(144, 256)
    y, x = np.mgrid[:144, :256].astype(np.float32)
    true = np.stack([(x - 127.5) * 0.06, (y - 71.5) * 0.06])
    b = warp(a, np.stack([(127.5 - x), (71.5 - y)]) * np.float32(0.06 / 1.06), cubic=True)
    assert off(search.for_carrying()(a, b), true, 16) < 0.25


def scene(frame: int) -> np.ndarray:
    """A ground that slides, a disc before it that goes the other way, grain on both, other in each frame."""
    size = (136, 240)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    ground, thing = texture(200, 320), texture(200, 320, 1.5, seed=6)
    base = warp(ground, constant(ground.shape, 30 + 2.3 * frame, 20 - 0.7 * frame), cubic=True)[: size[0], : size[1]]
    disc = warp(thing, constant(thing.shape, 30 - 3.1 * frame, 20), cubic=True)[: size[0], : size[1]]
    over = np.hypot(x - 120 - 3.1 * frame, y - 70) < 34
    grain = np.random.default_rng(frame).normal(0, 0.5, size).astype(np.float32)
    return np.clip(np.where(over, disc, base) + grain, 0, 100).astype(np.float32)


def test_what_moves_before_something_else_is_found_as_well_as_by_dis():
    a, b = scene(0), scene(1)
    y, x = np.mgrid[:136, :240].astype(np.float32)
    over = np.hypot(x - 120, y - 70) < 34
    true = np.where(over, constant(over.shape, 3.1, 0), constant(over.shape, -2.3, 0.7))
    theirs, ours = dis.for_carrying()(a, b), search.for_carrying()(a, b)
    assert off(ours, true, 8) < 1.1 * off(theirs, true, 8)
    assert np.median(np.hypot(*(ours - theirs))) < 0.15


def test_both_ways_at_once_are_the_one_and_the_other_and_come_back():
    a, b = scene(0), scene(1)
    flow = search.for_carrying()
    onward, back = (found[0].numpy() for found in flow.both(*(plane[None] for plane in tensors(a, b))))
    np.testing.assert_allclose(onward, flow(a, b), atol=1e-3)
    np.testing.assert_allclose(back, flow(b, a), atol=1e-3)
    assert np.median(mismatch(onward, back)) < 0.1


def test_a_batch_is_found_as_one_by_one_and_again_the_same():
    planes = tensors(*(scene(n) for n in range(4)))
    earlier, later = torch.stack(planes[:-1]), torch.stack(planes[1:])
    flow = search.for_carrying()
    onward, back = flow.both(earlier, later)
    assert onward.shape == back.shape == (3, 2, 136, 240)
    for n in range(3):
        one, other = flow.both(earlier[n : n + 1], later[n : n + 1])
        torch.testing.assert_close(onward[n], one[0], atol=1e-3, rtol=0)
        torch.testing.assert_close(back[n], other[0], atol=1e-3, rtol=0)
    again = both_ways(flow, earlier, later)
    assert torch.equal(again[0], onward)
    assert torch.equal(again[1], back)


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (6, 9), (16, 200), (33, 47), (8, 8), (17, 15)])
@pytest.mark.parametrize("make", ["for_carrying", "for_little"])
def test_small_and_odd_pictures_have_a_flow(size, make):
    picture = texture(60, 220)[: size[0], : size[1]]
    flow = getattr(search, make)()(picture, picture)
    assert flow.shape == (2, *size)
    assert np.abs(flow).max() < 0.01


def test_flat_pictures_do_not_move_and_nothing_is_no_number():
    flat = np.full((40, 60), 50, np.float32)
    assert not search.for_carrying()(flat, flat).any()
    assert np.isfinite(search.for_carrying()(flat, texture(40, 60))).all()


def test_what_is_nearly_in_place_has_its_own_estimator():
    a = texture(135, 240)
    true = constant(a.shape, 1.3, -0.6)
    little = little_flow(search.for_carrying())
    assert little.finest_scale == 1
    assert off(little(a, moved(a, true)), true, 16) < 0.15


def test_two_sizes_are_refused():
    with pytest.raises(InputError, match="sizes must agree"):
        search.for_carrying()(np.zeros((32, 32), np.float32), np.zeros((32, 40), np.float32))
    with pytest.raises(InputError, match="sizes must agree"):
        search.for_carrying().both(torch.zeros(2, 32, 32), torch.zeros(1, 32, 32))


def test_nothing_comes_down_on_the_way():
    """On `meta` there are no numbers: whoever asked for one would be told."""
    planes = torch.zeros(3, 90, 160, device="meta")
    for make in (search.for_carrying, search.for_little):
        onward, back = make().both(planes, planes)
        assert onward.device.type == back.device.type == "meta"
        assert onward.shape == back.shape == (3, 2, 90, 160)


def test_a_pair_takes_few_steps():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Counted(TorchDispatchMode):
        steps = 0

        def __torch_dispatch__(self, step, types, given=(), named=None):
            views = [r for r in step._schema.returns if r.alias_info is not None and not r.alias_info.is_write]
            self.steps += not views
            return step(*given, **(named or {}))

    planes = torch.zeros(1, 270, 480)
    flow = search.for_carrying()
    flow.both(planes, planes)
    with Counted() as counted:
        flow.both(planes, planes)
    assert 100 < counted.steps < LAUNCHES
