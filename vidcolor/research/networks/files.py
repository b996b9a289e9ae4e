"""Files of our own networks: written, and read as modules for training. networks/load.py reads them for use.

Weights are kept in half precision, with what made them in the head; of two networks, large ones in bytes.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from vidcolor.errors import WeightsError
from vidcolor.networks.features_net import FeaturesConfig
from vidcolor.networks.load import FEATURES_SCHEMA, PROPOSER_SCHEMA, SCALE, THINGS_SCHEMA, WEIGHING_SCHEMA, read
from vidcolor.networks.proposer_net import ProposerConfig
from vidcolor.networks.shipped import FEATURES
from vidcolor.networks.weighing_net import WeighingConfig
from vidcolor.research.networks.ours import FeaturesNet, LiteNet, ProposerNet, WeighingNet

Net = TypeVar("Net", FeaturesNet, LiteNet, ProposerNet, WeighingNet)
LARGE = 4096
"""Weights from which a tensor is kept in whole numbers."""
SMALLEST = 1e-12


def save_features(path: Path, net: FeaturesNet, facts: dict[str, Any]) -> None:
    """Writes the network in half precision, with its config and `facts` (recipe's hash, figures); whole or not."""
    _save(path, net, FEATURES_SCHEMA, asdict(net.config), facts)


def load_features(path: Path = FEATURES) -> FeaturesNet:
    """The network of a file, in float32, not to be trained yet. Refuses other files, and other weights."""
    config, weights = read(path, FEATURES_SCHEMA, FeaturesConfig)
    return _filled(FeaturesNet(config), path, weights)


def save_weighing(path: Path, net: WeighingNet, facts: dict[str, Any]) -> None:
    """Writes the network in half precision, with its config and `facts`; whole or not."""
    _save(path, net, WEIGHING_SCHEMA, asdict(net.config), facts)


def load_weighing(path: Path) -> WeighingNet:
    """The same of a network that weighs."""
    config, weights = read(path, WEIGHING_SCHEMA, WeighingConfig)
    return _filled(WeighingNet(config), path, weights)


def save_things(path: Path, net: LiteNet, facts: dict[str, Any]) -> None:
    """Writes the network, its large tensors in bytes, and `facts`; whole or not."""
    write(path, _in_bytes(net.state_dict()), THINGS_SCHEMA, {}, facts)


def load_things(path: Path) -> LiteNet:
    """The same of a network that knows things."""
    return _filled(LiteNet(), path, read(path, THINGS_SCHEMA, dict)[1])


def save_proposer(path: Path, net: ProposerNet, facts: dict[str, Any]) -> None:
    """Writes the network, its large tensors in bytes, its config and `facts`; whole or not."""
    write(path, _in_bytes(net.state_dict()), PROPOSER_SCHEMA, asdict(net.config), facts)


def load_proposer(path: Path) -> ProposerNet:
    """The same of a network that proposes."""
    config, weights = read(path, PROPOSER_SCHEMA, ProposerConfig)
    return _filled(ProposerNet(config), path, weights)


def _in_bytes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are kept: large tensors in whole numbers with a scale for each output channel."""
    kept = {}
    for name, value in state.items():
        if value.numel() < LARGE:
            kept[name] = value.half()
            continue
        scale = value.flatten(1).abs().amax(1).clamp(min=SMALLEST) / 127
        kept[name] = (value / scale.reshape(-1, *[1] * (value.ndim - 1))).round().to(torch.int8)
        kept[name + SCALE] = scale
    return kept


def _save(
    path: Path, net: FeaturesNet | WeighingNet, schema: str, config: dict[str, Any], facts: dict[str, Any]
) -> None:
    write(path, {name: value.half() for name, value in net.state_dict().items()}, schema, config, facts)


def write(path: Path, kept: dict[str, Tensor], schema: str, config: dict[str, Any], facts: dict[str, Any]) -> None:
    """Writes weights with their config and `facts` in the head; whole or not."""
    from safetensors.torch import save_file

    head = {"schema": schema, "config": json.dumps(config), **{k: json.dumps(v) for k, v in facts.items()}}
    beside = path.with_suffix(".part")
    save_file({name: value.contiguous() for name, value in kept.items()}, beside, metadata=head)
    beside.write_bytes(_in_order(beside.read_bytes()))
    os.replace(beside, path)


def _in_order(content: bytes) -> bytes:
    """A safetensors file with its facts by name: as it is written they come in another order each time, and the same
    weights would have another hash."""
    size = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + size])
    head["__metadata__"] = dict(sorted(head["__metadata__"].items()))
    told = json.dumps(head, separators=(",", ":")).encode()
    told += b" " * (-len(told) % 8)
    return len(told).to_bytes(8, "little") + told + content[8 + size :]


def _filled(net: Net, path: Path, weights: dict[str, Any]) -> Net:
    try:
        net.load_state_dict({name: torch.from_numpy(value).float() for name, value in weights.items()}, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{path}: its weights do not fit its config; export it again ({error})") from error
    net.eval().requires_grad_(False)
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
