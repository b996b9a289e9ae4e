"""The words of `types.py` as JSON and back, checked field by field: a project file is hostile until read."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from vidcolor.errors import InputError, ProjectError
from vidcolor.timeline import FrameRange

LARGEST = 1 << 53
"""Whole numbers beyond this are not exact in every JSON reader, and are no frame number or size."""


def encode(value: Any) -> Any:
    """A dataclass of plain words as JSON values: fractions as `24000/1001`, paths as text."""
    if is_dataclass(value):
        return {item.name: encode(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Fraction | Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def decode(data: Any, kind: Any, place: str) -> Any:
    """`data` as a value of type `kind`. Refuses anything that is not one, naming `place`."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        (kind,) = (k for k in get_args(kind) if k is not type(None))
        return decode(data, kind, place)
    if origin is Literal:
        return _require(data in get_args(kind) if isinstance(data, str) else False, data, place)
    if origin is tuple:
        return _decode_tuple(data, get_args(kind), place)
    if is_dataclass(kind):
        return _decode_dataclass(data, kind, place)
    if kind is Path:
        return Path(_require(isinstance(data, str) and "\0" not in data, data, place))
    if kind is Fraction:
        return _decode_fraction(data, place)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        data = float(_require(abs(data) < LARGEST, data, place))
    _require(type(data) is kind, data, place)
    return _require(kind is not int or abs(data) < LARGEST, data, place)


def _require(good: bool, data: Any, place: str) -> Any:
    if not good:
        raise ProjectError(f"{place}: damaged ({str(data)[:40]!r}); delete the file and run `vidcolor plan` again")
    return data


def _decode_tuple(data: Any, kinds: tuple[Any, ...], place: str) -> tuple[Any, ...]:
    _require(isinstance(data, list), data, place)
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(data)
    _require(len(data) == len(kinds), data, place)
    return tuple(decode(item, kind, place) for item, kind in zip(data, kinds, strict=True))


def _decode_fraction(data: Any, place: str) -> Fraction:
    try:
        value = Fraction(_require(isinstance(data, str) and len(data) < 40, data, place))
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    _require(value > 0, data, place)
    return value


@cache
def _fields_of(kind: Any) -> dict[str, Any]:
    """Name to type of each field; a long film's plan holds thousands of the same kind."""
    hints = get_type_hints(kind, localns={"FrameRange": FrameRange})
    return {item.name: hints[item.name] for item in fields(kind)}


def _decode_dataclass(data: Any, kind: Any, place: str) -> Any:
    _require(isinstance(data, dict), data, place)
    hints = _fields_of(kind)
    _require(data.keys() <= hints.keys(), sorted(data.keys() - hints.keys()), place)
    try:
        return kind(**{name: decode(value, hints[name], f"{place}: {name}") for name, value in data.items()})
    except (TypeError, InputError) as error:
        raise ProjectError(f"{place}: damaged ({error}); delete the file and run `vidcolor plan` again") from error
