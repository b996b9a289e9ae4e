"""A film of several reels: planned, rendered, delivered and looked at as one, each reel a project of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.references.by_reel import Reels
from vidcolor.references.names import read_names
from vidcolor.timeline import Rate
from vidcolor.types import Reel

QUICK = ["--preset", "draft", "--delivery", "ffv1"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two reels of two shots, coloured each by its own picture of a frame of the same number."""
    place = tmp_path_factory.mktemp("reels")
    (place / "refs" / "two").mkdir(parents=True)
    for name, seeds in (("one", (6,)), ("two", (4,))):
        colors = write_gray_film(place / f"{name}.mkv", 12, cuts=seeds)
        picture = "one_000001.png" if name == "one" else "two/000001.png"
        write_picture(place / "refs" / picture, colors=colors[1])
    assert main(["run", *films(place), "--keyframes", str(place / "refs"), *project(place), *QUICK]) == 0
    return place


def films(place: Path) -> list[str]:
    return [str(place / "one.mkv"), str(place / "two.mkv")]


def project(place: Path) -> list[str]:
    return ["--project", str(place / "film.vidcolor")]


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "work")
    return tmp_path / "work"


def test_each_reel_is_cut_coloured_and_delivered(made):
    for name, cut in (("r1", 6), ("r2", 4)):
        plan = json.loads((made / "film.vidcolor" / name / "plan" / "shots.json").read_text())
        assert [(shot["reel"], shot["frames"]["start"]) for shot in plan["shots"]] == [(name, 0), (name, cut)]
        assert (made / "film.vidcolor" / name / "shots" / f"{name}-000000" / "v001").is_dir()
        with av.open(str(made / f"film_{name}_color_ffv1.mkv")) as film:
            assert sum(1 for _ in film.decode(video=0)) == 12
    assert not (made / "film.vidcolor" / "project.toml").exists(), "each fact stands in its reel's project"


def test_the_same_line_again_makes_nothing(place, capsys):
    before = {path: path.stat().st_mtime_ns for path in place.glob("*.mkv")}
    assert main(["run", *reversed(films(place)), *project(place), "--delivery", "ffv1"]) == 0
    assert capsys.readouterr().out.count("nothing to do") == 2
    assert {path: path.stat().st_mtime_ns for path in place.glob("*.mkv")} == before


def test_a_reel_that_moved_keeps_its_name_and_a_third_gets_the_next(place):
    (place / "two.mkv").rename(place / "moved.mkv")
    write_gray_film(place / "three.mkv", 6)
    assert main(["run", str(place / "moved.mkv"), str(place / "three.mkv"), *project(place), *QUICK]) == 0
    assert "moved.mkv" in (place / "film.vidcolor" / "r2" / "project.toml").read_text()
    assert "three.mkv" in (place / "film.vidcolor" / "r3" / "project.toml").read_text()


def test_commands_do_each_reel_or_the_one_that_is_named(place, capsys):
    film = str(place / "film.vidcolor")
    assert main(["status", film]) == 0
    said = capsys.readouterr().out
    assert said.index("reel r1") < said.index("r1-000006") < said.index("reel r2") < said.index("r2-000004")
    assert main(["why", film, "r2-000004"]) == 0
    assert capsys.readouterr().out.startswith("r2-000004  v001 is fresh")
    assert main(["frames", film, "r2@5", "-o", str(place / "refs")]) == 0
    assert (place / "refs" / "r2-000005.png").is_file()
    assert main(["correct", film, "exclude", "r2-000004"]) == 0
    (written,) = (place / "film.vidcolor" / "r2" / "corrections").iterdir()
    assert written.name == "0001-exclude-r2-000004.toml"
    assert not (place / "film.vidcolor" / "r1" / "corrections").exists()


def test_what_is_proposed_of_a_reel_is_accepted_there(place):
    film = str(place / "film.vidcolor")
    assert main(["propose", film, "r2@5", "-n", "1"]) == 0
    assert main(["accept", film, "r2-000005-1-1"]) == 0
    assert list((place / "film.vidcolor" / "r2" / "corrections").glob("0001-keyframe-r2-000005*"))


def test_a_reel_that_fails_does_not_stop_the_others(place, capsys):
    (place / "one.mkv").rename(place / "away.mkv")
    shutil.rmtree(place / "film.vidcolor" / "r2" / "shots")
    assert main(["render", str(place / "film.vidcolor")]) == 2
    assert "one.mkv: no such film" in capsys.readouterr().err
    assert (place / "film.vidcolor" / "r2" / "shots" / "r2-000004" / "v001").is_dir()


def test_shots_of_every_reel_go_into_one_folder(place):
    (place / "out").mkdir()
    assert main(["export", str(place / "film.vidcolor"), "--per-shot", "-o", str(place / "out"), *QUICK[2:]]) == 0
    for name, cut in (("r1", 6), ("r2", 4)):
        shots = place / "out" / f"film_{name}_color_ffv1_shots"
        assert {path.stem for path in shots.glob("*.mkv")} == {f"film_{name}_{at:06d}_v001" for at in (0, cut)}
        assert list(shots.glob("*.otio"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["frames", "P", "5"], "5: of which reel? Write r1@5"),
        (["why", "P", "r7-000000"], "no reel r7; the film has r1, r2"),
        (["review", "P"], "a film of several reels; name the project of one, as"),
        (["export", "P", "-o", "out.mov"], "out.mov: no such folder; a film of several reels is a file for each"),
        (["sheet", "P", "-o", "sheets"], "sheets: would be of every reel"),
        (["run", "F", "F", "--project", "P"], "stands twice on the line"),
    ],
)
def test_what_cannot_be_said_of_every_reel_is_refused(made, line, told, capsys):
    words = {"P": str(made / "film.vidcolor"), "F": films(made)[0]}
    assert main([words.get(word, word) for word in line]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_reel_that_cannot_be_read_leaves_no_project_and_the_others_know_it_by_name(tmp_path, capsys):
    (tmp_path / "refs").mkdir()
    colors = write_gray_film(tmp_path / "film_R02.mkv", 6)
    write_picture(tmp_path / "refs" / "r2-000001.png", colors=colors[1])
    write_picture(tmp_path / "refs" / "film_R01_000001.png", colors=colors[1])
    (tmp_path / "film_R01.mkv").write_bytes(b"no film")
    reels = [str(tmp_path / f"film_R0{n}.mkv") for n in (1, 2)]
    line = ["run", *reels, "--keyframes", str(tmp_path / "refs"), *project(tmp_path), *QUICK]
    assert main(line) == 2
    assert "film_R01.mkv" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "film.vidcolor").iterdir()] == ["r2"]
    assert (tmp_path / "film_r2_color_ffv1.mkv").is_file()


def test_one_list_cuts_every_reel(place):
    clips = [("one", 0, 3), ("one", 3, 12), ("two", 12, 19), ("two", 19, 24)]
    events = [
        f"{n:03d}  {name}.mkv V C " + " ".join(Rate.of(24).timecode(frame) for frame in (a, b) * 2)
        for n, (name, a, b) in enumerate(clips, 1)
    ]
    (place / "film.edl").write_text("\n".join(["TITLE: FILM", *events]))
    assert main(["plan", str(place / "film.vidcolor"), "--shots", str(place / "film.edl")]) == 0
    for name, cut in (("r1", 3), ("r2", 7)):
        shots = json.loads((place / "film.vidcolor" / name / "plan" / "shots.json").read_text())["shots"]
        assert [shot["frames"]["start"] for shot in shots] == [0, cut]


def test_the_project_of_one_film_takes_no_reels(tmp_path, capsys):
    write_gray_film(tmp_path / "one.mkv", 6)
    write_gray_film(tmp_path / "two.mkv", 6)
    alone = str(tmp_path / "one.vidcolor")
    assert main(["new", alone, "--reel", str(tmp_path / "one.mkv")]) == 0
    assert main(["run", *films(tmp_path), "--project", alone]) == 2
    assert "is the project of" in capsys.readouterr().err
    reels = str(tmp_path / "film.vidcolor")
    assert main(["new", reels, "--reel", str(tmp_path / "one.mkv"), "--reel", str(tmp_path / "two.mkv")]) == 0
    assert 'name = "r2"' in (tmp_path / "film.vidcolor" / "r2" / "project.toml").read_text()


# What names of references say of reels.

REELS = Reels("r2", {"r1": "r1", "r2": "r2", "first": "r1", "second": "r2"})
REEL = Reel("r2", Path("second.mov"), 48, Rate.of(24), (48, 64), start=86400 * 2, timecoded=True)


def test_names_say_which_reel_a_picture_is_of():
    paths = [
        "02-00-01-00.png",
        "coat.png",
        "first/000003.png",
        "first_000004.png",
        "r1-000005/coat.png",
        "r2-000007.png",
        "r2-000000/hat.png",
        "second/000008.png",
        "second_000009.png",
    ]
    found = read_names(paths, REEL, REELS)
    assert [(p.path, p.frame, p.shot) for p in found.pictures] == [
        ("02-00-01-00.png", 24, None),
        ("coat.png", None, None),
        ("r2-000000/hat.png", None, "r2-000000"),
        ("r2-000007.png", 7, None),
        ("second/000008.png", 8, None),
        ("second_000009.png", 9, None),
    ]
    assert found.others == 3
    assert found.notes == ()


def test_a_timecode_that_another_reel_has_is_left_to_it():
    found = read_names(["01-00-01-00.png"], REEL, REELS)
    assert (found.pictures, found.others) == ((), 1)
    assert found.notes == ("Of other reels, as this one has no such timecode: 01-00-01-00.png.",)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("000007.png", "000007.png: a frame of which reel? Rename it r2-000007.png"),
        ("000107.png", "000107.png: a frame of which reel?"),
        ("r3-000007.png", "the film has no reel r3, it has r1, r2"),
        ("r3/000007.png", "the film has no reel r3"),
        ("coat.region-000007.png", "coat.region-000007.png: a frame of which reel?"),
    ],
)
def test_a_picture_of_a_frame_of_any_reel_is_refused(path, told):
    with pytest.raises(Exception, match=told.replace("?", r"\?")) as refused:
        read_names(["coat.png", path], REEL, REELS)
    assert refused.type.__name__ == "InputError"


def test_regions_go_with_their_reel():
    found = read_names(
        ["r2/coat.png", "r2/coat.region-000007.png", "r1/coat.png", "r1/coat.region-000009.png"], REEL, REELS
    )
    assert [(r.path, r.frame, r.picture) for r in found.regions] == [("r2/coat.region-000007.png", 7, "r2/coat.png")]
