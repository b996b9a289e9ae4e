"""project/cache.py: what comes back is what was put, or nothing; and it takes no more room than it has."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from vidcolor.project import cache
from vidcolor.project.cache import GIB, DiskCache

MARKS = {"step": "0123", "maps": "4567"}
ARRAYS = {
    "flow": np.random.default_rng(1).normal(0, 3, (2, 20, 30)).astype(np.float16),
    "none": np.empty((3, 0), np.float32),
    "there": np.random.default_rng(2).random((20, 30)) < 0.5,
    "count": np.array(7, np.int64),
}


def made(folder: Path, room: float = 1.0) -> DiskCache:
    return DiskCache(folder, MARKS, room)


def same(found, wanted=ARRAYS) -> bool:
    return (
        found is not None
        and set(found) == set(wanted)
        and all(found[n].dtype == a.dtype and found[n].shape == a.shape for n, a in wanted.items())
        and all(found[n].tobytes() == a.tobytes() for n, a in wanted.items())
    )


@pytest.mark.parametrize("kind", list(MARKS))
def test_what_was_put_comes_back_to_the_bit_in_another_command_too(kind, tmp_path):
    made(tmp_path / "cache").put(kind, "0000001", ARRAYS)
    found = made(tmp_path / "cache").take(kind, "0000001")
    assert same(found)
    found["flow"][:] = 0  # may be written to


def test_what_was_made_of_other_things_is_not_found(tmp_path):
    made(tmp_path).put("step", "1", ARRAYS)
    assert made(tmp_path).take("maps", "1") is None
    assert DiskCache(tmp_path, {"step": "89ab"}, 1.0).take("step", "1") is None


def test_damage_and_other_peoples_files_count_as_nothing(tmp_path):
    made(tmp_path).put("step", "1", ARRAYS)
    (path,) = tmp_path.rglob("*.arrays")
    whole = path.read_bytes()
    for length in (0, 10, cache.HEAD.size, cache.HEAD.size + 9, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert made(tmp_path).take("step", "1") is None
    for place in range(0, len(whole), 37):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert made(tmp_path).take("step", "1") is None
    path.with_name("2.arrays").write_bytes(whole)
    assert made(tmp_path).take("step", "2") is None, "of another frame"
    path.unlink()
    path.mkdir()
    assert made(tmp_path).take("step", "1") is None
    made(tmp_path).put("step", "1", ARRAYS)  # cannot, and says nothing
    path.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        assert made(tmp_path).take("step", "1") is None
    made(tmp_path).put("step", "1", ARRAYS)
    assert same(made(tmp_path).take("step", "1"))


@pytest.mark.parametrize(
    "table",
    [
        [["a", "float32", [1 << 27, 1 << 27], [1, 1, 1, 1], True]],
        [["a", "float32", [2], [2, 2, 2, 2], True]],
        [["a", "float32", [1], [1, 1, 2], True]],
        [["a", "float32", [1], [2, 2], False]],
        [["a", "bool", [9], [4], True]],
        [["a", "object", [1], [8], False]],
        [["a", "float32", [-1], [4], False]],
        [["a", "float32", [1.0], [4], False]],
        [["a", "float32", [1], [400], False]],
        [["a", "float32", [1], 4, False]],
        [["a", "float32"]],
        {"a": 1},
        "a",
    ],
    ids=str,
)
def test_content_with_a_right_sum_that_is_none_of_ours_counts_as_nothing(table, tmp_path):
    head, label = json.dumps(table).encode(), b"step-0123/1.arrays"
    content = [head, b"\0\0\0\0"]
    digest = cache._digest(label, content)
    data = b"".join([cache.HEAD.pack(cache.MAGIC, digest, len(head)), *content])
    assert cache.unpacked(data, label) is None


def test_bytes_of_floats_that_hardly_shrink_are_kept_as_they_are(tmp_path):
    """Trying costs a fifteenth of a whole render; what is even still takes next to nothing."""
    some = np.random.default_rng(3).integers(0, 90, (2, 4000)).astype(np.uint8)  # shrinks by a fifth
    some[1] = 60
    made(tmp_path).put("step", "1", {"flow": some.T.copy().view(np.float16)[:, 0], "slots": np.zeros(9000, np.int32)})
    (path,) = tmp_path.rglob("*.arrays")
    data = path.read_bytes()
    assert some[0].tobytes() in data
    assert len(data) < 4500
    assert made(tmp_path).take("step", "1")["flow"].tobytes() == some.T.tobytes()


def test_the_longest_unused_go_first(tmp_path):
    kept = made(tmp_path, room=1.0)
    kept.put("step", "0", ARRAYS)
    size = sum(p.stat().st_size for p in tmp_path.rglob("*.arrays"))
    small = made(tmp_path, room=3.5 * size / GIB)
    for name in ("1", "2"):
        small.put("step", name, ARRAYS)
    assert same(small.take("step", "0"))
    small.put("step", "3", ARRAYS)
    assert [n for n in "0123" if small.take("step", n) is not None] == ["0", "2", "3"]
    again = made(tmp_path, room=1.5 * size / GIB)
    again.put("step", "4", ARRAYS)
    assert {p.stem for p in tmp_path.rglob("*.arrays")} == {"4"}
    made(tmp_path, room=0.5 * size / GIB).put("step", "5", ARRAYS)
    assert not list(tmp_path.rglob("*.arrays")), "too large for the room"


def test_a_disk_that_is_full_or_gone_is_no_error(tmp_path, monkeypatch):
    kept = made(tmp_path / "cache")
    kept.put("step", "1", ARRAYS)
    shutil.rmtree(tmp_path / "cache")
    assert kept.take("step", "1") is None
    kept.put("step", "2", ARRAYS)
    assert same(kept.take("step", "2"))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: usage._replace(free=cache.LEFT_FREE))
    kept.put("step", "3", ARRAYS)
    assert kept.take("step", "3") is None
    monkeypatch.undo()

    def fails(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", fails)
    kept.put("step", "4", ARRAYS)
    assert kept.take("step", "4") is None
    assert not list(tmp_path.rglob("*.partial"))


def test_what_a_kill_left_unfinished_goes(tmp_path):
    left = tmp_path / "step-0123" / ".abc.partial"
    left.parent.mkdir()
    left.write_bytes(b"half")
    made(tmp_path).put("step", "1", ARRAYS)
    assert not left.exists()
