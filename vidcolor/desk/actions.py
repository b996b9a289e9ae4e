"""What the page may do: correct, take back, put back, render. All of it by the commands' own functions."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from vidcolor.desk.desk import Desk, Moment
from vidcolor.desk.lines import Action, Named, Wished, read_action, typed, words_of, words_of_name, words_of_wish
from vidcolor.desk.renders import Renders
from vidcolor.desk.uploads import Uploads
from vidcolor.errors import InputError
from vidcolor.project.corrections import path_of
from vidcolor.project.kinds import FILE_OF
from vidcolor.project.proposals import proposals_of
from vidcolor.project.undone import put_back, take_back
from vidcolor.state.corrected import touched

Said = tuple[int, list[str]]
"""Exit status of a command, and the lines that it said."""
Run = Callable[[Sequence[str]], Said]
MOST_SHOTS = 100_000


class Actions:
    """One at a time, from whatever page."""

    def __init__(self, desk: Desk, run: Run, more: Sequence[str]) -> None:
        """run   runs a command, by the words behind `vidcolor`
        more  options of every command of this run
        """
        self._desk, self._run, self._more = desk, run, list(more)
        self.uploads = Uploads()
        self.renders = Renders(desk.root, more, desk.tell, desk.try_refresh)
        self._guard = threading.Lock()

    def correct(self, data: Any) -> dict[str, Any]:
        """Writes a correction; what was typed for it, and which shots wait for a render now."""
        action = read_action(data, Action)
        with self._guard:
            before = self._desk.moment
            sent = self._files(action, before)
            words = words_of(action, self._desk.root, before.film.plan.reel.size, sent, self._more)
            return self._write(words, before, sent, "the correction was refused")

    def accept(self, data: Any) -> dict[str, Any]:
        """Makes a proposal the keyframe of its frame."""
        with self._guard:
            before, name = self._desk.moment, _text(data, "name")
            if name not in proposals_of(before.film.project):
                raise InputError(f"no proposal {name:.60}; have colours proposed anew")
            words = ["accept", str(self._desk.root), name, *self._more]
            return self._write(words, before, {}, "it was refused; look at the terminal")

    def propose(self, data: Any) -> dict[str, Any]:
        """Has colourings of a frame proposed, with another seed each time."""
        wish, film = read_action(data, Wished), self._desk.moment.film
        if wish.frame >= film.plan.reel.frame_count:
            raise InputError("frame: a frame of the film")
        seeds = [one.seed for one in proposals_of(film.project).values() if one.frame == wish.frame]
        words = words_of_wish(wish, self._desk.root, max(seeds, default=0) + 1, self._more)
        self.renders.work(words, {"kind": "proposed", "frame": wish.frame})
        return {"line": typed(words, {}), "said": []}

    def measure(self, data: Any) -> dict[str, Any]:
        """Has the quality of what is rendered measured, for the list of what to look at."""
        words = ["report", str(self._desk.root), *self._more]
        self.renders.work(words, {"kind": "measured"})
        return {"line": typed(words, {}), "said": []}

    def palette(self, data: Any) -> dict[str, Any]:
        """Gives a colour a name, or changes, renames or removes one; the shots whose corrections name it may wait."""
        named = read_action(data, Named)
        with self._guard:
            before, words = self._desk.moment, words_of_name(named, self._desk.root, self._more)
            said = self._ran(words, "the palette was not changed")
            after = self._desk.refresh()
            naming = {one.name for one in after.film.plan.corrections if one.named == named.name}
            return {"line": typed(words, {}), "said": said, **self._changed(before, after, naming)}

    def take_back(self, data: Any) -> dict[str, Any]:
        """Takes a correction back: the one named, or the last."""
        with self._guard:
            before = self._desk.moment
            project = before.film.project
            with project.correcting():
                name = take_back(project, _text(data, "name"))
            after = self._desk.refresh()
            place = shlex.quote(str(project.root / "corrections" / name))
            line = f"rm -r {place}" if _has_files(before, name) else f"rm {place}.toml"
            return {"line": line, "name": name, "said": [], **self._changed(before, after, {name})}

    def put_back(self, data: Any) -> dict[str, Any]:
        """Puts back what was taken back."""
        with self._guard:
            before = self._desk.moment
            project = before.film.project
            with project.correcting():
                name = put_back(project)
            after = self._desk.refresh()
            line = f"mv {shlex.quote(str(project.path('corrections', '.undone')))}/{name}* {project.root}/corrections/"
            return {"line": line, "name": name, "said": [], **self._changed(before, after, {name})}

    def render(self, data: Any) -> dict[str, Any]:
        """Has shots rendered: those named, or all that wait."""
        shots = data.get("shots") if isinstance(data, dict) else None
        moment = self._desk.moment
        if shots is None:
            named = [s.planned.shot.id for s in moment.shown if s.waits]
        elif isinstance(shots, list) and len(shots) <= MOST_SHOTS and all(isinstance(s, str) for s in shots):
            named = [shot for shot in shots if shot in moment.by_id]
        else:
            raise InputError("shots: a list of their ids")
        self.renders.want(named)
        return {"line": shlex.join(["vidcolor", "render", str(self._desk.root), *named, *self._more]), "said": []}

    def stop(self, data: Any) -> dict[str, Any]:
        """Stops the render."""
        self.renders.stop()
        return {"line": "", "said": []}

    def close(self) -> None:
        self.renders.close()
        self.uploads.close()

    def _write(self, words: Sequence[str], before: Moment, sent: Mapping[str, Path], refused: str) -> dict[str, Any]:
        """Runs a command that writes a correction, and tells of it.

        sent     the pictures that it takes, by their options
        refused  what is wrong, where the command does not say
        """
        said = self._ran(words, refused)
        after = self._desk.refresh()
        if not (name := _new(before, after)):
            raise InputError(said[-1] if said else refused)  # one in force says the same already
        line = typed(words, _lie_at(sent, name, after))
        return {"line": line, "name": name, "said": said, **self._changed(before, after, {name})}

    def _ran(self, words: Sequence[str], refused: str) -> list[str]:
        """Runs a command; what it said. Refuses what it refuses, by `refused` where it does not say why."""
        status, said = self._run(words)
        if status:
            raise InputError(said[-1] if said else refused)
        return said

    def _changed(self, before: Moment, after: Moment, names: Collection[str]) -> dict[str, Any]:
        """The shots that corrections touch, before or after; a render of them is outdated."""
        shots = {
            planned.shot.id
            for moment in (before, after)
            for one in moment.film.plan.corrections
            if one.name in names
            for planned in touched(moment.film.plan, one)
        }
        self.renders.outdated(shots)
        waiting = [shot for shot in sorted(shots) if (state := after.state(shot)) is not None and state.waits]
        return {"shots": sorted(shots), "waits": waiting, "number": after.number}

    def _files(self, action: Action, moment: Moment) -> dict[str, Path]:
        """The pictures that an action takes, by the option that takes them."""
        sent = {"file": action.upload, "part": action.part}
        found = {option: self.uploads.path(number) for option, number in sent.items() if number is not None}
        if action.reference is not None:
            pictures = moment.film.plan.pictures
            if action.reference >= len(pictures):
                raise InputError("that reference is no longer there; look at the list again")
            option = "picture" if action.kind == "region" else "file"
            found[option] = path_of(moment.film.project, pictures[action.reference].name)
        return found


def _lie_at(sent: Mapping[str, Path], name: str, after: Moment) -> Mapping[str, str]:
    """Where the copies of the pictures lie that were sent."""
    one = next((c for c in after.film.plan.corrections if c.name == name), None)
    if one is None:
        return {}
    roles = {option: FILE_OF.get(one.kind, "mask") if option == "file" else option for option in sent}
    return {str(path): str(after.film.project.path(one.files[roles[option]])) for option, path in sent.items()}


def _new(before: Moment, after: Moment) -> str:
    """The name of the correction that came."""
    known = {one.name for one in before.film.plan.corrections}
    return next((one.name for one in reversed(after.film.plan.corrections) if one.name not in known), "")


def _has_files(moment: Moment, name: str) -> bool:
    return any(one.name == name and one.files for one in moment.film.plan.corrections)


def _text(data: Any, name: str) -> str:
    value = data.get(name, "") if isinstance(data, dict) else None
    if not isinstance(value, str) or len(value) > 300:
        raise InputError(f"{name}: a text")
    return value
