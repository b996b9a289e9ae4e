"""The delivered film: frames in order, sound beside them, one file at the end.

- The file grows beside its place and gets its name only when it is whole (place.py).
- The same frames give the same bytes.
- Encoders and their options are the table in codecs.py; tags and planes are encoder.py; what goes along is
  beside.py.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np

from vidcolor.errors import InputError, MediaError
from vidcolor.hashes import sha256_of
from vidcolor.media.beside import Beside, takes_sound
from vidcolor.media.codecs import CODECS, container_of
from vidcolor.media.coded import CodedFrame
from vidcolor.media.encoder import PictureTrack, timescale
from vidcolor.media.mkv import ROOM, set_display_size
from vidcolor.media.mov import LUMA_BLANK, complete
from vidcolor.media.mxf import set_package_ids
from vidcolor.media.place import sync, sync_folder, told
from vidcolor.media.proxy import Labels, burn_in, proxy_planes
from vidcolor.media.proxy_view import ProxyView
from vidcolor.media.written import Written
from vidcolor.partial import partial_path
from vidcolor.settings import ExportSettings
from vidcolor.types import DeliveryFrame, Reel

LUMA_KEY = "com.vidcolor.luma_sha256"
KEYFRAME_MARK = "KEY"
ATOMS = ("mov", "mp4")
"""Containers made of atoms."""


class Writer:
    """Writes one film: `with Writer(...) as writer: writer.write(frame)` for every frame in order.

    After the block the film is whole, has its name and is told of in `written`. If the block ends by an
    error, nothing gets the name and the partial file is removed. Sound goes with a film from its first frame on.
    `before_naming` is called with the film's SHA-256 when it is whole, just before it takes its name.
    `copies`: frames may come as they were coded before; what is not is then encoded by fewer threads.
    """

    written: Written

    def __init__(
        self,
        path: Path,
        reel: Reel,
        delivery: str,
        settings: ExportSettings,
        *,
        metadata: Mapping[str, str] | None = None,
        labels: Labels | None = None,
        first_frame: int = 0,
        before_naming: Callable[[str], None] | None = None,
        copies: bool = False,
    ) -> None:
        self._path, self._reel, self._settings = path, reel, settings
        self._copies = copies
        self._codec = CODECS[delivery]
        self._partial = partial_path(path)
        self._metadata = dict(metadata or {})
        self._labels = labels or Labels()
        self._view = ProxyView(settings, reel.tags)
        self._first = first_frame
        self._before_naming = before_naming
        self._count = 0
        self._luma = hashlib.sha256()
        self._beside: Beside | None = None
        self._output: Any = None

    @property
    def luma_sha256(self) -> str:
        """SHA-256 of the luma planes handed to the encoder so far."""
        return self._luma.hexdigest()

    @property
    def frame_count(self) -> int:
        """Frames written so far."""
        return self._count

    def __enter__(self) -> Writer:
        opened = False
        try:
            with told(self._path):
                self._open()
            opened = True
        finally:
            if not opened:
                self._abandon()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        finished = False
        try:
            if kind is None:
                with told(self._path):
                    self._finish()
                finished = True
        finally:
            if not finished:
                self._abandon()

    def _open(self) -> None:
        codec, reel = self._codec, self._reel
        container = container_of(self._path)
        options = {"fflags": "+bitexact"}
        if container in ATOMS:
            ticks = str(timescale(reel.rate.fraction))
            faststart = "+faststart" if codec.is_proxy else ""
            options |= {
                "movie_timescale": ticks,
                "video_track_timescale": ticks,
                "movflags": f"+use_metadata_tags+write_colr{faststart}",
            }
        # an absolute name, or a colon in it would be taken for a protocol
        self._output = av.open(str(self._partial.absolute()), "w", format=container, container_options=options)
        self._output.metadata.update(self._metadata)
        if container in ATOMS and not codec.is_proxy:
            self._output.metadata[LUMA_KEY] = LUMA_BLANK
        if container == "mxf" and reel.tape:
            self._output.metadata["reel_name"] = reel.tape  # of the source package; the track's own is not looked at
        self._pictures = PictureTrack(
            self._output, codec, reel, self._settings, reel.timecode(self._first), at_once=self._copies
        )
        if container == "matroska":
            self._pictures.name(ROOM)
        sound = takes_sound(reel, self._settings)
        if (sound or reel.extras) and self._first == 0:
            self._beside = Beside(reel.path, self._output, container, sound=sound)

    def write(self, frame: DeliveryFrame | CodedFrame) -> None:
        """Takes the next frame. Refuses one out of turn or of another size than the reel's."""
        expected = self._first + self._count
        if frame.index != expected:
            raise InputError(f"{self._path.name}: frame {frame.index} was given where frame {expected} follows")
        packets, luma = self._copied(frame) if isinstance(frame, CodedFrame) else self._encoded(frame)
        with told(self._path):
            self._luma.update(np.ascontiguousarray(luma).data)
            self._output.mux(packets)
            self._count += 1
            if self._beside:
                self._beside.copy_until(self._count / self._reel.rate.fraction)

    def _encoded(self, frame: DeliveryFrame) -> tuple[list[Any], Any]:
        """(packets that are ready, the luma as the encoder got it)."""
        self._check_planes(frame)
        with told(self._path):
            if self._codec.is_proxy:
                packets, _ = self._pictures.encode(self._labelled(frame))
                return packets, frame.luma
            return self._pictures.encode((frame.luma, frame.cb, frame.cr))

    def _copied(self, frame: CodedFrame) -> tuple[list[Any], Any]:
        if frame.luma.shape != self._reel.size or frame.luma.dtype != np.uint16:
            raise InputError(f"frame {frame.index}: luma is {frame.luma.dtype} {frame.luma.shape}")
        return [self._pictures.copied(frame.data)], frame.luma

    def _check_planes(self, frame: DeliveryFrame) -> None:
        height, width = self._reel.size
        across = width if self._codec.subsampling == "444" else (width + 1) // 2
        for name, plane, size in (
            ("luma", frame.luma, (height, width)),
            ("cb", frame.cb, (height, across)),
            ("cr", frame.cr, (height, across)),
        ):
            if plane.shape != size or plane.dtype != np.uint16:
                raise InputError(
                    f"frame {frame.index}: {name} is {plane.dtype} {plane.shape}; "
                    f"{self._codec.name} takes uint16 {size}"
                )

    def _labelled(self, frame: DeliveryFrame) -> tuple[Any, Any, Any]:
        planes = proxy_planes(self._view.shown(frame), self._reel.scan)
        if self._settings.proxy_labels == "none":
            return planes
        mark = KEYFRAME_MARK if frame.index in self._labels.keyframes else ""
        burn_in(planes, self._labels.text(self._reel, frame.index), mark)
        return planes

    def _finish(self) -> None:
        if not self._count:
            raise MediaError(f"{self._path}: no frame was given; nothing is delivered")
        self._output.mux(self._pictures.flush())
        if self._beside:
            self._beside.finish(self._count / self._reel.rate.fraction)
        self._output.close()
        self._complete()
        self._check_whole()
        sync(self._partial)
        size, sha256 = self._partial.stat().st_size, sha256_of(self._partial)
        if self._before_naming:
            self._before_naming(sha256)
        os.replace(self._partial, self._path)
        sync_folder(self._path.parent)
        self.written = Written(
            self._path,
            size,
            sha256,
            self._count,
            self.luma_sha256,
            tuple(self._beside.sound) if self._beside else (),
            self._beside.told if self._beside else {},
        )

    def _complete(self) -> None:
        """Puts into the closed file what its writer could not."""
        container = container_of(self._path)
        if container in ATOMS:
            vendor = {self._codec.fourcc: self._settings.vendor} if self._codec.is_prores else {}
            languages = self._beside.languages if self._beside else {}
            complete(self._partial, vendor, languages, self.luma_sha256)
        elif container == "mxf":
            set_package_ids(self._partial, sha256_of(self._partial))
        else:
            set_display_size(self._partial, self._reel.size, self._reel.pixel_aspect)

    def _check_whole(self) -> None:
        """Refuses a file that does not hold every frame that was written, whatever the disk said."""
        with av.open(str(self._partial.absolute())) as film:
            stream = film.streams.video[0]
            count = stream.frames or sum(1 for packet in film.demux(stream) if packet.size)
        if count != self._count:
            raise MediaError(
                f"{self._path}: holds {count} of {self._count} frames; the disk may be full: free some space and "
                "export again"
            )

    def _abandon(self) -> None:
        """Closes and removes the partial file; what fails on the way is not worth a second error."""
        if self._beside:
            self._beside.close()
        if self._output is not None:
            with suppress(av.FFmpegError, OSError, ValueError):
                self._output.close()
        with suppress(OSError):
            self._partial.unlink()
