"""Which frames of two films are compared."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import film
import pytest
from made_pairs import write_folder

from vidcolor.errors import InputError, MediaError
from vidcolor.research.measure.pairing import Pair, open_pair, pairing_notes, ranges


@pytest.fixture(scope="module")
def place(tmp_path_factory, one_shot):
    folder = tmp_path_factory.mktemp("pairs")
    film.write_film(folder / "film.mkv", one_shot, gray=False)
    film.write_film(folder / "short.mkv", film.make_film(shots=(7,)), gray=False)
    film.write_film(folder / "turned.mkv", film.make_film(size=(64, 48), shots=(12,)), gray=False)
    write_folder(folder / "all", one_shot.colors)
    write_folder(folder / "from3", one_shot.colors[3:9], range(3, 9))
    write_folder(folder / "far", one_shot.colors[:2], (70, 71))
    film.write_picture(folder / "shot_0005.png", one_shot.colors[5])
    film.write_picture(folder / "coat.png", one_shot.colors[5])
    return folder


def test_a_film_and_a_folder_pair_by_number(place):
    pair = open_pair(place / "film.mkv", place / "all")
    assert list(pair.frames) == list(range(12))
    assert pairing_notes(pair) == []
    frames = [(frame, result.rgb.shape, truth.rgb.shape) for frame, result, truth in pair.read()]
    assert frames == [(k, (3, 48, 64), (3, 48, 64)) for k in range(12)]


def test_only_common_frames_are_measured_and_the_rest_is_said(place):
    pair = open_pair(place / "all", place / "from3")
    assert list(pair.frames) == [3, 4, 5, 6, 7, 8]
    assert [(side.frames, side.left_out) for side in pair.sides()] == [(12, (0, 1, 2, 9, 10, 11)), (6, ())]
    (note,) = pairing_notes(pair)
    assert "all: 6 of its 12 frames left out (0-2, 9-11)" in note


def test_pictures_of_the_same_frame_are_paired(place, one_shot):
    pair = open_pair(place / "from3", place / "film.mkv")
    frame, result, truth = next(iter(pair.read()))
    assert frame == 3
    assert abs(result.rgb - truth.rgb).max() < 0.02, "10-bit coding apart, one picture"
    assert abs(result.rgb - one_shot.colors[3].transpose(2, 0, 1)).max() < 0.001


def test_a_shifted_folder_is_noticed(place, tmp_path, one_shot):
    write_folder(tmp_path / "from1", one_shot.colors, range(1, 13))
    notes = pairing_notes(open_pair(place / "all", tmp_path / "from1"))
    assert "renumber one" in notes[-1]


def test_one_picture_is_the_frame_that_its_name_says(place):
    assert list(open_pair(place / "shot_0005.png", place / "film.mkv").frames) == [5]
    pair = open_pair(place / "from3", place / "shot_0005.png")
    assert list(pair.frames) == [5]
    assert pair.truth.picture(5).rgb.shape == (3, 48, 64)
    assert pairing_notes(pair) == [], "nobody expects one picture to have more frames"


def test_two_pictures_are_a_pair_whatever_their_names(place):
    assert len(open_pair(place / "shot_0005.png", place / "coat.png").frames) == 1


def test_films_of_different_length_are_refused(place):
    with pytest.raises(MediaError, match=r"film\.mkv: 12 frames, but .*short\.mkv has 7") as error:
        open_pair(place / "film.mkv", place / "short.mkv")
    assert "cut both" in str(error.value)


def test_sizes_are_checked(place):
    with pytest.raises(
        MediaError, match=r"turned\.mkv: 48x64 pixels, but .*film\.mkv has 64x48 \(one of them is turned"
    ):
        open_pair(place / "turned.mkv", place / "film.mkv")


def test_pictures_too_small_for_the_figures_are_refused(tmp_path, one_shot):
    small = film.write_picture(tmp_path / "small.png", one_shot.colors[0][:10, :30])
    with pytest.raises(MediaError, match=r"small\.png: 30x10 pixels; figures need sides of 11"):
        open_pair(small, small)


def test_nothing_in_common_is_refused(place):
    with pytest.raises(MediaError, match=r"frames 3-8; .*frames 70-71; no number in common"):
        open_pair(place / "from3", place / "far")


def test_a_picture_without_a_number_needs_another_picture(place):
    with pytest.raises(InputError, match=r"coat\.png: its name does not say which frame"):
        open_pair(place / "coat.png", place / "film.mkv")


def test_what_is_missing_is_named(place):
    with pytest.raises(MediaError, match=r"nowhere\.mkv"):
        open_pair(place / "nowhere.mkv", place / "film.mkv")


def test_different_rates_are_said(place):
    pair = open_pair(place / "film.mkv", place / "film.mkv")
    slower = replace(pair.truth, clip=replace(pair.truth.clip, rate=Fraction(25)))
    (note,) = pairing_notes(Pair(pair.result, slower, pair.frames))
    assert "24000/1001 frames a second against 25" in note


def test_ranges():
    assert ranges([]) == ""
    assert ranges([3, 4, 5, 9]) == "3-5, 9"
    assert ranges(range(0, 40, 2)) == "0, 2, 4, 6, 8, 10 and 14 more"
