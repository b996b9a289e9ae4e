"""A training run's network as half-precision weights: python tools/export_network.py RUN/best.pt RECIPE [-o FILE]

Takes best.pt (the best on what is held out) or state.pt (the last; its running mean); the recipe's kind says which of
the shipped networks it is. The file's head says its config, the recipe's hash, the step and the held-out figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vidcolor.networks.features_net import FeaturesNet
from vidcolor.networks.load import save_features, save_weighing
from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, mark_of
from vidcolor.networks.weighing_net import WeighingNet
from vidcolor.research.training import colorizer_run, propagator_run
from vidcolor.research.training.checkpoints import load_state
from vidcolor.research.training.kinds import kind_of
from vidcolor.research.training.recipe import load_recipe
from vidcolor.research.training.weighing import load_weighing_recipe

WEIGHING = {
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
    state, kind = load_state(args.state), kind_of(args.recipe)
    if kind != "features" and kind not in WEIGHING:
        parser.error(
            f"{args.recipe}: a network of kind {kind} is not shipped; there are features, {', '.join(WEIGHING)}"
        )
    out = args.out or (FEATURES if kind == "features" else WEIGHING[kind][0])
    out.parent.mkdir(parents=True, exist_ok=True)
    facts = _features(state, args.recipe, out) if kind == "features" else _weighing(state, args.recipe, kind, out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {', '.join(f'{k} {v}' for k, v in facts.items())}")


def _features(state: dict[str, Any], recipe: Path, out: Path) -> dict[str, Any]:
    """Writes the features network; the file's facts."""
    net = FeaturesNet()
    net.load_state_dict(_numbers(state))
    measured = {name: round(value, 3) for name, value in state.items() if name.startswith(("clean", "aged"))}
    facts = {"recipe": load_recipe(recipe).hash, "step": state["step"], "held_out": measured}
    save_features(out, net, facts)
    return facts


def _weighing(state: dict[str, Any], recipe: Path, kind: str, out: Path) -> dict[str, Any]:
    """Writes a network that weighs guesses; the file's facts."""
    net = WeighingNet(WEIGHING[kind][1])
    net.load_state_dict(_numbers(state))
    measured = {name: round(state[name], 3) for name in FIGURES if isinstance(state.get(name), float)}
    told = load_weighing_recipe(recipe)
    facts = {"recipe": told.hash, "step": state["step"], "features": mark_of(FEATURES), "held_out": measured}
    save_weighing(out, net, facts)
    return facts


def _numbers(state: dict[str, Any]) -> dict[str, Any]:
    """The running mean where there is one; best.pt of the features holds it as `net`."""
    return dict(state["average"] if "average" in state else state["net"])


if __name__ == "__main__":
    main()
