#!/usr/bin/env bash
# Ray 2.60.0: the folder that a program is started in comes first where all its workers look for modules, before the
# standard library, on every node. This is so for installed programs, too, and with Python's own PYTHONSAFEPATH=1, which
# is there to keep that folder out. A stray wave.py beside one's film then stands in for the standard library's.
# Expected: the paths of the program itself. What helps: another current folder while ray.init runs.
# Seen, Python 3.11:
#   here: the standard library
#   in a worker: the current folder
set -euo pipefail
place=$(mktemp -d)
export HOME=$place RAY_AUTH_MODE=disabled PYTHONSAFEPATH=1
unset RAY_ADDRESS
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q ray==2.60.0
mkdir "$place/films" "$place/program"
echo 'WHOSE = "the current folder"' >"$place/films/wave.py"
cat >"$place/program/program.py" <<'PYTHON'
import ray

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")


def whose():
    import wave

    return getattr(wave, "WHOSE", "the standard library")


print("here:", whose())
print("in a worker:", ray.get(ray.remote(whose).remote()))
PYTHON
cd "$place/films"
"$place/venv/bin/python" "$place/program/program.py" 2>"$place/errors" | tee "$place/seen.txt"
printf 'here: the standard library\nin a worker: the current folder\n' | diff - "$place/seen.txt" && echo "as described"
