"""pipeline/: which networks are in force, and that a render is named by their code, number type and weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tiny import write_gray_film, write_picture

from vidcolor.machine import networks_compute_in
from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, THINGS, mark_of
from vidcolor.settings import load_settings, preset_tables
from vidcolor.stages import STAGES
from vidcolor.state.made_of import NUMBERS, network_ingredients


def marks(*files: Path) -> dict[str, str]:
    return {f"weights.{file.stem}": mark_of(file) for file in files}


def code_and_numbers() -> dict[str, str | int]:
    return {"stage.networks": STAGES["networks"], NUMBERS: networks_compute_in()}


def test_the_usual_render_is_named_by_its_networks_code_numbers_and_weights():
    found = network_ingredients(load_settings([]))
    assert found == code_and_numbers() | marks(FEATURES, THINGS, COLORIZER, PROPAGATOR)


def test_draft_is_made_without_networks_and_without_torch():
    draft = load_settings([("draft", preset_tables("draft"))])
    assert network_ingredients(draft) == {}
    code = (
        "import sys\n"
        "from vidcolor.pipeline.render import load_models\n"
        "from vidcolor.settings import load_settings, preset_tables\n"
        "models = load_models(load_settings([('draft', preset_tables('draft'))]), 'cpu')\n"
        "assert models.propagator is None and models.colorizer is None\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_the_whole_job_and_proposals_need_no_torch(tmp_path):
    """Where PyTorch is not installed, as by plain `pip install .`."""
    colors = write_gray_film(tmp_path / "film.mkv", 5)
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000001.png", colors=colors[1])
    code = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(('torch', 'torchvision', 'safetensors.torch'))\n"
        "from vidcolor.cli.parser import main\n"
        "assert main(['run', 'film.mkv', '--keyframes', 'refs', '-o', 'out.mkv', '--delivery', 'ffv1']) == 0\n"
        "assert main(['propose', 'film.vidcolor', '4']) == 0\n"
        "assert main(['propose', 'film.vidcolor', '4', '--with', 'controlnet']) == 2\n"
        "assert 'openvino' in sys.modules and not sys.modules['torch']\n"
    )
    run = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "torch" in run.stderr.splitlines()[-1]
    assert "pip install 'vidcolor[diffusion]'" in run.stderr.splitlines()[-1]


def test_the_features_network_is_loaded_once_and_shared(monkeypatch):
    from vidcolor.networks import features
    from vidcolor.pipeline.render import load_models

    loaded = []
    load = features.load_features
    monkeypatch.setattr(features, "load_features", lambda file: loaded.append(file) or load(file))
    models = load_models(load_settings([]), "cpu")
    assert models.colorizer is not None
    assert models.propagator is not None
    assert loaded == [FEATURES]


def test_shipped_networks_are_made_ready_once_in_a_process(monkeypatch):
    """Of number type: a machine that is told another makes others."""
    from vidcolor.networks import graph
    from vidcolor.networks.load import load_features
    from vidcolor.pipeline.render import load_models

    load_models(load_settings([]), "cpu")
    made, type_ = [], graph.number_type()
    network = graph.Network
    monkeypatch.setattr(graph, "Network", lambda *told: made.append(told[2]) or network(*told))
    load_models(load_settings([]), "cpu")
    assert made == []
    one = load_features(FEATURES)
    monkeypatch.setattr(graph, "number_type", lambda: "float32" if type_ == "bfloat16" else "bfloat16")
    other = load_features(FEATURES)
    assert other is not one
    assert load_features(FEATURES) is other


def test_a_render_that_does_not_ask_what_things_are_loads_and_names_no_network_for_it():
    from vidcolor.pipeline.render import load_models

    settings = load_settings([("test", {"propagate": {"things": False}})])
    assert network_ingredients(settings) == code_and_numbers() | marks(FEATURES, COLORIZER, PROPAGATOR)
    propagators = [load_models(s, "cpu").propagator for s in (settings, load_settings([]))]
    assert ["things" in p.name for p in propagators if p is not None] == [False, True]


@pytest.mark.parametrize("section", ["colorize", "propagate"])
def test_a_network_that_is_not_used_is_not_named(section):
    found = network_ingredients(load_settings([("test", {section: {"network": "none"}})]))
    others = [THINGS, PROPAGATOR] if section == "colorize" else [COLORIZER]
    assert found == code_and_numbers() | marks(FEATURES, *others)
