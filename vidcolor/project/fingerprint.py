"""What a version was made of, and what has changed since.

Ingredients are a flat table: readable names to plain values. Two tables are the same version exactly when their
fingerprints agree; `vidcolor why` shows the lines in which they differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

import msgspec

Value = str | int | float | bool
Ingredients = dict[str, Value]
LENGTH = 16
"""Hexadecimal digits of a fingerprint: 64 bits, far beyond what one film's versions could collide in."""
_WRITER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_QUICK_WRITER = msgspec.json.Encoder(order="sorted")
"""Made once: a long film has thousands of versions."""


def fingerprint(ingredients: Mapping[str, Value]) -> str:
    """Short hash of all a version is made of; the order of the entries does not matter."""
    return _short(_WRITER.encode(ingredients).encode("utf-8", "surrogatepass"))


def is_of(mark: str, ingredients: Mapping[str, Value]) -> bool:
    """Whether `mark` is the fingerprint of `ingredients`: told in a quarter of the time where they hold no number that
    the two writers write otherwise (1e-05, 1e-5)."""
    try:
        return mark == _short(_QUICK_WRITER.encode(ingredients)) or mark == fingerprint(ingredients)
    except UnicodeEncodeError:  # half a pair of UTF-16, from a name that is no text
        return mark == fingerprint(ingredients)


def _short(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:LENGTH]


def settings_ingredients(name: str, section: Any) -> Ingredients:
    """`settings.propagate.flow = "dis"` for every field of one section of the settings."""
    return dict(_settings_ingredients(name, section))


@lru_cache(maxsize=64)
def _settings_ingredients(name: str, section: Any) -> Ingredients:
    """The same for every shot of a film."""
    if not is_dataclass(section):
        raise TypeError(f"{name}: not a section of the settings")
    return {f"settings.{name}.{item.name}": getattr(section, item.name) for item in fields(section)}


def changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> Iterator[tuple[str, Value | None, Value | None]]:
    """(name, old value, new value) of every difference, sorted; None where there is no such entry."""
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)


def describe_change(name: str, old: Value | None, new: Value | None) -> str:
    """One line for people: `references/000134.png  changed`, `settings.propagate.flow  dis -> raft`."""
    if old is None:
        return f"{name}  added"
    if new is None:
        return f"{name}  removed"
    if isinstance(old, str) and isinstance(new, str) and len(old) >= LENGTH and len(new) >= LENGTH:
        return f"{name}  changed"
    return f"{name}  {old} -> {new}"
