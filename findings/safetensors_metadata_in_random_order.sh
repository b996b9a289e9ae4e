#!/usr/bin/env bash
# safetensors 0.8.0: the same tensors with the same metadata are written as other bytes each time. The keys of
# `__metadata__` come in the order of a hash map that is seeded anew for each call; tensors are in a fixed order. Expected:
# equal arguments, equal files, so that a file's hash names its weights. Who stores weights by their hash stores them
# twice. With one key, or none, it does not show.
# Seen, Python 3.11:
#   of 20 files, with one key 1 kind, with five keys several
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q safetensors==0.8.0 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PYTHON' | tee seen.txt
import numpy as np
from safetensors.numpy import save

tensors = {"a": np.zeros(4, np.float32), "b": np.ones(3, np.float32)}
made = [len({save(tensors, dict.fromkeys(keys, "1")) for _ in range(20)}) for keys in ("a", "abcde")]
print(f"of 20 files, with one key {made[0]} kind, with five keys {'several' if made[1] > 1 else made[1]}")
PYTHON
echo "of 20 files, with one key 1 kind, with five keys several" | diff - seen.txt && echo "as described"
