"""Tables that compiled loops make are kept beside them, and made anew where the file is not theirs."""

from pathlib import Path

import numpy as np
import pytest

from vidcolor import compiled
from vidcolor.compiled import kept_table


def test_a_table_is_made_once_and_anew_where_its_file_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "KEPT", tmp_path / "kept")
    wanted, made = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32), list[str]()

    def ask(of: str) -> np.ndarray:
        return kept_table("table", wanted.shape, of, lambda: made.append(of) or wanted)  # type: ignore[func-returns-value]

    for of in ("a", "a", "b"):
        found = ask(of)
        np.testing.assert_array_equal(found, wanted)
        assert found.flags.writeable, "else every loop is compiled once more for it"
    assert made == ["a", "b"]
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\0")
    np.testing.assert_array_equal(ask("a"), wanted)
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(b"")
    np.testing.assert_array_equal(ask("a"), wanted)
    assert made == ["a", "b", "a", "a"]


def test_a_table_is_made_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(compiled, "KEPT", tmp_path / "file" / "kept")
    np.testing.assert_array_equal(kept_table("table", (2,), "a", lambda: np.ones(2, np.float32)), np.ones(2))
