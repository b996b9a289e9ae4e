"""Palette and Diffusart as files: what a training run's network is kept as, and read from for use.

`tools/export_network.py` writes them. Weights are kept in half precision, with what made them in the head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from torch import nn

from vidcolor.checked import MisfitError, checked, within
from vidcolor.errors import InputError, WeightsError
from vidcolor.networks.load import read
from vidcolor.research.networks.denoiser import DenoiserConfig
from vidcolor.research.networks.diffusart import build_diffusart
from vidcolor.research.networks.files import write
from vidcolor.research.networks.palette import build_palette
from vidcolor.weights import fill

Kind = Literal["palette", "diffusart"]
BUILDS: dict[Kind, Callable[[DenoiserConfig], nn.Module]] = {"palette": build_palette, "diffusart": build_diffusart}
REMEDY = "give what tools/export_network.py makes of your training run"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a network is, and what it has seen."""

    side: Annotated[int, within(8, 4096)]
    """Pixels a side of the pictures that it learned from"""
    network: DenoiserConfig


def save_published(path: Path, kind: Kind, net: nn.Module, trained: Trained, facts: dict[str, Any]) -> None:
    """Writes the network in half precision, with `trained` and `facts` (recipe's hash, figures); whole or not."""
    write(path, {name: value.half() for name, value in net.state_dict().items()}, _schema(kind), asdict(trained), facts)


def load_published(path: Path, kind: Kind) -> tuple[nn.Module, Trained]:
    """The network of a file, in float32, not to be trained. Refuses other files, other networks, and other weights."""
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; {REMEDY}")
    trained, weights = read(path, _schema(kind), _trained, REMEDY)
    build = BUILDS[kind]
    try:
        with torch.device("meta"):  # so that no file has memory taken for what it does not hold
            shapes = {name: tuple(value.shape) for name, value in build(trained.network).state_dict().items()}
    except InputError as error:
        raise WeightsError(f"{path}: its config is none of ours ({error}); {REMEDY}") from error
    if shapes != {name: value.shape for name, value in weights.items()}:
        raise WeightsError(f"{path}: its weights do not fit its config; {REMEDY}")
    net = build(trained.network)
    fill(net, {name: torch.from_numpy(value).float() for name, value in weights.items()}, str(path), REMEDY)
    return net.eval().requires_grad_(False), trained


def _schema(kind: Kind) -> str:
    return f"vidcolor.{kind}/1"


def _trained(**told: Any) -> Trained:
    try:
        return checked(told, Trained)  # type: ignore[no-any-return]
    except MisfitError as error:
        raise ValueError(str(error)) from error
