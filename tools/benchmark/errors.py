"""Where the errors sit: predicted confidence against measured error, kinds of places, and who was right.

The propagation itself, in this process, at chroma size, on the clips' true luma and colours. At sampled pixels of
every frame between keyframes: the result's CIEDE2000 under the true lightness, its confidence, each candidate's
CIEDE2000 and expected error, and what kind of place it is. A choice of the truly best candidate at each pixel is what
any blend of these candidates without filling could reach at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from benchmark.clips import read
from benchmark.jobs import keys_of
from benchmark.quality import Tell
from benchmark.tables import number, table
from vidcolor.color import delta_e, lab_to_rgb, rgb_to_lab
from vidcolor.flow.estimate import FlowEstimator, build_flow
from vidcolor.flow.warp import occluded
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
from vidcolor.networks.shipped import THINGS
from vidcolor.propagate import propagate
from vidcolor.propagate.blend import Candidate, Guess, best, mixed
from vidcolor.propagate.by_network import Claims
from vidcolor.propagate.runs import Look, reduced
from vidcolor.research.metrics.temporal import _Way as Way
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame

STEP = 3
"""Every third pixel each way is looked at."""
KINDS = ("never seen", "occlusion border", "fast motion", "colour edge", "the rest")
"""Each pixel counts as the first of these that it is."""
BORDER = 5
"""Chroma pixels around what is being covered or uncovered from frame to frame."""
FAST = 0.01
"""Motion of so many picture widths a frame is fast: 8.5 pixels of 854."""
EDGE, EDGE_WIDTH = 10.0, 1
"""Change of a*b* from pixel to pixel that is an edge, and how far around it counts, in chroma pixels."""
ORACLES = ("result", "mixed, not filled", "most trusted", "best candidate (oracle)")
CARRIERS = {"first": ("flow",), "both": ("flow on", "flow back")}
FOUND = ("places looked up", "cells looked up", "superpixel")
FOUND_WITHOUT = ("attention", "superpixel")
QUARTERS = 4


@dataclass
class Sampled:
    """Columns of one clip under one rule, a row each sampled pixel; squared R'G'B' errors are means over a frame."""

    confidence: Array
    error: Array
    kind: Array
    distance: Array
    true_errors: Array
    """(candidates, pixels): CIEDE2000 of each candidate."""
    expected: Array
    """(candidates, pixels): the error each candidate expects of itself, in a*b*."""
    choices: Array
    """(len(ORACLES), pixels): CIEDE2000."""
    psnr: Array
    """(len(ORACLES), frames)"""


def sample(clip: Path, rule: str, settings: PropagateSettings) -> Sampled:
    """The propagation of one clip, looked at from within."""
    found = read(clip, settings)
    frames, labs = found.frames, found.labs
    keys = keys_of(len(frames), rule)
    ones = np.ones(labs[0].shape[1:], np.float32)
    colored = {k: ColorFrame(k, labs[k][1:], ones) for k in keys}
    heard: list[list[Candidate]] = []

    def listen(_: Look, guesses: dict[str, Guess], __: Claims) -> None:
        heard.append([guess.candidate for guess in guesses.values()])

    flow = build_flow(settings.flow, settings)
    kinds = _kinds([f.lightness for f in frames], labs, keys, flow)
    rows = []
    network = (
        None
        if settings.network == "none"
        else Propagator(NetworkFeatures(), things=THINGS if settings.things else None)
    )
    for color in propagate(frames, colored, flow, settings, network=network, listen=listen):
        if color.index not in keys:
            nearest = min(abs(color.index - k) for k in keys)
            rows.append(_looked_at(color, heard.pop(), labs[color.index], kinds[color.index], nearest))
        heard.clear()
    return Sampled(*(np.concatenate(columns, -1) for columns in zip(*rows, strict=True)))


def _looked_at(
    color: ColorFrame, candidates: list[Candidate], lab: Array, kind: Array, distance: int
) -> tuple[Array, ...]:
    spots = (slice(STEP // 2, None, STEP),) * 2
    true = np.ascontiguousarray(lab[:, *spots])
    chromas = [c[:, *spots] for c, _ in candidates]
    errors = np.stack([_error(c, true) for c in chromas])
    oracle = np.take_along_axis(
        np.stack(chromas), errors.reshape(len(chromas), *true.shape[1:]).argmin(0)[None, None], 0
    )[0]
    made = [color.chroma[:, *spots], mixed(candidates)[0][:, *spots], best(candidates)[0][:, *spots], oracle]
    choices = np.stack([_error(c, true) for c in made])
    psnr = np.array([[_psnr(c, true)] for c in made])
    expected = np.stack([e[spots].ravel() for _, e in candidates])
    far = np.full(errors.shape[1], distance, np.int16)
    sure = color.confidence[spots].ravel()
    return sure, choices[0], kind[spots].ravel(), far, errors, expected, choices, psnr


def _under(chroma: Array, true: Array) -> Array:
    """R'G'B' of the chroma under the true lightness."""
    return lab_to_rgb(np.concatenate([true[:1], chroma]).astype(np.float32))


def _error(chroma: Array, true: Array) -> Array:
    return delta_e(rgb_to_lab(_under(chroma, true)), true).ravel().astype(np.float32)


def _psnr(chroma: Array, true: Array) -> float:
    square = np.mean((_under(chroma, true).astype(np.float64) - lab_to_rgb(true)) ** 2)
    return float(10 * np.log10(1 / max(square, 1e-10)))


def _kinds(lightness: Sequence[Array], labs: Sequence[Array], keys: Sequence[int], flow: FlowEstimator) -> list[Array]:
    """(h, w) uint8 of each frame: places of `KINDS`."""
    small = labs[0].shape[1:]
    gray = [reduced(plane, small) for plane in lightness]
    steps = [(flow(a, b), flow(b, a)) for a, b in pairwise(gray)]
    unseen = _unseen(gray, steps, keys)
    out = []
    for n, lab in enumerate(labs):
        hidden, speed = np.zeros(small, bool), np.zeros(small, np.float32)
        for onward, back in _around(steps, n):
            hidden |= occluded(onward, back)
            speed = np.maximum(speed, np.hypot(*onward))
        border = cv2.dilate(hidden.astype(np.uint8), np.ones((2 * BORDER + 1,) * 2, np.uint8)) > 0
        fast = speed > FAST * small[1]
        kinds = np.select([unseen[n], border, fast, _edges(lab)], range(4), 4)
        out.append(kinds.astype(np.uint8))
    return out


def _around(steps: list[tuple[Array, Array]], n: int) -> Iterator[tuple[Array, Array]]:
    """Flows from frame n to its neighbours, each with the flow back."""
    if n < len(steps):
        yield steps[n]
    if n > 0:
        yield steps[n - 1][::-1]


def _unseen(gray: list[Array], steps: list[tuple[Array, Array]], keys: Sequence[int]) -> list[Array]:
    """(h, w) bool of each frame: shown neither by the keyframe before nor by the one after; as `measure` tells it."""
    unseen = [np.full(plane.shape, n not in keys) for n, plane in enumerate(gray)]
    for key in keys:
        for direction in (1, -1):
            way, n = Way(gray[key]), key + direction
            while 0 <= n < len(gray) and n not in keys:
                onward, back = steps[n - 1] if direction == 1 else steps[n][::-1]
                unseen[n] &= way.step(back, onward).unseen(gray[n])
                n += direction
    return unseen


def _edges(lab: Array) -> Array:
    slope = np.zeros(lab.shape[1:], np.float32)
    for plane in lab[1:]:
        slope = np.maximum(slope, np.abs(np.gradient(plane)).max(0).astype(np.float32))
    return cv2.dilate((slope > EDGE / 2).astype(np.uint8), np.ones((2 * EDGE_WIDTH + 1,) * 2, np.uint8)) > 0


# All clips, and what they say.


def sample_all(clips: Sequence[Path], rule: str, settings: PropagateSettings, out: Path, tell: Tell) -> list[Sampled]:
    """Every clip's samples; those already kept in `out/errors` are read."""
    (out / "errors").mkdir(parents=True, exist_ok=True)
    found = []
    for clip in clips:
        path = out / "errors" / f"{clip.name}--{rule.replace(':', '-')}.npz"
        if not path.exists():
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, **vars(sample(clip, rule, settings)))
            partial.replace(path)
            tell(f"[errors] {clip.name} {rule}")
        with np.load(path) as kept:
            found.append(Sampled(**kept))
    return found


def confidence_table(samples: Sequence[Sampled], rule: str) -> str:
    """Measured error by quarter of the predicted confidence."""
    confidence, error = _joined(samples, "confidence"), _joined(samples, "error")
    kinds = _joined(samples, "kind")
    order = np.argsort(confidence, kind="stable")
    heads = [f"{rule}: pixels by confidence", "confidence", "CIEDE2000 mean", "90 %", "share of all error", *KINDS]
    rows = []
    names = ("least sure quarter", "second", "third", "surest quarter")
    for name, part in zip(names, np.array_split(order, QUARTERS), strict=True):
        errors = error[part]
        shares = [f"{100 * np.mean(kinds[part] == k):.0f} %" for k in range(len(KINDS))]
        span = f"{confidence[part].min():.2f}–{confidence[part].max():.2f}"
        share = f"{100 * errors.sum() / error.sum():.0f} %"
        rows.append([name, span, f"{errors.mean():.2f}", f"{np.percentile(errors, 90):.2f}", share, *shares])
    rank = float(np.corrcoef(np.argsort(order), np.argsort(np.argsort(error)))[0, 1])
    return table(heads, rows) + f"\nRank correlation of confidence and error: {rank:.2f}.\n"


def kind_table(samples: Sequence[Sampled], rule: str) -> str:
    """Where the errors sit."""
    error, kinds, confidence = (_joined(samples, name) for name in ("error", "kind", "confidence"))
    oracle = np.concatenate([s.choices[ORACLES.index("best candidate (oracle)")] for s in samples])
    heads = [
        f"{rule}: kind of place",
        "share of pixels",
        "CIEDE2000 mean",
        "share of all error",
        "confidence",
        "oracle",
    ]
    rows = []
    for k, name in enumerate(KINDS):
        here = kinds == k
        if here.any():
            share, of_error = 100 * here.mean(), 100 * error[here].sum() / error.sum()
            rows.append([name, f"{share:.1f} %", f"{error[here].mean():.2f}", f"{of_error:.0f} %",
                         f"{confidence[here].mean():.2f}", f"{oracle[here].mean():.2f}"])  # fmt: skip
    return table(heads, rows)


def oracle_table(samples: Sequence[Sampled], rule: str) -> str:
    """The blend beside what its candidates would have allowed: means over clips."""
    heads = [f"{rule}: choice among candidates", "PSNR", "CIEDE2000 mean"]
    rows = []
    for n, name in enumerate(ORACLES):
        psnr = np.mean([s.psnr[n].mean() for s in samples])
        rows.append([name, number(float(psnr), 2), number(float(np.mean([s.choices[n].mean() for s in samples])), 2)])
    return table(heads, rows)


def _carriers(rule: str, count: int) -> tuple[str, ...]:
    """Names of `count` candidates, in their order."""
    carried = CARRIERS.get(rule, CARRIERS["both"])
    return (*carried, *(FOUND if count == len(carried) + len(FOUND) else FOUND_WITHOUT))


def trust_table(samples: Sequence[Sampled], rule: str) -> str:
    """How often each candidate is trusted most, how often it is best, and how far off it is."""
    true, expected = (np.concatenate([getattr(s, n) for s in samples], 1) for n in ("true_errors", "expected"))
    heads = [
        f"{rule}: candidate",
        "trusted most",
        "best",
        "best where trusted",
        "CIEDE2000 where trusted",
        "everywhere",
    ]
    trusted, right = expected.argmin(0), true.argmin(0)
    rows = []
    for k, name in enumerate(_carriers(rule, len(true))):
        mine = trusted == k
        there = f"{true[k][mine].mean():.2f}" if mine.any() else "–"
        hit = f"{100 * np.mean(right[mine] == k):.0f} %" if mine.any() else "–"
        rows.append(
            [
                name,
                f"{100 * mine.mean():.0f} %",
                f"{100 * np.mean(right == k):.0f} %",
                hit,
                there,
                f"{true[k].mean():.2f}",
            ]
        )
    return table(heads, rows)


def _joined(samples: Sequence[Sampled], name: str) -> Array:
    return np.concatenate([getattr(s, name) for s in samples])
