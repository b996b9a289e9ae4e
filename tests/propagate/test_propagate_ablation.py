"""propagate/ablation.py: each part can be left out, and is then not heard at all."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import cv2
import film
import numpy as np
import pytest

from vidcolor.flow.estimate import build_flow
from vidcolor.propagate import both_ways, by_flow, guesses, propagate, shot, window
from vidcolor.propagate.ablation import WHOLE, Ablation, Part
from vidcolor.propagate.blend import best, of_flow
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE = (64, 96)
COUNT = 9
PARTS: tuple[Part, ...] = ("flow", "local", "camera", "superpixel", "attention", "blend", "fill", "steady")
LOCAL: tuple[Part, ...] = ("camera", "superpixel", "attention", "fill", "weigher", "steady")
PLAIN: tuple[Part, ...] = ("local", *LOCAL)
SHOT = film.make_film(SIZE, (COUNT,))


def still(first: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.zeros((2, *first.shape), np.float32)


def colors(keys: tuple[int, ...] = (0,), without: tuple[Part, ...] = (), **settings: float) -> list[ColorFrame]:
    """The made film coloured with its true motion."""
    frames = [Frame(n, lightness) for n, lightness in enumerate(SHOT.lightness)]
    known = {id(frame.lightness): n for n, frame in enumerate(frames)}

    def flow(first: np.ndarray, other: np.ndarray) -> np.ndarray:
        if id(first) in known and id(other) in known:
            return SHOT.flow(known[id(first)], known[id(other)])
        return still(first, other)

    ones = np.ones(SIZE, np.float32)
    given = {n: ColorFrame(n, SHOT.lab[n][1:], ones) for n in keys}
    chosen = PropagateSettings(**settings)  # type: ignore[arg-type]
    return list(propagate(frames, given, flow, chosen, ablation=Ablation(frozenset(without), "working")))


def _with_dependent(part: Part) -> tuple[Part, ...]:
    return ("flow", "steady") if part == "flow" else (part,)


def off(made: list[ColorFrame]) -> float:
    """Mean distance from the true chroma, keyframe left out."""
    truth = SHOT.lab[1:, 1:].reshape(COUNT - 1, 2, SIZE[0] // 2, 2, SIZE[1] // 2, 2).mean((3, 5))
    return float(np.mean([np.hypot(*(c.chroma - t)) for c, t in zip(made[1:], truth, strict=True)]))


def test_every_part_that_can_be_left_out_is_tested_here():
    """`mended` on films that are worn: test_propagate_mended.py; `flats` on drawn ones: test_propagate_flats.py."""
    assert set(get_args(Part)) == {*PARTS, "weigher", "flats", "mended", "tinted", "everywhere"}
    assert Ablation() == WHOLE
    assert all(WHOLE.keeps(part) for part in get_args(Part))


def test_what_only_tools_ask_for_is_no_setting_and_in_no_fingerprint():
    assert not {"leave_out", "method", "flow_at"} & {field.name for field in fields(PropagateSettings)}


@pytest.fixture(scope="module")
def whole() -> list[ColorFrame]:
    return colors()


@pytest.mark.parametrize("part", PARTS)
def test_leaving_a_part_out_changes_the_picture_but_hardly_the_keyframe(part, whole):
    made = colors(without=_with_dependent(part))
    assert [c.index for c in made] == list(range(COUNT))
    assert np.hypot(*(made[0].chroma - whole[0].chroma)).mean() < 2
    assert not np.array_equal(made[-1].chroma, whole[-1].chroma)
    assert all(np.isfinite(c.chroma).all() and c.confidence.min() >= 0 for c in made)


@pytest.mark.parametrize(
    ("part", "where", "silenced"),
    [
        ("flow", both_ways, "carry_by_flow"),
        ("superpixel", guesses, "Memory"),
        ("attention", guesses, "Finder"),
        ("blend", guesses, "mixed"),
        ("steady", shot, "Steady"),
    ],
)
def test_what_is_left_out_is_never_asked(part, where, silenced, monkeypatch):
    """With the true motion at hand only the part itself may ask for it."""
    asked = []
    real = getattr(where, silenced)
    monkeypatch.setattr(where, silenced, lambda *given: asked.append(silenced) or real(*given))
    colors(without=_with_dependent(part), superpixel_density=2.0)
    assert not asked
    colors()
    assert asked


def test_without_the_camera_the_keyframe_is_seen_by_flow_alone(monkeypatch):
    from vidcolor.propagate import by_flow

    asked = []
    monkeypatch.setattr(by_flow, "camera_points", lambda *given: asked.append(1))
    colors(without=("camera",))
    assert not asked
    colors()
    assert asked


def test_flow_is_what_carries_a_film_whose_motion_is_known(whole):
    assert off(colors(without=("flow", "steady"))) > 1.05 * off(whole)


def test_both_directions_are_left_out_with_flow():
    """Backward carrying from a later keyframe is flow too."""
    made = colors(keys=(0, COUNT - 1), without=("flow", "steady"))
    assert len(made) == COUNT
    assert np.hypot(*(made[-1].chroma - colors(keys=(0, COUNT - 1))[-1].chroma)).mean() < 2


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


def test_local_attention_alone_is_flow_alone_unfilled(monkeypatch):
    def unwanted(*_):
        raise AssertionError

    for name in ("Finder", "Memory"):
        monkeypatch.setattr(guesses, name, unwanted)
    local = colors(without=LOCAL)
    monkeypatch.undo()
    assert all(np.array_equal(a.chroma, b.chroma) for a, b in zip(local, colors(without=LOCAL, fill=0.0), strict=True))
    assert not np.array_equal(local[-1].chroma, colors(without=PLAIN)[-1].chroma)
    assert off(local) < off(colors(without=PLAIN))


def test_a_mask_is_carried_alike_where_attention_works_around_it_alone(monkeypatch: pytest.MonkeyPatch):
    size = (120, 160)
    random = np.random.default_rng(6)
    wall = cv2.GaussianBlur(random.uniform(0, 1, (size[0], size[1] + 20)).astype(np.float32), (0, 0), 2)
    wall = 50 + (wall - wall.mean()) * (12 / wall.std())
    frames = [Frame(n, np.ascontiguousarray(wall[:, 2 * n : 2 * n + size[1]], np.float32)) for n in range(6)]
    share = np.zeros((2, 60, 80), np.float32)
    share[0, 30:40, 46:60] = 100
    known = {0: ColorFrame(0, share, np.ones((60, 80), np.float32))}
    settings, asked = PropagateSettings(), list[int]()
    flow = build_flow(settings.flow, settings)

    def attend(target: np.ndarray, *of: np.ndarray, **words: float) -> tuple[np.ndarray, ...]:
        asked.append(target.size)
        return window.attend(target, *of, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(by_flow, "attend", attend)
    made = []
    for parts in ((), ("everywhere",)):
        asked.clear()
        without = frozenset({"attention", "flats", "tinted", *parts})
        made.append(list(propagate(frames, known, flow, settings, ablation=Ablation(without))))
        assert (max(asked) < 0.7 * 60 * 80) == bool(parts)
    for whole, part in zip(*made, strict=True):
        assert np.abs(whole.chroma - part.chroma).max() < 1
        true = np.roll(share[0], -whole.index, 1) > 50
        assert ((part.chroma[0] > 50) == true).mean() > 0.995
    empty = {0: ColorFrame(0, 0 * share, np.ones((60, 80), np.float32))}
    asked.clear()
    for color in propagate(frames, empty, flow, settings, ablation=Ablation(without)):
        assert not color.chroma.any()
    assert not asked
