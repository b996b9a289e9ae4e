#!/bin/bash
# OpenCV's remap answers otherwise by its version: 4 rounds every place to a 32nd of a pixel, 5 does not.
#
# opencv-python-headless 4.12.0.88 and 5.0.0.93, numpy 2.2.6, Linux. On a plane that rises by 1 each pixel, bilinear and
# float32, a place 10.01 should read 10.01. 5.0 says 10.01; 4.12 says 10.0 there, as at each place up to 10.0156, and
# 10.03125 from there on. Nothing of it stands at the function: one reads that interpolation is bilinear, in float32.
# A flow of a hundredth of a pixel a frame, carried from frame to frame by 4, never moves anything; and what is rendered
# with the one is not the same as with the other, where nothing but the last digits should differ.
#
# Fails if either changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cat > "$folder/read.py" <<'PY'
import cv2
import numpy as np

plane = np.tile(np.arange(40, dtype=np.float32), (40, 1))
x = np.array([[10.0, 10.01, 10.015, 10.02, 10.03125]], np.float32)
print(cv2.__version__, *np.round(cv2.remap(plane, x, np.full_like(x, 20), cv2.INTER_LINEAR)[0].astype(float), 5))
PY
for version in 4.12.0.88 5.0.0.93; do
    "$folder/venv/bin/pip" install -q --target "$folder/$version" "opencv-python-headless==$version" numpy==2.2.6
    PYTHONPATH="$folder/$version" "$folder/venv/bin/python" "$folder/read.py" | tee -a "$folder/said"
done
diff "$folder/said" - <<'SAID'
4.12.0 10.0 10.0 10.0 10.03125 10.03125
5.0.0 10.0 10.01 10.015 10.02 10.03125
SAID
