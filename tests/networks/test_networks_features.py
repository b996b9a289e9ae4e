"""The features network: shapes, gradients, batches, weights in and out, and the interface of features.py."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safe_open = pytest.importorskip("safetensors").safe_open

from vidcolor.errors import InputError, WeightsError  # noqa: E402
from vidcolor.networks.features import NetworkFeatures  # noqa: E402
from vidcolor.networks.features_net import STRIDES, FeaturesConfig  # noqa: E402
from vidcolor.networks.shipped import FEATURES  # noqa: E402
from vidcolor.research.networks.files import load_features, save_features  # noqa: E402
from vidcolor.research.networks.ours import FeaturesNet  # noqa: E402

TINY = FeaturesConfig(stem=4, widths=(8, 16, 16), blocks=(1, 1, 1), join=8, outputs=(6, 5, 4))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return FeaturesNet(TINY)


@pytest.fixture
def file(net, tmp_path):
    path = tmp_path / "features.safetensors"
    save_features(path, net, {"recipe": "abc", "figures": {"clean": 30.5}})
    return path


@pytest.mark.parametrize("size", [(32, 48), (33, 47), (1, 1), (17, 100)])
def test_maps_are_of_unit_length_and_rounded_up(net, size):
    maps = net(torch.rand(2, 1, *size) * 100)
    for stride, channels, found in zip(STRIDES, TINY.outputs, maps, strict=True):
        assert found.shape == (2, channels, -(-size[0] // stride), -(-size[1] // stride))
        torch.testing.assert_close(found.norm(dim=1), torch.ones_like(found[:, 0]))


def test_gradients_reach_every_weight(net):
    # A new block's last convolution is zero, so what lies before it has no gradient yet.
    for name, weight in net.named_parameters():
        if name.endswith("conv2.weight"):
            torch.nn.init.normal_(weight, std=0.1)
    sum((m * torch.randn_like(m)).sum() for m in net(torch.rand(2, 1, 32, 32) * 100)).backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().max() > 0, name


def test_a_batch_is_its_pictures(net):
    both = torch.rand(2, 1, 40, 24) * 100
    for whole, *parts in zip(net(both), net(both[:1]), net(both[1:]), strict=True):
        torch.testing.assert_close(whole, torch.cat(parts), rtol=1e-4, atol=1e-5)


def test_a_shift_by_a_place_shifts_the_maps(net):
    """Away from the edges; the norms see the whole picture, edges and all, hence the tolerance."""
    picture = torch.full((1, 1, 128, 128), 50.0)
    picture[..., 48:64, 48:64] = torch.rand(16, 16) * 100
    moved = picture.roll(16, -1)
    for stride, one, two in zip(STRIDES, net(picture), net(moved), strict=True):
        middle = slice(40 // stride, 72 // stride)
        torch.testing.assert_close(
            one.roll(16 // stride, -1)[..., middle, middle], two[..., middle, middle], rtol=0, atol=1e-2
        )


def head_of(path):
    with safe_open(path, "pt") as file:
        return dict(file.metadata())


def test_weights_there_and_back(net, file):
    again = load_features(file)
    facts = head_of(file)
    assert json.loads(facts["config"])["widths"] == [8, 16, 16]
    assert json.loads(facts["figures"]) == {"clean": 30.5}
    x = torch.rand(1, 1, 32, 32) * 100
    for one, two in zip(net(x), again(x), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=5e-3)  # Half-precision weights.


def test_other_files_are_refused(net, file, tmp_path):
    from safetensors.torch import load_file, save_file

    with pytest.raises(WeightsError, match="cannot be read as weights"):
        load_features(tmp_path / "missing.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 40)
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        load_features(tmp_path / "bad.safetensors")
    weights = load_file(file)
    save_file(weights, tmp_path / "bare.safetensors")
    with pytest.raises(WeightsError, match="not a features network"):
        load_features(tmp_path / "bare.safetensors")
    weights.pop("stem.weight")
    save_file(weights, tmp_path / "less.safetensors", metadata=head_of(file))
    with pytest.raises(WeightsError, match=r"(?s)do not fit its config.*stem\.weight"):
        load_features(tmp_path / "less.safetensors")


def test_the_interface_of_the_training_free_features(file):
    features = NetworkFeatures(file, strides=(4, 8))
    lightness = np.random.default_rng(0).uniform(0, 100, (45, 61)).astype(np.float32)
    maps = features(lightness)
    assert features.strides == (4, 8)
    assert features.name.startswith("features-")
    assert [(m.shape, m.dtype) for m in maps] == [((6, 12, 16), np.float32), ((5, 6, 8), np.float32)]
    for one, two in zip(maps, features(lightness), strict=True):
        assert np.array_equal(one, two)
    with pytest.raises(InputError, match="must be \\(H, W\\)"):
        features(lightness[None])
    with pytest.raises(InputError, match="strides"):
        NetworkFeatures(file, strides=(2,))


def test_a_frame_as_the_plan_kept_it_will_do(file):
    """Frames kept on disk are frozen when read back, and no library writes to them."""
    lightness = np.random.default_rng(0).uniform(0, 100, (32, 48)).astype(np.float32)
    frozen = np.frombuffer(lightness.tobytes(), np.float32).reshape(lightness.shape)
    features = NetworkFeatures(file)
    for expected, found in zip(features(lightness), features(frozen), strict=True):
        assert np.array_equal(expected, found)


def test_threads_side_by_side_do_not_change_the_answer(tmp_path):
    """At the size of use."""
    file = tmp_path / "features.safetensors"
    save_features(file, FeaturesNet(), {})
    lightness = np.random.default_rng(0).uniform(0, 100, (240, 427)).astype(np.float32)
    features = NetworkFeatures(file)
    first = features(lightness)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: features(lightness), range(4)))
    for maps in zip(first, *answers, strict=True):
        assert all(np.array_equal(maps[0], m) for m in maps[1:])


def made_scene() -> np.ndarray:
    """(96, 128): soft shapes of different sizes and lightness, no two alike."""
    import cv2

    random = np.random.default_rng(4)
    picture = np.full((96, 128), 45, np.float32)
    for _ in range(40):
        place = tuple(int(n) for n in random.integers(0, (128, 96)))
        axes = tuple(int(n) for n in random.integers(3, 16, 2))
        cv2.ellipse(picture, place, axes, random.uniform(0, 180), 0, 360, float(random.uniform(5, 95)), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.0)


def test_the_shipped_weights_find_places_again():
    """Moved by two places of stride 4, badly grained, and graded: nearly all places find themselves within a place."""
    if not FEATURES.exists():
        pytest.skip("the package carries no weights for the features")
    assert FEATURES.stat().st_size < 12e6
    assert {"config", "recipe", "step"} <= set(head_of(FEATURES))
    scene = made_scene()
    worn = np.roll(scene, 8, 1) * 0.8 + 8 + np.random.default_rng(5).normal(0, 12, scene.shape)
    features = NetworkFeatures(strides=(4,))
    one, two = (features(x.astype(np.float32))[0] for x in (scene, worn))
    height, width = one.shape[1:]
    best = (two.reshape(128, -1).T @ one.reshape(128, -1)).argmax(1).reshape(height, width)
    y, x = np.mgrid[:height, :width]
    off = np.hypot(best // width - y, best % width - (x - 2))[2:-2, 5:-2]
    assert (off <= 1.5).mean() > 0.97  # A network before training: 0.28; the training-free features: 0.96.
