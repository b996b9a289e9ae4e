"""Colour arithmetic: CIELAB, luma codes, colour difference, and the lock of chroma to a film's own luma.

Read in this order: colorimetry, scale, lab, difference, lock, kernels.
"""

from vidcolor.color.colorimetry import check_tags
from vidcolor.color.difference import delta_e
from vidcolor.color.lab import fit_to_rgb, lab_to_rgb, luma_to_lightness, rgb_to_lab
from vidcolor.color.lock import LumaLock

__all__ = ["LumaLock", "check_tags", "delta_e", "fit_to_rgb", "lab_to_rgb", "luma_to_lightness", "rgb_to_lab"]
