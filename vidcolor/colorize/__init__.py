"""Stage 4: keyframes in colour, each from its own picture or from others that show the same things.

Read in this order: by_registration, align, settle, by_transfer, by_references.
"""

from collections.abc import Callable

from vidcolor.colorize.by_references import color_from_references
from vidcolor.colorize.by_registration import register
from vidcolor.colorize.by_transfer import transfer

COLORIZERS: dict[str, Callable] = {
    "registration": register,
    "transfer": transfer,
    "references": color_from_references,
}
"""Ways to colour a keyframe: from the frame's own picture, from pictures that match it, from both ways at once."""

__all__ = ["COLORIZERS", "color_from_references", "register", "transfer"]
