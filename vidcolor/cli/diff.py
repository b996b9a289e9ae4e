"""`vidcolor diff`: two versions of a shot, in figures and in a picture."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path

from vidcolor.cli.progress import ShowProgress
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of, working
from vidcolor.project import Project
from vidcolor.state.read import load_film
from vidcolor.state.status import named
from vidcolor.timeline import ranges

SCHEMA = "vidcolor.diff/1"


def diff_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.media.place import make_folder
    from vidcolor.project.versions import version_named
    from vidcolor.review.compare import difference, write_difference
    from vidcolor.review.draw import check_place
    from vidcolor.review.sheet import FOLDER

    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    shows = nullcontext(ShowProgress()) if args.json else terminal.progress()
    with working(project, "diff", args.wait), shows as progress:
        film = load_film(project, settings, device=args.device)
        shot = film.plan.shot(args.shot).shot.id
        first, second = (version_named(project, shot, name) for name in (args.first, args.second))
        path: Path = args.out or project.path(FOLDER, f"diff-{shot}-{first.name}-{second.name}.jpg")
        check_place(path)  # before the work
        found = difference(first, second, progress)
        if not args.out:
            make_folder(path.parent)
        write_difference(film, found, path)
    if args.json:
        terminal.json(
            {
                "schema": SCHEMA,
                "shot": args.shot,
                "versions": [first.name, second.name],
                "frames": [found.frames.start, found.frames.stop],
                "size": list(found.size),
                "ciede2000": {"mean": round(found.mean, 4), "95 %": found.high},
                "changed": round(found.changed, 6),
                "changed_frames": list(found.changed_frames),
                "picture": str(path),
            }
        )
        return
    size = f"{found.size[1]}x{found.size[0]}"
    terminal.say(f"{args.shot}  {first.name} and {second.name}: {len(found.frames)} frames of {size} colour samples")
    if not found.changed:
        terminal.say(f"{'changed':<10} nothing: the colours are the same in every sample")
    else:
        most = f"most in frame {found.worst} (mean {max(found.by_frame):.2f})"
        terminal.say(f"{'CIEDE2000':<10} mean {found.mean:.2f}, 95 % of the samples below {found.high:.2f}; {most}")
        frames = f"{len(found.changed_frames)} of {len(found.frames)} frames{named(ranges(found.changed_frames))}"
        terminal.say(f"{'changed':<10} {100 * found.changed:.2f} % of the samples, in {frames}")
    for line in found.made_of:
        terminal.say(f"{'made of':<10} {line}")
    terminal.say(f"{'written':<10} {path}")
