"""VGG-19's super-features, with made weights: what bands and smaller labels may change, and what they may not."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vidcolor.color import lab_to_rgb
from vidcolor.colorize.vgg import BAND, CONVOLUTIONS, DEVIATION, MEAN, SIDE, VggFeatures
from vidcolor.errors import InputError
from vidcolor.networks.pretrained import NetworkFacts, Weights
from vidcolor.superpixels.pool import pool
from vidcolor.superpixels.segment import segment

torch = pytest.importorskip("torch", reason="needs PyTorch")
CHANNELS = (3, 8, 8, 12, 12, 16, 16, 16, 16)
"""Of the convolutions: small, and as many as VGG-19's."""


class MadeWeights(Weights):
    """Numbers by chance, named as the network's."""

    def take(self, name: str) -> tuple[dict[str, Any], NetworkFacts]:
        assert name == "vgg19"
        random, state = torch.Generator().manual_seed(1), {}
        for k, n in enumerate(CONVOLUTIONS):
            kernel = torch.randn(CHANNELS[k + 1], CHANNELS[k], 3, 3, generator=random)
            state[f"features.{n}.weight"] = kernel / (9 * CHANNELS[k]) ** 0.5
            state[f"features.{n}.bias"] = 0.1 * torch.randn(CHANNELS[k + 1], generator=random)
        return state, NetworkFacts("made", Path("made.pth"), "0" * 64, "", False)


def lightness(size: tuple[int, int]) -> np.ndarray:
    ys, xs = np.mgrid[: size[0], : size[1]]
    grain = np.random.default_rng(2).normal(size=size)
    return np.clip(50 + 30 * np.sin(xs / 9) * np.cos(ys / 7) + 5 * grain, 0, 100).astype(np.float32)


def whole(picture: np.ndarray) -> list[np.ndarray]:
    """The three levels by torch's own layers, on the whole picture at once."""
    state, _ = MadeWeights().take("vgg19")
    gray = lab_to_rgb(np.stack([picture, 0 * picture, 0 * picture]))
    shift, scale = (np.array(values, np.float32)[:, None, None] for values in (MEAN, DEVIATION))
    levels, x = [], torch.from_numpy((gray - shift) / scale)[None]
    for k, n in enumerate(CONVOLUTIONS):
        layer = torch.nn.Conv2d(CHANNELS[k], CHANNELS[k + 1], 3, padding=1)
        layer.load_state_dict({"weight": state[f"features.{n}.weight"], "bias": state[f"features.{n}.bias"]})
        x = layer(x).relu().detach()
        if k in (1, 3, 7):
            levels.append(x[0].numpy())
    return levels


@pytest.mark.parametrize("height", [20, BAND, 2 * BAND + 7])
def test_bands_give_the_whole_pictures_maps(height: int) -> None:
    picture = lightness((height, 41))
    for made, wanted in zip(VggFeatures(MadeWeights(), "cpu")(picture), whole(picture), strict=True):
        assert made.shape == wanted.shape
        assert np.abs(made - wanted).max() < 1e-5


def test_pooling_by_bands_is_pooling() -> None:
    picture = lightness((BAND + 30, 70))
    labels = segment(picture, 50)
    count, told = labels.max() + 1, []
    features = VggFeatures(MadeWeights(), "cpu", lambda done, total: told.append((done, total)))
    for made, level in zip(features.pooled(picture, labels, count), features(picture), strict=True):
        assert np.abs(made - pool(level, labels, count)).max() < 1e-5
    assert told[:2] == [(1, 2), (2, 2)]


def test_large_pictures_are_read_smaller_and_no_superpixel_is_lost() -> None:
    labels = np.zeros((60, 2 * SIDE), np.int32)
    labels[:, SIDE:] = 1
    labels[31, 701] = 2  # one pixel: every second is left out
    made = VggFeatures(MadeWeights(), "cpu").pooled(lightness(labels.shape), labels, 3)
    assert [level.shape for level in made] == [(8, 3), (12, 3), (16, 3)]
    assert all(level[:, k].any() for level in made for k in range(3))


def test_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="lightness"):
        VggFeatures(MadeWeights(), "cpu")(np.zeros((3, 4, 4), np.float32))


def test_torch_waits_until_it_is_needed() -> None:
    code = "import sys, vidcolor.colorize.vgg, vidcolor.pipeline.picture; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False, timeout=60).returncode == 0
