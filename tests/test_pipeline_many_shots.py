"""A film of many shots: what is open at once, what is read, and how often, must not grow with their number."""

from __future__ import annotations

import builtins
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.project import packed as project_packed

SHOTS, FRAMES, SIZE = 80, 2, (16, 16)


def rows_of(count: int) -> str:
    rows = [f"{FRAMES * n},{FRAMES * (n + 1)},cut" for n in range(count)]
    return "\n".join(["start,stop,entry", *rows]) + "\n"


def make(folder: Path, count: int) -> list[np.ndarray]:
    """A film of `count` shots of two frames, its shot list, and a picture for the first frame of each shot."""
    colors = write_gray_film(folder / "film.mkv", FRAMES * count, SIZE, range(FRAMES, FRAMES * count, FRAMES))
    (folder / "cuts.csv").write_text(rows_of(count))
    (folder / "refs").mkdir()
    for frame in range(0, FRAMES * count, FRAMES):
        write_picture(folder / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    film = ["--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
    assert main(["new", str(folder / "p"), *film, "--preset", "draft", "--shots", str(folder / "cuts.csv")]) == 0
    return colors


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    make(folder, SHOTS)
    assert main(["render", str(folder / "p")]) == 0
    return folder


def test_a_film_of_more_shots_than_files_may_be_open_is_delivered(rendered: Path) -> None:
    code = (
        "import resource, sys; from vidcolor.cli.parser import main; import vidcolor.pipeline.deliver;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); sys.exit(main(sys.argv[1:]))"
    )
    line = ["export", str(rendered / "p"), "-o", str(rendered / "limited.mkv"), "--delivery", "ffv1"]
    done = subprocess.run([sys.executable, "-P", "-c", code, *line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (rendered / "limited.mkv").is_file()


@pytest.mark.parametrize("verb", ["status", "render", "export", "run"])
def test_each_project_file_is_read_once_a_command(
    rendered: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    out = ["-o", str(rendered / "out.mkv"), "--delivery", "ffv1"] if verb in ("export", "run") else []
    film = [str(rendered / "film.mkv"), "--project"] if verb == "run" else []
    main(line := [verb, *film, str(rendered / "p"), *out])
    reads: Counter[Path] = Counter()

    def counting(place: object, *args: object, **more: object) -> object:
        if isinstance(place, str | Path) and str(place).endswith(".json") and "p" in Path(place).parts:
            reads[Path(place).relative_to(rendered / "p")] += 1
        return opened(place, *args, **more)

    opened = io.open
    monkeypatch.setattr(io, "open", counting)
    monkeypatch.setattr(builtins, "open", counting)
    capsys.readouterr()
    assert main(line) == 0
    assert {path: count for path, count in reads.items() if count > 1} == {}
    made = [path for path in reads if path.name == "made.json"]
    assert len(made) == SHOTS, "each shot's newest version is in force, so no other is read"
    assert ("nothing to do" in capsys.readouterr().out) == (verb == "run")


def test_status_reads_and_hashes_shots_without_pythons_json(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes several times as long as msgspec's, and of 3,500 shots a third of the command."""
    asked: Counter[str] = Counter()

    def counted(kind: type, name: str) -> None:
        inner = getattr(kind, name)
        monkeypatch.setattr(kind, name, lambda self, given: asked.update([name]) or inner(self, given))

    counted(json.JSONDecoder, "decode")
    counted(json.JSONEncoder, "encode")
    patterns: list[int] = []
    pattern = project_packed.LONG_NUMBER
    searching = SimpleNamespace(search=lambda text: patterns.append(len(text)) or pattern.search(text))
    monkeypatch.setattr(project_packed, "LONG_NUMBER", searching)
    assert main(["status", str(rendered / "p")]) == 0
    assert sum(asked.values()) < SHOTS / 4
    assert len(patterns) < SHOTS / 4, "a file without long numbers is not searched for them by a pattern"


LONG, FEATURE = 400, 3500
"""Shots that are rendered, and those of a feature film, for which cost is reckoned on from there."""
STATUS_CPU, RUN_CPU = 2.0, 5.0
"""CPU seconds that `status`, and a `run` with nothing to do, may take for a feature film."""


@pytest.mark.slow
def test_a_feature_film_end_to_end(tmp_path: Path, rendered: Path) -> None:
    make(tmp_path, LONG)
    for line in (["plan", str(tmp_path / "p")], ["render", str(tmp_path / "p")]):
        assert main(line) == 0
    spent = {folder: commands(folder, count) for folder, count in ((rendered, SHOTS), (tmp_path, LONG))}
    for few, many, most in zip(spent[rendered], spent[tmp_path], (STATUS_CPU, RUN_CPU), strict=True):
        assert many + (many - few) / (LONG - SHOTS) * (FEATURE - LONG) < most


def commands(folder: Path, count: int) -> tuple[float, float]:
    """CPU seconds of `status` and of a `run` with nothing to do; the film is delivered first."""
    project, out = str(folder / "p"), ["-o", str(folder / "long.mkv"), "--delivery", "ffv1"]
    assert main(["export", project, *out]) == 0
    told, status = timed("status", project)
    assert f"{count} shots: {count} fresh" in told
    told, run = timed("run", str(folder / "film.mkv"), "--project", project, *out)
    assert "nothing to do" in told
    return status, run


def timed(*line: str) -> tuple[str, float]:
    """What a command says, and the CPU seconds it took in a process of its own; the least of three."""
    spent = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-P", "-m", "vidcolor", *line], capture_output=True, text=True, check=True
        )
        after = os.times()
        spent.append(sum(after[2:4]) - sum(before[2:4]))
    return done.stdout, min(spent)
