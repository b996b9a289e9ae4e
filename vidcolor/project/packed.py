"""Tables held as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_WHOLE, _PARTS = msgspec.json.Decoder(), msgspec.json.Decoder(dict[str, msgspec.Raw])


class Packed(Mapping[str, Any]):
    """A table that is held as text; each value is made of it anew when it is asked for.

    A film's reports, as lists of numbers, take ten times the memory.
    """

    __slots__ = ("_text",)

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._text = msgspec.json.encode(table)

    def __getitem__(self, name: str) -> Any:
        return _WHOLE.decode(_PARTS.decode(self._text)[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_PARTS.decode(self._text))

    def __len__(self) -> int:
        return len(_PARTS.decode(self._text))
