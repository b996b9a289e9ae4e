"""Guesses of a frame's chroma, each with signals of how good it is, made one chroma with its expected error.

Axes: B pictures, S slots (where guesses come from), E planes of a guess, H W pixels at chroma size.

- What comes out is a mix of the guesses and of one colour of the network's own, so what a guess knows exactly stays
  exact; the own colour is for places that no guess knows.
- It begins as the hand-set rule (each guess weighed by the fourth power of 1 / expected error) and learns corrections.
- What lies further around a pixel, and what things are by the features' three maps (features.py), is seen by a network
  that has widths below full size; the propagator has none.
- A slot that has nothing says so by an expected error of ABSENT; any number of slots may be absent.
- Last, pixel by pixel, it hears claims: how unlike a place the one is that its colour is said to come from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from vidcolor.confidence import ABSENT
from vidcolor.errors import InputError
from vidcolor.networks.features_net import GROUP, MIDDLE, SPREAD, normed
from vidcolor.networks.layers import Layers, Value, block

SHARPNESS = 4.0
"""Power of 1 / expected error by which the hand-set rule weighs guesses."""
OWN_ERROR = 6.0
"""Expected error of the network's own colour, before it has learned anything."""
LEAST_ERROR, MOST_ERROR = 0.3, 80.0
"""Of what the network may say of its own result, in a*b*."""
CHROMA_SCALE, APART_SCALE, OWN_SCALE = 40.0, 15.0, 20.0
"""a*b* that the network sees as 1: of the mix, of a guess less the mix, of its own colour."""
LOG_SCALE = 2.0
COARSEST = 16
"""Stride of the deepest places."""
LATE = 24
"""Channels between what is known of a pixel, claims among it, and what they change of the answer."""


@dataclass(frozen=True, slots=True)
class WeighingConfig:
    """What the network is given, and its size; the defaults are the shipped networks'."""

    slots: tuple[str, ...]
    """Names of the guesses, in the order of the planes."""
    signals: int = 2
    """Planes beside a*b* in each guess, each of about 0..1."""
    full: int = 16
    """Channels at full size."""
    widths: tuple[int, ...] = (32, 64, 96, 128)
    """Channels at strides 2, 4, 8 and 16; none: it sees at full size alone."""
    features: tuple[int, ...] = (128, 128, 128)
    """Channels of the features at strides 4, 8 and 16; none where it does not see there."""
    claims: int = 0
    """Planes of claims, each of about 0..2; 0: it hears none."""
    own: Literal["alone", "correction"] = "alone"
    """Its own colour: made from nothing and hardly heard at first, for where guesses may all be wrong; or the rule's
    mix corrected, heard from the first step, for where guesses are mostly right."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says of a batch."""

    chroma: Value
    """(B, 2, H, W)"""
    error: Value
    """(B, 1, H, W), expected, in a*b*"""
    weights: Value
    """(B, S + 1, H, W); the own colour's last"""
    own: Value
    """(B, 2, H, W): its own colour"""
    rule: Value
    """(B, 2, H, W): what the hand-set rule alone would say"""


def refuse_others(config: WeighingConfig, evidence: tuple[int, ...], claims: tuple[int, ...] | None) -> None:
    """Refuses shapes of evidence, (S, 2 + signals, H, W), and claims, (claims, H, W), that are not the network's."""
    slots, signals = len(config.slots), config.signals
    if evidence[:2] != (slots, 2 + signals):
        raise InputError(f"evidence {evidence}: the network takes {slots} slots of {2 + signals}")
    if (0 if claims is None else claims[0]) != config.claims:
        raise InputError(f"claims {claims}: it takes {config.claims}")


def weighed(
    net: Layers,
    config: WeighingConfig,
    lightness: Value,
    features: Sequence[Value],
    evidence: Value,
    error: Value,
    claims: Value | None = None,
) -> Answer:
    """What the network says.

    lightness  (B, 1, H, W) L*
    features   of that lightness at strides 4, 8, 16, as the features network answers them
    evidence   (B, S (2 + signals), H, W): of each slot a*b* and signals; zeros where a slot has nothing
    error      (B, S, H, W): each guess's expected error by rule, in a*b*; ABSENT where a slot has nothing
    claims     (B, claims, H, W), as the network's config has them; zeros where a slot has nothing
    """
    slots, each = len(config.slots), 2 + config.signals
    guesses = [net.part(evidence, n * each, n * each + 2) for n in range(slots)]
    signals = [net.part(evidence, n * each + 2, (n + 1) * each) for n in range(slots)]
    log_errors = net.log(error)
    logits = log_errors * net.number(-SHARPNESS)
    log_error = net.log(net.total(net.exp(logits))) / net.number(-SHARPNESS)
    mix = _mixed(net, net.softmax(logits), guesses)
    doubts = log_errors / net.number(LOG_SCALE)
    there = net.below(error, ABSENT) / net.number(APART_SCALE)
    planes = [(lightness - net.number(MIDDLE)) / net.number(SPREAD), mix / net.number(CHROMA_SCALE)]
    for n in range(slots):
        planes += [(guesses[n] - mix) * net.part(there, n, n + 1), signals[n], net.part(doubts, n, n + 1)]
    given = net.joined(planes)
    if config.widths:
        given, claims = (None if x is None else net.grown(x, COARSEST) for x in (given, claims))
    said = _looked(net, config, given, features)
    if claims is not None:
        said = _late(net, slots, given, said, claims)
    said = net.wide(net.cut(said, lightness) if config.widths else said)
    own, first = net.part(said, slots + 1, slots + 3) * net.number(OWN_SCALE), log_error
    if config.own == "correction":
        own = own + mix
    else:
        first = log_error * net.number(0.0) + net.number(math.log(OWN_ERROR))
    start = first * net.number(-SHARPNESS)
    weights = net.softmax(net.joined([logits, start]) + net.part(said, 0, slots + 1))
    chroma = _mixed(net, weights, [*guesses, own])
    expected = net.clamp(net.exp(log_error + net.part(said, slots + 3, slots + 4)), LEAST_ERROR, MOST_ERROR)
    return Answer(chroma, expected, weights, own, mix)


def _looked(net: Layers, config: WeighingConfig, planes: Value, features: Sequence[Value]) -> Value:
    """(B, S + 4, H, W): what is made of the planes, and of what is seen below full size."""
    full = net.conv("stem", planes, config.full, 3, bias=False)
    seen = [full, _below(net, config, full, features)] if config.widths else [full]
    y = net.conv("head.1", net.relu(net.joined(seen)), 2 * config.full, 3, bias=False)
    return net.conv("out", net.relu(y), len(config.slots) + 4, 3)


def _below(net: Layers, config: WeighingConfig, full: Value, features: Sequence[Value]) -> Value:
    """(B, full, H, W): what a U-Net makes of the first channels; features join at strides 4, 8 and 16."""
    w2, *deep = config.widths
    levels = [block(net, "first", net.conv("down2.1", net.relu(full), w2, 3, stride=2, bias=False), w2, GROUP)]
    for n, (width, wider) in enumerate(pairwise(config.widths)):
        x = net.conv(f"downs.{n}.2", normed(net, f"downs.{n}.0", levels[-1], width), wider, 3, stride=2, bias=False)
        x = x + net.conv(f"looks.{n}", net.grown_to(features[n], x), wider, 1, bias=False)
        for k in (0, 1):
            x = block(net, f"stages.{n}.{k}", x, wider, GROUP)
        levels.append(x)
    y = levels.pop()
    for n in reversed(range(len(deep))):
        width = config.widths[n]
        y = levels.pop() + net.twice(net.conv(f"ups.{n}", y, width, 1, bias=False))
        y = block(net, f"joins.{n}", y, width, GROUP)
    return net.twice(net.conv("last.2", normed(net, "last.0", y, w2), config.full, 1, bias=False))


def _late(net: Layers, slots: int, planes: Value, said: Value, claims: Value) -> Value:
    """What is said of each pixel, changed by claims, which nothing before has heard."""
    heard = net.linear("late.planes", planes, LATE) + net.linear("late.said", said, LATE, bias=False)
    heard = net.relu(heard + net.linear("late.claims", claims, LATE, bias=False))
    return net.linear("late.out", heard, slots + 4) + said


def _mixed(net: Layers, weights: Value, guesses: Sequence[Value]) -> Value:
    """(B, 2, H, W): guesses by weights (B, S, H, W)."""
    mix = net.part(weights, 0, 1) * guesses[0]
    for n in range(1, len(guesses)):
        mix = mix + net.part(weights, n, n + 1) * guesses[n]
    return mix
