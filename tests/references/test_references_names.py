"""What names in a references folder mean. The truth is the rule as people read it in the README."""

import contextlib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcolor.errors import InputError
from vidcolor.references import PictureName, RegionName, check_shots, pictures_for, read_names
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import Reel, Shot

HOUR = 3600 * 25
REEL = Reel("r1", Path("film.mov"), 300, Rate(25), (480, 854), Fraction(1), start=HOUR)
SHOTS = [Shot("r1", FrameRange(0, 134)), Shot("r1", FrameRange(134, 300))]


@pytest.mark.parametrize(
    ("path", "frame", "shot"),
    [
        ("000134.png", 134, None),
        ("ref_000134.jpg", 134, None),
        ("ref-0000.TIFF", 0, None),
        ("0299.jpeg", 299, None),
        ("take2_000017.png", 17, None),
        ("01-00-05-09.png", 134, None),
        ("01-00-00-00.tif", 0, None),
        ("coat.png", None, None),
        ("coat-134.png", None, None),
        ("000134-final.png", None, None),
        ("wardrobe/coat.png", None, None),
        ("wardrobe/000020.png", 20, None),
        ("r1-000134/coat.png", None, "r1-000134"),
        ("r1-000134/000150.png", 150, "r1-000134"),
        ("räksmörgås 100%.png", None, None),
        ("٠١٢٣٤.png", None, None),
    ],
)
def test_a_name_says_what_a_picture_is_for(path: str, frame: int | None, shot: str | None) -> None:
    assert read_names([path], REEL).pictures == (PictureName(path, frame, shot),)


def test_order_of_the_listing_does_not_matter() -> None:
    paths = ["b.png", "000003.png", "r1-000000/a.png", "a.png"]
    assert read_names(paths, REEL) == read_names(reversed(paths), REEL)


def test_other_files_are_passed_over_and_said_so() -> None:
    names = read_names(["notes.txt", "a.png", "000001.psd", "noending"], REEL)
    assert [p.path for p in names.pictures] == ["a.png"]
    assert [note.split(":")[0] for note in names.notes] == ["000001.psd", "noending", "notes.txt"]


def test_hidden_files_and_clutter_are_passed_over_in_silence() -> None:
    names = read_names([".DS_Store", "._000001.png", ".trash/000001.png", "sub/Thumbs.db"], REEL)
    assert names.pictures == ()
    assert names.notes == ()


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["000134.png", "ref_000134.jpg"], ("000134.png", "ref_000134.jpg", "frame 134", "01:00:05:09")),
        (["000134.png", "01-00-05-09.png"], ("000134.png", "01-00-05-09.png")),
        (["0134.png", "r1-000134/000134.png"], ("0134.png", "r1-000134/000134.png")),
        (["000300.png"], ("000300.png", "300 frames", "rename")),
        (["IMG_20240612.jpg"], ("IMG_20240612.jpg", "20240612", "rename")),
        (["9" * 5000 + ".png"], ("past the film's end",)),
        (["01-00-12-00.png"], ("01-00-12-00.png", "01:00:00:00", "01:00:11:24")),
        (["00-59-59-24.png"], ("00-59-59-24.png", "outside the film")),
        (["01-00-05-25.png"], ("01-00-05-25.png", "no such time")),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(paths: list[str], words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        read_names(paths, REEL)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 10_000
    for word in words:
        assert word in message


def test_timecode_past_midnight() -> None:
    reel = Reel("r1", Path("film.mov"), 300, Rate(25), (480, 854), start=24 * HOUR - 10)
    assert read_names(["00-00-00-02.png"], reel).pictures[0].frame == 12


def test_timecode_of_a_drop_frame_reel() -> None:
    """00:01:00;02 is the 1800th frame at 30000/1001, as two labels a minute are dropped (SMPTE 12M)."""
    reel = Reel("r1", Path("film.mov"), 3000, Rate(30000, 1001), (480, 854), drop_frame=True)
    assert read_names(["00-01-00-02.png"], reel).pictures[0].frame == 1800
    with pytest.raises(InputError, match="dropped"):
        read_names(["00-01-00-00.png"], reel)


def test_shots_that_are_not_there_are_refused() -> None:
    good = read_names(["r1-000134/a.png", "r1-000134/000150.png", "b.png"], REEL).pictures
    check_shots(good, SHOTS)
    with pytest.raises(InputError, match=r"r1-000130/a\.png.*did you mean r1-000134"):
        check_shots(read_names(["r1-000130/a.png"], REEL).pictures, SHOTS)
    with pytest.raises(InputError, match=r"frame 20 is not in shot r1-000134"):
        check_shots(read_names(["r1-000134/000020.png"], REEL).pictures, SHOTS)


def test_pictures_for_a_shot() -> None:
    pictures = read_names(["000020.png", "000150.png", "r1-000134/a.png", "free.png"], REEL).pictures
    assert [p.path for p in pictures_for(SHOTS[0], pictures)] == ["000020.png", "free.png"]
    assert [p.path for p in pictures_for(SHOTS[1], pictures)] == ["000150.png", "free.png", "r1-000134/a.png"]


def test_masks_make_regions_with_their_pictures() -> None:
    paths = [
        "coat.png",
        "coat.region.png",
        "coat.region-000134.png",
        "coat.region-01-00-05-19.tif",
        "coat.region-sleeve-000134.png",
        "coat.region-left-arm-01-00-05-09.png",
        "coat.region-sleeve.png",
        "r1-000134/000150.jpg",
        "r1-000134/000150.region-0160.png",
    ]
    names = read_names(paths, REEL)
    assert [p.path for p in names.pictures] == ["coat.png", "r1-000134/000150.jpg"]
    assert names.notes == ()
    assert names.regions == (
        RegionName("coat.region-000134.png", 134, "coat.png", "coat.region.png"),
        RegionName("coat.region-left-arm-01-00-05-09.png", 134, "coat.png"),
        RegionName("coat.region-sleeve-000134.png", 134, "coat.png", "coat.region-sleeve.png"),
        RegionName("coat.region-01-00-05-19.tif", 144, "coat.png", "coat.region.png"),
        RegionName("r1-000134/000150.region-0160.png", 160, "r1-000134/000150.jpg", "", "r1-000134"),
    )
    check_shots(names.regions, SHOTS)


def test_a_mask_that_serves_no_frame_is_said() -> None:
    names = read_names(["coat.png", "coat.region.png"], REEL)
    assert names.regions == ()
    assert names.notes == ("coat.region.png: serves no frame yet; a mask coat.region-FRAME.png says where",)


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["coat.region-000134.png"], ("coat.region-000134.png", "put coat.png beside it")),
        (["a/coat.png", "coat.region-000134.png"], ("a mask of coat,", "not there")),
        (["coat.png", "coat.region-000300.png"], ("coat.region-000300.png", "300 frames")),
        (["coat.png", "coat.region-0134.png", "coat.region-01-00-05-09.png"], ("two masks for one region",)),
        (["coat.png", "coat.region.png", "coat.region.tif"], ("two masks for one region",)),
    ],
)
def test_masks_that_cannot_be_are_refused_in_one_line(paths: list[str], words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        read_names(paths, REEL)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_masks_outside_their_shot_are_refused() -> None:
    names = read_names(["r1-000134/coat.png", "r1-000134/coat.region-000020.png"], REEL)
    with pytest.raises(InputError, match=r"coat\.region-000020\.png: frame 20 is not in shot r1-000134"):
        check_shots(names.regions, SHOTS)


@given(st.lists(st.text(min_size=1).filter(lambda t: t.strip("/.\\")), max_size=8))
def test_no_name_breaks_it(paths: list[str]) -> None:
    with contextlib.suppress(InputError):
        names = read_names(paths, REEL)
        assert all(p.frame is None or 0 <= p.frame < REEL.frame_count for p in names.pictures)
