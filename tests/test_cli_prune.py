"""`vidcolor prune`: what is in force or in a delivered film stays, the rest goes, and what that frees is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main

FRAMES, SIZE, CUT = 8, (72, 96), 4
SHOTS = ("r1-000000", "r1-000004")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shots in three versions each, made at chroma sides 32 (v001), 40 (v002) and the usual one (v003)."""
    folder = tmp_path_factory.mktemp("prune") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, [CUT])
    for frame in (1, 5):
        write_picture(folder / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{CUT},cut\n{CUT},{FRAMES},cut\n")
    film = ["--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--preset", "draft"]
    assert main(["new", str(folder / "p"), *film, "--shots", str(folder / "cuts.csv")]) == 0
    for side in (["--set", "propagate.chroma_side=32"], ["--set", "propagate.chroma_side=40"], []):
        assert main(["render", str(folder / "p"), "--set", "cache.room=0", *side]) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "work"))


def versions(work: Path) -> list[str]:
    shots = work / "p" / "shots"
    return sorted(p.relative_to(shots).as_posix() for p in shots.glob("*/*") if (p.name[0], p.name[1:4]) != (".", ""))


def prune(work: Path, capsys: pytest.CaptureFixture[str], *extra: str, status: int = 0) -> str:
    capsys.readouterr()
    assert main(["prune", str(work / "p"), *extra]) == status
    captured = capsys.readouterr()
    return captured.out if status == 0 else captured.err


def test_versions_not_in_force_go(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = versions(work)
    told = prune(work, capsys, "--dry-run")
    assert versions(work) == before == [f"{shot}/v00{n}" for shot in SHOTS for n in (1, 2, 3)]
    assert [line.split()[2:4] for line in told.splitlines()[:-1]] == [[s, f"v00{n}"] for s in SHOTS for n in (1, 2)]
    gone = [work / "p" / "shots" / s / f"v00{n}" for s in SHOTS for n in (1, 2)]
    size = sum(p.stat().st_size for folder in gone for p in folder.rglob("*") if p.is_file())
    assert told.splitlines()[-1] == f"{size / 1e6:.3g} MB would be freed"
    assert prune(work, capsys).splitlines()[-1] == f"{size / 1e6:.3g} MB freed"
    assert versions(work) == [f"{shot}/v003" for shot in SHOTS]
    assert main(["render", str(work / "p"), "--dry-run"]) == 0
    assert "nothing to render" in capsys.readouterr().out
    assert prune(work, capsys) == "nothing to remove: every version is in use\n"


def test_what_is_in_a_delivered_film_stays(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["-o", str(work / "small.mkv"), "--delivery", "ffv1", "--set", "propagate.chroma_side=32"]
    assert main(["export", str(work / "p"), *out]) == 0
    prune(work, capsys)
    assert versions(work) == [f"{shot}/v00{n}" for shot in SHOTS for n in (1, 3)]
    record = work / "p" / "exports" / "small.mkv.json"
    data = json.loads(record.read_text())
    for entry in data["places"].values():
        del entry["versions"]
    record.write_text(json.dumps(data))
    assert "small.mkv; deliver it again" in prune(work, capsys, status=2)
    assert versions(work) == [f"{shot}/v00{n}" for shot in SHOTS for n in (1, 3)]


def test_a_stale_shot_keeps_its_newest_and_a_lost_shot_none(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "cuts.csv").write_text(f"start,stop,entry\n0,{FRAMES},cut\n")
    assert main(["plan", str(work / "p")]) == 0
    prune(work, capsys)
    assert versions(work) == [f"{SHOTS[0]}/v003"]


def test_what_a_stopped_render_left_goes_unless_it_may_go_on(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for shot in SHOTS:
        (work / "p" / "shots" / shot / ".partial").mkdir()
        (work / "p" / "shots" / shot / ".partial" / "chroma.avi").write_bytes(bytes(1000))
    shutil.rmtree(work / "p" / "shots" / SHOTS[1] / "v003")
    told = prune(work, capsys)
    assert f"removed {SHOTS[0]} unfinished  1 kB" in told
    assert SHOTS[1] + " unfinished" not in told
    assert not (work / "p" / "shots" / SHOTS[0] / ".partial").exists()
    assert (work / "p" / "shots" / SHOTS[1] / ".partial").exists()


def test_nothing_goes_while_another_works(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from vidcolor.project import Project

    with Project.open(work / "p").lock():
        assert "another vidcolor is working here" in prune(work, capsys, status=2)
    assert len(versions(work)) == 6


def test_of_the_cache_goes_what_is_of_other_settings(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = ["--set", "propagate.superpixel_density=2"]
    for side in (other, []):
        assert main(["render", str(work / "p"), "--set", "propagate.fill=0", *side]) == 0
    folders = {p.name for p in (work / "p" / "cache").iterdir()}
    assert sorted(name.split("-")[0] for name in folders) == ["labels", "labels", "look", "step"]
    lines = [line.split() for line in prune(work, capsys).splitlines()]
    (gone,) = [words[2] for words in lines if words[1] == "cache"]
    assert {p.name for p in (work / "p" / "cache").iterdir()} == folders - {gone}
    assert gone.startswith("labels-")
    prune(work, capsys, "--set", "cache.room=0")
    assert not any((work / "p" / "cache").iterdir())
