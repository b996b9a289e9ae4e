"""The nouns that travel between stages.

Axes and units, said once:
- pictures are NumPy arrays (H, W) or (C, H, W), float32 unless said otherwise, row 0 on top;
- lightness is CIE L*, 0..100; chroma is CIE a*b*, -128..127, in channels a then b; confidence is 0..1;
- flow is (2, H, W), x then y, in pixels; luma, Cb and Cr are code values (uint16);
- frames are counted from 0 at the reel's head; sizes are (height, width); points are (x, y);
- working size: the size of `Frame.lightness`; chroma size: half of it, both ways.
Every array here is read-only by agreement: a stage makes a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from vidcolor.checked import within
from vidcolor.errors import InputError
from vidcolor.timeline import FrameRange, Rate

if TYPE_CHECKING:
    from numpy import ndarray as Array

TransitionKind = Literal["cut", "dissolve", "fade"]
Scan = Literal["progressive", "top", "bottom"]
FieldOrder = Literal["top", "bottom"]
Transfer = Literal["auto", "video", "linear", "log"]
TagNumber = Annotated[int, within(0, 255)]
Side = Annotated[int, within(1, 1 << 16)]
Bar = Annotated[int, within(0, 1 << 16)]


@dataclass(frozen=True, slots=True)
class ColorTags:
    """Primaries, transfer and matrix as ITU-T H.273 numbers."""

    primaries: TagNumber = 1
    transfer: TagNumber = 1
    matrix: TagNumber = 1


@dataclass(frozen=True, slots=True)
class Pulldown:
    """The cadence of hard 3:2 pulldown (media/pulldown.py)."""

    phase: Annotated[int, within(0, 4)]
    """The first picture of a group of five"""
    order: FieldOrder
    """The field of a frame that is shown first"""
    advanced: bool = False
    """2:3:3:2, as some cameras write it: of five pictures the third alone is woven, and the others are whole"""


@dataclass(frozen=True, slots=True)
class Bars:
    """Black bars around the picture inside, in a run of frames; in pixels of the film."""

    frames: FrameRange
    top: Bar = 0
    bottom: Bar = 0
    left: Bar = 0
    right: Bar = 0

    @property
    def words(self) -> str:
        """As the setting has them: `140 140 0 0`."""
        return f"{self.top} {self.bottom} {self.left} {self.right}"

    def inside(self, film: tuple[int, ...], size: tuple[int, ...] | None = None) -> tuple[slice, slice]:
        """Rows and columns of the picture inside, and of bars no whole one, in planes of `size` (height, width).

        film  (height, width) of the film; None for size: its own
        """
        height, width = size or film
        down, along = height / film[0], width / film[1]
        rows = slice(int(self.top * down), height - int(self.bottom * down))
        return rows, slice(int(self.left * along), width - int(self.right * along))


@dataclass(frozen=True, slots=True)
class Reel:
    """One source film, as its file describes it."""

    name: str
    """`r1`"""
    path: Path
    """The film file, or the first picture of an image sequence."""
    frame_count: Annotated[int, within(1, 1 << 31)]
    rate: Rate
    size: tuple[Side, Side]
    """(height, width) in pixels of the stored picture."""
    pixel_aspect: Fraction = Fraction(1)
    start: int = 0
    """Timecode label of frame 0, in frames since midnight."""
    drop_frame: bool = False
    timecoded: bool = False
    """True if the file carries a timecode of its own."""
    tape: str = ""
    """Reel name stored in the file, if any."""
    codec: str = ""
    pixel_format: str = ""
    bits: Annotated[int, within(1, 64)] = 8
    full_range: bool = False
    tags: ColorTags = ColorTags()
    scan: Scan = "progressive"
    transfer: Transfer = "auto"
    """What a sequence's codes stand for: video, linear light or log; `auto`: light in float samples, else video."""
    luma_source: Literal["luma", "rgb"] = "luma"
    """`luma`: the file's own Y' codes. `rgb`: computed from R'G'B'."""
    has_color: bool = False
    """True if the file's own pictures are not neutral (sampled); they are taken by their luma."""
    damaged: tuple[Annotated[int, within(0, 1 << 31)], ...] = ()
    """The file's own pictures that do not decode whole, where they are to be replaced: a neighbour is shown instead."""
    pulldown: Pulldown | None = None
    """That of the file's pictures, where the film's own frames are read in their place"""
    luma_reversible: bool = True
    """True if 10-bit delivery codes give the source's codes back exactly."""
    sound_tracks: Annotated[int, within(0, 1 << 16)] = 0
    extras: bool = False
    """True if the file carries subtitles, chapters, titles, languages or attachments beside its picture and sound."""
    bars: tuple[Bars, ...] = ()
    """Black bars around its picture, in order of frames; where there are none, none"""
    hash: str = ""
    """SHA-256: of all its bytes in a project's plan (`media/whole.py`), of samples elsewhere (`media/digest.py`)."""
    notes: tuple[str, ...] = ()
    """What a person should know about this file, a sentence each."""

    def bars_at(self, frame: int) -> Bars | None:
        """The bars in a frame."""
        return next((bars for bars in self.bars if frame in bars.frames), None)

    def picture_size(self, frame: int) -> tuple[int, int]:
        """(height, width) of a frame's picture without bars."""
        bars = self.bars_at(frame)
        rows, columns = bars.inside(self.size) if bars else (slice(0, self.size[0]), slice(0, self.size[1]))
        return rows.stop - rows.start, columns.stop - columns.start

    def timecode(self, frame: int) -> str:
        return self.rate.timecode(self.start + frame, drop=self.drop_frame)


@dataclass(frozen=True, slots=True)
class Transition:
    """How a shot begins. `frames` is the run both shots share (dissolve), or the dark or white run (fade)."""

    kind: TransitionKind = "cut"
    frames: FrameRange | None = None

    def __post_init__(self) -> None:
        if (self.kind == "cut") != (self.frames is None):
            raise InputError(f"transition {self.kind!r}: a cut has no frames, a dissolve or fade must have some")


@dataclass(frozen=True, slots=True)
class Shot:
    """A run of frames from one take, between two cuts. The shots of a reel meet without gap or overlap."""

    reel: str
    frames: FrameRange
    entry: Transition = Transition()
    exit: FrameRange | None = None
    """Its last frames, where the film fades out: of the film's last shot alone. Any other ends as the next begins."""

    @property
    def id(self) -> str:
        """`r1-001042`: reel and first frame, so other cuts never renumber it."""
        return f"{self.reel}-{self.frames.start:06d}"

    def enters_from(self, before: Shot | None) -> bool:
        """Whether all frames of its entry belong to the shot before or to itself."""
        run, first = self.entry.frames, before or self
        return run is None or (first.frames.start <= run.start and run.stop <= self.frames.stop)

    def may_end(self, *, last: bool) -> bool:
        """Whether it can end as it says; `last`: it is the film's last."""
        run, lit = self.exit, self.entry.frames.stop if self.entry.frames else self.frames.start
        return run is None or (last and lit <= run.start < run.stop == self.frames.stop)


def _check(name: str, array: Array, dims: int, channels: int | None = None) -> None:
    if array.ndim != dims or (channels is not None and array.shape[0] != channels):
        raise InputError(f"{name}: shape {tuple(array.shape)} is not what this field holds")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One gray picture at working size."""

    index: int
    lightness: Array
    """(H, W), L* 0..100"""

    def __post_init__(self) -> None:
        _check("Frame.lightness", self.lightness, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One colour picture an artist gave."""

    name: str
    """Path relative to the references folder, with `/`."""
    hash: str
    lightness: Array
    """(H, W)"""
    chroma: Array
    """(2, H, W)"""

    def __post_init__(self) -> None:
        _check("Reference.lightness", self.lightness, 2)
        _check("Reference.chroma", self.chroma, 3, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of a frame that takes its colours from one part of a reference alone."""

    target: Array
    """(H, W) bool, of the frame's shape or another of its proportions"""
    reference: Array
    """(H, W) bool, likewise of the reference"""

    def __post_init__(self) -> None:
        _check("Region.target", self.target, 2)
        _check("Region.reference", self.reference, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Guidance:
    """One reference for one frame, how much it counts, and which of its parts serve which parts of the frame."""

    reference: Reference
    score: float = 1.0
    """How well the reference matches the frame, 0..1"""
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ColorFrame:
    """The colours of one frame and how far each is to be trusted. Any size; stages 4 and 5 say which."""

    index: int
    chroma: Array
    """(2, h, w)"""
    confidence: Array
    """(h, w), 0..1"""

    def __post_init__(self) -> None:
        _check("ColorFrame.chroma", self.chroma, 3, 2)
        if self.confidence.shape != self.chroma.shape[1:]:
            raise InputError(
                f"frame {self.index}: confidence {self.confidence.shape}, chroma {self.chroma.shape}: sizes differ"
            )


@dataclass(frozen=True, slots=True, eq=False)
class SourceFrame:
    """The reel's own luma of one frame at full size, as 10-bit limited-range codes (uint16)."""

    index: int
    luma: Array
    """(H, W) uint16"""
    deep: Array | None = None
    """The same as the delivery hands it on, where that is not 10 bits (`media/luma.py`, `deep_luma`)"""

    @property
    def handed(self) -> Array:
        """(H, W) uint16: the luma that is delivered."""
        return self.luma if self.deep is None else self.deep


@dataclass(frozen=True, slots=True, eq=False)
class DeliveryFrame:
    """That same luma, untouched, with the chroma codes to deliver (uint16, of one scale: `color/scale.py`)."""

    index: int
    luma: Array
    cb: Array
    """(H, W) for 4:4:4, (H, ceil(W/2)) for 4:2:2"""
    cr: Array


@dataclass(frozen=True, slots=True)
class Registration:
    """How a keyframe's own picture fits its frame."""

    kind: Literal["exact", "near", "far"]
    shift: float = 0.0
    """Median displacement in pixels of the picture."""
    fits: float = 1.0
    """Fraction of the frame whose colour could be taken from the picture."""


def working_size(size: tuple[int, int], chroma_side: int) -> tuple[int, int]:
    """Working size (height, width) of a reel: twice the chroma size, both even.

    The chroma's long side is half the reel's, at most `chroma_side`.
    """
    height, width = size
    long = max(height, width)
    scale = min(1.0, 2 * chroma_side / long)
    return (2 * max(1, round(height * scale / 2)), 2 * max(1, round(width * scale / 2)))
