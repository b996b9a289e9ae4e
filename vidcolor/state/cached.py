"""The project's cache for today's film and settings, and what in it is of other ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from vidcolor.machine import networks_compute_in, version_of
from vidcolor.networks.shipped import FEATURES, THINGS, mark_of
from vidcolor.project.cache import FOLDER, DiskCache
from vidcolor.project.fingerprint import Ingredients, fingerprint
from vidcolor.stages import STAGES
from vidcolor.state.film import Film
from vidcolor.state.made_of import COMPUTED_ON, NUMBERS, flow_ingredients, reading_ingredients

LAYOUT = 1
"""Raised when what is kept of a frame changes without a stage's number."""
PACKAGES = ("av", "numba", "numpy", "opencv-python-headless", "openvino")
"""Whose other version may compute other last digits."""
TRACKING = ("superpixel_density", "superpixel_compactness", "superpixel_steadiness")


def cache_of(film: Film) -> DiskCache | None:
    """The cache in force; None where the settings give it no room."""
    room = film.settings.cache.room
    return DiskCache(film.project.path(FOLDER), cache_marks(film), room) if room else None


def cache_marks(film: Film) -> dict[str, str]:
    """Of each kind of thing that is kept, fingerprint of what all of it is made of today."""
    settings = film.settings.propagate
    look: Ingredients = {
        "layout": LAYOUT,
        "reel": film.plan.reel.hash,
        **reading_ingredients(film.settings),
        "chroma_side": settings.chroma_side,
        "stage.propagate": STAGES["propagate"],
        COMPUTED_ON: film.computed_on,
        **{name: version_of(name) for name in PACKAGES},
    }
    step: Ingredients = {
        **look,
        "flow": settings.flow,
        "raft_size": settings.raft_size,
        **flow_ingredients(settings, film.device),
        **({"torch": version_of("torch")} if settings.flow == "raft" else {}),
    }
    labels: Ingredients = {**step, **{name: getattr(settings, name) for name in TRACKING}}
    maps: Ingredients = {
        **look,
        "stage.networks": STAGES["networks"],
        NUMBERS: networks_compute_in(),
        "features": mark_of(FEATURES),
        "things": mark_of(THINGS) if settings.things else "",
    }
    kinds = {"look": look, "step": step, "labels": labels, "maps": maps}
    return {kind: fingerprint(made_of) for kind, made_of in kinds.items()}


def outdated(film: Film) -> Iterator[Path]:
    """Folders of the cache that nothing today is made of."""
    root, today = film.project.path(FOLDER), cache_marks(film)
    kept = {f"{kind}-{mark}" for kind, mark in today.items()} if film.settings.cache.room else set()
    for name in sorted(os.listdir(root)) if root.is_dir() else ():
        path = film.project.path(FOLDER, name)
        if path.is_dir() and name not in kept:
            yield path
