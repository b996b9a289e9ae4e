"""Dense inverse search in PyTorch: flow on any device, of many pairs at once.

What dis.py asks OpenCV for, in some hundred steps: every patch of every pair and of both directions goes through each
step together, and nothing waits for the device. Patches try their neighbours' flow all at once, not one after another;
where a patch has little detail it is held to the flow it began with, as it then has no neighbour's to go by.

Source: Kroeger, Timofte, Dai, Van Gool, Fast Optical Flow using Dense Inverse Search, ECCV 2016.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from vidcolor.errors import InputError
from vidcolor.flow.patches import PIXELS, Level, Net, net
from vidcolor.planes.on_device import at_size

CODES = 2.55
"""Of 8 bits, to a unit of L*."""
DAMPING = 4000.0
"""What holds a patch to the flow it began with at the picture's own size, in squared codes a pixel, over the patch."""
LEAST = 1.0
"""A difference up to this, in codes, is none."""


class Search:
    """Flow from one lightness picture to another, or of many pairs, where the pictures are."""

    def __init__(self, finest_scale: int = 0, stride: int = 6, steps: int = 2) -> None:
        """What is looked for, and how long.

        finest_scale  halvings of the size at which flow is found last
        stride        pixels between patches
        steps         of descent, after each time that neighbours' flow was tried
        """
        self.finest_scale, self.stride, self.steps = finest_scale, stride, steps

    def __call__(self, lightness_a: Array, lightness_b: Array) -> Array:
        """Float32 flow from a to b, x then y, in pixels: (2, H, W) of (H, W), (B, 2, H, W) of (B, H, W); L* 0..100.

        It lies where the pictures do; of NumPy's pictures it is NumPy's.
        """
        _check(lightness_a, lightness_b)
        if isinstance(lightness_a, np.ndarray):
            a, b = (torch.from_numpy(np.array(x, np.float32)) for x in (lightness_a, lightness_b))
            return self(a, b).numpy()  # type: ignore[arg-type, attr-defined, no-any-return]
        if lightness_a.ndim == 2:
            return self(lightness_a[None], lightness_b[None])[0]  # type: ignore[no-any-return]
        return self._found(torch.stack([lightness_a, lightness_b]), ways=1)[0]  # type: ignore[list-item, return-value]

    def both(self, lightness_a: Tensor, lightness_b: Tensor) -> tuple[Tensor, Tensor]:
        """The flows (B, 2, H, W) from a to b and from b to a, of (B, H, W) each."""
        _check(lightness_a, lightness_b)
        onward, back = self._found(torch.stack([lightness_a, lightness_b]), ways=2)
        return onward, back

    def little(self) -> Search:
        """The estimator for pictures that are nearly in place, where this is the one for all others."""
        return for_little()

    def _found(self, pairs: Tensor, ways: int) -> Tensor:
        """(ways, B, 2, H, W) of (2, B, H, W)."""
        patches = net((pairs.shape[-2], pairs.shape[-1]), self.stride, pairs.device)
        row = _row(pairs.float() * CODES, patches)
        template, descent = _prepared(row[:ways].flatten(0, 1), patches)
        others = row.flip(0)[:ways].flatten(0, 1)
        flow: Tensor | None = None
        for level in reversed(patches.levels[min(self.finest_scale, len(patches.levels) - 1) :]):
            there = others[:, level.pixels].unflatten(1, (1, *level.size))
            own = template[:, level.patches]
            flow = _dense(there, own, self._moved(there, own, descent[:, level.patches], level, flow), level)
        assert flow is not None
        size = patches.levels[0].size
        whole = flow if flow.shape[-2:] == size else at_size(flow, size, "linear")
        return (whole * patches.halves).unflatten(0, (ways, -1))

    def _moved(self, there: Tensor, template: Tensor, descent: Tensor, level: Level, flow: Tensor | None) -> Tensor:
        """Where the patches (N, P, PIXELS) lie in the pictures `there` (N, 1, h, w): (N, P, 2), in units of the base.

        descent  (N, P, 2, PIXELS)
        flow     found at half the size: (N, 2, h, w), in units of the patches' middles; None: begun with none
        """
        count = len(template)
        if flow is None:
            move = template.new_zeros((*template.shape[:2], 2))
        else:
            begun = grid_sample(flow, level.centres.expand(count, -1, -1, -1), align_corners=False)
            move = begun[:, :, 0].mT * level.stretch
        for tried in level.tried:
            move = _best(there, template, move, tried, level)
            for _ in range(self.steps):
                off = _seen(there, level.base, move) - template
                move = move - (off[:, :, None] * descent).sum(-1)
        return move


def for_carrying() -> Search:
    """Flow at full size by few patches, as dis.py's of this name."""
    return Search()


def for_little() -> Search:
    """Flow between pictures that are nearly in place, at half size."""
    return Search(finest_scale=1, stride=4)


def _check(a: Array | Tensor, b: Array | Tensor) -> None:
    if a.shape != b.shape or a.ndim not in (2, 3):
        raise InputError(f"flow between pictures of {tuple(a.shape)} and {tuple(b.shape)}: sizes must agree")


def _row(pictures: Tensor, patches: Net) -> Tensor:
    """(2, B, pixels): pictures (2, B, H, W) at all sizes, in one row."""
    found = [pictures]
    for level in patches.levels[1:]:
        found.append(at_size(found[-1], level.size, "area"))
    return torch.cat([picture.flatten(2) for picture in found], 2)


def _prepared(row: Tensor, patches: Net) -> tuple[Tensor, Tensor]:
    """Of pictures (N, pixels) the patches (N, Q, PIXELS), and (N, Q, 2, PIXELS): how far each pixel's difference moves
    them, by Gauss and Newton; what differs alike in all of a patch moves nothing.
    """
    before, after = row.index_select(1, patches.around).unflatten(1, (2, 2, -1)).unbind(2)
    slopes = ((after - before) / 2).index_select(2, patches.places).unflatten(2, (-1, PIXELS)).transpose(1, 2)
    inside = patches.inside[:, None]
    slopes = slopes * inside
    slopes = slopes.addcmul(slopes.sum(-1, keepdim=True) * patches.shares, inside, value=-1)
    square = torch.add(slopes.square().sum(-1, keepdim=True), patches.worth, alpha=DAMPING)
    product = (slopes[:, :, :1] * slopes[:, :, 1:]).sum(-1, keepdim=True)
    scale = patches.units / (square.prod(2, keepdim=True) - product.square())
    template = row.index_select(1, patches.places).unflatten(1, (-1, PIXELS))
    return template, (square.flip(2) * scale) * slopes - (product * scale) * slopes.flip(2)


def _seen(there: Tensor, base: Tensor, moves: Tensor) -> Tensor:
    """What the patches, or some of their pixels, moved by (N, T * P, 2), lie over: (N, T * P, pixels)."""
    grid = base + moves.unflatten(1, (-1, len(base)))[:, :, :, None]
    return grid_sample(there, grid.clamp_(-1, 1).flatten(1, 2), align_corners=True)[:, 0]


def _best(there: Tensor, template: Tensor, move: Tensor, tried: Tensor, level: Level) -> Tensor:
    """Of the flows (N, P, 2) that each patch tries, the one along which it is most like, by half of its pixels."""
    moves = move.index_select(1, tried)
    seen = _seen(there, level.base[:, ::2], moves).unflatten(1, (-1, template.shape[1]))
    off = seen.sub_(template[:, None, :, ::2])
    chosen = off.var(-1, correction=0).argmin(1)
    return moves.unflatten(1, off.shape[1:3]).gather(1, chosen[:, None, :, None].expand(-1, 1, -1, 2))[:, 0]


def _dense(there: Tensor, template: Tensor, move: Tensor, level: Level) -> Tensor:
    """(N, 2, h, w): for each pixel its patches' flow, the more of those along which it is like; in shares."""
    like = (_seen(there, level.base, move) - template).abs().clamp_(min=LEAST).reciprocal_()
    weight = pad(like.flatten(1), (0, 1)).index_select(1, level.covers).unflatten(1, (1, -1, *level.size))
    flows = (move / level.stretch).mT.index_select(2, level.owners).unflatten(2, (-1, *level.size))
    return flows.mul_(weight).sum(2) / weight.sum(2)
