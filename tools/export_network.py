"""A training run's network as half-precision weights: python tools/export_network.py RUN/best.pt RECIPE [-o FILE]

Takes best.pt (the best on what is held out) or state.pt (the last; its running mean); the recipe's kind says which of
the shipped networks it is, or that it is Palette or Diffusart, for `propose --with palette` and `lineart` (-o FILE).
The file's head says its config, the recipe's hash, the step, the held-out figures, and the clips it was trained on.

`hand_back` gives the same, and what else is worth keeping of a run, in files small enough for any way back.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from vidcolor.networks import shipped
from vidcolor.networks.proposer_net import ProposerConfig
from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, PROPOSER, mark_of
from vidcolor.research.networks.files import save_features, save_proposer, save_weighing
from vidcolor.research.networks.ours import FeaturesNet, ProposerNet, WeighingNet
from vidcolor.research.networks.published_files import BUILDS, Trained, save_published
from vidcolor.research.training import colorizer_run, propagator_run
from vidcolor.research.training.checkpoints import load_state
from vidcolor.research.training.kinds import kind_of
from vidcolor.research.training.proposer_run import load_proposer_recipe
from vidcolor.research.training.published.recipes import load_diffusion_recipe
from vidcolor.research.training.recipe import load_recipe
from vidcolor.research.training.weighing import load_weighing_recipe

WEIGHING = {
    "colorizer": (COLORIZER, colorizer_run.CONFIG),
    "propagator": (PROPAGATOR, propagator_run.CONFIG),
}
FILES = {"features": FEATURES, "proposer": PROPOSER, **{kind: file for kind, (file, _) in WEIGHING.items()}}
PART = 15 << 20
"""Bytes of a file that is handed back, at most."""
ROWS = ("log.csv", "held_out.csv", "teachers.csv", "clips.json")
FIGURES = ("net", "rule", "own", "error", "expected")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("-o", "--out", type=Path, help="the package's own file")
    args = parser.parse_args()
    kind = kind_of(args.recipe)
    if kind not in (*FILES, "diffusion"):
        parser.error(f"{args.recipe}: a network of kind {kind} is not used by vidcolor; there are {', '.join(FILES)}")
    if kind not in FILES and args.out is None:
        parser.error(f"{args.recipe}: no network of ours; say where to write it with -o FILE.safetensors")
    out = args.out or FILES[kind]
    facts = export(args.state, args.recipe, out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {', '.join(f'{k} {v}' for k, v in facts.items())}")


def export(path: Path, recipe: Path, out: Path) -> dict[str, Any]:
    """Writes the network of best.pt or state.pt as it is used; the file's facts."""
    state, kind = load_state(path), kind_of(recipe)
    out.parent.mkdir(parents=True, exist_ok=True)
    facts = _clips(path)
    if kind == "features":
        return _features(state, recipe, out, facts)
    if kind == "proposer":
        return _proposer(state, recipe, out)
    if kind == "diffusion":
        return _diffusion(state, recipe, out)
    return _weighing(state, recipe, kind, out, facts)


def hand_back(run: Path, recipe: Path, out: Path, *, with_state: bool = False, part: int = PART) -> list[Path]:
    """The run's best network (or its last, before anything was measured) in half precision, its rows of figures, what
    computed it and, if asked, its state, in files of at most `part` bytes; longer ones as NAME.00, NAME.01 ..., which
    `cat NAME.?? > NAME` joins."""
    out.mkdir(parents=True, exist_ok=True)
    kind, state = kind_of(recipe), run / "state.pt"
    source = run / "best.pt" if (run / "best.pt").exists() else state
    weights = out / f"{kind}.safetensors"
    if kind in FILES:
        export(source, recipe, weights)
    else:
        save_file({k: v.half().contiguous() for k, v in _numbers(load_state(source)).items()}, weights)
    kept = load_state(state)
    facts = {name: kept[name] for name in ("step", "seconds", "best", "recipe") if name in kept}
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    (out / "run.json").write_text(json.dumps({**facts, "torch": torch.__version__, "cuda": cuda}, indent=1) + "\n")
    shutil.copyfile(recipe, out / "recipe.toml")
    for name in ROWS:
        if (run / name).exists():
            shutil.copyfile(run / name, out / name)
    if with_state:
        shutil.copyfile(state, out / "state.pt")
    return [path for file in sorted(out.iterdir()) for path in _parted(file, part)]


def _parted(path: Path, most: int) -> list[Path]:
    """The file, or in its place its parts."""
    if path.stat().st_size <= most:
        return [path]
    made = []
    with path.open("rb") as file:
        while content := file.read(most):
            made.append(path.with_name(f"{path.name}.{len(made):02d}"))
            made[-1].write_bytes(content)
    path.unlink()
    return made


def _clips(path: Path) -> dict[str, Any]:
    """The clips that a run was trained on, as it noted them."""
    noted = path.with_name("clips.json")
    return {"clips": json.loads(noted.read_text())} if noted.exists() else {}


def _features(state: dict[str, Any], recipe: Path, out: Path, more: dict[str, Any]) -> dict[str, Any]:
    """Writes the features network; the file's facts."""
    net = FeaturesNet()
    net.load_state_dict(_numbers(state))
    measured = {name: round(value, 3) for name, value in state.items() if name.startswith(("clean", "aged"))}
    facts = {"recipe": load_recipe(recipe).hash, "step": state["step"], "held_out": measured, **more}
    save_features(out, net, facts)
    return facts


def _proposer(state: dict[str, Any], recipe: Path, out: Path) -> dict[str, Any]:
    """Writes the network that proposes; the file's facts."""
    told = load_proposer_recipe(recipe)
    net = ProposerNet(ProposerConfig(told.widths))
    net.load_state_dict(_numbers(state))
    measured = {name: round(state[name], 4) for name in ("v", "smooth") if name in state}
    facts = {
        "recipe": told.hash,
        "step": state["step"],
        "things": mark_of(shipped.THINGS),
        "held_out": measured,
        "clips": [],  # it learns from stills alone
    }
    save_proposer(out, net, facts)
    return facts


def _diffusion(state: dict[str, Any], recipe: Path, out: Path) -> dict[str, Any]:
    """Writes Palette or Diffusart; the file's facts."""
    told = load_diffusion_recipe(recipe)
    net = BUILDS[told.network](told.config)
    net.load_state_dict(_numbers(state))
    facts = {
        "recipe": told.hash,
        "step": state["step"],
        "held_out": {n: round(state[n], 5) for n in ("noise",) if n in state},
    }
    save_published(out, told.network, net, Trained(told.side, told.config), facts)
    return facts


def _weighing(state: dict[str, Any], recipe: Path, kind: str, out: Path, more: dict[str, Any]) -> dict[str, Any]:
    """Writes a network that weighs guesses; the file's facts."""
    net = WeighingNet(WEIGHING[kind][1])
    net.load_state_dict(_numbers(state))
    measured = {name: round(state[name], 3) for name in FIGURES if isinstance(state.get(name), float)}
    told = load_weighing_recipe(recipe)
    facts = {
        "recipe": told.hash,
        "step": state["step"],
        "features": mark_of(shipped.FEATURES),
        "held_out": measured,
        **more,
    }
    save_weighing(out, net, facts)
    return facts


def _numbers(state: dict[str, Any]) -> dict[str, Any]:
    """The running mean where there is one; best.pt of the features holds it as `net`."""
    return dict(state["average"] if "average" in state else state["net"])


if __name__ == "__main__":
    main()
