"""Stage 4: a frame in the colours of references of any kind, by super-attention and the shipped network.

Three guesses for each pixel (`evidence`) are mixed by a network that sees the frame and how good each guess says it is
(`networks/weighing_net.py`); where no reference speaks it gives a plausible colour of its own. It also says how far its
colours are probably off, which is the confidence.

Sources: Carrillo 2022b and 2023; 2024, ch. 5 and 6 (super-attention, and within masks). Ours: guesses at three levels
with their expected errors, references weighed and not averaged, and the calibrated confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.cache import Cache
from vidcolor.colorize.align import Prepared, prepare
from vidcolor.colorize.by_registration import lay, resized
from vidcolor.colorize.evidence import SLOTS, Evidence, Laid, Seen, Source, gather, see
from vidcolor.colorize.harmonize import harmonized
from vidcolor.colorize.super_features import bounded, enlarged
from vidcolor.confidence import confidence_of
from vidcolor.errors import InputError
from vidcolor.features import Features, gray_of
from vidcolor.networks.shipped import COLORIZER
from vidcolor.networks.weighing import Weigher
from vidcolor.settings import ColorizeSettings
from vidcolor.types import ColorFrame, Frame, Guidance

LAID_MOST = 2
"""References that are registered, the best first; each pixel takes the one that fits better."""
MARGIN = 5
"""Pixels along a region's edge in which nothing is laid: registering looks that far around."""
ROOM = 384 << 20
"""Bytes of references made ready that are kept, some 10 MB each; a third as much of those to be registered."""


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A reference made ready for comparing."""

    planes: Array
    """(3, h, w) at the network's size: L* as a gray film shows it, a*b*"""
    seen: Seen

    @property
    def bytes(self) -> int:
        parts = [a for p in self.seen.parts for a in (p.labels, p.looks.features, p.looks.places, p.inside, p.colors)]
        return sum(a.nbytes for a in (self.planes, self.seen.lightness, self.seen.walls, *self.seen.maps, *parts))


@dataclass(frozen=True, slots=True, eq=False)
class Layable:
    """A reference at a frame's size, prepared for being registered onto it."""

    gray: Prepared
    chroma: Array
    """(2, H, W)"""

    @property
    def bytes(self) -> int:
        gray, points = self.gray, self.gray.key_points
        return sum(a.nbytes for a in (gray.lightness, gray.contrast, points.places, points.looks, self.chroma))


class Kept:
    """What was made of references alone, kept for the next frames while there is room."""

    def __init__(self) -> None:
        self._ready: Cache[Ready] = Cache(ROOM, lambda ready: ready.bytes)
        self._layable: Cache[Layable] = Cache(ROOM // 3, lambda layable: layable.bytes)

    def ready(self, guide: Guidance, features: Features) -> Ready:
        """The reference made ready; with regions it is made for one frame."""
        make = partial(_made_ready, guide, features)
        return self._ready.get(guide.reference.hash, make) if guide.reference.hash and not guide.regions else make()

    def layable(self, guide: Guidance, planes: Array, size: tuple[int, int]) -> Layable:
        """The reference at a frame's size."""
        make = partial(_made_layable, planes, size)
        return self._layable.get((guide.reference.hash, *size), make) if guide.reference.hash else make()

    def let_go(self, pictures: Collection[str]) -> None:
        """Forgets what was made of pictures, by their hashes."""
        self._ready.let_go(lambda key: key in pictures)
        self._layable.let_go(lambda key: isinstance(key, tuple) and key[0] in pictures)


class Colorizer:
    """Colours frames from references; may be used by several threads at once."""

    def __init__(self, features: Features, file: Path = COLORIZER) -> None:
        """Loads the network. Refuses weights made for other guesses than ours."""
        self.features, self._weigh = features, Weigher(file, SLOTS)
        self._kept = Kept()
        self.name = f"colorizer-{self._weigh.name} {features.name}"

    def __call__(
        self, target: Frame, guidance: Sequence[Guidance], settings: ColorizeSettings, laid: ColorFrame | None = None
    ) -> ColorFrame:
        """The frame in colour at its size, with confidence (0 everywhere without any reference).

        guidance  references with their scores and regions, best first
        laid      the frame's own picture, the first of `guidance`, as `register` has laid it, if there is one
        """
        lightness, evidence, maps = collect(target.lightness, guidance, self.features, settings, laid, self._kept)
        chroma, error = self._weigh(lightness, [m.transpose(1, 2, 0) for m in maps], evidence.planes, evidence.error)
        sure = confidence_of(error) if guidance or laid is not None else np.zeros_like(error)
        size = target.lightness.shape
        planes = enlarged(np.concatenate([chroma, sure[None]]), size)
        made = ColorFrame(target.index, planes[:2], np.clip(planes[2], 0, 1))
        if laid is not None or any(guide.regions for guide in guidance):
            return made
        return harmonized(target, made, [(g.reference, g.score) for g in guidance], self.features, settings)

    def let_go(self, pictures: Collection[str]) -> None:
        """Forgets what it has kept of pictures, by their hashes."""
        self._kept.let_go(pictures)


def collect(
    lightness: Array,
    guidance: Sequence[Guidance],
    features: Features,
    settings: ColorizeSettings,
    laid: ColorFrame | None = None,
    kept: Kept | None = None,
) -> tuple[Array, Evidence, list[Array]]:
    """The frame's lightness at the network's size, the evidence for it, and its features' maps.

    kept    what earlier frames have left of the references
    """
    kept = kept or Kept()
    size = bounded(lightness.shape)
    small = resized(lightness[None], size)[0]
    masks = [fitted(region.target, size) for guide in guidance for region in guide.regions]
    target = see(small, features, masks=masks)
    sources, pictures, number = [], [], 0
    for guide in guidance:
        ready = kept.ready(guide, features)
        count = len(guide.regions)
        sources.append(Source(ready.seen, guide.score, tuple(range(number, number + count))))
        pictures.append(partial(kept.layable, guide, ready.planes, size))
        number += count
    depth = np.sum(masks, axis=0) if masks else np.zeros(size, np.int64)
    begun = None if laid is None else _reduced(laid, depth)
    left = slice(0 if begun is None else 1, None)
    found = _laid(small, pictures[left], guidance[left], depth, settings, begun)
    return small, gather(target, sources, found, settings.trust), target.maps


def _made_ready(guide: Guidance, features: Features) -> Ready:
    reference = guide.reference
    planes = np.concatenate([gray_of(reference)[None], reference.chroma])
    planes = resized(planes, bounded(planes.shape[1:]))
    inside = [fitted(region.reference, planes.shape[1:]) for region in guide.regions]
    seen = see(planes[0], features, planes[1:], inside)
    return Ready(planes, replace(seen, maps=[]))  # only the target's are looked at again


def _made_layable(planes: Array, size: tuple[int, int]) -> Layable:
    planes = resized(planes, size)
    return Layable(prepare(planes[0]), planes[1:])


def _laid(
    lightness: Array,
    pictures: Sequence[Callable[[], Layable]],
    guidance: Sequence[Guidance],
    depth: Array,
    settings: ColorizeSettings,
    kept: Laid | None,
) -> Laid | None:
    """The first references registered onto the frame, each pixel of the one that fits better; None where none does.

    depth  (H, W): regions at each pixel; those in one take only what lies in the reference's region too
    kept   what was laid before
    """
    if not pictures:
        return kept
    frame = prepare(lightness)
    for picture, guide in list(zip(pictures, guidance, strict=True))[:LAID_MOST]:
        layable = picture()
        registered = lay(frame, layable.gray, layable.chroma, settings)
        if registered is None:
            continue
        chroma, trust, found = registered
        fit, trust = found.fit, trust * _allowed(guide, found.points, depth)
        if kept is not None:
            better = trust > kept.trust
            chroma = np.where(better, chroma, kept.chroma)
            trust, fit = np.maximum(trust, kept.trust), np.where(better, fit, kept.fit)
        kept = Laid(chroma, trust, fit)
    return kept


def _allowed(guide: Guidance, points: Array, depth: Array) -> Array:
    """(H, W) bool: pixels in no region, and those well inside one that lie well inside the same one of the reference.

    Where regions overlap nothing is laid: the last one alone counts there.
    """
    allowed = depth == 0
    for region in guide.regions:
        mine, theirs = (_inner(fitted(mask, depth.shape)) for mask in (region.target, region.reference))
        there = cv2.remap(theirs, points[0], points[1], cv2.INTER_NEAREST, borderValue=0)
        allowed |= (mine > 0) & (there > 0) & (depth == 1)
    return np.asarray(allowed)


def _inner(mask: Array) -> Array:
    """(H, W) uint8: what lies further than MARGIN inside a mask; the picture's edge is none of the mask's."""
    square = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
    return np.asarray(cv2.erode(mask.astype(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=1))


def _reduced(laid: ColorFrame, depth: Array) -> Laid:
    planes = resized(np.concatenate([laid.chroma, laid.confidence[None]]), depth.shape)
    trust = np.clip(planes[2], 0, 1) * (depth == 0)
    return Laid(planes[:2], trust, trust)


def fitted(mask: Array, size: tuple[int, int]) -> Array:
    """A mask at another size; what is small keeps its most covered pixel. Refuses what is no mask, and an empty one."""
    if mask.dtype != np.bool_ or not mask.any():
        raise InputError(f"region: mask {mask.dtype} {mask.shape}; give one of bool that holds some pixels")
    share = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray((share >= 0.5) | ((share == share.max()) & (share > 0)))
