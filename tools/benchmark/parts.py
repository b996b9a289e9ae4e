"""Two older measurements: milliseconds of SLIC, and whether memory grows with the film's length."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from benchmark import films
from benchmark.costs import run_measured
from benchmark.quality import Tell
from vidcolor.superpixels.segment import segment

ROUNDS = 25
KEY = 10
MINUTES = (1, 1, 10)
"""The first also compiles, which takes memory of its own."""


def superpixels(tell: Tell) -> None:
    for (height, width), count in (((480, 854), 1900), ((1080, 1920), 4300)):
        rng = np.random.default_rng(0)
        coarse = rng.uniform(0, 100, (height // 12, width // 12))
        rough = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        picture = np.clip(rough + rng.normal(0, 2, rough.shape), 0, 100).astype(np.float32)
        segment(picture, count)
        walls, cpus = [], []
        for _ in range(ROUNDS):
            wall, cpu = time.perf_counter(), time.process_time()
            segment(picture, count)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        tell(f"{width}x{height} into {count}: wall {1000 * min(walls):.1f} ms (median {1000 * np.median(walls):.1f}), "
             f"CPU {1000 * np.median(cpus):.1f} ms")  # fmt: skip


def memory(tell: Tell) -> None:
    """A drifting picture of 320x240, one shot, one keyframe; the whole job in a process of its own."""
    for minutes in MINUTES:
        count = round(24 * 60 * minutes)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            films.write_film(folder / "film.mkv", drifting_frames(count))
            key = next(frame for n, frame in enumerate(drifting_frames(KEY + 1)) if n == KEY)
            films.write_key(folder / "refs" / f"{KEY:06d}.png", films.tinted(key))
            given = ["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
            cost = run_measured([sys.executable, "-P", "-m", "vidcolor", *given], folder / "run.log")
        tell(f"{minutes:3} min, {count} frames: peak {cost.peak_mib:.0f} MiB")


def drifting_frames(count: int) -> Iterator[Array]:
    """(240, 320) luma codes of a picture that drifts to and fro."""
    rng = np.random.default_rng(0)
    wide = cv2.resize(rng.uniform(300, 700, (30, 200)), (1600, 240), interpolation=cv2.INTER_CUBIC).astype(np.uint16)
    for number in range(count):
        left = abs(number % 2000 - 1000)
        yield wide[:, left : left + 320]
