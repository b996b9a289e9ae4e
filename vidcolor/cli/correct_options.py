"""What may be typed behind `vidcolor correct` and `vidcolor palette`, and what stands under their help."""

from __future__ import annotations

import argparse
import math

from vidcolor.cli.options import path, project_command
from vidcolor.project.kinds import KINDS

EPILOG = """\
kinds, and what each takes:
  keyframe FRAME --file PICTURE        the frame in colour, painted whole
  reference FRAME --file PICTURE       the frame takes its colours from this picture
  region FRAME --file MASK --picture PICTURE [--part MASK] | --color COLOR
                                       the white part takes its colours from the picture, or from the white part of it;
                                       or it takes the colour
  paint FRAME --file RGBA [--mask MASK] [--color COLOR]     colours where the picture is opaque
  scribble FRAME --file RGBA [--color COLOR]    thin strokes: their colours spread over what they run through
  hint FRAME --at X,Y --color COLOR [--radius N]    a point's colour spreads over the thing there
  neutral FRAME --at X,Y | --file MASK that thing, or what is white there, stays gray
  saturation FRAME --amount A [--file MASK]    chroma of the shot, or of the mask's white part, times A
  hue FRAME --degrees D [--file MASK]  the same turned by D: red towards yellow is positive
  cut FRAME                            a shot begins there
  merge FRAME                          no shot begins there: two shots are one
  dissolve FRAME --length N            the shot that begins there enters by a dissolve of N frames; 0: by a cut
  exclude SHOT                         the shot is delivered gray
  approve SHOT [vNNN]                  that version is delivered, and the shot not rendered again unless named
  note FRAME [--to FRAME] --note TEXT  words for people, of a frame, or of all up to another

FRAME is a number from 0 or a timecode; SHOT is a name as `vidcolor status` shows it, and may stand for its first
frame. Colours go with the thing through the shot, both ways, up to the next exact picture of a person; pixels beside
it do not change. X,Y are the film's pixels from the left and top. Paints and masks are PNG,
TIFF, PSD or OpenRaster of the frame's proportions, all visible layers together; other pictures as references are.
COLOR is RRGGBB, or a name that palette.toml in the project folder has: a line "coat navy" = "1f2a5c" for each.

example:
  vidcolor correct northwind.vidcolor paint 1203 --file coat.png --note "the coat is navy"
"""


def add_corrections(verbs: argparse._SubParsersAction) -> None:
    """`vidcolor corrections`"""
    project_command(
        verbs,
        "corrections",
        "a line for each correction: the shots it touches, whether it is rendered, who said so and why",
        "vidcolor corrections northwind.vidcolor",
    )


def add_correct(verbs: argparse._SubParsersAction) -> None:
    """`vidcolor correct`"""
    parser = project_command(
        verbs, "correct", "writes down one thing that is wrong and what it should be, and checks that", ""
    )
    parser.epilog = EPILOG
    parser.add_argument("kind", choices=list(KINDS), metavar="KIND", help="what is said; see below")
    parser.add_argument("where", metavar="FRAME", help="a frame number, a timecode, or a shot")
    parser.add_argument("which", nargs="?", metavar="vNNN", help="the version to approve (default: today's)")
    parser.add_argument("--file", type=path, metavar="FILE", help="the picture, paint or mask; it is copied")
    parser.add_argument("--mask", type=path, metavar="FILE", help="of a paint: it counts where this is white")
    parser.add_argument("--picture", type=path, metavar="FILE", help="of a region: where its colours come from")
    parser.add_argument("--part", type=path, metavar="FILE", help="of a region: only the white part of its picture")
    parser.add_argument("--at", type=_point, metavar="X,Y", help="a point, in the film's pixels")
    parser.add_argument(
        "--color", metavar="RRGGBB|NAME", help="its colour: sRGB in hexadecimal digits, or its name in palette.toml"
    )
    parser.add_argument("--radius", type=_number, metavar="N", help="the colour goes no farther than N pixels")
    parser.add_argument(
        "--amount", type=_number, metavar="A", help="of a saturation: 0 is gray, 1 changes nothing, to 4"
    )
    parser.add_argument("--degrees", type=_number, metavar="D", help="of a hue: -180 to 180")
    parser.add_argument("--length", type=int, metavar="N", help="of a dissolve, in frames; 0 makes it a cut")
    parser.add_argument("--to", metavar="FRAME", help="of a note: the last frame that it is of")
    parser.add_argument("--note", metavar="TEXT", help="why, for people")
    parser.add_argument("--by", metavar="NAME", help="who says so (default: the user's name)")


def add_palette(verbs: argparse._SubParsersAction) -> None:
    """`vidcolor palette`"""
    parser = project_command(
        verbs,
        "palette",
        "the names that colours have; gives one, changes, renames or removes it. Shots whose corrections name a colour "
        "that changes are stale; all reels of a film share them",
        'vidcolor palette northwind.vidcolor --name "coat navy" --color 1f2a5c',
    )
    parser.add_argument("--name", metavar="NAME", help="a colour of the palette, or a new one")
    parser.add_argument("--color", metavar="RRGGBB", help="what it is from now on")
    parser.add_argument("--rename", metavar="NAME", help="its name from now on; corrections that name it follow")
    parser.add_argument("--remove", action="store_true", help="take it out of the palette")


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r}: write a number, as 0.5")
    return value


def _point(text: str) -> list[float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no point; write X,Y as in 640,410") from error
    return [x, y]
