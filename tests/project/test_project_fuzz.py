"""Whatever a project's files hold, `status` and `why` answer in words: exit 0 or 2, never a traceback."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main

FILES = ("project.toml", "plan/reels.json", "plan/shots.json", "plan/keyframes.json", "plan/references.json")
MADE = ("shots/r1-000000/v001/made.json", "shots/r1-000000/v001/report.json")
CALM = settings(max_examples=60, derandomize=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    write_gray_film(folder / "film.mkv", 6, cuts=(3,))
    (folder / "refs").mkdir()
    write_picture(folder / "refs" / "000001.png")
    assert main(["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]) == 0
    return folder / "film.vidcolor"


def answers_in_words(project: Path, *argv: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([argv[0], str(project), *argv[1:]])
    assert code in (0, 2)
    assert (code == 2) == (len(err.getvalue().strip().splitlines()) == 1), err.getvalue()


@contextlib.contextmanager
def damaged(project: Path, name: str, content: bytes):
    path = project / name
    kept = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(kept)


@CALM
@given(name=st.sampled_from(FILES + MADE), data=st.data())
def test_bytes_changed_removed_and_added(project, name, data):
    content = bytearray((project / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        removed = data.draw(st.integers(0, 6))
        content[place : place + removed] = data.draw(st.binary(max_size=6))
    with damaged(project, name, bytes(content)):
        answers_in_words(project, "status")


@CALM
@given(name=st.sampled_from(FILES[1:] + MADE), data=st.data())
def test_values_of_other_kinds(project, name, data):
    """Any value of the file replaced by any other, the JSON itself sound."""
    tree = json.loads((project / name).read_text())
    places = [(tree, key) for key in tree]
    for holder, key in places:
        if isinstance(holder[key], dict):
            places += [(holder[key], k) for k in holder[key]]
        elif isinstance(holder[key], list):
            places += [(holder[key], k) for k in range(len(holder[key]))]
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(JSON)
    with damaged(project, name, json.dumps(tree).encode("utf-8", "surrogatepass")):
        answers_in_words(project, "status")
        answers_in_words(project, "why", "r1-000000")


@CALM
@given(text=st.text(max_size=60))
def test_any_shot_name(project, text):
    if not text.startswith("-"):
        answers_in_words(project, "why", text)
