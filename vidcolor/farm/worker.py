"""Renders shots of a film in a process that stays: what makes it ready is paid once, not once a shot."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from vidcolor.errors import DeviceError, VidcolorError
from vidcolor.farm.jobs import receipt
from vidcolor.pipeline.corrected import needs_networks
from vidcolor.pipeline.plan import Progress
from vidcolor.pipeline.render import Models, StoppedError, load_models, render
from vidcolor.project.fingerprint import changes
from vidcolor.project.folder import Project
from vidcolor.project.leases import unlike
from vidcolor.settings import Settings, load_settings
from vidcolor.state.alike import alike
from vidcolor.state.film import Film
from vidcolor.state.made_of import but_for_the_machine, describe, shot_ingredients
from vidcolor.state.plan import ShotPlan
from vidcolor.state.read import load_film
from vidcolor.state.status import state_today
from vidcolor.threads import one_each, share_heaps, use_cores

EVERY = 2.0
"""Seconds between two words on how far a shot is."""


def asked_of(film: Film, planned: ShotPlan, cores: int) -> dict[str, Any]:
    """What a worker is told to render a shot of a film, in plain values."""
    return {
        "project": os.path.abspath(film.project.root),
        "settings": msgspec.to_builtins(film.settings),
        "device": film.device,
        "alike": alike(film),
        "shot": planned.shot.id,
        "ingredients": shot_ingredients(film, planned),
        "cores": cores,
    }


def rendered(asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Renders the shot that `asked_of` told, unless it is done; tells how far it is, and how it ended.

    share    how much of it is done, 0 to 1
    receipt  of its version; `made`: by this call
    refused  why this machine cannot render any shot as it was asked to
    failed   why this shot could not be rendered here
    """
    use_cores(asked["cores"])
    try:
        worker = _worker(asked["project"], msgspec.json.encode(asked["settings"]), asked["device"])
        planned = worker.agreed(asked)
    except VidcolorError as error:
        yield {"refused": str(error)}
        return
    told, stopped = {"share": 0.0}, threading.Event()

    def progress(stage: str, done: int, total: int) -> None:
        if stopped.is_set():
            raise StoppedError
        if stage == "render":
            told["share"] = done / total

    with ThreadPoolExecutor(1, thread_name_prefix="render") as pool:
        try:
            work = pool.submit(worker.render, planned, progress)
            while not work.done():
                wait([work], EVERY)  # an interrupt is heard as the wait ends
                yield dict(told)
            yield {"receipt": work.result()}
        except (VidcolorError, OSError) as error:
            yield {"failed": str(error)}
        finally:
            stopped.set()


class Worker:
    """A film as one machine sees it, with what it is rendered by."""

    def __init__(self, project: Path, settings: Settings, device: str) -> None:
        one_each()
        share_heaps()
        self._film = load_film(Project.open(project), settings, device=device)
        self._models: dict[bool, Models] = {}

    def agreed(self, asked: Mapping[str, Any]) -> ShotPlan:
        """The shot that is asked for. Refuses, by name, to make it of other things than it was asked to."""
        film, wants = self._film, asked["alike"]
        ours = alike(film)
        if name := unlike(wants, ours):
            raise DeviceError(
                f"{name} is {ours.get(name, 'none')} there, {wants.get(name, 'none')} here, which gives other bytes; "
                "render on machines that have it alike"
            )
        planned = film.plan.shot(asked["shot"])
        wanted, found = asked["ingredients"], shot_ingredients(film, planned)
        if film.settings.export.machines == "any":
            wanted, found = but_for_the_machine(wanted), but_for_the_machine(found)
        for name, old, new in changes(wanted, found):
            raise DeviceError(
                f"{film.project.root}: not the same there ({describe(name, old, new)}); every machine must see the same"
            )
        return planned

    def render(self, planned: ShotPlan, progress: Progress) -> dict[str, Any]:
        """The receipt of the shot's version of today, which is rendered unless it is there."""
        film, made = self._film, []
        if state_today(film, planned).state != "fresh":
            networks = needs_networks(film, [planned])
            if networks not in self._models:
                self._models[networks] = load_models(film.settings, film.device, networks=networks)
            made = render(film, [planned], self._models[networks], progress)
        return {**receipt(film, planned.shot.id), "made": bool(made)}


@lru_cache(maxsize=1)
def _worker(project: str, settings: bytes, device: str) -> Worker:
    if not Path(project).is_dir():
        raise DeviceError(f"{project} is not seen there; every machine must see the project at this path: mount it so")
    tables = msgspec.json.decode(settings)
    return Worker(Path(project), load_settings([("the settings that were sent", tables)]), device)
