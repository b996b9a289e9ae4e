"""A film is known by all its bytes: a frame mended in place is noticed, a file merely touched costs nothing."""

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
from vidcolor.media import whole
from vidcolor.media.digest import END, PIECE, PIECES, hash_film
from vidcolor.media.whole import hashed_beside

SIZE, FRAMES = (240, 320), 40
MENDED = 20


def write_raw_film(path: Path, odd: int = -1) -> Path:
    """A film of raw pictures, so that one of them can differ and the file's length not; `odd` has one gray spot."""
    with av.open(str(path), "w", format="matroska", container_options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("rawvideo", rate=24)
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        for index in range(FRAMES):
            frame = av.VideoFrame(SIZE[1], SIZE[0], "yuv420p")
            luma = np.random.default_rng(1).integers(60, 200, SIZE, np.uint8)
            if index == odd:
                luma[spot()] = 128
            frame.planes[0].update(luma.tobytes())
            for plane in frame.planes[1:]:
                plane.update(b"\x80" * plane.buffer_size)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def spot() -> tuple[slice, slice]:
    """Rows of the mended frame that lie between the samples of the quick hash."""
    picture = SIZE[0] * SIZE[1] * 3 // 2
    size = FRAMES * picture
    sampled = [size * k // (PIECES + 1) for k in range(1, PIECES + 1)]
    free = next(
        row
        for row in range(SIZE[0])
        if all(
            not start - 4096 <= MENDED * picture + row * SIZE[1] <= start + PIECE + 4096 and END < start < size - END
            for start in sampled
            if abs(start - MENDED * picture) < 2 * picture
        )
    )
    return slice(free, free + 4), slice(None)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_raw_film(tmp_path / "film.mkv")
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000003.png", SIZE)
    line = ["new", str(tmp_path / "p"), "--reel", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs")]
    assert main(line) == 0
    assert main(["plan", str(tmp_path / "p")]) == 0
    return tmp_path


def reel_hash(place: Path) -> str:
    return json.loads((place / "p" / "plan" / "reels.json").read_text())["reel"]["hash"]


def mend(place: Path) -> None:
    """One frame replaced in place, length and time as before."""
    film, before = place / "film.mkv", (place / "film.mkv").stat()
    quick = hash_film(film)
    other = write_raw_film(place / "other.mkv", MENDED).read_bytes()
    assert other != film.read_bytes()
    with film.open("r+b") as file:
        file.write(other)
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (film.stat().st_size, film.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert hash_film(film) == quick, "the samples do not see it: this is what is tested"


def test_a_frame_mended_in_place_is_another_film(place):
    before = reel_hash(place)
    mend(place)
    assert main(["plan", str(place / "p")]) == 0
    assert reel_hash(place) != before


def test_even_where_the_disk_notes_nothing_a_new_search_for_shots_notices(place, monkeypatch):
    before = reel_hash(place)
    mend(place)
    kept = json.loads((place / "p" / "plan" / "reels.json").read_text())["touched"]
    for module in ("vidcolor.state.read", "vidcolor.pipeline.plan"):
        monkeypatch.setattr(f"{module}.reel_touched", lambda path: kept)
    assert main(["plan", str(place / "p")]) == 0
    assert reel_hash(place) == before, "the cheap check trusts size and times"
    assert main(["plan", str(place / "p"), "--set", "shots.cut=0.3"]) == 0
    assert reel_hash(place) != before


def test_a_film_merely_touched_keeps_all_that_was_made(place, monkeypatch):
    kept = {name: (place / "p" / "plan" / name).read_bytes() for name in ("shots.json", "references.json")}
    os.utime(place / "film.mkv")
    monkeypatch.setattr("vidcolor.pipeline.plan.find_shots", None)  # would fail if it were asked
    assert main(["plan", str(place / "p")]) == 0
    assert {name: (place / "p" / "plan" / name).read_bytes() for name in kept} == kept


def test_a_copy_of_film_and_project_reads_as_what_was_planned_and_is_hashed_once(place, monkeypatch, capsys):
    copied = Path(shutil.copytree(place, place.parent / "copied"))
    os.utime(copied / "film.mkv")
    taken, take = [], whole.WholeHash.take
    monkeypatch.setattr(whole.WholeHash, "take", lambda self: taken.append(1) or take(self))
    for _ in range(2):
        assert main(["status", str(copied / "p")]) == 0
    assert main(["plan", str(copied / "p")]) == 0
    assert len(taken) == 1
    assert capsys.readouterr().err == ""


def test_another_film_of_the_same_length_is_none_that_was_planned(place, capsys):
    mend(place)
    os.utime(place / "film.mkv")
    assert main(["status", str(place / "p")]) == 2
    assert "has changed since it was planned; run `vidcolor plan" in capsys.readouterr().err


def test_a_film_that_nobody_touched_is_not_read_again(place, monkeypatch):
    monkeypatch.setattr(whole.WholeHash, "take", None)
    assert main(["plan", str(place / "p")]) == 0


@pytest.mark.parametrize("length", [0, 1, 4095, 4096, 3 * 4096 + 5, (1 << 20) + 9000])
def test_every_byte_counts(tmp_path, length):
    content = bytearray(np.random.default_rng(2).bytes(length))
    film, seen = tmp_path / "film.mkv", set()
    for place in [None, *{0, length // 2, length - 1, min(length, 1 << 20) - 1} & set(range(length))]:
        changed = bytearray(content)
        if place is not None:
            changed[place] ^= 16
        film.write_bytes(changed)
        with hashed_beside(film) as taken:
            seen.add(taken.result(lambda done, total: None))
    assert len(seen) == 1 + len({0, length // 2, length - 1, min(length, 1 << 20) - 1} & set(range(length)))


def test_a_picture_mended_in_a_sequence_is_another_film(tmp_path):
    """Beyond the quick hash's reach: in a picture whose bytes it never samples."""
    folder = tmp_path / "scan"
    folder.mkdir()
    for number in range(66):
        write_picture(folder / f"{number:04d}.png", (16, 16))
    line = ["new", str(tmp_path / "p"), "--reel", str(folder)]
    assert main(line) == 0
    assert main(["plan", str(tmp_path / "p")]) == 0
    before = reel_hash(tmp_path)
    (folder / "notes.txt").write_text("what else lies there is none of the film")
    assert main(["status", str(tmp_path / "p")]) == 0
    picture = folder / "0032.png"
    stat, other = picture.stat(), bytearray(picture.read_bytes())
    other[-5] ^= 1  # in the end mark's sum, which decoders pass over
    picture.write_bytes(other)
    os.utime(picture, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert main(["plan", str(tmp_path / "p")]) == 0
    assert reel_hash(tmp_path) != before


@pytest.mark.parametrize("change", ["reel.levels=full", "reel.variable_rate=conform"])
def test_shots_are_found_again_when_the_film_is_read_otherwise(place, change):
    before = json.loads((place / "p" / "plan" / "shots.json").read_text())["made_of"]
    assert main(["plan", str(place / "p"), "--set", change]) == 0
    assert json.loads((place / "p" / "plan" / "shots.json").read_text())["made_of"] != before
