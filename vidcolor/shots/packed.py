"""Timelines in binary files, as the text of a timeline: OpenTimelineIO's bundles (.otioz), and AAF.

An AAF is read by the adapter of OpenTimelineIO (extra `aaf`) in a program of its own, with bounds of time and memory:
what a damaged file does to it stays there.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

from vidcolor.errors import InputError

CONTENT = "content.otio"
LARGEST = 32 * 2**20
"""Bytes of the largest timeline that is read."""
LARGEST_AAF = 512 * 2**20
"""An AAF may hold sound."""
AAF_SECONDS, AAF_MEMORY = 300, 4 << 30
ADAPTER = "otio_aaf_adapter"
READ_AAF = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
except (ImportError, OSError, ValueError):
    pass
import opentimelineio as otio
found = otio.adapters.read_from_file(sys.argv[1], "AAF")
otio.adapters.write_to_file(found, sys.argv[2], "otio_json")
"""


def text_of_otioz(path: Path) -> str:
    """The timeline of a bundle. Refuses what is no bundle, and timelines that are too large."""
    try:
        with zipfile.ZipFile(path) as bundle:
            if bundle.getinfo(CONTENT).file_size > LARGEST:
                raise InputError(f"{path}: its timeline is larger than {LARGEST >> 20} MiB; give another file")
            with bundle.open(CONTENT) as file:
                data = file.read(LARGEST + 1)
    except KeyError as error:
        raise InputError(f"{path}: holds no {CONTENT}; export the timeline again") from error
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path}: cannot be read as a bundle ({error}); export the timeline again") from error
    return data[:LARGEST].decode("utf-8", "replace")


def text_of_aaf(path: Path) -> str:
    """The timeline of an AAF. Refuses what the adapter cannot read, and says what to install where there is none."""
    if importlib.util.find_spec(ADAPTER) is None:
        raise InputError(f"{path}: AAF is an extra: install vidcolor[aaf], or export an EDL, OTIO or FCP 7 XML")
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', error)}); check the name") from error
    if size > LARGEST_AAF:
        raise InputError(f"{path}: larger than {LARGEST_AAF >> 20} MiB; export it without media in it")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, CONTENT)
        line = [sys.executable, "-I", "-c", READ_AAF, str(path.absolute()), str(out), str(AAF_MEMORY)]
        try:
            done = subprocess.run(line, capture_output=True, timeout=AAF_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise InputError(f"{path}: took more than {AAF_SECONDS} s to read; export an EDL or OTIO") from error
        if done.returncode or not out.is_file() or out.stat().st_size > LARGEST:
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            why = "".join(c if c.isprintable() else " " for c in told[-1][:200]) if told else "no timeline in it"
            raise InputError(f"{path}: cannot be read as an AAF ({why}); export an EDL, OTIO or FCP 7 XML")
        return out.read_text(encoding="utf-8")
