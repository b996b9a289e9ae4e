"""How well features match gray frames: chroma carried from frame 0 to frame 25 by the match alone, PSNR in dB.

    python tools/measure_features.py CLIPS [--teachers DIR] [--weights FILE ...] [--prints 3] [--only NAME,...]

CLIPS holds folders of numbered colour frames. Both frames are gray; each is also aged as `--prints` old prints. At each
place, 8 pixels apart, the softmax mean (temperature 0.03) of the first frame's chroma is taken; the result is
compared in R'G'B' under the true L*. Beside the networks: the gray frame, and the first frame's chroma left in place.
The teachers are used directly, at the frame's full size and at half size; the networks at half size.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.color import lab_to_rgb
from vidcolor.networks.shipped import FEATURES
from vidcolor.research.networks.files import load_features
from vidcolor.research.training.held_out import Trial, carried_psnr, held_trials
from vidcolor.research.training.teachers import Both

Maps = Callable[[Tensor], Sequence[Tensor]]


def halved(lightness: Tensor) -> Tensor:
    """Half the size, by area."""
    height, width = lightness.shape[-2:]
    return F.interpolate(lightness, size=(height // 2, width // 2), mode="area")


def psnr_of(trial: Trial, chroma: np.ndarray) -> float:
    rgb = np.clip(lab_to_rgb(np.concatenate([trial.lightness[None], chroma])), 0, 1)
    return float(-10 * np.log10(np.mean((rgb.astype(np.float64) - trial.rgb) ** 2)))


def figures_of(trial: Trial, methods: dict[str, Maps], *, clean: bool) -> dict[str, float]:
    found = {}
    if clean:
        found = {"gray": psnr_of(trial, np.zeros_like(trial.chroma)), "in place": psnr_of(trial, trial.chroma)}
    for look in ("clean", "aged") if clean else ("aged",):
        pair = [torch.from_numpy(x)[None, None] for x in getattr(trial, look)]
        for name, method in methods.items():
            reference, target = (method(x)[0][0] for x in pair)
            found[f"{name}, {look}"] = carried_psnr(trial, reference, target)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--teachers", type=Path, help="folder of the teachers; left out: the networks alone")
    parser.add_argument("--weights", type=Path, nargs="*", default=[FEATURES])
    parser.add_argument("--prints", type=int, default=3)
    parser.add_argument("--only", default="", help="clips by name, with commas")
    args = parser.parse_args()
    torch.set_num_threads(1)
    methods: dict[str, Maps] = {}
    if args.teachers:
        teachers = Both(args.teachers).eval()
        methods["teachers, full size"] = lambda x: teachers(x)[1:]
        methods["teachers, half size"] = lambda x: teachers(halved(x))[:1]
    for file in args.weights:
        net = load_features(file).to(torch.bfloat16)
        methods[file.stem] = lambda x, net=net: net(halved(x))[:1]
    folders = sorted(
        p for p in args.clips.iterdir() if p.is_dir() and (not args.only or p.name in args.only.split(","))
    )
    rows: dict[str, dict[str, list[float]]] = {}
    with torch.no_grad():
        for trial_index, trial in enumerate(held_trials(folders, (0,), args.prints)):
            row = rows.setdefault(trial.name, {})
            for name, value in figures_of(trial, methods, clean=trial_index % args.prints == 0).items():
                row.setdefault(name, []).append(value)
            print(trial.name, {k: round(v[-1], 2) for k, v in row.items()}, flush=True)
    names = list(next(iter(rows.values())))
    width = max(map(len, names)) + 2
    print("".ljust(width) + "".join(n.split("/")[0][:10].rjust(11) for n in rows) + "mean".rjust(11))
    for name in names:
        values = [float(np.mean(row[name])) for row in rows.values()]
        print(name.ljust(width) + "".join(f"{v:11.2f}" for v in [*values, float(np.mean(values))]))


if __name__ == "__main__":
    main()
