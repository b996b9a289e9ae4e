"""DNxHR in MXF OP1a: timecode, reel, rate and tags come back, and each film has package identifiers of its own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from delivered import COUNT, decoded, make_film_with_sound, make_frames, make_reel

from vidcolor.errors import MediaError
from vidcolor.media.destination import check_destination, destination_notes
from vidcolor.media.write import Writer, Written
from vidcolor.settings import ExportSettings
from vidcolor.timeline import Rate
from vidcolor.types import DeliveryFrame, Reel

NAMES = ["dnxhr-hqx-mxf", "dnxhr-444-mxf"]


def write(path: Path, reel: Reel, delivery: str, frames: list[DeliveryFrame] | None = None) -> Written:
    with Writer(path, reel, delivery, ExportSettings()) as writer:
        for frame in frames or make_frames(reel, delivery):
            writer.write(frame)
    return writer.written


@pytest.mark.parametrize("delivery", NAMES)
@pytest.mark.parametrize(
    ("rate", "drop"),
    [(Rate(24), False), (Rate(24000, 1001), False), (Rate(25), False), (Rate(30000, 1001), True), (Rate(50), False)],
)
def test_clock_reel_and_tags_come_back(tmp_path: Path, delivery: str, rate: Rate, drop: bool) -> None:
    reel = make_reel(rate=rate, drop_frame=drop, start=rate.base * 3600 * 10 - 2, tape="A003", tags=make_reel().tags)
    write(tmp_path / "out.mxf", reel, delivery)
    with av.open(str(tmp_path / "out.mxf")) as film:
        picture = film.streams.video[0]
        assert film.metadata["operational_pattern_ul"].endswith("0d010201.01010900")  # OP1a
        assert picture.average_rate == rate.fraction
        assert film.metadata["timecode"] == picture.metadata["timecode"] == reel.timecode(0)
        assert picture.metadata["reel_name"] == "A003"
        frame = next(film.decode(video=0))
        assert (frame.color_primaries, frame.color_trc, frame.colorspace) == (1, 1, 1)
        assert frame.color_range != 2  # of 4:4:4 FFmpeg writes none
    for planes, given in zip(decoded(tmp_path / "out.mxf"), make_frames(reel, delivery), strict=True):
        assert np.abs(planes[0] - given.luma.astype(int)).max() <= 12


def umids(path: Path) -> set[str]:
    with av.open(str(path)) as film:
        found: dict[str, Any] = {**film.metadata, **film.streams.video[0].metadata}
    return {value.removeprefix("0x")[32:] for name, value in found.items() if name.endswith("umid")}


def test_films_of_other_content_have_other_package_identifiers(tmp_path: Path) -> None:
    reel = make_reel()
    frames = list(make_frames(reel, NAMES[0]))
    brighter = [DeliveryFrame(f.index, f.luma + np.uint16(8), f.cb, f.cr) for f in frames]
    same = [write(tmp_path / f"{name}.mxf", reel, NAMES[0], frames).sha256 for name in "ab"]
    write(tmp_path / "c.mxf", reel, NAMES[0], brighter)
    assert same[0] == same[1]
    assert umids(tmp_path / "a.mxf") == umids(tmp_path / "b.mxf")
    assert len(umids(tmp_path / "a.mxf")) == 2
    assert umids(tmp_path / "a.mxf").isdisjoint(umids(tmp_path / "c.mxf"))
    assert not any(set(umid[:-2]) == {"0"} for umid in umids(tmp_path / "a.mxf"))
    assert len(decoded(tmp_path / "a.mxf")) == COUNT


def test_the_mov_deliveries_take_an_mxf_name(tmp_path: Path) -> None:
    reel = make_reel()
    with av.open(str(write(tmp_path / "back.mxf", reel, "dnxhr-hqx").path)) as film:
        assert film.format.name == "mxf"
    with pytest.raises(MediaError, match=r"not written under this name; name it back.mxf"):
        check_destination(tmp_path / "back.mov", "dnxhr-hqx-mxf", reel, ExportSettings())


@pytest.mark.parametrize(("starts", "seconds", "count"), [(0, 1, 48), (12_000, 1, 48), (0, 2, 36), (-6_000, 2, 48)])
def test_sound_fills_the_picture_and_stays_in_step(tmp_path: Path, starts: int, seconds: int, count: int) -> None:
    """FFmpeg drops pictures for which there is no sound."""
    film = make_film_with_sound(
        tmp_path / "film.mkv",
        [("pcm_s24le", "mono", {}), ("flac", "stereo", {})],
        seconds=seconds,
        sound_starts=max(0, starts),
        picture_starts=max(0, -starts) // 2000,
    )
    reel = make_reel(film.path, frame_count=count, rate=Rate(24), sound_tracks=2)
    assert [note.partition(":")[0] for note in destination_notes(tmp_path / "out.mxf", reel, ExportSettings())] == [
        "sound track 2 (flac) has no place in MXF"
    ]
    written = write(tmp_path / "out.mxf", reel, NAMES[0])
    assert [track["codec"] for track in written.sound] == ["pcm_s24le", "pcm_s16le"]
    assert "from" not in written.sound[0]
    assert len(decoded(written.path)) == count
    with av.open(str(film.path)) as source, av.open(str(written.path)) as out:
        given, got = (np.concatenate([f.to_ndarray()[0] for f in c.decode(audio=0)]) for c in (source, out))
    assert len(got) == count * 2000
    # film.mkv counts milliseconds: where it is cut, a sample may be taken for one of 24 around it
    slack = range(-24, 25) if starts < 0 else (0,)
    assert any(np.array_equal(got, placed(given, starts + off, len(got))) for off in slack)


def placed(sound: np.ndarray, start: int, count: int) -> np.ndarray:
    """Sound that begins at a sample, or before the first, within `count` samples of silence."""
    whole = np.zeros(count, sound.dtype)
    heard = sound[max(0, -start) :][: count - max(0, start)]
    whole[max(0, start) : max(0, start) + len(heard)] = heard
    return whole


def test_a_rate_that_mxf_does_not_know_is_refused(tmp_path: Path) -> None:
    reel = make_reel(rate=Rate.of(Fraction(18)))
    with pytest.raises(MediaError, match="MXF holds no 18 frames a second; choose another --delivery"):
        check_destination(tmp_path / "out.mxf", "dnxhr-hqx-mxf", reel, ExportSettings())
