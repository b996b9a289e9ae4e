"""Every command and setting is documented, and the README tells the truth about them."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from test_architecture import FLOOR

from vidcolor.cli.manual import describe
from vidcolor.cli.parser import build_parser, main
from vidcolor.media.codecs import DELIVERIES
from vidcolor.settings import Settings, override

ROOT = Path(__file__).parents[1]
PAGES = sorted(p for p in ROOT.rglob("*.md") if not {".venv", "build", ".git"} & set(p.parts))
HOUSE = (ROOT / "vidcolor" / "README.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERBS = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))


@pytest.mark.parametrize("name", list(VERBS.choices))
def test_command_has_help_an_example_and_a_place_in_the_readme(name):
    parser = VERBS.choices[name]
    assert f"vidcolor {name}" in (parser.epilog or ""), "its help shows an example"
    assert f"vidcolor {name}" in README
    for action in parser._actions:
        assert action.help, f"{name}: {action.dest} has no help"


def test_every_delivery_is_in_the_help_of_export(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    told = capsys.readouterr().out
    assert [name for name in DELIVERIES if name not in told] == []


def test_readme_is_short_enough_to_be_read_in_ten_minutes():
    assert len(README.encode()) <= 9216


def test_what_installing_costs_is_said_before_the_lines_which_do_the_same_everywhere():
    before, linux, _, windows, after = README.split("```")[:5]
    assert re.search(r"\d GB of disk", before)
    assert re.search(r"minutes", before)
    steps = [re.findall("(?:pip|vidcolor) [^&;\n]*", line.replace("\\", "/")) for line in (linux, windows)]
    assert [[step.strip() for step in line] for line in steps] == [
        ["pip install .", "vidcolor example demo", "vidcolor run demo/film.mov --keyframes demo/refs"]
    ] * 2
    assert "demo/film_color.mov`: open that file" in after


def test_help_of_run_fits_one_screen(monkeypatch):
    """24 rows of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    assert len(VERBS.choices["run"].format_help().splitlines()) <= 24


def test_every_tool_is_told_of():
    page = (ROOT / "tools" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "tools").glob("*.py"):
        assert path.name in page or path.name.startswith("export_"), f"{path.name} is not in tools/README.md"


def test_top_help_shows_examples():
    assert "vidcolor run demo/film.mov --keyframes demo/refs" in build_parser().format_help()


@pytest.mark.parametrize("item", list(describe()), ids=lambda item: f"{item.section}.{item.name}")
def test_setting_is_documented_and_bounded(item):
    assert item.text, f"{item.section}.{item.name} has no text under it"
    assert item.text.endswith("."), f"{item.section}.{item.name}: a sentence ends in a full stop"
    if isinstance(item.default, int | float) and not isinstance(item.default, bool):
        assert " from " in item.takes, f"{item.section}.{item.name} has no range: Annotated[..., within(low, high)]"
    assert override(Settings(), {item.section: {item.name: item.default}}, "its own default") == Settings()


@pytest.mark.parametrize("folder", ["vidcolor/", "vidcolor/research/"])
def test_the_house_shows_every_room(folder):
    """The trees of vidcolor/README.md name each room of the house and nothing else, in words."""
    tree = re.search(rf"```\n({folder}\n.*?)```", HOUSE, re.DOTALL)
    assert tree, f"vidcolor/README.md shows the tree of {folder}"
    rows = dict(re.findall(r"[├└]── (\S+?)/?\s{2,}(\S.*)", tree[1]))
    real = {p.name for p in (ROOT / folder).iterdir() if p.is_dir() or p.suffix == ".py"}
    assert set(rows) == {name for name in real if not name.startswith("__")}


def test_floors_shown_are_the_floors_held():
    """The floors in vidcolor/README.md are those that tests/test_architecture.py holds."""
    shown = re.search(r"```\n(\d+ .*?)```", HOUSE, re.DOTALL)
    assert shown, "vidcolor/README.md shows the floors"
    rows = {int(row.split()[0]): set(row.split()[1:]) for row in shown[1].splitlines()}
    held: dict[int, set[str]] = {}
    for room, floor in FLOOR.items():
        held.setdefault(floor, set()).add(room)
    assert rows == held


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert "://" in target or (page.parent / target).exists(), f"{target} is not there"
