"""What `project.toml` says: read strictly, and written for people to edit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from vidcolor.checked import MisfitError, PathText, checked, suggestion
from vidcolor.errors import ProjectError, SettingsError
from vidcolor.project.places import REEL_NAME
from vidcolor.settings import Settings, read_toml

CONFIG_SCHEMA = 1
TEMPLATE = """\
# A vidcolor project. This file is yours; everything in plan/, shots/, exports/ and cache/ is the machine's.
version = 1
{name}reel = {reel}
keyframes = {keyframes}
preset = {preset}
shots = {shots}

# Settings that differ from the preset; `vidcolor settings` lists them all.
# [settings.propagate]
# chroma_side = 960
"""
SECTIONS = tuple(section.name for section in fields(Settings))
BARE = re.compile(rf"^\s*\[({'|'.join(SECTIONS)})\]", re.MULTILINE)
"""A section of settings that is written as if it were one of the project's own"""


ReelName = Annotated[str, msgspec.Meta(pattern=rf"^({REEL_NAME.pattern})?$")]


TAKES = {"settings": "tables such as [settings.propagate]", "name": "a reel's name, as r2"}
"""What an entry must be that is no text, in words"""


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What `project.toml` says."""

    reel: PathText
    """The film, absolute or relative to the project folder."""
    keyframes: PathText = ""
    """The folder of colour pictures; empty for none."""
    preset: str = "standard"
    shots: PathText = ""
    """An EDL, OTIO, CSV or FCP 7 XML that takes the place of shot detection; empty for none."""
    name: ReelName = ""
    """What the reel is called in a film of several, as is the project's folder, in the film's; empty: it is the film"""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where it was last worked on by name: commands that name none work there"""
    settings: Mapping[str, Any] = field(default_factory=dict)


def read_config(path: Path) -> ProjectConfig:
    """What the file says. Refuses a damaged or newer one, and entries that there are none of."""
    try:
        tables = read_toml(path)
    except SettingsError as error:
        bare = BARE.search(path.read_text("utf-8", "replace")) if path.is_file() else None
        hint = _hint(bare[1]) if bare else ""
        raise ProjectError(f"{error}{hint}") from error
    version = tables.pop("version", CONFIG_SCHEMA)
    if type(version) is not int or version < 1:
        raise ProjectError(f"{path}: version = {version!r} is no version; write version = {CONFIG_SCHEMA}")
    if version > CONFIG_SCHEMA:
        raise ProjectError(f"{path}: written by a newer vidcolor (version {version}); install that version or newer")
    known = [item.name for item in fields(ProjectConfig)]
    for name in tables:
        if name not in known:
            hint = _hint(name) if name in SECTIONS else suggestion(name, known)
            raise ProjectError(f"{path}: no entry {name!r}{hint}")
    if not tables.get("reel"):
        raise ProjectError(f'{path}: no reel; write reel = "FILM"')
    try:
        config: ProjectConfig = checked(tables, ProjectConfig)
    except MisfitError as error:
        name, must = error.place, TAKES.get(error.place, "text")
        hint = _hint(name) if name in SECTIONS and isinstance(tables[name], dict) else ""
        raise ProjectError(f"{path}: {name} = {tables[name]!r:.60}: must be {must}{hint}") from error
    return config


def _hint(section: str) -> str:
    return f"; a section of settings is written [settings.{section}]"


def config_text(config: ProjectConfig) -> str:
    """The file of a new project."""
    values = {name: toml_text(getattr(config, name)) for name in ("reel", "keyframes", "preset", "shots")}
    name = f"name = {toml_text(config.name)}\n" if config.name else ""
    return TEMPLATE.format(name=name, **values)


def toml_text(value: str) -> str:
    """`value` as a TOML basic string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
