"""metrics/inception.py: what parts FID's network from torchvision's, each part computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
models = pytest.importorskip("torchvision.models")

from random_networks import random_file, random_state  # noqa: E402

from vidcolor.research.metrics.inception import Inception, build_inception, build_network, resized  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def inception(tmp_path_factory: pytest.TempPathFactory) -> Inception:
    return build_inception([random_file(tmp_path_factory.mktemp("networks"), "fid")], "cpu")


@pytest.fixture(scope="module")
def networks() -> tuple[Any, Any]:
    """FID's network and torchvision's, of the same random numbers, loaded strictly."""
    state = random_state("fid")
    with torch.device("meta"):
        other = models.inception_v3(weights=None, num_classes=1008, aux_logits=False, init_weights=False)
    pair = build_network(), other
    for network in pair:
        network.load_state_dict(state, strict=True, assign=True)
        network.eval()
    return pair


def pooled_by_hand(x: np.ndarray, how: Any) -> np.ndarray:
    """3x3 pool of a (C, H, W) map over the neighbours that there are."""
    found = np.empty_like(x)
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            found[:, i, j] = how(x[:, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2], axis=(1, 2))
    return found


BLOCKS = {
    **dict.fromkeys(("Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"), np.mean),
    "Mixed_7b": np.mean,
    "Mixed_7c": np.max,
}
SAME = {"Mixed_6a": 288, "Mixed_7a": 768}
"""Blocks that shrink the map, and the channels they take."""


@pytest.mark.parametrize("name", BLOCKS)
def test_pools_of_the_blocks(name: str, networks: tuple[Any, Any]) -> None:
    ours, torchvisions = (getattr(network, name) for network in networks)
    x = torch.from_numpy(np.random.default_rng(2).random((1, ours.branch1x1.conv.in_channels, 4, 3))).float()
    with torch.no_grad():
        got, plain = ours(x), torchvisions(x)
        pooled = ours.branch_pool(torch.from_numpy(pooled_by_hand(x[0].numpy(), BLOCKS[name])[None]))
    count = pooled.shape[1]
    assert torch.equal(got[:, :-count], plain[:, :-count])
    assert torch.allclose(got[:, -count:], pooled, atol=1e-5)
    assert not torch.allclose(plain[:, -count:], pooled, atol=1e-3), "torchvision pools otherwise"


def test_the_other_blocks_are_torchvisions(networks: tuple[Any, Any]) -> None:
    x = torch.from_numpy(np.random.default_rng(2).random((1, 3, 80, 90))).float()
    ours, torchvisions = networks
    with torch.no_grad():
        for name in ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "maxpool1", "Conv2d_3b_1x1", "Conv2d_4a_3x3"):
            got = getattr(ours, name)(x)
            assert torch.equal(got, getattr(torchvisions, name)(x))
            x = got
        for name, channels in SAME.items():
            x = torch.from_numpy(np.random.default_rng(3).random((1, channels, 5, 5))).float()
            assert torch.equal(getattr(ours, name)(x), getattr(torchvisions, name)(x))


@pytest.mark.parametrize("size", [(2, 3), (299, 299), (480, 31), (301, 600)])
def test_pictures_are_resized_as_tensorflow_did(size: tuple[int, int]) -> None:
    """Place i is read at i * size / 299 between the pixels about it; the last pixel repeats beyond."""
    picture = np.random.default_rng(5).random((1, *size))
    found = np.empty((299, 299))
    for i in range(299):
        y = i * size[0] / 299
        top, below = int(y), min(int(y) + 1, size[0] - 1)
        row = picture[0, top] + (picture[0, below] - picture[0, top]) * (y - top)
        for j in range(299):
            x = j * size[1] / 299
            left, right = int(x), min(int(x) + 1, size[1] - 1)
            found[i, j] = row[left] + (row[right] - row[left]) * (x - left)
    got = resized(torch, torch.from_numpy(picture[None]).float())
    assert np.allclose(got[0, 0].numpy(), found, atol=1e-4)
    if size == (299, 299):
        assert np.array_equal(got[0].numpy(), picture.astype(np.float32))


def test_features_are_the_last_blocks_means(inception: Inception, networks: tuple[Any, Any]) -> None:
    """A picture of the network's own size, so that scaling, blocks and the mean are all that is done."""
    codes = np.random.default_rng(6).integers(0, 256, (3, 299, 299), dtype=np.uint8)
    seen = {}
    hook = networks[0].Mixed_7c.register_forward_hook(lambda block, x, y: seen.update(last=y))
    with torch.no_grad():
        networks[0]((torch.from_numpy(codes).float()[None] - 128) / 128)
    hook.remove()
    assert seen["last"].shape == (1, 2048, 8, 8)
    got = inception(codes)
    assert got.shape == (2048,)
    assert got.dtype == np.float32
    assert got.std() > 0.01
    assert np.allclose(got, seen["last"][0].mean(dim=(1, 2)).numpy(), rtol=1e-4, atol=1e-5)
    assert np.array_equal(inception(codes.astype(np.float32) / 255), got)


def test_the_network_is_told(inception: Inception) -> None:
    assert "FID's Inception: some-fid.pth, not the published file" in str(inception.facts[0])
