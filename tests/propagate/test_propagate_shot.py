"""propagate/shot.py on a film whose motion and colours are known: a yellow square moves over a green ground."""

import gc
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from vidcolor.errors import InputError
from vidcolor.propagate import both_ways, propagate, runs, shot
from vidcolor.propagate.ablation import Ablation
from vidcolor.propagate.runs import Look, Run, Step
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE = (64, 96)
SIDE = 24
GREEN, YELLOW = np.array([-30.0, 20.0], np.float32), np.array([5.0, 60.0], np.float32)
SETTINGS = PropagateSettings()
WORKING = Ablation(flow_at="working")
"""The true motion is known at this size."""
PLAIN = replace(WORKING, without=frozenset({"local", "camera", "superpixel", "attention", "fill", "weigher", "steady"}))


def noise(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    plane = cv2.GaussianBlur(np.random.default_rng(seed).random(size).astype(np.float32), (0, 0), 1.5)
    return (plane - plane.mean()) / plane.std()


class Film:
    """`count` frames; the square's left edge is at 8 + speed x frame. Knows the true flow between its frames."""

    def __init__(self, count: int = 12, speed: int = 4, start: int = 0) -> None:
        self.places = [8 + speed * t for t in range(count)]
        self.frames = [Frame(start + t, self._lightness(t)) for t in range(count)]
        self.truth = [self._chroma(t) for t in range(count)]
        self._times = {id(f.lightness): t for t, f in enumerate(self.frames)}

    def square(self, t: int) -> np.ndarray:
        mask = np.zeros(SIZE, bool)
        mask[20 : 20 + SIDE, max(self.places[t], 0) : max(self.places[t] + SIDE, 0)] = True
        return mask

    def _lightness(self, t: int) -> np.ndarray:
        ground = 35 + 6 * noise(1)
        pattern = np.roll(
            np.pad(70 + 6 * noise(2, (SIDE, SIDE)), ((20, 20), (0, SIZE[1] - SIDE))), self.places[t], axis=1
        )
        return np.where(self.square(t), pattern, ground).astype(np.float32)

    def _chroma(self, t: int) -> np.ndarray:
        return np.where(self.square(t), YELLOW[:, None, None], GREEN[:, None, None])

    def key(self, t: int) -> ColorFrame:
        return ColorFrame(self.frames[t].index, self.truth[t], np.ones(SIZE, np.float32))

    def flow(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The truth between two frames of the film; between others (the mending of joined flows) nothing is left."""
        flow = np.zeros((2, *a.shape), np.float32)
        if id(a) in self._times and id(b) in self._times:
            t, u = self._times[id(a)], self._times[id(b)]
            flow[0][self.square(t)] = self.places[u] - self.places[t]
        return flow

    def colors(self, keys: Sequence[int], ablation: Ablation = WORKING) -> list[ColorFrame]:
        given = {self.frames[t].index: self.key(t) for t in keys}
        return list(propagate(self.frames, given, self.flow, SETTINGS, ablation=ablation))


def half(mask: np.ndarray, margin: int = 0) -> np.ndarray:
    """The pixels of chroma size that lie in `mask`, `margin` from its edge."""
    small = mask[::2, ::2].astype(np.uint8)
    return cv2.erode(small, np.ones((2 * margin + 1,) * 2, np.uint8)).astype(bool)


def error(color: ColorFrame, true: np.ndarray, where: np.ndarray) -> float:
    return float(np.hypot(*(color.chroma - true[:, ::2, ::2]))[where].mean())


def test_every_frame_comes_out_in_order_at_half_size_with_confidence() -> None:
    film = Film(start=100)
    colors = film.colors([0])
    assert [c.index for c in colors] == list(range(100, 112))
    assert all(c.chroma.shape == (2, 32, 48) and c.confidence.shape == (32, 48) for c in colors)
    assert all(c.confidence.min() >= 0 and c.confidence.max() <= 1 for c in colors)
    assert all(c.chroma.dtype == np.float32 and c.confidence.dtype == np.float32 for c in colors)


def test_colors_follow_a_known_motion() -> None:
    film = Film()
    last = film.colors([0])[-1]
    square, ground = half(film.square(11), 2), half(~(film.square(0) | film.square(11)), 2)
    assert error(last, film.truth[11], square) < 3
    assert error(last, film.truth[11], ground) < 2
    assert np.median(last.confidence[ground]) > 0.7


def test_what_is_uncovered_does_not_keep_the_colour_that_moved_away() -> None:
    film = Film()
    uncovered = half(film.square(0) & ~film.square(11), 2)
    assert uncovered.sum() > 50
    full = film.colors([0])[-1]
    plain = film.colors([0], PLAIN)[-1]
    assert error(plain, film.truth[11], uncovered) > 20
    assert error(full, film.truth[11], uncovered) < 8
    known = half(~(film.square(0) | film.square(11)), 2)
    assert full.confidence[uncovered].mean() < full.confidence[known].mean() - 0.1


@pytest.mark.parametrize("ablation", [WORKING, PLAIN], ids=["whole", "plain"])
def test_keyframes_come_out_near_what_was_given(ablation: Ablation) -> None:
    film = Film()
    colors = film.colors([3, 9], ablation)
    for t in (3, 9):
        given = np.stack([cv2.resize(p, (48, 32), interpolation=cv2.INTER_AREA) for p in film.truth[t]])
        assert np.hypot(*(colors[t].chroma - given)).mean() < 0.5
        assert colors[t].confidence.min() > 0.7
    for t in (2, 4, 8, 10):
        step = np.hypot(*(colors[t].chroma - film.truth[t][:, ::2, ::2])).mean()
        assert step < 2.5, "the neighbours join without a step"


def test_keyframes_do_not_tick() -> None:
    """A still scene under grain; the pictures given for three of its frames were drawn anew, and none fits quite."""
    count, keys, random = 25, (0, 12, 24), np.random.default_rng(4)
    scene = 50 + 12 * noise(1)
    frames = [Frame(t, (scene + random.normal(0, 1, SIZE)).astype(np.float32)) for t in range(count)]
    truth = np.stack([20 * noise(2), 20 * noise(3)])
    drawn = {t: truth + np.stack([3 * noise(10 + t), 3 * noise(11 + t)]) for t in keys}
    colored = {t: ColorFrame(t, drawn[t].astype(np.float32), np.full(SIZE, 0.7, np.float32)) for t in keys}
    still = lambda a, b: np.zeros((2, *a.shape), np.float32)  # noqa: E731
    made = [color.chroma for color in propagate(frames, colored, still, SETTINGS, ablation=WORKING)]
    bent = [np.abs(a - 2 * b + c).mean() for a, b, c in zip(made, made[1:], made[2:], strict=False)]
    around = {t - 12: bent[t - 1] for t in range(9, 16)}
    assert around[0] < 1.3 * (around[-2] + around[2]) / 2
    assert max(around[-1], around[1]) < 1.5 * (around[-3] + around[3]) / 2, "nor do its neighbours instead"


def test_two_keyframes_are_better_than_one() -> None:
    """The square enters late: only the last frame can tell its colour."""
    film = Film(count=14, speed=-4)
    film.places = [96 - 4 * t for t in range(14)]
    film.frames = [Frame(t, film._lightness(t)) for t in range(14)]
    film.truth = [film._chroma(t) for t in range(14)]
    film._times = {id(f.lightness): t for t, f in enumerate(film.frames)}
    square = half(film.square(10), 1)
    one, both = film.colors([0])[10], film.colors([0, 13])[10]
    assert error(one, film.truth[10], square) > 10
    assert error(both, film.truth[10], square) < 3
    assert both.confidence[square].mean() > one.confidence[square].mean() + 0.2


def test_the_same_bytes_every_time() -> None:
    first, second = (Film().colors([0, 11]) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.chroma.tobytes() == b.chroma.tobytes()
        assert a.confidence.tobytes() == b.confidence.tobytes()


@pytest.mark.parametrize("name", ["RUN", "PART"])
@pytest.mark.parametrize("keys", [[0], [11], [0, 11], [5]])
def test_runs_change_nothing(keys: list[int], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Film().colors(keys)
    monkeypatch.setattr(shot, name, 3)
    parted = Film().colors(keys)
    for a, b in zip(whole, parted, strict=True):
        assert np.array_equal(a.chroma, b.chroma)
        assert np.array_equal(a.confidence, b.confidence)


@pytest.mark.parametrize("keys", [[0], [11], [0, 11], [5]])
def test_runs_that_are_carried_ahead_change_nothing(keys: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is looked up: masks of corrections are carried so."""
    masks = replace(WORKING, without=frozenset({"attention", "flats"}))
    whole = Film().colors(keys, masks)
    monkeypatch.setattr(shot, "SHORT", 3)
    parted = Film().colors(keys, masks)
    for a, b in zip(whole, parted, strict=True):
        assert np.array_equal(a.chroma, b.chroma)
        assert np.array_equal(a.confidence, b.confidence)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8])
def test_parts_of_a_run_part_no_frames_that_are_looked_at_together(length: int) -> None:
    for first, last in ((0, 1), (2, 4), (1, 20), (7, 71)):
        looks = [Look(n, np.zeros(0)) for n in range(first, last + 1)]
        step = Step(np.zeros(0), np.zeros(0))
        whole = Run(looks, [step] * (last - first)).groups()
        parted = []
        for a, b in runs.parts(first, last, length):
            part = Run(looks[a - first : b - first + 1], [step] * (b - a))
            parted += part.groups({b} if b != last else set())
        assert [[k.position for k in group.looks] for group in parted] == [
            [k.position for k in group.looks] for group in whole
        ]
        assert all(b - a < length + runs.TOGETHER for a, b in runs.parts(first, last, length))


class Decoded(Sequence[Frame]):
    """Frames made when asked for, as a decoder does; counts those alive."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.alive: weakref.WeakSet[Frame] = weakref.WeakSet()
        self.most = 0
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, t):  # type: ignore[no-untyped-def]
        frame = _Traced(t, (50 + 10 * noise(t // 9, (16, 24))).astype(np.float32))
        self.alive.add(frame)
        self.most = max(self.most, len(self.alive))
        self.asked.append(t)
        return frame


class _Traced(Frame):
    __slots__ = ("__weakref__",)


def test_a_long_shot_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shot, "RUN", 10)
    frames = Decoded(95)
    keys = {t: ColorFrame(t, np.zeros((2, 16, 24), np.float32), np.ones((16, 24), np.float32)) for t in (20, 90)}
    still = lambda a, b: np.zeros((2, *a.shape), np.float32)  # noqa: E731
    gc.collect()
    assert [c.index for c in propagate(frames, keys, still, PropagateSettings())] == list(range(95))
    assert frames.most <= 3
    steps = np.diff(frames.asked)
    assert (steps < 0).mean() < 0.2, "asked for mostly in rising order"
    assert len(frames.asked) < 3 * 95


@pytest.mark.parametrize("room", [10**9, 3 * 9600, 0])
def test_flows_of_a_long_gap_are_found_once_while_there_is_room(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 48 frames between two keyframes, in runs of 9,600 bytes; the colours do not hang on the room."""
    monkeypatch.setattr(shot, "RUN", 8)
    monkeypatch.setattr(both_ways, "ROOM", room)
    count, size = 48, (16, 24)
    frames = [Frame(t, (50 + 10 * noise(t // 9, size)).astype(np.float32)) for t in range(count)]
    keys = {t: ColorFrame(t, np.full((2, *size), t, np.float32), np.ones(size, np.float32)) for t in (0, count - 1)}
    lightness = {id(frame.lightness) for frame in frames}
    asked: list[bool] = []  # by threads at once, which would lose counts of a number

    def still(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        asked.append(id(a) in lightness and id(b) in lightness)
        return np.zeros((2, *a.shape), np.float32)

    made = list(propagate(frames, keys, still, SETTINGS, ablation=WORKING))
    steps, again = count - 1, count - 1 - 8
    assert sum(asked) == 2 * (steps + {10**9: 0, 0: again}.get(room, again - 24))
    monkeypatch.setattr(both_ways, "ROOM", 0)
    without = list(propagate(frames, keys, still, SETTINGS, ablation=WORKING))
    assert all(np.array_equal(a.chroma, b.chroma) for a, b in zip(made, without, strict=True))


def test_a_run_is_let_go_before_the_next_is_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a long gap holds two of them, which is most of what it holds."""
    monkeypatch.setattr(shot, "RUN", 3)
    brought: list[weakref.ref[np.ndarray]] = []
    alive: list[int] = []
    bring = both_ways.BothWays.bring

    def traced(self, *given, **named):  # type: ignore[no-untyped-def]
        alive.append(sum(ref() is not None for ref in brought))
        run = bring(self, *given, **named)
        brought.append(weakref.ref(run.before[1].chroma))
        return run

    monkeypatch.setattr(both_ways.BothWays, "bring", traced)
    assert len(Film().colors([0])) == 12
    assert alive == [0] * 4


def test_without_keyframes_the_shot_stays_gray() -> None:
    film = Film(count=3)
    colors = film.colors([])
    assert len(colors) == 3
    assert all(not c.chroma.any() and not c.confidence.any() for c in colors)
    assert list(propagate([], {}, film.flow, SETTINGS, ablation=WORKING)) == []


def test_unknown_colours_of_a_keyframe_do_not_spread() -> None:
    film = Film(count=4)
    confidence = np.ones(SIZE, np.float32)
    confidence[:, 72:] = 0
    wrong = film.truth[0].copy()
    wrong[:, :, 72:] = 100
    colors = list(propagate(film.frames, {0: ColorFrame(0, wrong, confidence)}, film.flow, SETTINGS, ablation=WORKING))
    assert np.abs(colors[3].chroma[:, :, :34]).max() < 70
    assert colors[3].confidence[:, 40:].mean() < colors[3].confidence[:, :30].mean()


def test_keyframes_that_do_not_belong_are_refused() -> None:
    film = Film(count=4, start=10)
    outside = ColorFrame(14, film.truth[0], np.ones(SIZE, np.float32))
    with pytest.raises(InputError, match="frame 14: a keyframe outside its shot, frames 10 to 13"):
        list(propagate(film.frames, {14: outside}, film.flow, SETTINGS, ablation=WORKING))


def test_progress_counts_every_frame() -> None:
    film, seen = Film(count=5), []
    colors: Iterator[ColorFrame] = propagate(
        film.frames,
        {2: film.key(2)},
        film.flow,
        SETTINGS,
        lambda done, count: seen.append((done, count)),
        ablation=WORKING,
    )
    assert len(list(colors)) == 5
    assert seen == [(n, 5) for n in range(1, 6)]


@pytest.mark.parametrize("size", [(17, 31), (16, 16)])
def test_odd_and_small_sizes(size: tuple[int, int]) -> None:
    frames = [Frame(t, (50 + 10 * noise(3, size)).astype(np.float32)) for t in range(3)]
    key = ColorFrame(0, np.full((2, *size), 20, np.float32), np.ones(size, np.float32))
    still = lambda a, b: np.zeros((2, *a.shape), np.float32)  # noqa: E731
    colors = list(propagate(frames, {0: key}, still, PropagateSettings()))
    assert colors[2].chroma.shape == (2, (size[0] + 1) // 2, (size[1] + 1) // 2)
    assert np.allclose(colors[2].chroma, 20, atol=0.1)
