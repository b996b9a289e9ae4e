"""What can be typed to have colours proposed, to accept one, and to have a drawing painted."""

from __future__ import annotations

import argparse

from vidcolor.cli.lineart import STEPS, USUAL_STEPS
from vidcolor.cli.options import Mixed, add_device, command, path, project_command
from vidcolor.cli.propose import LARGEST_SEED, MOST, USUAL, number, words

LINEART = """\
examples:
  vidcolor lineart page.png --scribbles strokes.png --weights diffusart.safetensors -o page_color.png
  vidcolor lineart frame.png --lines xdog --scribbles strokes.png --weights diffusart.safetensors -o frame_color.png
  vidcolor lineart page.png --scribbles strokes.png --weights diffusart.safetensors -o page_color.png --steps 1000

Scribbles are strokes on a transparent layer over the drawing: PNG, TIFF, PSD or OpenRaster of its proportions. Weights
are your own: train by configs/train/14-diffusart.toml, then python tools/export_network.py RUN/best.pt RECIPE -o FILE.
"""


def add_proposing(verbs: argparse._SubParsersAction) -> None:
    """Adds the commands."""
    _add_propose(verbs)
    _add_accept(verbs)
    _add_lineart(verbs)


def _add_propose(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "propose",
        "proposes several colourings of a frame to choose from; without a frame, of every shot that nothing matches",
        "vidcolor propose northwind.vidcolor r1-001042 -n 4 --seed 7",
    )
    parser.add_argument("where", nargs="?", metavar="FRAME", help="a frame number, a timecode, or a shot")
    parser.add_argument(
        "-n", dest="count", type=number(1, MOST, "how many"), default=USUAL, metavar="N",
        help=f"how many of each frame, 1 to {MOST} (default: {USUAL})",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=number(0, LARGEST_SEED, "a seed"), default=1, metavar="N",
        help="another number gives other colours, the same number the same ones (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--with", dest="with_", choices=("shipped", "controlnet", "diffcolor", "palette"), default="shipped",
        metavar="METHOD",
        help="shipped (default), or your own models, as `vidcolor settings` says under diffusion: controlnet (Stable "
        "Diffusion with a ControlNet), diffcolor (Stable Diffusion tuned for each frame, hours without a GPU; kept), "
        "palette (as you trained it)",
    )  # fmt: skip
    parser.add_argument(
        "--prompt", type=words, metavar="TEXT",
        help="with your own models: what the picture shows; prompts.toml of the project says so for shots and frames",
    )  # fmt: skip
    parser.add_argument("--negative", type=words, metavar="TEXT", help="with your own models: what it should not be")
    parser.add_argument(
        "--accept", choices=("first",),
        help="make the first proposal the keyframe of each frame that has none, unseen: status and manifest tell",
    )  # fmt: skip


def _add_accept(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "accept",
        "makes a proposal the keyframe of its frame: a correction like any other, undone by deleting it",
        "vidcolor accept northwind.vidcolor r1-001042-7-2",
    )
    parser.add_argument("proposal", metavar="PROPOSAL", help="its name or its picture, as `vidcolor propose` tells")
    parser.add_argument("--note", metavar="TEXT", help="why, for people")
    parser.add_argument("--by", metavar="NAME", help="who says so (default: the user's name)")


def _add_lineart(verbs: argparse._SubParsersAction) -> None:
    parser: Mixed = command(
        verbs, "lineart", "paints a line drawing by scribbles, with a Diffusart that you trained", ""
    )
    parser.epilog = LINEART
    parser.add_argument("picture", type=path, help="a drawing, dark on white or on nothing; with --lines any picture")
    parser.add_argument("--scribbles", type=path, required=True, metavar="FILE", help="strokes in the colours to paint")
    parser.add_argument("--weights", type=path, metavar="FILE", help="Diffusart's, as you exported them")
    parser.add_argument(
        "-o", dest="out", type=path, metavar="OUT", required=True,
        help="PNG or TIFF of 16 bits, by its name; replaced if an earlier lineart wrote it, no other file is",
    )  # fmt: skip
    parser.add_argument(
        "--lines", choices=("drawn", "xdog", "dodge"), default="drawn",
        help="drawn (default): the picture is lines alone; else how they are found in it: xdog (even), dodge (pencil)",
    )  # fmt: skip
    parser.add_argument(
        "--steps", type=number(1, STEPS, "how many"), default=USUAL_STEPS, metavar="N",
        help=f"from noise to a picture: {STEPS} as published, fewer are sooner (default: {USUAL_STEPS})",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=number(0, LARGEST_SEED, "a seed"), default=1, metavar="N",
        help="another number paints otherwise, the same number the same (default: 1)",
    )  # fmt: skip
    add_device(parser)
