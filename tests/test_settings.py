"""Settings: precedence, helpful refusals, TOML."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcolor.errors import SettingsError
from vidcolor.settings import Settings, load_settings, override, parse_assignment, preset_tables, read_toml


def test_later_sources_win():
    sources = [("preset", {"propagate": {"chroma_side": 320}}), ("--set", {"propagate": {"chroma_side": 500}})]
    assert load_settings(sources).propagate.chroma_side == 500
    assert load_settings([]) == Settings()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"propogate": {}}, "no section 'propogate'; did you mean 'propagate'?"),
        ({"propagate": {"chroma_sid": 1}}, "propagate: no setting 'chroma_sid'; did you mean 'chroma_side'?"),
        ({"propagate": {"chroma_side": "big"}}, "must be a whole number"),
        ({"propagate": {"chroma_side": True}}, "must be a whole number"),
        ({"propagate": {"chroma_side": 10**9}}, "chroma_side = 1000000000: must be a whole number from 32 to 4,096"),
        ({"propagate": {"flow": "fast"}}, "flow = 'fast': must be one of dis, raft"),
        ({"propagate": 3}, "is a section"),
        ({"propagate": {"chroma_side": [1, {"a": 2}]}}, "must be a whole number"),
        ({"reel": {"start_timecode": 1}}, "start_timecode = 1: must be text"),
        ({"export": {"doubtful": float("nan")}}, "doubtful = nan: must be a number from 1 to 30"),
        ({"export": {"doubtful": float("inf")}}, "doubtful = inf: must be a number from 1 to 30"),
    ],
)
def test_refusals_name_the_place_and_the_remedy(tables, message):
    with pytest.raises(SettingsError, match="my.toml") as caught:
        override(Settings(), tables, "my.toml")
    assert message in str(caught.value)


def test_whole_numbers_serve_as_numbers():
    assert override(Settings(), {"export": {"doubtful": 1}}, "x").export.doubtful == 1.0


@pytest.mark.parametrize("text", ["", "=", "a=1", "a.b.c=1", "propagate.=1", ".x=1", "propagate.chroma_side"])
def test_assignments_of_another_form_are_refused(text):
    with pytest.raises(SettingsError, match="section.name=value"):
        parse_assignment(text)


def test_assignments():
    assert parse_assignment("propagate.flow=raft") == {"propagate": {"flow": "raft"}}
    assert parse_assignment("propagate.chroma_side = 480") == {"propagate": {"chroma_side": 480}}


@pytest.mark.parametrize("name", ["draft", "standard", "archive"])
def test_presets_load(name):
    load_settings([(name, preset_tables(name))])


def test_unknown_preset_lists_the_known():
    with pytest.raises(SettingsError, match="no preset 'standart'; did you mean 'standard'"):
        preset_tables("standart")


def test_damaged_toml_is_refused_by_name(tmp_path):
    path = tmp_path / "x.toml"
    for content in (b"a = ", b"[" * 5000):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match=r"x\.toml: not valid TOML"):
            read_toml(path)
    for content, line in ((b"\xff\xfe", 1), (b"a = 3\nb = 'caf\xe9'\n", 2)):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match=rf"x\.toml: line {line} is no UTF-8 text; save the file as UTF-8"):
            read_toml(path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["propagate", "reel", "shots", "chroma_side", "flow", "levels", "doubtful", "export"]
) | st.text(max_size=6)


@given(st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, VALUES, max_size=3), max_size=3))
def test_any_table_is_taken_or_refused_in_words(tables):
    refused = ""
    try:
        override(Settings(), tables, "fuzz")
    except SettingsError as error:
        refused = str(error)
    assert not refused or refused.startswith("fuzz")


@given(st.text(max_size=40))
def test_any_assignment_is_taken_or_refused_in_words(text):
    with contextlib.suppress(SettingsError):
        load_settings([("--set", parse_assignment(text))])
