#!/usr/bin/env bash
# pycmx 1.5.1 loses the last line of an event that has several lines and no remark behind them: of a dissolve the incoming
# clip, and the first event of a list (its FCM line counts as the event's) altogether. No error is told; nothing stands in
# unrecognized_statements.
# Expected: an edit for each line, as with a remark behind it. Lists without remarks are usual: CMX3600 asks for none.
# Seen, Python 3.11:
#   no remarks: [], ['A'], ['C']
#   with remarks: ['A'], ['A', 'B'], ['C']
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pycmx==1.5.1
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import io

import pycmx

HEAD = "TITLE: T\nFCM: NON-DROP FRAME\n"
LINE = "{:03d}  {:8s} V     {:4s} {:>3s} {} {} {} {}\n"


def event(number, reel, effect, first, last, length=""):
    times = [f"01:00:{second:02d}:00" for second in (first, last)]
    return LINE.format(number, reel, effect, length, *times, *times)


for words, remark in (("no remarks", ""), ("with remarks", "* FROM CLIP NAME: X\n")):
    text = HEAD + event(1, "A", "C", 0, 4) + remark
    text += event(2, "A", "C", 4, 4) + event(2, "B", "D", 4, 8, "024") + remark
    text += event(3, "C", "C", 8, 9) + remark
    found = pycmx.parse_cmx3600(io.StringIO(text)).events
    print(f"{words}: {', '.join(str([edit.source for edit in one.edits]) for one in found)}")
PYTHON
printf "no remarks: [], ['A'], ['C']\nwith remarks: ['A'], ['A', 'B'], ['C']\n" | diff - seen.txt && echo "as described"
