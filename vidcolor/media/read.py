"""Frames of a reel, decoded when asked for.

- `Clip` gives lightness at working size to the stages; `SourceClip` gives the film's own luma to the delivery.
- Lightness is averaged over areas after the curve to L*: what the eye averages in a texture, and what the chroma,
  which is averaged in a*b* too, is joined to.
- A clip that is read in order streams and remembers a few frames. Any other frame is found by seeking; read
  backwards, a clip decodes a run at a time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, overload

import cv2
import numpy as np

from vidcolor.color import luma_to_lightness
from vidcolor.color.colorimetry import LUMA_WEIGHTS
from vidcolor.color.scale import TEN, Scale
from vidcolor.errors import InputError, MediaError
from vidcolor.media.areas import area_means
from vidcolor.media.damage import neighbours, repeating
from vidcolor.media.decode import check_picture, read_frames, read_shown
from vidcolor.media.index import find_frames
from vidcolor.media.luma import deep_luma, entries_of_stored, layout_of, look_up, luma_codes, luma_plane
from vidcolor.media.pulldown import reversed_pulldown, weave
from vidcolor.media.sequence import find_sequence, is_sequence, read_picture_frame
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame, Reel, SourceFrame

KEPT = 12
"""Frames a clip remembers: a shot's keyframes and a run read backwards."""
RUN = 8
"""Frames decoded at a time when a clip is read backwards."""
AHEAD = 16
"""Frames that are rather decoded and skipped than sought."""


def _pictures(reel: Reel, first: int) -> Generator[tuple[int, Any], None, None]:
    """(frame, decoded picture) from frame `first` of the reel on."""
    if is_sequence(reel.path):
        sequence = find_sequence(reel.path).pictures
        check_count(reel, len(sequence))
        from_there = neighbours(len(sequence), reel.damaged)
        for frame in range(first, len(sequence)):
            yield frame, read_picture_frame(sequence[from_there[frame]], reel.transfer)[0]
        return
    index = reversed_pulldown(repeating(find_frames(reel.path), reel.damaged), reel.pulldown)
    shown, woven = index.shown, index.woven
    check_count(reel, len(shown))
    stored = int(shown[first]) - int(woven is not None and woven[first])
    whole = (number for number in range(stored, len(index.pts)) if number not in index.damaged)
    with closing(read_frames(index, stored)) as decoded:
        here, picture = next(whole), next(decoded)
        before = picture
        for frame in range(first, len(shown)):
            while here < shown[frame]:
                before = picture
                here, picture = next(whole), next(decoded)
            is_woven = reel.pulldown is not None and woven is not None and woven[frame]
            yield frame, weave(before, picture, reel.pulldown.order) if is_woven and reel.pulldown else picture


def _chosen(reel: Reel, frames: Sequence[int]) -> Generator[Any, None, None]:
    """The decoded pictures of some frames, rising; of those between, only what must be is decoded."""
    if is_sequence(reel.path):
        sequence = find_sequence(reel.path).pictures
        check_count(reel, len(sequence))
        from_there = neighbours(len(sequence), reel.damaged)
        for frame in frames:
            yield read_picture_frame(sequence[from_there[frame]], reel.transfer)[0]
        return
    index = repeating(find_frames(reel.path), reel.damaged)
    check_count(reel, len(index.shown))
    yield from read_shown(index, frames)


def check_count(reel: Reel, count: int) -> None:
    """Refuses a film that holds another number of frames than when it was opened."""
    if count != reel.frame_count:
        raise MediaError(
            f"{reel.path}: holds {count} frames now, {reel.frame_count} when it was opened; "
            "put the first film back, or start a new project"
        )


def read_pictures(reel: Reel, first: int) -> Generator[tuple[int, Any], None, None]:
    """(frame, decoded picture: av.VideoFrame) from frame `first` of the reel on.

    Refuses pictures that are damaged, or of another size or pixel format than the reel's, naming the frame.
    The file is closed when the iterator ends or is closed.
    """
    with closing(_pictures(reel, first)) as pictures:
        for frame, picture in pictures:
            yield frame, checked(reel, frame, picture)


def checked(reel: Reel, frame: int, picture: Any) -> Any:
    """The decoded picture. Refuses one that is not of the reel's size and pixel format."""
    size = reel.size if picture.rotation % 180 == 0 else reel.size[::-1]
    check_picture(f"{reel.path}: frame {frame}", picture, size, reel.pixel_format)
    return picture


def luma_of(reel: Reel, picture: Any) -> np.ndarray:
    """(H, W) uint16 luma of one of the reel's decoded pictures, as 10-bit limited codes."""
    return luma_codes(picture, full_range=reel.full_range, weights=LUMA_WEIGHTS[reel.tags.matrix])


def read_luma(reel: Reel, first: int) -> Generator[tuple[int, np.ndarray], None, None]:
    """(frame, its `luma_of`) from frame `first` of the reel on; refuses what `read_pictures` refuses."""
    with closing(read_pictures(reel, first)) as pictures:
        for frame, picture in pictures:
            yield frame, luma_of(reel, picture)


def _within(reel: Reel, frames: FrameRange | None) -> FrameRange:
    frames = frames or FrameRange(0, reel.frame_count)
    if frames.stop > reel.frame_count:
        raise InputError(f"{reel.path}: frames {frames.start} to {frames.stop}: the film has {reel.frame_count}")
    return frames


class SourceClip:
    """The film's own luma of a run of frames, in order, each as a `SourceFrame`; at the depth of `scale` too."""

    def __init__(self, reel: Reel, frames: FrameRange | None = None, scale: Scale = TEN) -> None:
        self.reel, self.scale = reel, scale
        self.frames = _within(reel, frames)

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[SourceFrame]:
        with closing(read_pictures(self.reel, self.frames.start)) as pictures:
            for frame, picture in pictures:
                yield SourceFrame(frame, luma_of(self.reel, picture), self._deep(picture))
                if frame + 1 == self.frames.stop:
                    return

    def _deep(self, picture: Any) -> np.ndarray | None:
        if self.scale == TEN:
            return None
        weights = LUMA_WEIGHTS[self.reel.tags.matrix]
        return deep_luma(picture, full_range=self.scale.full, weights=weights)


def _read_lightness(
    reel: Reel, frames: FrameRange, lightness: Callable[[np.ndarray], np.ndarray]
) -> Generator[Frame, None, None]:
    """The frames, `lightness` of their codes; no method, or a clip would hold itself and its file."""
    with closing(read_luma(reel, frames.start)) as pictures:
        for frame, luma in pictures:
            yield Frame(frame, lightness(luma))
            if frame + 1 == frames.stop:
                return


@dataclass(frozen=True, eq=False)
class ToLightness:
    """From luma codes (H, W) to lightness at one size."""

    table: np.ndarray
    size: tuple[int, int]
    quick: bool = False
    """To 0.0001 L* the same, in a quarter of the time where pictures shrink much: for looking, not for colouring."""

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        if self.quick and _shrinks(codes.shape, self.size):
            return area_means(codes, self.table, self.size)
        return resized(look_up(codes, self.table), self.size)


def to_lightness(reel: Reel, size: tuple[int, int] | None = None, *, quick: bool = False) -> ToLightness:
    """That of `reel`, at its own size if None."""
    return ToLightness(luma_to_lightness(np.arange(1024, dtype=np.uint16), reel.tags), size or reel.size, quick)


def quick_lightness(reel: Reel, size: tuple[int, int]) -> Callable[[Any], np.ndarray]:
    """From one of the reel's decoded pictures to what its quick `to_lightness` gives, without its luma codes where its
    plane will do."""
    by_codes, layout = to_lightness(reel, size, quick=True), layout_of(reel.pixel_format)
    direct = (
        entries_of_stored(layout, by_codes.table, reel.full_range) if layout and _shrinks(reel.size, size) else None
    )

    def look(picture: Any) -> np.ndarray:
        if layout is None or direct is None or picture.rotation:
            return by_codes(luma_of(reel, picture))
        return area_means(luma_plane(picture, layout), direct, size)

    return look


def _shrinks(shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    return size[0] <= shape[0] and size[1] <= shape[1]


def resized(lightness: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Lightness (H, W) at another size (height, width): averaged over areas where it shrinks."""
    if lightness.shape == size:
        return lightness
    way = cv2.INTER_AREA if _shrinks(lightness.shape, size) else cv2.INTER_LINEAR
    return cv2.resize(lightness, size[::-1], interpolation=way)


class Clip(Sequence[Frame]):
    """A run of a reel's frames, gray, at one size; decoded when asked for.

    reel    the film
    frames  which of its frames; all if None
    size    (height, width) of the lightness; the reel's own if None
    quick   frames to look at, not to colour (`ToLightness.quick`)
    Indexed by place in the run; `Frame.index` is the frame's number in the reel. Iterating streams; so does
    indexing in order. A slice is a list. Several threads may read one clip; `close` lets go of its file.
    """

    def __init__(
        self,
        reel: Reel,
        frames: FrameRange | None = None,
        size: tuple[int, int] | None = None,
        *,
        quick: bool = False,
    ) -> None:
        self.reel = reel
        self.frames = _within(reel, frames)
        self._lightness = to_lightness(reel, size, quick=quick)
        self.size = self._lightness.size
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._stream: Generator[Frame, None, None] | None = None
        self._next = 0
        self._asked = -1
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        with closing(self._read(0)) as frames:
            yield from frames

    def _read(self, start: int) -> Generator[Frame, None, None]:
        """Frames from place `start` on."""
        rest = FrameRange(self.frames.start + start, self.frames.stop)
        return _read_lightness(self.reel, rest, self._lightness)

    @overload
    def __getitem__(self, place: int) -> Frame: ...
    @overload
    def __getitem__(self, place: slice) -> list[Frame]: ...
    def __getitem__(self, place: int | slice) -> Frame | list[Frame]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(f"place {place} of a clip of {len(self)} frames")
        place %= len(self)
        with self._lock:
            frame = self._kept.get(place) or self._fetch(place)
            self._kept.move_to_end(place)
            self._asked = place
            return frame

    def some(self, places: Sequence[int]) -> list[Frame]:
        """The frames at a few places, rising; where pictures stand alone, those between are not decoded."""
        if self.reel.pulldown is not None:  # a picture may be woven of two
            return [self[place] for place in places]
        wanted = [self.frames.start + place for place in places]
        with closing(_chosen(self.reel, wanted)) as pictures:
            return [
                Frame(frame, self._lightness(luma_of(self.reel, checked(self.reel, frame, picture))))
                for frame, picture in zip(wanted, pictures, strict=True)
            ]

    def close(self) -> None:
        """Lets go of the file and the frames; the clip can still be read."""
        with self._lock:
            self._stop()
            self._kept.clear()

    def _stop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _fetch(self, place: int) -> Frame:
        """The frame at `place`, read and kept, with those decoded on the way to it."""
        behind = place < self._next
        if self._stream is None or behind or place > self._next + AHEAD:
            backwards = behind and self._asked - RUN <= place < self._asked
            start = max(0, place - RUN + 1) if backwards else place
            self._stop()
            self._stream, self._next = self._read(start), start
        while True:
            frame = next(self._stream)
            here, self._next = self._next, self._next + 1
            self._kept[here] = frame
            self._kept.move_to_end(here)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            if here == place:
                break
        if self._next == len(self):
            self._stop()
        return frame
