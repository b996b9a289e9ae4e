#!/usr/bin/env bash
# OpenImageIO 3.2.2 (openimageio 3.2.2.0, libjxl 0.12.0) refuses a whole JPEG XL file of fewer than 128 bytes with
# "Possible corrupt file, JPEG XL signature verification failed", and reads it once zeros are put behind it.
# Expected: both read; its signature is 2 or 12 bytes long. Plain colour cards, black frames and mattes are that small.
# Seen, Python 3.11, imagecodecs 2026.3.6, a black picture of 32 x 24:
#   as written: refused
#   with zeros up to 128 bytes: read
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q openimageio==3.2.2.0 imagecodecs==2026.3.6 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
from pathlib import Path

import imagecodecs
import numpy as np
import OpenImageIO as oiio

data = imagecodecs.jpegxl_encode(np.zeros((24, 32, 3), np.uint8))
assert len(data) < 128
for words, more in (("as written", b""), ("with zeros up to 128 bytes", bytes(128 - len(data)))):
    Path("a.jxl").write_bytes(data + more)
    file = oiio.ImageInput.open("a.jxl")
    read = file is not None and not file.read_image("uint8").any()
    print(f"{words}: {'read' if read else 'refused'}")
    oiio.geterror()
PYTHON
printf 'as written: refused\nwith zeros up to 128 bytes: read\n' | diff - seen.txt && echo "as described"
