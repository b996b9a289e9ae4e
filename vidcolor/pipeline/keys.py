"""Keyframes in colour: from the frame's own picture by registration, or from matching references by transfer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vidcolor.colorize import register, transfer
from vidcolor.features import Features
from vidcolor.media.images import read_image, write_image
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.planned import Plan, PlannedKey
from vidcolor.references.choose import choose_references
from vidcolor.settings import Settings
from vidcolor.types import ColorFrame, Frame, Reference, Registration

CHROMA_STEP = 1 / 256
"""a*b* in one code of a stored 16-bit chroma picture: far finer than any delivery."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """One keyframe as it was made."""

    frame: int
    color: ColorFrame | None
    """None: nothing matched."""
    how: str
    """exact, near, far or transfer"""
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


class KeyMaker:
    """Makes the planned keyframes of one film."""

    def __init__(self, plan: Plan, library: Library, features: Features, settings: Settings) -> None:
        self.plan, self.library, self.features, self.settings = plan, library, features, settings
        self.pictures = {p.name: p for p in plan.pictures}

    def make(self, key: PlannedKey, target: Frame) -> MadeKey:
        """The keyframe's colours at working size."""
        references = [self.library.read(self.pictures[name]) for name in key.pictures]
        if key.reason == "person":
            return self._from_own_picture(key, target, references[0])
        color = transfer(target, references, self.features, self.settings.colorize)
        return MadeKey(key.frame, color, "transfer", key.pictures)

    def _from_own_picture(self, key: PlannedKey, target: Frame, picture: Reference) -> MadeKey:
        registration, color = register(target, picture, self.settings.colorize)
        if registration.kind == "far":
            return self._from_far_picture(key, target, picture, registration)
        exact = registration.kind == "exact" and picture.lightness.shape == self.plan.reel.size
        full_size = picture.chroma if exact else None
        notes = tuple(f"{picture.name}: {note}" for note in registration.notes)
        return MadeKey(key.frame, color, registration.kind, key.pictures, registration, full_size, notes)

    def _from_far_picture(
        self, key: PlannedKey, target: Frame, picture: Reference, registration: Registration
    ) -> MadeKey:
        note = f"{picture.name}: does not fit frame {key.frame}"
        if not choose_references(target, [picture], self.features, self.settings.references):
            note += " and nothing in it matches; unused: is its number right?"
            return MadeKey(key.frame, None, "far", key.pictures, registration, None, (note,))
        color = transfer(target, [picture], self.features, self.settings.colorize)
        note += "; used as a free reference"
        return MadeKey(key.frame, color, "far", key.pictures, registration, None, (note,))


# The artist's own chroma at full size travels as a 16-bit picture in the version's folder.


def write_full_size(version: Path, frame: int, chroma: np.ndarray) -> None:
    """Keeps (2, H, W) a*b* of a keyframe in steps of `CHROMA_STEP`."""
    codes = np.rint((np.clip(chroma, -128, 127.99) + 128) / CHROMA_STEP).astype(np.uint16)
    write_image(_full_size_path(version, frame), np.concatenate([codes, np.zeros_like(codes[:1])]))


def read_full_size(version: Path, frame: int) -> ColorFrame | None:
    """What `write_full_size` kept, or None where the frame has none."""
    path = _full_size_path(version, frame)
    if not path.is_file():
        return None
    codes = read_image(path)
    chroma = codes[:2].astype(np.float32) * np.float32(CHROMA_STEP) - 128
    return ColorFrame(frame, chroma, np.ones(chroma.shape[1:], np.float32))


def _full_size_path(version: Path, frame: int) -> Path:
    return version / "keys" / f"{frame:06d}.chroma.png"
