"""Every command and setting is documented, and the README tells the truth about them."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from vidcolor.cli.parser import build_parser
from vidcolor.settings import RANGES, Settings, describe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERBS = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))


@pytest.mark.parametrize("name", list(VERBS.choices))
def test_command_has_help_an_example_and_a_place_in_the_readme(name):
    parser = VERBS.choices[name]
    assert f"vidcolor {name}" in (parser.epilog or ""), "its help shows an example"
    assert f"vidcolor {name}" in README
    for action in parser._actions:
        assert action.help, f"{name}: {action.dest} has no help"


def test_top_help_shows_examples():
    assert "vidcolor run demo/film.mov --keyframes demo/refs" in build_parser().format_help()


@pytest.mark.parametrize(("section", "name", "default", "text"), list(describe()))
def test_setting_is_documented_and_bounded(section, name, default, text):
    assert text, f"{section}.{name} has no text under it"
    assert text.endswith("."), f"{section}.{name}: a sentence ends in a full stop"
    if isinstance(default, int | float) and not isinstance(default, bool):
        low, high = RANGES[type(getattr(Settings(), section)).__name__][name]
        assert low <= default <= high


def test_every_range_belongs_to_a_setting():
    known = {(type(getattr(Settings(), section)).__name__, name) for section, name, _, _ in describe()}
    assert {(section, name) for section, names in RANGES.items() for name in names} <= known


def test_readme_tree_is_true():
    """Each file the README's tree names exists, and each module of the house stands in it."""
    tree = re.search(r"```\n(pyproject\.toml.*?)```", README, re.DOTALL)
    assert tree, "the README shows the file tree"
    named = set(re.findall(r"[\w\-]+\.(?:py|toml|md)\b", tree[1]))
    real = {p.name for p in ROOT.rglob("*") if p.suffix in (".py", ".toml", ".md") and ".venv" not in p.parts}
    assert named <= real, f"named but not there: {sorted(named - real)}"
    modules = {p.name for p in (ROOT / "vidcolor").rglob("*.py")} - {"__init__.py", "__main__.py"}
    assert modules <= named, f"missing from the tree: {sorted(modules - named)}"
