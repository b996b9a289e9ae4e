"""Reels, frames and films with sound for the tests of delivery, all made here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidcolor.media.codecs import CODECS
from vidcolor.timeline import Rate
from vidcolor.types import DeliveryFrame, Reel

SIZE = (120, 256)
"""The smallest that every delivery takes."""
COUNT = 6
SOUND_RATE = 48000


def make_reel(path: Path = Path("film.mov"), **facts: Any) -> Reel:
    return Reel(
        **{
            "name": "r1",
            "path": path,
            "frame_count": COUNT,
            "rate": Rate(24000, 1001),
            "size": SIZE,
            "hash": "ab",
            **facts,
        }
    )


def make_frames(reel: Reel, delivery: str) -> Iterator[DeliveryFrame]:
    """Slow waves that move, different in each plane; codes 64 to 940."""
    height, width = reel.size
    across = width if CODECS[delivery].subsampling == "444" else (width + 1) // 2

    def wave(columns: int, turn: float, step: int) -> np.ndarray:
        y, x = np.mgrid[:height, :columns]
        return np.rint(502 + 300 * np.sin(x / 31 + turn) + 130 * np.cos(y / 17 - step / 3)).astype(np.uint16)

    for index in range(reel.frame_count):
        yield DeliveryFrame(
            index, wave(width, index / 5, index), wave(across, 1.0, index), wave(across, 2.0, 2 * index)
        )


def luma_sha256(frames: Sequence[DeliveryFrame]) -> str:
    return hashlib.sha256(b"".join(frame.luma.tobytes() for frame in frames)).hexdigest()


def decoded(path: Path) -> list[list[np.ndarray]]:
    """The planes of every frame."""
    with av.open(str(path)) as film:
        return [[_plane(frame, number) for number in range(3)] for frame in film.decode(video=0)]


def _plane(frame: av.VideoFrame, number: int) -> np.ndarray:
    plane = frame.planes[number]
    kind = np.dtype("<u2" if frame.format.components[number].bits > 8 else "u1")
    lines = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
    return lines[: plane.height, : plane.width].copy()


def make_film_with_sound(
    path: Path,
    tracks: Sequence[tuple[str, str, dict[str, str]]],
    *,
    picture_starts: int = 0,
    sound_starts: int = 0,
    seconds: int = 2,
) -> Reel:
    """A gray film at 24 frames a second with a tone on each (codec, layout, metadata) track."""
    rate, size = Fraction(24), (48, 64)
    with av.open(str(path), "w") as film:
        pictures = film.add_stream("mpeg4", rate=24)
        pictures.codec_context.height, pictures.codec_context.width = size
        sounds = []
        for codec, layout, metadata in tracks:
            sound = film.add_stream(codec, rate=SOUND_RATE, layout=layout)
            sound.metadata.update(metadata)
            sounds.append(sound)
        for index in range(24 * seconds):
            picture = av.VideoFrame(size[1], size[0], "yuv420p")
            for plane in picture.planes:
                np.frombuffer(memoryview(plane), "u1")[:] = 40 + 4 * index
            picture.pts, picture.time_base = index + picture_starts, 1 / rate
            film.mux(pictures.encode(picture))
        film.mux(pictures.encode(None))
        for number, sound in enumerate(sounds):
            _write_tone(film, sound, 220.0 * (number + 1), seconds, sound_starts)
    return make_reel(path, frame_count=24 * seconds, rate=Rate(24), size=size, sound_tracks=len(tracks))


def _write_tone(film: Any, sound: Any, pitch: float, seconds: int, starts: int) -> None:
    context = sound.codec_context
    time = np.arange(SOUND_RATE * seconds) / SOUND_RATE
    channels = context.layout.nb_channels
    wave = np.stack([np.sin(2 * np.pi * (pitch + 30 * c) * time) * 0.3 for c in range(channels)]).astype(np.float32)
    tone = av.AudioFrame.from_ndarray(wave, format="fltp", layout=context.layout.name)
    tone.sample_rate, tone.pts, tone.time_base = SOUND_RATE, starts, Fraction(1, SOUND_RATE)
    resampler = av.AudioResampler(
        format=context.format.name,
        layout=context.layout.name,
        rate=SOUND_RATE,
        frame_size=context.frame_size or 1024,
    )
    for piece in [*resampler.resample(tone), *resampler.resample(None)]:
        film.mux(sound.encode(piece))
    film.mux(sound.encode(None))


def sound_md5(path: Path) -> list[str]:
    """Of each track, the MD5 of its packets' bytes one after another."""
    with av.open(str(path)) as film:
        sums = {track.index: hashlib.md5() for track in film.streams.audio}
        for packet in film.demux(*film.streams.audio):
            if packet.size:
                sums[packet.stream.index].update(bytes(packet))
    return [total.hexdigest() for total in sums.values()]
