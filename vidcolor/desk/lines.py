"""What is done on the page as the command line that does the same: it is shown, and it is what runs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from vidcolor.checked import MisfitError, checked, within
from vidcolor.errors import InputError

Kind = Literal[
    "keyframe",
    "reference",
    "region",
    "paint",
    "scribble",
    "hint",
    "neutral",
    "saturation",
    "hue",
    "cut",
    "merge",
    "dissolve",
    "exclude",
    "approve",
    "note",
]
Share = Annotated[float, within(0, 1)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}$")]
VALUES = ("color", "radius", "amount", "degrees", "length", "to", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One correction, as the page asks for it."""

    kind: Kind
    frame: Annotated[int, within(0, 1 << 31)]
    at: tuple[Share, Share] | None = None
    """A point, in shares of the picture's width and height"""
    color: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    radius: Annotated[float, within(0, 1 << 16)] | None = None
    amount: Annotated[float, within(0, 4)] | None = None
    degrees: Annotated[float, within(-180, 180)] | None = None
    length: Annotated[int, within(0, 1000)] | None = None
    to: Annotated[int, within(0, 1 << 31)] | None = None
    """The last frame of a note"""
    version: Annotated[str, msgspec.Meta(pattern=r"^v[0-9]{3,6}$")] | None = None
    note: Text | None = None
    upload: Number | None = None
    """The picture, paint or mask that was sent"""
    reference: Annotated[int, within(0, 1 << 20)] | None = None
    """A picture of the film's references, by its place among them: of a region where its colours come from, else the
    picture itself"""
    part: Number | None = None
    """The mask that was sent of the part of that picture where a region's colours come from"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What becomes of a name of the palette: one of the three."""

    name: Name
    color: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f]{6}$")] | None = None
    rename: Name | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """Colours to be proposed for a frame."""

    frame: Annotated[int, within(0, 1 << 31)]
    words: bool = False
    """By the user's own models, as `prompt` or prompts.toml says"""
    prompt: Text = ""


Asked = TypeVar("Asked", Action, Named, Wished)


def read_action(data: Any, kind: type[Asked]) -> Asked:
    """What the page asks for. Refuses what is no action of the kind."""
    if not isinstance(data, dict):
        raise InputError("no action")
    try:
        found: Asked = checked(data, kind)
    except MisfitError as error:
        raise InputError(f"{error.place or 'action'}: {error.problem}") from error
    return found


def words_of_name(named: Named, root: Path, more: Sequence[str]) -> list[str]:
    """The words behind `vidcolor` that change the palette."""
    words = ["palette", str(root), f"--name={named.name}"]
    words += [f"--{option}={value}" for option in ("color", "rename") if (value := getattr(named, option)) is not None]
    return [*words, *(["--remove"] if named.remove else []), *more]


def words_of_wish(wish: Wished, root: Path, seed: int, more: Sequence[str]) -> list[str]:
    """The words behind `vidcolor` that propose colours."""
    words = ["propose", str(root), str(wish.frame), f"--seed={seed}"]
    words += ["--with=controlnet"] if wish.words else []
    return [*words, *([f"--prompt={wish.prompt}"] if wish.words and wish.prompt else []), *more]


def words_of(
    action: Action, root: Path, size: tuple[int, int], files: Mapping[str, Path], more: Sequence[str]
) -> list[str]:
    """The words behind `vidcolor` that do it.

    size   (height, width) of the film
    files  option to the picture that it takes
    more   options of every command of this run, as `--set`
    Every value is written into its option's own word, so that none is read as another option.
    """
    words = ["correct", str(root), action.kind, str(action.frame)]
    words += [action.version] if action.version is not None else []
    if action.at is not None:
        x, y = (min(share * side, side - 1) for share, side in zip(action.at, size[::-1], strict=True))
        words.append(f"--at={x:.1f},{y:.1f}")
    for name in VALUES:
        value = getattr(action, name)
        if value is not None:
            words.append(f"--{name}={value:g}" if isinstance(value, float) else f"--{name}={value}")
    return [*words, *(f"--{name}={path}" for name, path in files.items()), *more]


def typed(words: Sequence[str], lie_at: Mapping[str, str]) -> str:
    """The line as one types it; files that were sent are named where their copies lie."""
    shown = []
    for word in words:
        option, equals, value = word.partition("=")
        shown.append(f"{option}={lie_at[value]}" if equals and value in lie_at else word)
    return shlex.join(["vidcolor", *shown])
