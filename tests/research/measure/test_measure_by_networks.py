"""Figures that need networks: what is asked of them, and what is said where there is none. No network runs here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import film
import numpy as np
import pytest
from made_pairs import QUICK, faded, write_folder

from vidcolor.errors import WeightsError
from vidcolor.networks.pretrained import Missing, NetworkFacts
from vidcolor.research.measure import measure
from vidcolor.research.measure.by_networks import NetworkFigures
from vidcolor.research.measure.measurement import MADE
from vidcolor.research.metrics import inception, perceptual

OPTIONS = replace(QUICK, networks=True)


class Fake:
    """Stands for every network: differences of mean colours."""

    facts = (NetworkFacts("VGG-16", Path("/far/vgg16.pth"), "39ab", "BSD-3-Clause", published=True),)

    def among(self, truth, others):
        return [float(np.abs(truth - other).mean()) for other in others]

    def look(self, reference):
        return [reference.mean((1, 2))]

    def __call__(self, rgb, looked=None):
        mean = rgb.mean((1, 2))
        return mean if looked is None else float(np.abs(mean - looked[0]).sum())


def missing(*_: object) -> None:
    raise Missing("needs VGG-16: not here; give it with --weights FILE")


@pytest.fixture
def fakes(monkeypatch):
    for module, name in ((perceptual, "build_lpips"), (perceptual, "build_contextual"), (inception, "build_inception")):
        monkeypatch.setattr(module, name, lambda *_: Fake())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = film.make_film(shots=(6,))
    folder = tmp_path_factory.mktemp("networks")
    write_folder(folder / "truth", made.colors)
    write_folder(folder / "faded", faded(made.colors))
    return folder


def test_networks_see_each_column_under_the_truth_s_lightness(fakes, place):
    options = replace(OPTIONS, keyframes=(2,), reference=place / "truth" / "000000.png")
    found = measure(place / "faded", place / "truth", options)
    assert 0 < found.value("lpips") < found.value("lpips", "gray")
    assert found.value("lpips_r", "truth") < found.value("lpips_r") < found.value("lpips_r", "gray")
    assert 0 < found.value("fid") < found.value("fid", "gray")
    assert np.isnan(found.series["lpips", "copy"][2])
    assert found.row("fid_infinity").needs == "needs 150 frames that are no keyframes; here are 5"
    (used,) = found.networks
    assert (used.name, used.file, used.sha256, used.licence) == ("VGG-16", "vgg16.pth", "39ab", "BSD-3-Clause")


def test_fid_infinity_has_a_spread(fakes):
    networks = NetworkFigures(OPTIONS, None, (48, 64))
    draw = np.random.default_rng(1)
    for _ in range(160):
        networks.add({column: draw.normal(size=8) for column in (*MADE, "truth")})
    networks.finish()
    assert networks.rows()["fid_infinity"].keys() == set(MADE)
    assert networks.spread("fid_infinity")["result"] > 0
    assert networks.spread("fid") == {}


def test_rows_without_weights_say_what_they_need(monkeypatch, place):
    for module, name in ((perceptual, "build_lpips"), (perceptual, "build_contextual"), (inception, "build_inception")):
        monkeypatch.setattr(module, name, missing)
    options = replace(OPTIONS, reference=place / "truth" / "000000.png")
    found = measure(place / "faded", place / "truth", options)
    for key in ("lpips", "fid", "fid_infinity", "lpips_r"):
        assert found.row(key).needs == "needs VGG-16: not here; give it with --weights FILE"
        assert found.row(key).values == {}
    assert found.value("his") >= 0
    assert found.networks == ()


def test_one_picture_has_no_fid(fakes, place):
    found = measure(place / "faded" / "000000.png", place / "truth" / "000000.png", OPTIONS)
    assert found.row("fid").needs == "needs more frames than one"
    assert found.value("lpips") > 0


def test_pictures_too_small_for_lpips(fakes):
    networks = NetworkFigures(OPTIONS, None, (20, 64))
    assert networks.needs == {"lpips": "needs pictures of at least 32x32"}


def test_a_file_that_holds_no_network_is_refused(place, tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "vgg.pth").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"vgg\.pth"):
        measure(place / "faded", place / "truth", replace(OPTIONS, weights=(tmp_path / "vgg.pth",)))


def test_left_out_without_a_word(place):
    keys = [row.key for row in measure(place / "faded", place / "truth", QUICK).rows]
    assert not {"lpips", "fid", "fid_infinity", "lpips_r"} & set(keys)
