#!/usr/bin/env bash
# colour-science 0.4.7, where Matplotlib is not installed: after `import colour`, sys.modules holds a stand-in named
# matplotlib, without a __spec__. importlib.util.find_spec("matplotlib") then raises ValueError in place of None.
# Expected: no module under a name that is not its own, so that others find what is there.
# Libraries that ask in this way whether Matplotlib is there cannot be imported any more: diffusers 0.42.1 after colour
# fails, before it both load.
# Seen, Python 3.11:
#   before: None
#   after: ValueError matplotlib.__spec__ is not set
#   diffusers, then colour: both loaded
#   colour, then diffusers: ValueError matplotlib.__spec__ is not set
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q colour-science==0.4.7 diffusers==0.42.1
cd "$place"
cat >ask.py <<'PYTHON'
import importlib
import importlib.util
import sys


def told(does):
    try:
        return does()
    except ValueError as error:
        return f"ValueError {error}"


if sys.argv[1:] == ["spec"]:
    print("before:", importlib.util.find_spec("matplotlib"))
    import colour

    print("after:", told(lambda: importlib.util.find_spec("matplotlib")))
else:
    def load():
        for name in sys.argv[1:]:
            importlib.import_module(name)
        return "both loaded"

    print(", then ".join(sys.argv[1:]) + ":", told(load))
PYTHON
{
  for names in spec "diffusers colour" "colour diffusers"; do
    # shellcheck disable=SC2086
    "$place/venv/bin/python" -W ignore ask.py $names 2>>warnings.txt
  done
} | tee seen.txt
echo "before: None
after: ValueError matplotlib.__spec__ is not set
diffusers, then colour: both loaded
colour, then diffusers: ValueError matplotlib.__spec__ is not set" | diff - seen.txt && echo "as described"
