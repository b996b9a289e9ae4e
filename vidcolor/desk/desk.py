"""The project as it stands, read anew whenever its files change: by the page, by commands beside it, or by hand."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.desk.facts import page_facts, shot_facts
from vidcolor.errors import VidcolorError
from vidcolor.project import Project
from vidcolor.project.palette import PALETTE
from vidcolor.project.places import CONFIG
from vidcolor.project.reels import film_of
from vidcolor.settings import Settings
from vidcolor.state.film import Film
from vidcolor.state.read import load_film
from vidcolor.state.status import ShotState, states

EVERY = 1.0
"""Seconds between looks at whether the project's files have changed."""
WATCHED = ("corrections", "plan", "shots", "references")
CLOSED = {"kind": "closed"}
SettingsOf = Callable[[Project], Settings]


@dataclass(frozen=True, slots=True)
class Moment:
    """The film and the state of all its shots at one moment."""

    number: int
    """Rises by one each time that the project is read anew"""
    film: Film
    shown: tuple[ShotState, ...]
    by_id: Mapping[str, int]
    """Where each shot stands in `shown`"""
    facts: bytes
    """`page_facts` as JSON"""

    def state(self, shot_id: str) -> ShotState | None:
        place = self.by_id.get(shot_id)
        return None if place is None else self.shown[place]


class Desk:
    """One project, for the server: what is so now, and who is told when it changes."""

    def __init__(self, root: Path, settings_of: SettingsOf, device: str) -> None:
        """Refuses a project that `vidcolor status` refuses."""
        self.root = root
        self._settings_of, self._device = settings_of, device
        self._reading, self._over = threading.Lock(), threading.Event()
        self._listeners: list[Callable[[Mapping[str, Any]], None]] = []
        self._palette = film_of(Project.open(root)).root / PALETTE
        self._stamp = self._stamped()
        self.moment = self._read(1)

    def refresh(self) -> Moment:
        """Reads the project anew and tells of it; the moment after."""
        with self._reading:
            self._stamp = self._stamped()
            self.moment = self._read(self.moment.number + 1)
        self.tell({"kind": "state", "number": self.moment.number})
        return self.moment

    def try_refresh(self) -> None:
        """The same; what is wrong is told, and the last moment stays."""
        try:
            self.refresh()
        except VidcolorError as error:
            self.tell({"kind": "error", "text": str(error)})

    def shot(self, shot_id: str) -> dict[str, Any] | None:
        """What the page shows of one shot beside the list; None where there is no such shot."""
        moment = self.moment
        state = moment.state(shot_id)
        return None if state is None else shot_facts(moment.film, state)

    @property
    def closed(self) -> bool:
        return self._over.is_set()

    def listen(self, listener: Callable[[Mapping[str, Any]], None]) -> Callable[[], None]:
        """Has `listener` told of every change, from any thread; what comes back ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, event: Mapping[str, Any]) -> None:
        for listener in list(self._listeners):
            listener(event)

    def watch(self) -> None:
        """Reads the project anew when its files change, until `close`; what is wrong then is told, and the last moment
        stays."""
        while not self._over.wait(EVERY):
            if self._stamped() != self._stamp:
                self.try_refresh()

    def close(self) -> None:
        """Ends `watch`, and tells those who listen that nothing more comes."""
        self._over.set()
        self.tell(CLOSED)

    def _read(self, number: int) -> Moment:
        project = Project.open(self.root)
        film = load_film(project, self._settings_of(project), device=self._device)
        shown = tuple(states(film))
        facts = json.dumps({"number": number, **page_facts(film, shown)}, separators=(",", ":"))
        places = {state.planned.shot.id: place for place, state in enumerate(shown)}
        return Moment(number, film, shown, places, facts.encode())

    def _stamped(self) -> tuple[tuple[str, int], ...]:
        """When what the state hangs on was last changed."""
        return tuple(self._times())

    def _times(self) -> Iterator[tuple[str, int]]:
        places = [self.root / CONFIG, self._palette]
        for name in WATCHED:
            folder = self.root / name
            places.append(folder)
            if folder.is_dir():
                with os.scandir(folder) as inside:
                    places += [Path(entry.path) for entry in inside if not entry.name.endswith(".partial")]
        for path in sorted(places):
            try:
                yield str(path), path.stat().st_mtime_ns
            except OSError:
                yield str(path), 0
