"""The measurement as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace

import film
import pytest
from made_pairs import QUICK, faded, write_folder

from vidcolor import __version__
from vidcolor.research.measure import measure
from vidcolor.research.measure.definitions import BY_KEY, FIGURES
from vidcolor.research.measure.document import SCHEMA, as_csv, as_json
from vidcolor.research.measure.measurement import COLUMNS, NetworkUsed


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    made = film.make_film(shots=(6, 6))
    folder = tmp_path_factory.mktemp("documents")
    truth = write_folder(folder / "truth", made.colors)
    result = write_folder(folder / "result", faded(made.colors)[:10])
    options = replace(QUICK, keyframes=(0, 9), reference=truth / "000004.png")
    return measure(result, truth, options)


def test_json_has_everything(found):
    document = json.loads(as_json(found))
    assert document["schema"] == SCHEMA == "vidcolor.measure/1"
    assert document["made_with"]["vidcolor"] == __version__
    assert {"python", "numpy", "opencv-python-headless"} <= document["made_with"].keys()
    assert document["truth"]["left_out"] == [10, 11]
    assert document["result"]["kind"] == "folder"
    assert document["keyframes"] == {"folder": None, "frames": [0, 9]}
    assert document["cuts"] == [6]
    assert document["reference"].endswith("000004.png")
    assert document["columns"].keys() == set(COLUMNS)
    psnr = document["figures"]["psnr"]
    assert psnr["values"]["result"] == found.value("psnr")
    assert psnr["values"]["gray"] < psnr["values"]["result"]
    assert psnr["definition"] == BY_KEY["psnr"].text
    assert [point["distance"] for point in document["by_distance"]] == [1, 2, 3, 4]
    frames = document["per_frame"]
    assert frames["frame"] == list(range(10))
    assert frames["psnr"]["result"][3] == pytest.approx(found.series["psnr", "result"][3], rel=1e-6)
    assert frames["psnr"]["copy"][0] is None
    assert all(len(numbers) == 10 for key in frames.keys() - {"frame"} for numbers in frames[key].values())


def test_the_same_measurement_gives_the_same_text(found):
    assert as_json(found) == as_json(found)
    assert as_csv(found) == as_csv(found)


def test_no_number_that_json_has_not(found):
    endless = replace(found, series={("psnr", "result"): [math.inf] * 10, ("warp_error", "truth"): [math.nan] * 10})
    frames = json.loads(as_json(endless), parse_constant=pytest.fail)["per_frame"]
    assert frames["psnr"]["result"] == [100.0] * 10
    assert frames["warp_error"]["truth"] == [None] * 10


def test_networks_stand_in_the_file_with_licence_and_hash(found):
    used = NetworkUsed("VGG-16", "vgg16.pth", "39ab", "BSD-3-Clause", published=False)
    document = json.loads(as_json(replace(found, networks=(used,))))
    assert document["networks"] == [
        {"name": "VGG-16", "file": "vgg16.pth", "sha256": "39ab", "licence": "BSD-3-Clause", "published": False}
    ]


def test_csv_has_a_row_for_each_frame(found):
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [int(row["frame"]) for row in rows] == list(range(10))
    assert [row["keyframe"] for row in rows] == ["1"] + ["0"] * 8 + ["1"]
    assert [row["cut"] for row in rows].index("1") == 6
    assert [row["distance"] for row in rows] == ["0", "1", "2", "3", "4", "4", "3", "2", "1", "0"]
    assert float(rows[3]["psnr.result"]) == pytest.approx(found.series["psnr", "result"][3], rel=1e-5)
    assert rows[0]["psnr.copy"] == rows[6]["warp_error.truth"] == ""


def test_every_figure_is_defined_in_a_sentence():
    assert len(BY_KEY) == len(FIGURES)
    assert all(figure.text.endswith(".") and figure.name and figure.group for figure in FIGURES)
