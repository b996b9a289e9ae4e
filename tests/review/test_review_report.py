"""The report: whole in itself, escaped, bounded in size, true about its shots, and shown by a real browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from html_pages import read
from PIL import Image
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.page.document import POLICY
from vidcolor.review import checked, report
from vidcolor.review.quality_table import MEASURES, _row

SIZE, COUNT, CUT = (96, 128), 30, 15
NAME = "<img src=x onerror=alert(1)> & 'quotes\""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A film of two shots in a folder of a hostile name, with hostile references; run and reported on."""
    folder = tmp_path_factory.mktemp("report") / NAME
    folder.mkdir()
    colors = write_gray_film(folder / "film.mkv", COUNT, SIZE, (CUT,))
    (folder / "refs").mkdir()
    write_picture(folder / "refs" / "<b>coat.png", SIZE, colors[20])
    write_picture(folder / "refs" / "000005.png", SIZE, colors[5])
    (folder / "refs" / "<u>.txt").write_text("a note is told of what is no picture")
    line = ["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--preset", "draft"]
    assert (
        main([*line, "--project", str(folder / "<i>.vidcolor"), "-o", str(folder / "out.mkv"), "--delivery", "ffv1"])
        == 0
    )
    assert main(["report", str(folder / "<i>.vidcolor")]) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "work")


def page_of(folder: Path) -> str:
    return (folder / "<i>.vidcolor" / "report.html").read_text(encoding="utf-8")


def test_the_page_holds_all_it_shows_and_asks_for_nothing(made):
    page = read(page_of(made))
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "base")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("data:image/jpeg;base64,", "#"))
    assert any(m.get("content") == POLICY for m in page.all("meta"))
    assert all(image["loading"] == "lazy" and image["alt"] for image in page.all("img"))


def test_hostile_names_are_text(made):
    page = read(page_of(made))
    assert "<u>.txt" in page.text
    assert "<i>.vidcolor" in page.text
    assert page.all("u") == page.all("i") == []
    assert NAME in page.text


def test_shots_come_in_order_with_their_figures(made):
    page = read(page_of(made))
    assert [a["id"] for a in page.all("article")] == ["r1-000000", "r1-000015"]
    for told in (
        "Flicker",
        "Bleeding",
        "Uncoloured",
        "Drift",
        "Luma identity: out.mkv",
        "EBU R 103",
        "Doubt over time",
    ):
        assert told in page.text
    assert "equal" in page.text
    links = {a["href"] for a in page.all("a")}
    assert links <= {"#r1-000000", "#r1-000015"}


def test_a_version_is_measured_once(work, monkeypatch):
    measured = []
    measure = checked._measured
    monkeypatch.setattr(checked, "_measured", lambda state, *more: (measured.append(1), measure(state, *more))[1])
    first = page_of(work)
    assert main(["report", str(work / "<i>.vidcolor")]) == 0
    assert measured == []
    assert read(page_of(work)).all("article") == read(first).all("article")
    record = work / "<i>.vidcolor" / "sheets" / "quality.json"
    kept = json.loads(record.read_text())
    kept["shots"]["r1-000015"]["made_of"] = "another"
    kept["shots"]["r1-000000"]["figures"] = ["damaged"]
    record.write_text(json.dumps(kept))
    assert main(["report", str(work / "<i>.vidcolor")]) == 0
    assert len(measured) == 2


def test_pictures_end_where_the_page_would_grow_too_large(work, monkeypatch):
    monkeypatch.setattr(report, "LARGEST", 20_000)
    monkeypatch.setattr(report._Room.__init__, "__defaults__", (20_000,))
    assert main(["report", str(work / "<i>.vidcolor")]) == 0
    page = page_of(work)
    assert 0 < sum(len(image["src"]) for image in read(page).all("img")) <= 20_000
    assert len(read(page).all("article")) == 2


def test_a_page_of_other_making_is_left_alone(work, capsys):
    (work / "mine.html").write_text("<p>mine</p>")
    assert main(["report", str(work / "<i>.vidcolor"), "-o", str(work / "mine.html")]) == 2
    assert "mine.html: is there already, and vidcolor did not write it" in capsys.readouterr().err
    assert (work / "mine.html").read_text() == "<p>mine</p>"


@pytest.mark.parametrize(("out", "said"), [("refs", "is a folder"), ("none/a.html", "no such folder; make it first")])
def test_a_place_that_cannot_be_written_to_is_told_before_the_work(work, out, said, capsys, monkeypatch):
    monkeypatch.setattr(report, "quality_of", None)
    assert main(["report", str(work / "<i>.vidcolor"), "-o", str(work / out)]) == 2
    assert said in capsys.readouterr().err


def test_a_figure_of_nothing_names_no_shot():
    quality = {
        "a": checked.ShotQuality({"uncolored": 0.004, "drift": -0.3}),
        "b": checked.ShotQuality({"uncolored": 0.3}),
    }
    rows = {row.name: row for row in _rows(quality)}
    assert rows["Uncoloured area"].worst == (("b", "30 %", True),)
    assert rows["Uncoloured area"].value == "0 %; 1 of 2 shots beyond"
    assert rows["Drift of saturation"].worst == (("a", "-30 %", True),)
    assert rows["Flicker"].value == "not measured"


def _rows(quality):
    return [
        _row(measure, {k: q.figures[measure.key] for k, q in quality.items() if measure.key in q.figures})
        for measure in MEASURES
    ]


def test_colours_of_one_reference_in_several_shots_are_compared():
    gray, red = ((50.0, 0.0, 0.0), None), ((50.0, 40.0, 20.0), None)
    quality = {
        name: checked.ShotQuality({}, {"coat.png": palette})
        for name, palette in zip("abc", (gray, gray, red), strict=True)
    }
    ((value, shot, count),) = checked.reference_spread(quality).values()
    assert (shot, count) == ("c", 3)
    assert value > 10
    alone = {"a": replace(quality["a"], palettes={"hat.png": gray})}
    assert checked.reference_spread(alone) == {}


@pytest.mark.skipif(not shutil.which("chromium"), reason="no browser here")
def test_a_real_browser_shows_it(made, tmp_path):
    """Chromium, without a network, draws the pictures in the page; a page that broke its own rules would show none."""
    shutil.copy(made / "<i>.vidcolor" / "report.html", tmp_path / "report.html")
    shot = tmp_path / "shot.png"
    line = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1200,2600",
        f"--screenshot={shot}",
    ]
    done = subprocess.run(
        [*line, f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "report.html").as_uri()],
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pixels = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    still = np.asarray(Image.open(made / "<i>.vidcolor" / "shots" / "r1-000000" / "v001" / "still.jpg").convert("RGB"))
    near = np.abs(pixels - still.reshape(-1, 3).mean(0).astype(int)).max(2) < 40
    assert near.sum() > 5000, "a picture in the still's colours"
