#!/usr/bin/env bash
# OpenImageIO 3.2.2 (openimageio 3.2.2.0) reads a timecode, a key code and a frame rate from a DPX whose header is 1,664
# bytes long, as FFmpeg writes all of its own: it takes the pixels behind it for the film and television headers, which
# begin at byte 1,664 where a file has them. The offset of the picture in the file's bytes 4 to 7 tells.
# Expected: no such attributes. A conform by header timecode lands anywhere.
# Seen, Python 3.11, av 18.1.0, in a picture of one gray:
#   picture begins at byte 1664, timecode 12:34:12:34
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q openimageio==3.2.2.0 av==18.1.0 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import struct

import av
import numpy as np
import OpenImageIO as oiio

picture = av.VideoFrame.from_ndarray(np.full((24, 32, 3), 0x1234, np.uint16), format="rgb48le")
with av.open("a.dpx", "w", format="image2") as file:
    stream = file.add_stream("dpx", rate=24)
    stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb48le"
    file.mux(stream.encode(picture))
    file.mux(stream.encode(None))
with open("a.dpx", "rb") as file:
    head = file.read(8)
(start,) = struct.unpack("<I" if head[:4] == b"XPDS" else ">I", head[4:])
said = oiio.ImageInput.open("a.dpx").spec().get_string_attribute("dpx:TimeCode", "none")
print(f"picture begins at byte {start}, timecode {said}")
PYTHON
printf 'picture begins at byte 1664, timecode 12:34:12:34\n' | diff - seen.txt && echo "as described"
