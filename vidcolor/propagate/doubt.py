"""What a coloured shot leaves in doubt: how far off its colours probably look, and where a keyframe would help.

What the network expects of its own error is too small where it matters most: for colours that fade, gray is the safe
answer, and safe answers look sure. So it is one of several signs here. The others are what speaks against it from
outside: how far the result has moved from what was looked up and from what was carried, and whether anything like the
pixel was found at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import error_of
from vidcolor.flow.warp import length
from vidcolor.planes.kinds import down, full, like, of, on_device
from vidcolor.propagate.blend import BROUGHT, Guess, origin_of
from vidcolor.propagate.links import Gain, Links
from vidcolor.propagate.points import Points
from vidcolor.propagate.runs import Step


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected CIEDE2000 of a pixel: scale x expected error ^ trust x (1 + distance to what was looked up / APART) ^
    looked_up, likewise carried, x e ^ (unlike x how unlike the found place is)."""

    scale: float
    trust: float
    looked_up: float
    carried: float
    unlike: float


BY_NETWORK = Calibration(1.21, 0.651, 0.584, 0.27, 0.461)
BY_RULE = Calibration(1.10, 0.828, 0.527, 0.394, 0.0)
"""As propagation weighs by network or by rule. Fitted by gamma regression to 19 and 7 clips that the networks were not
trained on, coloured from their first frame at chroma 228x128. With each clip left out in turn, all of 121 frames that
are off by more than 6 in the mean are listed as doubtful, and none of those off by less than 3; by rule, all of 82 and
none."""
GUESSED, GUESSED_TRUST, GUESSED_VISIBLE = 0.64, 1.1, 0.42
"""Expected CIEDE2000 of a keyframe's pixel: GUESSED x expected error ^ GUESSED_TRUST x what the eye sees of a small
difference there ^ GUESSED_VISIBLE: of a large one it sees more. Fitted to 70 training frames beside pictures of another
framing; of 45 others it expects 9.4 % of the area to be off by more than 6, and 8.7 % is."""
APART = 5.0
"""Distance from another carrier's colour, in CIEDE2000, that speaks against a colour as its own error does."""
LEAST = 0.3
"""Expected error, in a*b*, below which all is one."""
PALE = 0.045
"""Chroma by which the eye becomes blind to differences of it: CIEDE2000's weight for chroma is 1 + 0.045 C*."""
BOUNDS = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 13.0, 17.0, 22.0, 30.0)
"""CIEDE2000 beyond which areas are told; between them, areas go in straight lines."""
EVERY = 2
"""Pixels looked at, each way."""
KNOWN, UNKNOWN = 3.0, 9.0
"""Expected CIEDE2000 up to which a pixel counts as known, and from which as wholly unknown."""
MOST_OFF = 20.0
"""Expected CIEDE2000 beyond which all is as far off."""
MOST = 3
"""Suggestions for one shot."""
LEAST_GAIN = 0.25
"""Frames that a suggestion must make known at least."""
PART = 0.5
"""Cells that gain at least this part of the most that one cell gains make the pieces, the best of which is boxed."""
POINTS = 40
"""Points named at most where one colour, said by a person, would put most right: hints answer more than their own."""
WHOLE = (slice(None), slice(None))
PLACES, APART_CELLS = 4, 4
"""Places named at most, and cells between two of them at least."""


def expected_difference(
    chroma: Array, error: Array, guesses: Mapping[str, Guess], calibration: Calibration = BY_NETWORK
) -> Array:
    """(h, w): how far a frame's colours are probably off, in CIEDE2000.

    chroma   (2, h, w): the result
    error    (h, w), in a*b*: expected by those who made it
    guesses  what it was made of, by name of carrier
    """
    visible = _visible(chroma)
    xp = of(error)
    trust = np.float32(calibration.trust) * xp.log(xp.maximum(error, LEAST) * visible)
    log = np.float32(np.log(calibration.scale)) + trust
    carried = [guesses[name] for name in ("before", "behind") if name in guesses]
    if carried:
        away = _distance(chroma, _surest(carried))
        log += np.float32(calibration.carried) * xp.log1p(away * visible / np.float32(APART))
    if (found := guesses.get("found")) is not None:
        away = _distance(chroma, found.chroma)
        log += np.float32(calibration.looked_up) * xp.log1p(away * visible / np.float32(APART))
        log += np.float32(calibration.unlike) * found.signals[1]
    return cast(Array, xp.maximum(xp.exp(log), of_keyframe(chroma, like(origin_of(guesses), error))))


def of_keyframe(chroma: Array, error: Array) -> Array:
    """(h, w): how far a keyframe's colours (2, h, w) are probably off, in CIEDE2000; error (h, w), in a*b*."""
    scale = np.float32(GUESSED) * error ** np.float32(GUESSED_TRUST)
    return cast(Array, scale * _visible(chroma) ** np.float32(GUESSED_VISIBLE))


def _surest(carried: Sequence[Guess]) -> Array:
    """The chroma of the guess that is surest on the whole."""
    if on_device(carried[0].chroma) and len(carried) == 2:  # which one that is, the processor is not asked
        one, other = carried
        return cast(Array, of(one.chroma).where(one.error.mean() <= other.error.mean(), one.chroma, other.chroma))
    return min(carried, key=lambda guess: float(guess.error.mean())).chroma if len(carried) > 1 else carried[0].chroma


def _distance(chroma: Array, other: Array) -> Array:
    return length(chroma - other)


class Doubt:
    """Gathers the doubt of one shot while it is coloured, frame after frame."""

    def __init__(
        self,
        size: tuple[int, int],
        count: int,
        inside: tuple[slice, slice] = WHOLE,
        dark: Mapping[int, float] | None = None,
    ) -> None:
        """size    (height, width) of the shot's chroma; count  its frames
        inside  rows and columns of it that count
        dark    how much of its colour a fade leaves a frame, 0 to 1, by position: no more is off
        """
        self._links = Links(size, count)
        self._area = np.zeros((count, len(BOUNDS)), np.int16)
        self._size, self._thin_size = size, (-(-size[0] // EVERY), -(-size[1] // EVERY))
        self._points = Points(self._thin_size, count)
        counts = np.zeros(size, np.bool_)
        counts[inside] = True
        self._counts = _thin(counts)
        self._share = self._counts.mean()
        self._dark = dark or {}

    def follow(self, step: Step | None) -> None:
        """Goes on to the next frame; None for the first."""
        if step is not None:
            self._links.step(step.onward, step.back)

    def see_key(self, position: int, luma: Array, chroma: Array, confidence: Array) -> None:
        """Takes a keyframe, the frame that was followed last.

        luma  (h, w) L* / 100; chroma  (2, h, w); confidence  (h, w) 0..1
        """
        luma, chroma, confidence = (down(_thin(planes)) for planes in (luma, chroma, confidence))
        expected = self._seen(position, of_keyframe(chroma, error_of(confidence)))
        self._take(position, luma, chroma, expected, key=True)

    def see(self, position: int, luma: Array, chroma: Array, error: Array, guesses: Mapping[str, Guess]) -> None:
        """Takes a coloured frame, the one that was followed last; see `expected_difference`. luma  (h, w) L* / 100"""
        thin = {name: g.thin(EVERY) for name, g in guesses.items() if name in BROUGHT}
        calibration = BY_NETWORK if "ruled" in guesses else BY_RULE
        expected = down(expected_difference(_thin(chroma), _thin(error), thin, calibration))
        self._take(position, down(_thin(luma)), down(_thin(chroma)), self._seen(position, expected))

    def _seen(self, position: int, expected: Array) -> Array:
        """What is off in full light, as the frame shows it."""
        return expected * np.float32(self._dark.get(position, 1.0))

    def see_nothing(self, position: int) -> None:
        """Takes a frame that has no colours at all, and was not looked at."""
        nothing = np.zeros((3, *self._thin_size), np.float32)
        self._take(position, nothing[0], nothing[1:], np.full(self._thin_size, np.inf, np.float32))

    def _take(self, position: int, luma: Array, chroma: Array, expected: Array, *, key: bool = False) -> None:
        expected = np.where(self._counts, expected, np.float32(0))
        self._area[position] = [round(1000 * float(np.mean(expected > bound) / self._share)) for bound in BOUNDS]
        self._points.see(position, luma * np.float32(100), chroma, np.minimum(expected, np.float32(MOST_OFF)))
        self._links.see(position, np.clip((expected - KNOWN) / (UNKNOWN - KNOWN), 0, 1), key=key)

    def state(self) -> dict[str, Array]:
        """All that is gathered so far, as plain arrays (halt.py)."""
        return {"area": self._area, **self._points.state(), **self._links.state()}

    def go_on(self, state: Mapping[str, Array]) -> None:
        """Takes up what `state` gave for the same shot."""
        self._area = state["area"].copy()
        self._points.go_on(state)
        self._links.go_on(state)

    def area(self) -> dict[str, Any]:
        """For the report: bounds in CIEDE2000, and for each frame the thousandths of its area that pass each.

        What is missing at the end of a frame's numbers is 0.
        """
        return {"bounds": list(BOUNDS), "area": [[n for n in row if n] for row in self._area.tolist()]}

    def suggestions(self, first: int, stop: int, size: tuple[int, int]) -> list[Suggested]:
        """Where one more keyframe would help among positions first <= p < stop, best first, in pixels of `size`."""
        gains = self._links.gains(MOST, first, stop)
        return [_suggested(gain, size) for gain in gains if gain.area >= LEAST_GAIN]

    def points(self, first: int, stop: int, size: tuple[int, int]) -> list[PointToSay]:
        """Where one colour would put most right, among positions first <= p < stop, best first; in pixels of `size`."""
        down, along = (n / own for n, own in zip(size, self._size, strict=True))
        return [
            PointToSay(
                p.position, (int((EVERY * p.x + 0.5) * along), int((EVERY * p.y + 0.5) * down)), round(p.gain, 2)
            )
            for p in self._points.best(POINTS, first, stop)
        ]


@dataclass(frozen=True, slots=True)
class PointToSay:
    """A point of a frame where a person's colour would put most right."""

    position: int
    at: tuple[int, int]
    gain: float
    """See points.Point"""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A frame that would help as a keyframe; see `vidcolor.state.overview` for what its parts mean."""

    position: int
    gain: float
    box: tuple[int, int, int, int]
    places: tuple[tuple[int, int], ...]


def _suggested(gain: Gain, size: tuple[int, int]) -> Suggested:
    """In pixels of a picture of `size`: the box around the piece that gains most, and the cells that gain most."""
    rows, columns = gain.cells.shape
    down, along = size[0] / rows, size[1] / columns
    smooth = cv2.blur(gain.cells, (3, 3), borderType=cv2.BORDER_REPLICATE)
    _, pieces = cv2.connectedComponents((smooth >= PART * smooth.max()).astype(np.uint8))
    worth = np.bincount(pieces.ravel(), smooth.ravel())
    worth[0] = 0  # what is in no piece
    y, x = np.nonzero(pieces == worth.argmax())
    left, top = round(x.min() * along), round(y.min() * down)
    box = (left, top, round((x.max() + 1) * along), round((y.max() + 1) * down))
    places: list[tuple[int, int]] = []
    rest = smooth.copy()
    while len(places) < PLACES and rest.max() >= PART * smooth.max():
        row, column = np.unravel_index(int(rest.argmax()), rest.shape)
        places.append((int((column + 0.5) * along), int((row + 0.5) * down)))
        rest[
            max(0, row - APART_CELLS) : row + APART_CELLS + 1, max(0, column - APART_CELLS) : column + APART_CELLS + 1
        ] = -1
    return Suggested(gain.position, round(gain.area, 2), box, tuple(places))


def _thin(planes: Array) -> Array:
    """Every second pixel each way: areas need no more."""
    return planes[..., ::EVERY, ::EVERY]


def _visible(chroma: Array) -> Array:
    """(h, w): CIEDE2000 for a unit of a*b*, about, near these colours."""
    return full(1 / (1 + np.float32(PALE) * length(chroma)))
