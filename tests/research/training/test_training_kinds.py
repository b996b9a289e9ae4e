"""A recipe's kind: which module trains by it, and that every recipe of the house has one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from vidcolor.errors import InputError, SettingsError
from vidcolor.research.training.features_run import run
from vidcolor.research.training.kinds import KINDS, kind_of, runner_of

ROOT = Path(__file__).parents[3]
RECIPES = sorted((ROOT / "configs/train").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.name)
def test_every_recipe_names_its_kind_and_opens_with_its_command(path):
    assert f'kind = "{kind_of(path)}"' in path.read_text(encoding="utf-8").splitlines()
    assert importlib.util.find_spec(KINDS[kind_of(path)])
    head = path.read_text(encoding="utf-8").splitlines()
    assert head[0].startswith("# ")
    assert f"tools/train.py configs/train/{path.name}" in head[1]


def test_a_recipe_without_a_kind_is_the_features(tmp_path):
    old = tmp_path / "old.toml"
    old.write_text("seed = 1\n")
    assert runner_of(old) is run


def test_recipes_that_cannot_be_used_say_why(tmp_path):
    bad = tmp_path / "bad.toml"
    for text, says in (
        (b'kind = "cinema"', "no kind of training 'cinema'"),
        (b"seed = ", "not a recipe"),
        (b"\xff", "not"),
    ):
        bad.write_bytes(text)
        with pytest.raises(SettingsError, match=rf"bad\.toml: {says}"):
            kind_of(bad)
    with pytest.raises(InputError, match=r"none\.toml: cannot be read"):
        kind_of(tmp_path / "none.toml")


def test_the_command_says_in_one_line_what_is_wrong(tmp_path):
    (tmp_path / "odd.toml").write_text('kind = "cinema"\n')
    command = [sys.executable, ROOT / "tools/train.py", tmp_path / "odd.toml", "--data", tmp_path, "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no kind of training 'cinema'" in done.stderr
