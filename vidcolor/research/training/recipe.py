"""A training run, written down: read from TOML, checked, never changed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from vidcolor.errors import SettingsError
from vidcolor.research.training.kinds import read_toml

Told = TypeVar("Told")
LATER = ("clip_sets", "samples", "left_out", "goes_on", "late", "short")
"""Entries that recipes have had since weights were shipped: at their default they are in no recipe's name."""


class Written:
    """A recipe: named by what it says."""

    __slots__ = ()

    @property
    def hash(self) -> str:
        """12 letters that name what the recipe says."""
        told = asdict(self)  # type: ignore[call-overload]
        for entry in fields(self):  # type: ignore[arg-type]
            if entry.name in LATER and told[entry.name] == entry.default:
                del told[entry.name]
        return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:12]


class Scheduled(Written):
    """A recipe whose rate goes up, stays, and goes down."""

    __slots__ = ()
    steps: int
    warm: int
    decay: float
    rate: float

    def rate_at(self, step: int) -> float:
        """The rate of a step: up, constant, down."""
        left = (self.steps - step) / (self.decay * self.steps)
        return self.rate * min(1.0, (step + 1) / self.warm, max(left, 0.0))


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each loss counts."""

    vgg: float = 1.0
    """Cosine to VGG-19's features, from strides 4 and 8."""
    resnet: float = 1.0
    """Cosine to ResNet-50's features, from strides 4 and 8."""
    deep: float = 0.5
    """Cosine to ResNet-50's features, from stride 16."""
    place: float = 0.15
    """Picking the right place of a moved still, at stride 4."""
    place8: float = 0.1
    """The same at stride 8."""
    carry: float = 1.0
    """Chroma carried by the matches, at stride 4."""
    carry8: float = 0.5
    """The same at stride 8."""


@dataclass(frozen=True, slots=True)
class Recipe(Scheduled):
    """The features' training."""

    seed: int = 1
    """Every sample is drawn from it, the step and the sample's place in the batch."""
    crop: int = 192
    """Pixels a side; a multiple of 32."""
    stills: int = 6
    """Pairs of stills a step."""
    clips: int = 6
    """Pairs of frames of clips a step."""
    steps: int = 4500
    """Steps in all."""
    warm: int = 200
    """Steps in which the rate rises from nothing."""
    decay: float = 0.3
    """Share of the steps, at the end, in which the rate falls to nothing; between it is constant."""
    rate: float = 1.2e-3
    """AdamW's rate."""
    wear: float = 0.02
    """AdamW's weight decay."""
    average: float = 0.998
    """Of the running mean of the weights, which is what is measured and shipped."""
    queries: int = 576
    """Places of each target that are matched in a step."""
    measure_every: int = 250
    """Steps between measurements on what is held out."""
    save_every: int = 100
    """Steps between saved states."""
    held_clips: tuple[str, ...] = ()
    """Clips never trained on."""
    clip_sets: tuple[str, ...] = ("train",)
    """Folders of clips that are trained on."""
    losses: LossWeights = field(default_factory=LossWeights)
    """Weights of the losses."""


def load_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file. Refuses keys it does not know."""
    return filled(Recipe, LossWeights, path)


def filled(kind: type[Told], losses: type, path: Path) -> Told:
    """The recipe of `kind` in a TOML file, `losses` in its table of that name. Refuses keys they do not know."""
    told = read_toml(path)
    if not any(entry.name == "kind" for entry in fields(kind)):  # type: ignore[arg-type]
        told.pop("kind", None)
    weights = checked(losses, told.pop("losses", {}), path)
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    made: Any = kind
    recipe: Told = made(**checked(kind, told, path), losses=losses(**weights))
    return recipe


def checked(kind: type, told: dict, path: Path) -> dict:
    """What a recipe file told of `kind`, as it is. Refuses keys it does not know."""
    known = {f.name for f in fields(kind)}
    for name in told:
        if name not in known:
            raise SettingsError(f"{path}: no recipe entry {name!r}; there are {', '.join(sorted(known))}")
    return told
