"""Keyframes in colour: from the frame's own picture by registration, from other references by the shipped network.

Without the network (`colorize.network = "none"`), other references are transferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from vidcolor.colorize import color_from_references, register
from vidcolor.features import Features
from vidcolor.media.store import ChromaReader, ChromaWriter
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.planned import Plan, PlannedKey
from vidcolor.references.choose import choose_references
from vidcolor.settings import ColorizeSettings, Settings
from vidcolor.timeline import Rate
from vidcolor.types import ColorFrame, Frame, Guidance, Reference, Registration

FITS = (0.25, 0.6)
"""Confidence of what registration lays up to which the network's colour is taken, and from which none of it is."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """One keyframe as it was made."""

    frame: int
    color: ColorFrame | None
    """None: nothing matched."""
    how: str
    """exact, near, far or transfer (from other pictures)"""
    pictures: tuple[str, ...]
    registration: Registration | None = None
    full_size: np.ndarray | None = None
    """(2, H, W) the artist's own chroma at the reel's size, when the picture is the frame pixel for pixel."""
    notes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """What `report.json` says of it."""
        facts: dict[str, Any] = {"frame": self.frame, "how": self.how, "pictures": list(self.pictures)}
        if self.registration is not None:
            facts |= {"shift": round(self.registration.shift, 2), "fits": round(self.registration.fits, 4)}
        return facts


class Colorizer(Protocol):
    """Colours a frame from references (`colorize/by_super_attention.py`)."""

    def __call__(
        self, target: Frame, guidance: Sequence[Guidance], settings: ColorizeSettings, laid: ColorFrame | None = None
    ) -> ColorFrame: ...


def load_colorizer() -> Colorizer:
    """The shipped network, with its features."""
    from vidcolor.colorize.by_super_attention import Colorizer as Shipped  # loads torch
    from vidcolor.networks.learned import LearnedFeatures

    return Shipped(LearnedFeatures())


class KeyMaker:
    """Makes the planned keyframes of one film."""

    def __init__(
        self, plan: Plan, library: Library, features: Features, settings: Settings, colorizer: Colorizer | None = None
    ) -> None:
        """`features` choose among references; without a colorizer they also transfer."""
        self.plan, self.library, self.features, self.settings = plan, library, features, settings
        self.colorizer = colorizer
        self.pictures = {p.name: p for p in plan.pictures}

    def make(self, key: PlannedKey, target: Frame) -> MadeKey:
        """The keyframe's colours at working size."""
        references = [self.library.read(self.pictures[name]) for name in key.pictures]
        if key.reason == "person":
            return self._from_own_picture(key, target, references[0])
        color = self._from_references(target, references)
        return MadeKey(key.frame, color, "transfer", key.pictures)

    def _from_references(self, target: Frame, references: list[Reference]) -> ColorFrame:
        """Colours of the references, weighed by how well each matches; the plan has chosen them already."""
        every = replace(self.settings.references, least=0.0, most=len(references))
        scored = choose_references(target, references, self.features, every)
        if self.colorizer is not None:
            return self.colorizer(target, [Guidance(r, score) for r, score in scored], self.settings.colorize)
        return color_from_references(target, scored, self.features, self.settings.colorize)

    def _from_own_picture(self, key: PlannedKey, target: Frame, picture: Reference) -> MadeKey:
        registration, color = register(target, picture, self.settings.colorize)
        if registration.kind == "far":
            return self._from_far_picture(key, target, picture, registration)
        if registration.kind == "near" and self.colorizer is not None:
            color = self._completed(target, picture, color, self.colorizer)
        exact = registration.kind == "exact" and picture.lightness.shape == self.plan.reel.size
        full_size = picture.chroma if exact else None
        notes = tuple(f"{picture.name}: {note}" for note in registration.notes)
        return MadeKey(key.frame, color, registration.kind, key.pictures, registration, full_size, notes)

    def _completed(self, target: Frame, picture: Reference, laid: ColorFrame, colorizer: Colorizer) -> ColorFrame:
        """What is laid, and the network's colours where the picture does not fit."""
        share = np.clip((laid.confidence - FITS[0]) / (FITS[1] - FITS[0]), 0, 1)
        if share.min() == 1:
            return laid
        other = colorizer(target, [Guidance(picture)], self.settings.colorize, laid)
        chroma = laid.chroma * share + other.chroma * (1 - share)
        confidence = laid.confidence * share + other.confidence * (1 - share)
        return ColorFrame(target.index, chroma.astype(np.float32), confidence.astype(np.float32))

    def _from_far_picture(
        self, key: PlannedKey, target: Frame, picture: Reference, registration: Registration
    ) -> MadeKey:
        note = f"{picture.name}: does not fit frame {key.frame}"
        if not choose_references(target, [picture], self.features, self.settings.references):
            note += " and nothing in it matches; unused: is its number right?"
            return MadeKey(key.frame, None, "far", key.pictures, registration, None, (note,))
        color = self._from_references(target, [picture])
        note += "; used as a free reference"
        return MadeKey(key.frame, color, "far", key.pictures, registration, None, (note,))


# The artist's own chroma at full size travels in the version's folder, stored as the shot's chroma is.


def write_full_size(version: Path, frame: int, chroma: np.ndarray, rate: Rate) -> None:
    """Keeps (2, H, W) a*b* of a keyframe."""
    with ChromaWriter(_full_size_path(version, frame), chroma.shape[1:], rate) as store:
        store.write(ColorFrame(frame, chroma, np.ones(chroma.shape[1:], np.float32)))


def read_full_size(version: Path, frame: int) -> ColorFrame | None:
    """What `write_full_size` kept, or None where the frame has none."""
    path = _full_size_path(version, frame)
    if not path.is_file():
        return None
    with ChromaReader(path, frame) as store:
        return store.read(frame)


def _full_size_path(version: Path, frame: int) -> Path:
    return version / "keys" / f"{frame:06d}.avi"
