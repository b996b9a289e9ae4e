"""The soundtrack: soft chords throughout, and in each scene the beat of something. Two channels, 48 kHz."""

from __future__ import annotations

import numpy as np

from vidcolor.example.facts import FRAME_COUNT, RATE, SHOTS
from vidcolor.example.paint import Picture

HERTZ = 48_000
LOUDEST = 0.7
CHORDS = ((220.0, 277.18, 329.63), (196.0, 246.94, 293.66), (174.61, 220.0, 261.63), (196.0, 246.94, 329.63))
"""Four soft triads, in hertz, one after another."""
BEATS = {"street": (0.48, 95, 0.03), "harbour": (1.6, 640, 0.5), "room": (0.5, 1900, 0.006),
         "hillside": (0.83, 810, 0.16), "clockwork": (0.25, 420, 0.03)}  # fmt: skip
"""Footsteps, a bell buoy, a clock, cowbells, the works: seconds from beat to beat, hertz, seconds of decay."""


def soundtrack() -> Picture:
    """(samples, 2) float32, -1..1, exactly as long as the film."""
    count = round(FRAME_COUNT / RATE.fraction * HERTZ)
    time = np.arange(count) / HERTZ
    track, length = np.zeros((count, 2)), count / len(CHORDS)
    for k, chord in enumerate(CHORDS):
        swell = np.clip(1 - np.abs(np.arange(count) - (k + 0.5) * length) / length, 0, 1) ** 2
        for note, hertz in enumerate(chord):
            track += (0.07 * swell * np.sin(2 * np.pi * hertz * time))[:, None] * [1 - 0.2 * note, 0.6 + 0.2 * note]
    for shot in SHOTS:
        start, stop = (round(frame / RATE.fraction * HERTZ) for frame in (shot.frames.start, shot.frames.stop))
        every, hertz, decay = BEATS[shot.scene]
        since = time[: stop - start] % every
        track[start:stop] += (0.12 * np.exp(-since / decay) * np.sin(2 * np.pi * hertz * since))[:, None]
    return (LOUDEST * np.tanh(track)).astype(np.float32)
