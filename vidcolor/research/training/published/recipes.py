"""Recipes of the published networks: read from TOML, checked, never changed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from vidcolor.errors import InputError, SettingsError
from vidcolor.research.networks.denoiser import DenoiserConfig
from vidcolor.research.networks.vgg_encoder import VggConfig
from vidcolor.research.training.follow import Pace
from vidcolor.research.training.kinds import read_toml
from vidcolor.research.training.published.encoders import Start
from vidcolor.research.training.published.pairs import Choice, Shares
from vidcolor.research.training.published.perceptual import Kind
from vidcolor.research.training.recipe import Written


@dataclass(frozen=True, slots=True)
class RunRecipe(Written):
    """What all of them have."""

    seed: int = 1
    """Every sample is drawn from it, the step and the sample's place in the batch."""
    crop: int = 224
    """Pixels a side."""
    batch: int = 8
    """Pictures a step."""
    rate: float = 1e-5
    """Adam's rate."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Adam's."""
    widths: tuple[int, ...] = (64, 128, 256, 512, 512)
    """Channels of each level."""
    encoder: Start = "imagenet"
    """What VGG-19 starts from: torchvision's weights, the first eight convolutions of its makers', nothing."""
    perceptual: Kind = "lpips"
    """LPIPS, or VGG-19's distance where LPIPS's networks are not to be had: another figure."""
    bf16: bool = True
    """Whether convolutions run in bfloat16."""
    held: int = 64
    """Pictures of what is held out that are measured."""
    log_every: int = 50
    """Steps between rows of log.csv."""
    measure_every: int = 5000
    """Steps between measurements on what is held out."""
    save_every: int = 1000
    """Steps between saved states."""

    def pace(self, steps: int) -> Pace:
        """How often what is done in a run of so many steps."""
        return Pace(steps, self.log_every, self.measure_every, self.save_every, digits=5)

    @property
    def vgg(self) -> VggConfig:
        """The encoder's size."""
        return VggConfig(self.widths, VggConfig().convolutions[: len(self.widths)])


@dataclass(frozen=True, slots=True)
class UNetRecipe(RunRecipe):
    """A row of the study of colour spaces and losses (Ballester 2022)."""

    space: Literal["rgb", "yuv", "lab", "lab-to-rgb"] = "lab"
    """What the network answers in; lab-to-rgb: in Lab, the loss on the R'G'B' it makes."""
    loss: Literal["l1", "l2", "lpips", "wgan+l2", "wgan+lpips"] = "l2"
    steps: int = 150_000
    adversarial: float = 0.005
    """How much the critic's word counts beside the other loss. Ours: the text gives no number; at 0.1 short runs end in
    wild colours."""
    penalty: float = 10.0
    """How much the gradient penalty counts for the critic (Gulrajani 2017)."""
    critic_width: int = 64
    """Channels of the critic's first layer."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the training: what is drawn, for how many steps."""

    steps: int
    table: Literal["scenes", "objects", "both"] = "both"
    ranked: int = 4
    """Nearest that references are drawn from."""
    masks: bool = False
    """Whole pictures of large objects with their masks, for masked super-attention."""
    shares: Shares = field(default_factory=Shares)
    """How often each kind of reference is drawn."""


@dataclass(frozen=True, slots=True)
class ExemplarRecipe(RunRecipe):
    """The exemplar colorizer of ch. 5, or the masked one of ch. 6."""

    network: Literal["exemplar", "masked"] = "exemplar"
    attention: Literal["super", "bottleneck", "none"] = "super"
    """Super-attention; or an ablation: ordinary attention at the bottleneck (exemplar only), no reference."""
    levels: int = 3
    """Finest levels with super-attention: 3 of ch. 5, 4 of ch. 6."""
    convolutions: int = 3
    """3x3 convolutions of each level of the decoder."""
    temperature: float = 0.01
    """Of the attention's softmax."""
    smooth: float = 10.0
    """Weight of smooth L1 on a*b*."""
    lpips: float = 0.1
    """Weight of the perceptual distance on R'G'B'."""
    histogram: float = 0.0
    """Weight of the histogram loss to the reference (an ablation)."""
    attention_rate: float = 1.0
    """Adam's rate of the attention's query and key over that of the rest."""
    phases: tuple[Phase, ...] = (Phase(250_000),)

    def __post_init__(self) -> None:
        if self.network == "masked" and self.attention == "bottleneck":
            raise SettingsError("attention 'bottleneck': an ablation of network 'exemplar', not of 'masked'")
        if self.levels > len(self.widths) or not self.phases:
            raise SettingsError(f"{self.levels} levels with attention of {len(self.widths)}; have fewer, and a phase")

    @property
    def steps(self) -> int:
        """Of all phases."""
        return sum(phase.steps for phase in self.phases)

    def choice(self, phase: Phase) -> Choice:
        """What a phase draws."""
        levels = self.levels if self.attention == "super" else 0
        return Choice(self.crop, phase.table, phase.ranked, phase.masks, levels, phase.shares)

    def phase_at(self, step: int) -> int:
        """Number of the phase that a step is of."""
        for number, phase in enumerate(self.phases):
            step -= phase.steps
            if step < 0:
                return number
        return len(self.phases) - 1


@dataclass(frozen=True, slots=True)
class DiffusionRecipe(Written):
    """Palette, or Diffusart; the defaults are Diffusart's as published."""

    network: Literal["palette", "diffusart"] = "diffusart"
    seed: int = 1
    """Every sample is drawn from it, the step and the sample's place in the batch."""
    side: int = 256
    """Pixels a side."""
    batch: int = 40
    """Pictures a step."""
    steps: int = 400_000
    rate: float = 2e-5
    """Adam's rate."""
    warm: int = 5000
    """Steps in which it rises from nothing, as a cosine."""
    average: float = 0.9999
    """Of the running mean of the weights, which is what is measured and kept."""
    width: int = 64
    """Channels of the first level."""
    multiples: tuple[int, ...] = (1, 2, 4, 8)
    """Of the width, for each level."""
    blocks: int = 2
    """Residual blocks of a level on the way down."""
    attention: tuple[int, ...] = (8,)
    """Strides of the levels that have attention."""
    dropout: float = 0.2
    held: int = 32
    """Held-out pictures that are measured."""
    log_every: int = 50
    """Steps between rows of log.csv."""
    measure_every: int = 5000
    """Steps between measurements on what is held out."""
    save_every: int = 1000
    """Steps between saved states."""

    @property
    def config(self) -> DenoiserConfig:
        """The network's size."""
        return DenoiserConfig(
            width=self.width, multiples=self.multiples, blocks=self.blocks, attention=self.attention,
            dropout=self.dropout,
        )  # fmt: skip

    def rate_at(self, step: int) -> float:
        """The rate of a step: up, then constant."""
        return self.rate * (1 - math.cos(math.pi * min(1.0, (step + 1) / self.warm))) / 2

    def pace(self, steps: int) -> Pace:
        """How often what is done in a run of so many steps."""
        return Pace(steps, self.log_every, self.measure_every, self.save_every, digits=5)


Kept = TypeVar("Kept")


def load_diffusion_recipe(path: Path) -> DiffusionRecipe:
    """The recipe in a TOML file. Refuses keys it does not know, and values that do not fit."""
    return _filled(DiffusionRecipe, _told(path), path)


def load_unet_recipe(path: Path) -> UNetRecipe:
    """The recipe in a TOML file. Refuses keys it does not know, and values that do not fit."""
    return _filled(UNetRecipe, _told(path), path)


def load_exemplar_recipe(path: Path) -> ExemplarRecipe:
    """The recipe in a TOML file. Refuses keys it does not know, and values that do not fit."""
    told = _told(path)
    phases = told.pop("phases", None)
    if phases is not None:
        if not isinstance(phases, list) or not all(isinstance(row, dict) for row in phases):
            raise SettingsError(f"{path}: phases are tables, [[phases]] each")
        made = []
        for row in phases:
            shares = _filled(Shares, row.pop("shares", asdict(Shares())), path)
            made.append(_filled(Phase, {**row, "shares": shares}, path))
        told["phases"] = tuple(made)
    return _filled(ExemplarRecipe, told, path)


def _told(path: Path) -> dict[str, Any]:
    told = read_toml(path)
    told.pop("kind", None)
    return told


def _filled(kind: type[Kept], told: dict[str, Any], path: Path) -> Kept:
    """A dataclass of what was told. Refuses unknown names, missing ones, and values of another type."""
    hints, known = get_type_hints(kind), {f.name for f in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for name, value in told.items():
        if name not in known:
            raise SettingsError(f"{path}: no recipe entry {name!r}; there are {', '.join(sorted(known))}")
        values[name] = _fitted(value, hints[name], f"{path}: {name} = {value!r}")
    try:
        return kind(**values)
    except (TypeError, InputError, SettingsError) as error:
        raise SettingsError(f"{path}: {error}; mend the recipe") from error


def _fitted(value: Any, hint: Any, what: str) -> Any:
    choices = get_args(hint)
    if isinstance(value, list):
        value = tuple(value)
    if hint is float and type(value) is int:
        value = float(value)
    if choices and isinstance(choices[0], str):
        if value not in choices:
            raise SettingsError(f"{what}: there are {', '.join(choices)}")
    elif choices:
        kind = choices[0]
        if not isinstance(value, tuple) or not all(isinstance(v, kind) for v in value):
            raise SettingsError(f"{what}: a list of {kind.__name__} is needed")
    elif type(value) is not hint:
        raise SettingsError(f"{what}: {hint.__name__} is needed")
    return value
