"""Films and pictures from disk, and films back to it.

Read in this order: timing, index, sequence, luma, probe, read, images, write.
"""
