"""`vidcolor lineart`: a line drawing painted by scribbles, with Diffusart as the user trained it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.cli.propose import INSTALL_TORCH
from vidcolor.cli.terminal import Terminal
from vidcolor.errors import MediaError, SettingsError
from vidcolor.weights import library

if TYPE_CHECKING:
    from numpy import ndarray as Array

STEPS, USUAL_STEPS = 1000, 20
"""From noise to a picture: as published, and where nobody says how many."""


def lineart_command(args: argparse.Namespace, terminal: Terminal) -> None:
    import numpy as np

    from vidcolor.media.picture_out import DRAWN_MARK, check_picture_out, write_picture

    if args.weights is None:
        raise SettingsError(
            "lineart: no weights are shipped; train on coloured drawings by configs/train/14-diffusart.toml, export "
            "what comes of it with tools/export_network.py, and give that file with --weights FILE"
        )
    check_picture_out(args.out, (args.picture, args.scribbles), DRAWN_MARK)
    library("torch", INSTALL_TORCH)
    from vidcolor.research.networks.drawers import DiffusartPainter

    started, cpu = time.monotonic(), time.process_time()
    painter = DiffusartPainter(args.weights, args.device, args.steps)
    lines = _lines(args.picture, args.lines)
    scribbles = _scribbles(args.scribbles, lines.shape)
    with terminal.progress() as progress:
        done = 0

        def stepped() -> None:
            nonlocal done
            done += 1
            progress("paint", done, args.steps)

        progress("paint", 0, args.steps)
        rgb = painter.paint(lines, scribbles, args.seed, stepped)
    write_picture(args.out, np.rint(rgb * np.float32(65535)).astype(np.uint16), DRAWN_MARK)
    terminal.say(f"{'drawing':<10} {args.picture} ({lines.shape[1]}x{lines.shape[0]})")
    terminal.say(f"{'painted':<10} by {painter.name}, {args.steps} steps, seed {args.seed}")
    terminal.say(f"{'written':<10} {args.out} (16 bits, sRGB)")
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    terminal.say(f"{'time':<10} {seconds:.1f} s ({cpu:.1f} s of processor)")


def _lines(picture: Path, how: str) -> Array:
    """(H, W) 0..1, dark on white: a drawing's, or what is found in a picture."""
    import numpy as np

    from vidcolor.media.images import read_rgba
    from vidcolor.research.networks.lines import EXTRACTORS, gray_of

    *rgb, share = read_rgba(picture)
    gray = gray_of(np.stack(rgb)) * share + (1 - share)  # what is transparent is paper
    return EXTRACTORS[how](gray) if how in EXTRACTORS else gray


def _scribbles(file: Path, size: tuple[int, ...]) -> Array:
    """(4, H, W): R'G'B' of strokes and how opaque they are, at the drawing's size."""
    import numpy as np

    from vidcolor.media.images import read_rgba
    from vidcolor.pipeline.library import refuse_other_proportions
    from vidcolor.research.networks.drawers import within_strokes

    rgba = read_rgba(file)
    refuse_other_proportions(file, rgba.shape[1:], size)
    if not 0 < rgba[3].mean() < 1:
        what = "has no stroke" if not rgba[3].any() else "is opaque everywhere"
        raise MediaError(f"{file}: {what}; draw strokes of colour on a transparent layer")
    if rgba.shape[1:] == size:
        return rgba
    share, colors = within_strokes(rgba[3], rgba[:3], size)
    return np.concatenate([colors, share[None]])
