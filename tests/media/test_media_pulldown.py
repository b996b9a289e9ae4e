"""Hard 3:2 pulldown is found by its fields and reversed to the film's own codes; a broken cadence is named."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from made_films import gray_frame, write_film

from vidcolor.errors import MediaError
from vidcolor.media.probe import open_reel
from vidcolor.media.read import SourceClip
from vidcolor.settings import ReelSettings
from vidcolor.timeline import FrameRange, Rate

SIZE, COUNT = (96, 128), 32
VIDEO = Fraction(30000, 1001)
REVERSE = ReelSettings(pulldown="reverse")


def film() -> list[np.ndarray]:
    """8-bit codes of a smooth picture that moves by four pixels a frame."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(float)
    return [(125 + 45 * np.sin((x - 4 * t) / 5) + 45 * np.sin(y / 9 + x / 7)).astype(np.uint8) for t in range(COUNT)]


def telecined(frames: list[np.ndarray], order: str = "top", phase: int = 0) -> list[np.ndarray]:
    """The frames as video: their fields two and three times in turn, from picture `phase` of a group on."""
    fields = [frames[n] for n in range(len(frames)) for _ in range(2 + n % 2)]
    first, second = (slice(0, None, 2), slice(1, None, 2)) if order == "top" else (slice(1, None, 2), slice(0, None, 2))
    pictures = []
    for one, other in zip(fields[::2], fields[1::2], strict=False):
        picture = one.copy()
        picture[second] = other[second]
        picture[first] = one[first]
        pictures.append(picture)
    return pictures[phase:]


def written(path: Path, pictures: list[np.ndarray], rate: Fraction = VIDEO, **more) -> Path:
    return write_film(path, "ffv1", [gray_frame(p, "gray") for p in pictures], rate=rate, **more)


def codes(path: Path, settings: ReelSettings, frames: FrameRange | None = None) -> list[np.ndarray]:
    return [source.luma for source in SourceClip(open_reel(path, settings), frames)]


@pytest.fixture
def plain(tmp_path: Path) -> list[np.ndarray]:
    """The film as it was shot, as it is read."""
    return codes(written(tmp_path / "plain.mkv", film(), Fraction(24000, 1001)), ReelSettings())


@pytest.mark.parametrize("order", ["top", "bottom"])
@pytest.mark.parametrize("phase", [0, 1, 2, 4])
def test_it_is_reversed_to_the_frames_own_codes(order, phase, plain, tmp_path):
    path = written(tmp_path / "video.mkv", telecined(film(), order, phase))
    reel = open_reel(path, REVERSE)
    assert reel.rate == Rate(24000, 1001)
    assert reel.pulldown is not None
    assert (reel.pulldown.order, reel.scan) == (order, "progressive")
    skipped = {0: 0, 1: 1, 2: 2, 4: 3}[phase]
    made = codes(path, REVERSE)
    assert len(made) >= COUNT - skipped - 1
    assert all(np.array_equal(a, b) for a, b in zip(made, plain[skipped:], strict=False))


def test_a_run_that_begins_with_a_woven_frame_is_the_same(tmp_path):
    path = written(tmp_path / "video.mkv", telecined(film()))
    whole, part = codes(path, REVERSE), codes(path, REVERSE, FrameRange(10, 14))
    assert all(np.array_equal(a, b) for a, b in zip(part, whole[10:14], strict=True))


def test_it_is_refused_with_what_mends_it_or_carried(tmp_path):
    path = written(tmp_path / "video.mkv", telecined(film()))
    with pytest.raises(MediaError, match=r"hard 3:2 pulldown.*reel\.pulldown=reverse"):
        open_reel(path, ReelSettings())
    carried = open_reel(path, ReelSettings(pulldown="carry"))
    assert (carried.rate, carried.frame_count) == (Rate(30000, 1001), len(telecined(film())))


def test_a_broken_cadence_is_named_by_its_picture(tmp_path):
    pictures = telecined(film())
    path = written(tmp_path / "video.mkv", pictures[:20] + pictures[22:])
    with pytest.raises(MediaError, match=r"breaks at picture 2[0-9]; reverse it first"):
        open_reel(path, REVERSE)


@pytest.mark.parametrize("kind", ["progressive", "interlaced", "still"])
def test_other_video_is_no_pulldown(kind, tmp_path):
    frames = film()
    if kind == "interlaced":
        woven = []
        for one, other in zip(frames[::2], frames[1::2], strict=True):
            woven.append(one.copy())
            woven[-1][1::2] = other[1::2]
        frames = woven
    frames = [frames[0]] * COUNT if kind == "still" else frames
    path = written(tmp_path / "video.mkv", frames)
    assert open_reel(path, ReelSettings()).pulldown is None
    with pytest.raises(MediaError, match=r"no 3:2 pulldown is found"):
        open_reel(path, REVERSE)


@pytest.mark.parametrize("lead", [0, 1, 3])
@pytest.mark.parametrize("kind", ["2:3:3:2", "on twos"])
def test_one_woven_picture_of_five_is_left_out(kind, lead, tmp_path):
    """2:3:3:2, and drawn film on twos in 3:2: every frame stands whole in another picture."""
    frames = film()
    if kind == "on twos":
        frames = [frames[k - k % 2] for k in range(COUNT)]
        pictures = telecined(frames)[lead:]
    else:
        fields = [frames[n] for n in range(COUNT) for _ in range((2, 3, 3, 2)[n % 4])]
        pictures = [one.copy() for one in fields[::2]]
        for picture, other in zip(pictures, fields[1::2], strict=False):
            picture[1::2] = other[1::2]
        pictures = pictures[lead:]
    path = written(tmp_path / "video.mkv", pictures)
    assert open_reel(path, REVERSE).rate == Rate(24000, 1001)
    made = codes(path, REVERSE)
    whole = codes(written(tmp_path / "plain.mkv", frames, Fraction(24000, 1001)), ReelSettings())
    assert len(made) >= COUNT - lead - 2
    same = [all(np.array_equal(a, b) for a, b in zip(made, whole[k:], strict=False)) for k in range(lead + 1)]
    assert any(same)


@pytest.mark.parametrize("rate", [25, 24])
def test_fields_that_the_file_says_nothing_of_are_told(rate, tmp_path):
    frames = film()
    woven = [frame.copy() for frame in frames[::2]]
    for picture, other in zip(woven, frames[1::2], strict=True):
        picture[1::2] = other[1::2]
    path = written(tmp_path / "video.mkv", woven, Fraction(rate))
    assert "combed" in " ".join(open_reel(path, ReelSettings()).notes)
    carried = open_reel(path, ReelSettings(interlaced="carry"))
    assert carried.scan == "top"
    assert "which field is first: top is taken" in " ".join(carried.notes)
    assert "combed" not in " ".join(open_reel(path, ReelSettings(interlaced="progressive")).notes)
    plain = written(tmp_path / "plain.mkv", frames, Fraction(rate))
    for interlaced in ("refuse", "carry"):
        reel = open_reel(plain, ReelSettings(interlaced=interlaced))
        assert (reel.scan, "combed" in " ".join(reel.notes)) == ("progressive", False)


def test_timecode_goes_on_in_the_films_frames(tmp_path):
    path = written(tmp_path / "video.mkv", telecined(film()), metadata={"timecode": "01:00:10:15"})
    reel = open_reel(path, REVERSE)
    assert reel.timecode(0) == "01:00:10:12"
