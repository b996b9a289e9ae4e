"""Dissolves and fades, found in the measures of a run of frames.

Each hypothesis predicts how the logarithm of every energy steps from frame to frame. It is weighed against
the plain one, that energies only wander as they do inside a shot, by the robust likelihood of the steps:
    gain = mean over scales, directions and regions of the sum over frames of
           log(1 + step^2 / s^2) - log(1 + (step - predicted)^2 / s^2)
Steps, not levels, are compared, so that a range too long or too short by a frame loses; that places both ends.

- dissolve: (1-a)^2 A + a^2 B, `a` rising by even steps, A and B the energies before and after;
- fade: (1-a)^2 A + N, N the energy of the black or white frame; and the same backwards for what follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import loose
from vidcolor.shots.measure import BANDS, Measures
from vidcolor.timeline import FrameRange

ANCHOR = 4
"""Frames before and after a transition whose energies it joins."""
FEWEST_ANCHOR = 2
SHORTEST_DISSOLVE = 6
SHORTEST_FADE = 3
FINE_LENGTHS = 24
PARTS_AGREE = 0.6
"""Share of the threshold that the middle one of the scales must reach in both directions: a mixture dips at every
scale and direction, a pan's blur most along the pan."""
DEEPEST = 2.0
"""Times the fall of a mixture's contrast that is too deep for one: a whip pan blurs away far more."""
RUN = 32
"""Frames whose likelihoods are multiplied before the logarithm is taken: 1e5 each at most, within double precision."""
WORTH, SLACK, NEVER = 4, 0.01, -1e9
"""Every so many frames it is seen whether a hypothesis can still gain enough; to be let go it must miss that by SLACK,
far more than sums in another order differ by. NEVER is a gain that all reach."""
USUAL_LENGTH = 24
"""A dissolve longer than this must gain in proportion: a slow tilt resembles one by and by."""
"""Up to here every length of a dissolve is tried, beyond it every twelfth part more."""
ENERGY_NOISE = 0.05
"""Energy in percent squared below which a region is empty: less than an 8-bit code's rounding."""
STEADY = 0.05
"""Smallest step of the log energy taken for a scene's own restlessness."""
FADE_STEP = 0.2
"""The same for fades: flicker of 10 % moves the log energy by that much."""
FLICKER_REACH = 4
"""Frames on each side over which the mean signal is smoothed to tell flicker from the scene's own light."""
LEAST_LIGHT = 2.0
"""Added to the mean signal, in percent, so that a black frame's gain is not sought in its grain."""
FAINT = 0.45
"""A fade's middle holds less than this share of the contrast on both sides."""
EMPTY = 0.05
"""Spread, in percent, below which there is no contrast that could fall: a plain card holds the dust of rounding."""
BLANK_SPREAD = 2.0
BLACK, WHITE = 6.0, 94.0
"""A frame whose spread is less and whose mean signal is beyond is black or white, whatever is around it."""
DARK, LIGHT = 25.0, 75.0
"""Mean lightness beyond which a faint frame may be a fade's middle."""
ODD_REACH = 2
"""Dirty or flashed frames in a row that a running median passes over."""
EXTREME_WEIGHT = 0.1
MEAN_WEIGHT = 12
"""In a fade the mean signal counts as much as so many columns of energy: it alone moves when plain cards fade."""


@dataclass(frozen=True, slots=True)
class Found:
    """A transition: its frames, where the later shot begins, and its gain over the plain hypothesis."""

    frames: FrameRange
    boundary: int
    gain: float


def find_dissolves(measures: Measures, within: FrameRange, threshold: float, longest: int) -> list[Found]:
    """Dissolves inside `within`, a run that no cut or fade interrupts, in order; their ranges are disjoint."""
    if len(within) < SHORTEST_DISSOLVE + 2 * FEWEST_ANCHOR:
        return []
    span = slice(within.start, within.stop)
    steady = _without_flicker(measures.energy[span], measures.mean[span])
    levels = np.log(steady + ENERGY_NOISE).astype(np.float32)
    step = np.maximum(STEADY, 1.4826 * np.median(np.abs(np.diff(levels, axis=0)), axis=0)).astype(np.float32)
    lengths = _lengths(min(longest, len(within) - 2 * FEWEST_ANCHOR))
    usual = np.maximum(1.0, lengths / USUAL_LENGTH).astype(np.float32)
    gains = _dissolve_gains(levels, 1 / step, lengths, threshold * usual.astype(np.float64)) / usual
    found = []
    while gains.size and gains.max() > threshold:
        start, which = np.unravel_index(int(np.argmax(gains)), gains.shape)
        stop = int(start) + int(lengths[which])
        if _is_mixture(levels, step, (int(start), stop), threshold):
            found.append(_found(within.start + int(start), within.start + stop, float(gains[start, which])))
        for column, length in enumerate(lengths):
            gains[max(0, int(start) - int(length) - 1) : stop + 1, column] = 0.0
    return sorted(found, key=lambda each: each.boundary)


def _found(start: int, stop: int, gain: float) -> Found:
    return Found(FrameRange(start, stop), (start + stop) // 2, gain)


def _lengths(longest: int) -> Array:
    fine = list(range(SHORTEST_DISSOLVE, min(longest, FINE_LENGTHS) + 1))
    length = FINE_LENGTHS
    while (length := length + max(2, length // 12)) <= longest:
        fine.append(length)
    return np.array(fine, np.int64)


def _without_flicker(energy: Array, mean: Array) -> Array:
    """Energies as they would be if each frame's mean signal were that of its neighbourhood."""
    light = mean.astype(np.float64) + LEAST_LIGHT
    count = len(light)
    sums = np.concatenate([[0.0], np.cumsum(light)])
    at = np.arange(count)
    reach = np.minimum(np.minimum(at, count - 1 - at), FLICKER_REACH)
    gain = light * (2 * reach + 1) / (sums[at + reach + 1] - sums[at - reach])
    return energy / (gain * gain)[:, None]


def _is_mixture(levels: Array, step: Array, frames: tuple[int, int], threshold: float) -> bool:
    """True if contrast falls as in a mixture: at every scale, across and down alike, and no deeper than it can."""
    start, stop = frames
    parts = [
        _dissolve_gain(np.ascontiguousarray(part), 1 / part_step, start, stop, np.zeros(len(levels) + 1), NEVER)
        for part, part_step in zip(np.split(levels, 2 * BANDS, axis=1), np.split(step, 2 * BANDS), strict=True)
    ]
    agreed = np.median(np.reshape(parts, (BANDS, 2)), axis=0).min() > PARTS_AGREE * threshold
    return bool(agreed) and max(_depths(levels, start, stop)) < DEEPEST


def _depths(levels: Array, start: int, stop: int) -> tuple[float, float]:
    """How deep the contrast falls across and down, 1 for a mixture of what is before and after."""
    before = levels[max(0, start - ANCHOR) : start].mean(axis=0)
    after = levels[stop : stop + ANCHOR].mean(axis=0)
    share = ((np.arange(stop - start) + 1) / (stop - start + 1))[:, None]
    straight = (1 - share) * before + share * after
    fall = np.log((1 - share) ** 2 * np.exp(before) + share**2 * np.exp(after)) - straight
    seen = levels[start:stop] - straight
    depth = np.reshape((seen * fall).sum(axis=0) / (fall * fall).sum(axis=0), (BANDS, 2, -1))
    return float(np.median(depth[:, 0])), float(np.median(depth[:, 1]))


@loose()
def _dissolve_gains(levels: Array, scale: Array, lengths: Array, least: Array) -> Array:  # pragma: no cover
    """(frames, lengths): the gain of a dissolve that begins at each frame with each length; 0 where none fits, and
    something below the `least` of its length where it is let go."""
    count, columns = levels.shape
    steps = np.zeros(count + 1)
    for frame in range(1, count):
        plain = np.ones(columns)
        for column in range(columns):
            moved = (levels[frame, column] - levels[frame - 1, column]) * scale[column]
            plain[column] += moved * moved
        steps[frame + 1] = steps[frame]
        for column in range(columns):
            steps[frame + 1] += np.log(plain[column])
    gains = np.zeros((count, len(lengths)), np.float32)
    for which in range(len(lengths)):
        for start in range(FEWEST_ANCHOR, count - lengths[which] - FEWEST_ANCHOR + 1):
            gains[start, which] = _dissolve_gain(levels, scale, start, start + lengths[which], steps, least[which])
    return gains


@loose()
def _dissolve_gain(
    levels: Array, scale: Array, start: int, stop: int, steps: Array, least: float
) -> float:  # pragma: no cover
    """Gain of a dissolve of the frames `start` to `stop`. All columns go side by side: the inner loops are vectors.

    steps  (frames + 1,): sums, from the first frame on, of what its step could gain if it were foreseen to a hair:
           where all that is left would not lift the gain above `least`, the rest is not looked at
    """
    count, columns = levels.shape
    first, last = max(0, start - ANCHOR), min(count, stop + ANCHOR)
    rise, ratio = np.zeros(columns, np.float32), np.empty(columns, np.float32)
    level, reached = np.empty(columns, np.float32), np.zeros(columns, np.float32)
    plain, mixed = np.ones(columns), np.ones(columns)
    for frame in range(first, start):
        for column in range(columns):
            rise[column] -= levels[frame, column] / np.float32(start - first)
    for frame in range(stop, last):
        for column in range(columns):
            rise[column] += levels[frame, column] / np.float32(last - stop)
    for column in range(columns):
        ratio[column] = np.exp(rise[column])
    total = 0.0
    for frame in range(start, stop + 1):
        share = np.float32((frame - start + 1) / (stop - start + 1))
        for column in range(columns):
            level[column] = np.log((1 - share) * (1 - share) + share * share * ratio[column])
        if frame == stop:
            for column in range(columns):
                level[column] = rise[column]
        now, before = levels[frame], levels[frame - 1]
        for column in range(columns):
            moved = (now[column] - before[column]) * scale[column]
            missed = moved - (level[column] - reached[column]) * scale[column]
            plain[column] *= 1 + moved * moved
            mixed[column] *= 1 + missed * missed
            reached[column] = level[column]
        if (frame - start) % RUN == RUN - 1:
            for column in range(columns):
                total += np.log(plain[column] / mixed[column])
            for column in range(columns):
                plain[column], mixed[column] = 1, 1
        elif (frame - start) % WORTH == WORTH - 1:
            open_gain = total + steps[stop + 1] - steps[frame + 1]
            for column in range(columns):
                open_gain += np.log(plain[column] / mixed[column])
            if open_gain < (least - SLACK) * columns:
                return least - SLACK
    for column in range(columns):
        total += np.log(plain[column] / mixed[column])
    return total / columns


def find_fades(measures: Measures, threshold: float, longest: int) -> list[Found]:
    """Fades out of one shot and into the next through black or white, in order; their ranges are disjoint.

    One side may be hard, not both: that is two cuts. At the film's head the side before, and at its tail the side
    after, is not asked for.
    """
    found: list[Found] = []
    runs = _faint_runs(measures, longest)
    rooms = [start for start, _ in runs[1:]] + [len(measures)]
    for run, limit in zip(runs, rooms, strict=False):
        room = FrameRange(found[-1].frames.stop if found else 0, limit)
        fade = _fade(measures, run, room, (threshold, longest))
        if fade:
            found.append(fade)
    return found


def _faint_runs(measures: Measures, longest: int) -> list[tuple[int, int]]:
    """Runs of frames that are black or white, or so much fainter than what is before and after them."""
    spread, mean = _without_odd(measures.spread), _without_odd(measures.mean)
    count = len(spread)
    blank = (spread < BLANK_SPREAD) & ((mean < BLACK) | (mean > WHITE))
    before = np.array([spread[max(0, t - longest) : t + 1].max() for t in range(count)])
    after = np.array([spread[t : t + longest + 1].max() for t in range(count)])
    least = np.minimum(before, after)
    faint = (spread < FAINT * least) & (least > EMPTY) & ((mean < DARK) | (mean > LIGHT))
    return runs_of(blank | faint)


def runs_of(marked: Array) -> list[tuple[int, int]]:
    """Runs of true: (first, the one behind the last) of each."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _without_odd(values: Array) -> Array:
    """Running median of 5 frames: one or two dirty frames in a black run, or flashes elsewhere, do not show."""
    padded = np.pad(values, ODD_REACH, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * ODD_REACH + 1), axis=1)


def _fade(measures: Measures, run: tuple[int, int], room: FrameRange, limits: tuple[float, int]) -> Found | None:
    """The fade whose faintest frames are `run`, inside `room`, if its sides fade rather than jump."""
    start, stop = max(run[0], room.start), run[1]
    if start >= stop:
        return None
    count, (threshold, longest) = len(measures), limits
    middle, reach = _faintest(measures, start, stop), 2 * longest + ANCHOR + 1
    first, behind = max(0, middle - reach), min(count, middle + 1 + reach)  # all that a ramp looks at
    apart = (measures.mean[first:behind] - measures.mean[middle]) ** 2
    signals = np.concatenate([measures.energy[first:behind], np.repeat(apart[:, None], MEAN_WEIGHT, axis=1)], axis=1)
    levels = np.log(signals + ENERGY_NOISE).astype(np.float32)
    begin, hold, out_gain = _ramp(levels, middle - first, room.start - first, longest)
    begin, hold = begin + first, hold + first
    flipped = np.ascontiguousarray(levels[::-1])
    end, resume, in_gain = _ramp(flipped, behind - 1 - middle, behind - room.stop, longest)
    end, resume = behind - end, behind - resume
    if start == 0 or out_gain < threshold or begin >= start:
        begin = hold = start
    if stop == count or in_gain < threshold or end <= stop:
        end = resume = stop
    if max(out_gain, in_gain) < threshold and start > 0 and stop < count:
        return None
    boundary = min(max((hold + resume) // 2, begin + 1), end)
    if start == 0 or stop == count:
        boundary = begin
    return Found(FrameRange(begin, end), boundary, float(max(out_gain, in_gain)))


def _faintest(measures: Measures, start: int, stop: int) -> int:
    """The frame with the least contrast of the run, the middle one of several; among plain frames, the most extreme.

    The mean signal counts for little: with flicker, white frames differ in it by chance.
    """
    mean = _without_odd(measures.mean)[start:stop]
    extreme = np.minimum(mean, 100.0 - mean) * EXTREME_WEIGHT
    faintness = np.round(_without_odd(measures.spread)[start:stop] + extreme, 1)
    least = np.flatnonzero(faintness == faintness.min())
    return start + int(least[len(least) // 2])


def _ramp(levels: Array, middle: int, floor: int, longest: int) -> tuple[int, int, float]:
    """(first fading frame, first blank frame, gain) of the best fade that has ended at `middle`."""
    best = (middle, middle, 0.0)
    ground = levels[middle]
    for hold in range(middle + 1, max(floor, middle - longest), -1):
        if hold <= middle and np.median(np.abs(levels[hold] - ground)) > 1.0:
            break
        for begin in range(hold - SHORTEST_FADE, max(floor + FEWEST_ANCHOR, hold - longest) - 1, -1):
            gain = _ramp_gain(levels, begin, hold, middle)
            if gain > best[2]:
                best = (begin, hold, gain)
    return best


@loose()
def _ramp_gain(levels: Array, begin: int, hold: int, middle: int) -> float:  # pragma: no cover
    """Gain of a fade from the scene before `begin` to the blank frames `hold` to `middle`."""
    columns = levels.shape[1]
    scale = 1.0 / (FADE_STEP * FADE_STEP)
    total = 0.0
    for column in range(columns):
        before = levels[max(0, begin - ANCHOR) : begin, column].mean()
        rest = np.exp(levels[middle, column] - before)
        if hold > middle:
            rest = np.float32(0)
        last = np.float32(0)
        for frame in range(begin, middle + 1):
            share = min(1.0, (frame - begin + 1) / (hold - begin + 1))
            level = np.log((1 - share) * (1 - share) * (1 - rest) + rest + 1e-6)
            moved = levels[frame, column] - levels[frame - 1, column]
            missed = moved - (level - last)
            last = level
            total += np.log((1 + moved * moved * scale) / (1 + missed * missed * scale))
    return total / columns
