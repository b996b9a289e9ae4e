"""What can be typed: the commands, their options and examples."""

from __future__ import annotations

import argparse
import errno
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vidcolor.cli import commands
from vidcolor.cli.epilogs import MEASURE, TOP
from vidcolor.cli.terminal import Terminal
from vidcolor.errors import VidcolorError

EXIT_USER = 2
EXIT_INTERRUPTED = 130
LIGHT = ("new", "status", "why", "prune", "settings")
"""Commands that answer at once: they compute nothing, and load nothing that does."""


class Mixed(argparse.ArgumentParser):
    """Takes options before, between and behind the other words: `render PROJECT --dry-run SHOT`."""

    mixing = False
    spare = ""
    """The option that a word too many was probably meant for"""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # what the commands' parsers are asked
        if self.mixing:
            return super().parse_known_args(args, namespace)
        self.mixing = True
        try:
            found, more = self.parse_known_intermixed_args(args, namespace)
            if self.spare and more and not more[0].startswith("-"):
                self.error(f"unrecognized arguments: {' '.join(more)} (did you mean {self.spare} {more[0]}?)")
            return found, more
        finally:
            self.mixing = False


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
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
    _add_run(verbs)
    _add_example(verbs)
    _add_new(verbs)
    _add_plan(verbs)
    _add_render(verbs)
    _add_export(verbs)
    _add_status(verbs)
    _add_why(verbs)
    _add_prune(verbs)
    _add_transfer(verbs)
    _add_measure(verbs)
    _add_settings(verbs)
    return parser


def _path(text: str) -> Path:
    """A file or folder of the line. Refuses an empty name, which would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name; give a file or folder, or leave the option out")
    return Path(text)


def _command(verbs: argparse._SubParsersAction, name: str, text: str, example: str) -> Mixed:
    parser: Mixed = verbs.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=getattr(commands, f"{name}_command"), computes=name not in LIGHT)
    return parser


def _add_run(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "run",
        "everything at once: makes or reopens FILM.vidcolor, plans, renders what is stale, delivers",
        "vidcolor run film.mp4 --keyframes refs/ -o film_color.mov",
    )
    parser.spare = "--keyframes"
    parser.usage = "vidcolor run FILM --keyframes DIR [-o OUT] [options]"
    parser.add_argument("film", type=_path, metavar="FILM", help="a film file, or a folder of numbered pictures")
    parser.add_argument("--keyframes", type=_path, metavar="DIR", help="the folder of colour pictures")
    parser.add_argument(
        "-o", dest="out", type=_path, metavar="OUT", help="the delivered file (default: FILM_color.mov)"
    )
    parser.add_argument("--project", type=_path, metavar="DIR", help="the project folder (default: FILM.vidcolor)")
    _add_delivery(parser)
    parser.add_argument("--preset", metavar="NAME", help="draft, standard (default) or archive")
    parser.add_argument("--shots", type=_path, metavar="FILE", help="an EDL, OTIO or CSV instead of shot detection")
    _add_device(parser)
    _add_set(parser)


def _add_example(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs, "example", "writes a small gray film and its references, to try `vidcolor run`", "vidcolor example demo"
    )
    parser.add_argument("folder", type=_path, help="where to write it; made if missing")


def _add_new(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "new",
        "makes a project folder without starting the work",
        "vidcolor new northwind.vidcolor --reel scans/reel1.mov --keyframes refs/",
    )
    parser.add_argument("project", type=_path, help="the folder to make")
    parser.add_argument("--reel", type=_path, required=True, metavar="FILM", help="the film file")
    parser.add_argument("--keyframes", type=_path, metavar="DIR", help="the folder of colour pictures")
    parser.add_argument("--preset", default="standard", metavar="NAME", help="draft, standard (default) or archive")
    parser.add_argument("--shots", type=_path, metavar="FILE", help="an EDL, OTIO or CSV instead of shot detection")


def _add_plan(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "plan",
        "cuts the film into shots and chooses keyframes; writes plan/shots.csv, .edl and .otio",
        "vidcolor plan northwind.vidcolor",
    )
    _add_project(parser)
    _add_shot_list(parser)
    _add_set(parser)


def _add_render(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "render",
        "renders every shot without an up-to-date version, or only those named",
        "vidcolor render northwind.vidcolor r1-001042",
    )
    _add_project(parser)
    parser.add_argument("shots", nargs="*", default=[], metavar="SHOT", help="shot ids as `vidcolor status` shows them")
    parser.add_argument("--dry-run", action="store_true", help="say what would be rendered; render and change nothing")
    _add_shot_list(parser)
    _add_device(parser)
    _add_set(parser)


def _add_export(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "export",
        "joins the rendered shots into a delivered film over the source's own luma",
        "vidcolor export northwind.vidcolor -o northwind.mov --delivery prores-4444",
    )
    _add_project(parser)
    parser.add_argument(
        "-o", dest="out", type=_path, metavar="OUT", help="the delivered file (default: FILM_color.mov)"
    )
    _add_delivery(parser)
    _add_device(parser)
    _add_set(parser)


def _add_status(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "status",
        "a line for each shot: fresh, stale or new, its keyframes, how far its colours are to be trusted",
        "vidcolor status northwind.vidcolor",
    )
    _add_project(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="for programs: reel, shots, doubtful frames, and where a keyframe would help",
    )
    _add_device(parser)
    _add_set(parser)


def _add_why(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "why",
        "what has changed since a shot's last version",
        "vidcolor why northwind.vidcolor r1-001042",
    )
    _add_project(parser)
    parser.add_argument("shot", metavar="SHOT", help="a shot id as `vidcolor status` shows it")
    _add_device(parser)
    _add_set(parser)


def _add_prune(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "prune",
        "removes versions that are neither in force nor in a delivered film, and says what that frees",
        "vidcolor prune northwind.vidcolor --dry-run",
    )
    _add_project(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    _add_device(parser)
    _add_set(parser)


def _add_transfer(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "transfer",
        "one picture in the colours of another: a gray one coloured, or one in colour brought to another's palette",
        "vidcolor transfer portrait_gray.png portrait_color.jpg -o portrait.png",
    )
    parser.add_argument("target", type=_path, help="a gray or colour picture: PNG, TIFF or JPEG, 8 or 16 bits")
    parser.add_argument("reference", type=_path, help="a colour picture that shows the like")
    parser.add_argument(
        "-o",
        dest="out",
        type=_path,
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
    parser.add_argument("--weights", type=_path, metavar="FILE", help="a file of torchvision's VGG-19")
    parser.add_argument(
        "--rule",
        choices=("ours", "published"),
        default="ours",
        help="constants: ours (closer to the truth), or those of Carrillo 2022, to compare with",
    )
    _add_device(parser)


def _add_measure(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs,
        "measure",
        "how near a colour film comes to the truth: the field's figures, beside a gray frame and a static copy",
        "vidcolor measure film_color.mov truth.mov",
    )
    parser.epilog = MEASURE
    parser.add_argument("result", type=_path, help="a film, a folder of pictures numbered by frame, or a picture")
    parser.add_argument(
        "truth", type=_path, help="the same in its true colours, of the same size; the kinds may differ"
    )
    parser.add_argument(
        "--reference", type=_path, metavar="PICTURE", help="a colour picture, for HIS, dHIS and LPIPS_R"
    )
    parser.add_argument(
        "--keyframes",
        type=_path,
        metavar="DIR",
        help="the pictures that were given to `vidcolor run`: the frames they name are left out of the means, and "
        "errors by distance to them are shown",
    )
    parser.add_argument(
        "--weights",
        type=_path,
        action="append",
        default=[],
        metavar="FILE",
        help="a file of ImageNet weights for LPIPS, LPIPS_R or FID, once for each file; where none is given they are "
        "fetched once by torchvision; `none` leaves these rows out, which on a CPU take seconds a frame",
    )
    parser.add_argument("--json", type=_path, metavar="FILE", help="write everything, with a number for every frame")
    parser.add_argument("--csv", type=_path, metavar="FILE", help="write a row for each frame")
    parser.add_argument(
        "--report",
        type=_path,
        metavar="DIR",
        help="write DIR/index.html: table, curves and worst frames on one page that needs no other file",
    )
    _add_device(parser)


def _add_settings(verbs: argparse._SubParsersAction) -> None:
    parser = _command(
        verbs, "settings", "every setting, its default, unit and effect", "vidcolor settings --preset archive"
    )
    parser.add_argument("--preset", metavar="NAME", default="standard", help="show this preset's values")
    _add_set(parser)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=_path, help="the project folder")


def _add_shot_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shots",
        dest="shot_list",
        type=_path,
        metavar="FILE",
        help="an EDL, OTIO or CSV instead of shot detection, from now on",
    )


def _add_delivery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--delivery",
        metavar="NAME",
        help="prores-422hq (default), prores-4444, ffv1 (lossless), dnxhr-hqx or proxy (H.264 with burnt-in labels)",
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        metavar="NAME",
        help="where networks run: auto (default), cpu or cuda",
    )


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting; `vidcolor settings` lists all",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit status: 0 done, 2 the user's to mend; our own faults raise."""
    terminal = Terminal()
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
            from vidcolor.threads import one_each

            one_each()
        args.run(args, terminal)
    except VidcolorError as error:
        terminal.fail(str(error))
        return EXIT_USER
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_USER
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EMFILE):
            raise
        terminal.fail(f"{error.filename or 'disk'}: {error.strerror}; mend that and run the same command again")
        return EXIT_USER
    except KeyboardInterrupt:
        terminal.fail("stopped; run the same command again to go on")
        return EXIT_INTERRUPTED
    return 0
