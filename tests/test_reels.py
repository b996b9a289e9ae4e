"""A film of several reels: planned, rendered, delivered and looked at as one, each reel a project of its own."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import av
import opentimelineio as otio
import pycmx
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.farm.jobs import Job
from vidcolor.farm.opencue import job_xml
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
    told = capsys.readouterr()
    assert "one.mkv: no such film" in told.err
    assert "1 of 2 reels done; not r1: errors say what mends that" in " ".join(told.out.split())
    assert (place / "film.vidcolor" / "r2" / "shots" / "r2-000004" / "v001").is_dir()


def test_shots_of_every_reel_go_into_one_folder(place):
    (place / "out").mkdir()
    assert main(["export", str(place / "film.vidcolor"), "--per-shot", "-o", str(place / "out"), *QUICK[2:]]) == 0
    for name, cut in (("r1", 6), ("r2", 4)):
        shots = place / "out" / f"film_{name}_color_ffv1_shots"
        assert {path.stem for path in shots.glob("*.mkv")} == {f"film_{name}_{at:06d}_v001" for at in (0, cut)}
        assert list(shots.glob("*.otio"))


def test_one_list_conforms_every_shot_of_every_reel(place, capsys):
    """In reel order, read again by readers that are not ours; and anew where one shot of one reel has a new version."""
    film = str(place / "film.vidcolor")
    assert main(["export", film, "--per-shot", "--delivery", "ffv1"]) == 0
    told = capsys.readouterr().out
    assert told.index("all reels") < told.index("film_color_ffv1_shots.edl")
    wanted = [("r1", 0, 6), ("r1", 6, 12), ("r2", 0, 4), ("r2", 4, 12)]
    names = [f"film_{reel}_{first:06d}_v001.mkv" for reel, first, _ in wanted]
    assert [edit.source for edit in edits(place)] == [edit.clip_name for edit in edits(place)] == names
    ends = [Rate.of(24).timecode(frame) for frame in (6, 12, 16, 24)]
    assert [edit.record_out for edit in edits(place)] == ends
    assert [edit.source_out for edit in edits(place)] == [Rate.of(24).timecode(stop) for _, _, stop in wanted]
    track = otio.adapters.read_from_file(str(place / "film_color_ffv1_shots.otio")).video_tracks()[0]
    urls = [clip.media_reference.target_url for clip in track]
    assert urls == [f"film_{reel}_color_ffv1_shots/{name}" for (reel, _, _), name in zip(wanted, names, strict=True)]
    assert all((place / url).is_file() for url in urls)
    rows = csv.DictReader(io.StringIO((place / "film_color_ffv1_shots.csv").read_text()))
    assert [row["path"] for row in rows] == urls
    capsys.readouterr()
    again = ["export", film, "--per-shot", "--delivery", "ffv1", "--handles", "1", "r2-000004"]
    assert main(again) == 0
    assert [edit.source for edit in edits(place)] == [*names[:3], "film_r2_000004_v002.mkv"]


def edits(place: Path) -> list[pycmx.edit.Edit]:
    with (place / "film_color_ffv1_shots.edl").open() as file:
        return [event.edits[-1] for event in pycmx.parse_cmx3600(file).events]


def test_a_film_for_each_reel_has_one_list_and_what_is_not_there_is_black(place, capsys):
    film = str(place / "film.vidcolor")
    assert main(["export", film, "--lists", "--delivery", "ffv1"]) == 0
    track = otio.adapters.read_from_file(str(place / "film_color_ffv1.otio")).video_tracks()[0]
    reels = [clip.media_reference.target_url for clip in track]
    assert reels == [f"film_r{n}_color_ffv1.mkv" for n in (1, 1, 2, 2)]
    (place / "film_r2_color_ffv1.mkv.manifest.json").unlink()
    (place / "film_r2_color_ffv1.mkv").unlink()
    shutil.rmtree(place / "film.vidcolor" / "r2" / "shots")
    capsys.readouterr()
    assert main(["export", film, "--lists", "--delivery", "ffv1"]) == 2
    assert "black for shots without a file there: r2-000000, r2-000004" in " ".join(capsys.readouterr().out.split())
    track = otio.adapters.read_from_file(str(place / "film_color_ffv1.otio")).video_tracks()[0]
    assert [clip.name for clip in track] == ["film_r1_color_ffv1.mkv"] * 2
    (place / "one.mkv").rename(place / "away.mkv")
    assert main(["export", film, "--lists", "--delivery", "ffv1"]) == 2
    assert "no lists of all reels: " in capsys.readouterr().err


def test_status_tells_all_reels_to_people_and_programs(place, capsys):
    film = str(place / "film.vidcolor")
    shutil.rmtree(place / "film.vidcolor" / "r2" / "shots" / "r2-000004")
    assert main(["status", film]) == 0
    assert "all reels: 4 shots: 3 fresh, 1 new" in capsys.readouterr().out
    (place / "film.vidcolor" / "r2" / "plan" / "shots.json").unlink()
    assert main(["status", film, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)["reels"]
    assert [shot["id"] for shot in told["r1"]["shots"]] == ["r1-000000", "r1-000006"]
    assert "run `vidcolor plan" in told["r2"]["error"]


def test_a_farm_has_one_job_for_all_reels(place, capsys):
    film = place / "film.vidcolor"
    for name in ("r1", "r2"):
        shutil.rmtree(film / name / "shots")
    assert main(["farm", str(film), "--openjd", str(place / "job")]) == 0
    steps = json.loads((place / "job" / "template.json").read_text())["steps"]
    (shots,) = [step["parameterSpace"]["taskParameterDefinitions"][0]["range"] for step in steps[1:-1]]
    assert shots == ["r1-000000", "r1-000006", "r2-000000", "r2-000004"]
    for step in steps:
        words = step["script"]["actions"]["onRun"]["args"]
        line = [word.replace("{{Param.Project}}", str(film)) for word in words]
        for shot in shots if "{{Task.Param.Shot}}" in line else [""]:
            assert main([word.replace("{{Task.Param.Shot}}", shot) for word in line]) == 0
    assert (place / "film_r2_color.mov").is_file()
    capsys.readouterr()
    (film / "r2" / "plan" / "shots.json").unlink()
    assert main(["farm", str(film), "--openjd", str(place / "other")]) == 2
    assert "no job was written" in " ".join(capsys.readouterr().err.split())
    assert not (place / "other").exists()


def test_opencues_layers_of_reels_wait_for_the_plan_alone():
    pytest.importorskip("outline", reason="opencue-pyoutline is not installed")
    job = Job("film", Path("/films/film.vidcolor"), ("r1-000000", "r2-000000"))
    waits = {
        (one.findtext("deplayer"), one.findtext("onlayer"))
        for one in ElementTree.fromstring(job_xml(job)).iter("depend")
    }
    assert waits == {(f"shots_{r}", "plan") for r in ("r1", "r2")} | {("export", f"shots_{r}") for r in ("r1", "r2")}


def test_all_reels_share_one_palette(place, capsys):
    film, reel = str(place / "film.vidcolor"), str(place / "film.vidcolor" / "r2")
    assert main(["palette", film, "--name", "coat", "--color", "1f2a5c"]) == 0
    assert main(["palette", reel, "--name", "skin", "--color", "c0a080"]) == 0
    assert (place / "film.vidcolor" / "palette.toml").read_text() == '"coat" = "1f2a5c"\n"skin" = "c0a080"\n'
    for frame in ("r1@2", "r2@2"):
        assert main(["correct", film, "hint", frame, "--at", "9,9", "--color", "coat"]) == 0
    capsys.readouterr()
    assert main(["palette", film]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["coat", "1f2a5c", "2"]
    assert main(["palette", film, "--name", "coat", "--remove"]) == 2
    assert "r1/corrections/0001-hint-r1-000002.toml and 1 more" in " ".join(capsys.readouterr().err.split())
    assert main(["palette", film, "--name", "coat", "--rename", "cape"]) == 0
    pages = list((place / "film.vidcolor").glob("r?/corrections/*.toml"))
    assert ['color = "cape"' in page.read_text() for page in pages] == [True, True]
    (place / "film.vidcolor" / "r1" / "palette.toml").write_text('"cape" = "ffffff"\n')
    assert main(["palette", film]) == 2
    assert "r1/palette.toml: all reels share one; move its colours into" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["frames", "P", "5"], "5: of which reel? Write r1@5"),
        (["why", "P", "r7-000000"], "no reel r7; the film has r1, r2"),
        (["review", "P"], "is a film of several reels, r1, r2; name the project of one, as"),
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
