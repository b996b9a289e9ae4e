"""What names in a references folder mean. The truth is the rule as people read it in the README."""

import contextlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcolor.errors import InputError
from vidcolor.references import PictureName, RegionName, check_shots, read_names
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import Reel, Shot

HOUR = 3600 * 25
REEL = Reel("r1", Path("film.mov"), 300, Rate(25), (480, 854), Fraction(1), start=HOUR)
SHOTS = [Shot("r1", FrameRange(0, 134)), Shot("r1", FrameRange(134, 300))]


@pytest.mark.parametrize(
    ("path", "frame", "shot"),
    [
        ("000134.png", 134, None),
        ("12.png", 12, None),
        ("0299.jpeg", 299, None),
        ("frame_40.png", 40, None),
        ("Frame 0040.png", 40, None),
        ("shot3-f40.png", 40, None),
        ("ref_000134.jpg", 134, None),
        ("ref-0000.TIFF", 0, None),
        ("keyframe0017.png", 17, None),
        ("film_000040.png", 40, None),
        ("000040_color.png", 40, None),
        ("000134-final.png", 134, None),
        ("000040 copy.png", 40, None),
        ("40 copy 2.png", 40, None),
        ("000040 (1).png", 40, None),
        ("000040_v2.png", 40, None),
        ("000040_00001_.png", 40, None),
        ("0040_00001_.png", 40, None),
        ("000040_1920x1080.png", 40, None),
        ("01-00-05-09.png", 134, None),
        ("01-00-00-00.tif", 0, None),
        ("TC_01-00-05-09.png", 134, None),
        ("film_01_00_05_09.png", 134, None),
        ("reel2_01_00_05_09.png", 134, None),
        ("01-00-05-09_v2.png", 134, None),
        ("Comp 1 (1;00;05;09).png", 134, None),
        ("film.01_00_05_09.Still001.png", 134, None),
        ("00-00-05-09.png", 134, None),
        ("film-00.00.05.360.png", 134, None),
        ("film-00:00:05.359.png", 134, None),
        ("film_00h00m05s360.png", 134, None),
        ("film.mp4_snapshot_00.05.360.png", 134, None),
        ("shot 2024-06-12 00-00-05.360.png", 134, None),
        ("wardrobe/000020.png", 20, None),
        ("r1-000134/000150.png", 150, "r1-000134"),
        ("frame_40_0f8fad5b-d9cb-469f-a165-70867728950e_0.png", 40, None),
        ("f8.png", 8, None),
        ("shot12_f3.png", 3, None),
        ("f40_2.8.png", 40, None),
        ("f40_20240612.png", 40, None),
        ("frame_2_iso400.png", 2, None),
    ],
)
def test_a_frames_name_is_taken_at_its_word(path: str, frame: int, shot: str | None) -> None:
    assert read_names([path], REEL).pictures == (PictureName(path, frame, shot, free=False),)


@pytest.mark.parametrize(
    ("path", "shot"),
    [
        ("coat.png", None),
        ("wardrobe/coat.png", None),
        ("r1-000134/coat.png", "r1-000134"),
        ("räksmörgås 100%.png", None),
        ("٠١٢٣٤.png", None),
        ("portrait_1943.png", None),
        ("coat_2024.png", None),
        ("2024-coat.png", None),
        ("IMG_20240612.jpg", None),
        ("20240612_103321.jpg", None),
        ("Screenshot 2024-06-12 at 10.33.21.png", None),
        ("vlcsnap-2024-06-12-10h33m21s123.png", None),
        ("coat v2.png", None),
        ("coat (3).png", None),
        ("coat 1920x1080.png", None),
        ("coat-720p.png", None),
        ("TC_05-00-05-09.png", None),
        ("street_7b1f6f3a-9c6e-4a2d-8b1f-123456789abc.png", None),
        ("street_0f8fad5bd9cb469fa16570867728950e.png", None),
        ("coat_ISO-200_50mm.png", None),
        ("coat_200iso 25fps.png", None),
        ("coat v2.1.png", None),
        ("coat version 2.png", None),
        ("coat 192 x 108.png", None),
        ("coat_192×108.png", None),
        ("coat_240p_x4_seed42.png", None),
        ("coat_03.11.2024.png", None),
        ("coat 3-11-2024.png", None),
        ("coat 2024-6-1.png", None),
    ],
)
def test_other_names_are_free_references(path: str, shot: str | None) -> None:
    if path == "räksmörgås 100%.png":
        assert read_names([path], REEL).pictures[0].maybe == (100,)
        return
    assert read_names([path], REEL).pictures == (PictureName(path, None, shot),)


@pytest.mark.parametrize(
    ("path", "frames"),
    [
        ("mpv-shot0012.png", (12,)),
        ("coat-134.png", (134,)),
        ("coat_0242.png", (242,)),
        ("IMG_0042.jpg", (42,)),
        ("ref_2.png", (2,)),
        ("film-Scene-003-01.jpg", (3, 1)),
        ("00001-3847293847.png", (1,)),
        ("ComfyUI_00040_.png", (40,)),
        ("upscaled_4x_000040.png", (40,)),
        ("shot2_000040_1.png", (40, 2, 1)),
        ("film_1.1.2.png", (1, 2)),
        ("film_5.360s.png", (134, 5)),
        ("film.mp4_000005.360.png", (134, 5)),
        ("take2_000017.png", (17, 2)),
        ("film 00.00.05.png", tuple(range(125, 150))),
        ("2024-06-12_000134.png", (134,)),
        ("s01e2f40.png", (1, 40, 2)),
        ("f2.8_40.png", (40, 2, 8)),
        ("f2.8_7.png", (7, 2, 8)),
        ("f2.8.png", (2, 8)),
        ("f1.4_1-250_iso100_0040.png", (40, 250, 1, 4)),
        ("f8_0040.png", (40, 8)),
        ("f2.0040.png", (40, 2)),
        ("coat_12.5_7.png", (7, 12, 5)),
        ("take2.40.png", (40, 2)),
        ("coat_v2.1_40.png", (40,)),
        ("shot010_v003.0040.exr", (40, 10)),
        ("coat_v3.000134.png", (134,)),
        ("coat_240p_40.png", (40,)),
        ("3-11-2024_000134.png", (134,)),
    ],
)
def test_where_a_name_may_mean_either_the_picture_decides(path: str, frames: tuple[int, ...]) -> None:
    assert read_names([path], REEL).pictures == (PictureName(path, None, None, frames),)


def test_a_time_with_two_decimals_may_be_a_timecode() -> None:
    reel = replace(REEL, start=0)
    assert read_names(["00.00.05.09.png"], reel).pictures[0].maybe == (134, 127)
    assert read_names(["a 00:00:05.09.png"], reel).pictures[0].maybe == (127, 134)
    assert read_names(["00.00.05.90.png"], reel).pictures[0].frame == 147


SEQUENCE = Reel("r1", Path("scan/frame_1001.png"), 48, Rate(24), (480, 854), codec="png")


@pytest.mark.parametrize(
    ("first", "path", "frame", "maybe"),
    [
        ("frame_0001.png", "frame_0001.png", 0, ()),
        ("frame_0001.png", "frame_0048.png", 47, ()),
        ("frame_0001.png", "frame_0000.png", 0, ()),
        ("frame_0001.png", "0048.png", 47, ()),
        ("frame_0001.png", "0012.png", None, (11, 12)),
        ("frame_1001.png", "frame_1001.png", 0, ()),
        ("frame_1001.png", "frame_1048_color.png", 47, ()),
        ("frame_1001.png", "1010.png", 9, ()),
        ("frame_1001.png", "000012.png", 12, ()),
        ("00086400.png", "00086405.png", 5, ()),
        ("ComfyUI_00001_.png", "ComfyUI_00001_.png", 0, ()),
        ("frame_0000.png", "frame_0012.png", 12, ()),
    ],
)
def test_a_folder_of_pictures_has_numbers_of_its_own(
    first: str, path: str, frame: int | None, maybe: tuple[int, ...]
) -> None:
    names = read_names([path], replace(SEQUENCE, path=Path("scan") / first))
    assert names.pictures == (PictureName(path, frame, None, maybe, free=False),)


def test_which_numbering_was_used_is_said() -> None:
    names = read_names(["frame_1001.png", "frame_1048.png", "000012.png"], SEQUENCE)
    assert names.notes == (
        "References are numbered as the film's own pictures are: "
        "frame_1001.png is frame 0, frame_1048.png is frame 47.",
        "References are numbered from 0, not as the film's own pictures are: 000012.png is frame 12.",
    )
    with pytest.raises(InputError, match=r"frame_1049\.png: frame 1049 .*48 frames.* numbered 1001 to 1048"):
        read_names(["frame_1049.png"], SEQUENCE)


def test_what_the_film_does_not_have_is_said_in_one_line() -> None:
    names = read_names([f"coat_{year}.png" for year in range(1940, 1960)] + ["TC_05-00-05-09.png"], REEL)
    (note,) = names.notes
    assert "TC_05-00-05-09.png (05-00-05-09)" in note
    assert "coat_1940.png (frame 1940)" in note
    assert "and 17 more" in note


def test_order_of_the_listing_does_not_matter() -> None:
    paths = ["b.png", "000003.png", "r1-000000/a.png", "a.png"]
    assert read_names(paths, REEL) == read_names(reversed(paths), REEL)


def test_other_files_are_passed_over_and_said_so() -> None:
    names = read_names(["notes.txt", "a.png", "000001.xcf", "noending"], REEL)
    assert [p.path for p in names.pictures] == ["a.png"]
    (note,) = names.notes
    assert note.startswith("Passed over, as references are pictures as PNG,")
    assert note.endswith(": 000001.xcf, noending, notes.txt.")


def test_a_folder_of_other_files_takes_one_line() -> None:
    (note,) = read_names(["a.png", *(f"IMG_{n:04d}.HEIC" for n in range(300))], REEL).notes
    assert note.endswith(": IMG_0000.HEIC, IMG_0001.HEIC, IMG_0002.HEIC, IMG_0003.HEIC and 296 more.")


def test_a_layered_file_gives_way_to_a_flat_picture_of_its_name() -> None:
    names = read_names(["000001.psd", "000001.png", "coat.psd", "hat.exr", "hat.PSB"], REEL)
    assert [p.path for p in names.pictures] == ["000001.png", "coat.psd", "hat.exr"]
    assert names.notes == ("Passed over for the flat pictures of the same names: 000001.psd, hat.PSB.",)


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
        (["frame_20240612.jpg"], ("frame_20240612.jpg", "20240612", "rename")),
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


def test_masks_make_regions_with_their_pictures() -> None:
    paths = [
        "coat.png",
        "coat.region.png",
        "coat.region-134.png",
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
        RegionName("coat.region-134.png", 134, "coat.png", "coat.region.png"),
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
        for picture in names.pictures:
            assert all(0 <= f < REEL.frame_count for f in (picture.frame or 0, *picture.maybe))


def test_heic_is_named_with_what_to_do() -> None:
    notes = read_names(["000001.png", "IMG_0007.HEIC"], REEL).notes
    assert notes == ("HEIC is not read; save as PNG or TIFF: IMG_0007.HEIC.",)
