"""`vidcolor palette` lists the names that colours have, and gives, changes, renames and removes them."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from vidcolor.cli.terminal import Terminal
from vidcolor.errors import CorrectionError
from vidcolor.project import Project
from vidcolor.project.palette import PALETTE, read_palette, refuse_others
from vidcolor.project.palette_edit import drop_color, give_color, rename_color, uses
from vidcolor.project.places import reels_in
from vidcolor.project.reels import film_of, reels_of


def palette_command(args: argparse.Namespace, terminal: Terminal) -> None:
    root = next(iter(reels_in(args.project)), args.project)
    project = Project.open(root)
    said = [args.color is not None, args.rename is not None, args.remove]
    if args.name is None and any(said):
        raise CorrectionError("--name is missing; say which colour of the palette")
    if args.name is not None and sum(said) != 1:
        raise CorrectionError("--name: takes one of --color RRGGBB, --rename NAME and --remove; give one")
    if args.name is None:
        counts = uses(project)
        palette = read_palette(project)
        rows = [(name, f"{color}", f"{counts[name]}") for name, color in palette.items()]
        if rows:
            terminal.table(("name", "colour", ">corrections"), rows)
        else:
            terminal.say('no names yet; `vidcolor palette PROJECT --name "coat navy" --color 1f2a5c` gives one')
        refuse_others(palette)
        return
    with ExitStack() as held:
        for reel in reels_of(project):
            held.enter_context(reel.correcting(args.wait))
        terminal.say(f"written: {film_of(project).path(PALETTE)}: {_written(project, args)}")


def _written(project: Project, args: argparse.Namespace) -> str:
    """Does what is asked; what is so now."""
    if args.remove:
        drop_color(project, args.name)
        return f"{args.name} is gone"
    if args.rename is not None:
        count = rename_color(project, args.name, args.rename)
        return f"{args.name} is {args.rename}; corrections that follow: {count}"
    was = read_palette(project).get(args.name)
    give_color(project, args.name, args.color)
    return f"{args.name} = {args.color}{f', was {was}' if was is not None else ''}"
