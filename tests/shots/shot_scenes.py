"""Films for the shot tests: textured scenes that pan, joined by transitions whose frames are known exactly.

A scene is seeded noise of several scales, so that any two are unrelated, as two takes are. Films here are signal in
percent, in which films are mixed and faded; `frames_of` gives their lightness.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from vidcolor.timeline import Rate
from vidcolor.types import Frame, Reel

SIZE = (54, 96)
MARGIN = 160
SCALES = ((3, 6.0), (8, 9.0), (24, 12.0))
"""Width in pixels and deviation in percent of each layer of noise."""


def scene(seed: int, count: int, pan: tuple[float, float] = (0.6, 0.2), mean: float = 45.0) -> np.ndarray:
    """(count, 54, 96) signal of one take: a still texture under a camera that pans by `pan` pixels a frame."""
    rng = np.random.default_rng(seed)
    height, width = SIZE[0] + MARGIN, SIZE[1] + MARGIN
    canvas = np.full((height, width), mean, np.float32)
    for scale, deviation in SCALES:
        noise = rng.standard_normal((height // scale + 2, width // scale + 2)).astype(np.float32)
        canvas += deviation * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    frames = []
    for frame in range(count):
        move = np.float32([[1, 0, -MARGIN / 2 - pan[0] * frame], [0, 1, -MARGIN / 2 - pan[1] * frame]])
        frames.append(cv2.warpAffine(canvas, move, SIZE[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
    return np.clip(np.stack(frames), 2, 98)


def ramp(count: int) -> np.ndarray:
    """Shares of the incoming picture over a transition of `count` frames."""
    return ((np.arange(count) + 1) / (count + 1)).astype(np.float32)[:, None, None]


def dissolve(before: np.ndarray, after: np.ndarray, count: int) -> np.ndarray:
    """Two takes joined by a dissolve of the last and first `count` frames."""
    share = ramp(count)
    mixed = before[-count:] * (1 - share) + after[:count] * share
    return np.concatenate([before[:-count], mixed, after[count:]])


def fade(before: np.ndarray, after: np.ndarray, count: int, hold: int, level: float) -> np.ndarray:
    """Two takes joined by a fade: `count` frames out to `level`, `hold` frames of it, `count` frames in."""
    share = ramp(count)
    out = before[-count:] * (1 - share) + level * share
    into = after[:count] * share + level * (1 - share)
    blank = np.full((hold, *SIZE), level, np.float32)
    return np.concatenate([before[:-count], out, blank, into, after[count:]])


def aged(film: np.ndarray, seed: int, flicker: float = 0.1, grain: float = 1.0) -> np.ndarray:
    """The film with a gain of its own for each frame, and grain of `grain` percent."""
    rng = np.random.default_rng(seed)
    gain = 1 + rng.uniform(-flicker, flicker, len(film))[:, None, None]
    noise = grain * rng.standard_normal(film.shape)
    return np.clip(film * gain + noise, 0, 100).astype(np.float32)


def frames_of(film: np.ndarray) -> Sequence[Frame]:
    """The film's frames in L*: light is the signal to the power 2.4 (BT.1886), L* by CIE 1976."""
    light = (np.asarray(film, np.float64) / 100) ** 2.4
    lightness = np.where(light > 216 / 24389, 116 * np.cbrt(light) - 16, light * (24389 / 27))
    return [Frame(index, picture) for index, picture in enumerate(lightness.astype(np.float32))]


def reel_of(count: int, rate: Fraction = Fraction(24), start: int = 86400, drop: bool = False) -> Reel:
    """A reel of `count` frames, timecoded from 01:00:00:00 at 24 frames a second."""
    return Reel("r1", Path("film.mov"), count, Rate.of(rate), (480, 854), start=start, drop_frame=drop, timecoded=True)
