"""The very same correction given again: nothing is written, a line says so; after another word it counts again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from made_shots import plan_two_shots
from tiny import write_picture

from vidcolor.cli.parser import main

SIZE = (48, 64)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plan_two_shots(tmp_path_factory.mktemp("repeated") / "made", picture=True)


@pytest.fixture
def project(planned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planned, tmp_path / "work")) / "film.vidcolor"


def correct(project: Path, *words: str) -> list[str]:
    """Gives a correction; the names of all there are then."""
    assert main(["correct", str(project), *words]) == 0
    return sorted(path.name for path in (project / "corrections").iterdir() if not path.name.startswith("."))


RED = ("hint", "3", "--at", "30,20", "--color", "c03020")
AGAIN = {
    "a hint": (RED, ("hint", "3", "--at", "30,20", "--color", "C03020", "--by", "another")),
    "a trim of a shot, from another frame": (
        ("saturation", "0", "--amount", "1.2"),
        ("saturation", "2", "--amount", "1.2"),
    ),
    "a cut": (("cut", "2"),) * 2,
    "a shot that stays gray": (("exclude", "3"),) * 2,
    "words": (("note", "3", "--note", "look"),) * 2,
    "what had words, without": ((*RED, "--note", "his coat"), RED),
}


@pytest.mark.parametrize("name", AGAIN)
def test_the_very_same_again_changes_nothing(name, project, capsys):
    first, again = AGAIN[name]
    there = correct(project, *first)
    capsys.readouterr()
    assert correct(project, *again) == there
    said = capsys.readouterr().out
    assert said == (
        f"nothing written: corrections/{there[0]} says the same already, and counts once; delete it to undo it\n"
    )


def test_a_picture_is_known_by_what_it_shows(project, tmp_path):
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / name, SIZE)
    there = correct(project, "paint", "3", "--file", str(tmp_path / "a.png"))
    assert correct(project, "paint", "3", "--file", str(tmp_path / "b.png")) == there


def test_lines_that_are_run_again_change_nothing(project):
    lines = (RED, ("hint", "3", "--at", "10,20", "--color", "2030c0"), ("saturation", "3", "--amount", "1.1"))
    for words in lines:
        there = correct(project, *words)
    for words in lines:
        assert correct(project, *words) == there


OTHER = {
    "other words": (("note", "3", "--note", "look"), ("note", "3", "--note", "look there")),
    "another frame": (RED, ("hint", "4", *RED[2:])),
    "another colour elsewhere": (RED, ("hint", "3", "--at", "10,20", "--color", "c03020")),
    "another amount": (("saturation", "3", "--amount", "1.2"), ("saturation", "3", "--amount", "1.3")),
}


@pytest.mark.parametrize("name", OTHER)
def test_what_differs_is_written(name, project):
    first, second = OTHER[name]
    correct(project, *first)
    assert len(correct(project, *second)) == 2


def test_what_was_said_otherwise_since_may_be_said_again(project):
    for count, amount in enumerate(("1.2", "1.3", "1.2"), 1):
        assert len(correct(project, "saturation", "3", "--amount", amount)) == count
