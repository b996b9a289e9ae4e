#!/usr/bin/env bash
# opencue-pyoutline 1.37.0 takes a layer's command as a list of words, and joins them by spaces without quoting any: in the
# job's XML a path with a space is two words, and `$` or `;` in one means something to the shell that runs it.
# Expected: words quoted for that shell, as a list is given so that none need be. Callers must quote each word themselves.
# It also imports `packaging`, which it does not require.
# Seen, Python 3.11:
#   ls /films/a film.vidcolor
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q opencue-pyoutline==1.37.0 packaging==26.2
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
from xml.etree import ElementTree

from outline import Outline, cuerun
from outline.backend import cue
from outline.modules.shell import Shell

job = Outline("job", shot="shot", show="show", user="user")
job.add_layer(Shell("layer", command=["ls", "/films/a film.vidcolor"], range="1"))
print(ElementTree.fromstring(cue.serialize_simple(cuerun.OutlineLauncher(job))).findtext(".//cmd"))
PYTHON
printf "ls /films/a film.vidcolor\n" | diff - seen.txt && echo "as described"
