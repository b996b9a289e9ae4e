#!/usr/bin/env bash
# SVT-AV1 as PyAV 18.1.0 carries it (libsvtav1): where the program may ask for it, as root in any container, opening the
# encoder gives the calling thread real-time scheduling (SCHED_FIFO, priority 99). It stays when the file is closed, and
# every thread that begins later inherits it.
# Expected: an encoder leaves its caller's scheduling as it was.
# Threads that wait by spinning then keep all else from running: a program's later work, other programs, the desktop.
# Seen, Python 3.11, Linux, as root:
#   before 0 0
#   open 1 99
#   closed 1 99
#   a new thread 1 99
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root, as in a container"; exit 1; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q av==18.1.0 numpy==2.4.6
cd "$place"
SVT_LOG=1 "$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import os
import threading

import av
import numpy as np


def tell(when):
    print(when, os.sched_getscheduler(0), os.sched_getparam(0).sched_priority)


tell("before")
with av.open("one.mp4", "w") as file:
    track = file.add_stream("libsvtav1", rate=24)
    track.width, track.height, track.pix_fmt = 64, 64, "yuv420p"
    file.mux(track.encode(av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")))
    tell("open")
    file.mux(track.encode())
tell("closed")
thread = threading.Thread(target=tell, args=("a new thread",))
thread.start()
thread.join()
PYTHON
echo "before 0 0
open 1 99
closed 1 99
a new thread 1 99" | diff - seen.txt && echo "as described"
