"""Damaged frames are named rightly, wherever reading begins and however the decoder's threads tell it, or replaced."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from made_films import gray_frame, moving, write_film

from vidcolor.errors import MediaError
from vidcolor.media.decode import read_chosen, read_frames
from vidcolor.media.index import find_frames
from vidcolor.media.probe import open_reel
from vidcolor.media.read import read_luma
from vidcolor.settings import ReelSettings
from vidcolor.types import Reel

BAD = 27


def spoilt(path: Path, how: str, which: int = BAD) -> Path:
    """The film with the bytes of one packet spoilt."""
    with av.open(str(path)) as file:
        packet = [packet for packet in file.demux(video=0) if packet.size][which]
        start, size = packet.pos, packet.size
    data = bytearray(path.read_bytes())
    kept = 40 if how == "noise" else 0
    data[start + kept : start + size] = np.random.default_rng(1).bytes(size - kept) if kept else bytes(size)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("codec", "name", "how"),
    [
        ("libx264", "f.mp4", "zero"),
        ("libx264", "f.mp4", "noise"),
        ("mpeg2video", "f.mov", "zero"),
        ("prores_ks", "f.mov", "zero"),
    ],
)
def test_the_damaged_frame_is_named(tmp_path, codec, name, how):
    pixels = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    frames = [gray_frame(p, pixels) for p in moving(48, (96, 128), 900 if codec == "prores_ks" else 255)]
    options = {"bf": "0", "g": "12"} if codec != "prores_ks" else {}
    path = spoilt(write_film(tmp_path / name, codec, frames, options=options), how)
    index = find_frames(path)
    readings = [lambda: read_frames(index, 0), lambda: read_frames(index, 25), lambda: read_chosen(index, [0, 20, 27])]
    for reading in readings:
        with pytest.raises(MediaError, match=rf"{name}: frame {BAD} is damaged or missing"):
            list(reading())


def concealed(path: Path) -> tuple[Reel, list[np.ndarray]]:
    """The reel that repeats neighbours, and the luma of its frames as 10-bit codes."""
    reel = open_reel(path, ReelSettings(damaged="repeat"))
    return reel, [luma for _, luma in read_luma(reel, 0)]


@pytest.mark.parametrize(
    ("codec", "name", "alone"), [("prores_ks", "f.mov", True), ("libx264", "f.mp4", False), ("mjpeg", "f.avi", True)]
)
def test_a_neighbour_is_repeated_where_that_is_asked(tmp_path, codec, name, alone):
    pixels = {"prores_ks": "yuv422p10le", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
    frames = [gray_frame(p, pixels) for p in moving(48, (96, 128), 900 if codec == "prores_ks" else 200)]
    options = {"bf": "0", "g": "12"} if codec == "libx264" else {}
    path = write_film(tmp_path / name, codec, frames, options=options)
    whole = [luma for _, luma in read_luma(open_reel(path, ReelSettings()), 0)]
    spoilt(path, "zero")
    reel, shown = concealed(path)
    assert (reel.damaged, reel.frame_count) == ((BAD,), 48)
    assert np.array_equal(shown[BAD], shown[BAD - 1])
    same = [k for k in range(48) if k != BAD and (alone or not BAD < k < 36)]
    assert all(np.array_equal(shown[k], whole[k]) for k in same)
    told = f"Damaged frame {BAD}: a neighbour is repeated (reel.damaged)."
    assert any(note.startswith(told) and note.endswith("traces.") != alone for note in reel.notes)
    for first in (BAD - 1, BAD, BAD + 1, 40):  # from wherever reading begins
        _, luma = next(read_luma(reel, first))
        assert np.array_equal(luma, shown[first])


def test_damage_at_the_head_shows_the_first_whole_picture(tmp_path):
    pictures = moving(12, (96, 128), 900)
    path = write_film(tmp_path / "f.mov", "prores_ks", [gray_frame(p, "yuv422p10le") for p in pictures])
    spoilt(path, "zero", 0)
    spoilt(path, "zero", 1)
    reel, shown = concealed(path)
    assert reel.damaged == (0, 1)
    assert np.array_equal(shown[0], shown[2])
    assert any(note.startswith("Damaged frames 0-1:") for note in reel.notes)


def test_a_film_of_damage_alone_is_refused(tmp_path):
    path = write_film(tmp_path / "f.mov", "prores_ks", [gray_frame(p, "yuv422p10le") for p in moving(2, top=900)])
    spoilt(path, "zero", 0)
    spoilt(path, "zero", 1)
    with pytest.raises(MediaError, match=r"f\.mov: no frame of it can be decoded; copy"):
        concealed(path)


def test_a_damaged_picture_of_a_sequence(tmp_path):
    for k in range(6):
        cv2.imwrite(str(tmp_path / f"{k:04d}.png"), np.full((48, 64), 40 + 20 * k, np.uint8))
    (tmp_path / "0000.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (tmp_path / "0004.png").write_bytes((tmp_path / "0004.png").read_bytes()[:60])
    reel, shown = concealed(tmp_path)
    assert reel.damaged == (0, 4)
    assert np.array_equal(shown[0], shown[1])
    assert np.array_equal(shown[4], shown[3])
    assert not np.array_equal(shown[5], shown[3])


def test_ffv1_checksums_are_verified_slice_by_slice(tmp_path):
    frames = [gray_frame(p, "yuv420p") for p in moving(12, (96, 128))]
    options = {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"}
    path = write_film(tmp_path / "f.mkv", "ffv1", frames, options=options)
    with av.open(str(path)) as file:
        packet = [packet for packet in file.demux(video=0) if packet.size][7]
        place = packet.pos + packet.size // 2
    data = bytearray(path.read_bytes())
    data[place] ^= 1  # FFmpeg's decoder says nothing of it
    path.write_bytes(data)
    index = find_frames(path)
    for reading in (lambda: read_frames(index, 0), lambda: read_chosen(index, [1, 7])):
        with pytest.raises(
            MediaError, match=r"frame 7 is damaged or missing \(1 of its 4 slices fail their checksum\)"
        ):
            list(reading())
    reel, shown = concealed(path)
    assert reel.damaged == (7,)
    assert np.array_equal(shown[7], shown[6])


def test_ffv1_without_checksums_is_read(tmp_path):
    frames = [gray_frame(p, "yuv420p") for p in moving(3)]
    for options in ({"level": "3", "slices": "4", "slicecrc": "0"}, {"level": "1"}):
        path = write_film(tmp_path / f"f{options['level']}.mkv", "ffv1", frames, options=options)
        assert len(list(read_frames(find_frames(path), 0))) == 3
        assert not find_frames(path).checksums
