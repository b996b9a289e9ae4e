"""Guesses of a frame's chroma, each with signals of how good it is, made one chroma with its expected error.

Axes: B pictures, S slots (where guesses come from), E planes of a guess, H W pixels at chroma size.

- What comes out is a mix of the guesses and of one colour of the network's own, so what a guess knows exactly stays
  exact; the own colour is for places that no guess knows.
- It begins as the hand-set rule (each guess weighed by the fourth power of 1 / expected error) and learns corrections.
- What things are comes from the features' three maps (features.py), which join at strides 4, 8 and 16.
- A slot that has nothing says so by an expected error of ABSENT; any number of slots may be absent.
- Last, pixel by pixel, it hears claims: how unlike a place the one is that its colour is said to come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from vidcolor.confidence import ABSENT
from vidcolor.errors import InputError
from vidcolor.networks.features_net import MIDDLE, SPREAD, Block, conv, enlarged, norm

SHARPNESS = 4.0
"""Power of 1 / expected error by which the hand-set rule weighs guesses."""
OWN_ERROR = 6.0
"""Expected error of the network's own colour, before it has learned anything."""
LEAST_ERROR, MOST_ERROR = 0.3, 80.0
"""Of what the network may say of its own result, in a*b*."""
CHROMA_SCALE, APART_SCALE, OWN_SCALE = 40.0, 15.0, 20.0
"""a*b* that the network sees as 1: of the mix, of a guess less the mix, of its own colour."""
LOG_SCALE = 2.0
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
    widths: tuple[int, int, int, int] = (32, 64, 96, 128)
    """Channels at strides 2, 4, 8 and 16."""
    features: tuple[int, int, int] = (128, 128, 128)
    """Channels of the features at strides 4, 8 and 16."""
    claims: int = 0
    """Planes of claims, each of about 0..2; 0: it hears none."""
    own: Literal["alone", "correction"] = "alone"
    """Its own colour: made from nothing and hardly heard at first, for where guesses may all be wrong; or the rule's
    mix corrected, heard from the first step, for where guesses are mostly right."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says of a batch."""

    chroma: Tensor
    """(B, 2, H, W)"""
    error: Tensor
    """(B, H, W), expected, in a*b*"""
    weights: Tensor
    """(B, S + 1, H, W); the own colour's last"""
    own: Tensor
    """(B, 2, H, W): its own colour"""
    rule: Tensor
    """(B, 2, H, W): what the hand-set rule alone would say"""


class Late(nn.Module):
    """Changes what a network says of each pixel by claims, which it did not hear; at first by nothing."""

    def __init__(self, planes: int, said: int, claims: int) -> None:
        super().__init__()
        self.planes, self.said = nn.Linear(planes, LATE), nn.Linear(said, LATE, bias=False)
        self.claims, self.out = nn.Linear(claims, LATE, bias=False), nn.Linear(LATE, said)
        for weight in self.out.parameters():
            nn.init.zeros_(weight)

    def forward(self, planes: Tensor, said: Tensor, claims: Tensor) -> Tensor:
        """(B, said, H, W): what is said then.

        planes  (B, planes, H, W): what the network was given
        said    (B, said, H, W): what it made of that
        claims  (B, claims, H, W)
        """
        given, first, held = (x.permute(0, 2, 3, 1).flatten(0, 2) for x in (planes, said, claims))
        heard = torch.addmm(self.planes(given), first, self.said.weight.t())
        heard = torch.addmm(heard, held, self.claims.weight.t()).relu()
        more = self.out(heard) + first
        return more.view(*said.permute(0, 2, 3, 1).shape).permute(0, 3, 1, 2)


class WeighingNet(nn.Module):
    """A U-Net over the guesses; `forward` answers chroma, expected error and the guesses' weights."""

    def __init__(self, config: WeighingConfig) -> None:
        super().__init__()
        self.config = config
        planes = 3 + len(config.slots) * (3 + config.signals)
        w2, *deep = config.widths
        self.stem = conv(planes, config.full)
        self.down2 = nn.Sequential(nn.ReLU(), conv(config.full, w2, stride=2))
        self.first = Block(w2)
        widths = (w2, *deep)
        self.downs = nn.ModuleList(
            nn.Sequential(norm(i), nn.ReLU(inplace=True), conv(i, o, stride=2))
            for i, o in zip(widths, deep, strict=False)
        )
        self.looks = nn.ModuleList(conv(i, o, size=1) for i, o in zip(config.features, deep, strict=True))
        self.stages = nn.ModuleList(nn.Sequential(Block(w), Block(w)) for w in deep)
        self.ups = nn.ModuleList(conv(o, i, size=1) for i, o in zip(widths, deep, strict=False))
        self.joins = nn.ModuleList(Block(w) for w in widths[:-1])
        self.last = nn.Sequential(norm(w2), nn.ReLU(inplace=True), conv(w2, config.full, size=1))
        self.head = nn.Sequential(nn.ReLU(inplace=True), conv(2 * config.full, 2 * config.full), nn.ReLU(inplace=True))
        self.out = nn.Conv2d(2 * config.full, len(config.slots) + 4, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)
        if config.claims:
            self.late = Late(planes, len(config.slots) + 4, config.claims)

    def forward(
        self,
        lightness: Tensor,
        features: Sequence[Tensor],
        evidence: Tensor,
        error: Tensor,
        claims: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Chroma (B, 2, H, W), its expected error (B, H, W) in a*b*, weights (B, S + 1, H, W), the own colour last.

        lightness  (B, 1, H, W) L*
        features   of that lightness at strides 4, 8, 16, as FeaturesNet answers them
        evidence   (B, S, 2 + signals, H, W): a*b* and signals; zeros where a slot has nothing
        error      (B, S, H, W): each guess's expected error by rule, in a*b*; ABSENT where a slot has nothing
        claims     (B, claims, H, W), as the network's config has them; zeros where a slot has nothing
        Refuses another number of slots, signals or claims.
        """
        answer = self.answer(lightness, features, evidence, error, claims)
        return answer.chroma, answer.error, answer.weights

    def answer(
        self,
        lightness: Tensor,
        features: Sequence[Tensor],
        evidence: Tensor,
        error: Tensor,
        claims: Tensor | None = None,
    ) -> Answer:
        """The same, with what training looks at beside it."""
        slots, signals = len(self.config.slots), self.config.signals
        if evidence.shape[1:3] != (slots, 2 + signals):
            raise InputError(f"evidence {tuple(evidence.shape)}: the network takes {slots} slots of {2 + signals}")
        if (0 if claims is None else claims.shape[1]) != self.config.claims:
            raise InputError(
                f"claims {claims if claims is None else tuple(claims.shape)}: it takes {self.config.claims}"
            )
        log_errors = error.log()
        logits = -SHARPNESS * log_errors
        log_error = torch.logsumexp(logits, 1) / -SHARPNESS
        mix = _mixed(logits.softmax(1), evidence[:, :, :2])
        narrow = self.stem.weight.dtype == torch.bfloat16 or torch.is_autocast_enabled(evidence.device.type)
        there = (error < ABSENT) / APART_SCALE
        planes = _planes(
            lightness, evidence, log_errors / LOG_SCALE, there, mix, torch.bfloat16 if narrow else torch.float32
        )
        height, width = planes.shape[-2:]
        grown = (height + -height % 16, width + -width % 16)
        planes = _innermost(_grown(planes, *grown))
        said = self._run(planes, features)
        if claims is not None:
            said = self.late(planes, said, _grown(claims.to(planes.dtype), *grown))
        said = said[..., :height, :width].float()
        own, first = said[:, slots + 1 : slots + 3] * OWN_SCALE, torch.full_like(log_error, OWN_ERROR).log()
        if self.config.own == "correction":
            own, first = own + mix, log_error
        start = first[:, None] * -SHARPNESS
        weights = (torch.cat([logits, start], 1) + said[:, : slots + 1]).softmax(1)
        chroma = _mixed(weights[:, :-1], evidence[:, :, :2]) + weights[:, -1:] * own
        expected = (log_error + said[:, -1]).exp().clamp(LEAST_ERROR, MOST_ERROR)
        return Answer(chroma, expected, weights, own, mix)

    def _run(self, planes: Tensor, features: Sequence[Tensor]) -> Tensor:
        full = self.stem(planes)
        levels = [self.first(self.down2(full))]
        for down, look, stage, seen in zip(self.downs, self.looks, self.stages, features, strict=True):
            x = down(levels[-1])
            levels.append(stage(x + look(_fitted(seen.to(x.dtype), x))))
        y = levels.pop()
        for up, join in zip(reversed(self.ups), reversed(self.joins), strict=True):
            y = join(levels.pop() + enlarged(up(y)))
        y = torch.cat([full, enlarged(self.last(y))], 1)
        return self.out(self.head(y))


def _mixed(weights: Tensor, guesses: Tensor) -> Tensor:
    """(B, 2, H, W): guesses (B, S, 2, H, W) by weights (B, S, H, W)."""
    mix = weights[:, 0, None] * guesses[:, 0]
    for slot in range(1, guesses.shape[1]):
        mix = torch.addcmul(mix, weights[:, slot, None], guesses[:, slot])
    return mix


def _planes(
    lightness: Tensor, evidence: Tensor, doubts: Tensor, there: Tensor, mix: Tensor, dtype: torch.dtype
) -> Tensor:
    """(B, 3 + S E, H, W): what the network sees.

    doubts  (B, S, H, W): the logarithms of expected errors, scaled
    there   (B, S, H, W): what a guess's distance from the mix is multiplied by; 0 where there is no guess
    """
    planes = [((lightness - MIDDLE) / SPREAD).to(dtype), (mix / CHROMA_SCALE).to(dtype)]
    for slot in range(evidence.shape[1]):
        apart = (evidence[:, slot, :2] - mix).mul_(there[:, slot, None])
        planes += [apart.to(dtype), evidence[:, slot, 2:].to(dtype), doubts[:, slot, None].to(dtype)]
    return torch.cat(planes, 1)


def _innermost(x: Tensor) -> Tensor:
    """One picture on the CPU, not trained on, with its channels innermost, as convolutions want it; all else as it is.

    The copy of a transposed matrix takes less than half the time of PyTorch's change of a picture's layout.
    """
    if len(x) > 1 or x.device.type != "cpu" or torch.is_grad_enabled():
        return x
    return x[0].flatten(1).t().contiguous().view(1, *x.shape[2:], x.shape[1]).permute(0, 3, 1, 2)


def _fitted(seen: Tensor, like: Tensor) -> Tensor:
    """A map of the unpadded picture, its last row and column repeated to the padded size."""
    return _grown(seen, *like.shape[-2:])


def _grown(x: Tensor, height: int, width: int) -> Tensor:
    """x with its last row and column repeated up to a size (F.pad does the same, ten times slower in bfloat16)."""
    down, right = height - x.shape[-2], width - x.shape[-1]
    if right:
        x = torch.cat([x, x[..., -1:].expand(*x.shape[:-1], right)], -1)
    return torch.cat([x, x[..., -1:, :].expand(*x.shape[:-2], down, x.shape[-1])], -2) if down else x
