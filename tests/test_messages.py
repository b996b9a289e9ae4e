"""What users' mistakes are told: the thing at fault, by its right name, and the remedy."""

from __future__ import annotations

import ast
import io
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import build_parser, main
from vidcolor.cli.terminal import Terminal
from vidcolor.project import Project
from vidcolor.state.doubt import Suggestion
from vidcolor.state.made_of import describe
from vidcolor.state.status import would_help
from vidcolor.timeline import FrameRange
from vidcolor.types import Shot

GOOD = "shot,start,stop,entry\na,0,8,cut\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A film of 8 frames, a picture of frame 0, and a project that was never planned."""
    colors = write_gray_film(tmp_path / "film.mkv", 8)
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000000.png", colors=colors[0])
    line = ["--reel", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs")]
    assert main(["new", str(tmp_path / "film.vidcolor"), *line]) == 0
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *line: str | Path) -> str:
    capsys.readouterr()
    try:
        code: object = main([str(word) for word in line])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    return capsys.readouterr().err


def test_never_planned_and_changed_since_are_told_apart(place, capsys):
    project = place / "film.vidcolor"
    told = refused(capsys, "status", project, "--json")
    assert "never planned" in told
    assert "film has changed" not in told
    assert main(["plan", str(project)]) == 0
    told = refused(capsys, "status", project, "--json", "--set", "reel.levels=full")
    assert "settings of how the film is read (reel) have changed since" in told
    write_gray_film(place / "film.mkv", 9)
    told = refused(capsys, "status", project, "--json")
    assert "the film has changed since" in told
    assert "never planned" not in told


@pytest.mark.parametrize("name", ["film.vidcolor", "nowhere.vidcolor"])
def test_a_program_is_told_in_json_that_there_is_no_state(name, place, capsys):
    capsys.readouterr()
    assert main(["status", str(place / name), "--json"]) == 2
    out, err = capsys.readouterr()
    table = json.loads(out)
    assert list(table) == ["error"]
    assert " ".join(err.split()) == f"vidcolor: {table['error']}"


def test_export_of_a_shot_that_was_never_rendered_does_not_call_it_stale(place, capsys):
    assert main(["plan", str(place / "film.vidcolor")]) == 0
    told = refused(capsys, "export", place / "film.vidcolor")
    assert "r1-000000 was never rendered" in told
    assert "stale" not in told


def test_a_mask_past_the_end_is_told_to_name_its_frame(place, capsys):
    for name in ("coat.png", "coat.region-0500.png"):
        write_picture(place / "refs" / name)
    told = refused(capsys, "plan", place / "film.vidcolor")
    assert "coat.region-0500.png: frame 500 is past the film's end" in told
    assert "rename it by the frame it is a mask of" in told
    assert "free reference" not in told


def test_a_picture_past_the_end_may_be_made_free(place, capsys):
    write_picture(place / "refs" / "000500.png")
    assert "rename it, without a number for a free reference" in refused(capsys, "plan", place / "film.vidcolor")


def test_project_toml_may_open_with_the_mark_of_windows_editors(place):
    page = place / "film.vidcolor" / "project.toml"
    text = page.read_text().partition("version = 1\n")[2]
    page.write_text(text, encoding="utf-8-sig")
    (place / "list.csv").write_text(GOOD)
    assert main(["plan", str(page.parent), "--shots", str(place / "list.csv")]) == 0
    assert page.read_text(encoding="utf-8-sig") == text.replace('shots = ""', 'shots = "../list.csv"')


def test_an_unknown_preset_names_the_file_that_asks_for_it(place, capsys):
    page = place / "film.vidcolor" / "project.toml"
    page.write_text(page.read_text().replace('preset = "standard"', 'preset = "x"'))
    assert f"{page}: no preset 'x'" in refused(capsys, "plan", page.parent)
    assert "--preset: no preset 'y'" in refused(capsys, "run", place / "film.mkv", "--preset", "y")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[propagate]\nchroma_side = 480\n", "no entry 'propagate'; a section of settings is written [settings.prop"),
        ("[shots]\ncut = 1\n", "a section of settings is written [settings.shots]"),
        ("keyframs = 'x'\n", "no entry 'keyframs'; did you mean 'keyframes'?"),
    ],
)
def test_a_section_of_settings_outside_settings_is_told_where_it_belongs(place, capsys, written, told):
    page = place / "film.vidcolor" / "project.toml"
    text = page.read_text()
    page.write_text(text + written if written.startswith("[") else written + text)
    assert told in refused(capsys, "status", page.parent)


def test_the_file_of_a_project_has_all_that_it_remembers(place):
    """The device that was named too: what is written there is read again."""
    project = Project.open(place / "film.vidcolor")
    project.remember(device="cpu", preset="draft")
    assert Project.open(project.root).config.device == "cpu"


def test_a_word_too_many_for_run_is_taken_for_the_references(place, capsys):
    assert "did you mean --keyframes r?" in refused(capsys, "run", place / "film.mkv", "r")


def test_a_second_reel_that_is_not_there_is_no_folder_of_references(place, capsys):
    told = refused(capsys, "run", place / "film.mkv", place / "none.mkv", "--project", place / "reels")
    assert told.strip().endswith("none.mkv: cannot be read (No such file or directory); is the path right?")
    assert not (place / "reels").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["film.mkv"], "film.mkv: a command comes first; did you mean `vidcolor run film.mkv`?"),
        (["my film.mkv"], 'did you mean `vidcolor run "my film.mkv"`?'),
        (["rnu", "film.mkv"], "rnu: no such command; did you mean run?"),
        (["colour", "film.mkv"], "colour: no such command; they are run, example, new,"),
        (["run", "my", "film.mkv"], 'is "my film.mkv" one name? Then put quotes around it'),
        (["run", "film.mkv", "--keyframes", "my", "refs"], 'is "my refs" one name?'),
        (["status", "film.vidcolor", "--jsno"], "did you mean --json?"),
        (["run", "film.mkv", "--keyframse", "refs"], "did you mean --keyframes?"),
        (["run", "film.mkv", "--keyframes", "refs/000003.png"], "is a file; give the folder that the pictures are in"),
        (["run", "film.mkv", "--keyframes=~/none"], "home/none: no such folder of references"),
        (["status", "film.mkv"], "film.mkv: is no project; its project is film.vidcolor: name that"),
    ],
)
def test_what_was_probably_meant_is_said(place, words, told, capsys, monkeypatch):
    (place / "refs").mkdir(exist_ok=True)
    (place / "my refs").mkdir()
    (place / "refs" / "000003.png").touch()
    (place / "my film.mkv").touch()
    monkeypatch.setenv("HOME", str(place / "home"))
    monkeypatch.chdir(place)
    with suppress(SystemExit):
        main(words)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--shots", "--keyframes", "-o"])
def test_an_empty_name_is_no_folder(place, option, capsys):
    told = refused(capsys, "run", place / "film.mkv", option, "")
    assert f"{option}: an empty name" in told


def test_the_help_tells_each_thing_in_whole_lines():
    """A line ends early only where a sentence does."""
    lines = build_parser().format_help().splitlines()
    told = lines[next(n for n, line in enumerate(lines) if line.startswith("A picture named by")) :]
    assert len(told) > 2
    assert all(len(line) > 90 or line.endswith(".") for line in told)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("frames", "8-16", "8-12"), "the shot's frames  8-16 -> 8-12"),
        (("stage.colorize", 5, 6), "vidcolor's own stage colorize  5 -> 6"),
        (("reel", "a" * 64, "b" * 64), "the film  changed"),
        (("references/000134.png", None, "b" * 64), "references/000134.png  added"),
    ],
)
def test_what_a_shot_is_made_of_is_told_in_words(change, line):
    assert describe(*change) == line


REMEDY = re.compile(r"[;?] |\. [A-Z]|: write |must be ")
"""How a message goes on to what is to be done."""
REFUSALS = ("MediaError", "ProjectError", "SettingsError", "CorrectionError", "DeviceError")
SAID_ELSEWHERE = {"remedy", "remedies", "mends", "hint", "suggestion", "_reason"}
"""Names whose text holds the remedy."""


def refusals():
    """(place, message) of each error that a person meets in the film's own rooms: what is raised, by name."""
    house = Path(__file__).parents[1] / "vidcolor"
    for path in sorted(house.rglob("*.py")):
        if "research" in path.relative_to(house).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            error = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(error, ast.Call) and error.args and ast.unparse(error.func) in REFUSALS:
                yield f"{path.relative_to(house)}:{node.lineno}", error.args[0]


def test_the_current_folder_goes_by_its_own_name_and_a_whole_disk_is_refused(tmp_path, capsys, monkeypatch):
    (tmp_path / "scans" / "more").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "scans")
    assert f"{tmp_path / 'scans'}: no vidcolor project here" in refused(capsys, "status", ".")
    assert f"{tmp_path / 'scans'}: no pictures in this folder" in refused(capsys, "run", ".")
    monkeypatch.chdir(tmp_path / "scans" / "more")
    assert f"{tmp_path / 'scans'}: no pictures in this folder" in refused(capsys, "run", "..")
    for words in (("run", "/"), ("status", "/"), ("run", "x.mov", "-o", "/")):
        assert "/ is a whole disk; give a file or folder in it" in refused(capsys, *words)


def test_every_refusal_says_what_to_do():
    without = []
    for place, message in refusals():
        text = "".join(n.value for n in ast.walk(message) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        names = {n.id for n in ast.walk(message) if isinstance(n, ast.Name)}
        only_another = isinstance(message, ast.Call) or ("error" in names and text.endswith(": "))
        if not (REMEDY.search(text) or names & SAID_ELSEWHERE or only_another):
            without.append(f"{place}: {text}")
    assert not without


def test_a_film_that_was_moved_has_its_line_named(place, capsys):
    (place / "away").mkdir()
    (place / "film.mkv").rename(place / "away" / "film.mkv")
    page = str(place / "film.vidcolor" / "project.toml")
    for line in (["status"], ["plan"], ["export"]):
        told = refused(capsys, *line, place / "film.vidcolor")
        assert "no such film" in told
        assert page in told
    told = refused(capsys, "run", place / "away" / "film.mkv", "--project", place / "film.vidcolor")
    assert f'reel = "../away/film.mkv" into {page}' in told


def test_words_of_others_do_not_steer_the_terminal(place, capsys):
    name = "coat\x1b]0;title\x07.png"
    told = refused(capsys, "run", place / name, "--project", place / "film.vidcolor")
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "coat\\x1b]0;title\\x07.png" in told
    Terminal().table(("who", "note"), [("a", "one\ntwo\x1b[31m"), ("b", "three")])
    assert capsys.readouterr().out.splitlines() == ["who  note", "a    one two\\x1b[31m", "b    three"]


def test_colons_in_names_make_no_little_pictures(place, capsys):
    told = refused(capsys, "run", place / "take:x:2.mkv", "--project", place / "film.vidcolor")
    assert "take:x:2.mkv" in told
    Terminal().say("written take:x:2.mkv")
    assert capsys.readouterr().out == "written take:x:2.mkv\n"


def test_a_table_that_fits_the_terminal_is_not_folded(monkeypatch):
    """Folding 3,500 lines takes longer than all the rest of `status`."""
    wide, narrow = Terminal(), Terminal()
    for terminal, width in ((wide, 40), (narrow, 12)):
        terminal.out = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False, soft_wrap=True)
    folded: list[str] = []
    monkeypatch.setattr("vidcolor.cli.terminal._rich_table", lambda heads, rows: folded.append("once") or "folded")
    for terminal in (wide, narrow):
        terminal.table(("shot", ">frames"), [("r1-000000", "2"), ("r1-000002", "12")])
    assert folded == ["once"]
    assert narrow.out.file.getvalue() == "folded\n"
    head, *lines = wide.out.file.getvalue().splitlines()
    assert "shot       frames" in head
    assert lines == ["r1-000000       2", "r1-000002      12"]


def test_no_place_is_told_where_it_is_the_whole_picture():
    def shown(box: tuple[int, int, int, int]) -> str:
        shot = Shot("r1-000000", FrameRange(0, 9))
        found = (Suggestion(4, 9.0, box, ()),)
        state = SimpleNamespace(state="fresh", suggestions=found, planned=SimpleNamespace(shot=shot, excluded=False))
        return would_help([state], (180, 320))  # type: ignore[list-item]

    assert shown((0, 0, 320, 180)) == "a picture for frame 4"
    assert shown((8, 0, 320, 180)) == "a picture for frame 4 (mostly for x 8 to 320, y 0 to 180)"


@pytest.mark.parametrize(
    ("out", "told"), [("no/such/a.mov", "a.mov: there is no such folder"), ("a.mkv", "name it a.mov")]
)
def test_a_place_that_is_none_is_told_before_the_work(out, told, place, capsys):
    project = place / "film.vidcolor"
    assert told in refused(capsys, "run", place / "film.mkv", "--preset", "draft", "-o", place / out)
    assert not (project / "plan" / "shots.json").exists()
    assert not (project / "shots").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_lies_among_corrections_and_is_no_file_does_not_ask_for_all_of_them_to_go(place, capsys):
    project = place / "film.vidcolor"
    assert main(["plan", str(project)]) == 0
    (project / "corrections").mkdir(exist_ok=True)
    os.mkfifo(project / "corrections" / "0001-cut.toml")
    told = refused(capsys, "corrections", project)
    assert "0001-cut.toml: is no plain file; move it away" in told
    assert "delete the folder" not in told


@pytest.mark.parametrize("value", ["nan", "inf", "much"])
def test_a_number_that_is_none_is_told_by_its_option(value, place, capsys):
    told = refused(capsys, "correct", place / "film.vidcolor", "hue", "5", "--degrees", value)
    assert f"argument --degrees: '{value}': write a number" in told
