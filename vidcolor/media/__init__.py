"""Films and pictures from disk, and films back to it.

Read in this order: container, timing, index, decode, luma, areas, scan, light, clock,
probe, read, sequence, still, deep, colors, icc, png_color, load,
images, pictures, sound, subtitles, beside, write.
"""
