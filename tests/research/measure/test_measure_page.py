"""The page: whole in itself, well formed, and telling what was measured."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import cv2
import film
import numpy as np
import pytest
from html_pages import read
from made_pairs import QUICK, faded, write_folder

from vidcolor.page.chart import MOST_POINTS, Axes, Curve, line_chart, nice_ticks
from vidcolor.research.measure import measure
from vidcolor.research.measure.measurement import Row, Side
from vidcolor.research.measure.page import MARK, as_page
from vidcolor.view import error_heat


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    made = film.make_film(shots=(9, 9))
    folder = tmp_path_factory.mktemp("pages")
    truth = write_folder(folder / "truth", made.colors)
    result = write_folder(folder / "a <b> & 'c'", faded(made.colors))
    return measure(result, truth, replace(QUICK, keyframes=(0, 14), worst=2))


@pytest.fixture(scope="module")
def page(found) -> str:
    return as_page(found)


def test_the_page_holds_all_it_shows(page):
    reader = read(page)
    assert MARK in page
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in reader.tags}
    said = re.sub(r"base64,[\w+/=]+", "", page)
    assert not re.search(r"https?:|//\w|url\((?!#)|@import", said), "nothing from elsewhere"
    sources = [attributes["src"] for attributes in reader.all("img")]
    assert len(sources) == 6
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert all(attributes["alt"] for attributes in reader.all("img"))
    policy = next(a["content"] for a in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_names_are_text(page):
    reader = read(page)
    assert "a <b> & 'c'" in reader.text
    assert "<b> &" not in page


def test_figures_and_their_meaning_stand_in_the_table(page, found):
    reader = read(page)
    assert f"{found.value('psnr'):.2f}" in reader.text
    assert f"{found.value('ciede2000', 'copy'):.2f}" in reader.text
    assert "Jensen-Shannon" in reader.text
    assert "static copy" in reader.text


def test_a_row_that_needs_something_says_so(found):
    rows = (*found.rows, Row("lpips", {}, {}, "needs VGG-16: <there> is none"))
    assert "needs VGG-16: <there> is none" in read(as_page(replace(found, rows=rows))).text


def test_pictures_are_the_frames(page, found):
    source = read(page).all("img")[1]["src"]
    truth = cv2.imdecode(np.frombuffer(base64.b64decode(source.split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    expected = found.worst[0].truth.transpose(1, 2, 0)[..., ::-1]
    assert truth.shape == expected.shape
    assert np.abs(truth.astype(int) - expected).mean() < 4, "JPEG"


def test_curves_marks_and_hover(page):
    reader = read(page)
    charts = [a["aria-label"] for a in reader.all("svg") if a["aria-label"].startswith(("PSNR", "CIEDE2000"))]
    assert len(charts) == 4
    assert "over frames from the nearest keyframe" in charts[2]
    assert page.count('class="curve result"') == 4
    assert page.count('<path class="key"') == 2 * 2, "two keyframes in each chart of frames"
    assert page.count('<line class="cut"') == 2
    assert "frame 3\nresult" in reader.text


def test_one_picture_makes_a_page_without_curves(found):
    side = Side(Path("one.png"), "picture", 1)
    one = replace(
        found, result=side, truth=side, frames=(0,), keyframes=(), cuts=(), distances=(), worst=(), distance=(-1,),
        series={key: values[:1] for key, values in found.series.items()},
    )  # fmt: skip
    assert "<h2>Curves</h2>" not in as_page(one)
    read(as_page(one))


def test_a_long_film_is_averaged_into_as_many_points_as_can_be_seen():
    values = list(np.sin(np.arange(5000) / 300))
    chart = line_chart("PSNR", Axes("frame", {}), range(5000), [Curve("result", "result", values)])
    (line,) = re.findall(r'<polyline class="curve result" points="([^"]+)"', chart)
    assert len(line.split()) <= MOST_POINTS
    assert 'class="band"' in chart
    assert "frame 0-17" in chart


def test_chart_of_nothing_is_empty():
    curve = Curve("result", "result", [np.nan, 1.0])
    assert line_chart("PSNR", Axes("frame", {}), [0, 1], [curve]) == ""
    assert line_chart("PSNR", Axes("frame", {}), [0], [Curve("result", "result", [1.0])]) == ""


@pytest.mark.parametrize(("low", "high"), [(0, 1), (29.3, 29.31), (21.2, 100), (-3, 4), (5, 5), (0, 0), (0.001, 0.004)])
def test_ticks_hold_the_range(low, high):
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 2 <= len(ticks) <= 8


def test_error_map_goes_from_dark_to_light():
    colors = error_heat(np.array([[0, 5, 10, 20, 50]], np.float32))[:, 0].astype(int).sum(0)
    assert list(colors) == sorted(colors)
    assert colors[0] < 20
    assert colors[-1] == colors[-2] > 550
