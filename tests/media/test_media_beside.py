"""What goes beside the picture: sound that becomes PCM, subtitles, chapters, titles and languages."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from delivered import SOUND_RATE, make_film_with_sound, make_frames, make_reel

from vidcolor.media.destination import destination_notes
from vidcolor.media.probe import open_reel
from vidcolor.media.write import Writer, Written
from vidcolor.settings import ExportSettings, ReelSettings
from vidcolor.timeline import Rate

SUBRIP = "1\n00:00:00,500 --> 00:00:00,900\nFirst <i>line</i>\n\n2\n00:00:01,000 --> 00:00:01,400\nSecond line\n"
CHAPTERS = (("One", 0, 1000), ("Two", 1000, 2000))


def written(path: Path, reel: Any, delivery: str) -> Written:
    with Writer(path, reel, delivery, ExportSettings()) as writer:
        for frame in make_frames(reel, delivery):
            writer.write(frame)
    return writer.written


def samples(path: Path) -> tuple[float, np.ndarray]:
    """(seconds from the first picture to the first sample, (n, channels) -1..1) of the first sound track."""
    with av.open(str(path)) as film:
        packet = next(p for p in film.demux(video=0) if p.pts is not None)
        start = packet.pts * packet.time_base
    resampler = av.AudioResampler(format="flt")
    with av.open(str(path)) as film:
        pieces = [piece for frame in film.decode(audio=0) for piece in resampler.resample(frame)]
        channels = film.streams.audio[0].codec_context.layout.nb_channels
    first = pieces[0]
    return float(first.pts * first.time_base - start), np.concatenate(
        [p.to_ndarray().reshape(-1, channels) for p in pieces]
    )


@pytest.mark.parametrize(
    ("codec", "name", "pcm", "near"),
    [
        ("flac", "film.mkv", "pcm_s16le", 0),
        ("libopus", "film.mkv", "pcm_s24le", 2**-22),
        ("adpcm_ms", "film.avi", "pcm_s16le", 0),
    ],
)
def test_sound_that_a_mov_cannot_hold_becomes_pcm(tmp_path, codec, name, pcm, near):
    reel = make_film_with_sound(tmp_path / name, [(codec, "stereo", {"language": "fra"})])
    made = written(tmp_path / "out.mov", reel, "prores-422hq")
    assert made.sound[0]["codec"] == pcm
    assert made.sound[0]["from"] == codec.removeprefix("lib")
    begins, was = samples(reel.path)
    start, now = samples(made.path)
    assert start == pytest.approx(begins, abs=0.0015)
    assert now.shape == was.shape
    assert np.abs(now - was).max() <= near
    assert len(now) / SOUND_RATE == pytest.approx(2, abs=0.03)


@pytest.mark.parametrize(("picture", "sound"), [(0, 24_000), (12, 0)])
def test_sound_made_pcm_stays_in_step(tmp_path, picture, sound):
    reel = make_film_with_sound(
        tmp_path / "film.mkv", [("flac", "mono", {})], picture_starts=picture, sound_starts=sound
    )
    _, was = samples(reel.path)
    start, now = samples(written(tmp_path / "out.mov", reel, "prores-422hq").path)
    early = round(picture / 24 * SOUND_RATE)  # players leave out what is heard before the first picture
    assert start == pytest.approx(sound / SOUND_RATE, abs=0.0015)
    assert np.array_equal(now, was[early:])


def test_a_gap_in_the_times_of_sound_is_silence_in_pcm(tmp_path):
    whole = make_film_with_sound(tmp_path / "whole.mkv", [("flac", "mono", {})])
    lost = 0
    with av.open(str(whole.path)) as film, av.open(str(tmp_path / "film.mkv"), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in film.streams}
        for packet in film.demux():
            sound = packet.stream.type == "audio"
            if packet.size and sound and 0.5 <= float(packet.pts * packet.time_base) < 1:
                lost += 1
            elif packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    assert lost
    reel = make_reel(tmp_path / "film.mkv", frame_count=48, rate=Rate(24), size=whole.size, sound_tracks=1)
    _, was = samples(whole.path)
    _, now = samples(written(tmp_path / "out.mov", reel, "prores-422hq").path)
    assert len(now) == len(was)
    assert not now[30_000:40_000].any()
    assert np.abs(now[60_000:] - was[60_000:]).max() <= 2**-15


def film_with_extras(folder: Path, *, starts: int = 0) -> Path:
    """48 gray pictures at 24 a second with subtitles, chapters, a title and languages; the first shown at `starts`."""
    (folder / "lines.srt").write_text(SUBRIP)
    path = folder / "film.mkv"
    with av.open(str(folder / "lines.srt")) as lines, av.open(str(path), "w") as out:
        pictures = out.add_stream("mpeg4", rate=24)
        pictures.codec_context.height, pictures.codec_context.width = 48, 64
        pictures.metadata["language"] = "fre"
        text = out.add_stream_from_template(lines.streams[0])
        text.metadata["language"] = "eng"
        out.metadata.update({"title": "Night train", "comment": "restored"})
        out.set_chapters(
            [
                {"id": n, "start": a, "end": b, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
                for n, (title, a, b) in enumerate(CHAPTERS)
            ]
        )
        for index in range(48):
            picture = av.VideoFrame(64, 48, "yuv420p")
            for plane in picture.planes:
                np.frombuffer(memoryview(plane), "u1")[:] = 128
            picture.pts, picture.time_base = index + starts, Fraction(1, 24)
            out.mux(pictures.encode(picture))
        out.mux(pictures.encode(None))
        for packet in lines.demux():
            if packet.size:
                packet.stream = text
                out.mux(packet)
    return path


@pytest.mark.parametrize("delivery", ["prores-422hq", "ffv1"])
@pytest.mark.parametrize("starts", [0, 6])
def test_subtitles_chapters_titles_and_languages_go_along(tmp_path, delivery, starts):
    reel = open_reel(film_with_extras(tmp_path, starts=starts), ReelSettings())
    path = tmp_path / ("out.mov" if delivery != "ffv1" else "out.mkv")
    made = written(path, reel, delivery)
    early = starts / 24
    with av.open(str(path)) as film:
        text = film.streams.subtitles[0]
        assert text.metadata["language"] == "eng"
        assert film.streams.video[0].metadata["language"] == "fre"
        assert {k.lower(): v for k, v in film.metadata.items()}.items() >= {
            "title": "Night train",
            "comment": "restored",
        }.items()
        chapters = [(c["metadata"]["title"], c["start"] * c["time_base"]) for c in film.chapters()]
        assert [title for title, _ in chapters] == ["One", "Two"]
        assert [float(at) for _, at in chapters] == pytest.approx([0, 1 - early], abs=0.001)
        lines = [(p.pts * p.time_base, bytes(p)) for p in film.demux(text) if p.size and len(bytes(p)) > 2]
    assert [float(at) for at, _ in lines] == pytest.approx([0.5 - early, 1 - early], abs=0.001)
    assert b"First" in lines[0][1]
    assert b"Second line" in lines[1][1]
    assert made.beside["chapters"] == 2
    assert made.beside["titles"] == {"title": "Night train", "comment": "restored"}
    assert [track["language"] for track in made.beside["subtitles"]] == ["eng"]
    said = destination_notes(path, reel, ExportSettings())
    wanted = ["subtitle track 1 (srt) has no place in MOV: it is delivered as text of another kind"]
    assert said == (wanted if delivery != "ffv1" else [])


def test_what_a_container_has_no_place_for_is_told(tmp_path):
    source = film_with_extras(tmp_path)
    path = tmp_path / "more.mkv"
    with av.open(str(source)) as film, av.open(str(path), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in film.streams}
        out.add_attachment("font.ttf", "font/ttf", b"made")
        for packet in film.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    reel = open_reel(path, ReelSettings())
    assert "left behind, as MOV has no place for it: 1 attachment" in destination_notes(
        tmp_path / "out.mov", reel, ExportSettings()
    )
    assert destination_notes(tmp_path / "out.mkv", reel, ExportSettings()) == []
    assert written(tmp_path / "out.mov", reel, "prores-422hq").beside["left_behind"] == ["1 attachment"]
    written(tmp_path / "out.mkv", reel, "ffv1")
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert film.streams.attachments[0].data == b"made"


def test_mxf_gets_pcm_at_48_kilohertz(tmp_path):
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("mpeg4", rate=24)
        pictures.codec_context.height, pictures.codec_context.width = 48, 64
        track = out.add_stream("flac", rate=44_100, layout="mono")
        for index in range(24):
            picture = av.VideoFrame(64, 48, "yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 24)
            out.mux(pictures.encode(picture))
        wave = (8000 * np.sin(np.arange(44_100) / 20)).astype(np.int16)
        for start in range(0, 44_100, 4410):
            tone = av.AudioFrame.from_ndarray(wave[None, start : start + 4410], format="s16", layout="mono")
            tone.sample_rate, tone.pts, tone.time_base = 44_100, start, Fraction(1, 44_100)
            out.mux(track.encode(tone))
        out.mux(pictures.encode(None))
        out.mux(track.encode(None))
    reel = make_reel(path, frame_count=24, rate=Rate(24), sound_tracks=1)
    made = written(tmp_path / "out.mxf", reel, "dnxhr-hqx-mxf")
    assert [track["codec"] for track in made.sound] == ["pcm_s16le"]
    with av.open(str(made.path)) as film:
        assert film.streams.audio[0].rate == 48_000
    assert len(samples(made.path)[1]) == pytest.approx(48_000, abs=2001)
