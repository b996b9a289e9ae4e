"""What a run made, in a few lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from vidcolor.keyframes import best_next_keyframes
from vidcolor.settings import Settings
from vidcolor.state.film import Film
from vidcolor.state.made_of import COMPUTED_ON
from vidcolor.state.plan import clear_frames
from vidcolor.state.status import ShotState, doubtful, named, ranges


def summary(film: Film, shown: Sequence[ShotState]) -> Iterator[tuple[str, str]]:
    """(head, line) pairs: shots, keyframes, references, doubtful frames, notes."""
    plan, settings = film.plan, film.settings
    kinds = Counter(s.planned.shot.entry.kind for s in shown[1:])
    joined = ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(kinds.items()))
    yield "shots", f"{len(shown)}" + (f" ({joined})" if joined else "")
    yield "keyframes", _keyframes(shown)
    used = {name for s in shown for key in s.planned.keyframes for name in key.pictures}
    unused = [p.name for p in plan.pictures if p.name not in used]
    yield "references", f"{len(plan.pictures) - len(unused)} used, {len(unused)} unused" + named(unused)
    frames = doubtful(shown, settings.export.doubtful)
    yield "doubtful", f"{len(frames)} of {plan.reel.frame_count} frames" + named(ranges(frames))
    helpful = next_keyframes(shown, settings)
    if frames and helpful:
        yield "would help", "a picture for frame " + ", ".join(map(str, helpful))
    machines = {s.version.ingredients.get(COMPUTED_ON) for s in shown if s.version}
    if len(machines) > 1:
        yield "note", f"shots were rendered on {len(machines)} kinds of processor (export.machines = any)"
    for note in [*plan.notes, *(note for s in shown for note in s.notes)]:
        yield "note", note


def _keyframes(shown: Sequence[ShotState]) -> str:
    hows = Counter(str(key.get("how")) for state in shown for key in state.keyframes)
    words = {
        "exact": "exact",
        "near": "registered",
        "far": "too far, used as free references",
        "transfer": "matched",
        "regions": "by regions",
        "gray": "without colour",
    }
    told = ", ".join(f"{hows[how]} {word}" for how, word in words.items() if hows[how])
    return f"{sum(hows.values())}" + (f" ({told})" if told else "")


def next_keyframes(shown: Sequence[ShotState], settings: Settings, most: int = 3) -> list[int]:
    """The frames where a new keyframe would help most, best first; no two within a keyframe's reach of each other."""
    doubt, spacing = settings.export.doubtful, settings.keyframes.spacing
    found: list[tuple[float, int]] = []
    for state, clear in zip(shown, clear_frames([s.planned.shot for s in shown]), strict=True):
        first = clear.start - state.planned.reach.start
        confidence = state.confidence[first : first + len(clear)]  # nobody paints a frame in the dark of a fade
        for place in best_next_keyframes(confidence, doubtful=doubt, spacing=spacing, most=most):
            near = confidence[max(0, place - spacing) : place + spacing + 1]
            found.append((sum(max(0.0, doubt - c) for c in near), clear.start + place))
    chosen: list[int] = []
    for _, frame in sorted(found, key=lambda item: (-item[0], item[1])):
        if len(chosen) < most and all(abs(frame - other) > spacing // 2 for other in chosen):
            chosen.append(frame)
    return chosen
