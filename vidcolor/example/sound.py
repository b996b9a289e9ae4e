"""The soundtrack: soft chords throughout, and each scene's own noises. Two channels, 48 kHz."""

from __future__ import annotations

import numpy as np

from vidcolor.example.facts import FRAME_COUNT, RATE, SHOTS
from vidcolor.example.texture import Picture

HERTZ = 48_000
LOUDEST = 0.7
CHORDS = ((220.0, 277.18, 329.63), (196.0, 246.94, 293.66), (174.61, 220.0, 261.63), (196.0, 246.94, 329.63))
"""Four soft triads, in hertz, one after another."""


def soundtrack() -> Picture:
    """(samples, 2) float32, -1..1, exactly as long as the film."""
    count = round(FRAME_COUNT / RATE.fraction * HERTZ)
    track = _music(count)
    makers = {"street": _street, "harbour": _harbour, "room": _ticking, "hillside": _wind, "clockwork": _works}
    for number, shot in enumerate(SHOTS):
        start, stop = (round(frame / RATE.fraction * HERTZ) for frame in (shot.frames.start, shot.frames.stop))
        part = makers[shot.scene](stop - start, number) * _fade(stop - start)
        track[start:stop] += part[:, None] * np.array([1.0, 0.8] if number % 2 else [0.8, 1.0])
    return (LOUDEST * np.tanh(track)).astype(np.float32)


def _fade(count: int) -> Picture:
    """Gentle ends for a run of samples, so that nothing clicks."""
    edge = np.clip(np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.08 * HERTZ), 0, 1)
    return edge * edge * (3 - 2 * edge)


def _music(count: int) -> Picture:
    time = np.arange(count) / HERTZ
    length = count / len(CHORDS)
    out = np.zeros((count, 2))
    for k, chord in enumerate(CHORDS):
        swell = np.clip(1 - np.abs(np.arange(count) - (k + 0.5) * length) / length, 0, 1) ** 2
        for note, hertz in enumerate(chord):
            tone = np.sin(2 * np.pi * hertz * time) + 0.3 * np.sin(4 * np.pi * hertz * time + note)
            out += (0.06 * swell * tone)[:, None] * np.array([1 - 0.2 * note, 0.6 + 0.2 * note])
    return out


def _hiss(count: int, seed: int, low: float, high: float) -> Picture:
    """Noise of the band `low` to `high` hertz, deviation 1."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / HERTZ)
    spectrum *= 1 / (1 + (hertz / high) ** 4) * (hertz / low) ** 2 / (1 + (hertz / low) ** 2)
    sound = np.fft.irfft(spectrum, count)
    return sound / sound.std()


def _knocks(count: int, every: float, hertz: float, decay: float) -> Picture:
    """A short ringing knock every so many seconds."""
    time = np.arange(count) / HERTZ
    since = time % every
    return np.exp(-since / decay) * np.sin(2 * np.pi * hertz * since)


def _street(count: int, seed: int) -> Picture:
    """Footsteps on stone, a tram that rumbles past."""
    passing = np.exp(-(((np.arange(count) / count - 0.55) / 0.3) ** 2))
    steps = _knocks(count, 0.48, 95, 0.03) + 0.3 * _hiss(count, seed, 900, 4000) * _knocks(count, 0.48, 0.4, 0.012)
    return 0.28 * steps + 0.09 * _hiss(count, seed + 10, 40, 260) * passing


def _harbour(count: int, seed: int) -> Picture:
    """Waves that come and go, a bell buoy."""
    time = np.arange(count) / HERTZ
    waves = _hiss(count, seed, 200, 1800) * (0.5 + 0.5 * np.sin(2 * np.pi * time / 1.9))
    return 0.06 * waves + 0.07 * _knocks(count, 1.6, 640, 0.5)


def _ticking(count: int, seed: int) -> Picture:
    """The wall clock."""
    return 0.1 * _knocks(count, 0.5, 1900, 0.006) + 0.012 * _hiss(count, seed, 100, 600)


def _wind(count: int, seed: int) -> Picture:
    """Wind over grass, cowbells."""
    gusts = 0.6 + 0.4 * np.sin(2 * np.pi * np.arange(count) / count * 1.5)
    return 0.05 * _hiss(count, seed, 120, 900) * gusts + 0.05 * _knocks(count, 0.83, 810, 0.16)


def _works(count: int, seed: int) -> Picture:
    """The movement of the tower clock."""
    return 0.13 * _knocks(count, 0.25, 420, 0.03) + 0.07 * _knocks(count, 0.0625, 2600, 0.004)
