"""Whether shots that take their colours from one reference agree, and what agreeing costs.

    python tools/measure_harmony.py CLIPS [--limit N] [--shares 0,0.5,1]

CLIPS holds folders of numbered colour frames. Frame 0 of each is the reference; its frames at a third and at the end
stand for the keyframes of two shots, each coloured from it by the shipped network, and harmonised by these shares
(`colorize.harmonize`). Told are CIEDE2000 between what the two make of the same region of the reference (mean colours
of the superpixels that look most like it, weighed by the smaller area), and PSNR in dB under the true L*.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array
from PIL import Image

from vidcolor.color import delta_e, lab_to_rgb, rgb_to_lab
from vidcolor.colorize.by_super_attention import Colorizer
from vidcolor.colorize.super_features import SuperPixels, bounded, super_pixels
from vidcolor.features import Features, correlate, gray_of
from vidcolor.networks.features import NetworkFeatures
from vidcolor.research.metrics.image import psnr
from vidcolor.settings import ColorizeSettings
from vidcolor.superpixels.segment import segment
from vidcolor.types import Frame, Guidance, Reference

REGIONS = 60
"""Of a reference."""
SMALLEST = 0.002
"""Share of a frame that a region must hold in both, to be told."""


def read(path: Path) -> Reference:
    rgb = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
    height, width = bounded(rgb.shape[:2])
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    lab = rgb_to_lab(np.ascontiguousarray(small.transpose(2, 0, 1)))
    return Reference(path.name, str(path), lab[0], lab[1:])


class Regions:
    """The regions of a reference, and what of other pictures looks like each."""

    def __init__(self, reference: Reference, features: Features) -> None:
        gray = gray_of(reference)
        self._features, self._seen = features, super_pixels(gray, (features,))
        coarse = segment(gray, REGIONS)
        self._region = np.array([np.bincount(coarse[self._seen.labels == n]).argmax() for n in range(self._seen.count)])
        self.count = int(coarse.max()) + 1

    def of(self, lightness: Array) -> Array:
        """(H, W): which region each pixel of a frame looks most like."""
        seen: SuperPixels = super_pixels(lightness, (self._features,))
        alike = correlate(seen.together(), self._seen.together())
        return np.asarray(self._region[alike.argmax(1)][seen.labels])


def apart(labs: Sequence[Array], regions: Sequence[Array], count: int) -> float:
    """Mean CIEDE2000 between two pictures' (3, H, W) mean colours of the same regions; NaN where they share none."""
    means, areas = [], []
    for lab, region in zip(labs, regions, strict=True):
        area = np.bincount(region.ravel(), minlength=count)
        sums = [np.bincount(region.ravel(), plane.ravel(), count) for plane in lab]
        means.append(np.array(sums) / np.maximum(area, 1))
        areas.append(area / region.size)
    weight = np.minimum(*areas)
    weight[weight < SMALLEST] = 0
    if not weight.any():
        return float("nan")
    light = (means[0][0] + means[1][0]) / 2  # the shots' own light is theirs to keep
    first, second = (np.stack([light, *mean[1:]]).astype(np.float32)[:, None] for mean in means)
    return float((delta_e(first, second)[0] * weight).sum() / weight.sum())


def measure(folder: Path, shares: Sequence[float], colorizer: Colorizer) -> list[tuple[float, float]]:
    """(CIEDE2000 between the shots, PSNR) by each of the shares."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    reference, *shots = (read(paths[n]) for n in (0, len(paths) // 3, len(paths) - 1))
    grays = [gray_of(shot) for shot in shots]
    regions = Regions(reference, colorizer.features)
    matched, found = [regions.of(gray) for gray in grays], []
    for share in shares:
        settings = replace(ColorizeSettings(), harmonize=share)
        made = [colorizer(Frame(0, gray), [Guidance(reference)], settings).chroma for gray in grays]
        labs = [np.concatenate([gray[None], chroma]) for gray, chroma in zip(grays, made, strict=True)]
        gains = []
        for shot, chroma in zip(shots, made, strict=True):
            pair = (np.concatenate([shot.lightness[None], ab]).astype(np.float32) for ab in (chroma, shot.chroma))
            gains.append(psnr(*(np.clip(lab_to_rgb(lab), 0, 1) for lab in pair)))
        found.append((apart(labs, matched, regions.count), float(np.mean(gains))))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--shares", default="0,0.5,1")
    args = parser.parse_args()
    shares = [float(share) for share in args.shares.split(",")]
    colorizer, rows = Colorizer(NetworkFeatures()), []
    for folder in sorted(path for path in args.clips.iterdir() if path.is_dir())[: args.limit]:
        rows.append(measure(folder, shares, colorizer))
        print(f"{folder.name:<24}" + "".join(f"{e:7.2f} {p:6.2f} dB" for e, p in rows[-1]), flush=True)
    means = np.nanmean(rows, axis=0)
    print(f"{'mean':<24}" + "".join(f"{e:7.2f} {p:6.2f} dB" for e, p in means))


if __name__ == "__main__":
    main()
