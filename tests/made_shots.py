"""Planned films: one of three shots, two of them joined by a dissolve, for what is delivered anew and shot by shot; and
one of two tiny shots, for what is proposed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from film import make_film, write_film
from tiny import shot_colors, write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.probe import open_reel
from vidcolor.settings import ReelSettings
from vidcolor.shots.lists import write_shots
from vidcolor.timeline import FrameRange
from vidcolor.types import Shot, Transition

KEYS = (4, 20, 33)
CUT, SMALL = 4, (48, 64)
"""Of the two tiny shots: where the second begins, and their size."""


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


def plan_two_shots(folder: Path, *, picture: bool) -> Path:
    """`film.mkv` of two shots, CUT frames each, and `film.vidcolor`, planned.

    picture  whether the first frame has one; nothing else matches anything
    """
    folder.mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", 2 * CUT, SMALL, (CUT,))
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{CUT},cut\n{CUT},{2 * CUT},cut\n")
    line = ["new", str(folder / "film.vidcolor"), "--reel", str(folder / "film.mkv"), "--preset", "draft"]
    if picture:
        (folder / "refs").mkdir()
        write_picture(folder / "refs" / "000000.png", SMALL, colors[0])
        line += ["--keyframes", str(folder / "refs")]
    assert main([*line, "--shots", str(folder / "cuts.csv")]) == 0
    assert main(["plan", str(folder / "film.vidcolor"), "--set", "references.least=0.99"]) == 0
    return folder
