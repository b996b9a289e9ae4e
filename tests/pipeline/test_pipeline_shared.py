"""A project that several machines render at once: each shot once, the same bytes, a dead one's shots taken over."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main

CUTS, FRAMES, SIZE = (6, 12, 18), 24, (48, 64)
SHOTS = ["r1-000000", "r1-000006", "r1-000012", "r1-000018"]
MACHINE = """
import os, pathlib, signal, sys, time
from vidcolor.pipeline import render
from vidcolor.project import leases
from vidcolor.media.store import ChromaWriter
name, project, dies_at, *more = sys.argv[1:]
leases.SILENT, leases.BEAT = 3.0, 0.3
leases._system = lambda: ""  # as on another machine: nobody else's processes can be looked at
leases.platform.node = lambda: name
whole, write = render._render_shot, ChromaWriter.write
def counts(film, planned, *given):
    with (pathlib.Path(project).parent / f"{name}.rendered").open("a") as file:
        file.write(f"{planned.shot.id}\\n")
    time.sleep(0.5)  # so that both have some
    return whole(film, planned, *given)
def writes(store, color):
    if dies_at != "never" and color.index == int(dies_at):
        os.kill(os.getpid(), signal.SIGKILL)
    write(store, color)
render._render_shot, ChromaWriter.write = counts, writes
render.shots_at_once = lambda *_: 1
from vidcolor.cli.parser import main
sys.exit(main(["render", project, *more]))
"""


def machine(name: str, folder: Path, dies_at: str = "never", *more: str) -> subprocess.Popen:
    line = [sys.executable, "-P", "-c", MACHINE, name, str(folder / "film.vidcolor"), dies_at, *more]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def rendered(folder: Path, name: str) -> list[str]:
    path = folder / f"{name}.rendered"
    return path.read_text().splitlines() if path.exists() else []


def bytes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of every version but its report."""
    root = folder / "film.vidcolor" / "shots"
    files = [p for p in sorted(root.rglob("*")) if p.is_file() and p.name != "report.json"]
    return {p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared") / "film"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, CUTS)
    for key in (0, *CUTS):
        write_picture(folder / "refs" / f"{key + 1:06d}.png", SIZE, colors[key + 1])
    project = str(folder / "film.vidcolor")
    line = ["new", project, "--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
    assert main([*line, "--preset", "draft"]) == 0
    assert main(["plan", project]) == 0
    return folder


@pytest.fixture(scope="module")
def alone(planned, tmp_path_factory):
    """What one machine makes of it."""
    folder = shutil.copytree(planned, tmp_path_factory.mktemp("alone") / "film")
    assert main(["render", str(folder / "film.vidcolor")]) == 0
    return bytes_of(folder)


@pytest.fixture
def work(planned, tmp_path):
    folder = shutil.copytree(planned, tmp_path / "film")
    assert main(["plan", str(folder / "film.vidcolor")]) == 0  # a copied film is taken up first
    return folder


def test_two_machines_render_each_shot_once_to_the_same_bytes(work, alone):
    both = [machine(name, work) for name in ("one", "other")]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(rendered(work, "one") + rendered(work, "other")) == SHOTS
    assert rendered(work, "one")
    assert rendered(work, "other")
    assert bytes_of(work) == alone
    assert not os.listdir(work / "film.vidcolor" / "leases")
    for shot in SHOTS:
        receipt = json.loads((work / "film.vidcolor" / "shots" / shot / "v001" / "report.json").read_text())
        assert shot in rendered(work, receipt["machine"])
        assert receipt["peak_memory"] > 10 << 20


def test_a_dead_machines_shot_is_taken_over_where_it_was(work, alone):
    dead = machine("one", work, "9")
    dead.communicate(timeout=300)
    assert dead.returncode == -signal.SIGKILL
    assert (work / "film.vidcolor" / "shots" / SHOTS[1] / ".partial").is_dir()
    other = machine("other", work, "never", SHOTS[1])
    said = other.communicate(timeout=300)[0]
    assert other.returncode == 0, said
    assert "waiting for shots that other machines render" in said
    assert rendered(work, "one") == SHOTS[:2]
    assert rendered(work, "other") == [SHOTS[1]]
    assert main(["render", str(work / "film.vidcolor")]) == 0
    assert bytes_of(work) == alone
    assert not os.listdir(work / "film.vidcolor" / "leases")


def test_named_shots_that_are_fresh_are_left_alone(work, alone):
    project = str(work / "film.vidcolor")
    for _ in range(2):
        assert main(["render", project, SHOTS[2]]) == 0
    assert sorted(os.listdir(work / "film.vidcolor" / "shots" / SHOTS[2])) == ["v001"]


def test_a_planned_project_is_rendered_while_another_command_holds_it(work, capsys):
    """A lock that only one machine's processes see is no part of a render; the sheet is left to the other."""
    from vidcolor.project import Project

    with Project.open(work / "film.vidcolor").lock("export"):
        assert main(["render", str(work / "film.vidcolor"), SHOTS[0]]) == 0
        assert "no sheet: " in capsys.readouterr().out
        (work / "refs" / "000001.png").touch()
        write_picture(work / "refs" / "000002.png", SIZE)
        assert main(["render", str(work / "film.vidcolor")]) == 2
        assert "another vidcolor is working here (`vidcolor export`" in capsys.readouterr().err
