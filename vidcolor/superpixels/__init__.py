"""Superpixels: small regions of one frame, and the same regions followed through a shot.

Read in this order: slic (nearest centres), connect (every label in one piece), segment (one frame), track (a shot),
pool (pixels to super-features and back).
"""

from vidcolor.superpixels.pool import adjacency, pool, unpool
from vidcolor.superpixels.segment import segment, superpixel_count

__all__ = ["adjacency", "pool", "segment", "superpixel_count", "unpool"]
