"""Makes the list of pairs that the published colorizers train on, from a folder of colour pictures.

    python tools/prepare_dataset.py PICTURES -o SET --coco instances_train2017.json --weights DIR --features vgg19
    python tools/prepare_dataset.py PICTURES -o SET --masks MASKS          masks of the pictures' names, white inside
    python tools/prepare_dataset.py PICTURES -o SET                        pictures alone, of any folder structure

SET gets pairs.json and masks/; pictures stay where they are. References are chosen as published: of whole scenes and
of objects above 10 % of their picture the four nearest by deep features; of objects above 30 % also three of their
class at random. Then: python tools/train.py configs/train/RECIPE.toml --data SET --out RUN
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vidcolor.errors import VidcolorError
from vidcolor.research.training.published.lists import write_list
from vidcolor.research.training.published.looks import shipped_look, vgg19_look
from vidcolor.research.training.published.prepare import Wanted, prepare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the list and its masks")
    parser.add_argument("--coco", type=Path, help="COCO's instances of these pictures (JSON)")
    parser.add_argument("--masks", type=Path, help="or a folder of masks")
    parser.add_argument("--weights", type=Path, help="folder of published weights, for ranking and for training")
    parser.add_argument(
        "--features", choices=("shipped", "vgg19"), default="shipped", help="to rank by; vgg19: as published"
    )
    parser.add_argument("--limit", type=int, help="pictures taken, spread evenly over the folder (all)")
    parser.add_argument("--held", type=int, default=50, help="one picture in so many is held out (50)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    wanted = Wanted(
        args.pictures, args.out, args.coco, args.masks, args.weights, args.limit, max(args.held, 2), args.seed
    )
    try:
        look, how = vgg19_look(args.weights) if args.features == "vgg19" else shipped_look()
        listed = prepare(wanted, look, how)
        path = write_list(listed)
    except VidcolorError as error:
        print(error, file=sys.stderr)
        return 2
    held = sum(entry.held for entry in listed.scenes)
    print(f"{path}: {len(listed.scenes)} scenes ({held} held out), {len(listed.objects)} objects; ranked by {how}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
