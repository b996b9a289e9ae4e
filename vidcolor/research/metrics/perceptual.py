"""LPIPS and LPIPS_R: how far pictures are apart to networks trained on ImageNet.

- LPIPS: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018; version 0.1,
  the `lin` (linear) variant. VGG-16 after relu1_2, 2_2, 3_3, 4_3, 5_3 unless AlexNet is asked for. Their arithmetic,
  here in bands of rows, so that a 4K picture fits.
- LPIPS_R: the contextual loss of Mechrez et al., ECCV 2018, eq. 1 to 5, against a reference that need not lie
  pixel on pixel: VGG-19 after relu3_2 and relu4_2, the authors' layers, summed; h = 0.5.
- The networks run in float32, sums over positions in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.networks.pretrained import INSTALL, NETWORKS, NetworkFacts, Weights
from vidcolor.networks.runner import Runner
from vidcolor.weights import library

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""ImageNet's mean and deviation for pictures in -1..1, as LPIPS rounds them."""
NO_LENGTH = 1e-10
"""Added to the length of a feature vector (LPIPS; here for LPIPS_R as well)."""
ENDS = {"vgg16": (4, 9, 16, 23, 30), "alex": (2, 5, 8, 10, 12), "vgg19": (14, 23)}
"""Where the layers that are compared end in torchvision's `features`: after a ReLU each."""
BAND, MARGIN = 384, 96
"""Rows of a picture run through VGG-16 at once, and rows beyond that the last layer sees (90, up to a multiple of 16):
the figure is the whole picture's, the memory a band's."""
SIDE = 256
"""Longer side at which LPIPS_R compares: 64 x 64 places at relu3_2, near the authors' 65 x 65."""
DEEPEST = 8
"""Stride of relu4_2: a smaller side leaves nothing of a picture."""
BANDWIDTH = 0.5
"""h in eq. 3 (Mechrez 2018)."""
NO_DISTANCE = 1e-5
"""Epsilon in eq. 2."""
AT_ONCE = 512
"""Places of the picture compared with all of the reference at once."""


class _Slices:
    """A network of torchvision cut after each layer that is compared; normalised pictures in, float32 maps out."""

    def __init__(self, name: str, weights: Weights, device: str) -> None:
        state, facts = weights.take(name)
        self.facts = facts
        self.runner = Runner(library("torch", INSTALL), device)
        torch, ends = self.runner.torch, ENDS[name]
        layers = NETWORKS[name].network()  # type: ignore[misc]
        own = {key.removeprefix("features."): value for key, value in state.items()}
        layers.features.load_state_dict(own, strict=True, assign=True)
        cuts = zip((0, *ends[:-1]), ends, strict=True)
        self.slices = [self.runner.place(layers.features[start:end]) for start, end in cuts]
        self.shift, self.scale = (
            torch.tensor(values, device=self.runner.device)[None, :, None, None] for values in (SHIFT, SCALE)
        )

    def maps(self, picture: Any) -> Iterator[Any]:
        """The maps of a (1, 3, H, W) picture in 0..1, one after the other."""
        x = (2 * picture - 1 - self.shift) / self.scale
        for piece in self.slices:
            x = piece(x)
            yield x


class Lpips:
    """LPIPS of two pictures of one size, (3, H, W) uint8 or float R'G'B' 0..1: 0 for equal ones.

    Refuses different sizes and sides under 32 pixels, which the last layer does not survive.
    """

    def __init__(self, network: Literal["vgg", "alex"], weights: Weights, device: str) -> None:
        backbone = {"vgg": "vgg16", "alex": "alex"}[network]
        linear, linear_facts = weights.take(f"{backbone}_linear")  # first: it is the smaller download
        self._slices = _Slices(backbone, weights, device)
        self._runner = self._slices.runner
        self._linear = [linear[f"lin{k}.model.1.weight"].to(self._runner.device) for k in range(len(ENDS[backbone]))]
        self._banded = backbone == "vgg16"
        self.name = f"LPIPS ({self._slices.facts.name}, v0.1)"
        self.facts: tuple[NetworkFacts, ...] = (self._slices.facts, linear_facts)

    def __call__(self, first: Array, second: Array) -> float:
        """LPIPS between them."""
        return self.among(first, [second])[0]

    def among(self, truth: Array, others: Sequence[Array]) -> list[float]:
        """LPIPS of each of the others to the truth, which runs through the network once."""
        for other in others:
            if other.shape != truth.shape:
                raise InputError(f"LPIPS of pictures of {truth.shape} and {other.shape}: sizes must agree")
        if min(truth.shape[1:]) < 32:
            raise InputError(f"LPIPS of a picture of {truth.shape}: sides of 32 pixels and more are needed")
        true, made = self._runner.tensor(truth), [self._runner.tensor(other) for other in others]
        weigh = self._runner.torch.nn.functional.conv2d
        sums = [[0.0] * len(self._linear) for _ in others]
        sizes = [0] * len(self._linear)
        with self._runner.running():
            for band in _bands(truth.shape[1]) if self._banded else [Band(0, truth.shape[1], 0, None)]:
                wanted = list(self._units(true, band))
                sizes = [size + m.shape[2] * m.shape[3] for size, m in zip(sizes, wanted, strict=True)]
                for total, picture in zip(sums, made, strict=True):
                    for k, m in enumerate(self._units(picture, band)):
                        far = weigh(m.sub_(wanted[k]).square_(), self._linear[k])
                        total[k] += float(far.sum(dtype=self._runner.torch.float64))
        return [sum(value / size for value, size in zip(total, sizes, strict=True)) for total in sums]

    def _units(self, picture: Any, band: Band) -> Iterator[Any]:
        """Feature vectors of length 1 of the rows that count; map k of VGG has a stride of 2 to the k."""
        length = self._runner.torch.linalg.vector_norm
        for k, m in enumerate(self._slices.maps(picture[:, :, band.top : band.bottom])):
            counting = m[:, :, band.start >> k : None if band.stop is None else band.stop >> k]
            yield counting / (length(counting, dim=1, keepdim=True) + NO_LENGTH)


class Band(NamedTuple):
    """Rows of a picture to run through the network, and which of them, counted from `top`, enter the figure."""

    top: int
    bottom: int
    start: int
    stop: int | None


def _bands(height: int) -> Iterator[Band]:
    """Bands that cover the height; all but the last begin and stop on a multiple of 16, VGG's deepest stride."""
    for start in range(0, height, BAND):
        top, bottom = max(0, start - MARGIN), start + BAND + MARGIN
        if bottom >= height:
            yield Band(top, height, start - top, None)
            return
        yield Band(top, bottom, start - top, start - top + BAND)


class Contextual:
    """LPIPS_R: contextual loss of a picture against a reference, sizes may differ; 0 and more, small is near.

    Both are made smaller, where they are larger, to a longer side of 256: every place is compared with every place.
    """

    def __init__(self, weights: Weights, device: str) -> None:
        self._slices = _Slices("vgg19", weights, device)
        self._runner = self._slices.runner
        self.name = "LPIPS_R (contextual, VGG-19 relu3_2 + relu4_2)"
        self.facts: tuple[NetworkFacts, ...] = (self._slices.facts,)

    def look(self, reference: Array) -> list[Any]:
        """What the network sees in a reference: to be handed in again for every frame."""
        with self._runner.running():
            small = self._small(self._runner.tensor(reference))
            if min(small.shape[2:]) < DEEPEST:
                raise InputError(f"LPIPS_R of a picture of {reference.shape}: too narrow for the network")
            return list(self._slices.maps(small))

    def __call__(self, rgb: Array, reference: Array | list[Any]) -> float:
        """Contextual loss of the picture, in the light of the reference or of what was seen in it."""
        wanted = self.look(reference) if not isinstance(reference, list) else reference
        seen = self.look(rgb)
        with self._runner.running():
            return sum(contextual_loss(self._runner.torch, x[0], y[0]) for x, y in zip(seen, wanted, strict=True))

    def _small(self, picture: Any) -> Any:
        height, width = picture.shape[2:]
        if max(height, width) <= SIDE:
            return picture
        size = [max(1, round(side * SIDE / max(height, width))) for side in (height, width)]
        shrink = self._runner.torch.nn.functional.interpolate
        return shrink(picture, size=size, mode="bilinear", antialias=True, align_corners=False)


def contextual_loss(torch: Any, x: Any, y: Any) -> float:
    """-log CX of the features of a picture, x (C, h, w), and of a reference, y (C, h', w').

    Each place of y takes its likest place of x, likeness being a share of all that this x has for y's places.
    Source: Mechrez, Talmi, Zelnik-Manor, The Contextual Loss, ECCV 2018, eq. 1 to 5.
    """
    mean = y.double().mean(dim=(1, 2))[:, None]
    x, y = (m.double().flatten(1) - mean for m in (x, y))
    x, y = (m / (m.square().sum(dim=0).sqrt() + NO_LENGTH) for m in (x, y))
    best = torch.zeros(y.shape[1], dtype=torch.float64, device=y.device)
    for start in range(0, x.shape[1], AT_ONCE):
        far = (1 - x[:, start : start + AT_ONCE].T @ y).clamp_min(0)
        relative = far / (far.min(dim=1, keepdim=True).values + NO_DISTANCE)
        likeness = torch.softmax((1 - relative) / BANDWIDTH, dim=1)
        best = torch.maximum(best, likeness.max(dim=0).values)
    return -float(best.mean().log())


def build_lpips(
    weights: Weights | Sequence[Path], device: str = "auto", network: Literal["vgg", "alex"] = "vgg"
) -> Lpips:
    """LPIPS, ready; raises Missing where its networks are not to be had, WeightsError for a wrong file."""
    return Lpips(network, weights if isinstance(weights, Weights) else Weights(weights), device)


def build_contextual(weights: Weights | Sequence[Path], device: str = "auto") -> Contextual:
    """LPIPS_R, ready; raises as `build_lpips` does."""
    return Contextual(weights if isinstance(weights, Weights) else Weights(weights), device)
