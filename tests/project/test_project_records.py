"""Words to JSON and back; damage is refused by name."""

from fractions import Fraction
from pathlib import Path

import pytest

from vidcolor.errors import ProjectError
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
        ("frame_count", "ten"), ("frame_count", True), ("frame_count", 2**60), ("rate", {"numerator": 0}),
        ("rate", 24), ("size", [480]), ("size", None), ("pixel_aspect", "0"), ("pixel_aspect", "1/0"),
        ("scan", "sideways"), ("path", "a\0b"), ("tags", {"primaries": 1, "colour": 2}), ("notes", [1]),
    ],
)  # fmt: skip
def test_damage_is_refused_by_name(name, bad):
    data = {**encode(REEL), name: bad}
    with pytest.raises(ProjectError, match=f"reels.json: {name}.*(damaged|delete)"):
        decode(data, Reel, "reels.json")
