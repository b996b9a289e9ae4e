"""The delivered film as a folder of pictures: each is written, read back and measured.

- The folder grows beside its place and gets its name when it is whole. An older one stays until then.
- Pictures carry the numbers of the source's, where that is a sequence; else they count from 0, or by timecode.
- A few pictures are under way at a time; they are told of in their order.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from vidcolor.color.colorimetry import LUMA_WEIGHTS
from vidcolor.color.rgb_codes import LumaBack, luma_back, rgb_codes, rgb_light
from vidcolor.errors import InputError, MediaError
from vidcolor.hashes import sha256_of, sha256_of_list
from vidcolor.media.coded import CodedFrame
from vidcolor.media.picture_codecs import PICTURES
from vidcolor.media.picture_file import Header
from vidcolor.media.place import sync, sync_folder, told
from vidcolor.media.promise import Measured, own_bits
from vidcolor.media.sequence import find_sequence, is_sequence
from vidcolor.media.written import Written
from vidcolor.partial import partial_path
from vidcolor.settings import ExportSettings
from vidcolor.timeline import numbered
from vidcolor.types import DeliveryFrame, Reel

WRITERS = 2
AHEAD = 3
"""Pictures under way for each thread that writes."""
DIGITS = 7
FARTHEST = 0.01
"""Luma that comes back farther off than this, of black to white, was not written right."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How pictures are numbered."""

    first: int
    """Of the film's frame 0"""
    digits: int

    def name(self, stem: str, frame: int, suffix: str) -> str:
        return f"{stem}.{self.first + frame:0{self.digits}d}{suffix}"


def numbers_of(reel: Reel, settings: ExportSettings) -> Numbers:
    """The numbers of a film's pictures, as the settings ask for."""
    if settings.numbering == "timecode":
        return Numbers(reel.start, DIGITS)
    if settings.numbering == "source" and is_sequence(reel.path):
        stem = find_sequence(reel.path).pictures[0].stem
        parts = numbered(stem)
        if parts is not None:
            return Numbers(parts[1], len(stem) - len(parts[0]) - len(parts[2]))
    return Numbers(0, DIGITS)


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    name: str
    sha256: str
    size: int
    luma: LumaBack


class PictureWriter:
    """Writes one folder of pictures: `with PictureWriter(...) as writer: writer.write(frame)` for every frame in order.

    As `media.write.Writer`, whose arguments it takes. Labels and metadata have no place in pictures.
    """

    written: Written

    def __init__(
        self,
        path: Path,
        reel: Reel,
        delivery: str,
        settings: ExportSettings,
        *,
        first_frame: int = 0,
        before_naming: Callable[[str], None] | None = None,
    ) -> None:
        self._path, self._reel = path, reel
        self._codec = PICTURES[delivery]
        self._header = Header(reel, self._codec, settings)
        self._numbers = numbers_of(reel, settings)
        self._scale, self._weights = self._codec.scale_of(reel), LUMA_WEIGHTS[reel.tags.matrix]
        self._matrix, self._own_bits = self._codec.matrix(settings, reel), own_bits(reel)
        # R'G'B' that is neutral where it was looked at may hold tints elsewhere, whose luma is computed.
        self._exact = reel.luma_source == "luma" and self._own_bits <= self._codec.holds(settings, reel)
        self._partial = partial_path(path)
        self._first, self._count = first_frame, 0
        self._before_naming = before_naming
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="pictures")
        self._waiting: deque[Future[_Done]] = deque()
        self._luma = hashlib.sha256()
        self._names: list[str] = []
        self._sums: list[str] = []
        self._size = self._changed = self._outside = 0
        self._largest = 0.0

    @property
    def luma_sha256(self) -> str:
        """SHA-256 of the luma that decodes back from all pictures given, for which it waits."""
        self._collect(0)
        return self._luma.hexdigest()

    @property
    def frame_count(self) -> int:
        """Frames given so far."""
        return self._count

    def __enter__(self) -> PictureWriter:
        with told(self._path):
            fresh_folder(self._partial)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with told(self._path):
                    self._finish()
        finally:
            for future in self._waiting:
                future.cancel()
            self._pool.shutdown()
            if self._partial.is_dir():
                shutil.rmtree(self._partial, ignore_errors=True)

    def write(self, frame: DeliveryFrame | CodedFrame) -> None:
        """Takes the next frame. Refuses one out of turn or of another size than the reel's."""
        expected = self._first + self._count
        if frame.index != expected:
            raise InputError(f"{self._path.name}: frame {frame.index} was given where frame {expected} follows")
        planes = (frame.luma,) if isinstance(frame, CodedFrame) else (frame.luma, frame.cb, frame.cr)
        if any(plane.shape != self._reel.size or plane.dtype != np.uint16 for plane in planes):
            raise InputError(f"frame {frame.index}: {self._codec.name} takes uint16 planes {self._reel.size}")
        self._waiting.append(self._pool.submit(self._make, frame))
        self._count += 1
        self._collect(WRITERS * AHEAD)

    def _make(self, frame: DeliveryFrame | CodedFrame) -> _Done:
        """One picture on the disk, read back."""
        name = self._numbers.name(self._path.name, frame.index, self._codec.suffix)
        path, place = self._partial / name, self._path / name
        with told(place):
            if isinstance(frame, CodedFrame):
                path.write_bytes(frame.data)
            else:
                pixels = self._pixels(frame)
                self._header.write(path, place, frame.index, pixels)
            sync(path)
            written = self._header.read(path, place)
            top = 2**self._codec.bits - 1
            numbers = (frame.luma, self._scale, self._weights, self._own_bits)
            back = luma_back(written, *numbers, top=top, matrix=self._matrix)
            same = isinstance(frame, CodedFrame) or written.tobytes() == pixels.tobytes()
            far = back.largest > FARTHEST * self._scale.span * 2.0 ** (self._own_bits - 16)
            if not same or far or (self._exact and back.changed > back.outside):
                raise MediaError(
                    f"{place}: does not read back as it was written, so nothing is delivered; the disk may "
                    "be full: free some space and export again"
                )
            return _Done(name, sha256_of(path), path.stat().st_size, back)

    def _pixels(self, frame: DeliveryFrame) -> np.ndarray:
        planes = (frame.luma, frame.cb, frame.cr, self._scale, self._weights)
        if self._codec.kind == "exr":
            return rgb_light(*planes, self._matrix)
        return rgb_codes(*planes, self._codec.bits)

    def _collect(self, most: int) -> None:
        """Takes in finished pictures until at most so many are under way."""
        while len(self._waiting) > most:
            done = self._waiting.popleft().result()
            self._luma.update(np.ascontiguousarray(done.luma.luma).data)
            self._names.append(done.name)
            self._sums.append(done.sha256)
            self._size += done.size
            self._changed += done.luma.changed
            self._outside += done.luma.outside
            self._largest = max(self._largest, done.luma.largest)

    def _finish(self) -> None:
        if not self._count:
            raise MediaError(f"{self._path}: no frame was given; nothing is delivered")
        luma_sha256 = self.luma_sha256
        sha256 = sha256_of_list(zip(self._names, self._sums, strict=True))
        sync_folder(self._partial)
        if self._before_naming:
            self._before_naming(sha256)
        put_folder(self._partial, self._path)
        self.written = Written(
            self._path,
            self._size,
            sha256,
            self._count,
            luma_sha256,
            measured=Measured(round(self._largest, 3), self._changed, self._outside),
            pictures=(self._names[0], self._names[-1]),
        )


def fresh_folder(partial: Path) -> None:
    """An empty folder; what a run that was killed left there goes. Raises OSError."""
    if partial.is_dir():
        shutil.rmtree(partial)
    partial.mkdir()


def put_folder(partial: Path, path: Path) -> None:
    """Gives the folder at `partial` the name `path`; one that is there goes. Raises OSError."""
    aside = path.with_name(f".{path.name}.replaced")
    shutil.rmtree(aside, ignore_errors=True)
    if path.is_dir():
        os.rename(path, aside)
    try:
        os.rename(partial, path)
    except OSError:
        with suppress(OSError):
            os.rename(aside, path)
        raise
    sync_folder(path.parent)
    shutil.rmtree(aside, ignore_errors=True)
