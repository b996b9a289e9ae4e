#!/usr/bin/env bash
# FFmpeg 8.1 (av 18.1.0) writes MXF OP1a without the last pictures where the sound is shorter than the picture: none of
# the edit units that lack sound is written, and nothing is said. MOV and Matroska keep every picture.
# Expected: 50 pictures, or an error. A master loses its end credits where the sound ends before them.
# Seen, Python 3.11, av 18.1.0, 50 pictures at 25 a second beside one second of sound:
#   mov: 50 pictures
#   matroska: 50 pictures
#   mxf: 25 pictures
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q av==18.1.0 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import av
import numpy as np

for kind in ("mov", "matroska", "mxf"):
    with av.open(f"a.{kind}", "w", format=kind) as film:
        picture = film.add_stream("mpeg2video", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv422p"
        sound = film.add_stream("pcm_s16le", rate=48000, layout="mono")
        for n in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 4 * n, np.uint8), format="rgb24")
            frame.pts = n
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 48000), np.int16), format="s16", layout="mono")
        tone.sample_rate, tone.pts = 48000, 0
        film.mux(sound.encode(tone))
        film.mux(sound.encode(None))
    with av.open(f"a.{kind}") as film:
        print(f"{kind}: {sum(1 for packet in film.demux(video=0) if packet.size)} pictures")
PYTHON
printf 'mov: 50 pictures\nmatroska: 50 pictures\nmxf: 25 pictures\n' | diff - seen.txt && echo "as described"
