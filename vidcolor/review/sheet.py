"""Sheets: a film's shots on pages, each with its keyframes before, after and in doubt; and one shot by time.

A page of the project's own `sheets/` is drawn again only when something on it has changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from vidcolor.media.place import make_folder
from vidcolor.project.fingerprint import fingerprint
from vidcolor.project.folder import Project
from vidcolor.review.draw import INK, LINE_HEIGHT, SOFT, WARN, Canvas, check_place, is_ours, write_page
from vidcolor.review.looks import Look, Looks, clear_of, frames_of
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState, doubts
from vidcolor.timeline import FrameRange

View = Literal["all", "after"]
FOLDER, RECORD, SCHEMA = "sheets", "sheets/sheets.json", "vidcolor.sheets/1"
LAYOUT = 1
"""Raised when pages come to look otherwise."""
WIDTH, MARGIN, GAP = 1920, 16, 6
HEAD = 2 * LINE_HEIGHT
PER_PAGE = {"all": (3, 8, 2), "after": (8, 12, 1)}
"""Of each view: shots side by side, rows of them on a page, and frames of each."""
MANY = 240
"""Shots from which a page shows each by one picture, where nobody says."""
BY_TIME = (5, 6)
"""Frames of one shot side by side, and rows of them."""
Progress = Callable[[str, int, int], None]


def write_sheets(
    film: Film,
    shown: Sequence[ShotState],
    progress: Progress,
    *,
    folder: Path | None = None,
    view: View | None = None,
    suffix: str = ".jpg",
    gray_too: bool = True,
) -> list[Path]:
    """The pages of a film's shots, in order; written where they are not there already.

    shown     the state of every shot
    folder    where; None for the project's own, where surplus pages of an earlier run are removed
    view      all: before, after and doubt; after: one picture a shot; None: by the number of shots
    gray_too  False: shots that were never rendered are named, but not shown, as they would have to be decoded
    """
    view = view or ("all" if len(shown) <= MANY else "after")
    across, rows, _ = PER_PAGE[view]
    pages = [shown[start : start + across * rows] for start in range(0, len(shown), across * rows)]
    place = folder or film.project.path(FOLDER)
    make_folder(place)
    known = _known(film.project) if folder is None else {}
    paths, marks = [place / f"shots-{number:03d}{suffix}" for number in range(1, len(pages) + 1)], {}
    for path in paths:
        check_place(path)
    todo = []
    for number, (path, states) in enumerate(zip(paths, pages, strict=True), start=1):
        title = f"{film.project.title}: shots {states[0].planned.shot.id} to {states[-1].planned.shot.id}"
        title += f", page {number} of {len(pages)}"
        marks[path.name] = _mark(film, states, f"{view} {title}", gray_too)
        if known.get(path.name) != marks[path.name] or not is_ours(path):
            todo.append((path, states, title))
    with Looks(film, _width(across, view), gray_too=gray_too) as looks:
        for done, (path, states, title) in enumerate(todo):
            progress("sheet", done, len(todo))
            _draw_shots(film, shown, states, looks, view, title, path)
    if todo:
        progress("sheet", len(todo), len(todo))
    if folder is None:
        _keep(film.project, marks)
    return paths


def write_shot_sheet(film: Film, state: ShotState, path: Path, progress: Progress) -> None:
    """One shot by time: frames evenly from its first to its last, each before, after and in doubt."""
    make_folder(path.parent)
    check_place(path)
    across, rows = BY_TIME
    frames = state.planned.shot.frames
    count = min(len(frames), across * rows)
    keys = {key.frame for key in state.planned.keyframes}
    wanted = _by_time(frames, count, keys)
    width = (WIDTH - 2 * MARGIN - (across - 1) * GAP * 2) // across
    doubtful = doubts([state], film.settings.export)
    with Looks(film, width // 3 - 1) as looks:
        seen = []
        for done, frame in enumerate(wanted):
            progress("sheet", done, len(wanted))
            seen += looks.of(state, [frame])
    height = seen[0].before.shape[1]
    deep = height + 2 * LINE_HEIGHT + GAP
    page = Canvas(WIDTH, HEAD + math.ceil(len(seen) / across) * deep + MARGIN)
    page.say(f"{film.project.title}: {_title(film, state)}; frames before, after, and their confidence", MARGIN, 10)
    for place, look in enumerate(seen):
        x, y = MARGIN + place % across * (width + 2 * GAP), HEAD + place // across * deep
        _put(page, look, x, y, width // 3 - 1)
        said = f"{look.frame}  {film.plan.reel.timecode(look.frame)}{'  keyframe' if look.frame in keys else ''}"
        page.say(said, x, y + height + 2, INK if look.frame in keys else SOFT)
        page.bar(doubtful.get(look.frame, 0), x, y + height + LINE_HEIGHT + 4, width)
    write_page(path, page.image)
    progress("sheet", len(wanted), len(wanted))


def _by_time(frames: FrameRange, count: int, keys: Collection[int]) -> list[int]:
    """`count` frames evenly from the first to the last; a keyframe in place of the one nearest to it."""
    wanted = [frames.start + round((len(frames) - 1) * k / max(1, count - 1)) for k in range(count)]
    for key in sorted(keys):
        free = [n for n, frame in enumerate(wanted) if frame not in keys]
        if key not in wanted and free:
            wanted[min(free, key=lambda n: abs(wanted[n] - key))] = key
    return sorted(set(wanted))


def _draw_shots(
    film: Film,
    shown: Sequence[ShotState],
    states: Sequence[ShotState],
    looks: Looks,
    view: View,
    title: str,
    path: Path,
) -> None:
    across, _, most = PER_PAGE[view]
    width, clear = _width(across, view), clear_of(shown)
    whole = (WIDTH - 2 * MARGIN - (across - 1) * 2 * GAP) // across
    size = film.plan.reel.size
    height = max(1, round(width * size[0] / size[1]))
    cells = [(state, looks.of(state, frames_of(state, clear[state.planned.shot.id], most))) for state in states]
    lines = 2 if view == "after" else 1
    deep = [
        lines * LINE_HEIGHT
        + max(1, *(len(seen) for _, seen in cells[k : k + across])) * (height + LINE_HEIGHT)
        + 3 * GAP
        for k in range(0, len(cells), across)
    ]
    page = Canvas(WIDTH, HEAD + sum(deep) + MARGIN)
    legend = "before, after, confidence (red 0, yellow one half, white 1)" if view == "all" else "bar: share in doubt"
    page.say(f"{title}; {legend}", MARGIN, 10)
    for place, (state, seen) in enumerate(cells):
        x, y = MARGIN + place % across * (whole + 2 * GAP), HEAD + sum(deep[: place // across])
        for line in _words(film, state, view):
            page.say(line, x, y, WARN if state.waits else INK, whole)
            y += LINE_HEIGHT
        for look in seen:
            _put(page, look, x, y, width, all_three=view == "all")
            page.say(_caption(state, look), x, y + height + 1, SOFT, whole)
            y += height + LINE_HEIGHT
        page.bar(_doubtful(film, state), x, y, whole)
    write_page(path, page.image)


def _put(page: Canvas, look: Look, x: int, y: int, width: int, *, all_three: bool = True) -> None:
    pictures = (
        [look.before, look.after, look.doubt] if all_three else [look.before if look.after is None else look.after]
    )
    for number, picture in enumerate(pictures):
        if picture is None:
            page.frame(x + number * (width + 1), y, width, look.before.shape[1])
        else:
            page.put(picture, x + number * (width + 1), y)


def _width(across: int, view: View) -> int:
    whole = (WIDTH - 2 * MARGIN - (across - 1) * 2 * GAP) // across
    return whole // 3 - 1 if view == "all" else whole


def _words(film: Film, state: ShotState, view: View) -> Iterator[str]:
    shot = state.planned.shot
    told = f"{film.plan.reel.timecode(shot.frames.start)}  {len(shot.frames)} f"
    if view == "after":
        yield shot.id
        yield f"{told}  {_sure(state)}"
    else:
        yield _title(film, state)


def _title(film: Film, state: ShotState) -> str:
    """`r1-000134  01:00:05:14  72 frames  v002 stale  confidence 0.93`"""
    shot = state.planned.shot
    version = f"{state.version.name} {state.word}" if state.version else state.word
    timecode = film.plan.reel.timecode(shot.frames.start)
    return f"{shot.id}  {timecode}  {len(shot.frames)} frames  {version}  confidence {_sure(state)}"


def _sure(state: ShotState) -> str:
    return f"{sum(state.confidence) / len(state.confidence):.2f}" if state.confidence else "-"


def _caption(state: ShotState, look: Look) -> str:
    helps = any(found.frame == look.frame for found in state.suggestions)
    key = any(key.frame == look.frame for key in state.planned.keyframes)
    what = "  keyframe" if key else "  a picture here would help" if helps else ""
    return f"{look.frame}{what}"


def _doubtful(film: Film, state: ShotState) -> float:
    """Share of the shot's picture area that is in doubt."""
    areas = doubts([state], film.settings.export)
    return sum(areas.values()) / len(areas) if areas else 0.0


def _mark(film: Film, states: Sequence[ShotState], title: str, gray_too: bool) -> str:
    made_of: dict[str, str | int | float] = {"layout": LAYOUT, "page": title, "reel": film.plan.reel.hash}
    made_of["gray too"] = f"{gray_too or all(state.version for state in states)}"
    made_of["doubtful"] = film.settings.export.doubtful
    for state in states:
        keys = " ".join(str(key.frame) for key in state.planned.keyframes)
        version = f"{state.version.name} {state.version.fingerprint}" if state.version else "-"
        made_of[f"shot {state.planned.shot.id}"] = f"{_title(film, state)} {version} {keys}"
    return fingerprint(made_of)


def _known(project: Project) -> dict[str, str]:
    """The mark of each page that was drawn."""
    kept = project.read_json(RECORD, SCHEMA).get("pages") if project.has(RECORD) else None
    return {str(name): str(mark) for name, mark in kept.items()} if isinstance(kept, dict) else {}


def _keep(project: Project, marks: dict[str, str]) -> None:
    """Notes the pages, and removes those of our own that the film has no longer."""
    for old in project.path(FOLDER).glob("shots-*"):
        if old.name not in marks and is_ours(old):
            old.unlink()
    if _known(project) != marks:
        project.write_json(RECORD, SCHEMA, {"pages": marks})
