#!/usr/bin/env bash
# OpenVINO 2026.4.1 with openvino-telemetry 2025.2.0 (which pip brings along): `import openvino` alone, no conversion and
# no tool run, begins a telemetry session, writes ~/intel/openvino_ga_cid and sends an event to Google Analytics; no
# question is asked first. The documentation speaks of telemetry of the conversion tools. What stands in
# openvino/tools/ovc/__init__.py does it: telemetry.send_event("ov", "import", "general_import").
# Also: openvino.opset13 takes np.float32(50) in arithmetic as an int64 constant, and 50.0 as float64.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q openvino==2026.4.1 openvino-telemetry==2025.2.0
mkdir "$place/home"
cd "$place"
env -u CI HOME="$place/home" https_proxy=http://127.0.0.1:9 "$place/venv/bin/python" -c "import openvino"
find "$place/home" -type f
test -f "$place/home/intel/openvino_ga_cid"
"$place/venv/bin/python" - <<'PYTHON'
import sys
sys.modules["openvino_telemetry"] = None  # no report from here
import numpy as np
from openvino import opset13 as ops
x = ops.parameter([1], np.float32)
for number, kind in ((np.float32(50), "i64"), (50.0, "f64")):
    try:
        x - number
    except RuntimeError as error:
        assert f"arg1 element type: {kind}" in str(error), error
    else:
        raise SystemExit(f"{number!r} is taken as float32 now")
PYTHON
echo "as described"
