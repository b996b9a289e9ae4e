"""Trains a network by its recipe; the same command again takes the run up where it stopped.

    python tools/train.py configs/train/RECIPE.toml --data DIR --out RUN [--set NAME=VALUE] [--threads 1]

A recipe's `kind` says what is trained (vidcolor/research/training/kinds.py); its head says what DIR must hold, on which
machine it has been run, how long that took and what to expect. RUN gets log.csv, state.pt (to go on from) and more by
its kind.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from vidcolor.errors import VidcolorError
from vidcolor.research.training.kinds import runner_of, with_changes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="pictures to train on; the recipe's head says which")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--cache", type=Path, help="where what is computed once is kept (the run's folder)")
    parser.add_argument("--threads", type=int, default=1, help="torch's threads (1)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another value of the recipe")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        recipe = with_changes(args.recipe, args.set, args.out)
        runner_of(recipe)(recipe, args.data, args.out, cache=args.cache, threads=args.threads)
    except VidcolorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
