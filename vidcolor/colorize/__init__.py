"""Stage 4: keyframes in colour, each from its own picture or from others that show the same things.

Read in this order: by_registration, align, settle, by_transfer.
"""

from vidcolor.colorize.by_registration import register

__all__ = ["register"]
