"""Jobs for farms: what is written is what the engines take, and what they run gives the bytes of one machine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from made_shots import plan_three_shots

from vidcolor.cli.parser import main
from vidcolor.farm.jobs import Job
from vidcolor.farm.openjd import MOST, template

SHOTS = ("r1-000000", "r1-000012", "r1-000026")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("farm") / "a film"
    plan_three_shots(folder, (48, 64), 40)
    return folder


def shots_of(job: dict) -> list[list[str]]:
    steps = [step for step in job["steps"] if "parameterSpace" in step]
    return [step["parameterSpace"]["taskParameterDefinitions"][0]["range"] for step in steps]


def test_a_long_film_is_several_steps_which_export_waits_for():
    shots = tuple(f"r1-{100 * number:06d}" for number in range(3500))
    job = template(Job("film.vidcolor", Path("/films/film.vidcolor"), shots))
    assert [shot for step in shots_of(job) for shot in step] == list(shots)
    assert max(map(len, shots_of(job))) <= MOST
    first, *middle, last = job["steps"]
    assert "dependencies" not in first
    assert all(step["dependencies"] == [{"dependsOn": "Plan"}] for step in middle)
    assert {one["dependsOn"] for one in last["dependencies"]} == {step["name"] for step in (first, *middle)}


def test_openjd_runs_the_bundle_to_the_bytes_of_one_machine(work, tmp_path, monkeypatch):
    pytest.importorskip("openjd.cli", reason="openjd-cli is not installed")
    one, farm = (shutil.copytree(work, tmp_path / name) for name in ("one machine", "a farm"))
    assert main(["render", str(one / "film.vidcolor")]) == 0
    assert main(["export", str(one / "film.vidcolor")]) == 0
    assert main(["plan", str(farm / "film.vidcolor")]) == 0
    assert main(["farm", str(farm / "film.vidcolor"), "--openjd", str(tmp_path / "job")]) == 0
    bundle = tmp_path / "job" / "template.json"
    values = json.loads((tmp_path / "job" / "parameter_values.json").read_text())["parameterValues"]
    assert values == [{"name": "Project", "value": str(farm / "film.vidcolor")}]
    assert shots_of(json.loads(bundle.read_text())) == [list(SHOTS)]
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    openjd = [sys.executable, "-m", "openjd"]
    subprocess.run([*openjd, "check", str(bundle)], check=True, capture_output=True)
    line = [*openjd, "run", str(bundle), "-p", f"Project={farm / 'film.vidcolor'}"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"openjd_progress: 100", done.stdout)
    assert "openjd_status: colouring" in done.stdout
    receipts = {found["shot"]: found for found in map(json.loads, re.findall(r'\{"shot": .*\}', done.stdout))}
    assert set(receipts) == set(SHOTS)
    for shot in SHOTS:
        theirs = json.loads((one / "film.vidcolor" / "shots" / shot / "v001" / "made.json").read_text())
        assert receipts[shot]["stores"] == theirs["stores"]
        assert receipts[shot]["fingerprint"] == theirs["fingerprint"]
        assert receipts[shot]["seconds"] > 0
    assert (farm / "film_color.mov").read_bytes() == (one / "film_color.mov").read_bytes()


def test_opencues_job_names_every_shot_by_its_first_frame(work, tmp_path):
    pytest.importorskip("outline", reason="opencue-pyoutline is not installed")
    path = tmp_path / "job.xml"
    assert main(["farm", str(work / "film.vidcolor"), "--opencue", str(path), "--set", "propagate.window=1"]) == 0
    spec = ElementTree.fromstring(path.read_text())
    layers = {layer.get("name"): layer for layer in spec.iter("layer")}
    assert list(layers) == ["plan", "shots_r1", "export"]
    assert layers["shots_r1"].findtext("range") == "0,12,26"
    words = shlex.split(layers["shots_r1"].findtext("cmd").replace("#IFRAME#", "12"))
    project = str(work / "film.vidcolor")
    assert words == ["vidcolor", "render", project, "r1-12", "--farm", "--set=propagate.window=1"]
    waits = [(one.findtext("deplayer"), one.findtext("onlayer")) for one in spec.iter("depend")]
    assert waits == [("shots_r1", "plan"), ("export", "shots_r1")]
    assert main(["render", *words[2:4], "--dry-run"]) == 0


def test_no_engine_and_no_plan_are_told(work, tmp_path, capsys):
    assert main(["farm", str(work / "film.vidcolor")]) == 2
    assert "which engine?" in capsys.readouterr().err
    line = ["new", str(tmp_path / "p"), "--reel", str(work / "film.mov")]
    assert main(line) == 0
    assert main(["farm", str(tmp_path / "p"), "--openjd", str(tmp_path / "job")]) == 2
    assert "never planned" in capsys.readouterr().err
