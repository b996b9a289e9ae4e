"""The palette as it is edited: a line is added, changed, renamed or removed; what else a person wrote there stays.

Corrections that name a colour follow its name, in all reels of the film. A kill on the way leaves both names in the
palette, never a correction that names none of them; the same again goes on.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from vidcolor.errors import CorrectionError
from vidcolor.project.config import toml_text
from vidcolor.project.corrections import pages_by
from vidcolor.project.folder import Project
from vidcolor.project.kinds import A_COLOR
from vidcolor.project.palette import CODE, LARGEST, PALETTE, read_palette
from vidcolor.project.reels import film_of, reels_of

LONGEST = 100
"""Letters of a name."""
COLOR = "color"


def give_color(project: Project, name: str, color: str) -> None:
    """Gives a colour a name, or a name another colour. Refuses what is no name, and no colour."""
    if not 0 < len(name) <= LONGEST or name != name.strip() or not name.isprintable() or CODE.fullmatch(name):
        raise CorrectionError(f"{name!r:.60} is no name for a colour; write words, {LONGEST} letters at most")
    if not CODE.fullmatch(color):
        raise CorrectionError(f"{color!r:.60}: must be {A_COLOR}")
    _write(project, {**read_palette(project), name: color.removeprefix("#").lower()})


def rename_color(project: Project, old: str, new: str) -> int:
    """Gives a colour another name, in the corrections too that name it: how many did. Refuses a name that another
    colour has."""
    palette = read_palette(project)
    color = _known(palette, old)
    if palette.get(new, color) != color:
        raise CorrectionError(f"{PALETTE}: {new!r:.60} names another colour already; choose another name")
    naming = [(reel, page, _renamed(reel, page, old, new)) for reel, page in _naming(project, old)]
    give_color(project, new, color)
    for reel, page, text in naming:
        reel.write_text(page, text)
    if old != new:
        _write(project, {name: code for name, code in read_palette(project).items() if name != old})
    return len(naming)


def drop_color(project: Project, name: str) -> None:
    """Takes a name out of the palette. Refuses one that corrections name."""
    palette = read_palette(project)
    _known(palette, name)
    if naming := _naming(project, name):
        more = f" and {len(naming) - 1} more" if len(naming) > 1 else ""
        reel, page = naming[0]
        page = f"{reel.config.name}/{page}" if reel.config.name else page
        raise CorrectionError(f"{PALETTE}: {page}{more} names {name!r:.60}; delete that first, or rename it")
    _write(project, {known: code for known, code in palette.items() if known != name})


def uses(project: Project) -> Counter[str]:
    """How many corrections of the film name each colour."""
    return Counter(name for reel in reels_of(project) for name, pages in pages_by(reel, COLOR).items() for _ in pages)


def _naming(project: Project, name: str) -> list[tuple[Project, str]]:
    """The corrections of the film that name a colour: the project of each, and its file there."""
    return [(reel, page) for reel in reels_of(project) for page in pages_by(reel, COLOR).get(name, ())]


def _known(palette: Mapping[str, Any], name: str) -> str:
    color = palette.get(name)
    if not isinstance(color, str):
        raise CorrectionError(f"{PALETTE} has no colour {name!r:.60}; `vidcolor palette PROJECT` lists them")
    return color


def _write(project: Project, wanted: Mapping[str, Any]) -> None:
    """Makes the palette say what is wanted, line by line. Refuses one that is not written a line each."""
    by_hand = CorrectionError(f"{PALETTE}: is not written a line for each colour; mend it by hand")
    if not all(isinstance(color, str) for color in wanted.values()):
        raise by_hand
    film = film_of(project)
    lines = film.path(PALETTE).read_text(encoding="utf-8").splitlines() if film.has(PALETTE) else []
    there: set[str] = set()
    kept = []
    for line in lines:
        said = _said(line)
        there |= set(said)
        if all(wanted.get(name) == color for name, color in said.items()):
            kept.append(line)
        elif len(said) == 1 and (name := next(iter(said))) in wanted:
            changed = line.replace(str(said[name]), wanted[name])  # a comment behind it stays
            kept.append(changed if _said(changed) == {name: wanted[name]} else _line(name, wanted[name]))
    kept += [_line(name, color) for name, color in wanted.items() if name not in there]
    text = "".join(f"{line}\n" for line in kept)
    if _said(text) != wanted:
        raise by_hand
    if len(text.encode()) > LARGEST:
        raise CorrectionError(f"{PALETTE}: would be larger than {LARGEST >> 10} KiB; remove colours first")
    film.write_text(PALETTE, text)


def _line(name: str, color: Any) -> str:
    return f"{toml_text(name)} = {toml_text(color)}"


def _renamed(project: Project, page: str, old: str, new: str) -> str:
    """A correction's text with the new name. Refuses one whose colour stands on no line of its own."""
    lines = project.path(page).read_text(encoding="utf-8").splitlines()
    found = [k for k, line in enumerate(lines) if _said(line) == {COLOR: old}]
    if len(found) != 1:
        raise CorrectionError(f"{page}: its colour {old!r:.60} stands on no line of its own; write {new!r:.60} there")
    lines[found[0]] = f"{COLOR} = {toml_text(new)}"
    return "".join(f"{line}\n" for line in lines)


def _said(text: str) -> dict[str, Any]:
    """What a text says by itself; nothing where it is no TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
