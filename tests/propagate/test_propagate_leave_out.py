"""propagate.leave_out and propagate.method: each part can be left out, and is then not heard at all."""

from __future__ import annotations

from typing import get_args, get_type_hints

import film
import numpy as np
import pytest

from vidcolor.propagate import propagate, shot
from vidcolor.propagate.blend import best, of_flow
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE = (64, 96)
COUNT = 9
PARTS = ("flow", "camera", "superpixel", "attention", "blend", "steady")
SHOT = film.make_film(SIZE, (COUNT,))


def still(first: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.zeros((2, *first.shape), np.float32)


def colors(keys: tuple[int, ...] = (0,), **settings: str | float) -> list[ColorFrame]:
    """The made film coloured with its true motion."""
    frames = [Frame(n, lightness) for n, lightness in enumerate(SHOT.lightness)]
    known = {id(frame.lightness): n for n, frame in enumerate(frames)}

    def flow(first: np.ndarray, other: np.ndarray) -> np.ndarray:
        if id(first) in known and id(other) in known:
            return SHOT.flow(known[id(first)], known[id(other)])
        return still(first, other)

    ones = np.ones(SIZE, np.float32)
    given = {n: ColorFrame(n, SHOT.lab[n][1:], ones) for n in keys}
    chosen = PropagateSettings(flow_at="working", **settings)  # type: ignore[arg-type]
    return list(propagate(frames, given, flow, chosen))


def off(made: list[ColorFrame]) -> float:
    """Mean distance from the true chroma, keyframe left out."""
    truth = SHOT.lab[1:, 1:].reshape(COUNT - 1, 2, SIZE[0] // 2, 2, SIZE[1] // 2, 2).mean((3, 5))
    return float(np.mean([np.hypot(*(c.chroma - t)) for c, t in zip(made[1:], truth, strict=True)]))


def test_every_part_that_can_be_left_out_is_tested_here():
    hint = get_type_hints(PropagateSettings)["leave_out"]
    assert get_args(hint) == ("nothing", *PARTS[:-1], "propagator", "steady")
    assert PropagateSettings().leave_out == "nothing"


@pytest.fixture(scope="module")
def whole() -> list[ColorFrame]:
    return colors()


@pytest.mark.parametrize("part", PARTS)
def test_leaving_a_part_out_changes_the_picture_but_not_the_keyframe(part, whole):
    without = colors(leave_out=part)
    assert [c.index for c in without] == list(range(COUNT))
    assert np.array_equal(without[0].chroma, whole[0].chroma)
    assert not np.array_equal(without[-1].chroma, whole[-1].chroma)
    assert all(np.isfinite(c.chroma).all() and c.confidence.min() >= 0 for c in without)


@pytest.mark.parametrize(
    ("part", "silenced"),
    [
        ("flow", "of_carried"),
        ("superpixel", "Memory"),
        ("attention", "Finder"),
        ("blend", "mixed"),
        ("steady", "Steady"),
    ],
)
def test_what_is_left_out_is_never_asked(part, silenced, monkeypatch):
    """With the true motion at hand only the part itself may ask for it."""
    asked = []
    real = getattr(shot, silenced)
    monkeypatch.setattr(shot, silenced, lambda *given: asked.append(silenced) or real(*given))
    colors(leave_out=part, superpixel_density=2.0)
    assert not asked
    colors()
    assert asked


def test_without_the_camera_the_keyframe_is_seen_by_flow_alone(monkeypatch):
    from vidcolor.propagate import by_flow

    asked = []
    monkeypatch.setattr(by_flow, "camera_points", lambda *given: asked.append(1))
    colors(leave_out="camera")
    assert not asked
    colors()
    assert asked


def test_flow_is_what_carries_a_film_whose_motion_is_known(whole):
    assert off(colors(leave_out="flow")) > 1.05 * off(whole)


def test_both_directions_are_left_out_with_flow():
    """Backward carrying from a later keyframe is flow too."""
    made = colors(keys=(0, COUNT - 1), leave_out="flow")
    assert len(made) == COUNT
    assert np.array_equal(made[-1].chroma, colors(keys=(0, COUNT - 1))[-1].chroma)


def test_without_the_blend_each_pixel_has_one_candidate_as_it_is():
    size = (4, 6)
    red, blue = np.full((2, *size), 60, np.float32), np.full((2, *size), -40, np.float32)
    left = np.zeros(size, np.float32)
    left[:, :3] = 0.9
    chroma, error = best([of_flow(red, left, 1), of_flow(blue, np.full(size, 0.5, np.float32), 1)])
    assert (chroma[:, :, :3] == 60).all()
    assert (chroma[:, :, 3:] == -40).all()
    assert error.shape == size
    assert error[0, 0] < error[0, 3]


def test_the_local_method_is_flow_alone_unfilled(monkeypatch):
    def unwanted(*_):
        raise AssertionError

    for name in ("Finder", "Memory"):
        monkeypatch.setattr(shot, name, unwanted)
    local = colors(method="local")
    monkeypatch.undo()
    assert all(np.array_equal(a.chroma, b.chroma) for a, b in zip(local, colors(method="local", fill=0.0), strict=True))
    assert not np.array_equal(local[-1].chroma, colors(method="plain")[-1].chroma)
    assert off(local) < off(colors(method="plain"))
