"""Keyframes of a measurement: by name, by number, and which is nearest."""

from __future__ import annotations

from pathlib import Path

import film
import pytest
from made_pairs import write_folder

from vidcolor.errors import InputError, MediaError
from vidcolor.research.measure.nearest import Sources, find_sources
from vidcolor.research.measure.pairing import open_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory, one_shot):
    path = film.write_film(tmp_path_factory.mktemp("keys") / "film.mov", one_shot, timecode="01:00:00:00")
    return open_pair(path, path)


def named(folder: Path, one_shot, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        film.write_picture(folder / name, one_shot.colors[0])
    return folder


def test_the_earlier_of_two_equally_near():
    sources = Sources((4, 8, 20), given=True)
    assert [sources.nearest(frame) for frame in (0, 4, 6, 7, 14, 15, 99)] == [4, 4, 4, 8, 8, 20, 20]
    assert [sources.distance(frame) for frame in (0, 4, 6, 99)] == [4, 0, 2, 79]
    assert [sources.is_keyframe(frame) for frame in (4, 5, 20)] == [True, False, True]


def test_without_keyframes_the_first_frame_lends_its_colours_and_counts(pair):
    sources, notes = find_sources(pair, None)
    assert sources.frames == (0,)
    assert not sources.is_keyframe(0)
    assert notes == []


def test_timecode_is_that_of_the_film_that_has_one(tmp_path, one_shot):
    plain = film.write_film(tmp_path / "truth.mkv", one_shot)
    delivered = film.write_film(tmp_path / "result.mov", one_shot, timecode="01:00:00:00")
    sources, _ = find_sources(open_pair(delivered, plain), named(tmp_path / "refs", one_shot, "01-00-00-07.png"))
    assert sources.frames == (7,)


def test_names_say_the_frames_as_run_reads_them(pair, tmp_path, one_shot):
    folder = named(tmp_path / "refs", one_shot, "ref_0003.png", "01-00-00-07.png", "coat.png", "r1-000000/000005.png")
    sources, _ = find_sources(pair, folder)
    assert sources.frames == (3, 5, 7)
    assert sources.given


def test_numbers_of_a_folder_of_pictures(tmp_path, one_shot):
    folder = write_folder(tmp_path / "pictures", one_shot.colors[:4], (100, 101, 102, 103))
    sources, _ = find_sources(open_pair(folder, folder), named(tmp_path / "refs", one_shot, "0101.png"))
    assert sources.frames == (101,)


def test_keyframes_that_are_not_measured_are_said(tmp_path, one_shot):
    folder = write_folder(tmp_path / "pictures", one_shot.colors[:4], (0, 1, 2, 9))
    sources, (note,) = find_sources(open_pair(folder, folder), (1, 5))
    assert sources.frames == (1,)
    assert "not among the frames measured: 5" in note


def test_refusals(pair, tmp_path, one_shot):
    with pytest.raises(MediaError, match="no such folder of keyframes"):
        find_sources(pair, tmp_path / "nowhere")
    with pytest.raises(InputError, match="no picture here is named by its frame"):
        find_sources(pair, named(tmp_path / "free", one_shot, "coat.png"))
    with pytest.raises(InputError, match="past the film's end"):
        find_sources(pair, named(tmp_path / "late", one_shot, "000099.png"))
    with pytest.raises(InputError, match="every frame measured is a keyframe"):
        find_sources(pair, range(12))
    with pytest.raises(InputError, match="keyframe 40 is not among the frames measured"):
        find_sources(pair, (40, 41))
