"""A fusion network's training run as half-precision weights: python tools/export_fusion.py RUN/best.pt RECIPE [-o FILE]

Takes best.pt (the best on what is held out) or state.pt (the last; its running mean); the recipe's kind says which of
the shipped networks it is. The file's head says its config, the recipe's hash, the step and the held-out figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vidcolor.networks.fusion import FusionNet
from vidcolor.networks.load import save_fusion
from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, mark_of
from vidcolor.research.training import colorizer_run, propagator_run
from vidcolor.research.training.checkpoints import load_state
from vidcolor.research.training.fusion import load_fusion_recipe

KINDS = {
    "colorizer": (COLORIZER, colorizer_run.CONFIG),
    "propagator": (PROPAGATOR, propagator_run.CONFIG),
}
FIGURES = ("net", "rule", "own", "error", "expected")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("-o", "--out", type=Path, help="the package's own file")
    args = parser.parse_args()
    state, recipe = load_state(args.state), load_fusion_recipe(args.recipe)
    file, config = KINDS[recipe.kind]
    net = FusionNet(config)
    net.load_state_dict(state["average"] if "average" in state else state["net"])
    facts = {"recipe": recipe.hash, "step": state["step"], "features": mark_of(FEATURES)}
    facts["held_out"] = {name: round(state[name], 3) for name in FIGURES if isinstance(state.get(name), float)}
    out = args.out or file
    save_fusion(out, net, facts)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, step {state['step']}, recipe {recipe.hash}, {facts['held_out']}")


if __name__ == "__main__":
    main()
