"""Corrections of colour, end to end: they hold through the shot, end at the thing's edge, and change nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_pipeline_corrections import correct, delivered, place, run, versions
from tiny import shot_colors, write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.media.store import ChromaReader

FRAMES, SIZE, CUT = 24, (96, 128), 12
AT = 4
RED = (0.8, 0.1, 0.1)
WANTED = rgb_to_lab(np.array(RED, np.float32)[:, None, None])[1:, 0, 0]


def disc(frame: int) -> np.ndarray:
    """(H, W) bool: where tiny.shot_colors paints its disc."""
    height, width = SIZE
    y, x = np.mgrid[:height, :width]
    return np.hypot(y - height / 2, x - (width * 0.2 + 1.5 * frame) % width) < height / 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two shots with a picture of the first frame of each, run once."""
    folder = tmp_path_factory.mktemp("layers") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, (CUT,))
    for frame in (0, CUT):
        write_picture(folder / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{CUT},cut\n{CUT},{FRAMES},cut\n")
    assert run(folder, "--shots", str(folder / "cuts.csv"), "--keyframes", str(folder / "refs")) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "work"))


def write_paint(path: Path, share: np.ndarray, color: tuple[float, ...] = RED, depth: type = np.uint8) -> Path:
    """An RGBA picture of one colour, opaque as far as `share` says."""
    top = np.iinfo(depth).max
    pixels = np.full((*share.shape, 4), (*color[::-1], 0), np.float64)
    pixels[..., 3] = share
    assert cv2.imwrite(str(path), np.rint(pixels * top).astype(depth))
    return path


def write_mask(path: Path, mask: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), mask.astype(np.uint8) * 255)
    return path


def chroma(work: Path, shot: int, version: int) -> dict[int, np.ndarray]:
    path = work / "film.vidcolor" / "shots" / f"r1-{shot:06d}" / f"v{version:03d}" / "chroma.avi"
    with ChromaReader(path, shot) as store:
        return {color.index: color.chroma for color in store}


def inside(frame: int, size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) bool each: what is surely the disc, and what is surely not."""
    share = cv2.resize(disc(frame).astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    return cv2.erode(share, np.ones((5, 5))) > 0.99, cv2.dilate(share, np.ones((9, 9))) < 0.01


def off(colors: np.ndarray) -> float:
    """Mean distance in a*b* from what was asked."""
    return float(np.hypot(*(colors - WANTED[:, None])).mean())


def test_a_paint_holds_through_its_shot_and_changes_no_other_pixel(work, tmp_path):
    before, film = versions(work), delivered(work)
    paint = correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    old, new = chroma(work, 0, 1), chroma(work, 0, 2)
    for frame in range(AT, CUT):
        well, outside = inside(frame, new[frame].shape[1:])
        assert np.hypot(*(new[frame][:, well].mean(1) - WANTED)) < 3, frame
        assert (new[frame][:, outside] != old[frame][:, outside]).mean() < 0.01, frame
    assert (new[0] == old[0]).all(), "the frame of an exact picture is that picture's"
    for frame, (a, b) in enumerate(zip(delivered(work), film, strict=True)):
        assert (a == b).all() == (frame >= CUT or frame == 0), frame
    shutil.rmtree(paint)
    assert run(work) == 0
    assert "r1-000000/v003" not in versions(work)
    assert all((a == b).all() for a, b in zip(delivered(work), film, strict=True))


def test_a_paint_on_an_exact_picture_is_delivered_with_it(work, tmp_path):
    film = delivered(work)
    correct(work, "paint", "0", "--file", str(write_paint(tmp_path / "red.png", disc(0), depth=np.uint16)))
    assert run(work) == 0
    new = delivered(work)
    well, outside = (
        cv2.erode(disc(0).astype(np.uint8), np.ones((5, 5))) > 0,
        cv2.dilate(disc(0).astype(np.uint8), np.ones((5, 5))) == 0,
    )
    assert (new[0][1][well] > film[0][1][well] + 20).mean() > 0.9, "Cr of red"
    assert (new[0][:, outside] == film[0][:, outside]).all()
    colors = chroma(work, 0, 2)
    assert np.hypot(*(colors[10][:, inside(10, colors[10].shape[1:])[0]].mean(1) - WANTED)) < 3


def test_the_machines_colours_are_not_made_twice(work, tmp_path, monkeypatch):
    first = correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    assert run(work) == 0
    scratch = Path(shutil.copytree(work, tmp_path / "scratch"))
    shutil.rmtree(scratch / "film.vidcolor" / "shots" / "r1-000000")
    assert run(scratch) == 0
    for name in ("base.avi", "chroma.avi", f"mattes/{first.name}.avi", "keys/000000.avi"):
        files = [w / "film.vidcolor" / "shots" / "r1-000000" for w in (work, scratch)]
        assert (files[0] / "v002" / name).read_bytes() == (files[1] / "v001" / name).read_bytes(), name


def test_a_matte_is_not_carried_twice(work, tmp_path, monkeypatch):
    import vidcolor.pipeline.corrected as corrected

    correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    assert run(work) == 0
    scratch = Path(shutil.copytree(work, tmp_path / "scratch"))
    monkeypatch.setattr(corrected, "carry", None)
    for place_of in (work, scratch):
        correct(place_of, "saturation", "r1-000000", "--amount", "0.5", "--by", "ann")
    assert run(work) == 0
    monkeypatch.undo()
    shutil.rmtree(scratch / "film.vidcolor" / "shots" / "r1-000000" / "v002")
    assert run(scratch) == 0
    files = [w / "film.vidcolor" / "shots" / "r1-000000" / v for w, v in ((work, "v003"), (scratch, "v002"))]
    assert (files[0] / "chroma.avi").read_bytes() == (files[1] / "chroma.avi").read_bytes()


def test_a_hint_beside_another_is_laid_anew_as_in_one_run(work, tmp_path):
    x, y = int(SIZE[1] * 0.2 + 1.5 * AT), SIZE[0] // 2
    first = correct(work, "hint", str(AT), "--at", f"{x},{y}", "--color", "cc1a1a")
    assert run(work) == 0
    correct(work, "hint", str(AT), "--at", f"{x + 4},{y + 6}", "--color", "1a1acc")
    scratch = Path(shutil.copytree(work, tmp_path / "scratch"))
    shutil.rmtree(scratch / "film.vidcolor" / "shots" / "r1-000000")
    assert run(work) == run(scratch) == 0
    folder = Path("film.vidcolor", "shots", "r1-000000")
    name = f"mattes/{first.stem}.avi"
    alone, beside = (work / folder / version / name for version in ("v002", "v003"))
    assert alone.read_bytes() != beside.read_bytes(), "the other has its share"
    for kept in ("chroma.avi", name):
        assert (work / folder / "v003" / kept).read_bytes() == (scratch / folder / "v001" / kept).read_bytes(), kept


def test_later_corrections_lie_over_earlier_ones_and_each_may_go(work, tmp_path):
    red = write_paint(tmp_path / "red.png", disc(AT))
    correct(work, "paint", str(AT), "--file", str(red))
    neutral = correct(work, "neutral", str(AT), "--file", str(write_mask(tmp_path / "m.png", disc(AT))))
    assert run(work) == 0
    colors = chroma(work, 0, 2)
    well = inside(8, colors[8].shape[1:])[0]
    assert np.hypot(*colors[8][:, well]).mean() < 1
    shutil.rmtree(neutral)
    assert run(work) == 0
    assert np.hypot(*(chroma(work, 0, 3)[8][:, well].mean(1) - WANTED)) < 3


def test_a_hint_spreads_over_its_thing_alone(work):
    x, y = int(SIZE[1] * 0.2 + 1.5 * AT), SIZE[0] // 2
    correct(work, "hint", str(AT), "--at", f"{x},{y}", "--color", "cc1a1a")
    assert run(work) == 0
    new, old = chroma(work, 0, 2), chroma(work, 0, 1)
    for frame in (AT, 7, 10):
        well, outside = inside(frame, new[frame].shape[1:])
        assert off(new[frame][:, well]) < 0.55 * off(old[frame][:, well]), frame
        assert (new[frame][:, outside] != old[frame][:, outside]).mean() < 0.1, frame


def test_a_hint_that_says_what_is_there_changes_nothing(work):
    x, y = SIZE[1] - 8, 8
    old = chroma(work, 0, 1)
    there = old[AT][:, y // 2 - 2 : y // 2 + 3, x // 2 - 2 : x // 2 + 3].mean((1, 2))
    rgb = lab_to_rgb(np.array([60.0, *there], np.float32)[:, None, None]).ravel()
    code = "".join(f"{round(255 * float(value)):02x}" for value in rgb)
    correct(work, "hint", str(AT), "--at", f"{x},{y}", "--color", code)
    assert run(work) == 0
    new = chroma(work, 0, 2)
    assert max(np.abs(new[frame] - old[frame]).max() for frame in old) < 1.0


def test_a_radius_bounds_a_hint(work):
    x, y = int(SIZE[1] * 0.2 + 1.5 * AT), SIZE[0] // 2
    correct(work, "hint", str(AT), "--at", f"{x},{y}", "--color", "cc1a1a", "--radius", "6")
    assert run(work) == 0
    new, old = chroma(work, 0, 2)[AT], chroma(work, 0, 1)[AT]
    ys, xs = np.mgrid[: new.shape[1], : new.shape[2]]
    changed = (new != old).any(0)
    assert changed.any()
    assert np.hypot(ys - y / 2, xs - x / 2)[changed].max() < 5


def test_a_scribble_colours_what_it_runs_through(work, tmp_path):
    stroke = np.zeros(SIZE, bool)
    x, y = int(SIZE[1] * 0.2 + 1.5 * AT), SIZE[0] // 2
    stroke[y - 1 : y + 2, x - 10 : x + 10] = True
    correct(work, "scribble", str(AT), "--file", str(write_paint(tmp_path / "s.png", stroke)))
    assert run(work) == 0
    new = chroma(work, 0, 2)[AT]
    well = inside(AT, new.shape[1:])[0]
    assert off(new[:, well]) < 0.25 * off(chroma(work, 0, 1)[AT][:, well])
    assert run(work, "--set", "correct.scribble=0") == 0
    assert off(chroma(work, 0, 3)[AT][:, well]) > 2 * off(new[:, well])


@pytest.mark.parametrize(
    ("words", "turned"),
    [
        (("saturation", "--amount", "0.5"), lambda c: 0.5 * c),
        (("hue", "--degrees", "90"), lambda c: np.stack([-c[1], c[0]])),
    ],
    ids=["saturation", "hue"],
)
def test_a_trim_of_a_shot_changes_all_of_it_and_no_other(work, words, turned):
    before, film = versions(work), delivered(work)
    correct(work, words[0], "r1-000000", *words[1:])
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    new, old = chroma(work, 0, 2), chroma(work, 0, 1)
    for frame in range(CUT):
        assert np.abs(new[frame] - turned(old[frame])).max() <= 0.26, frame
    assert [(a == b).all() for a, b in zip(delivered(work), film, strict=True)] == [f >= CUT for f in range(FRAMES)]


def test_a_trim_of_a_mask_follows_its_thing(work, tmp_path):
    mask = write_mask(tmp_path / "m.png", disc(AT))
    correct(work, "saturation", str(AT), "--amount", "0", "--file", str(mask))
    assert run(work) == 0
    new, old = chroma(work, 0, 2)[10], chroma(work, 0, 1)[10]
    well, outside = inside(10, new.shape[1:])
    assert np.hypot(*new[:, well]).mean() < 1 < np.hypot(*old[:, well]).mean()
    assert (new[:, outside] != old[:, outside]).mean() < 0.02


def test_a_layer_fades_towards_the_next_exact_picture_and_stops_there(work, tmp_path):
    write_picture(work / "refs" / "000010.png", SIZE, shot_colors(1, 10, SIZE))
    assert run(work) == 0
    correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    assert run(work) == 0
    new, old = chroma(work, 0, 3), chroma(work, 0, 2)
    well = inside(9, new[9].shape[1:])[0]
    off = [np.hypot(*(new[f] - old[f]))[inside(f, well.shape)[0]].mean() for f in (AT, 7, 9, 10, 11)]
    assert off[0] > off[1] > off[2] > 0 == off[3] == off[4]


def test_a_shot_stopped_while_it_is_corrected_is_finished_to_the_same_bytes(work, tmp_path, monkeypatch):
    import vidcolor.pipeline.corrected as corrected

    correct(work, "paint", "0", "--file", str(write_paint(tmp_path / "red.png", disc(0))))
    whole = Path(shutil.copytree(work, tmp_path / "whole"))
    assert run(whole) == 0
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise SystemExit

        patch.setattr(corrected, "write_given", killed)
        with pytest.raises(SystemExit):
            run(work)
    assert run(work) == 0
    for name in ("chroma.avi", "keys/000000.avi"):
        files = [w / "film.vidcolor" / "shots" / "r1-000000" / "v002" / name for w in (work, whole)]
        assert files[0].read_bytes() == files[1].read_bytes(), name


def test_a_report_of_a_corrected_shot_tells_of_base_and_result(work, tmp_path):
    correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    assert run(work) == 0
    folder = work / "film.vidcolor" / "shots" / "r1-000000" / "v002"
    report = json.loads((folder / "report.json").read_text())
    assert report["confidence"] != report["base"]["confidence"]
    made = json.loads((folder / "made.json").read_text())
    (name,) = [p.name for p in place(work).iterdir()]
    assert made["ingredients"][f"corrections/{name}"].startswith("paint ")


def test_words_of_a_correction_render_nothing(work, tmp_path):
    paint = correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    assert run(work) == 0
    before = versions(work)
    page = paint / "correction.toml"
    page.write_text(page.read_text() + 'note = "as the costume list has it"\n')
    assert main(["why", str(work / "film.vidcolor"), "r1-000000"]) == 0
    assert run(work) == 0
    assert versions(work) == before


def test_why_names_the_correction_and_no_rule(work, tmp_path, capsys):
    paint = correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    capsys.readouterr()
    assert main(["why", str(work / "film.vidcolor"), "r1-000000"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"  corrections/{paint.name}  added"]


def test_what_a_person_has_said_is_not_asked_for_again(work, tmp_path, monkeypatch):
    import vidcolor.pipeline.render as render

    ys, xs = np.nonzero(disc(10))
    box = [int(xs.min()) + 4, int(ys.min()) + 4, int(xs.max()) - 4, int(ys.max()) - 4]
    asked = [{"frame": 10, "gain": 4.0, "box": box, "places": []}, {"frame": 10, "gain": 3.0, "box": [100, 0, 128, 9]}]
    monkeypatch.setattr(render, "_suggestions", lambda *_: [{"places": [], **found} for found in asked])
    shutil.rmtree(work / "film.vidcolor" / "shots" / "r1-000000")
    correct(work, "paint", str(AT), "--file", str(write_paint(tmp_path / "red.png", disc(AT))))
    assert run(work) == 0
    report = json.loads((work / "film.vidcolor" / "shots" / "r1-000000" / "v001" / "report.json").read_text())
    assert [found["gain"] for found in report["suggestions"]] == [3.0]
    assert [found["gain"] for found in report["base"]["suggestions"]] == [4.0, 3.0]
