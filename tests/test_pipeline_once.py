"""Work that is done once a film: pictures read, frames decoded, plans made."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tiny import write_gray_film, write_picture

import vidcolor.media.read as reading
from vidcolor.cli.parser import main
from vidcolor.media.probe import open_reel
from vidcolor.media.read import Clip
from vidcolor.pipeline.reading import Reading
from vidcolor.project.folder import Project
from vidcolor.settings import ReelSettings
from vidcolor.timeline import FrameRange

SIZE, FRAMES, CUTS = (96, 128), 36, (12, 24)
QUICK = ("--set", "colorize.network=none", "--set", "propagate.network=none", "--set", "references.least=0")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A film of three shots and two free references."""
    colors = write_gray_film(tmp_path / "film.mkv", FRAMES, SIZE, CUTS)
    (tmp_path / "refs").mkdir()
    for name, frame in (("ground.png", 6), ("sky.png", 30)):
        write_picture(tmp_path / "refs" / name, SIZE, colors[frame])
    return tmp_path


def run(verb: str, work: Path, *extra: str) -> None:
    assert main([verb, str(work / "film.vidcolor"), *QUICK, *extra]) == 0


def new(work: Path) -> None:
    film, refs, project = work / "film.mkv", work / "refs", work / "film.vidcolor"
    assert main(["new", str(project), "--reel", str(film), "--keyframes", str(refs)]) == 0


def test_a_picture_is_read_once_a_command(work, monkeypatch):
    import vidcolor.pipeline.library as library

    read: list[str] = []
    inner = library.read_picture

    def counted(path, name=""):
        read.append(name)
        return inner(path, name)

    monkeypatch.setattr(library, "read_picture", counted)
    new(work)
    run("plan", work)
    assert sorted(read) == ["ground.png", "sky.png"]
    read.clear()
    run("render", work)
    assert sorted(read) == ["ground.png", "sky.png"]


def watched(monkeypatch) -> list[int]:
    """Filled with the number of every frame of a film that is decoded."""
    shown: list[int] = []
    inner = reading._pictures

    def counted(reel, first):
        for frame, picture in inner(reel, first):
            shown.append(frame)
            yield frame, picture

    monkeypatch.setattr(reading, "_pictures", counted)
    return shown


def test_each_stage_decodes_the_film_once_as_it_works_by_default(work, monkeypatch):
    """With all networks, far pictures and pictures of frames: one decode for plan, for render and for export."""
    write_picture(work / "refs" / "000018.png", SIZE)
    project, shown = str(work / "film.vidcolor"), watched(monkeypatch)
    new(work)
    for line in (["plan"], ["render"], ["export", "-o", str(work / "out.mkv"), "--delivery", "ffv1"]):
        shown.clear()
        assert main([line[0], project, *line[1:]]) == 0
        assert shown == list(range(FRAMES)), line[0]


def test_planning_makes_no_codes_of_frames_that_it_only_measures(work, monkeypatch):
    """Shots are measured on the decoded plane itself, averaged in one pass."""
    made: list[int] = []
    inner = reading.luma_codes
    monkeypatch.setattr(reading, "luma_codes", lambda *a, **k: made.append(1) or inner(*a, **k))
    new(work)
    run("plan", work)
    assert not made


def test_a_film_is_decoded_once_for_its_render(work, monkeypatch):
    """Keyframes, all carriers and the strip, of shots that are rendered side by side."""
    new(work)
    run("plan", work)
    shown = watched(monkeypatch)
    run("render", work)
    assert shown == list(range(FRAMES))


def test_frames_of_a_reading_are_those_of_a_clip(work):
    """In whatever order shots ask, dissolves shared; a shot that is let go is not read on the way to another."""
    reel = open_reel(work / "film.mkv", ReelSettings())
    reaches = [FrameRange(0, 14), FrameRange(10, 20), FrameRange(30, 36)]
    with closing(Reading(reel, SIZE, reaches, work)) as one:
        for reach, places in ((reaches[1], (9, 0, 4)), (reaches[2], (5,)), (reaches[0], (13, 0))):
            frames = one.frames(reach)
            for place in places:
                assert frames[place].index == reach.start + place
                assert np.array_equal(frames[place].lightness, Clip(reel, reach)[place].lightness)
        frames.close()
        with pytest.raises(KeyError):
            one.read(reaches[0], 0)


def test_a_film_is_decoded_once_for_its_plan(work, monkeypatch):
    """Shots, keyframes and references of one reading; and of less where only some shots are chosen again."""
    shown = watched(monkeypatch)
    new(work)
    run("plan", work)
    assert shown == list(range(FRAMES))
    kept = json.loads((work / "film.vidcolor" / "plan" / "keyframes.json").read_text())["shots"]
    shown.clear()
    (work / "film.vidcolor" / "plan" / "keyframes.json").unlink()
    run("plan", work)
    assert 0 < len(shown) <= FRAMES
    assert shown == list(range(shown[0], shown[-1] + 1)), "opened once for all shots"
    again = json.loads((work / "film.vidcolor" / "plan" / "keyframes.json").read_text())["shots"]
    assert again == kept, "the same whether frames were kept or are decoded again"


def test_a_plan_is_not_read_back(work, monkeypatch):
    read: list[str] = []
    inner = Project.read_json

    def counted(project, name, *rest):
        read.append(name)
        return inner(project, name, *rest)

    monkeypatch.setattr(Project, "read_json", counted)
    new(work)
    run("plan", work)
    assert not {"plan/shots.json", "plan/keyframes.json", "plan/reels.json"} & set(read)
