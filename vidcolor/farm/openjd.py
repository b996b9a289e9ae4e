"""A job in Open Job Description: a bundle of a template and its parameters' values, as JSON.

A step takes at most `MOST` shots, which the specification (jobtemplate-2023-09) says of a parameter's values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vidcolor.farm.jobs import Job
from vidcolor.media.place import make_folder, write_text

TEMPLATE, VALUES = "template.json", "parameter_values.json"
MOST = 1024
LONGEST_NAME = 64
"""Characters of a job's name."""
NOTICE = 60
"""Seconds that a task has to end by itself: it gives its lease back, and what it made is gone on with."""
PROJECT, SHOT = "{{Param.Project}}", "{{Task.Param.Shot}}"


def write_bundle(job: Job, folder: Path) -> list[Path]:
    """The bundle's files in `folder`."""
    make_folder(folder, "--openjd")
    values = {"parameterValues": [{"name": "Project", "value": str(job.project)}]}
    paths = [folder / TEMPLATE, folder / VALUES]
    for path, content in zip(paths, (template(job), values), strict=True):
        write_text(path, json.dumps(content, indent=1) + "\n", "--openjd")
    return paths


def template(job: Job) -> dict[str, Any]:
    """The template: plan, a task for each shot, export, each when all before it is done."""
    steps: list[dict[str, Any]] = [_step("Plan", job.plan(PROJECT), [])]
    for number, start in enumerate(range(0, len(job.shots), MOST), start=1):
        step = _step(f"Shots {number}", job.render(PROJECT, SHOT), ["Plan"])
        shots = {"name": "Shot", "type": "STRING", "range": list(job.shots[start : start + MOST])}
        steps.append({**step, "parameterSpace": {"taskParameterDefinitions": [shots]}})
    steps.append(_step("Export", job.export(PROJECT), [step["name"] for step in steps]))
    about = {"name": "Project", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "INOUT"}
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": f"vidcolor {job.name}"[:LONGEST_NAME],
        "parameterDefinitions": [{**about, "description": "The project folder, where every machine sees it."}],
        "steps": steps,
    }


def _step(name: str, words: Sequence[str], after: Sequence[str]) -> dict[str, Any]:
    run = {"command": words[0], "args": list(words[1:])}
    stop = {"cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTICE}}
    step: dict[str, Any] = {"name": name, "script": {"actions": {"onRun": {**run, **stop}}}}
    return {**step, "dependencies": [{"dependsOn": one} for one in after]} if after else step
