"""propagate/ with a network: what it finds is heard, what it weighs comes out, and nothing else changes."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import film
import numpy as np
import pytest

from vidcolor.confidence import ABSENT
from vidcolor.flow.estimate import FlowEstimator
from vidcolor.propagate import by_network, guesses, propagate
from vidcolor.propagate.ablation import WHOLE, Ablation, without
from vidcolor.propagate.blend import Guess, of_carried, of_compared, of_memory
from vidcolor.propagate.by_network import stacked
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE = (64, 96)
COUNT = 9
SHOT = film.make_film(SIZE, (COUNT,))
SLOTS = ("before", "behind", "found", "scene", "remembered", "ruled")


class Seen(NamedTuple):
    lightness: np.ndarray
    maps: tuple = ()


@dataclass
class Fake:
    """A network that finds one colour everywhere; where it weighs, one colour comes out everywhere."""

    weighs: bool = True
    slots: tuple[str, ...] = SLOTS
    likeness: float = 1.0
    sees: bool = True
    asked: list[str] = field(default_factory=list)
    evidence: list[np.ndarray] = field(default_factory=list)
    claims: list[np.ndarray] = field(default_factory=list)
    origins: list[np.ndarray] = field(default_factory=list)
    away: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def weigher(self):
        return self if self.weighs else None

    def maps(self, lightness):
        self.asked.append("maps")
        assert 1 < lightness.max() <= 100
        return ("maps", lightness)

    def moved(self, maps, flow):
        self.asked.append("moved")
        assert flow.shape == (2, *maps[1].shape)
        return ("moved", maps[1])

    def see(self, lightness, maps):
        return Seen(lightness)

    def with_colors(self, seen, chroma, confidence):
        return chroma

    def learned(self, colored):
        return colored, "tells"

    def compare(self, seen, colored, tells, away):
        assert tells == "tells"
        assert len(colored) == len(away)
        self.asked.append("compare")
        self.away.append(tuple(away))
        planes = np.zeros((6, *seen.lightness.shape), np.float32)
        planes[0], planes[1], planes[3:] = 33, -22, 1
        planes[3], planes[4] = self.likeness, seen.lightness
        return planes, planes * 0.5

    def unlike(self, maps, others, points):
        self.origins.append(points)
        return np.full(points.shape, 0.25, np.float32)

    def __call__(self, lightness, maps, evidence, error, claims):
        self.evidence.append(evidence)
        self.claims.append(claims)
        return np.full((2, *lightness.shape), 7, np.float32), np.full(lightness.shape, 4, np.float32)


def still(first, other):
    return np.zeros((2, *first.shape), np.float32)


def colors(
    network: Fake | None,
    places: tuple[int, ...] = (0,),
    ablation: Ablation = WHOLE,
    flow: FlowEstimator = still,
    **settings: int,
) -> list[ColorFrame]:
    frames = [Frame(n, lightness) for n, lightness in enumerate(SHOT.lightness)]
    ones = np.ones(SIZE, np.float32)
    given = {n: ColorFrame(n, SHOT.lab[n][1:], ones) for n in places}
    chosen = PropagateSettings(**settings)  # type: ignore[arg-type]
    return list(propagate(frames, given, flow, chosen, network=network, ablation=ablation))  # type: ignore[arg-type]


def test_what_the_network_weighs_comes_out_held_near_what_is_sure(monkeypatch):
    network = Fake()
    held = colors(network, (0, 4), without("steady"))
    assert not all((c.chroma == 7).all() for c in held if c.index not in (0, 4)), "sure carriers hold it"
    by_rule = colors(None, (0, 4), without("steady"))
    for key in (0, 4):
        assert np.hypot(*(held[key].chroma - by_rule[key].chroma)).mean() < 3.5, "and keyframes are sure"
    monkeypatch.setattr(guesses, "held_near", lambda chroma, *_: chroma)
    made = colors(network, (0, 4), without("steady"))
    assert [c.index for c in made] == list(range(COUNT))
    assert all((c.chroma == 7).all() for c in made if c.index not in (0, 4))
    assert all(np.allclose(c.confidence, 0.5) for c in made if c.index not in (0, 4)), "an error of 4 is one half"
    for key in (0, 4):
        assert np.array_equal(made[key].chroma, by_rule[key].chroma), "what is known in every pixel stays"


class Compared:
    """A frame as it is compared; how many are held is counted."""

    maps = ()

    def __init__(self, lightness: np.ndarray) -> None:
        self.lightness = lightness


@dataclass
class Holding(Fake):
    """Counts how many compared frames are held while it weighs."""

    seen: list[weakref.ref[Compared]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)

    def see(self, lightness, maps):
        made = Compared(lightness)
        self.seen.append(weakref.ref(made))
        return made

    def __call__(self, *given):
        self.held.append(sum(one() is not None for one in self.seen))
        return super().__call__(*given)


def test_what_frames_were_compared_by_is_not_held_until_they_are_weighed():
    """At most what the two finders are in the middle of, and what each takes up next."""
    network = Holding()
    colors(network)
    assert len(network.held) == COUNT
    assert max(network.held) <= 4


@dataclass
class Mapped(Fake):
    """Has maps, and notes how many it is given to weigh by."""

    given: list[int] = field(default_factory=list)

    def see(self, lightness, maps):
        return Seen(lightness, (lightness,) * 3)

    def __call__(self, lightness, maps, *others):
        self.given.append(len(maps))
        return super().__call__(lightness, maps, *others)


@pytest.mark.parametrize(("sees", "expected"), [(True, 3), (False, 0)])
def test_maps_wait_for_what_weighs_only_where_it_sees_by_them(sees, expected):
    network = Mapped(sees=sees)
    colors(network)
    assert network.given == [expected] * COUNT


@dataclass
class Slow(Fake):
    """Counts how many threads have it compute at once."""

    at_once: int = 0
    most: int = 0

    def __post_init__(self):
        self.guard = threading.Lock()
        for name in ("maps", "compare"):
            setattr(self, name, partial(self.taking_long, getattr(self, name)))

    def taking_long(self, work, *given):
        with self.guard:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.01)
        answer = work(*given)
        with self.guard:
            self.at_once -= 1
        return answer

    def __call__(self, *given):
        return self.taking_long(super().__call__, *given)


def test_no_more_networks_are_at_work_than_there_are_cores(monkeypatch):
    one = threading.BoundedSemaphore(1)
    monkeypatch.setattr(by_network, "turns", lambda: one)
    network = Slow()
    assert len(colors(network)) == COUNT
    assert network.most == 1


def test_every_guess_has_its_slot():
    network = Fake()
    colors(network, (0, 4))
    between, after = network.evidence[0], network.evidence[-1]
    assert between.shape[:2] == (len(SLOTS), 5)
    assert between[SLOTS.index("before")].any()
    assert between[SLOTS.index("behind")].any()
    assert (between[SLOTS.index("found"), :2] == np.array([33, -22], np.float32)[:, None, None]).all()
    assert (between[SLOTS.index("scene"), 0] == 16.5).all()
    assert not after[SLOTS.index("behind")].any(), "no keyframe on the right"


def test_what_speaks_against_the_place_that_a_colour_comes_from_is_heard():
    network = Fake()
    colors(network, (0, 4))
    between, after = network.claims[1], network.claims[-1]
    height, width = SIZE[0] // 2, SIZE[1] // 2  # of chroma
    assert between.shape == (6, height, width)
    assert np.allclose(between[[1, 2, 4, 5]], 0.25), "of the keyframes on both sides"
    assert not after[3:].any(), "no keyframe on the right"
    assert after[0].mean() > 0.05, "the film moves, and this flow stands still: lightness is off"
    assert all(points.shape == (2, height // 4, width // 4) for points in network.origins)


def test_both_ends_of_a_gap_are_looked_up_however_many_keyframes_lie_on_one_side():
    network = Fake(weighs=False)
    colors(network, (0, 1, 2, 3, 7), keyframes=3)
    between = {4: (2, 1, 3), 5: (3, 2, 2), 6: (4, 3, 1), 7: (5, 4, 0)}
    others = {0: (0, 1, 2), 1: (1, 0, 1), 2: (2, 1, 0), 3: (2, 1, 0), 8: (6, 5, 1)}
    assert sorted(network.away) == sorted([*between.values(), *others.values()]), "between 3 and 7: 2, 3 and 7"


def test_without_its_judgement_what_it_finds_is_weighed_by_rule():
    for network in (Fake(weighs=False), Fake()):
        made = colors(network, ablation=WHOLE if not network.weighs else without("weigher"))
        assert not network.evidence
        assert "compare" in network.asked
        assert not np.array_equal(made[-1].chroma, colors(None)[-1].chroma)


def test_what_finds_nothing_alike_is_hardly_heard(monkeypatch):
    monkeypatch.setattr(guesses, "contradicted", lambda guess, _: guess)
    alike, strange = (colors(Fake(weighs=False, likeness=n))[-1].chroma for n in (1.0, -1.0))
    target = np.array([33, -22], np.float32)[:, None, None]
    assert np.abs(alike - target).mean() < np.abs(strange - target).mean()


def test_without_attention_it_is_never_asked():
    network = Fake()
    colors(network, ablation=without("attention"))
    assert not network.asked
    assert not network.evidence


def test_neighbours_are_looked_at_by_the_middle_one_of_three():
    network = Fake()
    colors(network, (0, 4))
    # 0 and 4 as keyframes; 0, 1, 2 by 1 and 3, 4 by 4; in the next gap 5 alone and 6, 7, 8 by 7.
    assert network.asked.count("maps") == 2 + 2 + 2
    assert network.asked.count("moved") == 2 + 1 + 2
    assert network.asked.count("compare") == COUNT


def test_a_frame_that_flow_loses_is_looked_at_itself():
    network = Fake()
    colors(network, (0, 4), flow=lambda first, other: still(first, other) + np.float32(20))  # there, and on and on
    assert network.asked.count("maps") == 2 + COUNT
    assert not network.asked.count("moved")


def test_guesses_say_how_good_they_are():
    size = (4, 6)
    sure, lost = (of_carried(np.zeros((2, *size)), np.full(size, c, np.float16), 10) for c in (0.9, 1e-6))
    assert sure.error.max() < lost.error.min()
    near, far = (
        of_compared(
            np.stack([np.zeros(size)] * 3 + [np.full(size, a), np.full(size, 50), np.ones(size)]), np.full(size, 0.5)
        )
        for a in (1, 0.2)
    )
    assert near.error.max() < far.error.min()
    for guess in (sure, lost, near, far, of_memory(np.zeros((2, *size)), np.full(size, 30.0))):
        assert guess.signals.shape == (3, *size)
        assert guess.signals.min() >= 0
        assert guess.signals.max() <= 2


def test_empty_slots_say_so_and_hopeless_guesses_do_not():
    some = Guess(np.ones((2, 3, 4), np.float32), np.full((3, 4), 99, np.float32), np.ones((3, 3, 4), np.float32))
    evidence, error = stacked({"found": some}, SLOTS)
    assert (error[SLOTS.index("found")] < ABSENT).all()
    assert (error[SLOTS.index("before")] == ABSENT).all()
    assert not evidence[SLOTS.index("before")].any()


def test_the_network_has_the_slots_that_are_tested_here():
    pytest.importorskip("torch")
    from vidcolor.networks.propagator import SLOTS as THEIRS

    assert THEIRS == SLOTS


def test_the_network_hears_what_the_rules_would_say():
    network = Fake()
    colors(network)
    ruled = colors(Fake(weighs=False), ablation=without("steady"))
    last = network.evidence[-1][SLOTS.index("ruled"), :2]
    assert np.allclose(last, ruled[-1].chroma, atol=1e-4)
