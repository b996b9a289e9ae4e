"""The teachers against the same networks built otherwise, with made weights."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

from made_teachers import write_teachers  # noqa: E402

from vidcolor.research.training.lessons import CHANNELS, Lessons  # noqa: E402
from vidcolor.research.training.teachers import VGG_FILE, Both, ResNet, Vgg  # noqa: E402


@pytest.fixture(scope="module")
def teachers(tmp_path_factory):
    """A folder with both networks of small random weights, under the real key names."""
    return write_teachers(tmp_path_factory.mktemp("teachers"))


def test_vgg_is_torchvisions(teachers):
    """torchvision's own layers, fed the same weights and RGB instead of BGR, scaled and shifted by hand."""
    from safetensors.torch import load_file
    from torchvision.models.vgg import cfgs, make_layers

    layers = make_layers(cfgs["E"][:10]).eval()
    weights = iter(load_file(teachers / VGG_FILE).items())
    ordered = sorted(weights)  # conv1_1.bias, conv1_1.weight, conv1_2.bias ...
    for conv, (bias, weight) in zip(
        [m for m in layers if isinstance(m, torch.nn.Conv2d)],
        zip(ordered[::2], ordered[1::2], strict=True),
        strict=True,
    ):
        conv.load_state_dict({"weight": weight[1], "bias": bias[1]})
    rgb = torch.rand(1, 3, 24, 32)
    bgr = rgb[:, [2, 1, 0]] * 255 - torch.tensor([103.939, 116.779, 123.68])[:, None, None]
    truth = torch.nn.functional.normalize(layers(bgr), dim=1)
    torch.testing.assert_close(Vgg(teachers)(rgb), truth, rtol=1e-4, atol=1e-5)


def test_resnets_blocks_follow_their_names(teachers):
    """The first stage written out for one pixel's neighbourhood: stride 4, shortcuts as the names say."""
    net = ResNet(teachers)
    rgb = torch.rand(1, 3, 32, 48)
    out = net(rgb)
    assert out.shape == (1, 1024, 2, 3)
    torch.testing.assert_close(out.norm(dim=1), torch.ones(1, 2, 3))
    x = torch.randn(1, 64, 4, 4)

    def normed(x, name):
        mean, variance, gamma, beta = (
            net.get_buffer(f"{name}_{k}")[:, None, None] for k in ("running_mean", "running_var", "gamma", "beta")
        )
        return torch.relu((x - mean) / (variance + 1e-5).sqrt() * gamma + beta)

    def at_once(x, number):
        return torch.einsum("oi,bihw->bohw", net.get_buffer(f"stage1_conv{number}_weight")[..., 0, 0], x)

    y = normed(x, "stage1_batchnorm0")
    inner = normed(at_once(y, 0), "stage1_batchnorm1")
    inner = torch.nn.functional.conv2d(inner, net.get_buffer("stage1_conv1_weight"), padding=1)
    truth = at_once(normed(inner, "stage1_batchnorm2"), 2) + at_once(y, 3)
    torch.testing.assert_close(net._block(x, 1, 0), truth, rtol=1e-4, atol=1e-4)


def test_both_are_maps_of_unit_length_at_strides_4_and_8(teachers):
    maps = Both(teachers)(torch.rand(1, 1, 41, 50) * 100)
    assert [tuple(m.shape) for m in maps] == [(1, 1280, 11, 13), (1, 1280, 6, 7)]
    for m in maps:
        torch.testing.assert_close(m.norm(dim=1), torch.ones(1, *m.shape[2:]))


def test_lessons_are_kept(teachers, tmp_path):
    import cv2

    still = tmp_path / "stills/train/made/picture.webp"
    still.parent.mkdir(parents=True)
    cv2.imwrite(str(still), np.random.default_rng(0).integers(0, 255, (64, 80, 3), np.uint8), [1, 101])
    cache = tmp_path / "cache"
    cache.mkdir()
    first = Lessons(teachers, cache, [still]).of(still)
    assert [a.shape for a in first] == [(64, 80, 3), (CHANNELS[0], 16, 20), (CHANNELS[1], 4, 5)]
    file = cache / "stills__train__made__picture.npz"
    written = file.stat().st_mtime_ns
    again = Lessons(teachers, cache, []).of(still)
    assert file.stat().st_mtime_ns == written
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one, two)
