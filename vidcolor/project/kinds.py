"""What a correction may say: one dataclass for each kind, checked as settings are. `KINDS` is the one list of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import msgspec

from vidcolor.checked import MisfitError, checked, in_words, missing, within

FileName = Annotated[str, msgspec.Meta(pattern=r"^[^\\/\x00]{1,200}$")]
"""A file beside the correction."""
PictureName = Annotated[str, msgspec.Meta(pattern=r"^[^\\\x00]{1,1000}$")]
"""A picture beside the correction, or in the references folder."""
Color = Annotated[str, msgspec.Meta(pattern=r"^#?[0-9A-Fa-f]{6}$")]
"""R'G'B' in hexadecimal digits: 1f2a5c."""
Point = tuple[Annotated[float, within(0, 1 << 16)], Annotated[float, within(0, 1 << 16)]]
"""x and y in the film's pixels, from the left and from the top."""
Range = tuple[Annotated[int, within(0, 1 << 31)], Annotated[int, within(1, 1 << 31)]]
Radius = Annotated[float, within(0, 1 << 16)]
LONGEST_DISSOLVE = 240
UNCOUNTED = ("frame", "reel", "note", "by", "when")
"""Fields that change no colour, or do not say which: left out of what a shot is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What every correction says: where; and, if a person likes, why, who and when."""

    kind: str
    frame: int | str
    """Counted from 0, or a timecode of the film."""
    reel: str = ""
    """Its name, if a person likes: that of the project's own"""
    note: str = ""
    by: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfShot(Said):
    """What is said of the whole shot that holds the frame."""

    frames: Range | None = None
    """First frame of the shot, and the one after its last, as they were; said, a shot cut anew is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyframe(Said):
    """The frame in colour, painted whole."""

    picture: PictureName


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Said):
    """A picture to take the frame's colours from."""

    picture: PictureName


@dataclass(frozen=True, slots=True, kw_only=True)
class Region(Said):
    """The white part of `mask` takes its colours from the picture, or from the white part of `part` there; or it takes
    the one colour."""

    mask: FileName
    picture: PictureName | None = None
    part: FileName | None = None
    color: Color | None = None

    def __post_init__(self) -> None:
        if (self.picture is None) == (self.color is None):
            raise ValueError("takes its colours from a picture or is of one colour: write one of picture and color")
        if self.part is not None and self.picture is None:
            raise ValueError("has a part of a picture and no picture: write picture too, or leave part out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint(Said):
    """Colours where the picture is opaque, and where the mask is white if there is one."""

    paint: FileName
    mask: FileName | None = None
    color: Color | None = None
    """In place of the picture's own colours"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scribble(Paint):
    """A thin paint: its colours spread over the things it runs through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint(Said):
    """A point's colour: it spreads over the thing there, no farther than `radius` pixels; 0 sets no bound."""

    at: Point
    color: Color
    radius: Radius = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Neutral(Said):
    """What stays gray: the white part of a mask, or the thing at a point."""

    mask: FileName | None = None
    at: Point | None = None
    radius: Radius = 0.0

    def __post_init__(self) -> None:
        if (self.mask is None) == (self.at is None):
            raise ValueError("says what stays gray by a mask or by a point: write one of mask and at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation(OfShot):
    """The chroma of the shot, or of the white part of a mask, times `amount`."""

    amount: Annotated[float, within(0, 4)]
    mask: FileName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hue(OfShot):
    """The chroma of the shot, or of the white part of a mask, turned by `degrees`: red towards yellow is positive."""

    degrees: Annotated[float, within(-180, 180)]
    mask: FileName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Said):
    """A shot begins at the frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Said):
    """No shot begins at the frame: the two that meet there are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissolve(Said):
    """The shot that begins at the frame enters by a dissolve of `length` frames around it; 0: by a cut."""

    length: Annotated[int, within(0, LONGEST_DISSOLVE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude(OfShot):
    """The shot is delivered gray."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(OfShot):
    """The version of the shot that is delivered, known by a hash of what was seen."""

    version: Annotated[str, msgspec.Meta(pattern=r"^v[0-9]{3,6}$")]
    seen: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Said):
    """Words for people."""

    note: Annotated[str, msgspec.Meta(min_length=1)]
    to: int | str | None = None
    """The last frame that they are of, where they are of several."""


A_COLOR = "a colour in six hexadecimal digits, as 1f2a5c"
POINT = "a point, x and y in the film's pixels from the left and top, as"
TAKES = {
    "frame": "a frame number, or a timecode in quotes",
    "to": "a frame number, or a timecode in quotes",
    "frames": "the shot's first frame and the one after its last, as [134, 210]",
    "at": f"{POINT} [640, 410]",
    "color": f"{A_COLOR}, or a name that palette.toml has",
    "picture": "the name of a picture beside the correction, or in the references folder",
    "paint": "the name of a picture beside the correction",
    "mask": "the name of a picture beside the correction",
    "part": "the name of a picture beside the correction",
    "version": "the name of a version, as v002",
    "seen": "16 hexadecimal digits, as `vidcolor correct PROJECT approve SHOT` writes them",
    "note": "some words",
}
"""What a field takes, in words, where its type does not say it"""
TYPED = {"frame": "a frame number, or a timecode", "to": "a frame number, or a timecode", "at": f"{POINT} 640,410"}
"""The same of those that are written otherwise on a command's line"""
KINDS: dict[str, type[Said]] = {
    "keyframe": Keyframe,
    "reference": Reference,
    "region": Region,
    "paint": Paint,
    "scribble": Scribble,
    "hint": Hint,
    "neutral": Neutral,
    "saturation": Saturation,
    "hue": Hue,
    "cut": Cut,
    "merge": Merge,
    "dissolve": Dissolve,
    "exclude": Exclude,
    "approve": Approve,
    "note": Note,
}
PROPOSED_BY = "vidcolor propose"
"""Who says a keyframe that was proposed and accepted by the machine: nobody has looked at it."""
CUTS = ("cut", "merge", "dissolve")
"""Kinds that change which shots there are."""
COLORS = ("keyframe", "reference", "region", "paint", "scribble", "hint", "neutral", "saturation", "hue")
"""Kinds that change a shot's colours."""
LAYERS = ("paint", "scribble", "hint", "neutral", "saturation", "hue")
"""Of those, the kinds that are laid over the colours that the shot has without them."""
REGION = "region"
"""Laid over them too, if it is of one colour or the shot has keyframes besides; else it makes its frame a keyframe"""
ROLES = ("picture", "paint", "mask", "part")
"""Fields that name a file."""
FILE_OF = {"keyframe": "picture", "reference": "picture", "paint": "paint", "scribble": "paint"}
"""Which of them `--file` is, by kind; a mask in the others."""


def check_said(tables: Mapping[str, Any], kind: str, *, typed: bool = False) -> Said:
    """A correction's entries as its kind has them. Raises MisfitError: the entry, and in words what it must be.

    typed   they were typed on a command's line, not written into a file
    """
    try:
        said: Said = checked(dict(tables), KINDS[kind])
    except MisfitError as error:
        place = error.place or missing(error)
        name = re.split(r"[.\[]", place)[0]
        if not name:
            raise
        words = (
            (typed and TYPED.get(name))
            or TAKES.get(name)
            or in_words(get_type_hints(KINDS[kind], include_extras=True)[name])
        )
        raise MisfitError(name, f"must be {words}" if error.place else f"is missing; it must be {words}") from error
    return said
