#!/usr/bin/env bash
# OpenImageIO 3.2.2 (openimageio 3.2.2.0) reads a gray TIFF whose zero is white (PhotometricInterpretation 0)
# inverted to zero-is-black when it has 8 bits, and as stored when it has 16. Nothing in the spec says which was done.
# Expected: both depths alike. A 16-bit scan from a flatbed that writes MinIsWhite comes out as its negative.
# Seen, Python 3.11, tifffile 2026.3.3:
#   8 bits: inverted
#   16 bits: as stored
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q openimageio==3.2.2.0 tifffile==2026.3.3 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import numpy as np
import OpenImageIO as oiio
import tifffile

for bits, kind in ((8, np.uint8), (16, np.uint16)):
    top = np.iinfo(kind).max
    stored = np.linspace(0, top, 64, dtype=kind).reshape(8, 8)
    tifffile.imwrite(f"white{bits}.tif", stored, photometric="miniswhite")
    picture = oiio.ImageInput.open(f"white{bits}.tif")
    read = picture.read_image(kind.__name__).reshape(8, 8)
    word = "inverted" if np.array_equal(read, top - stored) else "as stored" if np.array_equal(read, stored) else "other"
    print(f"{bits} bits: {word}")
PYTHON
printf '8 bits: inverted\n16 bits: as stored\n' | diff - seen.txt && echo "as described"
