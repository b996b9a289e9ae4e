#!/usr/bin/env bash
# diffusers 0.42.1: a pipeline's from_single_file(..., local_files_only=True) asks huggingface.co, and would download,
# where the configuration of the model is not in the hub's cache: it warns, and goes on with local_files_only=False.
# Expected: an error that names what is missing, as from_pretrained gives, and ControlNetModel.from_single_file.
# A machine that must not call out calls out, and a file that loads today may not tomorrow. With config=FOLDER, a local
# folder of such a model's configuration, nobody is asked.
# Seen, Python 3.11:
#   StableDiffusionPipeline asked huggingface.co
#   ControlNetModel asked nobody
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q diffusers==0.42.1 transformers==5.24.0 huggingface_hub==2.4.0 torch==2.14.1
cd "$place"
HF_HOME="$place/hub" "$place/venv/bin/python" - 2>warnings.txt <<'PYTHON' | tee seen.txt
import socket

asked = set()


def refuse(host, *rest, **more):
    asked.add(host)
    raise OSError("no network here")


socket.getaddrinfo = refuse

import torch
from diffusers import ControlNetModel, StableDiffusionPipeline
from safetensors.torch import save_file

save_file({"a": torch.zeros(1)}, "one.safetensors")
for kind in (StableDiffusionPipeline, ControlNetModel):
    asked.clear()
    try:
        kind.from_single_file("one.safetensors", local_files_only=True)
    except Exception:
        pass
    print(kind.__name__, "asked", ", ".join(sorted(asked)) or "nobody")
PYTHON
echo "StableDiffusionPipeline asked huggingface.co
ControlNetModel asked nobody" | diff - seen.txt && echo "as described"
