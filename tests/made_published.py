"""A tiny Palette or Diffusart, trained for a few steps on drawings made by code: for tests of what draws by them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import numpy as np
import tiny
from drawn import drawing

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
from export_network import export

from vidcolor.research.training.machine import Machine
from vidcolor.research.training.published import diffusion_run

TINY = (
    'kind = "diffusion"\nside = 16\nbatch = 4\nwidth = 8\nmultiples = [1, 2]\nblocks = 1\nattention = [2]\n'
    "dropout = 0.0\nwarm = 5\naverage = 0.9\nheld = 4\nrate = 2e-3\n"
    "log_every = 30\nmeasure_every = 30\nsave_every = 30\nsteps = 30\n"
)


def write_drawings(folder: Path, count: int = 40) -> None:
    """Drawings of 40x40; some of these names are held out."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        tiny.write_picture(folder / f"{number:03d}.webp", colors=np.ascontiguousarray(drawing(number, (40, 40))))


def write_published(folder: Path, kind: Literal["palette", "diffusart"]) -> Path:
    """The network's file, as a user makes it: trained by a recipe, and exported."""
    folder.mkdir(parents=True, exist_ok=True)
    write_drawings(folder / "drawings")
    recipe = folder / f"{kind}.toml"
    recipe.write_text(TINY + f'network = "{kind}"\n', encoding="utf-8")
    run = folder / f"run-{kind}"
    diffusion_run.run(recipe, folder / "drawings", run, cache=None, machine=Machine())
    export(run / "best.pt", recipe, folder / f"{kind}.safetensors")
    return folder / f"{kind}.safetensors"
