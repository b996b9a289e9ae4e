"""A file for each shot: its frames and handles, their timecode and names, and what is written again."""

from __future__ import annotations

import csv
import json
import re
import shutil
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import made_shots
import numpy as np
import opentimelineio as otio
import pytest

from vidcolor.cli.parser import main
from vidcolor.cli.working import settings_of
from vidcolor.errors import SettingsError
from vidcolor.hashes import sha256_of
from vidcolor.media.encoder import plane_view
from vidcolor.pipeline.conform import LISTS
from vidcolor.pipeline.file_names import check_template
from vidcolor.project import Project
from vidcolor.project.exports import Export
from vidcolor.review.quality_table import luma_rows
from vidcolor.state.read import load_film
from vidcolor.timeline import Rate, parse_timecode

SIZE, COUNT = (48, 64), 44
repaint = partial(made_shots.repaint, SIZE)
HANDLES = 5
RUNS = {"000000": (0, 19), "000012": (5, 31), "000026": (21, COUNT)}
"""First frame and the one after the last, of each file"""
TIMECODES = {"000000": "00:00:59;20", "000012": "00:00:59;25", "000026": "00:01:00;13"}
"""Of the files' first frames: two labels are dropped behind frame 9"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots, two of them joined by a dissolve, of a drop-frame film with sound; planned, not rendered."""
    folder = tmp_path_factory.mktemp("per-shot") / "made"
    made_shots.plan_three_shots(folder, SIZE, COUNT, timecode="00:00:59;20", rate=Fraction(30000, 1001))
    return folder


@pytest.fixture(scope="module")
def rendered(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(planned, tmp_path_factory.mktemp("per-shot") / "rendered")
    assert main(["render", str(folder / "film.vidcolor")]) == 0
    return folder


@pytest.fixture
def work(rendered: Path, tmp_path: Path) -> Path:
    return shutil.copytree(rendered, tmp_path / "work")


def export(work: Path, *extra: str, handles: int = HANDLES, delivery: str = "ffv1") -> int:
    line = ["export", str(work / "film.vidcolor"), "--per-shot", "-o", str(work / "out"), "--delivery", delivery]
    return main([*line, "--handles", str(handles), *extra])


def films(work: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((work / "out").glob("*.m[ok]v"))}


def planes(path: Path) -> list[np.ndarray]:
    """(3, H, W) codes of each frame of a 4:4:4 film."""
    with av.open(str(path)) as film:
        return [np.stack([plane_view(picture, n).copy() for n in range(3)]) for picture in film.decode(video=0)]


def test_each_file_holds_its_frames_and_handles_as_the_whole_film_has_them(work):
    assert export(work) == 0
    assert main(["export", str(work / "film.vidcolor"), "-o", str(work / "film.mkv"), "--delivery", "ffv1"]) == 0
    whole = planes(work / "film.mkv")
    assert list(films(work)) == [f"film_r1_{shot}_v001.mkv" for shot in RUNS]
    for shot, (start, stop) in RUNS.items():
        path = work / "out" / f"film_r1_{shot}_v001.mkv"
        assert np.array_equal(planes(path), whole[start:stop]), shot
        told = json.loads(Path(f"{path}.manifest.json").read_text())
        assert told["luma"]["equal"] is True
        assert told["file"]["timecode_in"] == TIMECODES[shot]
        assert told["file"]["sound"] == []
        assert (told["part"]["first"], told["part"]["last"]) == (start, stop - 1)
    assert told["part"]["handles"] == [HANDLES, 0], "there are no frames behind the film"


def test_a_file_says_the_timecode_of_its_first_frame(work):
    assert export(work, delivery="prores-422hq") == 0
    for shot, timecode in TIMECODES.items():
        with av.open(str(work / "out" / f"film_r1_{shot}_v001.mov")) as film:
            assert film.streams.video[0].metadata["timecode"] == timecode
            assert film.streams.video[0].frames == RUNS[shot][1] - RUNS[shot][0]
            assert not film.streams.audio


def test_only_files_that_show_what_changed_are_written_again_as_their_next_version(work, capsys):
    assert export(work) == export(work) == 0
    assert "3 of 3 files" in capsys.readouterr().out
    first = films(work)
    repaint(work, 33)
    assert export(work) == 0
    second = films(work)
    assert second.keys() - first.keys() == {f"film_r1_{shot}_v002.mkv" for shot in ("000012", "000026")}
    assert {name: second[name] for name in first} == first
    record = json.loads((work / "out" / "film_r1_000026_v002.mkv.manifest.json").read_text())
    assert record["part"]["version"] == record["shots"][-1]["version"] == "v002"


def test_the_lists_beside_the_files_name_those_in_force(work, capsys):
    assert export(work, delivery="prores-422hq") == 0
    lists = {path.name: path.read_bytes() for path in (work / "out").glob("film_r1*.*") if "_v0" not in path.name}
    assert sorted(lists) == [f"film_r1{ending}" for ending in sorted(LISTS)]
    track = otio.adapters.read_from_file(str(work / "out" / "film_r1.otio")).video_tracks()[0]
    for clip in track.find_clips():
        with av.open(str(work / "out" / clip.media_reference.target_url)) as film:
            held = clip.available_range()
            assert film.streams.video[0].frames == held.duration.value
            timecode = film.streams.video[0].metadata["timecode"]
            assert parse_timecode(timecode, Rate(30000, 1001)) == held.start_time.value
    table = list(csv.DictReader((work / "out" / "film_r1.csv").read_text().splitlines()))
    assert [row["sha256"] for row in table] == [sha256_of(work / "out" / row["path"]) for row in table]
    assert [(row["head_handle"], row["tail_handle"]) for row in table] == [("0", "5"), ("5", "5"), ("5", "0")]
    repaint(work, 33)
    (work / "out" / "film_r1.xml").write_text("somebody's own")
    capsys.readouterr()
    assert export(work, "r1-000026", delivery="prores-422hq") == 0
    assert "film_r1.xml was changed, or is another's, and stays" in capsys.readouterr().out
    assert (work / "out" / "film_r1.xml").read_text() == "somebody's own"
    edit_list = (work / "out" / "film_r1.edl").read_text()
    assert re.findall(r"FROM CLIP NAME: (\S+)", edit_list) == [
        "film_r1_000000_v001.mov",
        "film_r1_000000_v001.mov",
        "film_r1_000026_v002.mov",
    ], "a shot that was not asked for keeps the file it had"
    assert "TO CLIP NAME: film_r1_000012_v001.mov" in edit_list


def test_lists_of_the_whole_film_name_its_one_file(work, capsys):
    line = ["export", str(work / "film.vidcolor"), "-o", str(work / "out" / "master.mov"), "--lists"]
    (work / "out").mkdir()
    assert main(line) == main(line) == 0
    assert "lists      master.edl, master_cmx.edl" in capsys.readouterr().out
    clips = list(otio.adapters.read_from_file(str(work / "out" / "master.otio")).find_clips())
    assert {clip.name for clip in clips} == {"master.mov"}
    assert [clip.available_range().duration.value for clip in clips] == [COUNT] * 3
    start = parse_timecode(TIMECODES["000000"], Rate(30000, 1001))
    assert [clip.source_range.start_time.value - start for clip in clips] == [0, 12, 26]
    events = (work / "out" / "master.edl").read_text().splitlines()
    assert [event[:17].strip() for event in events if event[:3].isdecimal()] == [
        f"{number:03d}  master.mov" for number in (1, 2, 2, 3)
    ]
    clips = list(otio.adapters.read_from_file(str(work / "out" / "master.xml")).find_clips())
    assert [(clip.name, clip.source_range.start_time.value - start) for clip in clips] == [
        ("master.mov", first) for first in (0, 12, 26)
    ]
    rows = list(csv.DictReader((work / "out" / "master.csv").read_text().splitlines()))
    assert [row["version"] for row in rows] == ["v001"] * 3
    assert {row["sha256"] for row in rows} == {sha256_of(work / "out" / "master.mov")}


def test_folders_of_pictures_have_their_lists_too(work):
    assert export(work, delivery="dpx-10") == export(work, delivery="dpx-10") == 0
    name = "film_r1_000012_v001"
    folder = work / "out" / name
    pictures = [f"{name}.{number:07d}.dpx" for number in range(5, 31)]
    assert sorted(path.name for path in folder.iterdir()) == pictures
    assert not (work / "out" / "film_r1_000012_v002").exists()
    clip = list(otio.adapters.read_from_file(str(work / "out" / "film_r1.otio")).find_clips())[1]
    media = clip.media_reference
    assert [media.target_url_for_image_number(number) for number in (0, 25)] == [
        f"{name}/{pictures[0]}",
        f"{name}/{pictures[-1]}",
    ]
    assert media.number_of_images_in_sequence() == clip.available_range().duration.value == len(pictures)
    assert clip.name == f"{name}.[0000005-0000030].dpx"
    row = list(csv.DictReader((work / "out" / "film_r1.csv").read_text().splitlines()))[1]
    assert (work / "out" / (row["path"] % 30)).is_file()
    assert row["code"] == name
    assert f"out/{name}/{pictures[0]}</pathurl>" in (work / "out" / "film_r1.xml").read_text()
    assert re.findall(r"^00\d  (\S+) +V     D", (work / "out" / "film_r1.edl").read_text(), re.MULTILINE) == [name]


def test_shots_without_a_file_are_black_in_the_lists(work, capsys):
    assert export(work, "r1-000026") == 0
    assert "black for shots without a file there: r1-000000, r1-000012" in capsys.readouterr().out
    assert re.findall(r"^00\d  (\S+)", (work / "out" / "film_r1.edl").read_text(), re.MULTILINE) == [
        "BL",
        "film_r1_000026_v001.mkv",
    ]


def test_a_second_project_of_a_film_has_a_folder_of_its_own(work, capsys):
    for name in ("other.vidcolor", "third.vidcolor"):
        shutil.copytree(work / "film.vidcolor", work / name)
    line = ["--per-shot", "--delivery", "ffv1", "r1-000000"]

    def folders() -> set[str]:
        return {path.name for path in work.glob("film_color*")}

    assert main(["export", str(work / "other.vidcolor"), *line]) == 0
    assert folders() == {"film_color_ffv1_shots"}
    assert main(["export", str(work / "film.vidcolor"), *line]) == 0
    assert folders() == {"film_color_ffv1_shots", "film_color_ffv1-film_shots"}, "the other is found beside it"
    assert main(["export", str(work / "third.vidcolor"), *line]) == 0
    shutil.rmtree(work / "film_color_ffv1_shots")
    before = folders()
    for name in ("film.vidcolor", "third.vidcolor"):
        assert main(["export", str(work / name), *line]) == 0
    assert folders() == before == {"film_color_ffv1-film_shots", "film_color_ffv1-third_shots"}, "each keeps to its own"


def test_the_report_tells_of_a_folder_of_shots_in_one_line(work):
    assert export(work) == 0
    (work / "out" / "film_r1_000026_v001.mkv").unlink()
    project = Project.open(work / "film.vidcolor")
    film = load_film(project, settings_of(project, []))
    told = {row.name: row.value for row in luma_rows(film)}
    assert told == {"Luma identity: out, shots": "2 equal, 1 no longer there"}
    assert export(work, delivery="dpx-10") == 0
    told = {row.name: row.value for row in luma_rows(film)}
    assert told == {"Luma identity: out, shots": "5 equal, 1 no longer there"}


def test_without_handles_a_change_is_one_shots_alone(work):
    assert export(work, handles=0) == 0
    repaint(work, 33)
    before = films(work)
    assert export(work, handles=0) == 0
    assert films(work).keys() - before.keys() == {"film_r1_000026_v002.mkv"}


@pytest.mark.parametrize("step", ["claim", "keep"])
def test_stopped_between_any_two_steps_it_goes_on_to_the_same_files(work, tmp_path, monkeypatch, step):
    other = shutil.copytree(work, tmp_path / "other")
    assert export(other) == 0
    done, real = [], getattr(Export, step)

    def stopped(self, *args):
        done.append(self.out.name)
        if len(done) == 2:
            if step == "claim":
                real(self, *args)
            raise KeyboardInterrupt
        real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Export, step, stopped)
        assert export(work) == 130
    assert len(done) == 2
    assert export(work) == 0
    assert films(work) == films(other)
    manifests = [{p.name: p.read_bytes() for p in (w / "out").glob("*.json")} for w in (work, other)]
    assert manifests[0] == manifests[1]


def test_handles_of_shots_that_are_not_rendered_are_gray_and_said_so(planned, tmp_path, capsys):
    work = shutil.copytree(planned, tmp_path / "work")
    project = str(work / "film.vidcolor")
    assert main(["render", project, "r1-000026"]) == 0
    assert export(work, "r1-000026") == 0
    assert "handles from shots that were never rendered are gray: r1-000012" in capsys.readouterr().out
    codes = planes(work / "out" / "film_r1_000026_v001.mkv")
    assert all(np.ptp(frame[1:]) == 0 for frame in codes[:HANDLES])
    assert min(np.ptp(frame[1:]) for frame in codes[HANDLES:]) > 100
    assert main(["render", project, "r1-000000"]) == 0
    assert export(work, "r1-000000") == 2, "a dissolve's frames are the shot's own"
    assert "r1-000012 was never rendered" in capsys.readouterr().err
    assert main(["render", project]) == 0
    assert export(work) == 0
    assert "film_r1_000026_v002.mkv" in films(work), "its handles have colours now"


def test_names_follow_the_template(work, capsys):
    say = ["--set", "delivery.names={show}.{number}", "--set", "delivery.show=Süd Wind"]
    assert export(work, *say) == 0
    assert list(films(work)) == [f"Sud-Wind.{number}.mkv" for number in ("0010", "0020", "0030")]
    before = films(work)
    repaint(work, 33)
    assert export(work, *say) == 0
    after = films(work)
    assert list(after) == list(before), "without a version in its name a file is replaced"
    assert after["Sud-Wind.0030.mkv"] != before["Sud-Wind.0030.mkv"]
    (work / "out" / "Sud-Wind.0030.mkv").write_bytes(b"somebody's own")
    repaint(work, 20)
    assert export(work, *say) == 2
    assert "has changed since it was delivered" in capsys.readouterr().err


@pytest.mark.parametrize(
    "names", ["{show}", "{show}_{shoot}", "a/{shot}", "{shot", "{shot!r}", "{shot:>9}", ".{shot}", "{}{shot}"]
)
def test_templates_that_name_no_file_are_refused(names):
    with pytest.raises(SettingsError, match="delivery.names"):
        check_template(names)


def test_a_number_is_never_given_twice(work):
    assert export(work) == 0
    for path in (work / "out").glob("*000026*"):
        path.unlink()
    assert export(work) == 0
    assert "film_r1_000026_v001.mkv" in films(work), "the same file again"
    (work / "out" / "film_r1_000026_v001.mkv").write_bytes(b"somebody's own")
    assert export(work) == 0
    assert "film_r1_000026_v002.mkv" in films(work)
    assert films(work)["film_r1_000026_v001.mkv"] == b"somebody's own"


@pytest.mark.parametrize("extra", [["r1-000012"], ["--handles", "4"]])
def test_what_only_shots_files_have_is_refused_for_the_whole_film(work, extra, capsys):
    assert main(["export", str(work / "film.vidcolor"), *extra]) == 2
    assert "add --per-shot" in capsys.readouterr().err
