"""Stage 4: keyframes in colour, each from its own picture or from others that show the same things.

Read in this order: by_registration, align, settle, by_transfer.
"""

from collections.abc import Callable

from vidcolor.colorize.by_registration import register
from vidcolor.colorize.by_transfer import transfer

COLORIZERS: dict[str, Callable] = {"registration": register, "transfer": transfer}
"""Ways to colour a keyframe. `registration` takes the frame's own picture, `transfer` any that match."""

__all__ = ["COLORIZERS", "register", "transfer"]
