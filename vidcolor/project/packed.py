"""Tables of project files: read from their text, and held as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

LARGEST, LONGEST_NUMBER = 1 << 53, 20
LONG_NUMBER = re.compile(rb"[\s\[:,-][0-9]{16}")
"""Whole numbers of fewer digits hold nothing beyond LARGEST; digits behind a point, and of hashes, are passed over."""
DIGITS, MANY_DIGITS = bytes(48 if chr(byte).isdecimal() else 32 for byte in range(128)) + b" " * 128, b"0" * 16
"""Every digit as 0, all else as a space: sixteen in a row are so found in a sixth of the pattern's time."""


def decoded(text: bytes) -> Any:
    """What a file's JSON says. Refuses whole numbers beyond LARGEST."""
    long = MANY_DIGITS in text.translate(DIGITS) and LONG_NUMBER.search(text)
    return _CHECKING_READER.decode(text.decode()) if long else _READER.decode(text)


def _whole(text: str) -> int:
    """A whole number of a project file. Refuses one that is not exact in every reader of JSON: it is none of ours."""
    if abs(number := int(text[:LONGEST_NUMBER])) > LARGEST or len(text) > LONGEST_NUMBER:
        raise ValueError(f"the number {text[:LONGEST_NUMBER]} is too large")
    return number


_READER, _CHECKING_READER = msgspec.json.Decoder(), json.JSONDecoder(parse_int=_whole)
_PARTS_READER = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""Made once: a long film has thousands of files. Numbers are checked where there are long ones: it takes time."""


class Packed(Mapping[str, Any]):
    """A table that is held as text; each value is made of it anew when it is asked for.

    A film's reports, as lists of numbers, take five times the memory.
    """

    __slots__ = ("_text",)

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._text = msgspec.json.encode(table)

    def __getitem__(self, name: str) -> Any:
        return _READER.decode(_PARTS_READER.decode(self._text)[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_PARTS_READER.decode(self._text))

    def __len__(self) -> int:
        return len(_PARTS_READER.decode(self._text))
