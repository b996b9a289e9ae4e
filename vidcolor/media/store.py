"""Chroma of a shot on disk: lossless after one rounding, the same bytes for the same colours.

- a* and b* are stored in steps of 0.25 (off by at most 0.125), confidence in steps of 1/63.
- FFVHuff in AVI, every frame by itself, 10 bits 4:4:4. Measured on 640x360 fields of real film, CPU ms of one
  frame written and read, and its size: FFVHuff 3.3 + 4.3 ms, 244 KiB; lossless x264 8 + 9 ms, 300 KiB; FFV1
  10 bits 16 + 19 ms, 212 KiB; FFV1 12 bits 30 + 36 ms, 466 KiB; 16-bit PNG 45 + 19 ms, 1084 KiB; zlib over
  10-bit arrays 18 + 6 ms, 637 KiB. With confidence in 1024 steps FFVHuff takes 390 KiB.
- AVI counts its frames and indexes them, so that a file cut short is noticed and any frame is found at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.codec.context import Flags

from vidcolor.errors import InputError, MediaError
from vidcolor.media.encoder import plane_view
from vidcolor.media.place import sync, told
from vidcolor.partial import partial_path
from vidcolor.timeline import Rate
from vidcolor.types import ColorFrame

CONTAINER = "avi"
CODEC = "ffvhuff"
OPTIONS = {"pred": "plane"}
"""Of its predictors the smallest and fastest on chroma."""
PIXEL_FORMAT = "yuv444p10le"
STEPS = 4
"""Codes in one unit of a*b*."""
NEUTRAL = 128 * STEPS
TOP = 1023
CONFIDENCE_STEPS = 63


@dataclass(frozen=True, slots=True)
class Stored:
    """The first packets of a store that was left unfinished: the file they lie in, and how many."""

    path: Path
    count: int


def take_stored(path: Path, count: int, digest: str) -> Stored | None:
    """The first `count` frames of the store at `path`, of which `ChromaWriter.stored` gave `digest`.

    Looks at what a writer left there: the unfinished file, the whole one, or the one that another writer was going on
    with; it is moved aside. None where none of them holds those frames.
    """
    aside = path.with_name(f".{path.name}.first")
    for file in (aside, partial_path(path), path):
        if file.is_file() and _packets_digest(file, count) == digest:
            with told(path, "--project"):
                file.replace(aside)
            return Stored(aside, count)
    return None


def stored_packets(path: Path, count: int) -> Iterator[bytes]:
    """The first `count` packets of a store, whole or not; fewer where there are fewer."""
    with av.open(str(path.absolute()), format=CONTAINER) as film:
        packets = (packet for packet in film.demux(video=0) if packet.size)
        yield from (bytes(packet) for packet in islice(packets, count))


def _packets_digest(path: Path, count: int) -> str:
    """SHA-256 of the first packets of a store; empty where there are fewer, or they cannot be read."""
    total, found = hashlib.sha256(), 0
    try:
        for data in stored_packets(path, count):
            total.update(data)
            found += 1
    except (av.FFmpegError, OSError, IndexError, ValueError):
        return ""
    return total.hexdigest() if found == count else ""


class ChromaWriter:
    """Stores the colours of one shot at `path`, frame after frame; `size` is (height, width) of the chroma.

    `with ChromaWriter(...) as store: store.write(color)`. The file has its name after the block, and not if the
    block ends by an error.

    first   packets of an earlier writer of the same path and size, which was stopped: they come first, as they are
    stays   True: what was written stays, if the block ends by an error, for another writer to go on with
    """

    def __init__(
        self, path: Path, size: tuple[int, int], rate: Rate, *, first: Stored | None = None, stays: bool = False
    ) -> None:
        self._path, self._size, self._rate = path, size, rate.fraction
        self._partial = partial_path(path)
        self._first, self._stays = first, stays
        self._output: Any = None
        self._sum = hashlib.sha256()
        self._count = 0

    def __enter__(self) -> ChromaWriter:
        with told(self._path, "--project"):
            options = {"fflags": "+bitexact+flush_packets"}
            self._output = av.open(str(self._partial.absolute()), "w", format=CONTAINER, container_options=options)
            self._stream = self._output.add_stream(CODEC, rate=self._rate, options=OPTIONS)
            encoder = self._stream.codec_context
            encoder.height, encoder.width = self._size
            encoder.pix_fmt = PIXEL_FORMAT
            encoder.thread_count = 1
            encoder.flags |= Flags.bitexact
            self._go_on()
        return self

    def _go_on(self) -> None:
        """Copies what an earlier writer stored."""
        if self._first is None:
            return
        for data in stored_packets(self._first.path, self._first.count):
            packet = av.Packet(data)
            packet.pts = packet.dts = self._count
            packet.time_base = 1 / self._rate
            packet.stream = self._stream
            packet.is_keyframe = True
            self._mux([packet])
        sync(self._partial)
        self._first.path.unlink()

    def stored(self) -> tuple[int, str]:
        """How many frames are on the disk so far, and the SHA-256 of their packets: a `Stored` for another writer."""
        with told(self._path, "--project"):
            sync(self._partial)
        return self._count, self._sum.hexdigest()

    def _mux(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            self._sum.update(memoryview(packet))
            self._output.mux(packet)
            self._count += 1

    def write(self, color: ColorFrame) -> None:
        """Stores the next frame. Refuses one of another size, and colours that are not numbers."""
        if color.confidence.shape != self._size:
            raise InputError(
                f"frame {color.index}: chroma {color.confidence.shape} does not fit a store of {self._size}"
            )
        height, width = self._size
        picture = av.VideoFrame(width, height, PIXEL_FORMAT)
        for number, codes in enumerate(_all_codes(color)):
            plane_view(picture, number)[:] = codes
        picture.pts = self._count
        picture.time_base = 1 / self._rate
        with told(self._path, "--project"):
            self._mux(self._stream.encode(picture))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with told(self._path, "--project"):
                if kind is None:
                    self._output.mux(self._stream.encode(None))
                self._output.close()
                if kind is None:
                    sync(self._partial)
                    self._partial.replace(self._path)
        finally:
            if not self._stays:
                self._partial.unlink(missing_ok=True)


def _codes(values: np.ndarray, steps: int, offset: int, top: int, frame: int) -> np.ndarray:
    """`values` as whole codes. Refuses NaN and infinity, which would become colours."""
    codes = np.multiply(values, np.float32(steps), dtype=np.float32)
    codes += np.float32(offset)
    np.rint(codes, out=codes)
    if not np.isfinite(codes.sum(dtype=np.float64)):
        raise InputError(f"frame {frame}: its colours hold values that are not numbers")
    return np.clip(codes, 0, top, out=codes).astype(np.uint16)


def _color(picture: Any, frame: int) -> ColorFrame:
    return _of_codes([plane_view(picture, number) for number in range(3)], frame)


def _of_codes(codes: Sequence[np.ndarray], frame: int) -> ColorFrame:
    chroma = np.empty((2, *codes[0].shape), np.float32)
    for number in range(2):
        np.multiply(codes[number], np.float32(1 / STEPS), out=chroma[number], dtype=np.float32)
    chroma -= np.float32(NEUTRAL / STEPS)
    confidence = np.multiply(codes[2], np.float32(1 / CONFIDENCE_STEPS), dtype=np.float32)
    return ColorFrame(frame, chroma, confidence)


def as_stored(color: ColorFrame) -> ColorFrame:
    """What a store gives back of colours that are written into it. Refuses colours that are not numbers."""
    return _of_codes(_all_codes(color), color.index)


def _all_codes(color: ColorFrame) -> list[np.ndarray]:
    """a*, b* and confidence as whole codes."""
    planes = [_codes(plane, STEPS, NEUTRAL, TOP, color.index) for plane in color.chroma]
    return [*planes, _codes(color.confidence, CONFIDENCE_STEPS, 0, CONFIDENCE_STEPS, color.index)]


class ChromaReader:
    """The colours stored at `path`; the first stored frame is the reel's frame `start`.

    `with ChromaReader(path, start) as reader: for color in reader: ...`, or `reader.read(frame)` for one of them.
    Refuses a file that is damaged or cut short.
    """

    def __init__(self, path: Path, start: int) -> None:
        self._path, self._start = path, start
        self._input: Any = None

    def __enter__(self) -> ChromaReader:
        self._input = self._open()
        self._count = int(self._input.streams.video[0].frames)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._input.close()

    def __len__(self) -> int:
        return self._count

    def _open(self) -> Any:
        try:
            film = av.open(str(self._path.absolute()), format=CONTAINER)
        except (av.FFmpegError, OSError) as error:
            raise self._damage(error.strerror) from error
        if not film.streams.video or film.streams.video[0].codec_context.name != CODEC:
            film.close()
            raise self._damage("it holds no chroma")
        film.streams.video[0].codec_context.thread_count = 1
        return film

    def __iter__(self) -> Iterator[ColorFrame]:
        """Every stored frame, in order."""
        yield from self._from(0)

    def read(self, frame: int) -> ColorFrame:
        """The colours of the reel's frame `frame`. Refuses one that is not stored."""
        return next(self.read_from(frame))

    def read_from(self, frame: int) -> Iterator[ColorFrame]:
        """The colours from the reel's frame `frame` on, in order. Refuses one that is not stored."""
        if not 0 <= frame - self._start < self._count:
            raise InputError(
                f"{self._path}: frame {frame} is not in it; it holds {self._start} to {self._start + self._count - 1}"
            )
        yield from self._from(frame - self._start)

    def _from(self, place: int) -> Iterator[ColorFrame]:
        stream = self._input.streams.video[0]
        step = 1 / (stream.average_rate * stream.time_base)
        try:
            self._input.seek(round(place * step), stream=stream)
            for picture in self._input.decode(stream):
                if picture.pts != round(place * step) or picture.is_corrupt:
                    break
                yield _color(picture, self._start + place)
                place += 1
        except av.FFmpegError as error:
            raise self._damage(f"frame {self._start + place}: {error.strerror}") from error
        if place != self._count:
            raise self._damage(f"frame {self._start + place} is missing")

    def _damage(self, reason: str | None) -> MediaError:
        return MediaError(f"{self._path}: damaged ({reason}); delete its folder and render again")
