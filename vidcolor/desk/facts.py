"""What the page shows, as JSON values: what `vidcolor status --json` says, and what a person wants to see beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vidcolor.errors import VidcolorError
from vidcolor.project.corrections import Correction
from vidcolor.project.fingerprint import fingerprint
from vidcolor.project.kinds import COLORS
from vidcolor.project.palette import named_color, read_palette
from vidcolor.project.proposals import proposals_of
from vidcolor.project.versions import versions_of
from vidcolor.review.checked import qualities_known
from vidcolor.review.quality_table import told_of
from vidcolor.state.corrected import touched
from vidcolor.state.film import Film
from vidcolor.state.overview import overview
from vidcolor.state.plan import Picture
from vidcolor.state.status import ShotState, doubts, why

MOST_REFERENCES = 24
MOST_TOLD = 400
"""Suggested frames and points that the page is sent, best first."""


def page_facts(film: Film, shown: Sequence[ShotState]) -> dict[str, Any]:
    """All of the film that the page draws at once.

    status       `vidcolor status --json`, its suggestions and points cut to the best
    name, root   of the project, as commands are typed
    shots        beside those of `status`, in the same order: `word`, its state for people; `version`, the name of the
                 version shown, or null; `mark`, which changes when the shot's pictures may; `timecode`; `confidence`, a
                 mean, or null; `reach`, the frames it is seen in, those of its dissolves too; `waits`;
                 `length`, how many frames it enters in, 0 by a cut
    doubt        of every frame the share of it that is in doubt, in hundredths; -1 where it is not rendered
    corrections  every one in force, oldest first, with the shots that it touches; `colors`: whether it is of colours
    notes        on the film and its references
    palette      names of colours to the colours; empty where there is none, or it cannot be read
    pictures     the references, by name
    """
    told = overview(film, shown)
    areas = doubts(shown, film.settings.export)
    return {
        "status": {**told, **{name: told[name][:MOST_TOLD] for name in ("suggestions", "points")}},
        "name": film.project.title,
        "root": str(film.project.root),
        "shots": [_shot(film, state) for state in shown],
        "doubt": [round(100 * areas[frame]) if frame in areas else -1 for frame in range(film.plan.reel.frame_count)],
        "corrections": [_correction(film, one) for one in film.plan.corrections],
        "notes": list(film.plan.notes),
        "palette": _palette(film),
        "pictures": [picture.name for picture in film.plan.pictures],
    }


def shot_facts(film: Film, state: ShotState) -> dict[str, Any]:
    """What the page shows of one shot: why it waits, its versions, its keyframes as they were made, its notes."""
    shot_id = state.planned.shot.id
    return {
        "id": shot_id,
        "why": list(why(film, state)),
        "versions": [version.name for version in versions_of(film.project, shot_id)],
        "keyframes": [
            {"frame": key.frame, "reason": key.reason, "pictures": list(key.pictures)}
            for key in state.planned.keyframes
        ],
        "notes": list(state.notes),
        "corrections": [one.name for one in film.plan.corrections if state.planned in touched(film.plan, one)],
        "quality": _quality(film, state),
        "references": _references(film, state),
        "proposals": [
            name for name, one in proposals_of(film.project).items() if one.frame in state.planned.shot.frames
        ],
    }


def _quality(film: Film, state: ShotState) -> list[dict[str, Any]]:
    """What the last report measured of the version shown; `off` where that is beyond its limit."""
    known = qualities_known(film, [state]).get(state.planned.shot.id)
    return [{"name": name, "value": value, "off": off} for name, value, _, off in told_of(known)] if known else []


def _references(film: Film, state: ShotState) -> list[dict[str, Any]]:
    """The pictures that speak for a shot, and then the free ones: `place` among the film's, `name`, `mark`, `frame`."""
    theirs = {name for key in state.planned.keyframes for name in key.pictures}
    shot = state.planned.shot

    def near(picture: Picture) -> int:
        if picture.name in theirs or (picture.frame is not None and picture.frame in shot.frames):
            return 0
        return 1 if picture.shot == shot.id else 2

    found = [(near(p), place, p) for place, p in enumerate(film.plan.pictures)]
    free = [one for one in found if one[0] < 2 or (one[2].frame is None and one[2].shot is None)]
    return [
        {"place": place, "name": picture.name, "mark": picture.hash[:16], "frame": picture.frame}
        for _, place, picture in sorted(free, key=lambda one: one[:2])[:MOST_REFERENCES]
    ]


def _palette(film: Film) -> dict[str, str]:
    try:
        written = read_palette(film.project)
        return {name: named_color(written, name) for name in written}
    except VidcolorError:
        return {}  # whatever names a colour says why


def _shot(film: Film, state: ShotState) -> dict[str, Any]:
    reel, shot, sure = film.plan.reel, state.planned.shot, state.confidence
    seen = state.version.seen if state.version else ""
    return {
        "word": state.word,
        "version": state.version.name if state.version else None,
        "mark": fingerprint({"version": seen, "excluded": str(state.planned.excluded)}),
        "timecode": reel.timecode(shot.frames.start),
        "confidence": round(sum(sure) / len(sure), 3) if sure else None,
        "reach": [state.planned.reach.start, state.planned.reach.stop],
        "waits": state.waits,
        "length": len(shot.entry.frames) if shot.entry.frames is not None else 0,
    }


def _correction(film: Film, one: Correction) -> dict[str, Any]:
    said = one.said
    return {
        "name": one.name,
        "kind": one.kind,
        "colors": one.kind in COLORS,
        "frame": one.frame,
        "last": one.frames.stop - 1,
        "shots": [planned.shot.id for planned in touched(film.plan, one)],
        "at": list(at) if (at := getattr(said, "at", None)) is not None else None,
        "color": getattr(said, "color", None),
        "note": said.note,
        "by": said.by,
        "when": said.when,
    }
