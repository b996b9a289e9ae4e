#!/usr/bin/env bash
# imagecodecs 2026.3.6, read by OpenImageIO 3.2.2.0: jpegxl_encode, given no profile, says of 8 bits that they are sRGB
# and of 16 bits that they are linear light; the values are coded as they are in both. A reader that honours what the
# file says shows the 16-bit picture far too bright.
# Expected: one meaning for both depths.
# What helps: 8 bits, or another format, for pictures that are not linear light.
# Seen, Python 3.11 (transfer 13 is sRGB, 8 is linear):
#   uint8 transfer 13
#   uint16 transfer 8
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q imagecodecs==2026.3.6 numpy openimageio==3.2.2.0
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import imagecodecs
import numpy as np
import OpenImageIO as oiio

for kind, most in (("uint8", 255), ("uint16", 65535)):
    values = np.random.default_rng(1).integers(0, most, (64, 64, 3), kind)
    with open(f"{kind}.jxl", "wb") as file:
        file.write(imagecodecs.jpegxl_encode(values, lossless=True))
    spec = oiio.ImageInput.open(f"{kind}.jxl").spec()
    print(kind, "transfer", spec.getattribute("CICP")[1])
PYTHON
diff seen.txt - <<'SEEN'
uint8 transfer 13
uint16 transfer 8
SEEN
