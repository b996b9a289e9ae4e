"""Networks out of files: safetensors, read strictly, with what made them in the head; made ready to run.

A shipped one is made ready once in a process: a second's work that the next reel or preview finds done.
research/networks/files.py writes them, and reads them for training.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import WeightsError
from vidcolor.networks import graph
from vidcolor.networks.features_net import FeaturesConfig, features
from vidcolor.networks.graph import Graph, Network
from vidcolor.networks.lite_net import WIDTHS, things
from vidcolor.networks.proposer_net import WAVES, ProposerConfig, looked, proposed
from vidcolor.networks.shipped import FILES
from vidcolor.networks.weighing_net import WeighingConfig, weighed

Config = TypeVar("Config")
Loader = TypeVar("Loader", bound=Callable[..., Any])
FEATURES_SCHEMA = "vidcolor.features/1"
WEIGHING_SCHEMA = "vidcolor.fusion/1"
"""As the files were written: the network that weighs had another name then."""
THINGS_SCHEMA = "vidcolor.things/1"
PROPOSER_SCHEMA = "vidcolor.proposer/1"
SCALE = ".scale"
"""Ends the names of what whole numbers of -127..127 are multiplied by, an output channel each."""


def _once(load: Loader) -> Loader:
    """`load`, whose answers for shipped files are kept, one for each number type."""

    @cache
    def kept(numbers: str, path: Path, *told: Hashable) -> Any:
        return load(path, *told)

    @wraps(load)
    def loaded(path: Path, *told: Hashable) -> Any:
        return kept(graph.number_type(), path, *told) if path in FILES else load(path, *told)

    return cast(Loader, loaded)


@_once
def load_features(path: Path) -> Network:
    """L* (1, 1, H, W) to unit features (1, h, w, C) at strides 4, 8, 16. Refuses other files, and other weights."""
    config, weights = read(path, FEATURES_SCHEMA, FeaturesConfig)
    net = Graph(weights, str(path))
    return net.made([net.innermost(m) for m in features(net, config, net.given(1, 1, -1, -1))])


@_once
def load_things(path: Path) -> Network:
    """Code values (1, 1, H, W) to unit maps (1, h, w, C) at strides 8, 16, 32. Refuses other files and weights."""
    _, weights = read(path, THINGS_SCHEMA, dict)
    net = Graph(weights, str(path))
    return net.made([net.innermost(m) for m in things(net, net.given(1, 1, -1, -1))])


@_once
def load_weighing(path: Path, slots: tuple[str, ...]) -> tuple[WeighingConfig, Network]:
    """Its config, and lightness (1, 1, H, W), maps of features (1, h, w, C), if it sees any, evidence
    (1, S (2 + signals), H, W), error (1, S, H, W) and claims, if it hears any, to chroma (1, 2, H, W) and expected
    error (1, 1, H, W).

    Refuses other files and weights, and a network made for other slots.
    """
    config, weights = read_weighing(path, slots)
    net, count = Graph(weights, str(path)), len(config.slots)
    lightness = net.given(1, 1, -1, -1)
    maps = [net.outermost(net.given(1, -1, -1, width)) for width in config.features]
    evidence, error = net.given(1, count * (2 + config.signals), -1, -1), net.given(1, count, -1, -1)
    claims = net.given(1, config.claims, -1, -1) if config.claims else None
    answer = weighed(net, config, lightness, maps, evidence, error, claims)
    return config, net.made([answer.chroma, answer.error])


@_once
def load_proposer(path: Path) -> tuple[Network, Network, Array, Array]:
    """What looks at a picture, what proposes, and the mean and the deviation of a*b*, (2, 1, 1) each.

    The first has lightness (1, 1, 2h, 2w) and maps of things (1, h/2, w/2, C) .. (1, h/8, w/8, C), and answers three
    values; the second noised chroma (1, 2, h, w), `waves`, those values and hints (1, 3, h, w), and answers v.
    """
    config, weights = read(path, PROPOSER_SCHEMA, ProposerConfig)
    mean, spread = (weights.pop(name, np.zeros(0, np.float32)) for name in ("mean", "spread"))
    if mean.shape != (2,) or spread.shape != (2,):
        raise WeightsError(f"{path}: its weights do not fit its config: mean and spread; install vidcolor again")
    first = {name: value for name, value in weights.items() if name.startswith(("seen.", "light."))}
    net = Graph(first, str(path))
    maps = [net.outermost(net.given(1, -1, -1, width)) for width in WIDTHS]
    lightness = net.given(1, 1, -1, -1)
    looks = net.made(looked(net, config, lightness, maps))
    net = Graph({name: value for name, value in weights.items() if name not in first}, str(path))
    noised, noise = net.given(1, 2, -1, -1), net.given(1, 2 * WAVES, 1, 1)
    known, hints = [net.given(1, width, -1, -1) for width in config.widths], net.given(1, 3, -1, -1)
    proposes = net.made([proposed(net, config, noised, noise, known, hints)])
    return looks, proposes, mean[:, None, None].astype(np.float32), spread[:, None, None].astype(np.float32)


def read_weighing(path: Path, slots: tuple[str, ...]) -> tuple[WeighingConfig, dict[str, Array]]:
    """`read` of a network that weighs. Refuses one made for other slots."""
    config, weights = read(path, WEIGHING_SCHEMA, WeighingConfig)
    if config.slots != slots:
        raise WeightsError(f"{path}: made for guesses {', '.join(config.slots)}; needed: {', '.join(slots)}")
    return config, weights


def read(
    path: Path, schema: str, config: Callable[..., Config], remedy: str = "install vidcolor again"
) -> tuple[Config, dict[str, Array]]:
    """A file's config and its weights, float32 or float16. Refuses other files, and a config that is none.

    remedy  what to do about a file that cannot be read
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            head = dict(file.metadata() or {})
            kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path}: cannot be read as weights; {remedy} ({error})") from error
    if head.get("schema") != schema:
        name = schema.split(".")[1].split("/")[0]
        raise WeightsError(f"{path}: not a {name} network ({head.get('schema')}); give a {schema} file")
    try:
        told = config(**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(head["config"]).items()})
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its config is none of ours; export it again ({error})") from error
    return told, _from_bytes(path, kept)


def _from_bytes(path: Path, kept: dict[str, Array]) -> dict[str, Array]:
    """Weights again, of whole numbers and their scales. Refuses scales that do not fit."""
    scales = {name.removesuffix(SCALE): kept.pop(name) for name in [*kept] if name.endswith(SCALE)}
    for name, scale in scales.items():
        if name not in kept or kept[name].shape[:1] != scale.shape:
            raise WeightsError(f"{path}: its weights do not fit its scales; install vidcolor again")
        kept[name] = kept[name].astype(np.float32) * scale.reshape(-1, *[1] * (kept[name].ndim - 1))
    return kept
