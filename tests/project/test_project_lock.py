"""The project's lock: one program at a time, and free again after each, however it ended."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from vidcolor.errors import ProjectError
from vidcolor.project import Project, ProjectConfig


@pytest.fixture
def project(tmp_path):
    return Project.create(tmp_path / "film.vidcolor", ProjectConfig(reel="film.mov"))


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_lock_is_given_back_at_the_blocks_end(project, error):
    held = project.lock()  # kept, so that no garbage collection gives the lock back by chance
    try:
        with held:
            if error:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    with project.lock():
        pass


def test_held_it_is_refused(project):
    with project.lock(), pytest.raises(ProjectError, match="another vidcolor"), project.lock():
        pass


def test_who_finds_it_held_is_told_by_whom(project):
    told = f"`vidcolor render`, process {os.getpid()} on .*, since"
    with project.lock("render"), pytest.raises(ProjectError, match=told), project.lock():
        pass
    with project.lock():
        assert "render" not in (project.root / ".holder").read_text()
    assert not (project.root / ".holder").exists()


HOLDS = """
import pathlib, sys, time
from vidcolor.project import Project
held = Project.open(pathlib.Path(sys.argv[1])).lock("plan")
held.__enter__()
print("held", flush=True)
time.sleep(0.5)
"""
"""A program that takes the lock and ends without giving it back."""


def test_who_waits_gets_it_when_the_other_has_died(project):
    line = [sys.executable, "-P", "-c", HOLDS, str(project.root)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ProjectError, match="vidcolor plan"), project.lock():
            pass
        with project.lock("run", wait=60):
            pass
        assert other.wait(60) == 0


def test_what_a_killed_program_noted_counts_for_nothing(project):
    (project.root / ".holder").write_text("`vidcolor run`, process 1")
    (project.root / ".lock").touch()
    with project.lock():
        pass
