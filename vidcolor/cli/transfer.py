"""`vidcolor transfer`: one picture in the colours of another."""

from __future__ import annotations

import argparse
import time

from vidcolor.cli.terminal import Terminal


def transfer_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.pipeline.picture import PictureOptions, color_picture

    started, cpu = time.monotonic(), time.process_time()
    options = PictureOptions(args.features, args.weights, args.rule, args.gray, args.device)
    with terminal.progress() as progress:
        made = color_picture(args.target, args.reference, args.out, options, progress)
    height, width = made.size
    kept = (
        "gray: its L* is kept in every pixel" if made.gray else "in colour: its lightness follows the reference's too"
    )
    terminal.say(f"{'target':<10} {args.target} ({width}x{height}, {kept})")
    terminal.say(f"{'reference':<10} {args.reference}")
    terminal.say(f"{'features':<10} {made.features}; constants: {args.rule}")
    terminal.say(f"{'confidence':<10} {made.sure:.2f}")
    terminal.say(f"{'written':<10} {args.out} (16 bits, sRGB)")
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    terminal.say(f"{'time':<10} {seconds:.1f} s ({cpu:.1f} s of processor)")
