"""Superpixels: small regions of one frame, and the same regions followed through a shot.

Read in this order: slic (nearest centres), connect (every label in one piece), segment (one frame), track (a shot),
pool (pixels to super-features and back), merge (superpixels to larger regions). Nothing is
re-exported: `segment` and `pool` are names of files.
"""
