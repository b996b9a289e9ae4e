"""The server of the review page killed by kill -9 in mid-write: nothing is lost, nothing half written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from browsed import BROWSER, NONE_HERE, PATIENCE
from served import SIZE, TOKEN, Served, served

from vidcolor.desk import uploads

KILLS_ITSELF = f"""
import os, shutil, signal, sys
import vidcolor.desk.server as server
from vidcolor.cli.parser import main
from vidcolor.desk import uploads
server.new_token = lambda: "{TOKEN}"
project, case = sys.argv[1:]
def dies():
    os.kill(os.getpid(), signal.SIGKILL)
def reads(path):
    dies()
def copies(source, target):
    data = open(source, "rb").read()
    with open(target, "wb") as file:
        file.write(data[: len(data) // 2])
    dies()
def moves(source, target, real=os.replace):
    ours = "corrections" in str(source)
    if ours and case == "before its name":
        dies()
    real(source, target)
    if ours and case == "behind its name":
        dies()
if case == "an upload":
    uploads.read_rgba = reads
elif case == "a copy":
    shutil.copyfile = copies
else:
    os.replace = moves
main(["review", project, "--no-browser"])
"""


@contextmanager
def child(project: Path, case: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A page's server as a process of its own, and its address."""
    words, env = [sys.executable, "-P", "-c", KILLS_ITSELF, str(project), case], {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[-1]
        process.kill()


def picture() -> bytes:
    paint = np.zeros((*SIZE, 4), np.uint8)
    paint[20:60, 30:80] = (40, 40, 200, 255)
    return cv2.imencode(".png", paint)[1].tobytes()


def painted(page: Served):
    return page.act("correct", kind="paint", frame=3, upload=page.send(picture())[1]["upload"])


def written(project: Path) -> dict[str, bytes]:
    """What lies among the corrections, those taken back too; not what is hidden there, which nothing reads."""
    folder = project / "corrections"
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {n: p.read_bytes() for p in paths if ".partial" not in (n := str(p.relative_to(folder))) and "lock" not in n}


CASES = {
    "an upload": ("an upload", lambda page: page.send(picture()), []),
    "a paint, its picture half copied": ("a copy", painted, []),
    "a paint, before its name": ("before its name", painted, []),
    "a note, before its name": ("before its name", lambda p: p.act("correct", kind="note", frame=5, note="a"), []),
    "a note, behind its name": (
        "behind its name",
        lambda p: p.act("correct", kind="note", frame=5, note="a"),
        ["note"],
    ),
    "an undo, before it": ("before its name", lambda page: page.act("undo"), []),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_in_mid_write_nothing_is_lost_and_nothing_half_written(made, tmp_path, case):
    how, does, more = CASES[case]
    project = shutil.copytree(made, tmp_path / "work") / "p"
    with served(project) as page:
        assert page.act("correct", kind="saturation", frame=3, amount=2.0)[0] == 200
    before = written(project)
    (tmp_path / "tmp").mkdir()
    with child(project, how, tmp_path / "tmp") as (process, address):
        page = Served(int(address.split(":")[2].split("/")[0]), None, None)  # type: ignore[arg-type]
        with pytest.raises((ConnectionError, json.JSONDecodeError)):
            does(page)
        assert process.wait() == -9
    after = written(project)
    assert before.items() <= after.items(), "what was there is there"
    with served(project) as page:
        state = page.state()
        assert [one["kind"] for one in state["corrections"]] == ["saturation", *more]
        assert state["status"]["left_out"] == [], "no half of anything"
        assert painted(page)[0] == 200, "and it goes on"
        assert [one["kind"] for one in page.state()["corrections"]] == ["saturation", *more, "paint"]


def test_pictures_that_a_killed_run_left_are_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = uploads.Uploads()
    code = "from vidcolor.desk.uploads import Uploads; import os; Uploads(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-P", "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    (tmp_path / "vidcolor-review-elsewhere").symlink_to(tmp_path.parent, target_is_directory=True)
    long_ago = time.time() - 2 * uploads.YOUNG
    folders = [path for path in tmp_path.iterdir() if not path.is_symlink()]
    assert len(folders) == 2
    for path in folders:
        os.utime(path, (long_ago, long_ago))
    other = uploads.Uploads()
    assert living._place.is_dir(), "one that lives keeps its own"
    assert len([path for path in tmp_path.iterdir() if not path.is_symlink()]) == 2
    assert tmp_path.parent.is_dir(), "no link is followed"
    living.close()
    other.close()


@pytest.mark.skipif(not BROWSER, reason=NONE_HERE)
def test_a_page_whose_server_was_killed_says_so(made, tmp_path, browser):
    project = shutil.copytree(made, tmp_path / "work") / "p"
    window = browser.new_page()
    with child(project, "nothing", tmp_path) as (process, address):
        window.goto(address)
        window.wait_for_selector('#picture[data-frame="0"]')
        process.kill()
        window.locator("#work", has_text="the server does not answer").wait_for(timeout=PATIENCE)
        window.keyboard.press("b")
        window.locator("#message", has_text="the server does not answer").wait_for()
    window.close()
