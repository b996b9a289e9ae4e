"""Trains a network by its recipe; the same command again takes the run up where it stopped.

    python tools/train.py configs/train/RECIPE.toml --data DIR --out RUN [--set NAME=VALUE] [--threads 1]

A recipe's `kind` says what is trained (vidcolor/research/training/kinds.py); its head says what DIR must hold, on which
machine it has been run, how long that took and what to expect. RUN gets log.csv, state.pt (to go on from) and more by
its kind. How to train on a machine with CUDA: tools/README.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from vidcolor.errors import VidcolorError
from vidcolor.networks import shipped
from vidcolor.research.training.folds import load_folds
from vidcolor.research.training.kinds import runner_of, with_changes
from vidcolor.research.training.machine import machine_of


def held_of(fold: int) -> str:
    """A fold's clips as the recipe's entry of what is held out."""
    return f"held_clips = {json.dumps(load_folds().clips(fold))}"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="pictures to train on; the recipe's head says which")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--cache", type=Path, help="where what is computed once is kept (the run's folder)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu", help="where networks run (cpu)")
    parser.add_argument("--threads", type=int, default=1, help="torch's threads (1)")
    parser.add_argument("--readers", type=int, default=1, help="threads that draw samples ahead (1)")
    parser.add_argument("--keep-data", action="store_true",
                        help="features: decode once, draw on the device, as with CUDA anyway")  # fmt: skip
    parser.add_argument("--eager", action="store_true", help="with CUDA: compile no network")
    parser.add_argument("--save-minutes", type=float, default=2, help="a state is saved at least so often (2)")
    parser.add_argument(
        "--minutes", type=float, default=0, help="end after so long, to be gone on with (0: at the end)"
    )
    parser.add_argument("--features", type=Path, help="the features network to build on (the program's own)")
    parser.add_argument("--back", type=Path, help="a folder for what is worth keeping, in files under 16 MiB")
    parser.add_argument("--back-state", action="store_true", help="with the state, to go on from elsewhere")
    parser.add_argument("--fold", type=int, help="leave the clips of this fold (configs/folds.toml) out")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another value of the recipe")
    args = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        changes = [*args.set, *(() if args.fold is None else [held_of(args.fold)])]
        recipe = with_changes(args.recipe, changes, args.out)
        machine = machine_of(
            args.device,
            threads=args.threads,
            readers=args.readers,
            keeps_data=args.keep_data,
            eager=args.eager,
            save_minutes=args.save_minutes,
            minutes=args.minutes,
        )
        if args.features is not None:  # before anything takes the name of the program's own
            shipped.FEATURES = args.features
        runner_of(recipe)(recipe, args.data, args.out, cache=args.cache, machine=machine)
        if args.back is not None:
            from export_network import hand_back

            for path in hand_back(args.out, recipe, args.back, with_state=args.back_state):
                print(f"{path}: {path.stat().st_size / 2**20:.2f} MiB")
    except VidcolorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
