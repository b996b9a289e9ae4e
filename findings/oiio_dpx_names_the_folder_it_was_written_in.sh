#!/usr/bin/env bash
# OpenImageIO 3.2.2 (openimageio 3.2.2.0) writes into a DPX's field for the file's name (bytes 36 to 135) the whole path
# that it was given: the same picture written in two folders differs, and a delivery tells of the machine it was made on.
# Expected: the file's name, as SMPTE 268M has it. No attribute sets it.
# Seen, Python 3.11:
#   one/a.dpx
#   two/a.dpx
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q openimageio==3.2.2.0 numpy==2.4.6
cd "$place"
mkdir one two
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import numpy as np
import OpenImageIO as oiio

for folder in ("one", "two"):
    path = f"{folder}/a.dpx"
    file = oiio.ImageOutput.create(path)
    spec = oiio.ImageSpec(32, 24, 3, "uint16")
    spec.attribute("DateTime", "")
    assert file.open(path, spec) and file.write_image(np.zeros((24, 32, 3), np.uint16)) and file.close()
    with open(path, "rb") as written:
        print(written.read(136)[36:].split(b"\0")[0].decode())
PYTHON
printf 'one/a.dpx\ntwo/a.dpx\n' | diff - seen.txt && echo "as described"
