"""Time and memory of super-attention from 256x256 to 2160p, beside ordinary attention, each in its own process.

    python tools/attention_scaling.py [--channels 16] [--most 5e9] [--plot FILE.svg]

Super-attention: pooling, correlation, softmax, and colours handed back to every pixel; labels are a grid of
3 sqrt(n) superpixels of n pixels (making them is `superpixels.segment`, timed by tools/bench.py). Ordinary attention:
every pixel looks at every pixel, 1024 rows at once, so that its memory is the least it can be; it is left out where
there are more than `--most` pairs of pixels, as it would take from minutes to days. The plot's scales are logarithmic:
what grows with the pixels goes up at the slope of the dashed line.
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from vidcolor.research.networks.attention import Side, SuperAttention

SIZES = ((256, 256), (512, 512), (720, 1280), (1080, 1920), (2160, 3840))
ROWS = 1024
COLORS = 2


def grid_labels(height: int, width: int) -> tuple[torch.Tensor, int]:
    """(1, H, W) int64 labels of a grid of about 3 sqrt(n) cells, and how many."""
    step = (height * width / (3 * (height * width) ** 0.5)) ** 0.5
    down, across = round(height / step), round(width / step)
    y, x = torch.arange(height) * down // height, torch.arange(width) * across // width
    return (y[:, None] * across + x)[None], down * across


def super_attention(looks: torch.Tensor, colors: torch.Tensor) -> torch.Tensor:
    labels, count = grid_labels(*looks.shape[2:])
    block = SuperAttention(looks.shape[1], COLORS, looks.shape[1], COLORS)
    return block(Side(looks, labels, count), Side(looks.flip(-1), labels, count), colors).picture


def ordinary_attention(looks: torch.Tensor, colors: torch.Tensor) -> torch.Tensor:
    query, key, value = (x.flatten(2)[0] for x in (looks, looks.flip(-1), colors))
    rows = [(part.T @ key).softmax(-1) @ value.T for part in query.split(ROWS, 1)]
    return torch.cat(rows).T.reshape(colors.shape)


METHODS = {"super": super_attention, "ordinary": ordinary_attention}


def measure(method: str, height: int, width: int, channels: int) -> None:
    """Prints CPU seconds, and the peak of memory above what the inputs take, in MB."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with torch.inference_mode():
        METHODS[method](torch.randn(1, channels, 16, 16), torch.randn(1, COLORS, 16, 16))
        looks, colors = torch.randn(1, channels, height, width), torch.randn(1, COLORS, height, width)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        METHODS[method](looks, colors)
        seconds = time.process_time() - start
    print(seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--most", type=float, default=5e9, help="pairs of pixels that ordinary attention may have")
    parser.add_argument("--plot", type=Path, help="a picture of it, SVG")
    parser.add_argument("--one", nargs=3, metavar=("METHOD", "HEIGHT", "WIDTH"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        measure(args.one[0], int(args.one[1]), int(args.one[2]), args.channels)
        return
    rows: list[tuple[str, tuple[float, float, float]]] = []
    print("size          megapixels   method     CPU s    CPU s/MP    MB    MB/MP")
    for height, width in SIZES:
        pixels = height * width
        for method in METHODS:
            if method == "ordinary" and pixels**2 > args.most:
                continue
            command = [sys.executable, __file__, "--channels", str(args.channels)]
            told = subprocess.run(
                [*command, "--one", method, str(height), str(width)], capture_output=True, text=True, check=True
            )
            seconds, memory = map(float, told.stdout.split())
            size, mega = f"{width}x{height}", pixels / 1e6
            rows.append((method, (mega, seconds, memory)))
            print(
                f"{size:13s} {mega:10.3f}   {method:9s} {seconds:7.3f} {seconds / mega:10.3f}"
                f" {memory:7.0f} {memory / mega:7.0f}",
                flush=True,
            )
    if args.plot:
        args.plot.write_text(plot(rows))


def plot(rows: Sequence[tuple[str, tuple[float, float, float]]]) -> str:
    """CPU seconds and memory over megapixels as SVG; rows of method and (megapixels, seconds, MB)."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="760" height="360" font-family="sans-serif" font-size="12">',
        '<rect width="760" height="360" fill="#fff"/>',
    ]
    for panel, title in enumerate(("CPU seconds", "MB above the inputs")):
        sizes, values = [row[0] for _, row in rows], [row[1 + panel] for _, row in rows]
        spans = [(math.log10(min(v) / 2), math.log10(max(v) * 2)) for v in (sizes, values)]
        corner = 60 + 380 * panel

        def at(mega: float, value: float, spans: list = spans, corner: int = corner) -> tuple[float, float]:
            shares = [(math.log10(v) - a) / (b - a) for v, (a, b) in zip((mega, value), spans, strict=True)]
            return round(corner + 290 * shares[0], 1), round(310 - 270 * shares[1], 1)

        parts.append(f'<text x="{corner}" y="24">{title}, by megapixels</text>')
        parts.append(f'<path d="M{corner} 40 V310 H{corner + 290}" fill="none" stroke="#000"/>')
        for mega in sorted(set(sizes)):
            x, _ = at(mega, values[0])
            parts.append(f'<text x="{x}" y="328" text-anchor="middle">{mega:.2g}</text>')
        for power in range(math.ceil(spans[1][0]), math.floor(spans[1][1]) + 1):
            _, y = at(sizes[0], 10.0**power)
            parts.append(f'<text x="{corner - 6}" y="{y}" text-anchor="end">{10.0**power:g}</text>')
        for method, color in (("super", "#06c"), ("ordinary", "#c30")):
            dots = [at(row[0], row[1 + panel]) for name, row in rows if name == method]
            parts.append(f'<polyline points="{line(dots)}" fill="none" stroke="{color}"/>')
            parts += [f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>' for x, y in dots]
            x, y = dots[0]
            parts.append(f'<text x="{x + 8}" y="{y - 6}" fill="{color}">{method}</text>')
        ours = [row for name, row in rows if name == "super"]
        slope = ours[0][1 + panel] / ours[0][0]
        ends = [at(row[0], row[0] * slope) for row in (ours[0], ours[-1])]
        parts.append(f'<polyline points="{line(ends)}" stroke="#999" stroke-dasharray="4"/>')
    return "\n".join([*parts, "</svg>", ""])


def line(points: Sequence[tuple[float, float]]) -> str:
    """Points as SVG has them."""
    return " ".join(f"{x},{y}" for x, y in points)


if __name__ == "__main__":
    main()
