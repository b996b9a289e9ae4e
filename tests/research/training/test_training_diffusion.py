"""training/published: Palette's and Diffusart's losses fall, runs are taken up, scribbles are as published."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor.errors import InputError, SettingsError  # noqa: E402
from vidcolor.research.networks.lines import EXTRACTORS  # noqa: E402
from vidcolor.research.training.kinds import kind_of  # noqa: E402
from vidcolor.research.training.machine import Machine  # noqa: E402
from vidcolor.research.training.published import diffusion_run  # noqa: E402
from vidcolor.research.training.published.drawings import (  # noqa: E402
    COUNT,
    lines_of,
    scribbles_of,
    stroke,
)
from vidcolor.research.training.published.recipes import load_diffusion_recipe  # noqa: E402

TINY = (
    'kind = "diffusion"\nside = 16\nbatch = 4\nwidth = 8\nmultiples = [1, 2]\nblocks = 1\nattention = [2]\n'
    "dropout = 0.0\nwarm = 5\naverage = 0.9\nheld = 16\nrate = 2e-3\n"
    "log_every = 5\nmeasure_every = 25\nsave_every = 2\n"
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "pictures"
    folder.mkdir()
    random = np.random.default_rng(1)
    for number in range(40):
        rgb = np.full((40, 60, 3), 250, np.uint8)
        middle = tuple(int(v) for v in random.integers(10, 40, 2))
        color = tuple(int(c) for c in random.integers(0, 255, 3))
        cv2.circle(rgb, middle, 12, color, -1)
        cv2.circle(rgb, middle, 12, (0, 0, 0), 1)
        cv2.imwrite(str(folder / f"{number:03d}.png"), rgb)
        (folder / f"{number:03d}.png").rename(folder / f"{number:03d}.webp")  # some of these names are held out
    return folder


def run(folder: Path, pictures: Path, text: str, minutes: float = float("inf")) -> dict:
    folder.mkdir(exist_ok=True)
    recipe = folder / "tiny.toml"
    recipe.write_text(TINY + text)
    assert kind_of(recipe) == "diffusion"
    diffusion_run.run(recipe, pictures, folder, cache=None, machine=Machine(stop_seconds=minutes))
    return torch.load(folder / "state.pt", weights_only=True)


@pytest.mark.parametrize("network", ["palette", "diffusart"])
def test_the_loss_falls_and_a_sheet_is_drawn(tmp_path, pictures, network):
    run(tmp_path, pictures, f'network = "{network}"\nsteps = 25\n')
    rows = [line.split(",") for line in (tmp_path / "log.csv").read_text().splitlines()]
    noise = [float(row[rows[0].index("noise")]) for row in rows[1:]]
    assert noise[-1] < 0.85 * noise[0]
    page = cv2.imread(str(tmp_path / "samples/0000025.png"))
    assert page.shape == (4 * 16, {"palette": 3, "diffusart": 4}[network] * 16, 3)


def test_a_run_that_is_taken_up_ends_as_one_that_never_stopped(tmp_path, pictures):
    text = 'network = "diffusart"\nsteps = 3\n'
    whole = run(tmp_path / "whole", pictures, text)
    while (parts := run(tmp_path / "parts", pictures, text, minutes=0))["step"] < 3:
        pass
    for name, value in whole["average"].items():
        torch.testing.assert_close(parts["average"][name], value, rtol=1e-3, atol=1e-5)


def test_lines_are_dark_where_things_end():
    rgb = np.ones((3, 64, 64), np.float32)
    rgb[:, :, 32:] = 0.6
    for extract in EXTRACTORS.values():
        lines = extract(rgb[0])
        assert lines[:, 28:36].min() < lines[:, :20].min() - 0.2
        assert lines[:, :20].min() > 0.9
    drawn = {lines_of(rgb, np.random.default_rng(n)).tobytes() for n in range(8)}
    assert len(drawn) == 2, "of two ways one is drawn"


def test_scribbles_have_the_pictures_colours_and_stay_off_white():
    rgb = np.ones((3, 64, 64), np.float32)
    rgb[:, :, 40:] = np.array([0.8, 0.2, 0.1], np.float32)[:, None, None]
    whiter = 0
    for seed in range(20):
        made = scribbles_of(rgb, np.random.default_rng(seed))
        there = made[3] == 1
        assert (made[:3, ~there] == 0).all()
        assert there.any()
        whiter += there[:, :20].sum()
        inner = there[:, 56:].any() and made[:3, :, 63][:, there[:, 63]]
        if np.size(inner) > 1:
            assert (inner[0] > inner[1]).all(), "red ones on red"
    assert whiter == 0, "no stroke lies wholly on white"
    lengths = [stroke((64, 64), np.random.default_rng(n)) for n in range(200)]
    sizes = [int(s.sum()) for s in lengths]
    assert min(sizes) >= 1
    assert max(sizes) <= 30 * 8
    assert COUNT == (4, 25)


@pytest.mark.parametrize("side", [32, 64, 256])
def test_scribbles_of_small_pictures_are_small_so_that_they_tell_the_colours_under_them(side):
    off, least = [], []
    for seed in range(20):
        random = np.random.default_rng(seed)
        tiles = random.uniform(0.1, 0.9, (3, 8, 8)).astype(np.float32)
        rgb = np.repeat(np.repeat(tiles, side // 8, 1), side // 8, 2)
        made = scribbles_of(rgb, random)
        there = made[3] == 1
        off.append(np.abs(made[:3, there] - (2 * rgb - 1)[:, there]).mean())
        least.append(there.mean())
    assert np.mean(off) < 0.16  # strokes as long as at 256 pixels: .31 of .43 at 32
    assert min(least) > 0
    assert np.mean(least) < 0.06


def test_what_cannot_be_learned_from_is_refused(tmp_path, pictures):
    (tmp_path / "x.toml").write_text(TINY + 'network = "dalle"\n')
    with pytest.raises(SettingsError, match="palette, diffusart"):
        load_diffusion_recipe(tmp_path / "x.toml")
    with pytest.raises(InputError, match="too few"):
        run(tmp_path, tmp_path, 'network = "palette"\nsteps = 1\n')
