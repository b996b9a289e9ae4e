"""Sheets: every run makes one and a still of each shot; pages are drawn again only where something changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.jpeg import read_jpeg
from vidcolor.project import Project
from vidcolor.review import sheet
from vidcolor.review.draw import write_page
from vidcolor.review.looks import Looks
from vidcolor.settings import load_settings, preset_tables
from vidcolor.state.read import load_film
from vidcolor.state.status import states
from vidcolor.timeline import FrameRange

SIZE, COUNT, CUT, KEYS = (96, 128), 30, 15, (5, 20)


def line(folder: Path) -> list[str]:
    film, refs = folder / "film.mkv", folder / "refs"
    return ["run", str(film), "--keyframes", str(refs), "-o", str(folder / "out.mkv"), "--delivery", "ffv1"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, list[np.ndarray]]:
    folder = tmp_path_factory.mktemp("sheet") / "made"
    folder.mkdir()
    colors = write_gray_film(folder / "film.mkv", COUNT, SIZE, (CUT,))
    (folder / "refs").mkdir()
    for key in KEYS:
        write_picture(folder / "refs" / f"{key:06d}.png", SIZE, colors[key])
    assert main([*line(folder), "--preset", "draft"]) == 0
    return folder, colors


@pytest.fixture
def work(made, tmp_path: Path) -> Path:
    return shutil.copytree(made[0], tmp_path / "work")


def film_of(folder: Path):
    settings = load_settings([("preset", preset_tables("draft"))])
    return load_film(Project.open(folder / "film.vidcolor"), settings)


def test_a_run_makes_a_still_of_each_shot_and_a_sheet_and_says_where(work, capsys):
    assert main(line(work)) == 0
    said = capsys.readouterr().out
    assert str(Path("sheets", "shots-001.jpg")) in said
    project = work / "film.vidcolor"
    for shot in ("r1-000000", "r1-000015"):
        with Image.open(project / "shots" / shot / "v001" / "still.jpg") as still:
            assert still.size == SIZE[::-1]
    with Image.open(project / "sheets" / "shots-001.jpg") as page:
        assert page.width == sheet.WIDTH


def test_looks_show_the_frame_before_and_after_as_it_is(made):
    film = film_of(made[0])
    for kept in (True, False):
        with Looks(film, SIZE[1]) as looks:
            state = states(film)[0]
            assert state.version is not None
            (look,) = looks.of(state, [5 if kept else 4])  # a keyframe has a still, that one is decoded
        truth = made[1][look.frame]
        assert look.after is not None
        assert look.doubt is not None
        assert np.abs(blocks(look.after) - blocks(np.moveaxis(truth, 2, 0))).max() < 0.1
        assert np.ptp(look.before, axis=0).max() <= 1, "gray"
        gray = np.repeat((truth @ np.array([0.2126, 0.7152, 0.0722]))[None], 3, axis=0)
        assert np.abs(blocks(look.before) - blocks(gray)).max() < 0.1


def blocks(picture: np.ndarray) -> np.ndarray:
    """Means of 8 x 8 pixels, 0..1."""
    unit = picture / 255 if picture.dtype == np.uint8 else picture
    return unit.reshape(3, SIZE[0] // 8, 8, SIZE[1] // 8, 8).mean((2, 4))


def test_only_pages_that_changed_are_drawn_again(work, made, monkeypatch):
    drawn: list[str] = []
    write = sheet.write_page
    monkeypatch.setattr(sheet, "write_page", lambda path, image: (drawn.append(path.name), write(path, image)))
    monkeypatch.setattr(sheet, "PER_PAGE", {"all": (1, 1, 2), "after": (1, 1, 1)})
    assert main(line(work)) == 0
    assert drawn == ["shots-001.jpg", "shots-002.jpg"]
    drawn.clear()
    assert main(line(work)) == 0
    assert drawn == []
    write_picture(work / "refs" / "000020.png", SIZE, made[1][20][..., ::-1])
    assert main(line(work)) == 0
    assert drawn == ["shots-002.jpg"]
    drawn.clear()
    (work / "film.vidcolor" / "sheets" / "shots-001.jpg").unlink()
    monkeypatch.setattr(sheet, "PER_PAGE", {"all": (2, 1, 2), "after": (1, 1, 1)})
    assert main(line(work)) == 0
    assert sorted(p.name for p in (work / "film.vidcolor" / "sheets").iterdir()) == ["sheets.json", "shots-001.jpg"]


def test_one_shot_by_time(work, capsys):
    assert main(["sheet", str(work / "film.vidcolor"), "--shot", "r1-000015", "--format", "png"]) == 0
    path = work / "film.vidcolor" / "sheets" / "r1-000015.png"
    assert str(path) in capsys.readouterr().out
    with Image.open(path) as page:
        assert page.width == sheet.WIDTH
        assert page.height > 3 * 60
    assert main(["sheet", str(work / "film.vidcolor"), "--shot", "r1-000099"]) == 2
    assert "no such shot" in capsys.readouterr().err


def test_a_long_shot_by_time_shows_its_keyframes():
    """In place of the frames beside them; of more keyframes than there is room for, the first."""
    assert sheet._by_time(FrameRange(10, 110), 5, ()) == [10, 35, 60, 84, 109]
    assert sheet._by_time(FrameRange(10, 110), 5, (37, 61)) == [10, 37, 61, 84, 109]
    assert sheet._by_time(FrameRange(10, 110), 2, (11, 12, 13)) == [11, 12]


def test_a_page_is_no_taller_than_its_file_can_be(tmp_path):
    write_page(tmp_path / "page.jpg", Image.new("RGB", (20, 131_000)))
    with Image.open(tmp_path / "page.jpg") as page:
        assert page.size == (10, 65_500)


def test_a_file_of_other_making_is_left_alone(work, capsys):
    place = work / "mine"
    place.mkdir()
    (place / "shots-001.jpg").write_bytes(b"holiday")
    assert main(["sheet", str(work / "film.vidcolor"), "-o", str(place)]) == 2
    assert "shots-001.jpg: is there already, and vidcolor did not write it" in capsys.readouterr().err
    assert (place / "shots-001.jpg").read_bytes() == b"holiday"


def test_a_sheet_that_cannot_be_written_spoils_no_run(work, capsys):
    page = work / "film.vidcolor" / "sheets" / "shots-001.jpg"
    page.write_bytes(b"holiday")
    write_picture(work / "refs" / "000020.png", SIZE)
    assert main(line(work)) == 0
    assert "no sheet:" in capsys.readouterr().out
    assert page.read_bytes() == b"holiday"


def test_many_shots_are_told_on_pages_of_a_size_that_can_be_read(tmp_path):
    count = 200
    write_gray_film(tmp_path / "film.mkv", count, (24, 32), (100,))
    rows = ["shot,start,stop,entry", *(f"r1-{n:06d},{n},{n + 1},cut" for n in range(count))]
    (tmp_path / "shots.csv").write_text("\n".join(rows) + "\n")
    project, film = tmp_path / "film.vidcolor", tmp_path / "film.mkv"
    assert main(["new", str(project), "--reel", str(film), "--shots", str(tmp_path / "shots.csv")]) == 0
    assert main(["plan", str(project)]) == 0
    assert main(["sheet", str(project), "--view", "after"]) == 0
    pages = sorted((project / "sheets").glob("*.jpg"))
    assert len(pages) == 3
    for path in pages:
        with Image.open(path) as page:
            assert page.width == sheet.WIDTH
            assert page.height < 3200


def test_a_still_that_is_damaged_is_no_still(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    assert read_jpeg(tmp_path / "a.jpg") is None
    assert read_jpeg(tmp_path / "none.jpg") is None
