"""Films and pictures from disk, and films back to it.

Read in this order: container, timing, index, decode, sequence, luma, probe, read, images, write.
"""
