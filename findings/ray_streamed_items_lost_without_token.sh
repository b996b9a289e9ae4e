#!/usr/bin/env bash
# Ray 2.60.0: a token made after a cluster was started has programs that join it by "auto" ask its workers for one. They
# have none, and all that a streaming task yields is dropped with a line in the worker's log: the program waits for ever.
# A task that returns its value works, as that comes as the answer to the program's own call.
# Expected: an error from ray.init, or from the first item, as everywhere else that tokens do not fit. What helps:
# RAY_AUTH_MODE the same for both, or RAY_ADDRESS, for an address that is given never turns tokens on.
# Seen, Python 3.11:
#   returned 1
#   streamed within 20 s: nothing
set -euo pipefail
place=$(mktemp -d)
export HOME=$place
unset RAY_ADDRESS RAY_AUTH_MODE
trap '"$place/venv/bin/ray" stop -f >"$place/stop" 2>&1 || true; rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q ray==2.60.0
cd "$place"
"$place/venv/bin/ray" start --head --num-cpus=1 --include-dashboard=false >"$place/start" 2>&1
"$place/venv/bin/ray" get-auth-token --generate >"$place/token" 2>&1
"$place/venv/bin/python" - 2>"$place/errors" <<'PYTHON' | tee seen.txt
import ray

ray.init("auto", log_to_driver=False)


@ray.remote
def one():
    return 1


@ray.remote
def stream():
    yield 1


print("returned", ray.get(one.remote()))
items = stream.remote()
ready, _ = ray.wait([items], timeout=20)
print("streamed within 20 s:", ray.get(next(items)) if ready else "nothing")
PYTHON
printf 'returned 1\nstreamed within 20 s: nothing\n' | diff - seen.txt && echo "as described"
