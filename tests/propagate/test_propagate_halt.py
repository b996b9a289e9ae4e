"""propagate/halt.py: a shot left at any place and gone on with comes out as one that was never left."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from tiny import shot_colors

from vidcolor.color import rgb_to_lab
from vidcolor.flow.estimate import build_flow
from vidcolor.propagate import propagate, shot
from vidcolor.propagate.doubt import Doubt
from vidcolor.propagate.halt import STATE, frames_done
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

COUNT, SIZE, RUN = 30, (48, 64), 6
CHROMA = (24, 32)


class Shelf:
    """A shelf in memory; remembers what lay on it whenever a state was kept."""

    def __init__(self, kept=None) -> None:
        self.kept = kept or {}
        self.moments = []

    def put(self, name, arrays):
        self.kept[name] = {key: np.array(array) for key, array in arrays.items()}
        if name == STATE:
            self.moments.append(dict(self.kept))

    def take(self, name):
        return self.kept.get(name)

    def drop(self, name):
        self.kept.pop(name, None)


@pytest.fixture(scope="module")
def film():
    labs = [rgb_to_lab(np.ascontiguousarray(shot_colors(3, n, SIZE).transpose(2, 0, 1))) for n in range(COUNT)]
    return [Frame(100 + n, lab[0]) for n, lab in enumerate(labs)], [lab[1:] for lab in labs]


@pytest.fixture(autouse=True)
def short_runs(monkeypatch):
    monkeypatch.setattr(shot, "RUN", RUN)


class Counted:
    """The flow estimator, and how often it was asked."""

    def __init__(self) -> None:
        self.flow, self.calls = build_flow("dis", PropagateSettings(), "cpu"), 0

    def __call__(self, a, b):
        self.calls += a.shape == SIZE
        return self.flow(a, b)


def made(film, places, shelf=None, state=None, doubt=None):
    frames, truth = film
    keys = {100 + n: ColorFrame(100 + n, truth[n], np.ones(SIZE, np.float32)) for n in places}
    flow = Counted()
    return list(propagate(frames, keys, flow, PropagateSettings(), doubt=doubt, shelf=shelf, state=state)), flow.calls


@pytest.mark.parametrize("places", [(0,), (COUNT - 1,), (2, 27), (0, 4, 9, 10, 20)], ids=str)
def test_left_at_any_place_it_goes_on_to_the_same_colours(film, places):
    shelf = Shelf()
    whole, calls = made(film, places, shelf)
    plain, _ = made(film, places)
    assert all(np.array_equal(a.chroma, b.chroma) for a, b in zip(whole, plain, strict=True))
    assert len(shelf.moments) >= 3
    for moment in shelf.moments:
        done = frames_done(moment[STATE], CHROMA)
        assert done > 0
        rest, fewer = made(film, places, Shelf(deepcopy(moment)), moment[STATE])
        assert [color.index for color in rest] == [color.index for color in whole[done:]], "no frame is made again"
        assert fewer <= calls * (COUNT - done) / COUNT + 2, "nor its flow"
        for ours, theirs in zip(rest, whole[done:], strict=True):
            assert np.array_equal(ours.chroma, theirs.chroma), ours.index
            assert np.array_equal(ours.confidence, theirs.confidence), ours.index


def test_a_gap_left_on_its_way_back_goes_on_from_the_ends_it_kept(film):
    """Before the first frame of a long gap comes out, the backward direction goes through all of it."""

    class Stops(Shelf):
        def put(self, name, arrays):
            super().put(name, arrays)
            if len(self.kept) == 2:
                raise KeyboardInterrupt

    whole, _ = made(film, (2, 27))
    stopped = Stops()
    with pytest.raises(KeyboardInterrupt):
        made(film, (2, 27), stopped)
    assert all(name.startswith("end-") for name in stopped.kept)
    again = Shelf(deepcopy(stopped.kept))
    again.put = lambda name, arrays: name in stopped.kept and pytest.fail(f"{name} was made again")
    for ours, theirs in zip(made(film, (2, 27), again)[0], whole, strict=True):
        assert np.array_equal(ours.chroma, theirs.chroma), ours.index


def test_states_that_do_not_fit_are_none(film):
    shelf = Shelf()
    made(film, (2, 27), shelf)
    good = shelf.moments[-1][STATE]
    assert frames_done(good, CHROMA) > 0
    assert frames_done(good, (25, 32)) == 0
    assert frames_done(None, CHROMA) == 0
    assert frames_done({}, CHROMA) == 0
    for name, array in good.items():
        assert frames_done({**good, name: array.astype(np.complex64)}, CHROMA) == 0, name
        if "." in name:
            assert frames_done({key: value for key, value in good.items() if key != name}, CHROMA) == 0, name
    beyond = {**good, "memory.slots": good["memory.slots"] + len(good["memory.ids"])}
    assert frames_done(beyond, CHROMA) == 0


@pytest.mark.parametrize("places", [(0,), (2, 27)], ids=str)
def test_what_was_in_doubt_before_is_gathered_on(film, places):
    shelf, whole = Shelf(), Doubt(CHROMA, COUNT)
    made(film, places, shelf, doubt=whole)
    assert any(map(any, whole.area()["area"])), "something is in doubt"
    for moment in shelf.moments:
        rest = Doubt(CHROMA, COUNT)
        made(film, places, Shelf(deepcopy(moment)), moment[STATE], rest)
        assert rest.area() == whole.area()
        assert rest.suggestions(0, COUNT, SIZE) == whole.suggestions(0, COUNT, SIZE)
    good = shelf.moments[-1][STATE]
    assert frames_done({**good, "doubt.labels": good["doubt.labels"] + good["doubt.given"]}, CHROMA) == 0
