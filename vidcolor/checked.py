"""Plain data as our dataclasses: the one check of what people write (settings) and of what the machine wrote (records).

msgspec checks: kinds, choices, ranges, lengths, what is missing; it says where, and loads in six milliseconds. Here is
what it is not told by a type: fractions, and text that can be no path.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from vidcolor.errors import VidcolorError

try:
    import msgspec
except ImportError:  # a machine that only trains networks reads nothing that is checked here

    @dataclass(frozen=True, slots=True)
    class Meta:
        """What a type's limits are, for those who name them."""

        ge: float | None = None
        le: float | None = None
        pattern: str | None = None
else:
    Meta = msgspec.Meta  # type: ignore[misc, assignment]

LONGEST_FRACTION = 40
PLACE = re.compile(r"(.*) - at `\$?\.?(.*)`", re.DOTALL)
"""How msgspec ends what it says: ` - at `$.shots[3].frames``."""


PathText = Annotated[str, Meta(pattern="^[^\\0]*$")]
"""Text that can be a path."""


class MisfitError(Exception):
    """Data that is not what it should be: `place` (`shots[3].frames`; empty for the whole), `problem`."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place, self.problem = place, problem


def suggestion(name: str, known: Iterable[str]) -> str:
    """What follows a message on an unknown name: the known one that is like it, or all."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def within(low: float, high: float) -> Meta:
    """The range of a number: `side: Annotated[int, within(48, 384)]`; both ends belong to it."""
    return Meta(ge=low, le=high)


def checked(data: Any, kind: Any) -> Any:
    """`data` (tables, lists, text, numbers) as a value of type `kind`. Raises MisfitError for anything else.

    Names that a dataclass does not have are passed over: the caller knows what to say of them.
    """
    try:
        return msgspec.convert(data, kind, dec_hook=_from_text)
    except msgspec.ValidationError as error:
        found = PLACE.fullmatch(str(error))
        raise MisfitError(*((found[2], found[1]) if found else ("", str(error)))) from error
    except (VidcolorError, RecursionError) as error:  # a dataclass of ours refuses its values
        raise MisfitError("", str(error)) from error


MISSING = re.compile(r"Object missing required field `(.*)`")


def missing(error: MisfitError) -> str:
    """The field that is not there, where that is what is wrong; else empty."""
    found = MISSING.fullmatch(error.problem)
    return found[1] if found else ""


def _from_text(kind: type, value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(f"Expected `str`, got {value!r:.40}")
    if kind is Path:
        if "\0" in value:
            raise ValueError(f"{value!r:.40} can be no path")
        return Path(value)
    if kind is not Fraction:
        raise NotImplementedError(kind)  # msgspec's own word for a kind that a hook does not know
    try:
        fraction = Fraction(value) if len(value) < LONGEST_FRACTION else Fraction(0)
    except ZeroDivisionError:
        fraction = Fraction(0)
    if fraction <= 0:
        raise ValueError(f"{value!r:.40} is no fraction above zero")
    return fraction


def plain(value: Any) -> Any:
    """A dataclass of plain words as tables, lists, text and numbers: fractions as `24000/1001`, paths as text."""
    return msgspec.to_builtins(value, enc_hook=str)


def _short(number: Any) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:g}"


def in_words(kind: Any) -> str:
    """What a field of this kind takes: `a whole number from 48 to 384`, `one of dis, raft`, `text`."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    limits = ""
    if get_origin(kind) is Annotated:
        kind, meta = get_args(kind)[:2]
        limits = f" from {_short(meta.ge)} to {_short(meta.le)}" if meta.ge is not None else ""
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    return names.get(kind, "a section of its own") + limits
