"""Old project files to today's schema, one function a step.

Each machine-written JSON opens with `"schema": "vidcolor.NAME/N"`; a change of the form adds a step here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vidcolor.errors import ProjectError


def _export_by_place(data: dict[str, Any]) -> dict[str, Any]:
    """A record knew one place; which versions were in the film it did not tell."""
    place, entry = data.get("out"), {name: data[name] for name in ("file", "made_of") if name in data}
    return {"schema": "vidcolor.export/2", "places": {place: entry} if isinstance(place, str) else {}}


Step = Callable[[dict[str, Any]], dict[str, Any]]
STEPS: dict[str, Step] = {"vidcolor.export/1": _export_by_place}
SCHEMA = re.compile(r"vidcolor\.([a-z]+)/(\d{1,6})")


def upgrade(data: dict[str, Any], schema: str, place: str, remedy: str = "") -> dict[str, Any]:
    """`data` as today's `schema`. Refuses files of another kind (`remedy`: what mends that), and of a newer program."""
    found = data.get("schema")
    if found == schema:
        return data
    match = SCHEMA.fullmatch(found) if isinstance(found, str) else None
    wanted = SCHEMA.fullmatch(schema)
    if match is None or wanted is None or match[1] != wanted[1]:
        raise ProjectError(f"{place}: not a {schema} file; {remedy or 'delete it and run `vidcolor plan` again'}")
    while data["schema"] in STEPS:
        data = STEPS[data["schema"]](data)
    if data["schema"] != schema:
        raise ProjectError(f"{place}: written by a newer vidcolor ({found}); install that version or newer")
    return data
