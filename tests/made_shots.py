"""A film of three shots, two of them joined by a dissolve, and its project: what is delivered anew and shot by shot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from film import make_film, write_film
from tiny import shot_colors, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.probe import open_reel
from vidcolor.settings import ReelSettings
from vidcolor.shots.lists import write_shots
from vidcolor.timeline import FrameRange
from vidcolor.types import Shot, Transition

KEYS = (4, 20, 33)


def plan_three_shots(folder: Path, size: tuple[int, int], count: int, **about: Any) -> None:
    """`film.mov` of so many frames, with sound, a picture for a frame of each shot, and `film.vidcolor`, planned.

    about   what else the file is written with
    """
    (folder / "refs").mkdir(parents=True)
    truth = make_film(size=size, shots=(12, 14, count - 26))
    write_film(folder / "film.mov", truth, sound=True, **about)
    shots = [
        Shot("r1", FrameRange(0, 12)),
        Shot("r1", FrameRange(12, 26), Transition("dissolve", FrameRange(10, 14))),
        Shot("r1", FrameRange(26, count)),
    ]
    write_shots(folder / "shots.csv", shots, open_reel(folder / "film.mov", ReelSettings()))
    for key in KEYS:
        write_picture(folder / "refs" / f"{key:06d}.png", size, truth.colors[key])
    line = ["new", str(folder / "film.vidcolor"), "--reel", str(folder / "film.mov"), "--keyframes"]
    assert main([*line, str(folder / "refs"), "--shots", str(folder / "shots.csv"), "--preset", "draft"]) == 0
    assert main(["plan", str(folder / "film.vidcolor")]) == 0


def repaint(size: tuple[int, int], work: Path, key: int) -> None:
    """Other colours for a frame, rendered."""
    write_picture(work / "refs" / f"{key:06d}.png", size, shot_colors(9, key, size))
    assert main(["render", str(work / "film.vidcolor")]) == 0
