"""What propagation guesses of films whose colours are known, recorded once and drawn from many times.

- Clips go through `propagate` itself, with the rules in place of the network, and every few frames their guesses are
  kept, in half precision: training sees exactly what use sees.
- Clips are played with one keyframe, with several, at twice the speed, and aged as old prints are: see PLAYS.
- Recording goes on where it stopped; a recording is written whole or not at all.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

from vidcolor.color import rgb_to_lab
from vidcolor.confidence import ABSENT
from vidcolor.features import LUMA
from vidcolor.flow.estimate import build_flow
from vidcolor.networks.propagator import CARRIERS, CLAIMS, SIGNALS, Propagator
from vidcolor.propagate import propagate
from vidcolor.propagate.blend import Guess, of_rules
from vidcolor.propagate.by_network import Claims, claimed, stacked
from vidcolor.propagate.runs import Look
from vidcolor.research.training import scenes
from vidcolor.research.training.age import age
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.weighing import Sample
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

WORKING = 2
"""Working size over chroma size: clips are small, and stand for the chroma of larger films."""
LONGEST = 75
"""Frames of a play."""
MOST_PIXELS = 2**17
"""Chroma pixels of a frame; larger clips are reduced."""


@dataclass(frozen=True, slots=True)
class Play:
    """One way to play a clip."""

    name: str
    pace: int
    """Frames of the clip to one."""
    keys: tuple[float, ...]
    """Keyframes, as shares of the play's length."""
    aged: bool = False
    kept: int = 12
    """Frames that are recorded."""


PLAYS = (
    Play("first", 1, (0.0,)),
    Play("ends", 1, (0.0, 1.0), kept=8),
    Play("fast", 3, (0.0,), kept=8),
    Play("far", 6, (0.0,), kept=8),
    Play("aged", 1, (0.3, 0.9), aged=True, kept=8),
)
SHORT_PLAYS = (
    Play("fast", 3, (0.0,), kept=7),
    Play("ends", 2, (0.0, 1.0), kept=5),
    Play("aged", 3, (0.1,), aged=True, kept=5),
    Play("first", 1, (0.0,), kept=5),
)
SHORT_TRIAL = Play("trial", 3, (0.0,), kept=4)
"""How a clip that is held out is played beside these."""
SHORTEST = 16
"""Frames of a short play."""
STILL_PLAY = Play("still", 1, (0.0,), kept=2)
SCENE_PLAYS = (Play("scene", 1, (0.0,), kept=3), Play("scene", 1, (0.0, 1.0), kept=3))
STILL_SIZE, STILL_FRAMES = (160, 208), 7
"""Rows and columns of what a camera sees of a still, and frames of its move."""
TURNED = 0.25
"""Share of the samples whose hues are turned: choosing must not hang on hue; a colour of one's own must."""
NEARER = 0.3
"""Share of the stills over which the camera moves near by."""
ENDED = 0.3
"""Share of the scenes whose last frame is a keyframe, too."""
AGED_SHARE = 0.3
"""Of the stills, how many are seen as old prints."""


def record(folder: Path, play: Play, network: Propagator, out: Path, longest: int = LONGEST) -> None:
    """Plays a clip's folder and writes out/NAME-PLAY.npy (frames, planes, H, W) float16 and its facts beside it.

    planes: lightness, truth (2), then for each slot a*b*, signals and expected error, then claims.
    """
    path = out / f"{folder.name}-{play.name}.npy"
    if path.exists():
        return
    pictures = [_read(file) for file in sorted(folder.glob("*.webp"))[:: play.pace][:longest]]
    if len(pictures) < 6:
        return
    seed = zlib.crc32(path.name.encode())
    if play.aged:
        pictures = [(_aged(light, seed, n), chroma) for n, (light, chroma) in enumerate(pictures)]
    _write(path, _played(pictures, play, network))
    facts = {"clip": folder.name, "play": play.name, "slots": CARRIERS, "signals": SIGNALS, "network": network.name}
    path.with_suffix(".json").write_text(json.dumps(facts))


def record_stills(files: Sequence[Path], network: Propagator, path: Path) -> None:
    """Lets a camera move over each of the stills and writes them to one file; the first frame is the keyframe."""
    if path.exists():
        return
    random = np.random.default_rng(zlib.crc32(path.name.encode()))
    rows: list[Array] = []
    for file in files:
        pictures = _moved(read_rgb(file), random)
        if random.random() < AGED_SHARE:
            seed = int(random.integers(2**31))
            pictures = [(_aged(light, seed, n), chroma) for n, (light, chroma) in enumerate(pictures)]
        rows += _played(pictures, STILL_PLAY, network)
    _write(path, rows)


def record_scenes(stills: Sequence[Path], people: Sequence[Path], network: Propagator, path: Path) -> None:
    """A scene before each of the stills, of one or two people or pieces of other stills; to one file.

    people  pictures, with a mask of the same name in ../masks
    """
    if path.exists():
        return
    random = np.random.default_rng(zlib.crc32(path.name.encode()))
    rows: list[Array] = []
    for still in stills:
        things = [_thing(stills, people, random) for _ in range(int(random.integers(1, 3)))]
        pictures = [_in_lab(rgb) for rgb in scenes.play(read_rgb(still), things, random)]
        if random.random() < AGED_SHARE:
            seed = int(random.integers(2**31))
            pictures = [(_aged(light, seed, n), chroma) for n, (light, chroma) in enumerate(pictures)]
        rows += _played(pictures, SCENE_PLAYS[int(random.random() < ENDED)], network)
    _write(path, rows)


def _thing(stills: Sequence[Path], people: Sequence[Path], random: Generator) -> scenes.Thing:
    if random.random() < 0.5:
        return scenes.piece_of(read_rgb(stills[int(random.integers(len(stills)))]), random)
    picture = people[int(random.integers(len(people)))]
    mask = read_rgb(picture.parent.parent / "masks" / f"{picture.stem}.png")[..., 0]
    return scenes.Thing(read_rgb(picture), mask / np.float32(255))


def _played(pictures: Sequence[tuple[Array, Array]], play: Play, network: Propagator) -> list[Array]:
    """The recorded planes of frames (L* and a*b* each) that go through propagation."""
    keys = sorted({round(share * (len(pictures) - 1)) for share in play.keys})
    others = [n for n in range(len(pictures)) if n not in keys]
    wanted = {others[int(k)] for k in np.linspace(0, len(others) - 1, min(play.kept, len(others))).round()}
    if play is STILL_PLAY:
        wanted = set(others[-play.kept :])
    rows: list[Array] = []

    def listen(look: Look, guesses: dict[str, Guess], claims: Claims) -> None:
        if look.position in wanted:
            evidence, error = stacked(guesses, CARRIERS)
            planes = np.concatenate([evidence, error[:, None]], 1).reshape(-1, *error.shape[1:])
            light, said = (look.luma * np.float32(100))[None], claimed(claims, look.luma)
            rows.append(np.concatenate([light, pictures[look.position][1], planes, said]).astype(np.float16))

    settings = PropagateSettings(chroma_side=4096)
    frames = [Frame(n, _working(light)) for n, (light, _) in enumerate(pictures)]
    ones = np.ones(pictures[0][0].shape, np.float32)
    colored = {k: ColorFrame(k, pictures[k][1], ones) for k in keys}
    flow = build_flow("dis", settings, "cpu")
    for _ in propagate(frames, colored, flow, settings, network=network, listen=listen):
        pass
    return rows


def _write(path: Path, rows: list[Array]) -> None:
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.save(file, np.stack(rows))
    os.replace(beside, path)


def _moved(rgb: Array, random: Generator) -> list[tuple[Array, Array]]:
    """Frames of a camera that pans, turns and zooms over a still, faster and faster."""
    height, width = rgb.shape[:2]
    scale = max(STILL_SIZE[0] / height, STILL_SIZE[1] / width, 0.75)
    middle = np.array([width / 2, height / 2])
    nearer = random.random() < NEARER  # Then most of what is seen at the end was not seen at the beginning.
    zooms = scale * np.exp(random.uniform(0.35, 0.9, 2) if nearer else random.uniform(0, 0.35, 2))
    room = np.maximum(middle - np.array(STILL_SIZE[::-1]) / zooms.min() / 2, 0)
    first, last = (middle + random.uniform(-1.2, 1.2, 2) * room for _ in range(2))
    turns = np.deg2rad(random.uniform(-6, 6, 2))
    out = []
    for share in np.linspace(0, 1, STILL_FRAMES) ** 1.5:
        centre = first + share * (last - first)
        angle, zoom = turns[0] + share * (turns[1] - turns[0]), zooms[0] + share * (zooms[1] - zooms[0])
        out.append(_in_lab(scenes.shown(rgb, centre, zoom, angle, cv2.BORDER_REFLECT, STILL_SIZE)))
    return out


def _read(file: Path) -> tuple[Array, Array]:
    """L* of the luma (H, W) and a*b* (2, H, W) of a picture, cut to even sizes."""
    rgb = read_rgb(file)
    scale = min(1.0, (MOST_PIXELS / (rgb.shape[0] * rgb.shape[1])) ** 0.5)
    height, width = (int(n * scale) // 2 * 2 for n in rgb.shape[:2])
    return _in_lab(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA))


def _in_lab(rgb: Array) -> tuple[Array, Array]:
    height, width = rgb.shape[:2]
    seen = np.ascontiguousarray(rgb.astype(np.float32) / 255)
    gray = np.ascontiguousarray(np.broadcast_to(seen @ LUMA, (3, height, width)))
    return rgb_to_lab(gray)[0], rgb_to_lab(np.ascontiguousarray(seen.transpose(2, 0, 1)))[1:]


def _aged(light: Array, seed: int, frame: int) -> Array:
    """The frame as an old print shows it: one print's look, each frame's own dirt."""
    return age(light, np.random.default_rng(seed), np.random.default_rng([seed, frame]))


def _working(light: Array) -> Array:
    size = (light.shape[1] * WORKING, light.shape[0] * WORKING)
    return np.clip(cv2.resize(light, size, interpolation=cv2.INTER_CUBIC), 0, 100)


class Recorded:
    """Recordings to draw samples from: crops, mirrored, played backward, with guesses left out and hues turned."""

    def __init__(self, files: Sequence[Path], crop: tuple[int, ...]) -> None:
        self._arrays = [np.load(file, mmap_mode="r") for file in files]
        self.crop = crop

    def whole(self, every: int) -> list[Sample]:
        """Every n-th frame of each recording, whole."""
        return [sample_of(np.asarray(a[n], np.float32)) for a in self._arrays for n in range(every // 2, len(a), every)]

    def draw(self, random: Generator) -> Sample:
        """One sample, the same for the same state of `random`."""
        array = self._arrays[random.integers(len(self._arrays))]
        frame = random.integers(len(array))
        high, wide = (min(c, n) for c, n in zip(self.crop, array.shape[2:], strict=True))
        y, x = (int(random.integers(n - c + 1)) for c, n in zip((high, wide), array.shape[2:], strict=True))
        planes = np.asarray(array[frame, :, y : y + high, x : x + wide], np.float32)
        planes = np.pad(planes, ((0, 0), (0, self.crop[0] - high), (0, self.crop[1] - wide)), mode="edge")
        if random.random() < 0.5:
            planes = planes[..., ::-1]
        return _varied(sample_of(planes), random)


def sample_of(planes: Array) -> Sample:
    """A sample of recorded planes, with what the rules make of them."""
    guesses = planes[3:-CLAIMS].reshape(len(CARRIERS), 3 + SIGNALS, *planes.shape[1:])
    error = guesses[:, -1]
    error = np.where(error > ABSENT, np.float32(ABSENT - 1), error)
    evidence = guesses[:, :-1]
    heard = [
        (evidence[n, :2], error[n]) for n, name in enumerate(CARRIERS) if name != "scene" and (error[n] < ABSENT).any()
    ]
    ruled = of_rules(heard, planes[0] / np.float32(100), PropagateSettings())
    last = np.concatenate([ruled.chroma, ruled.signals])[None]
    errors = np.concatenate([error, ruled.error[None]])
    return Sample(planes[0], np.concatenate([evidence, last]), errors, planes[1:3], planes[-CLAIMS:])


def _varied(sample: Sample, random: Generator) -> Sample:
    evidence, error = np.array(sample.evidence), np.array(sample.error)
    claims = np.array(sample.claims).reshape(2, -1, *error.shape[1:])
    if random.random() < 0.5:  # The same shot, played backward.
        evidence[[0, 1]], error[[0, 1]], claims = evidence[[1, 0]], error[[1, 0]], claims[::-1]
    for slot in np.flatnonzero(random.random(len(CARRIERS)) < 0.06):
        if (error < ABSENT).any((1, 2)).sum() > 1:
            evidence[slot], error[slot] = 0, ABSENT
            if slot < len(claims):
                claims[slot] = 0
    truth = sample.truth
    if random.random() < TURNED:
        turn, scale = random.uniform(0, 2 * np.pi), np.exp(random.uniform(-0.5, 0.3))
        spin = (scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])).astype(np.float32)
        evidence[:, :2] = np.einsum("ij,sjhw->sihw", spin, evidence[:, :2])
        evidence[-1, 3:] = np.einsum("ij,jhw->ihw", spin, evidence[-1, 3:])  # how far filling moved the colour
        truth = np.einsum("ij,jhw->ihw", spin, truth)
    light, truth, said = map(np.ascontiguousarray, (sample.lightness, truth, claims.reshape(-1, *error.shape[1:])))
    return Sample(light, evidence, error, truth, said)
