"""What is kept of a shot while it is being made: a stop, however hard, costs the frames since, and never the shot.

In the hidden folder of an unfinished version lies `resume/`: `of.json` says what the shot is being made of, and each
other file holds a few plain arrays (NumPy's own format, no pickle), written whole or not at all. What is damaged, and
what was kept of other ingredients, counts as not there: that work is done again.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vidcolor.errors import ProjectError
from vidcolor.media.place import sync, told
from vidcolor.media.store import ChromaWriter, Stored, take_stored
from vidcolor.partial import grown
from vidcolor.pipeline.keyframes import MadeKeyframe
from vidcolor.project.fingerprint import Ingredients, fingerprint
from vidcolor.project.folder import Project, remove_tree
from vidcolor.project.leases import Lease
from vidcolor.project.versions import partial_name, start_version, take_unfinished
from vidcolor.propagate.arrays import Arrays
from vidcolor.propagate.halt import STATE, frames_done
from vidcolor.types import ColorFrame, Registration

FOLDER, OF, OF_SCHEMA = "resume", "of.json", "vidcolor.resume/1"
LAYOUT = 2
"""Raised when what is kept changes: what was kept before is then begun anew."""
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)
"""What reading a damaged file of arrays may end in."""


class Checkpoint:
    """What is kept of one shot under way: arrays by name. A `Shelf` for what makes it."""

    def __init__(self, folder: Path, lease: Lease | None = None) -> None:
        """`lease`: on the shot; None where nobody else can work in the folder."""
        self._lease = lease
        self.version = folder
        """The hidden folder that becomes the version."""
        self.folder = folder / FOLDER
        self.confidence: list[float] = []
        """Mean confidence of each frame done."""
        self._store: ChromaWriter | None = None

    def put(self, name: str, arrays: Arrays) -> None:
        """Keeps `arrays` under `name`; with a shot's state also how far its colours and figures go.

        Refuses, as `LeaseLostError`, where another machine has taken the shot over.
        """
        if self._lease is not None:
            self._lease.check()
        if name == STATE and self._store is not None:
            count, digest = self._store.stored()
            arrays = {**arrays, "stored": np.array([str(count), digest]), "confidence": np.array(self.confidence)}
        path = self._path(name)
        with told(path, "--project"), grown(path) as partial:
            with partial.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            sync(partial)

    def take(self, name: str) -> dict[str, np.ndarray] | None:
        """What is kept under `name`; None where nothing is, and where it is damaged."""
        try:
            with self._path(name).open("rb") as opened, np.lib.npyio.NpzFile(opened, allow_pickle=False) as file:
                return {key: file[key] for key in file.files}
        except UNREADABLE:
            return None

    def drop(self, name: str) -> None:
        """Lets go of what is kept under `name`, if anything is."""
        path = self._path(name)
        with told(path, "--project"):
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def take_state(self, name: str, size: tuple[int, int], most: int) -> tuple[Arrays | None, Stored | None]:
        """The state of a shot of chroma `size` and `most` frames, and where its colours so far are stored in `name`.

        Both None where either is missing: then the shot's frames begin anew.
        """
        state = self.take(STATE)
        done = frames_done(state, size)
        if state is None or not 0 < done < most:
            return None, None
        measured, stored = state.get("confidence"), state.get("stored")
        if measured is None or measured.shape != (done,) or measured.dtype != np.float64:
            return None, None
        if stored is None or stored.shape != (2,) or stored.dtype.kind != "U" or stored[0] != str(done):
            return None, None
        first = take_stored(self.version / name, done, str(stored[1]))
        if first is None:
            return None, None
        self.confidence = measured.tolist()
        return state, first

    def watch(self, store: ChromaWriter) -> None:
        """States that are kept from now on speak of what `store` has stored."""
        self._store = store

    def put_keyframe(self, key: MadeKeyframe) -> None:
        """Keeps a keyframe as it was made, but for its full-size chroma, which is stored already."""
        facts: dict[str, Any] = {"frame": key.frame, "how": key.how, "pictures": key.pictures, "notes": key.notes}
        if key.registration is not None:
            fit = key.registration
            facts["registration"] = {"kind": fit.kind, "shift": float(fit.shift), "fits": float(fit.fits)}
        color = {} if key.color is None else {"chroma": key.color.chroma, "confidence": key.color.confidence}
        self.put(_key_name(key.frame), {"facts": np.array(json.dumps(facts)), **color})

    def take_keyframe(self, frame: int) -> MadeKeyframe | None:
        """What `put_keyframe` kept; None where it kept nothing, and where it is damaged."""
        arrays = self.take(_key_name(frame))
        if arrays is None:
            return None
        try:
            return _key_of(json.loads(str(arrays["facts"])), arrays)
        except (ValueError, KeyError, TypeError):
            return None


def _key_name(frame: int) -> str:
    return f"key-{frame:06d}"


def _key_of(facts: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> MadeKeyframe:
    fit, color = facts.get("registration"), None
    if "chroma" in arrays:
        color = ColorFrame(facts["frame"], arrays["chroma"], arrays["confidence"])
    registration = Registration(fit["kind"], fit["shift"], fit["fits"]) if fit else None
    return MadeKeyframe(
        facts["frame"], color, facts["how"], tuple(facts["pictures"]), registration, None, tuple(facts["notes"])
    )


def open_checkpoint(project: Project, lease: Lease, ingredients: Ingredients) -> Checkpoint:
    """Where the next version of a shot is made: with what an earlier run kept of the same ingredients, else empty."""
    mark, folder = fingerprint({**ingredients, "layout": LAYOUT}), partial_name(lease.number)
    take_unfinished(project, lease.shot_id, folder)
    name = f"shots/{lease.shot_id}/{folder}/{FOLDER}/{OF}"
    if _mark_of(project, name) != mark:
        start_version(project, lease.shot_id, folder)
        project.write_json(name, OF_SCHEMA, {"fingerprint": mark})
    return Checkpoint(project.path("shots", lease.shot_id, folder), lease)


def _mark_of(project: Project, name: str) -> Any:
    try:
        return project.read_json(name, OF_SCHEMA).get("fingerprint") if project.has(name) else None
    except ProjectError:  # damaged: begun anew
        return None


def close_checkpoint(version: Path) -> None:
    """Lets go of what was kept, when the version is whole."""
    remove_tree(version / FOLDER)
