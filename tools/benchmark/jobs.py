"""One clip under one rule of keyframes, as any program is given it: a gray film or gray pictures, and keyframes.

A job is a folder:

    film.mkv           the clip in gray: FFV1, 10-bit luma, BT.709, 24 frames a second
    frames/000000.png  the same frames as 8-bit gray PNGs (only made where a program asks for them)
    keyframes/         the keyframes in colour, PNG, named by frame number: 000000.png, 000049.png
    truth/             the clip's own pictures, numbered from 0; never shown to a program
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from benchmark import films
from vidcolor.errors import InputError
from vidcolor.media.pictures import SUFFIXES, ColorClip, open_colors

RULES = ("first", "both", "every:25")
RULE_NAMES = {"first": "first frame", "both": "first and last"}


def rule_name(rule: str) -> str:
    return RULE_NAMES.get(rule, f"every {rule.partition(':')[2]} frames")


def keys_of(count: int, rule: str) -> tuple[int, ...]:
    """The keyframes of a clip of `count` frames. Refuses rules other than first, both and every:N."""
    if rule == "first":
        return (0,)
    if rule == "both":
        return (0, count - 1)
    name, _, step = rule.partition(":")
    if name != "every" or not step.isdecimal() or int(step) < 1:
        raise InputError(f"keyframes {rule!r}: must be first, both or every:N")
    return tuple(sorted({*range(0, count, int(step)), count - 1}))


def clips_in(folder: Path, only: str = "") -> list[Path]:
    """The folders of pictures in `folder`, or those named in `only` with commas between. Refuses to find none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give a folder that holds folders of numbered colour pictures")
    found = sorted(p for p in folder.iterdir() if p.is_dir() and any(f.suffix.lower() in SUFFIXES for f in p.iterdir()))
    wanted = only.split(",") if only else [p.name for p in found]
    missing = sorted(set(wanted) - {p.name for p in found})
    if missing or not found:
        raise InputError(f"{folder}: no clip {', '.join(missing)}" if missing else f"{folder}: holds no clips")
    return [p for p in found if p.name in wanted]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in `folder`, by name. Refuses to find none."""
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not found:
        raise InputError(f"{folder}: holds no pictures")
    return found


@dataclass(frozen=True)
class Job:
    """One clip, its keyframes by one rule, and the folder they are written to."""

    clip: ColorClip
    rule: str
    folder: Path

    @property
    def name(self) -> str:
        return self.clip.path.name

    @property
    def count(self) -> int:
        return len(self.clip)

    @property
    def keys(self) -> tuple[int, ...]:
        return keys_of(self.count, self.rule)

    @cached_property
    def film(self) -> Path:
        path = self._folder() / "film.mkv"
        films.write_film(path, (picture.luma for _, picture in self.clip.read()))
        return path

    @cached_property
    def keyframes(self) -> Path:
        folder = self._folder("keyframes")
        for key in self.keys:
            _write_color(folder / f"{key:06d}.png", self.clip[self.clip.frames[key]].rgb)
        return folder

    @cached_property
    def frames(self) -> Path:
        folder = self._folder("frames")
        for number, (_, picture) in enumerate(self.clip.read()):
            light = (picture.luma.astype(np.float32) - films.BLACK) / films.SPAN
            cv2.imwrite(str(folder / f"{number:06d}.png"), np.rint(255 * np.clip(light, 0, 1)).astype(np.uint8))
        return folder

    @cached_property
    def truth(self) -> Path:
        """The clip with its frames numbered from 0, as the film counts them."""
        if list(self.clip.frames) == list(range(self.count)):
            return self.clip.path
        folder = self._folder("truth")
        pictures = sorted(p for p in self.clip.path.iterdir() if p.suffix.lower() in SUFFIXES)
        for number, picture in enumerate(pictures):
            (folder / f"{number:06d}{picture.suffix}").symlink_to(picture.resolve())
        return folder

    def _folder(self, name: str = "") -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def open_job(clip: Path, rule: str, folder: Path) -> Job:
    job = Job(open_colors(clip), rule, folder)
    if job.count <= len(job.keys):
        raise InputError(f"{clip}: {job.count} frames, and keyframes {rule} leave none to measure; give a longer clip")
    return job


def _write_color(path: Path, rgb: Array) -> None:
    """(3, H, W) as PNG, in 8 bits where that is all the picture has."""
    whole = np.rint(255 * rgb)
    deep = np.abs(whole - 255 * rgb).max() > 1e-3
    codes = np.rint(65535 * rgb).astype(np.uint16) if deep else whole.astype(np.uint8)
    cv2.imwrite(str(path), np.ascontiguousarray(codes[::-1].transpose(1, 2, 0)))
