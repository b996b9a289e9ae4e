"""What commands show of a project and of their work, in lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.cli.terminal import Terminal
from vidcolor.project import Project
from vidcolor.state.film import Film
from vidcolor.state.plan import Plan
from vidcolor.state.status import ShotState, doubt_told, hints_help, named, states, titles_told, would_help

if TYPE_CHECKING:
    from vidcolor.pipeline.deliver import Delivered
    from vidcolor.pipeline.per_shot import DeliveredShots

LEGEND = """
fresh: made of today's film, pictures and settings. stale: something has changed since; `vidcolor why` says what.
new: never rendered. Both are rendered by the next `vidcolor run`. approved, excluded: delivered as it is, or gray.
keyframes: the frames coloured first. * is chosen here; the others have a picture of their own.
confidence: how far colours are to be trusted, a mean over the shot. From 0.9 on the eye hardly tells them from the
true ones; at 0.5 it does, side by side; below 0.2 they are other colours.
doubtful: frames whose colours are probably off by more than export.doubtful (CIEDE2000; 6 is another colour) over
export.doubtful_area of the picture."""
"""What the words of `vidcolor status` mean."""
WORDS = ("fresh", "stale", "new", "approved", "approved, stale", "excluded")


def show_summary(film: Film, shown: Sequence[ShotState], terminal: Terminal) -> None:
    from vidcolor.pipeline.summary import summary

    for head, line in summary(film, shown):
        terminal.say(f"{head:<10} {line}")


def show_looks(looks: Sequence[tuple[str, str]], terminal: Terminal) -> None:
    """Where there is something to look at."""
    for head, line in looks:
        terminal.say(f"{head:<10} {line}")


def show_rendered(shown: Sequence[ShotState], rendered: Sequence[str], terminal: Terminal) -> None:
    """What was rendered now, what was left as it was, and what still waits."""
    waiting = sum(state.waits for state in shown)
    left = len(shown) - len(rendered) - waiting
    now = f"{len(rendered)} of {len(shown)} shots{named(rendered)}" if rendered else "nothing"
    others = [f"{left} {'was' if left == 1 else 'were'} fresh and left as {'it was' if left == 1 else 'they were'}"]
    others += (
        [f"{waiting} {'waits' if waiting == 1 else 'wait'}, as nobody asked for {'it' if waiting == 1 else 'them'}"]
        if waiting
        else []
    )
    terminal.say(f"{'rendered':<10} {now}" + (f"; {', '.join(others)}" if left or waiting else ""))


def show_delivered(project: Project, delivered: Delivered, terminal: Terminal) -> None:
    luma = delivered.luma
    state = "written" if delivered.made_now else "up to date"
    for note in delivered.notes:
        terminal.say(f"{'note':<10} {note}")
    if delivered.copied:
        luma += f"; {delivered.copied} frames were copied from the film that was there, as nothing in them changed"
    terminal.say(f"{state:<10} {delivered.path} and {delivered.manifest.name} ({delivered.about}; {luma})")
    terminal.say(f"{'project':<10} {project.root}")


def show_delivered_shots(project: Project, delivered: DeliveredShots, terminal: Terminal) -> None:
    for note in delivered.notes:
        terminal.say(f"{'note':<10} {note}")
    for file in delivered.made_now:
        terminal.say(f"{'written':<10} {file.export.out}")
    if there := len(delivered.files) - len(delivered.made_now):
        terminal.say(f"{'up to date':<10} {there} of {len(delivered.files)} files")
    show_lists(delivered.lists, (), terminal)
    terminal.say(f"{'shots':<10} {delivered.folder} ({delivered.about}; {delivered.luma})")
    terminal.say(f"{'project':<10} {project.root}")


def show_lists(paths: Sequence[Path], notes: Sequence[str], terminal: Terminal) -> None:
    for note in notes:
        terminal.say(f"{'note':<10} {note}")
    if paths:
        terminal.say(f"{'lists':<10} {', '.join(path.name for path in paths)}")


def show_cost(
    plan: Plan, rendered: list[str], delivered: Delivered, seconds: float, cpu: float, terminal: Terminal
) -> None:
    if not rendered and not delivered.made_now:
        terminal.say(f"{'time':<10} nothing to do: {seconds:.1f} s")
        return
    count = plan.reel.frame_count
    terminal.say(f"{'time':<10} {seconds:.1f} s: {seconds / count:.3f} s a frame ({cpu / count:.3f} s of processor)")


def show_shots(film: Film, terminal: Terminal) -> Counter[str]:
    """The shots as a table, and what they need; how many are in each state."""
    shown, plan = states(film), film.plan
    rows = [_row(state, plan) for state in shown]
    terminal.table(("shot", ">frames", "timecode", "entry", "state", "version", "keyframes", ">confidence"), rows)
    words = Counter(state.word for state in shown)
    terminal.say(counts_told(words))
    if any(state.version for state in shown):
        terminal.say(f"doubtful: {doubt_told(shown, film.settings.export, plan.reel.frame_count)}")
    if unseen := [state.planned.shot.id for state in shown if state.planned.unseen]:
        terminal.say(f"in colours that were proposed and nobody has looked at{named(unseen)}")
    if titles := titles_told(shown):
        terminal.say(f"titles:     {titles}")
    if pictures := would_help(shown, plan.reel.size):
        terminal.say(f"would help: {pictures}")
        if hints := hints_help(shown):
            terminal.say(f"or:         {hints}")
    return words


def counts_told(words: Counter[str]) -> str:
    """How many shots there are, and in which states."""
    return f"{words.total()} shots: " + ", ".join(f"{words[word]} {word}" for word in WORDS if words[word])


def _row(state: ShotState, plan: Plan) -> tuple[str, ...]:
    shot = state.planned.shot
    keys = ", ".join(f"{k.frame}{'' if k.reason in ('person', 'asked') else '*'}" for k in state.planned.keyframes[:6])
    if len(state.planned.keyframes) > 6:
        keys += f" and {len(state.planned.keyframes) - 6} more"
    sure = state.confidence
    mean = f"{sum(sure) / len(sure):.2f}" if sure else "-"
    return (
        shot.id,
        f"{len(shot.frames)}",
        plan.reel.timecode(shot.frames.start),
        shot.entry.kind,
        state.word,
        state.version.name if state.version else "-",
        keys or ("none: stays gray" if state.planned.matched else "not chosen yet"),
        mean,
    )
