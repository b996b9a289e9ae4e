"""Streams as recorders and people's scissors leave them: begun inside a group of pictures, joined end to end."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_films import decoded_luma, gray_frame, moving, write_film

from vidcolor.media.beside import Beside
from vidcolor.media.damage import find_damaged
from vidcolor.media.decode import read_chosen, read_frames
from vidcolor.media.index import find_frames
from vidcolor.media.luma import layout_of, luma_plane
from vidcolor.media.probe import open_reel
from vidcolor.settings import ReelSettings

PLAIN = ReelSettings()
GOP = {"g": "12", "keyint_min": "12", "sc_threshold": "0", "bf": "0"}


def beheaded(source: Path, path: Path, first: int, **metadata: str) -> Path:
    """The film without its first packets of picture; its sound begins at once."""
    with av.open(str(source)) as film, av.open(str(path), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in film.streams}
        out.metadata.update(metadata)
        count = 0
        for packet in film.demux():
            if not packet.size:
                continue
            if packet.stream.type == "video":
                count += 1
                if count <= first:
                    continue
            packet.stream = copies[packet.stream.index]
            out.mux(packet)
    return path


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mov"])
@pytest.mark.parametrize(("codec", "bframes"), [("libx264", "0"), ("mpeg2video", "2")])
def test_a_film_begins_with_its_first_whole_frame(tmp_path, suffix, codec, bframes):
    pictures = moving(48, (96, 128), 200)
    options = {**GOP, "bf": bframes} | ({"qp": "2"} if codec == "libx264" else {"qscale": "1"})
    frames = [gray_frame(p, "yuv420p") for p in pictures]
    whole = write_film(tmp_path / f"whole{suffix}", codec, frames, options=options)
    path = beheaded(whole, tmp_path / f"film{suffix}", 5)
    made = decoded_luma(whole)
    reel = open_reel(path, PLAIN)
    index = find_frames(path)
    layout = layout_of(reel.pixel_format)
    shown = [luma_plane(picture, layout).copy() for picture in read_frames(index, 0)]
    nearest = [int(np.argmin([np.abs(s.astype(int) - m).mean() for m in made])) for s in shown]
    assert nearest == list(range(48 - len(shown), 48))
    assert np.abs(shown[0].astype(int) - made[nearest[0]]).max() == 0
    assert 48 - len(shown) in (11, 12)  # MPEG-2's first picture may be shown without those before it
    assert index.lost
    assert any(
        note.startswith(f"The file begins inside a group of pictures: the first {index.lost} need")
        for note in reel.notes
    )
    middle = next(read_frames(index, 20))
    assert np.array_equal(luma_plane(middle, layout), shown[20])


def test_the_timecode_goes_on_by_what_is_left_out(tmp_path):
    frames = [gray_frame(p, "yuv420p") for p in moving(48)]
    whole = write_film(tmp_path / "whole.mp4", "libx264", frames, options=GOP)
    reel = open_reel(beheaded(whole, tmp_path / "film.mov", 5, timecode="01:00:00:00"), PLAIN)
    assert (reel.frame_count, reel.timecode(0)) == (36, "01:00:00:07")


def recording(path: Path, pictures: list[np.ndarray], tone: int, options: dict[str, str]) -> bytes:
    """A transport stream of some pictures with sound of one level, and its bytes."""
    with av.open(str(path), "w", format="mpegts") as out:
        stream = out.add_stream("libx264", rate=24, options=options)
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape, "yuv420p"
        sound = out.add_stream("mp2", rate=48_000, layout="mono")
        for place, picture in enumerate(pictures):
            frame = gray_frame(picture, "yuv420p")
            frame.pts, frame.time_base = place, Fraction(1, 24)
            out.mux(stream.encode(frame))
            samples = np.full((1, 2000), tone, np.int16)
            samples[:, ::48] = -tone
            heard = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 48_000, 2000 * place, Fraction(1, 48_000)
            out.mux(sound.encode(heard))
        out.mux(stream.encode(None))
        out.mux(sound.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize("bframes", ["0", "2"])
def test_joined_transport_streams_follow_each_other(tmp_path, bframes):
    pictures = moving(96, (96, 128), 200)
    options = {**GOP, "bf": bframes, "qp": "4"}
    parts = [pictures[:40], pictures[40:60], pictures[60:]]
    joined = b"".join(recording(tmp_path / f"{n}.ts", part, 1000 * (n + 1), options) for n, part in enumerate(parts))
    path = tmp_path / "film.ts"
    path.write_bytes(joined)
    made = [luma for n in range(3) for luma in decoded_luma(tmp_path / f"{n}.ts")]
    assert len(made) == 96
    reel = open_reel(path, PLAIN)
    assert (reel.frame_count, reel.rate.fraction) == (96, 24)
    assert "The file holds 3 recordings joined end to end: their times are made to follow each other." in reel.notes
    index, layout = find_frames(path), layout_of(reel.pixel_format)
    shown = [luma_plane(picture, layout).copy() for picture in read_frames(index, 0)]
    assert all(np.array_equal(a, b) for a, b in zip(shown, made, strict=True))
    for first in (5, 39, 40, 45, 59, 61, 90):
        assert np.array_equal(luma_plane(next(read_frames(index, first)), layout), made[first])
    assert [
        np.array_equal(luma_plane(p, layout), made[k])
        for k, p in zip((3, 50, 80), read_chosen(index, [3, 50, 80]), strict=True)
    ] == [True] * 3
    assert find_damaged(index) == []
    with av.open(str(tmp_path / "out.mkv"), "w") as out:
        picture = out.add_stream("ffv1", rate=24)
        picture.height, picture.width = 16, 16
        beside = Beside(path, out, "matroska", sound=True)
        beside.finish(Fraction(4))
    with av.open(str(tmp_path / "out.mkv")) as film:
        heard = [(float(f.pts * f.time_base), int(np.median(f.to_ndarray()))) for f in film.decode(audio=0)]
    for second, tone in ((0.8, 1000), (2.1, 2000), (3.2, 3000)):
        near = min(heard, key=lambda item: abs(item[0] - second))
        assert abs(near[0] - second) < 0.03
        assert near[1] == pytest.approx(tone, abs=120)
