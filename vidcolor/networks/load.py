"""The features' weights, in a file and out of it: safetensors in half precision, with what made them in its head."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from vidcolor.errors import WeightsError
from vidcolor.networks.features import FeaturesConfig, FeaturesNet

SCHEMA = "vidcolor.features/1"
SHIPPED = Path(__file__).parent / "weights" / "features.safetensors"
"""The file that the package carries."""


def save_features(path: Path, net: FeaturesNet, facts: dict[str, Any]) -> None:
    """Writes the network in half precision, with its config and `facts` (recipe's hash, figures); whole or not."""
    from safetensors.torch import save_file

    head = {"schema": SCHEMA, "config": json.dumps(asdict(net.config)), **{k: json.dumps(v) for k, v in facts.items()}}
    beside = path.with_suffix(".part")
    save_file({name: value.half().contiguous() for name, value in net.state_dict().items()}, beside, metadata=head)
    os.replace(beside, path)


def load_features(path: Path = SHIPPED) -> FeaturesNet:
    """The network of a file, in float32, for use (not for training). Refuses other files, and other weights."""
    head, weights = _read(path)
    if head.get("schema") != SCHEMA:
        raise WeightsError(f"{path}: not a features network ({head.get('schema')}); give a {SCHEMA} file")
    net = FeaturesNet(FeaturesConfig(**{k: _plain(v) for k, v in json.loads(head["config"]).items()}))
    try:
        net.load_state_dict({name: value.float() for name, value in weights.items()}, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{path}: its weights do not fit its config; export it again ({error})") from error
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def facts_of(path: Path = SHIPPED) -> dict[str, str]:
    """What the head of a weights file says."""
    return _read(path)[0]


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path}: cannot be read as weights; install vidcolor again ({error})") from error


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
