"""propagate/links.py: what a keyframe makes known of a pan, of what enters, and beside keyframes that there are."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.propagate.links import MOST_LOOKS, Links

SIZE = (64, 128)


def pan(dx: float, dy: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The flow of a picture that moves as a whole, there and back."""
    there = np.broadcast_to(np.float16([dx, dy])[:, None, None], (2, *SIZE))
    return there, -there


def panned(count: int, doubt: float, key: int = 0) -> Links:
    """A pan to the right, four pixels a frame; what has come in since the keyframe, and nothing else, is in doubt."""
    links = Links(SIZE, count)
    for n in range(count):
        if n:
            links.step(*pan(-4))
        unknown = np.zeros(SIZE)
        new = min(128, 4 * abs(n - key))
        unknown[:, 128 - new :] = doubt if new else 0
        links.see(n, unknown, key=n == key)
    return links


def test_a_keyframe_helps_most_where_it_shows_what_others_show() -> None:
    """After 32 frames of the pan nothing is left of the first frame. Two thirds along, most of the rest is seen."""
    best = panned(48, 1.0).gains(1, 0, 48)[0]
    assert 26 <= best.position <= 38
    assert best.cells[:, :8].mean() > 0, "its left part is still seen before it"


def test_each_suggestion_counts_what_those_before_it_leave() -> None:
    gains = panned(48, 1.0).gains(3, 0, 48)
    assert [g.area for g in gains] == sorted((g.area for g in gains), reverse=True)
    assert gains[1].area < 0.5 * gains[0].area
    assert min(abs(a.position - b.position) for a in gains for b in gains if a is not b) > 4


def test_gain_is_counted_in_whole_frames() -> None:
    """Nothing moves, all of it is in doubt for 21 frames: a keyframe in the middle ends nearly all of that."""
    links = Links(SIZE, 21)
    for n in range(21):
        if n:
            links.step(*pan(0))
        links.see(n, np.ones((4, 8)))
    best = links.gains(1, 0, 21)[0]
    assert best.position == 10
    assert 17 < best.area < 21


def test_what_enters_is_where_the_gain_is() -> None:
    """The scene stands; from frame 10 on, something covers its right quarter and is in doubt."""
    links = Links(SIZE, 20)
    for n in range(20):
        there, back = (flow.copy() for flow in pan(0))
        if n == 10:
            there[0, :, 96:] = 40  # nothing there comes back
        if n:
            links.step(there, back)
        doubt = np.zeros(SIZE)
        doubt[:, 96:] = n >= 10
        links.see(n, doubt, key=n == 0)
    best = links.gains(1, 0, 20)[0]
    assert best.position >= 10
    assert best.cells[:, :23].sum() < 0.05 * best.cells.sum()


def test_a_keyframe_is_not_asked_for_beside_one_that_shows_the_same() -> None:
    """Doubt about what the keyframe itself shows is mended far from it, not next to it."""
    links = Links(SIZE, 40)
    for n in range(40):
        if n:
            links.step(*pan(0))
        links.see(n, np.full((4, 8), min(n / 20, 1.0)), key=n == 0)
    assert links.gains(1, 0, 40)[0].position > 20


def test_only_frames_that_may_be_painted_are_named() -> None:
    assert panned(48, 1.0).gains(1, 0, 20)[0].position < 20
    assert panned(48, 0.0).gains(3, 0, 48) == []
    assert Links(SIZE, 5).gains(3, 0, 5) == []


@pytest.mark.parametrize("count", [5 * MOST_LOOKS, 20 * MOST_LOOKS])
def test_a_long_shot_is_kept_on_few_frames(count: int) -> None:
    links = Links(SIZE, count)
    for n in range(count):
        if n:
            links.step(*pan(0))
        links.see(n, np.ones((4, 8)))
    kept = [value for name, value in vars(links).items() if isinstance(value, dict)]
    assert max(map(len, kept)) <= MOST_LOOKS
    assert links.gains(1, 0, count)[0].area > 20
