"""A job in OpenCue's specification (XML), as OpenCue's own library writes it; nothing is sent to a server.

- A layer's frames are numbers: a shot's is its first frame, by which `render` finds it (`r1-134`).
- The library joins a command's words without quoting any, for a shell: they are quoted here.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vidcolor.errors import InputError
from vidcolor.farm.jobs import Job
from vidcolor.media.place import write_text

FRAME = "#IFRAME#"
GIB = 1 << 30


def write_job(job: Job, path: Path) -> list[Path]:
    """The job's XML at `path`."""
    write_text(path, job_xml(job), "--opencue")
    return [path]


def job_xml(job: Job) -> str:
    """The job: a layer of one frame that plans, for each reel one of a frame for each shot, one that exports."""
    try:
        from outline import Outline, cuerun
        from outline.backend import cue
        from outline.modules.shell import Shell
    except ImportError as error:
        raise InputError(
            f"--opencue: OpenCue's library is missing ({error}); pip install 'vidcolor[cluster]'"
        ) from error
    name = re.sub(r"[^A-Za-z0-9]+", "_", job.name).strip("_") or "film"
    outline = Outline(f"vidcolor_{name}", shot=name, show=os.environ.get("SHOW", "vidcolor"), serialize=False)
    project = str(job.project)
    plan = _add(outline, [], Shell("plan", command=_quoted(job.plan(project)), range="1"))
    layers = [plan]
    memory: dict[str, Any] = {"memory": f"{job.memory // GIB + 1}g"} if job.memory else {}
    for reel, frames in _frames(job.shots).items():
        words = _quoted(job.render(project, f"{reel}-{FRAME}"))
        layer = Shell(f"shots_{reel}", command=words, range=",".join(map(str, frames)), **memory)
        layers.append(_add(outline, [plan], layer))
    _add(outline, layers[1:] or layers, Shell("export", command=_quoted(job.export(project)), range="1"))
    return str(cue.serialize_simple(cuerun.OutlineLauncher(outline)))


def _add(outline: Any, after: Sequence[Any], layer: Any) -> Any:
    for one in after:
        layer.depend_all(one)
    outline.add_layer(layer)
    return layer


def _frames(shots: Sequence[str]) -> dict[str, list[int]]:
    """The first frames of shots, by their reel."""
    found: dict[str, list[int]] = {}
    for shot in shots:
        reel, _, frame = shot.rpartition("-")
        found.setdefault(reel, []).append(int(frame))
    return found


def _quoted(words: Sequence[str]) -> list[str]:
    return [word if FRAME in word else shlex.quote(word) for word in words]
