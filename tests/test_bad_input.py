"""Bad input: one line that names the file, the place and the remedy; exit 2; nothing lost, no traceback."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import build_parser, main
from vidcolor.errors import MediaError
from vidcolor.media.jpeg import write_jpeg
from vidcolor.pipeline.checkpoint import Checkpoint

FRAMES = 8
SIZE = (48, 64)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A tiny film with one keyframe, run once: film.mkv, refs/, film.vidcolor/, film_color.mov."""
    folder = tmp_path_factory.mktemp("made")
    write_gray_film(folder / "film.mkv", FRAMES, SIZE)
    (folder / "refs").mkdir()
    write_picture(folder / "refs" / "000003.png", SIZE)
    assert main(["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]) == 0
    return folder


@pytest.fixture
def place(made, tmp_path) -> Path:
    """A copy of it to damage."""
    target = tmp_path / "work"
    shutil.copytree(made, target, symlinks=True)
    return target


def refused(capsys, *argv: str | Path) -> str:
    """Runs the command, which must be refused: its one line on stderr."""
    capsys.readouterr()
    code = main([str(a) for a in argv])
    captured = capsys.readouterr()
    assert code == 2, captured.out + captured.err
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, captured.err
    assert "Traceback" not in captured.err
    return lines[0]


def run_line(place: Path) -> list[str]:
    return ["run", str(place / "film.mkv"), "--keyframes", str(place / "refs")]


def test_all_pictures_that_cannot_be_read_are_told_at_once(place, capsys):
    for name in ("000001.png", "coat.png", "hat.jpg"):
        (place / "refs" / name).write_bytes(b"no picture")
    write_picture(place / "refs" / "dress.png", SIZE)
    told = refused(capsys, *run_line(place))
    assert "000001.png: not a readable" in told
    assert told.endswith("; mend these too: coat.png, hat.jpg")
    (place / "refs" / "000001.png").unlink()
    (place / "refs" / "hat.jpg").unlink()
    told = refused(capsys, *run_line(place))
    assert "coat.png: not a readable" in told
    assert "these too" not in told


# Films.

FILMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda p: p.unlink(), "film.mkv"),
    "empty": (lambda p: p.write_bytes(b""), "film.mkv"),
    "text": (lambda p: p.write_text("not a film\n" * 100), "film.mkv"),
    "zeros": (lambda p: p.write_bytes(bytes(50_000)), "film.mkv"),
    "header only": (lambda p: p.write_bytes(p.read_bytes()[:300]), "film.mkv"),
    "truncated": (lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]), "film.mkv"),
    "random": (lambda p: p.write_bytes(np.random.default_rng(1).bytes(80_000)), "film.mkv"),
    "empty folder": (lambda p: (p.unlink(), p.mkdir()), "film.mkv"),
    "folder of text": (lambda p: (p.unlink(), p.mkdir(), (p / "a.txt").write_text("x")), "film.mkv"),
    "picture": (lambda p: write_picture(p.with_suffix(".png"), SIZE) or p.write_bytes(b"RIFF"), "film.mkv"),
}


@pytest.mark.parametrize("name", list(FILMS))
def test_film(name, place, capsys):
    damage, told = FILMS[name]
    shutil.rmtree(place / "film.vidcolor")
    for name in ("film_color.mov", "film_color.mov.manifest.json"):
        (place / name).unlink()  # without its project it is somebody else's
    damage(place / "film.mkv")
    assert told in refused(capsys, *run_line(place))


def test_a_replaced_film_does_not_cost_the_versions(place, capsys):
    before = sorted(p for p in (place / "film.vidcolor" / "shots").rglob("chroma.avi"))
    (place / "film.mkv").write_text("oops")
    refused(capsys, *run_line(place))
    assert sorted((place / "film.vidcolor" / "shots").rglob("chroma.avi")) == before


# References.


def _bomb(path: Path) -> None:
    """A PNG of 60,000 x 60,000 pixels in a few hundred bytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(10_000))), (b"IEND", b"")]
    data = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


PICTURES: dict[str, tuple[Callable[[Path], object], str]] = {
    "past the end": (lambda r: write_picture(r / "000100.png", SIZE), "000100.png"),
    "far past the end": (lambda r: write_picture(r / ("9" * 60 + ".png"), SIZE), "9999"),
    "two for one frame": (lambda r: write_picture(r / "ref_000003.png", SIZE), "000003.png"),
    "two by timecode": (lambda r: write_picture(r / "00-00-00-03.png", SIZE), "00-00-00-03.png"),
    "timecode outside": (lambda r: write_picture(r / "20-00-00-03.png", SIZE), "20-00-00-03.png"),
    "no such timecode": (lambda r: write_picture(r / "00-99-00-03.png", SIZE), "00-99-00-03.png"),
    "truncated": (lambda r: _cut(r / "000003.png"), "000003.png"),
    "text": (lambda r: (r / "000003.png").write_text("hello"), "000003.png"),
    "empty": (lambda r: (r / "000003.png").write_bytes(b""), "000003.png"),
    "bomb": (lambda r: _bomb(r / "000003.png"), "000003.png"),
    "a folder": (
        lambda r: (
            (r / "000003.png").unlink() or (r / "r1-999999").mkdir() or write_picture(r / "r1-999999" / "x.png", SIZE)
        ),
        "r1-999999",
    ),
    "a dangling link": (lambda r: (r / "000005.png").symlink_to("/nowhere/at/all.png"), "000005.png"),
    "a link to a device": (lambda r: (r / "000005.png").symlink_to("/dev/null"), "000005.png"),
    "another shape": (lambda r: write_picture(r / "000003.png", (300, 20)), ""),
}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("name", [n for n in PICTURES if PICTURES[n][1]])
def test_reference(name, place, capsys):
    damage, told = PICTURES[name]
    damage(place / "refs")
    delivered = (place / "film_color.mov").read_bytes()
    assert told in refused(capsys, *run_line(place))
    assert (place / "film_color.mov").read_bytes() == delivered, "nothing already made is lost"


def test_a_reference_of_another_shape_is_used_as_far_as_it_fits(place, capsys):
    PICTURES["another shape"][0](place / "refs")
    assert main(run_line(place)) == 0
    assert "000003.png" in capsys.readouterr().out


def test_references_folder_missing(place, capsys):
    assert "nowhere" in refused(capsys, "run", place / "film.mkv", "--keyframes", place / "nowhere")


def test_references_folder_is_a_file(place, capsys):
    assert "film.mkv" in refused(capsys, "run", place / "film.mkv", "--keyframes", place / "film.mkv")


# The project folder.

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda b: b"",
    "half": lambda b: b[: len(b) // 2],
    "binary": lambda b: b"\xff\xfe\x00" + b,
    "a list": lambda b: b"[1, 2]",
    "deep": lambda b: b"[" * 100_000,
    "newer": lambda b: b.replace(b'/1"', b'/9"', 1),
    "another schema": lambda b: b.replace(b"vidcolor.", b"otherapp.", 1),
    "nan": lambda b: b'{"schema": NaN}',
}
FILES = ("plan/reels.json", "plan/shots.json", "plan/references.json")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", list(DAMAGES))
def test_damaged_json(file, name, place, capsys):
    path = place / "film.vidcolor" / file
    path.write_bytes(DAMAGES[name](path.read_bytes()))
    assert path.name in refused(capsys, "status", place / "film.vidcolor")


def test_damaged_made_json(place, capsys):
    (made,) = (place / "film.vidcolor" / "shots").glob("*/v001/made.json")
    made.write_text(made.read_text().replace("reel", "real", 1))
    assert "made.json" in refused(capsys, "status", place / "film.vidcolor")


def test_lost_chroma(place, capsys):
    (chroma,) = (place / "film.vidcolor" / "shots").glob("*/v001/chroma.avi")
    chroma.unlink()
    assert "chroma.avi" in refused(capsys, *run_line(place))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version = 99\nreel = 'x'\n", "newer"),
        ("version = 'one'\nreel = 'x'\n", "version"),
        ("reel = 3\n", "reel"),
        ("keyframes = 'x'\n", "reel"),
        ("reel = 'x'\nfilm = 'y'\n", "film"),
        ("reel = \n", "TOML"),
        ("reel = 'x'\nsettings = 3\n", "settings"),
        ("reel = 'nowhere.mov'\n", "nowhere.mov"),
    ],
)
def test_project_toml(text, told, place, capsys):
    (place / "film.vidcolor" / "project.toml").write_text(text)
    assert told in refused(capsys, "plan", place / "film.vidcolor")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("[settings.propagate]\nchroma_sid = 1\n", "did you mean 'chroma_side'"),
        ("[settings.propagat]\n", "did you mean 'propagate'"),
        ("[settings.propagate]\nchroma_side = 'x'\n", "whole number"),
    ],
)
def test_project_settings(table, told, place, capsys):
    path = place / "film.vidcolor" / "project.toml"
    path.write_text(path.read_text() + table)
    line = refused(capsys, "status", place / "film.vidcolor")
    assert told in line
    assert "project.toml" in line


def test_no_project(tmp_path, capsys):
    assert "no vidcolor project" in refused(capsys, "status", tmp_path)
    assert "no vidcolor project" in refused(capsys, "status", tmp_path / "missing")


def test_project_folder_taken_by_something_else(place, capsys):
    (place / "taken").mkdir()
    (place / "taken" / "novel.txt").write_text("chapter one")
    assert "taken" in refused(capsys, *run_line(place), "--project", place / "taken")
    assert "film.mkv" in refused(capsys, *run_line(place), "--project", place / "film.mkv")


def test_project_of_another_film(place, capsys):
    write_gray_film(place / "other.mkv", FRAMES, SIZE, (2,))
    line = refused(capsys, "run", place / "other.mkv", "--project", place / "film.vidcolor")
    assert "another film" in line


def test_a_link_out_of_the_project(place, tmp_path, capsys):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(place / "film.vidcolor" / "shots")
    (place / "film.vidcolor" / "shots").symlink_to(outside)
    assert "leads out of the project" in refused(capsys, *run_line(place))
    assert not list(outside.iterdir())


def test_two_at_once(place, capsys):
    from vidcolor.project import Project

    with Project.open(place / "film.vidcolor").lock():
        assert "another vidcolor" in refused(capsys, *run_line(place))


# The command line.


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--set", "propagate.chroma_sid=4"], "did you mean 'chroma_side'"),
        (["--set", "nonsense"], "section.name=value"),
        (["--set", "propagate.chroma_side=1e99"], "whole number"),
        (["--set", "export.doubtful=nan"], "from 1 to 30"),
        (["--preset", "standart"], "did you mean 'standard'"),
        (["--delivery", "prores422hq"], "did you mean 'prores-422hq'"),
        (["--device", "cuda"], "--device cpu"),
        (["--shots", "nowhere.edl"], "nowhere.edl"),
        (["--shots", "film.mkv"], "film.mkv"),
        (["-o", "refs"], "folder"),
        (["-o", "film.mkv"], "film.mkv"),
        (["-o", "out.avi"], "out.avi"),
        (["-o", "missing/deep/out.mov"], "out.mov"),
        (["--set", "propagate.flow=raft", "--set", "propagate.raft_weights=nowhere.pth"], "raft"),
    ],
)
def test_options(extra, told, place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    assert told in refused(capsys, *run_line(place), *extra)


def test_somebody_elses_file_is_not_overwritten(place, capsys):
    (place / "holiday.mov").write_text("dear to somebody")
    assert "holiday.mov" in refused(capsys, *run_line(place), "-o", place / "holiday.mov")
    assert (place / "holiday.mov").read_text() == "dear to somebody"


def test_unknown_shot(place, capsys):
    assert "r1-000999" in refused(capsys, "why", place / "film.vidcolor", "r1-000999")
    assert "r1-000999" in refused(capsys, "render", place / "film.vidcolor", "r1-000999")


@pytest.mark.parametrize(
    "argv",
    [
        *([], ["rnu"], ["run"], ["run", "x", "--device", "tpu"], ["--nonsense"], ["run", "x", "--keyframes"]),
        *([verb, "--nonsense=two\nlines"] for verb in build_parser().verbs),
    ],
)
def test_lines_that_cannot_be_read_are_refused_in_one_line_that_says_where_help_is(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 1
    assert err.startswith(f"vidcolor {argv[0]}: " if argv and argv[0] in build_parser().verbs else "vidcolor: ")
    assert "--help`" in err or ("rnu" in argv and "did you mean run?" in err)
    assert not out


LISTS = {
    "overlap.csv": "shot,start,stop,entry\na,0,5,cut\nb,4,8,cut\n",
    "backwards.csv": "shot,start,stop,entry\na,5,0,cut\n",
    "past.csv": "shot,start,stop,entry\na,0,5000,cut\n",
    "huge.csv": "shot,start,stop,entry\na,0,99999999999999999999999,cut\n",
    "words.csv": "shot,start,stop,entry\na,zero,five,cut\n",
    "kind.csv": "shot,start,stop,entry\na,0,8,wipe\n",
    "empty.csv": "",
    "junk.otio": "{",
    "junk.edl": "TITLE: x\n001 AX V C 99:99:99:99 00:00:01:00 00:00:00:00 00:00:01:00\n",
    "list.txt": "0 8\n",
}


@pytest.mark.parametrize("name", list(LISTS))
def test_shot_list(name, place, capsys):
    (place / name).write_text(LISTS[name])
    assert name in refused(capsys, *run_line(place), "--shots", place / name)


# The disk.


@pytest.mark.skipif(os.name == "nt" or not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_for_the_project(place, capsys, monkeypatch):
    shutil.rmtree(place / "film.vidcolor" / "plan")
    monkeypatch.setattr(os, "fsync", _full)
    assert "disk is full" in refused(capsys, *run_line(place))


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_below_the_project_asks_for_another_project(tmp_path, monkeypatch):
    """`-o` would move the delivery alone."""
    (tmp_path / "resume").mkdir()
    monkeypatch.setattr(np, "savez", lambda *_, **__: _full(0))
    with pytest.raises(MediaError, match=r"the disk is full; .* choose another place with --project"):
        Checkpoint(tmp_path).put("state", {"position": np.array(1)})
    monkeypatch.setattr(Path, "write_bytes", lambda *_: _full(0))
    with pytest.raises(MediaError, match=r"still\.jpg: .* the disk is full; .* choose another place with --project"):
        write_jpeg(tmp_path / "still.jpg", np.zeros((3, 8, 8), np.uint8))


@pytest.mark.parametrize(("most", "what"), [(40, "keys/000003.png"), (320, "confidence.png")])
def test_what_of_a_project_is_too_large_for_its_disk_asks_for_another_project(most, what, tmp_path):
    """most  KiB that a file may take"""
    resource = pytest.importorskip("resource")
    size = (192, 256)
    write_gray_film(tmp_path / "film.mkv", FRAMES, size)
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000003.png", size)
    code = f"""
import resource, sys
from vidcolor.cli.parser import main
resource.setrlimit(resource.RLIMIT_FSIZE, ({most << 10}, {resource.RLIM_INFINITY}))
raise SystemExit(main(sys.argv[1:]))
"""
    line = [sys.executable, "-P", "-c", code, *run_line(tmp_path), "--preset", "draft", "--set", "cache.room=0"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    (told,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert f"{what}: cannot be written" in told
    assert told.endswith("this size; choose another place with --project")


@pytest.mark.parametrize("said", ["nan", "-1", "inf", "soon"])
def test_no_command_waits_for_no_number(said, place, capsys):
    with pytest.raises(SystemExit) as left:
        main(["plan", str(place / "film.vidcolor"), f"--wait={said}"])
    assert left.value.code == 2
    assert "give seconds to wait" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_disk(place, capsys):
    os.chmod(place / "film.vidcolor", 0o500)
    assert "permission" in refused(capsys, *run_line(place))


# What is odd but right must work.


@pytest.mark.parametrize(
    "name", ["a film.mkv", "фильм ünïcode 映画.mkv", "-dash.mkv", "percent%20#1.mkv", "film:1.mkv"]
)
def test_odd_names_work(name, tmp_path, made):
    folder = tmp_path / "a folder ü"
    folder.mkdir()
    shutil.copy(made / "film.mkv", folder / name)
    shutil.copytree(made / "refs", folder / "my refs")
    assert main(["run", str(folder / name), "--keyframes", str(folder / "my refs")]) == 0
    assert (folder / f"{Path(name).stem}_color.mov").is_file()


def test_shots_that_are_told_the_same_take_one_line(tmp_path, capsys):
    write_gray_film(tmp_path / "film.mkv", 12, SIZE)
    rows = "".join(f"s,{start},{start + 2},cut\n" for start in range(0, 12, 2))
    (tmp_path / "list.csv").write_text(f"shot,start,stop,entry\n{rows}")
    assert main(["run", str(tmp_path / "film.mkv"), "--shots", str(tmp_path / "list.csv")]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "no reference matches" in line]
    assert [line.split(": ")[0].split()[1:] for line in told] == [
        ["r1-000000,", "r1-000002,", "r1-000004,", "r1-000006", "and", "2", "more"]
    ]


def test_one_frame_film_works(tmp_path, capsys):
    write_gray_film(tmp_path / "one.mkv", 1, SIZE)
    assert main(["run", str(tmp_path / "one.mkv")]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "% done" not in line]
    assert told[0] == "opening one.mkv"
    assert told[1].startswith("gray "), "no picture was given"
    assert "--keyframes DIR" in told[1]


def test_a_delivery_that_cannot_hold_the_film_is_refused_before_any_work(tmp_path, capsys):
    """So it is for a film that is planned: its stale shots are not rendered first."""
    write_gray_film(tmp_path / "film.mkv", FRAMES, SIZE)
    line = ["run", tmp_path / "film.mkv", "--preset", "draft"]
    assert "64x48 is too small for dnxhr-hqx" in refused(capsys, *line, "--delivery", "dnxhr-hqx")
    assert not (tmp_path / "film.vidcolor").exists()
    assert main(["new", str(tmp_path / "film.vidcolor"), "--reel", str(tmp_path / "film.mkv")]) == 0
    assert main(["plan", str(tmp_path / "film.vidcolor")]) == 0
    refused(capsys, *line, "--delivery", "dnxhr-hqx")
    assert not list((tmp_path / "film.vidcolor" / "shots").glob("*/v001"))


def test_a_film_of_many_frames_a_second_is_delivered(tmp_path, capsys):
    """MOV's timecode counts 255 frames a second at most."""
    write_gray_film(tmp_path / "fast.mkv", 3, SIZE, rate=1000)
    assert main(["run", str(tmp_path / "fast.mkv"), "--preset", "draft"]) == 0
    assert "carries no timecode in MOV" in capsys.readouterr().out
    with av.open(str(tmp_path / "fast_color.mov")) as film:
        assert (film.streams.video[0].average_rate, film.streams.video[0].frames) == (1000, 3)
