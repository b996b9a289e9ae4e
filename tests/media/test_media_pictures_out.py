"""Deliveries of pictures: their luma, headers, numbers and names; a folder is whole or not there."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import OpenEXR
import pytest
from delivered import make_reel
from test_media_depth import KINDS, SIZE, make_film

from vidcolor.color import LumaLock
from vidcolor.color.scale import Scale
from vidcolor.errors import InputError, MediaError
from vidcolor.finish import finish
from vidcolor.hashes import sha256_of_any
from vidcolor.media.codecs import find_delivery
from vidcolor.media.destination import check_destination
from vidcolor.media.picture_codecs import PICTURES
from vidcolor.media.picture_file import Header
from vidcolor.media.probe import open_reel
from vidcolor.media.promise import picture_promise
from vidcolor.media.read import SourceClip
from vidcolor.media.scan import read_header
from vidcolor.media.write_pictures import PictureWriter
from vidcolor.media.written import Written
from vidcolor.settings import ExportSettings, FinishSettings, ReelSettings
from vidcolor.timeline import Rate
from vidcolor.types import ColorFrame, DeliveryFrame, Reel

DEPTH = {"dpx-10": 10, "dpx-12": 12, "dpx-16": 16, "tiff-16": 16, "exr": 12}
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


def make_deep_reel(**facts: Any) -> Reel:
    return make_reel(bits=16, pixel_format="yuv444p16le", **facts)


def pictures_of(reel: Reel, count: int) -> list[DeliveryFrame]:
    """Waves under moderate colours, at 16 bits."""
    y, x = np.mgrid[: reel.size[0], : reel.size[1]]
    scale = Scale(16, reel.full_range)

    def wave(n: int) -> np.ndarray:
        return np.rint(scale.black + scale.span * (0.5 + 0.4 * np.sin(x / 9 + y / 7 + n))).astype(np.uint16)

    lock = LumaLock(reel.tags)
    frames = []
    for n in range(count):
        chroma = np.stack([30 * np.sin(x / 11 + n), 30 * np.cos(y / 5)]).astype(np.float32)
        frames.append(DeliveryFrame(n, wave(n), *lock.chroma_codes(wave(n), chroma, "444", scale)))
    return frames


def pictures_of_source(reel: Reel) -> list[DeliveryFrame]:
    gray = np.full(reel.size, 1 << 15, np.uint16)
    return [DeliveryFrame(f.index, f.handed, gray, gray) for f in SourceClip(reel, None, Scale(16, reel.full_range))]


def write(path: Path, reel: Reel, delivery: str, settings: ExportSettings | None = None, frames: Any = None) -> Written:
    with PictureWriter(path, reel, delivery, settings or ExportSettings()) as writer:
        for frame in frames or pictures_of(reel, reel.frame_count):
            writer.write(frame)
    return writer.written


def coded(path: Path, delivery: str) -> np.ndarray:
    """(H, W, 3) R'G'B' 0..1 of a picture, by readers that are not ours."""
    if delivery == "exr":
        light = OpenEXR.File(str(path)).channels()["RGB"].pixels.astype(float)
        return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.abs(light) ** (1 / 2.4) - 0.055)
    if delivery == "tiff-16":
        return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1] / 65535
    with av.open(str(path)) as film:
        picture = next(film.decode(video=0))
    bits = DEPTH[delivery]
    if picture.format.name == "rgb48be":
        return picture.to_ndarray(format="rgb48be").astype(float).reshape(picture.height, picture.width, 3) / 65535
    planes = [np.frombuffer(p, "<u2").reshape(picture.height, -1)[:, : picture.width] for p in picture.planes]
    return np.stack([planes[2], planes[0], planes[1]], 2) / (2**bits - 1)


@pytest.mark.parametrize("delivery", DEPTH)
@pytest.mark.parametrize(("pixel_format", "bits", "color_range"), KINDS)
def test_luma_decodes_back(tmp_path: Path, delivery: str, pixel_format: str, bits: int, color_range: int) -> None:
    codes = make_film(tmp_path / "film.mkv", pixel_format, bits, color_range)
    reel = open_reel(tmp_path / "film.mkv", ReelSettings())
    codec = find_delivery(delivery)
    (source,) = SourceClip(reel, None, codec.scale_of(reel))
    turn = np.linspace(0, 6, SIZE[1] // 2, dtype=np.float32) * np.ones((SIZE[0] // 2, 1), np.float32)
    color = ColorFrame(0, 50 * np.stack([np.cos(turn), np.sin(turn)]), np.ones_like(turn))
    frame = finish(source, color, LumaLock(reel.tags), FinishSettings(), codec.subsampling, scale=codec.scale_of(reel))
    written = write(tmp_path / "out", reel, delivery, frames=[frame])
    own = Scale(bits, color_range == 2)
    back = own.black + own.span * (coded(tmp_path / f"out/out.0000000{PICTURES[delivery].suffix}", delivery) @ WEIGHTS)
    inside = (codes >= own.black) & (codes <= own.white)
    error = np.abs(back - codes)[inside].max()
    measured = written.measured
    assert measured is not None
    assert measured.largest_error == pytest.approx(error, abs=0.03)
    assert measured.outside_samples == (~inside).sum()
    said = picture_promise(reel, PICTURES[delivery], ExportSettings(), measured)
    if bits <= DEPTH[delivery]:
        assert np.array_equal(np.rint(back)[inside], codes[inside])
        assert measured.changed_samples <= measured.outside_samples
        assert "code for code" in said
    else:
        assert measured.changed_samples > measured.outside_samples
        assert "the film's own, rounded, within" in said
        assert f"of its codes of {bits} bits" in said


@pytest.mark.parametrize("delivery", DEPTH)
def test_headers_tell_the_clock_and_the_reel(tmp_path: Path, delivery: str) -> None:
    reel = make_deep_reel(
        size=(16, 24), frame_count=3, rate=Rate(30000, 1001), drop_frame=True, start=107_891, tape="A003", hash="ab"
    )
    write(tmp_path / "out", reel, delivery)
    pictures = sorted((tmp_path / "out").iterdir())
    suffix = PICTURES[delivery].suffix
    assert [p.name for p in pictures] == [f"out.000000{n}{suffix}" for n in range(3)]
    for n, picture in enumerate(pictures):
        said = read_header(picture)
        if delivery == "tiff-16":
            continue
        assert (said.timecode, said.rate, said.reel) == (reel.timecode(n), Fraction(30000, 1001), "A003")
        assert str(tmp_path).encode() not in picture.read_bytes()
    again = open_reel(tmp_path / "out", ReelSettings(sequence_rate=29.97))
    assert (again.frame_count, again.rate) == (3, reel.rate)
    if delivery != "tiff-16":
        assert (again.start, again.drop_frame, again.tape) == (107_891, True, "A003")
    if delivery == "exr":
        head = OpenEXR.File(str(pictures[0])).header()
        assert head["framesPerSecond"] == Fraction(30000, 1001)
        assert head["reelName"] == "A003"


@pytest.mark.parametrize("delivery", DEPTH)
def test_the_same_frames_give_the_same_bytes_anywhere(tmp_path: Path, delivery: str) -> None:
    reel = make_deep_reel(size=(16, 24), frame_count=2)
    (tmp_path / "other").mkdir()
    one, two = write(tmp_path / "out", reel, delivery), write(tmp_path / "other" / "out", reel, delivery)
    assert one.sha256 == two.sha256 == sha256_of_any(tmp_path / "out")
    assert one.size == sum(p.stat().st_size for p in (tmp_path / "out").iterdir())


def test_numbers_are_the_sources_or_from_zero_or_timecode(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    folder.mkdir()
    for n in range(1001, 1004):
        cv2.imwrite(str(folder / f"scan_v2.{n}.png"), np.full((16, 24), n % 256, np.uint16) << 8)
    reel = open_reel(folder, ReelSettings(sequence_rate=24.0, start_timecode="01:00:00:00"))
    for asked, first in (("source", "1001"), ("zero", "0000000"), ("timecode", "0086400")):
        settings = ExportSettings(numbering=asked)  # type: ignore[arg-type]
        write(tmp_path / asked, reel, "dpx-10", settings, pictures_of_source(reel))
        assert min(p.name for p in (tmp_path / asked).iterdir()) == f"{asked}.{first}.dpx"


def test_aces_pictures_say_so_and_white_is_white(tmp_path: Path) -> None:
    reel = make_reel(size=(4, 8), frame_count=1)
    gray = np.full((4, 8), 1 << 15, np.uint16)
    white = DeliveryFrame(0, np.full((4, 8), 60160, np.uint16), gray, gray)
    write(tmp_path / "out", reel, "exr", ExportSettings(exr_primaries="ap0"), [white])
    file = OpenEXR.File(str(tmp_path / "out/out.0000000.exr"))
    assert np.allclose(file.channels()["RGB"].pixels, 1, atol=1e-3)
    assert np.allclose(file.header()["chromaticities"], [0.7347, 0.2653, 0, 1, 0.0001, -0.077, 0.32168, 0.33767])


def test_a_folder_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reel = make_deep_reel(size=(16, 24), frame_count=3)
    first = write(tmp_path / "out", reel, "dpx-10")
    frames = pictures_of(reel, 3)
    with pytest.raises(InputError, match="where frame 1 follows"):
        write(tmp_path / "out", reel, "dpx-10", frames=[frames[0], frames[2]])
    assert sha256_of_any(tmp_path / "out") == first.sha256
    real = Header.write

    def cut(self: Header, path: Path, *rest: Any) -> None:
        real(self, path, *rest)
        path.write_bytes(path.read_bytes()[:-100])

    monkeypatch.setattr(Header, "write", cut)
    with pytest.raises(MediaError, match=r"out\.000000\d\.dpx: .*(the disk may be full|damaged or cut short)"):
        write(tmp_path / "out", reel, "dpx-10")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert sha256_of_any(tmp_path / "out") == first.sha256


def test_what_a_kill_left_is_swept_away(tmp_path: Path) -> None:
    reel = make_deep_reel(size=(16, 24), frame_count=2)
    whole = write(tmp_path / "out", reel, "dpx-10").sha256
    shutil.copytree(tmp_path / "out", tmp_path / ".out.partial")
    (tmp_path / ".out.partial" / "out.0000009.dpx").write_bytes(b"half")
    assert write(tmp_path / "out", reel, "dpx-10").sha256 == whole
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_places_that_are_none_are_refused(tmp_path: Path) -> None:
    reel = make_reel()
    for name, remedy in (("out.dpx", "is a folder of pictures; name it out"), ("out.mov", "name it out")):
        with pytest.raises(MediaError, match=remedy):
            check_destination(tmp_path / name, "dpx-10", reel, ExportSettings())
    (tmp_path / "file").write_text("x")
    with pytest.raises(MediaError, match="is a file, and dpx-10 a folder of pictures"):
        check_destination(tmp_path / "file", "dpx-10", reel, ExportSettings())
    with pytest.raises(MediaError, match="holds no interlaced pictures"):
        check_destination(tmp_path / "out", "exr", make_reel(scan="top"), ExportSettings())
    cv2.imwrite(str(tmp_path / "scan_1.png"), np.zeros((8, 8), np.uint8))
    with pytest.raises(MediaError, match="is the film itself"):
        check_destination(tmp_path, "dpx-10", make_reel(tmp_path / "scan_1.png"), ExportSettings())
