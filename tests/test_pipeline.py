"""The whole program on a tiny film: what renders again and what does not, kills, versions, promises."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from tiny import luma_of, write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.encoder import plane_view

FRAMES, SIZE, CUTS = 36, (96, 128), (12, 24)
SHOTS = ["r1-000000", "r1-000012", "r1-000024"]
KEYS = (5, 17, 29)


def make(folder: Path) -> list[np.ndarray]:
    folder.mkdir(exist_ok=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, CUTS)
    (folder / "refs").mkdir()
    for key in KEYS:
        write_picture(folder / "refs" / f"{key:06d}.png", SIZE, colors[key])
    return colors


def line(folder: Path, *extra: str) -> list[str]:
    film, refs, out = folder / "film.mkv", folder / "refs", folder / "out.mkv"
    return ["run", str(film), "--keyframes", str(refs), "-o", str(out), "--delivery", "ffv1", *extra]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The tiny film, run once; (folder, true colours)."""
    folder = tmp_path_factory.mktemp("pipeline") / "made"
    colors = make(folder)
    assert main(line(folder)) == 0
    return folder, colors


@pytest.fixture
def work(made, tmp_path):
    target = tmp_path / "work"
    shutil.copytree(made[0], target)
    return target


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every chroma file, by shot and version."""
    return hashes_of(folder / "film.vidcolor")


def hashes_of(project: Path) -> dict[str, str]:
    root = project / "shots"
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("chroma.avi"))
    }


def result_of(path: Path) -> list[np.ndarray]:
    """(3, H, W) codes of every frame."""
    with av.open(str(path)) as film:
        return [np.stack([plane_view(f, n).copy() for n in range(3)]) for f in film.decode(video=0)]


def test_shots_are_found_and_told(made):
    rows = (made[0] / "film.vidcolor" / "plan" / "shots.csv").read_text().splitlines()
    assert rows[0] == "shot,start,stop,entry,transition_start,transition_stop"
    assert [r.split(",")[:3] for r in rows[1:]] == [
        [s, str(a), str(a + 12)] for s, a in zip(SHOTS, (0, *CUTS), strict=True)
    ]


def test_luma_is_the_films_own(made):
    folder, colors = made
    frames = result_of(folder / "out.mkv")
    assert len(frames) == FRAMES
    for codes, rgb in zip(frames, colors, strict=True):
        assert np.array_equal(codes[0], luma_of(rgb))
    manifest = json.loads((folder / "out.mkv.manifest.json").read_text())
    assert manifest["luma"]["source_sha256"] == manifest["luma"]["delivered_sha256"]


def test_colors_reach_every_frame(made):
    """Chroma error against the truth, in codes: far below that of the gray frame (all codes 512)."""
    folder, colors = made
    gray = ours = 0.0
    for codes, rgb in zip(result_of(folder / "out.mkv"), colors, strict=True):
        luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
        cb, cr = 512 + 896 * (rgb[..., 2] - luma) / 1.8556, 512 + 896 * (rgb[..., 0] - luma) / 1.5748
        ours += float(np.abs(codes[1] - cb).mean() + np.abs(codes[2] - cr).mean())
        gray += float(np.abs(512 - cb).mean() + np.abs(512 - cr).mean())
    assert ours < 0.3 * gray


def test_running_again_does_nothing(work, capsys):
    before, stat = hashes(work), (work / "out.mkv").stat().st_mtime_ns
    assert main(line(work)) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert hashes(work) == before
    assert (work / "out.mkv").stat().st_mtime_ns == stat


def test_one_changed_picture_renders_one_shot(work, made, capsys):
    before = hashes(work)
    picture = work / "refs" / "000017.png"
    kept = picture.read_bytes()
    write_picture(picture, SIZE, made[1][17][..., ::-1])
    main(["status", str(work / "film.vidcolor")])
    told = capsys.readouterr().out
    assert told.count("stale") == 3, told  # its row, the count below, and what the word means
    main(["why", str(work / "film.vidcolor"), "r1-000012"])
    assert "references/000017.png  changed" in capsys.readouterr().out
    assert main(line(work)) == 0
    after = hashes(work)
    assert {k: v for k, v in after.items() if "v002" not in k} == before
    assert [k for k in after if "v002" in k] == ["r1-000012/v002/chroma.avi"]
    # taking the change back finds the earlier version: nothing renders
    picture.write_bytes(kept)
    assert main(line(work)) == 0
    assert hashes(work) == after
    assert (work / "out.mkv").read_bytes() == (made[0] / "out.mkv").read_bytes()


def test_a_new_and_a_removed_picture_touch_their_shot_only(work, made):
    before = hashes(work)
    write_picture(work / "refs" / "000033.png", SIZE, made[1][33])
    assert main(line(work)) == 0
    added = hashes(work)
    assert set(added) - set(before) == {"r1-000024/v002/chroma.avi"}
    (work / "refs" / "000033.png").unlink()
    assert main(line(work)) == 0
    assert hashes(work) == added


def test_a_setting_renders_what_it_touches(work, capsys):
    before = hashes(work)
    assert main(line(work, "--set", "export.doubtful=3")) == 0
    assert hashes(work) == before, "a delivery setting touches no colours"
    assert main(line(work, "--set", "propagate.chroma_side=48")) == 0
    assert len(hashes(work)) == 2 * len(before)
    capsys.readouterr()
    main(["why", str(work / "film.vidcolor"), SHOTS[0], "--set", "propagate.chroma_side=32"])
    assert "settings.propagate.chroma_side  48 -> 32" in capsys.readouterr().out


def test_rendering_one_shot_by_name(work, capsys):
    shutil.rmtree(work / "film.vidcolor" / "shots")
    assert main(["render", str(work / "film.vidcolor"), SHOTS[1]]) == 0
    assert list(hashes(work)) == [f"{SHOTS[1]}/v001/chroma.avi"]
    capsys.readouterr()
    assert main(["render", str(work / "film.vidcolor"), "--dry-run"]) == 0
    assert capsys.readouterr().out.split() == f"would render {SHOTS[0]} would render {SHOTS[2]}".split()
    assert main(["export", str(work / "film.vidcolor"), "-o", str(work / "x.mov")]) == 2
    assert "was never rendered" in capsys.readouterr().err


def test_named_twice_a_shot_is_rendered_once(work, capsys):
    project = str(work / "film.vidcolor")
    shutil.rmtree(work / "film.vidcolor" / "shots")
    assert main(["render", project, "--dry-run", SHOTS[1], SHOTS[1]]) == 0
    assert capsys.readouterr().out.splitlines() == [f"would render {SHOTS[1]}"]
    assert main(["render", project, SHOTS[1], SHOTS[1]]) == 0
    assert list(hashes(work)) == [f"{SHOTS[1]}/v001/chroma.avi"]
    capsys.readouterr()
    assert main(["render", project, "--dry-run", SHOTS[1]]) == 0
    assert capsys.readouterr().out == "nothing to render: every shot named is fresh\n"
    assert main(["render", project, "--dry-run", "r1-000001"]) == 2


def test_a_shots_state_is_the_same_wherever_it_is_told(work, capsys):
    """A shot that lost its picture waits for `plan` to choose its keyframes; never rendered, it is new."""
    project = str(work / "film.vidcolor")
    shutil.rmtree(work / "film.vidcolor" / "shots" / SHOTS[1])
    (work / "refs" / "000017.png").unlink()
    capsys.readouterr()
    assert main(["status", project]) == 0
    told = capsys.readouterr().out
    row = next(line for line in told.splitlines() if line.startswith(SHOTS[1]))
    assert "new" in row.split(), row
    assert "3 shots: 2 fresh, 1 new" in told
    assert main(["why", project, SHOTS[1]]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{SHOTS[1]} is new:", "  never rendered"]


def test_edited_shot_list_is_taken(work):
    listed = work / "cuts.csv"
    listed.write_text("shot,start,stop,entry\na,0,12,cut\nb,12,36,cut\n")
    before = hashes(work)
    assert main(line(work, "--shots", str(listed))) == 0
    after = hashes(work)
    assert {k: v for k, v in after.items() if k in before} == before
    assert set(after) - set(before) == {"r1-000012/v002/chroma.avi"}


def test_film_and_project_move_together(made, tmp_path, monkeypatch, capsys):
    moved = tmp_path / "moved"
    shutil.copytree(made[0], moved)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "moved/film.mkv", "--keyframes", "moved/refs"]) == 0
    monkeypatch.chdir(moved)
    assert main(["run", "film.mkv", "--keyframes", "refs"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert hashes(moved) == hashes(made[0])


def test_a_film_that_moved_alone_goes_on(made, tmp_path, monkeypatch, capsys):
    shutil.copytree(made[0], tmp_path / "work")
    (tmp_path / "store").mkdir()
    (tmp_path / "work" / "film.mkv").rename(tmp_path / "store" / "film.mkv")
    before = hashes(tmp_path / "work")
    monkeypatch.chdir(tmp_path)
    again = ["run", "store/film.mkv", "--keyframes", "work/refs", "--project", "work/film.vidcolor"]
    assert main(again) == 0
    assert "rendered   nothing; 3 were fresh" in capsys.readouterr().out
    assert hashes(tmp_path / "work") == before
    assert 'reel = "../../store/film.mkv"' in (tmp_path / "work/film.vidcolor/project.toml").read_text()
    assert main(["status", "work/film.vidcolor"]) == 0
    with (tmp_path / "store" / "film.mkv").open("ab") as film:
        film.write(b"x")
    (tmp_path / "store" / "film.mkv").rename(tmp_path / "other.mkv")
    assert main(["run", "other.mkv", "--project", "work/film.vidcolor"]) == 2
    assert "belongs to another film" in capsys.readouterr().err


def test_an_image_sequence_is_a_film(tmp_path):
    folder = tmp_path / "scan"
    folder.mkdir()
    colors = write_gray_film(tmp_path / "film.mkv", 6, SIZE)
    for number, rgb in enumerate(colors):
        gray = np.repeat((rgb @ np.array([0.2126, 0.7152, 0.0722]))[..., None], 3, axis=2)
        write_picture(folder / f"scan_{number + 100:05d}.png", SIZE, gray)
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "0002.png", SIZE, colors[2])
    assert main(["run", str(folder), "--keyframes", str(tmp_path / "refs")]) == 0
    assert (tmp_path / "scan_color.mov").is_file()
    before = hashes_of(tmp_path / "scan.vidcolor")
    write_picture(folder / "scan_00103.png", SIZE, colors[5])
    assert main(["run", str(folder), "--keyframes", str(tmp_path / "refs")]) == 0
    assert len(hashes_of(tmp_path / "scan.vidcolor")) == 2 * len(before), "a changed picture is a changed film"


def test_each_version_folder_shows_what_a_person_looks_for(made):
    version = made[0] / "film.vidcolor" / "shots" / SHOTS[0] / "v001"
    found = {p.name for p in version.iterdir()}
    assert found == {"chroma.avi", "confidence.png", "keys", "made.json", "report.json", "still.jpg", "stills"}
    assert (version / "keys" / "000005.png").is_file()


def test_status_says_what_its_words_mean(made, capsys):
    assert main(["status", str(made[0] / "film.vidcolor")]) == 0
    told = capsys.readouterr().out.split("\n\n")[1]
    for word in ("fresh: ", "stale: ", "new: ", "keyframes: ", "* is", "confidence: ", "0.9", "0.5", "0.2"):
        assert word in told, word


def test_status_answers_within_a_second_of_processor(made):
    code = f"from vidcolor.cli import main; main(['status', {str(made[0] / 'film.vidcolor')!r}])"
    before = os.times()
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd=made[0])
    after = os.times()
    assert "3 shots: 3 fresh" in done.stdout
    assert (after.children_user + after.children_system) - (before.children_user + before.children_system) < 1.0


def test_outside_a_terminal_every_stage_says_a_line(work, capsys):
    shutil.rmtree(work / "film.vidcolor")
    assert main(line(work)) == 2, "a new project did not deliver the film that is there"
    assert "out.mkv: is there already" in capsys.readouterr().err
    assert not (work / "film.vidcolor" / "plan").exists(), "told before the work"
    for path in work.glob("out.mkv*"):
        path.unlink()
    assert main(line(work)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out
    lines = captured.out.splitlines()
    told = [text for text in lines if "% done" in text and not text.startswith(("reading the film", "compiling loops"))]
    assert [text.split(":")[0] for text in told] == ["finding shots", "colouring", "drawing sheets", "delivering"]
    assert all("left" in text for text in told)
    assert len(lines) < 21


def test_planning_says_how_long_it_takes(work, capsys):
    shutil.rmtree(work / "film.vidcolor" / "plan")
    capsys.readouterr()
    assert main(["plan", str(work / "film.vidcolor")]) == 0
    assert re.match(
        r"opening film.mkv\n(compiling .*\n)?finding shots: \d+ % done, about \d+ s left\n", capsys.readouterr().out
    )


def test_the_summary_says_what_was_rendered_and_what_was_left(work, made, capsys):
    write_picture(work / "refs" / "000017.png", SIZE, made[1][17][..., ::-1])
    write_picture(work / "refs" / "000029.png", SIZE, made[1][29][..., ::-1])
    capsys.readouterr()
    assert main(["render", str(work / "film.vidcolor"), SHOTS[1]]) == 0
    told = capsys.readouterr().out
    assert (
        f"rendered   1 of 3 shots: {SHOTS[1]}; 1 was fresh and left as it was, 1 waits, as nobody asked for it" in told
    )
    assert main(line(work)) == 0
    assert f"rendered   1 of 3 shots: {SHOTS[2]}; 2 were fresh and left as they were" in capsys.readouterr().out
    assert main(line(work)) == 0
    assert "rendered   nothing; 3 were fresh and left as they were" in capsys.readouterr().out


KILLS = 12


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(tmp_path):
    """kill -9 at a dozen random moments; every time the same command goes on, and the end is the same bytes."""
    folder = tmp_path / "killed"
    make(folder)
    command = [
        sys.executable,
        "-P",
        "-m",
        "vidcolor",
        *line(folder),
        "--preset",
        "draft",
    ]  # without networks: a quick start
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    whole = time.monotonic() - started
    expected, manifest = ((folder / name).read_bytes() for name in ("out.mkv", "out.mkv.manifest.json"))
    draw, killed, moments = random.Random(1), 0, []
    while killed < KILLS:
        if (folder / "out.mkv").exists():
            shutil.rmtree(folder / "film.vidcolor")
            for name in ("out.mkv", "out.mkv.manifest.json"):
                (folder / name).unlink(missing_ok=True)
        moment, began = draw.uniform(0.2, 1.0) * whole, time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder) as process:
            try:
                process.wait(moment)
                assert process.returncode == 0, process.stderr.read().decode()
                whole = min(whole, time.monotonic() - began)  # the machine was busier when it was measured
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
                moments.append(moment)
        if (folder / "out.mkv").exists():
            assert (folder / "out.mkv").read_bytes() == expected, f"a half-written film has the name, {moments[-3:]}"
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    assert (folder / "out.mkv").read_bytes() == expected
    assert (folder / "out.mkv.manifest.json").read_bytes() == manifest
    leftovers = [p.name for p in folder.iterdir() if "partial" in p.name]
    assert not leftovers


def test_state_for_programs(work, capsys, monkeypatch):
    """`status --json`: the schema that pages and farms read, from small files alone."""
    project = work / "film.vidcolor"
    picture = work / "refs" / "000017.png"
    picture.write_bytes(picture.read_bytes() + b" ")
    monkeypatch.setattr(av, "open", lambda *_: pytest.fail("status decodes"))
    capsys.readouterr()
    assert main(["status", str(project), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"schema", "reel", "shots", "suggestions", "points", "left_out"}
    assert told["schema"] == "vidcolor.status/1"
    assert told["reel"] == {"rate": "24", "timecode": "00:00:00:00", "frames": FRAMES, "size": list(SIZE)}
    for shot, name, start, key in zip(told["shots"], SHOTS, (0, *CUTS), KEYS, strict=True):
        doubtful = shot.pop("doubtful")
        state = "stale" if name == SHOTS[1] else "fresh"
        corrected = {"excluded": False, "title": False, "approved": False, "unseen": []}
        assert shot == {
            "id": name, "start": start, "stop": start + 12, "entry": "cut", "state": state, "keyframes": [key]
        } | corrected  # fmt: skip
        assert doubtful == sorted(doubtful)
        assert set(doubtful) <= set(range(start, start + 12)) - {key}


def test_suggestions_are_places_in_fresh_shots(work, capsys):
    """Where a report finds a keyframe worth having it is told, best shot first; a lower bound lists more frames."""
    project = work / "film.vidcolor"
    for name, gain in zip(SHOTS, (1.5, 4.0, 2.0), strict=True):
        path = project / "shots" / name / "v001" / "report.json"
        report = json.loads(path.read_text())
        start = int(name[-6:])
        report["doubt"] = {"bounds": [2.0, 6.0], "area": [[300, 100]] * 6 + [[900, 500]] * 6}
        report["suggestions"] = [
            {"frame": start + 8, "gain": gain, "box": [0, 8, 64, 96], "places": [[30, 40]]},
            {"frame": start + 3, "gain": 0.5, "box": [0, 0, 8, 8], "places": [[4, 4], [1, 2]]},
        ]
        path.write_text(json.dumps(report))
    write_picture(work / "refs" / "000029.png", SIZE)  # the third shot is stale: what its version lacked is not asked
    capsys.readouterr()
    assert main(["status", str(project), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(s["frame"], s["gain"]) for s in told["suggestions"]] == [(20, 4.0), (8, 1.5), (3, 0.5), (15, 0.5)]
    assert told["suggestions"][0] == {"frame": 20, "gain": 4.0, "box": [0, 8, 64, 96], "places": [{"x": 30, "y": 40}]}
    assert told["shots"][0]["doubtful"] == list(range(6, 12))
    assert main(["status", str(project), "--set", "export.doubtful=2"]) == 0
    shown = capsys.readouterr().out
    assert f"doubtful: {FRAMES} of {FRAMES} frames: 0-35" in shown
    assert "would help: a picture for frame 20 (mostly for x 0 to 64, y 8 to 96), 8 (" in shown
    assert main(["status", str(project), "--set", "export.doubtful_area=0.6"]) == 0
    assert f"doubtful: 0 of {FRAMES} frames; most in frame 6, 50 % of it" in capsys.readouterr().out
