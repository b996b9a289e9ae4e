"""Networks' weights, in a file and out of it: safetensors in half precision, with what made them in its head."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from vidcolor.errors import WeightsError
from vidcolor.networks.features_net import FeaturesConfig, FeaturesNet
from vidcolor.networks.lite_net import LiteNet
from vidcolor.networks.proposer_net import ProposerConfig, ProposerNet
from vidcolor.networks.shipped import FEATURES
from vidcolor.networks.weighing_net import WeighingConfig, WeighingNet

Net = TypeVar("Net", FeaturesNet, LiteNet, ProposerNet, WeighingNet)
SCHEMA = "vidcolor.features/1"
WEIGHING_SCHEMA = "vidcolor.fusion/1"
"""As the files were written: WeighingNet had another name then."""
THINGS_SCHEMA = "vidcolor.things/1"
PROPOSER_SCHEMA = "vidcolor.proposer/1"
SCALE = ".scale"
"""Ends the names of what whole numbers of -127..127 are multiplied by, an output channel each."""
LARGE = 4096
"""Weights from which a tensor is kept in whole numbers."""
SMALLEST = 1e-12


def save_features(path: Path, net: FeaturesNet, facts: dict[str, Any]) -> None:
    """Writes the network in half precision, with its config and `facts` (recipe's hash, figures); whole or not."""
    _save(path, net, SCHEMA, asdict(net.config), facts)


def load_features(path: Path = FEATURES) -> FeaturesNet:
    """The network of a file, in float32, for use (not for training). Refuses other files, and other weights."""
    head, weights = _read(path)
    net = FeaturesNet(FeaturesConfig(**_config(path, head, SCHEMA)))
    return _filled(net, path, weights)


def save_weighing(path: Path, net: WeighingNet, facts: dict[str, Any]) -> None:
    """Writes the network in half precision, with its config and `facts`; whole or not."""
    _save(path, net, WEIGHING_SCHEMA, asdict(net.config), facts)


def load_weighing(path: Path, slots: Sequence[str] | None = None) -> WeighingNet:
    """The network of a file, in float32, for use. Refuses other files, and one made for other slots than
    the given."""
    head, weights = _read(path)
    net = WeighingNet(WeighingConfig(**_config(path, head, WEIGHING_SCHEMA)))
    if slots is not None and net.config.slots != tuple(slots):
        raise WeightsError(f"{path}: made for guesses {', '.join(net.config.slots)}; needed: {', '.join(slots)}")
    return _filled(net, path, weights)


def save_things(path: Path, net: LiteNet, facts: dict[str, Any]) -> None:
    """Writes the network, its large tensors in bytes, and `facts`; whole or not."""
    _write(path, _in_bytes(net.state_dict()), THINGS_SCHEMA, {}, facts)


def load_things(path: Path) -> LiteNet:
    """The network of a file, in float32, for use. Refuses other files, and other weights."""
    head, kept = _read(path)
    _config(path, head, THINGS_SCHEMA)
    return _filled(LiteNet(), path, _from_bytes(path, kept))


def save_proposer(path: Path, net: ProposerNet, facts: dict[str, Any]) -> None:
    """Writes the network, its large tensors in bytes, its config and `facts`; whole or not."""
    _write(path, _in_bytes(net.state_dict()), PROPOSER_SCHEMA, asdict(net.config), facts)


def load_proposer(path: Path) -> ProposerNet:
    """The network of a file, in float32, for use. Refuses other files, and other weights."""
    head, kept = _read(path)
    told = _config(path, head, PROPOSER_SCHEMA)
    try:
        net = ProposerNet(ProposerConfig(**told))
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its config is none of ours; export it again ({error})") from error
    return _filled(net, path, _from_bytes(path, kept))


def _in_bytes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are kept: large tensors in whole numbers with a scale for each output channel."""
    kept = {}
    for name, value in state.items():
        if value.numel() < LARGE:
            kept[name] = value.half()
            continue
        scale = value.flatten(1).abs().amax(1).clamp(min=SMALLEST) / 127
        kept[name] = (value / _beside(scale, value)).round().to(torch.int8)
        kept[name + SCALE] = scale
    return kept


def _from_bytes(path: Path, kept: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights again. Refuses scales that do not fit."""
    scales = {name.removesuffix(SCALE): kept.pop(name) for name in [*kept] if name.endswith(SCALE)}
    for name, scale in scales.items():
        if name not in kept or kept[name].shape[:1] != scale.shape:
            raise WeightsError(f"{path}: its weights do not fit its scales; install vidcolor again")
        kept[name] = kept[name].float() * _beside(scale, kept[name])
    return kept


def _beside(scale: Tensor, value: Tensor) -> Tensor:
    return scale.reshape(-1, *[1] * (value.ndim - 1))


def _save(
    path: Path, net: FeaturesNet | WeighingNet, schema: str, config: dict[str, Any], facts: dict[str, Any]
) -> None:
    _write(path, {name: value.half() for name, value in net.state_dict().items()}, schema, config, facts)


def _write(path: Path, kept: dict[str, Tensor], schema: str, config: dict[str, Any], facts: dict[str, Any]) -> None:
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


def _config(path: Path, head: dict[str, str], schema: str) -> dict[str, Any]:
    if head.get("schema") != schema:
        name = schema.split(".")[1].split("/")[0]
        raise WeightsError(f"{path}: not a {name} network ({head.get('schema')}); give a {schema} file")
    return {k: _plain(v) for k, v in json.loads(head["config"]).items()}


def _filled(net: Net, path: Path, weights: dict[str, Tensor]) -> Net:
    try:
        net.load_state_dict({name: value.float() for name, value in weights.items()}, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{path}: its weights do not fit its config; export it again ({error})") from error
    net.eval().requires_grad_(False)
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path}: cannot be read as weights; install vidcolor again ({error})") from error


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
