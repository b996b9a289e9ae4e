"""What pictures are taken for, end to end, on a tiny film; the truth is the frame that each was made from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_scenes import scene
from tiny import luma_of, write_frames, write_gray_film, write_picture

from vidcolor.cli.commands import settings_of
from vidcolor.cli.parser import main
from vidcolor.color import rgb_to_lab
from vidcolor.features import LUMA
from vidcolor.media.images import write_image
from vidcolor.media.pictures import open_colors
from vidcolor.project import Project
from vidcolor.state.film import Film
from vidcolor.state.read import load_film

FRAMES, SIZE, CUT = 28, (96, 128), 18


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """(the film, its true colours)"""
    folder = tmp_path_factory.mktemp("names")
    return folder / "film.mkv", write_gray_film(folder / "film.mkv", FRAMES, SIZE, (CUT,))


@pytest.fixture
def planned(film, tmp_path, capsys):
    """Plans the film with pictures of the frames given; (keyframe: its pictures), what was told."""
    path = shutil.copy(film[0], tmp_path / "film.mkv")
    refs, project = tmp_path / "refs", tmp_path / "p"

    def plan(**pictures: int) -> tuple[dict[int, list[str]], str]:
        refs.mkdir(exist_ok=True)
        for name, frame in pictures.items():
            write_picture(refs / name, SIZE, film[1][frame])
        if not project.exists():
            assert main(["new", str(project), "--reel", str(path), "--keyframes", str(refs), "--preset", "draft"]) == 0
        assert main(["plan", str(project)]) == 0
        return keys_of(project), capsys.readouterr().out

    return plan


def film_of(project: Path) -> Film:
    opened = Project.open(project)
    return load_film(opened, settings_of(opened, []))


def keys_of(project: Path) -> dict[int, list[str]]:
    shots = film_of(project).plan.shots
    return {key.frame: list(key.pictures) for shot in shots for key in shot.keyframes if key.reason == "person"}


def notes_of(project: Path) -> list[str]:
    return list(film_of(project).plan.notes)


def test_where_a_name_may_mean_either_the_picture_decides(planned, tmp_path) -> None:
    keys, _ = planned(**{"shot_0006.png": 6, "mpv-shot0002.png": 14, "coat_2024.png": 20, "hat_9.png": 25})
    assert keys == {6: ["shot_0006.png"]}
    notes = "\n".join(notes_of(tmp_path / "p"))
    assert "shot_0006.png is frame 6" in notes
    assert "mpv-shot0002.png: fits frame 14 better than 2" in notes
    assert "000014.png" in notes
    assert "coat_2024.png (frame 2024)" in notes
    assert "hat_9.png (frame 9)" in notes


def test_a_decision_is_kept_until_the_picture_changes(planned, film, tmp_path) -> None:
    planned(**{"shot_0006.png": 6})
    kept = tmp_path / "p" / "plan" / "findings.json"
    before = kept.read_bytes(), kept.stat().st_mtime_ns
    planned()
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == before
    write_picture(tmp_path / "refs" / "shot_0006.png", SIZE, film[1][14])
    os.utime(tmp_path / "refs" / "shot_0006.png", ns=(1, 1))
    first = film_of(tmp_path / "p").plan.shots[0]
    assert not first.matched
    assert not first.keyframes
    code = (
        "import sys; from vidcolor.cli.parser import main; main(sys.argv[1:]); "
        "sys.exit(sorted({'torch', 'cv2', 'av'} & set(sys.modules)) or None)"
    )
    shown = subprocess.run(
        [sys.executable, "-P", "-c", code, "status", str(tmp_path / "p")], capture_output=True, text=True, check=True
    )
    assert "2 shots" in shown.stdout
    keys, _ = planned()
    assert keys == {}
    assert "fits frame 14 better" in "\n".join(notes_of(tmp_path / "p"))


def test_the_same_frame_twice_is_refused_or_left_free(planned, tmp_path, capsys) -> None:
    keys, _ = planned(**{"shot_0006.png": 6, "000006.png": 6})
    assert keys == {6: ["000006.png"]}
    assert (
        "Free references, as the frames in their names have pictures already: shot_0006.png (frame 6)"
        in notes_of(tmp_path / "p")[-1]
    )
    (tmp_path / "refs" / "000006.png").rename(tmp_path / "refs" / "take_0006.png")
    assert main(["plan", str(tmp_path / "p")]) == 2
    assert "two pictures for frame 6" in capsys.readouterr().err


def test_a_folder_film_that_counts_from_one(film, tmp_path, capsys) -> None:
    scan, refs = tmp_path / "scan", tmp_path / "refs"
    scan.mkdir()
    refs.mkdir()
    for frame, colors in enumerate(film[1]):
        gray = (luma_of(colors) - 64.0) / 876
        write_picture(scan / f"{frame + 1:04d}.png", SIZE, np.repeat(gray[..., None], 3, 2))
    for number, frame in ((3, 2), (14, 14), (21, 20)):
        write_picture(refs / f"{number:04d}.png", SIZE, film[1][frame])
    project = tmp_path / "p"
    line = ["run", str(scan), "--keyframes", str(refs), "--preset", "draft", "--delivery", "ffv1"]
    assert main([*line, "--project", str(project), "-o", str(tmp_path / "o.mkv")]) == 0
    assert keys_of(project) == {2: ["0003.png"], 14: ["0014.png"], 20: ["0021.png"]}
    out = capsys.readouterr().out
    assert "3 exact" in out
    assert "0003.png is frame 2" in out


def test_a_keyframe_of_another_frame_is_not_exact_and_the_right_one_is_told(film, tmp_path, capsys) -> None:
    refs = tmp_path / "refs"
    refs.mkdir()
    write_picture(refs / "000004.png", SIZE, film[1][4])
    write_picture(refs / "000012.png", SIZE, film[1][9])
    shutil.copy(film[0], tmp_path / "film.mkv")
    line = ["run", str(tmp_path / "film.mkv"), "--keyframes", str(refs), "--preset", "draft", "--delivery", "ffv1"]
    assert main([*line, "-o", str(tmp_path / "o.mkv")]) == 0
    out = capsys.readouterr().out
    assert "(1 exact, 1 registered, 1 matched)" in out
    assert "000012.png: fits frame 9 better than 12; is its number right?" in out


def test_a_mirrored_picture_is_told(tmp_path, capsys) -> None:
    size = (144, 192)
    colors = [np.moveaxis(scene(1, (k, 0), size), 0, 2) for k in range(3)]
    write_frames(tmp_path / "film.mkv", colors)
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000001.png", size, np.ascontiguousarray(colors[1][:, ::-1]))
    assert main(["run", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs"), "--preset", "draft"]) == 0
    told = capsys.readouterr().out
    assert "000001.png: is mirrored, beside frame 1; turn it back." in told
    assert "Nothing in it matches, so it is not used." in told or "Here it is used as a free reference." in told


def test_a_picture_beside_its_gray_frame_is_told_and_not_laid(film, tmp_path, capsys) -> None:
    colors = film[1][4]
    gray = np.repeat((colors @ LUMA)[..., None], 3, 2)
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000004.png", (SIZE[0], 2 * SIZE[1]), np.hstack([gray, colors]))
    shutil.copy(film[0], tmp_path / "film.mkv")
    line = ["run", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs"), "--preset", "draft"]
    assert main(line) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert (
        "000004.png: is two pictures side by side, beside frame 4; cut it to the one in colour. It is not used." in told
    )
    assert "too far, used for nothing" in told
    assert "0 used, 1 unused: 000004.png" in told


def test_a_picture_of_something_else_is_not_said_to_be_used(film, tmp_path, capsys) -> None:
    (tmp_path / "refs").mkdir()
    stripes = np.zeros((40, 4, 3), np.float32)
    stripes[::2] = (0.9, 0.2, 0.1)
    write_picture(tmp_path / "refs" / "000004.png", (40, 4), stripes)
    shutil.copy(film[0], tmp_path / "film.mkv")
    line = ["run", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs"), "--preset", "draft"]
    assert main(line) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "000004.png: does not fit frame 4; is its number right? Nothing in it matches, so it is not used." in told
    assert "too far, used for nothing" in told
    assert "0 used, 1 unused: 000004.png" in told


def test_a_picture_that_is_transparent_everywhere_is_told(film, tmp_path, capsys) -> None:
    refs = tmp_path / "refs"
    refs.mkdir()
    for name, opaque in (("000004.png", 0), ("000006.png", 1)):
        share = np.zeros(SIZE, np.float32)
        share[:8] = opaque
        planes = np.concatenate([np.moveaxis(film[1][4], 2, 0), share[None]])
        write_image(refs / name, np.rint(255 * planes).astype(np.uint8))
    shutil.copy(film[0], tmp_path / "film.mkv")
    assert main(["new", str(tmp_path / "p"), "--reel", str(tmp_path / "film.mkv"), "--keyframes", str(refs)]) == 0
    assert main(["plan", str(tmp_path / "p")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Transparent everywhere, so that they say nothing: 000004.png." in told


def test_a_picture_in_other_contrast_colours_as_in_the_frames_own(film, tmp_path, capsys) -> None:
    colors = film[1][4]
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000004.png", SIZE, np.clip(1.2 * colors - 0.08, 0, 1))
    shutil.copy(film[0], tmp_path / "film.mkv")
    line = ["run", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs"), "--preset", "draft"]
    errors = {}
    for tones in ("frame", "picture"):
        out = tmp_path / f"{tones}.mkv"
        assert main([*line, "--delivery", "ffv1", "-o", str(out), "--set", f"colorize.tones={tones}"]) == 0
        told = capsys.readouterr().out
        assert ("in other contrast or brightness" in told) == (tones == "frame")
        delivered = next(picture.rgb for frame, picture in open_colors(out).read() if frame == 4)
        errors[tones] = float(np.abs(rgb_to_lab(delivered)[1:] - rgb_to_lab(np.moveaxis(colors, 2, 0))[1:]).mean())
    assert errors["frame"] < 0.4 * errors["picture"], errors


def test_pictures_without_color_are_told_and_used_for_nothing(film, tmp_path, capsys) -> None:
    refs = tmp_path / "refs"
    refs.mkdir()
    gray = np.repeat(film[1][10].mean(2, keepdims=True), 3, 2)
    write_picture(refs / "000004.png", SIZE, film[1][4])
    write_picture(refs / "000010.png", SIZE, gray)
    fading = film[1][14]
    write_picture(refs / "000014.png", SIZE, fading.mean(2, keepdims=True) * 0.9 + fading * 0.1)
    write_picture(refs / "still.png", SIZE, np.repeat(film[1][22].mean(2, keepdims=True), 3, 2))
    shutil.copy(film[0], tmp_path / "film.mkv")
    line = ["run", str(tmp_path / "film.mkv"), "--keyframes", str(refs), "--preset", "draft", "--delivery", "ffv1"]
    assert main([*line, "-o", str(tmp_path / "o.mkv")]) == 0
    out = capsys.readouterr().out
    assert "000010.png: holds no colour" in out
    assert "000014.png: holds far less colour than the pictures beside it" in out
    assert "000004.png: holds" not in out
    assert "Gray pictures, which lend no colour: still.png" in out
    report = json.loads(next((tmp_path / "film.vidcolor" / "shots" / "r1-000000").glob("v*/report.json")).read_text())
    assert [key["how"] for key in report["keyframes"]] == ["exact", "gray", "exact"]
    assert report["confidence"][10] < report["confidence"][4]
    assert "still.png" not in json.dumps(keys_of(tmp_path / "film.vidcolor"))


@pytest.mark.parametrize("content", [None, "notes.txt", ".DS_Store"])
def test_a_folder_without_pictures_is_refused_before_any_work(film, tmp_path, capsys, content) -> None:
    refs = tmp_path / "refs"
    refs.mkdir()
    if content:
        (refs / content).write_text("no picture")
    shutil.copy(film[0], tmp_path / "film.mkv")
    assert main(["run", str(tmp_path / "film.mkv"), "--keyframes", str(refs), "-o", str(tmp_path / "o.mov")]) == 2
    assert "no pictures in this folder of references" in capsys.readouterr().err
    assert not (tmp_path / "o.mov").exists()
    assert not (tmp_path / "film.vidcolor" / "plan" / "shots.json").exists()
