"""training/proposer_run.py: colours are learned from noise; a run that is taken up ends as one that never stopped."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from made_proposers import random_proposer  # noqa: E402

from vidcolor.errors import SettingsError  # noqa: E402
from vidcolor.networks.proposer_net import ProposerConfig, shares  # noqa: E402
from vidcolor.research.networks.files import load_proposer  # noqa: E402
from vidcolor.research.networks.ours import ProposerNet  # noqa: E402
from vidcolor.research.training import proposer_run  # noqa: E402
from vidcolor.research.training.machine import Machine  # noqa: E402
from vidcolor.research.training.proposer_data import SIDE, Squares  # noqa: E402
from vidcolor.research.training.proposer_run import answered, load_proposer_recipe  # noqa: E402

TINY = 'kind = "proposer"\nwidths = [16, 16, 32]\nbatch = 2\nmeasure_every = 3\nsave_every = 2\nheld = 2\nwarm = 1\n'


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Stills of which some are held out by their names, each green below and blue above, and one that is gray."""
    folder = tmp_path_factory.mktemp("stills")
    where = folder / "stills/train/made"
    where.mkdir(parents=True)
    random = np.random.default_rng(1)
    for number in range(40):
        rgb = np.repeat(random.integers(60, 200, (40, 60, 1)), 3, axis=2)
        rgb[:20, :, 2] += 50
        rgb[20:, :, 1] += 50
        if number == 7:
            rgb[:] = 128
        cv2.imwrite(str(where / f"{number:03d}.png"), rgb[..., ::-1])
        (where / f"{number:03d}.png").rename(where / f"{number:03d}.webp")
    return folder


def run(folder: Path, data: Path, text: str, minutes: float = float("inf")) -> dict:
    folder.mkdir(exist_ok=True)
    recipe = folder / "tiny.toml"
    recipe.write_text(text)
    machine = Machine(stop_seconds=minutes)
    proposer_run.run(recipe, data, folder, cache=data / "cache", machine=machine)
    return torch.load(folder / "state.pt", weights_only=True)


def test_the_loss_falls_and_held_out_stills_are_measured(tmp_path, data):
    run(tmp_path, data, TINY + "steps = 12\nrate = 3e-3\n")
    rows = [line.split(",") for line in (tmp_path / "held_out.csv").read_text().splitlines()]
    v = [float(row[rows[0].index("v")]) for row in rows[1:]]
    assert len(v) == 4
    assert v[-1] < 0.9 * v[0]


def test_a_run_that_is_taken_up_ends_as_one_that_never_stopped(tmp_path, data):
    text = TINY + "steps = 4\n"
    whole = run(tmp_path / "whole", data, text)
    while (parts := run(tmp_path / "parts", data, text, minutes=0))["step"] < 4:
        pass
    for name, value in whole["average"].items():
        torch.testing.assert_close(parts["average"][name], value, rtol=1e-4, atol=1e-6)


def test_batches_hang_on_their_seed_alone_and_hold_no_gray_still(data):
    files = sorted((data / "stills/train").glob("*/*.webp"))
    squares = Squares(files[6:9], data / "cache")
    one, same, other = (squares.draw((1, step), 8) for step in (3, 3, 4))
    assert torch.equal(one.chroma, same.chroma)
    assert torch.equal(one.noise, same.noise)
    assert not torch.equal(one.noise, other.noise)
    assert one.chroma.shape == (8, 2, SIDE, SIDE)
    assert (one.chroma.abs().mean((1, 2, 3)) > 3).all(), "the gray one is not learned from"
    assert one.hints.shape == (8, 3, SIDE, SIDE)
    assert 0 < one.hints[:, 0].mean() < 0.5
    there = one.hints[:, 0] == 1
    assert (one.hints[:, 1:] - one.chroma).norm(dim=1)[there].mean() < one.chroma.norm(dim=1)[there].mean() / 2


def test_a_perfect_answer_is_the_chroma_at_every_time(data):
    """v and the shares are those of Salimans 2022: from v the clean chroma follows."""
    files = sorted((data / "stills/train").glob("*/*.webp"))
    batch = Squares(files[:3], data / "cache").draw((1, 1), 4)
    net = ProposerNet(ProposerConfig((16, 16, 32)))
    net.get_buffer("mean").copy_(torch.tensor([1.0, 2.0]))
    net.get_buffer("spread").copy_(torch.tensor([10.0, 20.0]))
    _, v = answered(net, batch)
    alpha, sigma = (torch.from_numpy(x)[:, None, None, None] for x in shares(batch.time.numpy()))
    noised = alpha * net.white(batch.chroma) + sigma * batch.noise
    clean = net.white(batch.chroma)
    torch.testing.assert_close(alpha * noised - sigma * v, clean, rtol=1e-3, atol=1e-3)


def test_it_goes_on_from_the_packages_own_weights(data, tmp_path, monkeypatch):
    own = load_proposer(random_proposer(tmp_path / "p.safetensors"))
    monkeypatch.setattr(proposer_run, "PROPOSER", tmp_path / "p.safetensors")
    kept = run(tmp_path, data, TINY + "goes_on = true\nsteps = 1\nrate = 1e-12\nwear = 0\n")
    for name, value in own.state_dict().items():
        torch.testing.assert_close(kept["net"][name], value, rtol=0, atol=1e-6)


def test_strange_entries_are_refused(tmp_path):
    recipe = tmp_path / "x.toml"
    recipe.write_text("stepz = 3\n")
    with pytest.raises(SettingsError, match="stepz"):
        load_proposer_recipe(recipe)


def test_what_was_trained_is_exported_in_bytes_and_read_again(tmp_path, data):
    kept = run(tmp_path, data, TINY + "steps = 2\n")
    sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
    from export_network import export

    facts = export(tmp_path / "state.pt", tmp_path / "tiny.toml", tmp_path / "proposer.safetensors")
    assert facts["step"] == 2
    net = load_proposer(tmp_path / "proposer.safetensors")
    assert net.config.widths == (16, 16, 32)
    for name, value in net.state_dict().items():
        torch.testing.assert_close(value, kept["average"][name], rtol=0, atol=0.01 * float(value.abs().max()) + 1e-6)
    assert net.get_buffer("spread").max() > 3, "of the stills' chroma"
