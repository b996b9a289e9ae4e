"""Planes on a device: what PyTorch makes of them is what OpenCV makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.planes import kinds, samples

torch = pytest.importorskip("torch")
RANDOM = np.random.default_rng(7)
PLANE = (10 * RANDOM.random((37, 53))).astype(np.float32)
POINTS = (np.stack(np.meshgrid(np.arange(30.0), np.arange(20.0))) * 1.8 + RANDOM.normal(0, 4, (2, 20, 30))).astype("f4")
CLOSE = 1e-4


@pytest.mark.parametrize("cubic", [False, True])
def test_sampled_beyond_every_edge_as_opencv_does(cubic):
    here = samples.fetch(PLANE, POINTS, cubic=cubic)
    there = samples.fetch(kinds.up(PLANE, "cpu"), kinds.up(POINTS, "cpu"), cubic=cubic)
    assert POINTS.min() < -2
    assert POINTS.max() > 54
    np.testing.assert_allclose(kinds.down(there), here, atol=CLOSE)


@pytest.mark.parametrize(
    ("size", "how"),
    [((11, 20), "area"), ((36, 52), "area"), ((70, 111), "linear"), ((20, 30), "linear"), ((80, 97), "cubic")],
)
def test_at_other_sizes_as_opencv_does(size, how):
    there = samples.at_size(kinds.up(np.stack([PLANE, -PLANE]), "cpu"), size, how)
    here = samples.at_size(PLANE, size, how)
    np.testing.assert_allclose(kinds.down(there), np.stack([here, -here]), atol=CLOSE)


@pytest.mark.parametrize("edge", ["mirrored", "doubled", "repeated"])
def test_smoothed_as_opencv_does(edge):
    there = kinds.up(PLANE, "cpu")
    for filtered in (
        lambda plane: samples.mean_around(plane, 9, edge),
        lambda plane: samples.blurred(plane, 3.0, edge),
    ):
        np.testing.assert_allclose(kinds.down(filtered(there)), filtered(PLANE), atol=CLOSE)


def test_planes_smaller_than_the_filter_have_an_edge_too():
    small = kinds.up(PLANE[:2, :3], "cpu")
    np.testing.assert_allclose(
        kinds.down(samples.blurred(small, 3.0, "doubled")), samples.blurred(PLANE[:2, :3], 3.0, "doubled"), atol=CLOSE
    )


def test_points_that_are_no_numbers_read_some_pixel():
    points = np.full((2, 3, 3), np.nan, np.float32)
    assert samples.fetch(kinds.up(PLANE, "cpu"), kinds.up(points, "cpu")).shape == (3, 3)


def test_nothing_comes_down_on_the_way():
    """On `meta` there are no numbers: whoever asked for one would be told."""
    plane, points = kinds.up(PLANE, "meta"), kinds.up(POINTS, "meta")
    found = [samples.fetch(plane, points, cubic=True), samples.at_size(plane, (11, 20), "area")]
    found += [samples.mean_around(plane, 9), samples.blurred(plane, 3.0), kinds.full(kinds.half(plane))]
    assert {plane.device.type for plane in found} == {"meta"}
    with pytest.raises((NotImplementedError, RuntimeError)):
        kinds.down(plane)
    assert kinds.device_of(kinds.like(PLANE, plane)).type == "meta"


def test_both_kinds_are_told_apart():
    assert kinds.of(PLANE) is np
    assert kinds.of(PLANE.mean()) is np  # a number of NumPy's, too
    assert not kinds.on_device(PLANE)
    assert kinds.device_of(PLANE) is None
    there = kinds.up(PLANE, "cpu")
    assert kinds.on_device(there)
    assert kinds.up(PLANE, None) is PLANE
    assert kinds.down(PLANE) is PLANE
    assert kinds.of(there).maximum(there, 5.0).min() == 5
    assert kinds.planes_of((2, 2), 0.5, there).dtype == torch.float32
    np.testing.assert_array_equal(kinds.down(kinds.grid((3, 4), torch.device("cpu"))), kinds.grid((3, 4)))


def test_no_number_goes_up_on_its_own(monkeypatch):
    """The processor would wait for all that the device was told before."""
    there = kinds.up(PLANE, "cpu")
    xp = kinds.of(there)
    for name in ("asarray", "as_tensor", "tensor"):
        monkeypatch.setattr(torch, name, lambda *_, **__: pytest.fail("a number goes up"))
    for words, number in ((xp.maximum, 0.5), (xp.minimum, 0.5)):
        np.testing.assert_array_equal(words(there, number), getattr(np, words.__name__)(PLANE, np.float32(number)))
    np.testing.assert_array_equal(xp.clip(there, 0.2, None), PLANE.clip(np.float32(0.2)))


def test_planes_go_up_to_cuda_without_being_waited_for(monkeypatch):
    ways = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: ways.append("pinned") or tensor)
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, device, non_blocking=False: ways.append(non_blocking))
    kinds.up(PLANE, torch.device("cuda"))
    assert ways == ["pinned", True]
    kinds.up(PLANE, torch.device("mps"))
    assert ways == ["pinned", True, False]
