"""The words of `types.py` as JSON and back, checked (`checked.py`): a project file is hostile until read."""

from __future__ import annotations

from typing import Any

from vidcolor.checked import MisfitError, checked, plain
from vidcolor.errors import ProjectError

encode = plain


def decode(data: Any, kind: Any, place: str) -> Any:
    """`data` as a value of type `kind`. Refuses anything that is not one, naming `place` and what in it."""
    try:
        value = checked(data, kind)
        _refuse_strangers(data, plain(value), "")
    except MisfitError as error:
        where = f"{place}: {error.place}" if error.place else place
        remedy = "delete the file and run `vidcolor plan` again"
        raise ProjectError(f"{where}: damaged ({error.problem:.120}); {remedy}") from error
    return value


def _refuse_strangers(data: Any, known: Any, place: str) -> None:
    """Refuses names in `data` that its value does not have: a misspelt one would leave its default in force."""
    if isinstance(data, dict):
        for name, inner in data.items():
            if name not in known:
                raise MisfitError(place, f"no {name!r:.40} belongs there")
            _refuse_strangers(inner, known[name], f"{place}.{name}".lstrip("."))
    elif isinstance(data, list):
        for number, (inner, other) in enumerate(zip(data, known, strict=True)):
            _refuse_strangers(inner, other, f"{place}[{number}]")
