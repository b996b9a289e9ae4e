#!/usr/bin/env bash
# OpenImageIO 3.2.2 (openimageio 3.2.2.0): a PNG written to a full disk reports success. open, write_image and close all
# return True and geterror is empty, though not a byte could be kept (here: Linux's /dev/full, where each write fails
# with ENOSPC). Expected: close, at the latest, returns False. Who trusts it believes that a picture was delivered.
# Seen, Python 3.11:
#   open True, write True, close True, error ''
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q openimageio==3.2.2.0 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import numpy as np
import OpenImageIO as oiio

output = oiio.ImageOutput.create("png")
opened = output.open("/dev/full", oiio.ImageSpec(64, 64, 3, "uint16"))
written = output.write_image(np.zeros((64, 64, 3), np.uint16))
closed = output.close()
print(f"open {opened}, write {written}, close {closed}, error {output.geterror()!r}")
PYTHON
echo "open True, write True, close True, error ''" | diff - seen.txt && echo "as described"
