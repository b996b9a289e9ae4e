"""What can be typed: the commands, their options and examples."""

from __future__ import annotations

import argparse
import errno
import gc
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from vidcolor.cli.correct_options import add_correct, add_corrections, add_palette
from vidcolor.cli.epilogs import DELIVERIES, FARM, MEASURE, TOP
from vidcolor.cli.looking import add_looking
from vidcolor.cli.making import add_new, add_run
from vidcolor.cli.options import (
    Commands,
    Mixed,
    add_delivery,
    add_device,
    add_project,
    add_set,
    add_shot_list,
    add_wait,
    command,
    path,
    project_command,
)
from vidcolor.cli.proposing import add_proposing
from vidcolor.cli.reels import lines_of_reels
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.together import EXIT_USER, of_reels, refused
from vidcolor.errors import CorrectionError, VidcolorError

MANY = 2000
"""Objects made between two searches for unused cycles, in commands that compute; Python 3.11 takes 700. What libraries
make as they load, which is kept, is else looked through hundreds of times: a twentieth of what planning a minute takes.
"""
EXIT_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    parser = Commands(
        prog="vidcolor",
        description="A black-and-white film and an artist's colour references in, a film in colour out.",
        epilog=TOP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="show the version, and go")
    parser.add_argument(
        "--verbose", action="store_true", help="with --version: libraries, processor, networks and their licences too"
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Mixed)
    add_run(verbs)
    _add_example(verbs)
    add_new(verbs)
    _add_plan(verbs)
    _add_render(verbs)
    _add_export(verbs)
    _add_farm(verbs)
    _add_status(verbs)
    _add_why(verbs)
    add_looking(verbs)
    add_correct(verbs)
    add_corrections(verbs)
    add_palette(verbs)
    add_proposing(verbs)
    _add_prune(verbs)
    _add_transfer(verbs)
    _add_measure(verbs)
    _add_settings(verbs)
    parser.verbs = verbs.choices
    return parser


def _add_example(verbs: argparse._SubParsersAction) -> None:
    parser = command(
        verbs, "example", "writes a small gray film and its references, to try `vidcolor run`", "vidcolor example demo"
    )
    parser.add_argument("folder", type=path, help="where to write it; made if missing")


def _add_plan(verbs: argparse._SubParsersAction) -> None:
    parser = command(
        verbs,
        "plan",
        "cuts the film into shots and chooses keyframes; writes plan/shots.csv, .edl and .otio",
        "vidcolor plan northwind.vidcolor",
    )
    add_project(parser)
    add_shot_list(parser)
    add_set(parser)
    add_wait(parser)


def _add_render(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "render",
        "renders every shot without an up-to-date version, or only those named",
        "vidcolor render northwind.vidcolor r1-001042",
    )
    parser.add_argument("shots", nargs="*", default=[], metavar="SHOT", help="shot ids as `vidcolor status` shows them")
    parser.add_argument("--dry-run", action="store_true", help="say what would be rendered; render and change nothing")
    parser.add_argument(
        "--json", action="store_true", help="for programs: a line of JSON as the work goes on; what was rendered"
    )
    parser.add_argument(
        "--farm",
        action="store_true",
        help="as a task of a render farm: no sheets; progress in lines of Open Job Description, then a receipt in JSON",
    )
    parser.add_argument(
        "--on",
        metavar="ray[://HOST:PORT]",
        help="on a cluster that Ray runs: this machine's, or the one whose head is at HOST; every node must see "
        "the project at the same path; needs pip install 'vidcolor[cluster]'",
    )
    add_shot_list(parser)


def _add_farm(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "farm",
        "writes the work on a planned film as a job for a render farm: plan, each shot, export",
        "vidcolor farm northwind.vidcolor --openjd job",
    )
    parser.epilog = f"{parser.epilog}\n{FARM}"
    parser.add_argument("--openjd", type=path, metavar="DIR", help="an Open Job Description bundle, in this folder")
    parser.add_argument(
        "--opencue", type=path, metavar="FILE", help="an OpenCue job (XML); needs pip install 'vidcolor[cluster]'"
    )


def _add_export(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "export",
        "joins the rendered shots into a delivered film over the source's own luma, or gives each its own file",
        "vidcolor export northwind.vidcolor -o northwind.mov --delivery prores-4444\n"
        "  vidcolor export northwind.vidcolor --per-shot --handles 12",
    )
    parser.epilog = f"{parser.epilog}\n{DELIVERIES}"
    add_delivery(parser)
    parser.add_argument("shots", nargs="*", default=[], metavar="SHOT", help="with --per-shot: these shots alone")
    parser.add_argument(
        "--per-shot",
        action="store_true",
        help="a file for each shot, in the folder that -o names (default: FILM_color_shots); only what changed is "
        "written, under the next version's name (setting delivery.names)",
    )
    parser.add_argument(
        "--handles",
        type=int,
        metavar="N",
        help="with --per-shot: frames before and behind each shot, as the film has them (default: 12)",
    )
    parser.add_argument(
        "--lists",
        action="store_true",
        help="EDL in three flavours, OTIO, FCP 7 XML and CSV of its shots beside the film; with --per-shot they are "
        "always written",
    )


def _add_status(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "status",
        "a line for each shot: fresh, stale or new, its keyframes, how far its colours are to be trusted",
        "vidcolor status northwind.vidcolor",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="for programs: reel, shots, doubtful frames, and where a keyframe would help; `error` where it fails",
    )


def _add_why(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "why",
        "what has changed since a shot's last version",
        "vidcolor why northwind.vidcolor r1-001042",
    )
    parser.add_argument("shot", metavar="SHOT", help="a shot id as `vidcolor status` shows it")


def _add_prune(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "prune",
        "removes versions neither in force nor delivered, and old parts of the cache; says what that frees",
        "vidcolor prune northwind.vidcolor --dry-run",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")


def _add_transfer(verbs: argparse._SubParsersAction) -> None:
    parser = command(
        verbs,
        "transfer",
        "one picture in the colours of another: a gray one coloured, or one in colour brought to another's palette",
        "vidcolor transfer portrait_gray.png portrait_color.jpg -o portrait.png",
    )
    parser.add_argument(
        "target",
        type=path,
        help="a gray or colour picture, as a scan or an artist may give it: PNG, TIFF, DPX, EXR and others",
    )
    parser.add_argument("reference", type=path, help="a colour picture that shows the like")
    parser.add_argument(
        "-o",
        dest="out",
        type=path,
        metavar="OUT",
        required=True,
        help="PNG or TIFF of 16 bits, by its name; replaced if an earlier transfer wrote it, no other file is",
    )
    parser.add_argument(
        "--gray", action="store_true", help="take the target for gray, whatever its colours: a toned print"
    )
    parser.add_argument(
        "--features",
        choices=("auto", "own", "vgg19"),
        default="auto",
        help="what things are recognised by: the program's own features, or VGG-19's beside them (auto: where its "
        "weights are given or already here; vgg19 fetches them, 548 MB)",
    )
    parser.add_argument("--weights", type=path, metavar="FILE", help="a file of torchvision's VGG-19")
    parser.add_argument(
        "--rule",
        choices=("ours", "published"),
        default="ours",
        help="constants: ours (closer to the truth), or those of Carrillo 2022, to compare with",
    )
    add_device(parser)


def _add_measure(verbs: argparse._SubParsersAction) -> None:
    parser = command(
        verbs,
        "measure",
        "how near a colour film comes to the truth: the field's figures, beside a gray frame and a static copy",
        "vidcolor measure film_color.mov truth.mov",
    )
    parser.epilog = MEASURE
    parser.add_argument("result", type=path, help="a film, a folder of pictures numbered by frame, or a picture")
    parser.add_argument("truth", type=path, help="the same in its true colours, of the same size; the kinds may differ")
    parser.add_argument("--reference", type=path, metavar="PICTURE", help="a colour picture, for HIS, dHIS and LPIPS_R")
    parser.add_argument(
        "--keyframes",
        type=path,
        metavar="DIR",
        help="the pictures that were given to `vidcolor run`: the frames they name are left out of the means, and "
        "errors by distance to them are shown",
    )
    parser.add_argument(
        "--weights",
        type=path,
        action="append",
        default=[],
        metavar="FILE",
        help="a file of ImageNet weights for LPIPS, LPIPS_R or FID, once for each file; where none is given they are "
        "fetched once by torchvision; `none` leaves these rows out, which on a CPU take seconds a frame",
    )
    parser.add_argument("--json", type=path, metavar="FILE", help="write everything, with a number for every frame")
    parser.add_argument("--csv", type=path, metavar="FILE", help="write a row for each frame")
    parser.add_argument(
        "--report",
        type=path,
        metavar="DIR",
        help="write DIR/index.html: table, curves and worst frames on one page that needs no other file",
    )
    add_device(parser)


def _add_settings(verbs: argparse._SubParsersAction) -> None:
    parser = command(
        verbs, "settings", "every setting, its default, unit and effect", "vidcolor settings --preset archive"
    )
    parser.add_argument("--preset", metavar="NAME", default="standard", help="show this preset's values")
    add_set(parser)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for unused cycles within the block: a command that answers at once makes few, and is over first.

    An eighth of `status` on a film of 3,500 shots.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit status: 0 done, 2 the user's to mend; our own faults raise."""
    return run(argv, Terminal())


def run(argv: Sequence[str] | None, terminal: Terminal) -> int:
    """The same, with everything that is said said to `terminal`."""
    args = argparse.Namespace()
    logging.getLogger("vidcolor").addHandler(logging.NullHandler())
    try:
        parser = build_parser()
        args = parser.parse_args(argv)
        if args.version:
            from vidcolor.cli.about import version_lines

            terminal.say("\n".join(version_lines(args.verbose)))
            return 0
        if "run" not in args:
            parser.error("which command? `vidcolor --help` lists them")
        if args.computes:
            from vidcolor.threads import one_each, share_heaps

            one_each()
            share_heaps()
            gc.set_threshold(MANY)
        with nullcontext() if args.computes else _uncollected():
            lines = lines_of_reels(args)
            if lines[0].reel_name:
                return of_reels(args, lines, terminal)
            args.run(lines[0], terminal)
            return 0
    except VidcolorError as error:
        return refused(str(error), args, terminal, corrections=isinstance(error, CorrectionError))
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_USER
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EMFILE):
            raise
        text = f"{error.filename or 'disk'}: {error.strerror}; mend that and run the same command again"
        return refused(text, args, terminal)
    except KeyboardInterrupt:
        terminal.fail("stopped; run the same command again to go on")
        return EXIT_INTERRUPTED
    return 0
