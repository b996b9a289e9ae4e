"""Words to JSON and back; damage is refused by name."""

from fractions import Fraction
from pathlib import Path

import pytest

from vidcolor.errors import ProjectError
from vidcolor.project import Project, ProjectConfig
from vidcolor.project.records import decode, encode
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import ColorTags, Reel, Shot, Transition

REEL = Reel(
    name="r1", path=Path("/films/a b.mov"), frame_count=10, rate=Rate(24000, 1001), size=(480, 854),
    pixel_aspect=Fraction(16, 15), tags=ColorTags(5, 1, 6), notes=("one", "two"),
)  # fmt: skip
SHOT = Shot("r1", FrameRange(3, 9), Transition("dissolve", FrameRange(2, 5)))


@pytest.mark.parametrize("value", [REEL, SHOT, Shot("r1", FrameRange(0, 1))])
def test_there_and_back(value):
    assert decode(encode(value), type(value), "file") == value


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("frame_count", "ten"), ("frame_count", True), ("rate", {"denominator": 1}),
        ("rate", 24), ("size", [480]), ("size", None), ("pixel_aspect", "0"), ("pixel_aspect", "1/0"),
        ("scan", "sideways"), ("path", "a\0b"), ("tags", {"primaries": 1, "colour": 2}), ("notes", [1]),
        ("tags", {"primaries": -1}), ("tags", {"transfer": 256}), ("tags", {"matrix": -1}), ("sound_tracks", -1),
        ("frame_count", 0), ("size", [0, 480]), ("bits", 0),
    ],
)  # fmt: skip
def test_damage_is_refused_by_name(name, bad):
    data = {**encode(REEL), name: bad}
    with pytest.raises(ProjectError, match=f"reels.json: {name}.*(damaged|delete)"):
        decode(data, Reel, "reels.json")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([encode(SHOT), {**encode(SHOT), "frames": {"start": 3}}], r"\[1\]\.frames"),
        ([encode(SHOT), {**encode(SHOT), "entry": {"kind": "wipe"}}], r"\[1\]\.entry\.kind"),
        ([encode(SHOT), {**encode(SHOT), "entri": {}}], r"\[1\]: damaged \(no 'entri'"),
        ([{**encode(SHOT), "frames": {"start": 9, "stop": 3}}], "frames 9 to 3"),
        ([{**encode(SHOT), "frames": {"start": -1, "stop": 3}}], "start must be 0 or more"),
        ({}, r"damaged \(Expected `array`"),
    ],
)
def test_the_place_of_the_damage_is_told(data, place):
    with pytest.raises(ProjectError, match=rf"shots\.json: .*{place}"):
        decode(data, tuple[Shot, ...], "shots.json")


@pytest.mark.parametrize("number", ["9007199254740993", "-1" + 30 * "0", "1" + 5000 * "0"])
def test_numbers_that_no_file_of_ours_holds_are_refused(tmp_path, number):
    project = Project.create(tmp_path / "p", ProjectConfig("film.mov"))
    (tmp_path / "p" / "x.json").write_text(f'{{"schema": "vidcolor.reels/1", "frames": {number}}}')
    with pytest.raises(ProjectError, match=r"x\.json: damaged.*too large"):
        project.read_json("x.json", "vidcolor.reels/1")
