"""The store of a shot's chroma: what goes in comes out, within the step it promises."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vidcolor.errors import InputError, MediaError
from vidcolor.media.store import ChromaReader, ChromaWriter, as_stored
from vidcolor.timeline import Rate
from vidcolor.types import ColorFrame

START = 1042
SIZE = (36, 64)
RATE = Rate(24000, 1001)


def colors(count: int, size: tuple[int, int] = SIZE, seed: int = 0) -> list[ColorFrame]:
    draw = np.random.default_rng(seed)
    return [
        ColorFrame(
            START + i,
            draw.uniform(-128, 127, (2, *size)).astype(np.float32),
            draw.uniform(0, 1, size).astype(np.float32),
        )
        for i in range(count)
    ]


def store(path: Path, frames: Sequence[ColorFrame], rate: Rate = RATE) -> Path:
    with ChromaWriter(path, frames[0].confidence.shape, rate) as writer:
        for frame in frames:
            writer.write(frame)
    return path


@pytest.mark.parametrize("rate", [Rate(24), Rate(24000, 1001), Rate(25), Rate(60000, 1001), Rate(16), Rate(2997, 100)])
def test_what_goes_in_comes_out(tmp_path: Path, rate: Rate) -> None:
    given = colors(30)
    with ChromaReader(store(tmp_path / "chroma", given, rate), START) as reader:
        back = list(reader)
        assert len(reader) == 30
    for one, other in zip(given, back, strict=True):
        assert other.index == one.index
        assert np.abs(other.chroma - one.chroma).max() <= 0.1251
        assert np.abs(other.confidence - one.confidence).max() <= 0.5 / 63 + 1e-6
        assert other.chroma.dtype == other.confidence.dtype == np.float32


def test_what_will_be_read_is_known_when_it_is_written(tmp_path: Path) -> None:
    given = colors(3)
    given[1].chroma[:, 0] = 200  # beyond the scale
    with ChromaReader(store(tmp_path / "chroma", given), START) as reader:
        for one, other in zip(map(as_stored, given), reader, strict=True):
            assert one.index == other.index
            assert one.chroma.tobytes() == other.chroma.tobytes()
            assert one.confidence.tobytes() == other.confidence.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (33, 47), (360, 640)], ids=str)
def test_a_second_storing_changes_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    with ChromaReader(store(tmp_path / "first", colors(3, size)), START) as reader:
        once = list(reader)
    store(tmp_path / "second", once)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_gray_and_the_ends_of_the_scale_are_exact(tmp_path: Path) -> None:
    chroma = np.zeros((2, *SIZE), np.float32)
    chroma[0, 0], chroma[1, 0] = -128, 127
    confidence = np.zeros(SIZE, np.float32)
    confidence[1] = 1
    with ChromaReader(store(tmp_path / "chroma", [ColorFrame(START, chroma, confidence)]), START) as reader:
        (back,) = reader
    assert np.array_equal(back.chroma, chroma)
    assert np.array_equal(back.confidence, confidence)


def test_the_same_colours_give_the_same_bytes(tmp_path: Path) -> None:
    sums = {
        hashlib.sha256(store(tmp_path / name, colors(8)).read_bytes()).hexdigest() for name in ("one", "two", "three")
    }
    assert len(sums) == 1


def test_any_frame_at_any_time(tmp_path: Path) -> None:
    given = colors(40)
    with ChromaReader(store(tmp_path / "chroma", given), START) as reader:
        for place in (39, 0, 17, 16, 18, 39):
            back = reader.read(START + place)
            assert back.index == START + place
            assert np.abs(back.chroma - given[place].chroma).max() <= 0.1251
        assert len(list(reader)) == 40
        for outside in (START - 1, START + 40, -1):
            with pytest.raises(InputError, match="1042 to 1081"):
                reader.read(outside)


def test_values_beyond_the_scale_stop_at_its_end(tmp_path: Path) -> None:
    chroma = np.full((2, *SIZE), 300, np.float32)
    chroma[1] = -300
    frame = ColorFrame(START, chroma, np.full(SIZE, 1.5, np.float32))
    with ChromaReader(store(tmp_path / "chroma", [frame]), START) as reader:
        back = reader.read(START)
    assert (back.chroma[0].max(), back.chroma[1].min(), back.confidence.max()) == (127.75, -128, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_refused(tmp_path: Path, bad: float) -> None:
    frame = colors(1)[0]
    chroma = frame.chroma.copy()
    chroma[1, 3, 4] = bad
    with pytest.raises(InputError, match="1042"):
        store(tmp_path / "chroma", [ColorFrame(START, chroma, frame.confidence)])
    assert list(tmp_path.iterdir()) == []


def test_another_size_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not fit"):
        store(tmp_path / "chroma", [*colors(2), *colors(1, (36, 60))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.9])
def test_a_store_that_was_cut_short_is_noticed(tmp_path: Path, part: float) -> None:
    path = store(tmp_path / "chroma", colors(12))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(MediaError, match=r"chroma: damaged .*render again"):
        with ChromaReader(path, START) as reader:
            list(reader)


def test_a_store_may_grow_beyond_what_plain_avi_holds(tmp_path: Path) -> None:
    """Its head keeps room for OpenDML: a count of all frames, and an index of indexes, one for each GiB, of 256.

    Plain AVI ends at 2 GiB. 6,000 frames of noise, 960x540, 15.7 GiB, were written and read by hand, to the last.
    """
    head = store(tmp_path / "chroma", colors(12)).read_bytes().partition(b"movi")[0]
    assert b"odmldmlh" in head
    at = head.index(b"JUNK")
    size, words, kind, used = struct.unpack("<IHHI", head[at + 4 : at + 16])
    assert (words, kind, used) == (4, 0, 0)
    assert (size - 24) // 16 >= 256


def test_a_missing_store_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="render again"):
        with ChromaReader(tmp_path / "none", START):
            pass
