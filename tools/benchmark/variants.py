"""The whole job with parts of the propagation left out: python -P tools/benchmark/variants.py NAME FILM ...

What `vidcolor run` does, with what no user has a setting for. NAME is one of `VARIANTS`; the project must be new.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from vidcolor.propagate.ablation import Ablation, without

VARIANTS: dict[str, tuple[str, Ablation]] = {
    "no-flow": ("without flow (no carried colour)", without("flow", "steady")),
    "no-camera": ("without the camera's motion", without("camera")),
    "no-superpixel": ("without superpixels", without("superpixel")),
    "no-attention": ("without attention (nothing found in keyframes)", without("attention")),
    "no-blend": ("without the blend (most trusted alone)", without("blend", "fill")),
    "no-filling": ("without filling alone", without("fill")),
    "no-weigher": ("without the network that weighs (rules)", without("weigher")),
    "no-steady": ("without the frame before", without("steady")),
    "local-attention": (
        "flow + local attention alone",
        without("camera", "superpixel", "attention", "fill", "weigher", "steady"),
    ),
    "plain-warp": (
        "plain flow warp",
        without("local", "camera", "superpixel", "attention", "fill", "weigher", "steady"),
    ),
}
"""What is left out, in words and as propagation takes it, by name."""


def main() -> None:
    from vidcolor.pipeline.deliver import deliver
    from vidcolor.pipeline.plan import make_plan
    from vidcolor.pipeline.render import load_models, render
    from vidcolor.project import Project, ProjectConfig
    from vidcolor.settings import load_settings, preset_tables
    from vidcolor.state.status import states, to_render

    args = parser().parse_args()
    settings = load_settings([("preset", preset_tables(args.preset))])
    ablation = VARIANTS[args.name][1]
    models = replace(load_models(settings, "auto"), ablation=ablation)
    if not ablation.keeps("attention"):
        models = replace(models, propagator=None)
    config = ProjectConfig(reel=str(args.film.resolve()), keyframes=str(args.keyframes.resolve()))
    film = make_plan(Project.create(args.project, config), settings, lambda *_: None)
    render(film, to_render(film, states(film)), models, lambda *_: None)
    deliver(film, states(film), args.out, args.delivery, lambda *_: None)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("name", choices=list(VARIANTS), help="what is left out")
    made.add_argument("film", type=Path)
    made.add_argument("--keyframes", type=Path, required=True, help="the folder of keyframes")
    made.add_argument("--project", type=Path, required=True, help="a new folder for the project")
    made.add_argument("-o", "--out", type=Path, required=True, help="the delivered film")
    made.add_argument("--preset", default="standard", help="settings of everything else (default: standard)")
    made.add_argument("--delivery", default="ffv1", help="how the film is written (default: ffv1)")
    return made


if __name__ == "__main__":
    main()
