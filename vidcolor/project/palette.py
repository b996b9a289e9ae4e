"""The palette: names that people give colours, in `palette.toml` of the film's folder, a line each.

    "coat navy" = "1f2a5c"

All reels of a film share it. A correction may say such a name where it takes a colour. It is made of the colour, not of
the name: where a colour is changed here, the shots whose corrections name it are stale, and no others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vidcolor.checked import suggestion
from vidcolor.errors import CorrectionError, ProjectError, SettingsError
from vidcolor.project.folder import Project
from vidcolor.project.kinds import A_COLOR
from vidcolor.project.reels import film_of
from vidcolor.settings import read_toml

PALETTE = "palette.toml"
CODE = re.compile(r"#?[0-9A-Fa-f]{6}")
LARGEST = 256 << 10
"""Bytes of a palette."""


def read_palette(project: Project) -> Mapping[str, Any]:
    """Names to what the film's palette says of them; empty where there is none. Refuses a file that is no palette, and
    a palette of one reel of several."""
    film = film_of(project)
    try:
        if film is not project and project.has(PALETTE):
            raise CorrectionError(
                f"{project.reel_name}/{PALETTE}: all reels share one; move its colours into {film.path(PALETTE)}"
            )
        path = film.path(PALETTE)
        if not path.is_file():
            return {}
        if path.stat().st_size > LARGEST:
            raise CorrectionError(f"{PALETTE}: larger than {LARGEST >> 10} KiB; this is no palette, move it away")
        return read_toml(path)
    except SettingsError as error:
        raise CorrectionError(str(error).replace(str(film.path(PALETTE)), PALETTE)) from error
    except (ProjectError, OSError) as error:
        raise CorrectionError(f"{PALETTE}: {error}") from error


def named_color(palette: Mapping[str, Any], written: str) -> str:
    """The colour that a name stands for; what is no name of a palette that there is comes back as it is.

    Refuses, where there is a palette, names that it does not have, and what it says that is no colour.
    """
    if CODE.fullmatch(written) or not palette:
        return written
    if written not in palette:
        known = suggestion(written, palette)
        raise CorrectionError(f"{PALETTE} has no colour {written!r:.60}{known}; add it there, or write {A_COLOR}")
    color = palette[written]
    refuse_others({written: color})
    return str(color).removeprefix("#").lower()


def refuse_others(palette: Mapping[str, Any]) -> None:
    """Refuses what the palette says that is no colour, a line each."""
    wrong = {name: color for name, color in palette.items() if not (isinstance(color, str) and CODE.fullmatch(color))}
    if wrong:
        told = (f"{PALETTE}: {name} = {color!r:.60} must be {A_COLOR}; mend that line" for name, color in wrong.items())
        raise CorrectionError("\n".join(told))
