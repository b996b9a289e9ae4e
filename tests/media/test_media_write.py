"""Delivered films: every delivery writes; atoms, headers, sound and bytes are what they should be."""

from __future__ import annotations

import json
import resource
import shutil
import struct
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from delivered import (
    COUNT,
    decoded,
    luma_sha256,
    make_film_with_sound,
    make_frames,
    make_reel,
    sound_md5,
)
from movatoms import Movie, Track, read_frame_header, read_movie

from vidcolor.errors import InputError, MediaError
from vidcolor.media.codecs import CODECS
from vidcolor.media.write import Writer, Written
from vidcolor.settings import ExportSettings
from vidcolor.timeline import Rate
from vidcolor.types import ColorTags, DeliveryFrame, Reel

MOV = [name for name, codec in CODECS.items() if codec.suffixes[0] == ".mov"]
PRORES = [name for name, codec in CODECS.items() if codec.is_prores]
RATES = [(Rate(24), False), (Rate(24000, 1001), False), (Rate(25), False), (Rate(30000, 1001), True)]
DECODED_SCALE = {"prores-4444": 4, "prores-4444-xq": 4}
"""FFmpeg decodes ProRes 4444 to 12 bits."""
RATE_NAMES = ["24", "23.976", "25", "29.97DF"]


def write(folder: Path, reel: Reel, delivery: str, settings: ExportSettings | None = None, **more: Any) -> Written:
    path = folder / f"out{CODECS[delivery].suffixes[0]}"
    with Writer(path, reel, delivery, settings or ExportSettings(), **more) as writer:
        for frame in make_frames(reel, delivery):
            writer.write(frame)
    return writer.written


def one(movie: Movie, handler: str) -> Track:
    (track,) = movie.of(handler)
    return track


@pytest.mark.parametrize(("rate", "drop"), RATES, ids=RATE_NAMES)
@pytest.mark.parametrize("delivery", MOV)
def test_a_mov_says_exactly_what_it_holds(tmp_path: Path, delivery: str, rate: Rate, drop: bool) -> None:
    reel = make_reel(rate=rate, drop_frame=drop, start=rate.base * 3600 * 10 - 2, tape="REEL07")
    written = write(tmp_path, reel, delivery)
    movie = read_movie(written.path)
    picture, clock = one(movie, "vide"), one(movie, "tmcd")
    ticks = Fraction(picture.timescale) / rate.fraction
    assert picture.fourcc == CODECS[delivery].fourcc
    assert picture.compressor == CODECS[delivery].compressor
    assert picture.size == reel.size
    assert picture.depth == 24
    assert picture.colr == ("nclc", 1, 1, 1)
    assert struct.unpack(">II", picture.inner["pasp"]) == (1, 1)
    assert picture.steps == [(COUNT, ticks)]
    assert picture.duration == COUNT * ticks
    ((length, _, speed),) = picture.edits
    assert Fraction(length, movie.timescale) == Fraction(picture.duration, picture.timescale)
    assert speed == 1 << 16
    assert picture.references == {"tmcd": (clock.number,)}
    timecode = clock.timecode
    assert Fraction(timecode["timescale"], timecode["frame"]) == rate.fraction
    assert (timecode["base"], timecode["flags"] & 1) == (rate.base, int(drop))
    assert struct.unpack(">I", movie.first_sample(clock, 4))[0] == reel.start
    assert clock.reel_name.endswith("REEL07")
    with av.open(str(written.path)) as film:
        assert film.streams.video[0].metadata["timecode"] == reel.timecode(0)


@pytest.mark.parametrize("tags", [ColorTags(), ColorTags(5, 1, 6), ColorTags(9, 1, 9)], ids=["709", "625", "2020"])
@pytest.mark.parametrize("delivery", PRORES)
def test_every_prores_frame_carries_the_containers_tags(tmp_path: Path, delivery: str, tags: ColorTags) -> None:
    movie = read_movie(write(tmp_path, make_reel(tags=tags), delivery).path)
    picture = one(movie, "vide")
    header = read_frame_header(movie.first_sample(picture, 64))
    assert picture.colr[1:] == header.tags == (tags.primaries, tags.transfer, tags.matrix)
    assert (header.creator, picture.vendor) == ("apl0", "apl0")
    assert header.size == (120, 256)
    assert header.chroma == (3 if CODECS[delivery].subsampling == "444" else 2)
    with av.open(str(tmp_path / "out.mov")) as film:
        frames = list(film.decode(video=0))
    assert {(f.color_primaries, f.color_trc, f.colorspace) for f in frames} == {header.tags}


@pytest.mark.parametrize(
    ("scan", "fiel", "mode"), [("progressive", (1, 0), 0), ("top", (2, 1), 1), ("bottom", (2, 6), 2)]
)
def test_fields_are_carried(tmp_path: Path, scan: Any, fiel: tuple[int, int], mode: int) -> None:
    written = write(tmp_path, make_reel(scan=scan), "prores-422hq")
    movie = read_movie(written.path)
    picture = one(movie, "vide")
    assert tuple(picture.inner["fiel"]) == fiel
    assert read_frame_header(movie.first_sample(picture, 64)).interlace == mode
    for delivery in ("ffv1", "proxy"):
        with av.open(str(write(tmp_path, make_reel(scan=scan), delivery).path)) as film:
            assert next(film.decode(video=0)).interlaced_frame == (scan != "progressive")


@pytest.mark.parametrize("delivery", MOV)
def test_pixel_aspect_is_carried(tmp_path: Path, delivery: str) -> None:
    movie = read_movie(write(tmp_path, make_reel(pixel_aspect=Fraction(16, 15)), delivery).path)
    assert struct.unpack(">II", one(movie, "vide").inner["pasp"]) == (16, 15)


@pytest.mark.parametrize("aspect", [Fraction(16, 15), Fraction(10, 11), Fraction(64, 45), Fraction(2), Fraction(1)])
@pytest.mark.parametrize("size", [(576, 720), (33, 47), (1080, 1440)], ids=str)
def test_pixel_aspect_is_carried_in_matroska(tmp_path: Path, size: tuple[int, int], aspect: Fraction) -> None:
    reel = make_reel(size=size, pixel_aspect=aspect, frame_count=2)
    written = write(tmp_path, reel, "ffv1")
    with av.open(str(written.path)) as film:
        picture = film.streams.video[0]
        assert picture.sample_aspect_ratio == aspect
        assert "title" not in picture.metadata
        assert sum(1 for _ in film.decode(picture)) == 2
    assert written.luma_sha256 == luma_sha256(list(make_frames(reel, "ffv1")))


@pytest.mark.parametrize("delivery", CODECS)
@pytest.mark.parametrize("size", [(121, 257), (123, 256), (120, 301)], ids=str)
def test_odd_sizes(tmp_path: Path, delivery: str, size: tuple[int, int]) -> None:
    reel = make_reel(size=size)
    frames = list(make_frames(reel, delivery))
    for planes, frame in zip(decoded(write(tmp_path, reel, delivery).path), frames, strict=True):
        if CODECS[delivery].is_proxy:
            assert planes[0].shape == (size[0] + size[0] % 2, size[1] + size[1] % 2)
            continue
        spare = int(delivery == "prores-422hq" and size[1] % 16 == 1)
        assert planes[0].shape == (size[0], size[1] + spare)
        for plane, given in zip(planes, (frame.luma, frame.cb, frame.cr), strict=True):
            off = np.abs(plane[:, : given.shape[1]] / DECODED_SCALE.get(delivery, 1) - given)
            assert off[:, :-1].max() <= 12
            assert off[:, -1].max() <= 30  # a column of its own may be coded as a copy of its neighbour


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (7, 8), (9, 31), (120, 256)], ids=str)
def test_ffv1_gives_every_code_back(tmp_path: Path, size: tuple[int, int]) -> None:
    draw = np.random.default_rng(1)
    frames = [
        DeliveryFrame(i, *(draw.integers(0, 1024, size).astype(np.uint16) for _ in range(3))) for i in range(COUNT)
    ]
    with Writer(tmp_path / "out.mkv", make_reel(size=size), "ffv1", ExportSettings()) as writer:
        for frame in frames:
            writer.write(frame)
    for planes, frame in zip(decoded(writer.written.path), frames, strict=True):
        for plane, given in zip(planes, (frame.luma, frame.cb, frame.cr), strict=True):
            assert np.array_equal(plane, given)


@pytest.mark.parametrize("delivery", [name for name, codec in CODECS.items() if not (codec.lossless or codec.is_proxy)])
def test_lossy_masters_stay_near(tmp_path: Path, delivery: str) -> None:
    reel = make_reel()
    written = write(tmp_path, reel, delivery)
    for planes, frame in zip(decoded(written.path), make_frames(reel, delivery), strict=True):
        for plane, given in zip(planes, (frame.luma, frame.cb, frame.cr), strict=True):
            assert np.abs(plane / DECODED_SCALE.get(delivery, 1) - given).max() <= 12


@pytest.mark.parametrize("delivery", CODECS)
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, delivery: str) -> None:
    first, second = (write(tmp_path, make_reel(), delivery).sha256 for _ in range(2))
    assert first == second


@pytest.mark.parametrize("delivery", CODECS)
def test_the_sum_is_of_the_luma_that_was_given(tmp_path: Path, delivery: str) -> None:
    reel = make_reel()
    written = write(tmp_path, reel, delivery, metadata={"title": "A film", "com.vidcolor.project": "ü"})
    assert written.luma_sha256 == luma_sha256(list(make_frames(reel, delivery)))
    assert written.size == written.path.stat().st_size
    assert written.frame_count == COUNT
    if delivery in MOV:
        metadata = read_movie(written.path).metadata
        claimed = None if CODECS[delivery].is_proxy else written.luma_sha256  # labels are burnt into a proxy's luma
        assert metadata.get("com.vidcolor.luma_sha256") == claimed
        assert (metadata["title"], metadata["com.vidcolor.project"]) == ("A film", "ü")


def test_a_proxy_may_be_mp4(tmp_path: Path) -> None:
    reel = make_reel()
    with Writer(tmp_path / "review.mp4", reel, "proxy", ExportSettings()) as writer:
        for frame in make_frames(reel, "proxy"):
            writer.write(frame)
    assert len(decoded(writer.written.path)) == COUNT
    assert "com.vidcolor.luma_sha256" not in read_movie(writer.written.path).metadata


def test_the_vendor_and_the_rate_control_are_settings(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    reel = make_reel(frame_count=2)
    luma, chroma = (draw.integers(64, 940, (120, columns)).astype(np.uint16) for columns in (256, 128))
    sizes = []
    for rate in ("quality", "apple"):
        path = tmp_path / f"{rate}.mov"
        with Writer(path, reel, "prores-422hq", ExportSettings(prores_rate=rate, vendor="Lavc")) as writer:
            for index in range(2):
                writer.write(DeliveryFrame(index, luma, chroma, chroma))
        movie = read_movie(path)
        picture = one(movie, "vide")
        assert (read_frame_header(movie.first_sample(picture, 64)).creator, picture.vendor) == ("Lavc", "Lavc")
        sizes.append(writer.written.size)
    assert sizes[0] > 1.5 * sizes[1], "noise is coded finely by one quantiser, and cut to size by Apple's target"


def test_a_part_of_a_reel_starts_at_its_own_timecode(tmp_path: Path) -> None:
    reel = make_reel(start=86400)
    with Writer(tmp_path / "part.mov", reel, "prores-422hq", ExportSettings(), first_frame=3) as writer:
        for frame in list(make_frames(reel, "prores-422hq"))[3:]:
            writer.write(frame)
    movie = read_movie(tmp_path / "part.mov")
    assert struct.unpack(">I", movie.first_sample(one(movie, "tmcd"), 4))[0] == 86403


def test_a_film_that_fails_never_gets_its_name(tmp_path: Path) -> None:
    reel = make_reel()
    path = tmp_path / "out.mov"
    seen: list[list[str]] = []

    def fails() -> None:
        with Writer(path, reel, "prores-422hq", ExportSettings()) as writer:
            for frame in list(make_frames(reel, "prores-422hq"))[:3]:
                writer.write(frame)
                seen.append([p.name for p in tmp_path.iterdir()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    # the file is there from the encoder's first packet on
    assert {name for names in seen for name in names} <= {".out.mov.partial"}
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"the delivery of yesterday")
    with pytest.raises(RuntimeError):
        fails()
    assert path.read_bytes() == b"the delivery of yesterday"
    assert [p.name for p in tmp_path.iterdir()] == ["out.mov"]


def test_a_partial_file_of_a_killed_run_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".out.mov.partial").write_bytes(b"x" * 100_000)
    first = write(tmp_path, make_reel(), "prores-422hq").sha256
    assert first == write(tmp_path, make_reel(), "prores-422hq").sha256
    assert [p.name for p in tmp_path.iterdir()] == ["out.mov"]


def _without_cr(frame: DeliveryFrame) -> DeliveryFrame:
    return DeliveryFrame(frame.index, frame.luma, frame.cb, frame.cr[:, :-1])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: DeliveryFrame(1, f.luma, f.cb, f.cr), "frame 1 was given where frame 0 follows"),
        (lambda f: DeliveryFrame(0, f.luma[:, :100], f.cb, f.cr), "luma"),
        (lambda f: DeliveryFrame(0, f.luma, f.luma, f.luma), "cb"),
        (lambda f: DeliveryFrame(0, f.luma.astype(np.float32), f.cb, f.cr), "float32"),
        (_without_cr, "cr"),
    ],
    ids=["out of turn", "size", "444 for 422", "kind", "cr"],
)
def test_frames_that_do_not_fit_are_refused(tmp_path: Path, spoil: Any, said: str) -> None:
    frame = next(make_frames(make_reel(), "prores-422hq"))
    with pytest.raises(InputError, match=said):
        with Writer(tmp_path / "out.mov", make_reel(), "prores-422hq", ExportSettings()) as writer:
            writer.write(spoil(frame))
    assert list(tmp_path.iterdir()) == []


def test_a_film_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no frame"):
        with Writer(tmp_path / "out.mov", make_reel(), "prores-422hq", ExportSettings()):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk() -> Iterator[Any]:
    """Sets how large a file may grow, in place of a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 40, 3000, 12_000])
@pytest.mark.parametrize("delivery", CODECS)
def test_a_full_disk_is_one_line(tmp_path: Path, small_disk: Any, delivery: str, room: int) -> None:
    reel = make_reel()
    whole = write(tmp_path, reel, delivery)
    whole.path.unlink()
    small_disk(min(room, whole.size - 1))
    with pytest.raises(MediaError, match=r"out\.m.*choose another place with -o$"):
        write(tmp_path, reel, delivery)
    small_disk(resource.RLIM_INFINITY)
    assert list(tmp_path.iterdir()) == []


TRACKS = [
    ("pcm_s16le", "stereo", {"language": "fra", "title": "Dialogue"}),
    ("pcm_s24le", "5.1", {"language": "deu"}),
    ("aac", "stereo", {"title": "Commentary"}),
]


def with_sound(folder: Path, reel: Reel, delivery: str, suffix: str = "") -> Written:
    path = folder / f"out{suffix or CODECS[delivery].suffixes[0]}"
    with Writer(path, reel, delivery, ExportSettings()) as writer:
        for frame in make_frames(reel, delivery):
            writer.write(frame)
    return writer.written


@pytest.mark.parametrize("delivery", ["prores-422hq", "ffv1", "proxy"])
@pytest.mark.parametrize("source", ["film.mov", "film.mkv"])
def test_sound_is_copied_bit_for_bit(tmp_path: Path, source: str, delivery: str) -> None:
    reel = make_film_with_sound(tmp_path / source, TRACKS)
    written = with_sound(tmp_path, reel, delivery)
    assert sound_md5(written.path) == sound_md5(reel.path)
    assert [t["codec"] for t in written.sound] == ["pcm_s16le", "pcm_s24le", "aac"]
    with av.open(str(written.path)) as film:
        tracks = film.streams.audio
        # ISO 639-2 has two codes for German, and a MOV made by FFmpeg has room for neither: `deu` was lost in film.mov
        german = "deu" if source == "film.mkv" else None
        assert [t.metadata.get("language") for t in tracks] == ["fra", german, None]
        titles = [t.metadata.get("title", t.metadata.get("name")) for t in tracks]
        assert titles == ["Dialogue", None, "Commentary"]
        assert len(film.streams.video) == 1


@pytest.mark.parametrize("delivery", ["prores-422hq", "ffv1"])
@pytest.mark.parametrize(("picture_starts", "sound_starts"), [(0, 0), (0, 24_000), (12, 0)], ids=str)
def test_sound_stays_in_step(tmp_path: Path, delivery: str, picture_starts: int, sound_starts: int) -> None:
    reel = make_film_with_sound(
        tmp_path / "film.mkv",
        [("pcm_s16le", "mono", {})],
        picture_starts=picture_starts,
        sound_starts=sound_starts,
    )
    written = with_sound(tmp_path, reel, delivery)
    assert sound_md5(written.path) == sound_md5(reel.path)
    with av.open(str(written.path)) as film:
        starts: dict[str, Fraction] = {}
        for packet in film.demux():
            if packet.size and packet.stream.type not in starts:
                starts[packet.stream.type] = packet.pts * packet.time_base
    lead = float(starts["audio"] - starts["video"])
    # film.mkv counts milliseconds
    assert lead == pytest.approx(sound_starts / 48_000 - picture_starts / 24, abs=0.0015)


def test_sound_may_be_left_out(tmp_path: Path) -> None:
    reel = make_film_with_sound(tmp_path / "film.mov", TRACKS[:1])
    with Writer(tmp_path / "out.mov", reel, "prores-422hq", ExportSettings(sound="none")) as writer:
        for frame in make_frames(reel, "prores-422hq"):
            writer.write(frame)
    assert writer.written.sound == ()
    assert read_movie(tmp_path / "out.mov").of("soun") == []


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("delivery", CODECS)
def test_ffprobe_agrees(tmp_path: Path, delivery: str) -> None:
    reel = make_reel(rate=Rate(30000, 1001), drop_frame=True, start=107_892, tape="REEL07")
    written = write(tmp_path, reel, delivery)
    command = ["ffprobe", "-v", "error", "-show_streams", "-count_frames", "-of", "json", str(written.path)]
    picture = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"][0]
    expected = {
        "color_range": "tv",
        "color_space": "bt709",
        "color_transfer": "bt709",
        "color_primaries": "bt709",
        "r_frame_rate": "30000/1001",
        "nb_read_frames": str(COUNT),
        "pix_fmt": CODECS[delivery].pixel_format.replace("444p10", "444p12" if "4444" in delivery else "444p10"),
    }
    if delivery == "dnxhr-444-mxf":
        del expected["color_range"]  # FFmpeg writes none there
    assert {key: picture[key] for key in expected} == expected
    tags = {key.lower(): value for key, value in picture["tags"].items()}
    assert tags["timecode"] == "01:00:00;00"
    if written.path.suffix != ".mxf":  # MXF has no place for it
        assert tags["encoder"] == CODECS[delivery].compressor
