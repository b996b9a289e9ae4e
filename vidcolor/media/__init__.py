"""Films and pictures from disk, and films back to it.

Read in this order: container, timing, index, decode, luma, areas, scan, light, clock,
probe, read, sequence, still, deep, colors, icc, png_color, load,
images, pictures, sound, subtitles, beside, delivery, codecs, promise, write,
picture_codecs, picture_file, write_pictures.
"""
