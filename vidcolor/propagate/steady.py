"""A frame's colours steadied by those of the frame before: what both say of the same thing is said once.

Frames are coloured each by itself, and what is uncertain comes out a little differently each time. The frame before,
carried along the flow with its expected error, is a second opinion, weighed as a Kalman filter weighs it: by the
inverse of the squared errors. It grows doubtful with every step, with flow that does not return, and with lightness
that changes; so nothing trails behind what moves.

Source: Kalman 1960, one state for each pixel; the measure of the doubt is ours.
"""

from __future__ import annotations

from numpy import ndarray as Array

from vidcolor.flow.warp import missed
from vidcolor.planes.kinds import full, grid_of, of
from vidcolor.planes.samples import fetch
from vidcolor.propagate.runs import Look, Step
from vidcolor.settings import PropagateSettings

DRIFT = 1.0
"""Error that a step adds in any case, in a*b*."""
MISSED, MOST_MISSED = 10.0, 10.0
"""Error for each square of how far flow misses its return, in pixels beyond `slack`, and the most that it can miss."""
CHANGED = 1 / 20
"""Error for each square of what L* changes along the flow."""
LEARNED = 1.2
"""How much two opinions are better than their mean, times the product of their weights: they are not independent."""
LEAST = 0.3
"""Least expected error."""


class Steady:
    """Steadies a shot's frames, in their order."""

    def __init__(self, settings: PropagateSettings) -> None:
        self._settings = settings
        self._before: tuple[Look, Array, Array] | None = None

    def begin(self, look: Look, chroma: Array, error: Array) -> None:
        """Goes on from a frame as it is: a keyframe."""
        self._before = (look, chroma, error)

    def state(self) -> tuple[Look, Array, Array] | None:
        """The frame before, as it came out: look, chroma and error; None before the first."""
        return self._before

    def __call__(self, look: Look, step: Step | None, chroma: Array, error: Array) -> Array:
        """Chroma (2, h, w): the frame's own, of expected error (h, w), with what the frame before says.

        How sure a colour is remains the frame's to say: said again and again it is no surer.

        step  from the frame before to this one; None for the shot's first
        """
        if step is not None and self._before is not None:
            chroma, error = combined(chroma, error, *carried(*self._before, look, step, self._settings))
        self._before = (look, chroma, error)
        return chroma


def carried(
    before: Look, chroma: Array, error: Array, look: Look, step: Step, settings: PropagateSettings
) -> tuple[Array, Array]:
    """The frame before, on this frame's pixels: chroma, and its error with the doubt that the step adds."""
    flow, onward, xp = full(step.back), full(step.onward), of(error)
    points = grid_of(error) + flow
    miss = xp.minimum(missed(flow, onward, settings.slack), MOST_MISSED)
    changed = (fetch(before.luma, points) - look.luma) * 100
    drifted = xp.sqrt(xp.square(xp.maximum(fetch(error, points), LEAST)) + DRIFT**2)
    return fetch(chroma, points), drifted + MISSED * xp.square(miss) + CHANGED * xp.square(changed)


def combined(chroma: Array, error: Array, other: Array, doubt: Array) -> tuple[Array, Array]:
    """Two opinions as one: chroma (2, h, w) and expected error (h, w) of each."""
    xp = of(error)
    share = xp.square(doubt) / (xp.square(doubt) + xp.square(error))
    mean = share * error + (1 - share) * doubt
    return other + share * (chroma - other), xp.maximum(mean * (1 - LEARNED * share * (1 - share)), LEAST)
