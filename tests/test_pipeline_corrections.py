"""Corrections, end to end: each changes the shots that it touches and no other; deleting it finds the old again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.project import Project

FRAMES, SIZE, CUTS = 24, (48, 64), (8, 16)
SHOTS = ("r1-000000", "r1-000008", "r1-000016")
LIST = "start,stop,entry\n0,8,cut\n8,16,cut\n16,24,cut\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of three shots, each with a picture of a frame, run once."""
    folder = tmp_path_factory.mktemp("corrections") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, CUTS)
    for frame in (1, 9, 17):
        write_picture(folder / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    (folder / "cuts.csv").write_text(LIST)
    assert run(folder, "--shots", str(folder / "cuts.csv"), "--keyframes", str(folder / "refs")) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "work"))


def run(folder: Path, *more: str) -> int:
    line = ["run", str(folder / "film.mkv"), "--preset", "draft", "--delivery", "ffv1", *more]
    return main([*line, "-o", str(folder / "out.mkv")])


def correct(work: Path, *words: str) -> Path:
    """Writes the correction; its file or folder."""
    before = set(place(work).glob("*"))
    assert main(["correct", str(work / "film.vidcolor"), *words]) == 0
    (new,) = set(place(work).glob("*")) - before
    return new


def place(work: Path) -> Path:
    return work / "film.vidcolor" / "corrections"


def versions(work: Path) -> dict[str, str]:
    """SHA-256 of every version's colours, by shot and version."""
    folder = work / "film.vidcolor" / "shots"
    return {
        str(p.parent.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.glob("*/v*/chroma.avi")
    }


def delivered(work: Path) -> list[np.ndarray]:
    """Cb and Cr of each frame."""
    with av.open(str(work / "out.mkv")) as film:
        return [np.stack([np.asarray(p)[: frame.height].copy() for p in planes_of(frame)]) for frame in film.decode()]


def planes_of(frame: av.VideoFrame) -> list[np.ndarray]:
    return [np.frombuffer(p, np.uint16).reshape(p.height, -1)[:, : p.width] for p in frame.planes[1:]]


def is_gray(planes: np.ndarray) -> bool:
    return bool((planes == 512).all())


def listed(work: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["corrections", str(work / "film.vidcolor")]) == 0
    return capsys.readouterr().out


def test_a_cut_renders_its_shot_in_two_and_deleting_it_finds_the_old(work, capsys):
    before, film = versions(work), (work / "out.mkv").read_bytes()
    cut = correct(work, "cut", "12")
    assert "not rendered" in listed(work, capsys)
    assert run(work) == 0
    new = {name: mark for name, mark in versions(work).items() if name not in before}
    assert set(new) == {"r1-000008/v002", "r1-000012/v001"}
    assert {name: versions(work)[name] for name in before} == before
    assert "not rendered" not in listed(work, capsys)
    capsys.readouterr()
    assert main(["why", str(work / "film.vidcolor"), "r1-000012"]) == 0
    assert f"corrections/{cut.stem}  in force" in capsys.readouterr().out
    assert "12,16" in (work / "film.vidcolor" / "plan" / "shots.csv").read_text()
    assert json.loads((work / "film.vidcolor" / "plan" / "shots.json").read_text())["shots"][1]["frames"]["stop"] == 16
    cut.unlink()
    after = versions(work)
    assert run(work) == 0
    assert versions(work) == after
    assert (work / "out.mkv").read_bytes() == film


@pytest.mark.parametrize(
    ("words", "next_step"),
    [
        (["cut", "12"], "next: `vidcolor render"),
        (["exclude", "r1-000008"], "next: `vidcolor export"),
        (["hue", "r1-000008", "--degrees", "9"], "8 --color` shows the frame as it will be; `vidcolor render"),
    ],
)
def test_what_to_type_next_is_said(work, capsys, words, next_step):
    correct(work, *words)
    assert next_step in capsys.readouterr().out


def test_the_file_or_folder_to_delete_is_named_as_it_lies_there(work, tmp_path, capsys):
    project = work / "film.vidcolor"
    picture = tmp_path / "own.png"
    write_picture(picture, SIZE)
    for words in (["cut", "12"], ["keyframe", "13", "--file", str(picture)]):
        capsys.readouterr()
        assert main(["correct", str(project), *words]) == 0
        place = project / capsys.readouterr().out.split("written: ")[1].split(";")[0]
        assert place.exists()
        assert place.is_dir() == ("--file" in words)
    assert main(["correct", str(project), "keyframe", "14", "--file", str(tmp_path)]) == 2
    assert "is no file" in capsys.readouterr().err


def test_a_version_may_be_approved_by_its_short_name(work):
    assert 'version = "v001"' in correct(work, "approve", "r1-000000", "v1").read_text()


def test_merged_shots_are_one(work, capsys):
    before = versions(work)
    correct(work, "merge", "r1-000008")
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    capsys.readouterr()
    assert main(["status", str(work / "film.vidcolor"), "--json"]) == 0
    assert [shot["stop"] for shot in json.loads(capsys.readouterr().out)["shots"]] == [16, 24]


def test_a_dissolve_renders_both_shots_and_no_third(work):
    before = versions(work)
    correct(work, "dissolve", "16", "--length", "4")
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000008/v002", "r1-000016/v002"}


def test_an_excluded_shot_is_delivered_gray_and_nothing_is_rendered(work):
    before, film, whole = versions(work), delivered(work), (work / "out.mkv").read_bytes()
    exclude = correct(work, "exclude", "r1-000008", "--note", "a title")
    assert run(work) == 0
    assert versions(work) == before
    for frame, (new, old) in enumerate(zip(delivered(work), film, strict=True)):
        assert is_gray(new) if 8 <= frame < 16 else (new == old).all()
    exclude.unlink()
    assert run(work) == 0
    assert (work / "out.mkv").read_bytes() == whole


def test_a_shot_excluded_before_it_was_ever_rendered_is_not(work):
    shutil.rmtree(work / "film.vidcolor" / "shots" / "r1-000008")
    correct(work, "exclude", "12")
    assert run(work) == 0
    assert {name.split("/")[0] for name in versions(work)} == {"r1-000000", "r1-000016"}
    assert is_gray(delivered(work)[12])


def test_an_approved_version_is_delivered_until_another_is(work, capsys):
    film, before = delivered(work), versions(work)
    correct(work, "approve", "r1-000000", "v001", "--by", "colorist")
    write_picture(work / "refs" / "000001.png", SIZE, np.full((*SIZE, 3), (0.9, 0.2, 0.2), np.float32))
    assert run(work) == 0
    told = capsys.readouterr().out
    assert versions(work) == before, "what is approved is not rendered again"
    assert "r1-000000: v001 is delivered, as it is approved, though something has changed since" in told
    assert all((new == old).all() for new, old in zip(delivered(work), film, strict=True))
    assert "in force, stale" in listed(work, capsys)
    assert run(work, "--set", "export.stale_approvals=refuse") == 2
    assert "r1-000000: v001 is approved, but something has changed since" in capsys.readouterr().err
    assert main(["render", str(work / "film.vidcolor"), "r1-000000", "--set", "propagate.fill=0"]) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    assert main(["render", str(work / "film.vidcolor"), "r1-000000", "--set", "propagate.fill=0"]) == 0
    assert "r1-000000/v003" not in versions(work)


def test_a_version_made_anew_is_not_the_one_that_was_approved(work, capsys):
    correct(work, "approve", "r1-000000")
    folder = work / "film.vidcolor" / "shots" / "r1-000000"
    shutil.rmtree(folder / "v001")
    write_picture(work / "refs" / "000001.png", SIZE, np.full((*SIZE, 3), (0.9, 0.2, 0.2), np.float32))
    assert run(work) == 2
    (line,) = [text for text in capsys.readouterr().err.splitlines() if "corrections/" in text]
    assert "frame 0: r1-000000 has no v001 that is what was approved" in line
    assert (folder / "v001").is_dir(), "the rest goes on"


def test_an_approval_of_a_shot_that_was_cut_since(work, capsys):
    correct(work, "approve", "r1-000008")
    correct(work, "cut", "12")
    assert run(work) == 2
    err = capsys.readouterr().err
    assert "frame 8: was said of a shot of frames 8 to 15; r1-000008 now holds 8 to 11" in err
    assert "r1-000012/v001" in versions(work)


def test_a_version_of_a_shot_as_it_was_cut_once_is_not_approved(work, capsys):
    correct(work, "cut", "12")
    project = str(work / "film.vidcolor")
    for which in ([], ["v001"]):
        assert main(["correct", project, "approve", "r1-000008", *which]) == 2
        told = capsys.readouterr().err
        assert "v001 of r1-000008 holds frames 8 to 15, where the shot now has 8 to 11; run `vidcolor render" in told
    correct(work, "merge", "8")
    capsys.readouterr()
    assert main(["correct", project, "approve", "r1-000008"]) == 2
    assert "r1-000008: no such shot; frame 8 is in r1-000000" in capsys.readouterr().err


def test_an_approval_of_an_excluded_shot_contradicts_it(work, capsys):
    approve, exclude = correct(work, "approve", "r1-000008"), correct(work, "exclude", "r1-000008")
    assert main(["corrections", str(work / "film.vidcolor")]) == 2
    err = capsys.readouterr().err
    assert f"corrections/{approve.stem}: frame 8: approves a shot that corrections/{exclude.stem} leaves gray" in err


def test_a_note_and_its_author_touch_nothing(work, capsys):
    before = versions(work)
    note = correct(work, "note", "00:00:00:10", "--note", "the folder is brown", "--by", "ann")
    assert run(work) == 0
    assert versions(work) == before
    told = listed(work, capsys)
    assert note.stem in told
    assert "the folder is brown" in told
    assert "ann" in told


def test_corrections_are_written_while_another_works_on_the_film(work):
    with Project.open(work / "film.vidcolor").lock("render"):
        correct(work, "note", "3", "--note", "the coat is navy")
        assert main(["run", str(work / "film.mkv"), "--preset", "draft"]) == 2


def test_prune_keeps_what_is_approved_and_what_is_of_today(work):
    correct(work, "approve", "r1-000000", "v001")
    line = ["render", str(work / "film.vidcolor"), "r1-000000"]
    (work / "film.vidcolor" / "exports" / "out.mkv.json").unlink()
    write_picture(work / "refs" / "000001.png", SIZE, np.full((*SIZE, 3), (0.2, 0.9, 0.2), np.float32))
    assert main(line) == 0
    assert main(["prune", str(work / "film.vidcolor")]) == 0
    assert {"r1-000000/v001", "r1-000000/v002"} <= set(versions(work))
