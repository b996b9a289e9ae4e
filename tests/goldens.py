"""What each stage makes of a small film by default, as pictures that the golden files hold.

- The film: five shots, the last entered by a dissolve; the gap between the first one's keyframes is longer than one
  run of the propagation. Networks, look-up and weighing are those that `vidcolor run` uses, in float32.
- A stage's golden file is named for its number (`stages.py`), and the networks' where it asks them: change its picture
  and the test fails until a number is raised and `python tools/make_goldens.py` is run. A stage is given the truth, not
  what the stage before made, so that no other stage's file changes with it. `film` is the whole job, named for all.
- Pictures are compared by means over cells, so that another machine's rounding does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import av
import cv2
import film
import numpy as np

from vidcolor.color import LumaLock, lab_to_rgb
from vidcolor.colorize import register
from vidcolor.features import PatchFeatures, gray_of
from vidcolor.finish import finish
from vidcolor.finish.around_exact import Drawing
from vidcolor.keyframes import choose_keyframes, looks_of
from vidcolor.pipeline.render import Models, load_models
from vidcolor.propagate.shot import RUN, propagate
from vidcolor.references.choose import choose_references, describe
from vidcolor.settings import Settings
from vidcolor.shots.detect import find_shots
from vidcolor.stages import STAGES
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import ColorFrame, ColorTags, Frame, Guidance, Reel, Reference, SourceFrame

FOLDER = Path(__file__).parent / "golden"
SIZE = (96, 128)
SHOTS = (RUN + 8, 12, 12, 12, 14)
DISSOLVE = 6
SETTINGS = Settings()
Pictures = dict[str, np.ndarray]
"""By a few words, (H, W, 3) R'G'B' 0..255."""


@cache
def made_film() -> film.TinyFilm:
    return film.make_film(SIZE, SHOTS, dissolve=DISSOLVE)


@cache
def models() -> Models:
    return load_models(SETTINGS, "cpu")


def golden_path(stage: str) -> Path:
    uncorrected = [name for name in STAGES if name not in ("corrections", "propose")]
    asks = {"film": uncorrected, "colorize": (stage, "networks"), "propagate": (stage, "networks")}
    return FOLDER / f"{stage}-{'.'.join(str(STAGES[name]) for name in asks.get(stage, (stage,)))}.png"


def _frames(shot: int) -> list[Frame]:
    made = made_film()
    return [Frame(n, made.lightness[n]) for n in made.shots[shot].frames]


def _reference(name: str, lab: np.ndarray) -> Reference:
    return Reference(name, name, np.ascontiguousarray(lab[0]), np.ascontiguousarray(lab[1:]))


def _picture(frame: int, chroma: np.ndarray) -> np.ndarray:
    """The frame's true lightness in the colours that were found, at their size."""
    lightness = cv2.resize(made_film().lightness[frame], chroma.shape[:0:-1], interpolation=cv2.INTER_AREA)
    return 255 * np.moveaxis(lab_to_rgb(np.concatenate([lightness[None], chroma]).astype(np.float32)), 0, 2)


def _strip(frames: Sequence[int], length: int) -> np.ndarray:
    """One row of the film: white where there is something at that frame."""
    row = np.zeros((6, length, 3))
    row[:, list(frames)] = 255
    return row


def _shots() -> Pictures:
    made = made_film()
    reel = Reel("r1", Path("golden.mkv"), made.frame_count, Rate(24, 1), SIZE)
    found = find_shots(reel, [Frame(n, lightness) for n, lightness in enumerate(made.lightness)], SETTINGS.shots)
    joins = [n for shot in found for n in shot.entry.frames or ()]
    count = made.frame_count
    return {"starts": _strip([shot.frames.start for shot in found], count), "dissolves": _strip(joins, count)}


def _keyframes() -> Pictures:
    made, found = made_film(), []
    for number, shot in enumerate(made.shots):
        frames = FrameRange(shot.frames.start, shot.frames.stop)
        looks = [_frames(number)[f - frames.start] for f in looks_of(frames, SETTINGS.keyframes.spacing)]
        found += choose_keyframes(frames, looks, SETTINGS.keyframes)
    return {"keyframes": _strip(found, made.frame_count)}


def _references() -> Pictures:
    """A row for each shot's first frame, a column for each offered picture: how well it was found to match."""
    made = made_film()
    pictures = [_reference(f"{n}", made.lab[shot.frames.stop - 4]) for n, shot in enumerate(made.shots)]
    library = [(picture.name, describe(gray_of(picture), PatchFeatures())) for picture in pictures]
    rows = np.zeros((len(SHOTS), len(SHOTS), 3))
    for number in range(len(SHOTS)):
        seen = describe(_frames(number)[0].lightness, PatchFeatures())
        for name, score in choose_references(seen, library, SETTINGS.references):
            rows[number, int(name)] = 255 * score
    return {"scores": np.kron(rows, np.ones((12, 12, 1)))}


def _colorize() -> Pictures:
    made, colorizer = made_film(), models().colorizer
    assert colorizer is not None, "the default"
    first, later = made.shots[1].frames.start, made.shots[1].frames.stop - 1
    target = Frame(first, made.lightness[first])
    moved = _reference("moved", np.roll(made.lab[first], (2, 3), (1, 2)))
    _, near = register(target, moved, SETTINGS.colorize)
    guides = [Guidance(_reference("later", made.lab[later]), 0.8), Guidance(_reference("other", made.lab[0]), 0.3)]
    free = colorizer(target, guides, SETTINGS.colorize)
    laid = colorizer(target, [Guidance(moved)], SETTINGS.colorize, near)
    made_of = {"near": near, "free": free, "near and network": laid}
    return {name: _picture(first, color.chroma) for name, color in made_of.items()}


def _propagate() -> Pictures:
    made, frames = made_film(), _frames(0)
    last = len(frames) - 1
    keys = {n: ColorFrame(n, made.lab[n][1:], np.ones(SIZE, np.float32)) for n in (0, last)}
    keys[last].confidence[: SIZE[0] // 3] = 0  # nothing is known there
    found = list(propagate(frames, keys, models().flow, SETTINGS.propagate, network=models().propagator))
    shown = (0, 1, 9, RUN // 2, RUN - 1, RUN, len(frames) - 2)
    colors = {f"frame {n}": _picture(n, found[n].chroma) for n in shown}
    sure = {f"confidence {n}": np.repeat(255 * found[n].confidence[..., None], 3, 2) for n in (1, RUN // 2)}
    return {**colors, **sure}


def _finish() -> Pictures:
    made, found = made_film(), {}
    for width in (64, 32):
        size = (width, width * SIZE[0] // SIZE[1])
        low = np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in made.lab[0][1:]])
        color = ColorFrame(0, low, np.linspace(0, 1, low[0].size, dtype=np.float32).reshape(low.shape[1:]))
        for subsampling in ("444", "422"):
            done = finish(SourceFrame(0, made.luma[0]), color, LumaLock(ColorTags()), SETTINGS.finish, subsampling)
            found[f"{width} {subsampling}"] = _rgb(done.luma, done.cb, done.cr)
    gray = ColorFrame(0, np.zeros((2, *SIZE), np.float32), np.ones(SIZE, np.float32))
    keyframe = Drawing(made.luma[2], made.lab[2][1:], 0.9)
    done = finish(SourceFrame(0, made.luma[0]), gray, LumaLock(ColorTags()), SETTINGS.finish, "444", [keyframe])
    return {**found, "drawn": _rgb(done.luma, done.cb, done.cr)}


def _film(folder: Path) -> Pictures:
    """The whole job: exact, near, free pictures and none; the dissolve's middle among the frames shown."""
    from vidcolor.cli.parser import main

    made = made_film()
    starts = [shot.frames.start for shot in made.shots]
    film.write_film(folder / "film.mkv", made)
    (folder / "refs").mkdir()
    near = np.roll(made.colors[starts[1] + 3], (2, 3), (0, 1))
    given = {f"{0:06d}": made.colors[0], f"{SHOTS[0] - 1:06d}": made.colors[SHOTS[0] - 1]}
    given |= {f"{starts[1] + 3:06d}": near, "free": made.colors[starts[2] + 9], f"{starts[4] + 8:06d}": made.colors[-6]}
    for name, colors in given.items():
        film.write_picture(folder / "refs" / f"{name}.png", colors, bits=16)
    line = ["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "-o", str(folder / "out.mkv")]
    assert main([*line, "--delivery", "ffv1"]) == 0
    shown = [RUN // 2, *(start + 6 for start in starts[1:4]), starts[4], starts[4] + 5, starts[4] + 9]
    with av.open(str(folder / "out.mkv")) as container:
        frames = list(container.decode(video=0))
    return {f"frame {n}": _rgb(*(_codes(plane) for plane in frames[n].planes)) for n in shown}


def _codes(plane: av.video.plane.VideoPlane) -> np.ndarray:
    return np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[:, : plane.width]


def _rgb(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray) -> np.ndarray:
    """R'G'B' 0..255 of 10-bit BT.709 codes; chroma of half the width is repeated."""
    wide = [np.repeat(c, luma.shape[1] // c.shape[1], 1).astype(np.float32) for c in (cb, cr)]
    light, blue, red = (luma - 64.0) / 876, (wide[0] - 512) / 896, (wide[1] - 512) / 896
    green = light - 0.1873 * blue - 0.4681 * red
    return 255 * np.clip(np.dstack([light + 1.5748 * red, green, light + 1.8556 * blue]), 0, 1)


CASES: dict[str, Callable[[], Pictures]] = {
    "shots": _shots,
    "keyframes": _keyframes,
    "references": _references,
    "colorize": _colorize,
    "propagate": _propagate,
    "finish": _finish,
}
GAP = 4
"""Rows between the pictures of a golden file."""


def sheet(pictures: Pictures) -> np.ndarray:
    """(H, W, 3) 8-bit: all of them, one below the other, at half size where they are large."""
    parts = [_halved(p) for p in pictures.values()]
    whole = np.zeros((sum(len(p) + GAP for p in parts), max(p.shape[1] for p in parts), 3))
    top = 0
    for part in parts:
        whole[top : top + len(part), : part.shape[1]] = part
        top += len(part) + GAP
    return np.rint(np.clip(whole, 0, 255)).astype(np.uint8)


def place_of(pictures: Pictures, row: int) -> str:
    """Which of the pictures a row of the sheet lies in."""
    top = 0
    for name, picture in pictures.items():
        top += len(_halved(picture)) + GAP
        if row < top:
            return name
    return "the foot"


def _halved(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    if height < SIZE[0]:
        return picture
    return cv2.resize(np.asarray(picture, np.float32), (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def made_by(stage: str, folder: Path) -> Pictures:
    """What the stage makes today, `film` in a folder that is empty. Networks run in float32, whatever the processor."""
    return _film(folder) if stage == "film" else CASES[stage]()
