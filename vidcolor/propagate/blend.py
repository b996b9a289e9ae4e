"""Candidates and their confidence into one chroma.

Every carrier's own signs (agreement of flows, luma residual, spread of attention) are first turned into one measure,
the chroma error to be expected, in units of a*b* (by_superpixel.py gives its own). The constants were fitted on clips
whose colours are known.
Candidates are weighed by the fourth power of 1 / error: nearly the best one, without seams. What then has a large error
is filled from the surroundings of like lightness.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import ABSENT, error_of
from vidcolor.flow.warp import length
from vidcolor.planes.kinds import full, of, planes_of
from vidcolor.propagate.light import lit, tinted
from vidcolor.propagate.smooth import smooth
from vidcolor.settings import PropagateSettings

FLOW_LEAST, FLOW_DOUBT, FLOW_LOST, FLOW_LOW, FLOW_AGE = 1.5, 2.5, 8.0, 0.02, 0.01
"""Expected error of a carried colour: least + doubt (1 - c) + lost / (1 + c / low) + age x frames, c its confidence."""
LOOK_LEAST, LOOK_SPREAD, LOOK_DISTANCE = 3.0, 0.7, 0.7
"""Expected error of a looked-up colour: least + spread of its sources + so much for each unit of feature distance."""
LEAST_SEEN = 1e-4
"""Confidence of carrying below which all is one."""
SHARPNESS = 4
SURE = 3.0
"""Colours of this expected error and better are held against filling."""
KEEP = 0.1
LEAST_WEIGHT = 1e-4

COMPARED_LEAST, COMPARED_SPREAD, COMPARED_UNLIKE, COMPARED_LIGHT = 1.0, 0.7, 5.0, 0.06
"""Expected error of a matched colour: least + spread + unlike (1 - likeness) + light x |its lightness less the own|."""
RULED = 0.6
"""Expected error of what the rules make of all guesses, over that of their mix: the network begins near it."""
SURELY = (4.0, 6.0)
"""Expected errors of a carried colour up to which it contradicts a looked-up one wholly, and from which not at all.
Costs 0.05 dB on the held-out clips, and keeps walls out of coats."""
NEAR, YIELD = 8, 2.0
"""Frames from a keyframe within which what another keyframe says is doubted more, and how many times its expected
error is added to it at the keyframe itself."""
OLD = 50.0
"""Frames from the keyframe at which a carried colour's age reads 1."""
SPREAD_SCALE, LIGHT_SCALE, ERROR_SCALE = 20.0, 30.0, 10.0
"""Spread of colour, difference of L* and expected error that read 1."""

BROUGHT = ("before", "behind", "found")
"""Guesses that bring keyframes' colours as they are, pixel by pixel."""
WHOLLY_KNOWN, SURE_ORIGIN = np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32)
"""Expected error and confidence of keyframe colours that are as they should be."""

Candidate = tuple[Array, Array]
"""Chroma (2, h, w) and the expected error (h, w)."""


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """What one carrier says, with what speaks for it and against it."""

    chroma: Array
    """(2, h, w)"""
    error: Array
    """(h, w): expected by rule, in a*b*"""
    signals: Array
    """(3, h, w), each of about -1..1: the carrier's own signs, for the network that weighs guesses"""
    origin: Array = field(default_factory=lambda: WHOLLY_KNOWN)
    """(h, w): the error to be expected of the keyframe colours that it brings, before it brought them"""

    def thin(self, every: int) -> Guess:
        """Of every so manieth pixel each way."""
        return Guess(*(p[..., ::every, ::every] for p in (self.chroma, self.error, self.signals, self.origin)))

    @property
    def candidate(self) -> Candidate:
        return self.chroma, self.error


def of_carried(chroma: Array, confidence: Array, age: int, origin: Array = SURE_ORIGIN) -> Guess:
    """What flow carried, from a keyframe `age` frames away; origin: that keyframe's confidence where it came from."""
    xp = of(confidence)
    signals = planes_of((3, *confidence.shape), min(age / OLD, 1.0), confidence)
    signals[0] = full(confidence)
    signals[2] = xp.log10(xp.maximum(signals[0], LEAST_SEEN)) / float(np.log10(LEAST_SEEN))
    return Guess(*of_flow(chroma, confidence, age), signals, _of_places(full(origin)))


def of_compared(found: Array, luma: Array, light: Array | None = None, *, tints: bool = True) -> Guess:
    """What was matched: compare_places.PLANES (6, h, w), in a frame of `luma` (h, w), L* / 100.

    light  by how much it changed since the keyframe (light.py)
    tints  whether colours go with it
    """
    lightness = found[4] if light is None else lit(found[4] / np.float32(100), light) * np.float32(100)
    off = of(luma).abs(lightness - luma * np.float32(100))
    unlike = 1 - found[3]
    error = COMPARED_LEAST + COMPARED_SPREAD * found[2] + COMPARED_UNLIKE * unlike + COMPARED_LIGHT * off
    signals = of(luma).stack([found[2] / SPREAD_SCALE, unlike, off / LIGHT_SCALE])
    chroma = tinted(found[:2], found[4] / np.float32(100), light if tints else None)
    return Guess(chroma, error, signals, _of_places(found[5]))


def _of_places(confidence: Array) -> Array:
    """Expected error of keyframe places of this confidence; bounded, for those without colour may be mixed in."""
    return cast(Array, of(confidence).minimum(error_of(confidence), ABSENT))


def contradicted(guess: Guess, carried: Candidate) -> Guess:
    """A looked-up colour, doubted as far as a surely carried one says otherwise.

    In even places, a wall or a coat, one thing looks like another, and look-up does not know it. What flow carried
    surely is right there; if it is, the guess is off by the whole difference.

    carried  of `surely_carried`
    """
    chroma, sure = carried
    apart = length(guess.chroma - chroma)
    return replace(guess, error=full(of(apart).maximum(guess.error, sure * apart)))


def surely_carried(carried: Sequence[Guess]) -> Candidate:
    """The surest carried chroma (2, h, w), and how sure it is (h, w), 0..1."""
    chroma, error = best([g.candidate for g in carried])
    return chroma, of(error).clip((SURELY[1] - error) / (SURELY[1] - SURELY[0]), 0, 1)


def yielded(guesses: dict[str, Guess], ages: dict[str, int], unsure: Collection[str]) -> dict[str, Guess]:
    """Two carried guesses; near the keyframe of the one, where that is sure, the other is doubted more and more.

    At a keyframe the frames on its left hear its one neighbour and those on its right the other. Unless both have
    fallen silent by then, colours step from one frame to the next.

    ages    frames from each guess's keyframe
    unsure  those whose keyframe is not known in every pixel; for the others all stays as it is: what both know together
            is better (0.13 dB on a training clip), and delivery takes care of the step
    """
    near, far = sorted(guesses, key=lambda name: ages[name])
    if near not in unsure:
        return guesses
    close = 0.5 + 0.5 * np.cos(np.pi * min(ages[near] / NEAR, 1)) if ages[near] < ages[far] else 0.0
    doubt = np.float32(YIELD * close * (1 - ages[near] / max(ages[far], 1)))
    surely = surely_carried([guesses[near]])[1]
    return {**guesses, far: replace(guesses[far], error=guesses[far].error * (1 + doubt * surely))}


def of_memory(chroma: Array, error: Array) -> Guess:
    """What superpixels remember."""
    xp = of(error)
    return Guess(chroma, error, xp.broadcast_to(xp.minimum(error / ERROR_SCALE, 2.0), (3, *error.shape)))


def of_flow(chroma: Array, confidence: Array, age: int) -> Candidate:
    c = full(confidence)
    error = FLOW_LEAST + FLOW_DOUBT * (1 - c) + FLOW_LOST * FLOW_LOW / (c + FLOW_LOW) + FLOW_AGE * age
    return full(chroma), full(error)


def of_attention(looked_up: Array) -> Guess:
    """looked_up  (5, h, w), from `carry_by_attention`"""
    error = (LOOK_LEAST + LOOK_SPREAD * looked_up[2] + LOOK_DISTANCE * looked_up[3]).astype(np.float32)
    return Guess(looked_up[:2], error, np.zeros((3, *error.shape), np.float32), _of_places(looked_up[4]))


def of_rules(candidates: Sequence[Candidate], luma: Array, settings: PropagateSettings) -> Guess:
    """What the rules make of the other guesses, doubtful places filled; said to be better than any of them."""
    chroma, error = mixed(candidates)
    signals, xp = planes_of((3, *error.shape), 0.0, error), of(error)
    signals[0] = xp.minimum(error / ERROR_SCALE, 2.0)
    if settings.fill > 0:
        ruled = filled(chroma, error, luma, settings)
        signals[1:] = xp.clip((ruled - chroma) / SPREAD_SCALE, -2, 2)
        chroma = ruled
    return Guess(chroma, error * np.float32(RULED), signals)


def origin_of(guesses: Mapping[str, Guess]) -> Array:
    """(h, w): the error to be expected of the keyframe colours that a mix of the guesses brings.

    What is made of them is no surer than that: what a keyframe had to guess, every frame has from it.
    """
    brought = [guesses[name] for name in BROUGHT if name in guesses]
    if not brought:
        return WHOLLY_KNOWN
    weights = [guess.error**-SHARPNESS for guess in brought]
    return cast(Array, sum(w * g.origin for w, g in zip(weights, brought, strict=True)) / sum(weights))


def mixed(candidates: Sequence[Candidate]) -> Candidate:
    """All candidates as one: nearly the best of each pixel."""
    total = planes_of(candidates[0][1].shape, 0.0, candidates[0][1])
    chroma = planes_of((2, *total.shape), 0.0, total)
    for values, error in candidates:
        weight = error**-SHARPNESS
        total += weight
        chroma += weight * values
    return chroma / total, total ** np.float32(-1 / SHARPNESS)


def best(candidates: Sequence[Candidate]) -> Candidate:
    """The candidate of the least expected error at each pixel, as it is."""
    chroma, error = candidates[0]
    for other, doubt in candidates[1:]:
        better = doubt < error
        xp = of(error)
        chroma, error = xp.where(better, other, chroma), xp.where(better, doubt, error)
    return chroma, error


def blend(
    candidates: Sequence[Candidate],
    luma: Array,
    settings: PropagateSettings,
    mix: Callable[[Sequence[Candidate]], Candidate] = mixed,
) -> Candidate:
    """All candidates made one by `mix`, and filled."""
    chroma, error = mix(candidates)
    if settings.fill > 0:
        chroma = filled(chroma, error, luma, settings)
    return chroma, error


def nearer(candidates: Sequence[Candidate]) -> Candidate:
    """The baseline's rule: the nearer keyframe's candidate, as it is."""
    return min(candidates, key=lambda c: float(c[1].mean()))


def filled(chroma: Array, error: Array, luma: Array, settings: PropagateSettings) -> Array:
    """Doubtful colours replaced, in the measure of the doubt, by those around them of like lightness."""
    weight = of(error).clip((SURE / error) ** 3, LEAST_WEIGHT, 1)
    around = smooth(chroma, weight, luma, strength=settings.fill, sigma=settings.edge)
    keep = weight / (weight + KEEP)
    return chroma * keep + around * (1 - keep)
