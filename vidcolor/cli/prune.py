"""`vidcolor prune`: what nothing uses any more is removed, and what that frees is said."""

from __future__ import annotations

import argparse

from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of, working
from vidcolor.project import Project
from vidcolor.project.folder import remove_tree
from vidcolor.state.read import load_film
from vidcolor.state.status import states


def prune_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.state.unused import unused  # the cache is of NumPy's arrays

    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    with working(project, "prune", args.wait):
        film = load_film(project, settings, device=args.device)
        found = list(unused(film, states(film)))
        for folder in found:
            if not args.dry_run:
                remove_tree(folder.path)
            terminal.say(f"{'would remove' if args.dry_run else 'removed'} {folder.name}  {_bytes(folder.size)}")
    freed = "would be freed" if args.dry_run else "freed"
    total = _bytes(sum(folder.size for folder in found))
    terminal.say(f"{total} {freed}" if found else "nothing to remove: every version is in use")


def _bytes(count: float) -> str:
    """`3.4 GB`: with the disk makers' thousands."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
