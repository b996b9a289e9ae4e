"""Stage 4: keyframes in colour, each from its own picture or from others that show the same things.

Read in this order: which_frame, tones, by_registration, align, settle, by_transfer, by_references.
"""

from vidcolor.colorize.by_references import color_from_references
from vidcolor.colorize.by_registration import register
from vidcolor.colorize.by_transfer import transfer

__all__ = ["color_from_references", "register", "transfer"]
