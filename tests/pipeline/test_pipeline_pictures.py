"""Deliveries of pictures by the command: what is said of luma, and folders that are replaced, kept or refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from tiny import write_picture

from vidcolor.cli.parser import main
from vidcolor.hashes import sha256_of_any
from vidcolor.media.picture_file import Header

SIZE, COUNT, BITS = (32, 64), 8, 12


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 12 bits in two shots, planned and rendered."""
    folder = tmp_path_factory.mktemp("pictures") / "made"
    (folder / "refs").mkdir(parents=True)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    with av.open(str(folder / "film.mkv"), "w") as film:
        track = film.add_stream("ffv1", rate=24)
        track.height, track.width = SIZE
        track.pix_fmt = "gray12le"
        track.codec_context.color_range = 1
        for n in range(COUNT):
            wave = 0.5 + 0.4 * np.sin((x / 5 + n / 3) if n < 5 else y / 3)
            picture = av.VideoFrame.from_ndarray(np.rint(256 + 3504 * wave).astype(np.uint16), format="gray12le")
            picture.pts, picture.color_range = n, 1
            film.mux(track.encode(picture))
        film.mux(track.encode(None))
    (folder / "shots.csv").write_text("start,stop,entry\n0,5,cut\n5,8,cut\n")
    for n in (1, 6):
        wave = 0.5 + 0.4 * np.sin((x / 5 + n / 3) if n < 5 else y / 3)
        write_picture(folder / "refs" / f"{n:06d}.png", SIZE, np.stack([wave, wave * 0.9, wave * 0.8], 2))
    line = ["new", str(folder / "p"), "--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
    assert main([*line, "--shots", str(folder / "shots.csv"), "--preset", "draft"]) == 0
    assert main(["render", str(folder / "p")]) == 0
    return folder


@pytest.fixture
def work(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "work"))


def export(work: Path, *line: str) -> int:
    return main(["export", str(work / "p"), *line])


def luma_of(work: Path, delivery: str) -> dict[str, object]:
    (manifest,) = work.glob(f"film_color_{delivery}*.manifest.json")
    told: dict[str, object] = json.loads(manifest.read_text())["luma"]
    return told


@pytest.mark.parametrize(
    ("delivery", "words", "kept"),
    [
        ("ffv1-16", "its luma planes were the film's own, code for code", True),
        ("dpx-12", "decoded back, is the film's own, code for code", True),
        ("tiff-16", "decoded back, is the film's own, code for code", True),
        ("exr", "decoded back, is the film's own, code for code", True),
        ("dpx-10", "is the film's own, rounded, within 1.2 of its codes of 12 bits", False),
        ("ffv1", "its luma planes were the film's own, rounded from 12 bits to 10", False),
    ],
)
def test_depth_is_kept_or_called_rounded(
    work: Path, capsys: pytest.CaptureFixture[str], delivery: str, words: str, kept: bool
) -> None:
    assert export(work, "--delivery", delivery) == 0
    assert words in " ".join(capsys.readouterr().out.split())
    told = luma_of(work, delivery)
    assert told["luma_reversible"] is kept
    if delivery not in ("ffv1", "ffv1-16"):
        assert told["equal"] is kept
        assert (told["changed_samples"] == 0) is kept
        assert len(list((work / f"film_color_{delivery}").iterdir())) == COUNT
    capsys.readouterr()
    assert export(work, "--delivery", delivery) == 0
    again = " ".join(capsys.readouterr().out.split())
    assert "up to date" in again
    assert words in again


def test_a_folder_is_replaced_where_it_is_ours_and_kept_where_it_is_not(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = work / "film_color_dpx-10"
    assert export(work, "--delivery", "dpx-10") == 0
    first = sha256_of_any(out)
    assert export(work, "--delivery", "dpx-10", "--set", "export.numbering=timecode") == 0
    assert export(work, "--delivery", "dpx-10") == 0
    assert sha256_of_any(out) == first
    (out / "notes.txt").write_text("a colorist's own")
    assert export(work, "--delivery", "dpx-10", "--set", "finish.detail=0") == 2
    assert "has changed since it was delivered" in capsys.readouterr().err
    (out / "notes.txt").unlink()
    picture = next(out.iterdir())
    picture.write_bytes(picture.read_bytes()[:-1] + b"x")
    assert export(work, "--delivery", "dpx-10", "--set", "finish.detail=0") == 2
    (work / "mine").mkdir()
    assert export(work, "--delivery", "dpx-10", "-o", str(work / "mine")) == 2
    assert "is there already, and this project did not deliver it" in capsys.readouterr().err
    assert list((work / "mine").iterdir()) == []


def test_a_kill_between_two_folders_leaves_one_that_can_be_made_again(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(work, "--delivery", "dpx-10") == 0
    first = sha256_of_any(work / "film_color_dpx-10")

    real, calls = os.rename, []

    def killed(here: Path, there: Path) -> None:
        calls.append(there.name)
        if len(calls) == 2:
            raise SystemExit
        real(here, there)

    with monkeypatch.context() as patch:
        patch.setattr("vidcolor.media.write_pictures.os.rename", killed)
        with pytest.raises(SystemExit):
            export(work, "--delivery", "dpx-10", "--set", "finish.detail=0")
    (work / ".film_color_dpx-10.partial").mkdir()
    (work / ".film_color_dpx-10.partial" / "film_color_dpx-10.0000000.dpx").write_bytes(b"half")
    assert calls == [".film_color_dpx-10.replaced", "film_color_dpx-10"]
    assert export(work, "--delivery", "dpx-10") == 0
    assert sha256_of_any(work / "film_color_dpx-10") == first
    assert [p.name for p in work.iterdir() if p.name.startswith(".")] == []


def test_after_one_shot_changed_only_its_pictures_are_made(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert export(work, "--delivery", "exr") == 0
    y, _ = np.mgrid[: SIZE[0], : SIZE[1]]
    wave = 0.5 + 0.4 * np.sin(y / 3)
    write_picture(work / "refs" / "000006.png", SIZE, np.stack([wave * 0.8, wave, wave * 0.7], 2))
    assert main(["render", str(work / "p")]) == 0
    made: list[int] = []
    real = Header.write

    def counted(self: Header, path: Path, place: Path, frame: int, pixels: np.ndarray) -> None:
        made.append(frame)
        real(self, path, place, frame, pixels)

    monkeypatch.setattr(Header, "write", counted)
    assert export(work, "--delivery", "exr") == 0
    assert sorted(made) == [5, 6, 7]
    reused = sha256_of_any(work / "film_color_exr")
    made.clear()
    (work / "anew").mkdir()
    assert export(work, "--delivery", "exr", "-o", str(work / "anew" / "film_color_exr")) == 0
    assert sorted(made) == list(range(COUNT))
    assert sha256_of_any(work / "anew" / "film_color_exr") == reused
