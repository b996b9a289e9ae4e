"""A training run's network as half-precision weights: python tools/export_features.py RUN/best.pt RECIPE -o FILE

Takes best.pt (the best on what is held out) or state.pt (the last; its running mean). The file's head says the
network's config, the recipe's hash, the step, and what was measured on the held-out clips.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vidcolor.networks.features import FeaturesNet
from vidcolor.networks.load import save_features
from vidcolor.networks.shipped import FEATURES
from vidcolor.research.training.checkpoints import load_state
from vidcolor.research.training.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=FEATURES)
    args = parser.parse_args()
    state, recipe = load_state(args.state), load_recipe(args.recipe)
    net = FeaturesNet()
    net.load_state_dict(state["net"] if "net" in state else state["average"])
    measured = {name: round(value, 3) for name, value in state.items() if name.startswith(("clean", "aged"))}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    save_features(args.out, net, {"recipe": recipe.hash, "step": state["step"], "held_out": measured})
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB, step {state['step']}, recipe {recipe.hash}")


if __name__ == "__main__":
    main()
