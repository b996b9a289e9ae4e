"""What is kept: made once by however many threads, and no more of it than there is room for."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from vidcolor.cache import Cache


def test_each_is_made_once_by_many_threads() -> None:
    kept: Cache[str] = Cache(100, len)
    made, ready = [], threading.Barrier(4)

    def ask(n: int) -> str:
        ready.wait(10)
        return kept.get("a", lambda: made.append(n) or "value")  # type: ignore[func-returns-value]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["value"] * 4
    assert len(made) == 1


def test_those_longest_unused_are_let_go() -> None:
    kept: Cache[str] = Cache(6, len)
    made: list[str] = []

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key * 2)  # type: ignore[func-returns-value]

    for key in "abcadb":
        get(key)
    assert "".join(made) == "abcdb"
    assert get("long") == "longlong"
    assert get("long") == "longlong"
    assert made[-1] == "long", "larger than the room: kept alone"
    assert made.count("long") == 1


def test_an_error_is_not_kept() -> None:
    kept: Cache[str] = Cache(100, len)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: str(1 // 0))
    assert kept.get("a", lambda: "now") == "now"


def test_what_is_let_go_makes_room_and_is_made_again() -> None:
    kept: Cache[str] = Cache(4, len)
    made: list[str] = []

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key * 2)  # type: ignore[func-returns-value]

    get("a")
    get("b")
    kept.let_go(lambda key: key == "a")
    get("c")
    assert "".join(made) == "abc"
    assert get("b") == "bb"
    assert "".join(made) == "abc", "there was room for it beside c"
    assert get("a") == "aa"
    assert "".join(made) == "abca"
