"""What a run made, in a few lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from vidcolor.references.names import some
from vidcolor.state.film import Film
from vidcolor.state.made_of import COMPUTED_ON
from vidcolor.state.status import ShotState, doubt_told, named, titles_told, would_help


def summary(film: Film, shown: Sequence[ShotState]) -> Iterator[tuple[str, str]]:
    """(head, line) pairs: that all is gray where no pictures were given; shots, keyframes, references, doubtful frames,
    notes."""
    plan, settings = film.plan, film.settings
    if film.project.keyframes_path is None:
        yield "gray", "the whole film, as no colour pictures were given; give their folder with --keyframes DIR"
    kinds = Counter(s.planned.shot.entry.kind for s in shown[1:])
    joined = ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(kinds.items()))
    yield "shots", f"{len(shown)}" + (f" ({joined})" if joined else "")
    yield "keyframes", _keyframes(shown)
    useless = {key.get("frame") for s in shown for key in s.keyframes if key.get("how") in ("unused", "gray")}
    keyframes = [key for s in shown for key in s.planned.keyframes if key.frame not in useless]
    used = {name for key in keyframes for name in key.pictures}
    unused = [p.name for p in plan.pictures if p.name not in used]
    if titles := titles_told(shown):
        yield "titles", titles
    painted = [c.files["paint"] for c in plan.corrections if "/" in c.name and "paint" in c.files]
    partly = f"; {len(painted)} transparent, as paints{named(painted)}" if painted else ""
    yield "references", f"{len(plan.pictures) - len(unused)} used, {len(unused)} unused{named(unused)}{partly}"
    yield "doubtful", doubt_told(shown, settings.export, plan.reel.frame_count)
    if pictures := would_help(shown, plan.reel.size):
        yield "would help", pictures
    machines = {s.version.ingredients.get(COMPUTED_ON) for s in shown if s.version}
    if len(machines) > 1:
        yield "note", f"shots were rendered on {len(machines)} kinds of processor (export.machines = any)"
    for note in [*plan.notes, *_together([note for s in shown for note in s.notes])]:
        yield "note", note


def _together(notes: Sequence[str]) -> Iterator[str]:
    """The notes, `THING: TEXT` each; things that are told the same stand together in one."""
    things: dict[str, list[str]] = {}
    for note in notes:
        thing, colon, text = note.rpartition(": ") if note.count(": ") == 1 else ("", "", note)
        things.setdefault(colon + text, []).append(thing)
    for text, told in things.items():
        yield some(list(dict.fromkeys(told))) + text


def _keyframes(shown: Sequence[ShotState]) -> str:
    hows = Counter(str(key.get("how")) for state in shown for key in state.keyframes)
    words = {
        "exact": "exact",
        "near": "registered",
        "far": "too far, used as free references",
        "unused": "too far, used for nothing",
        "transfer": "matched",
        "regions": "by regions",
        "gray": "without colour",
    }
    told = ", ".join(f"{hows[how]} {word}" for how, word in words.items() if hows[how])
    return f"{sum(hows.values())}" + (f" ({told})" if told else "")
