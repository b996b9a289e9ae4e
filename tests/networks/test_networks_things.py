"""The network that knows things: as published, in bytes and out of them, and the shipped weights on made pictures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from torch.nn import functional as F  # noqa: E402

from vidcolor.errors import InputError, WeightsError  # noqa: E402
from vidcolor.grain import grain_of  # noqa: E402
from vidcolor.networks.lite_net import MIDDLE, SPREAD, STAGES, STEM  # noqa: E402
from vidcolor.networks.shipped import FOLDER, THINGS  # noqa: E402
from vidcolor.networks.things import Things  # noqa: E402
from vidcolor.research.networks.efficientnet_lite import EPSILON, folded  # noqa: E402
from vidcolor.research.networks.files import load_things, save_things  # noqa: E402
from vidcolor.research.networks.ours import LiteNet  # noqa: E402


def published() -> dict[str, torch.Tensor]:
    """Any numbers under the published names."""
    random = torch.Generator().manual_seed(0)
    state: dict[str, torch.Tensor] = {"_fc.bias": torch.zeros(3), "_bn0.num_batches_tracked": torch.tensor(7)}

    def add(conv: str, norm: str, *shape: int) -> None:
        spread = (2 / (shape[1] * shape[2] * shape[3])) ** 0.5
        state[f"{conv}.weight"] = torch.randn(shape, generator=random) * spread
        for part, low in (("weight", 0.5), ("bias", -0.3), ("running_mean", -0.3), ("running_var", 0.5)):
            state[f"{norm}.{part}"] = low + torch.rand(shape[0], generator=random)

    add("_conv_stem", "_bn0", STEM, 3, 3, 3)
    inputs, number = STEM, 0
    for stage in STAGES:
        for _ in range(stage.blocks):
            block, inside = f"_blocks.{number}", inputs * stage.wider
            if stage.wider > 1:
                add(f"{block}._expand_conv", f"{block}._bn0", inside, inputs, 1, 1)
            add(f"{block}._depthwise_conv", f"{block}._bn1", inside, 1, stage.size, stage.size)
            add(f"{block}._project_conv", f"{block}._bn2", stage.channels, inside, 1, 1)
            inputs, number = stage.channels, number + 1
    return state


def as_published(state: dict[str, torch.Tensor], rgb: torch.Tensor) -> list[torch.Tensor]:
    """The network layer by layer as TensorFlow runs it: `same` padding, batch norm, three colours."""

    def layer(x: torch.Tensor, conv: str, norm: str, stride: int = 1, groups: int = 1) -> torch.Tensor:
        weight = state[f"{conv}.weight"]
        over = [max((-(-n // stride) - 1) * stride + weight.shape[-1] - n, 0) for n in x.shape[-2:]]
        x = F.pad(x, (over[1] // 2, over[1] - over[1] // 2, over[0] // 2, over[0] - over[0] // 2))
        mean, variance = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        y = F.conv2d(x, weight, None, stride, 0, 1, groups)
        return F.batch_norm(y, mean, variance, state[f"{norm}.weight"], state[f"{norm}.bias"], eps=EPSILON)

    x = F.relu6(layer((rgb - MIDDLE) / SPREAD, "_conv_stem", "_bn0", 2))
    maps, number = [], 0
    for stage in STAGES:
        for n in range(stage.blocks):
            block, y = f"_blocks.{number}", x
            if stage.wider > 1:
                y = F.relu6(layer(y, f"{block}._expand_conv", f"{block}._bn0"))
            stride = stage.stride if n == 0 else 1
            y = F.relu6(layer(y, f"{block}._depthwise_conv", f"{block}._bn1", stride, y.shape[1]))
            y = layer(y, f"{block}._project_conv", f"{block}._bn2")
            x, number = y + x if y.shape == x.shape else y, number + 1
        maps += [x] if stage.map else []
    return maps


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = tmp_path_factory.mktemp("lite") / "published.pth"
    torch.save(published(), path)
    net = LiteNet()
    net.load_state_dict(folded(path), strict=False)
    return net.eval().requires_grad_(False)


def test_it_is_the_published_network_on_gray_pictures(net):
    gray = torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(1)) * 255
    for ours, theirs in zip(net.raw(gray), as_published(published(), gray.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3 * float(theirs.abs().max()))


def test_other_published_files_are_refused(tmp_path):
    state = published()
    state["_blocks.3._bn1.weight"] = torch.zeros(5)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"other\.pth: not the published EfficientNet-Lite2.*_blocks\.3\._bn1"):
        folded(tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"no such file; unpack"):
        folded(tmp_path / "none.pth")


def test_in_bytes_it_says_nearly_the_same(net, tmp_path):
    save_things(tmp_path / "things.safetensors", net, {})
    again = load_things(tmp_path / "things.safetensors")
    gray = torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(1)) * 255
    for ours, theirs in zip(again(gray), net(gray), strict=True):
        assert float((ours * theirs).sum(1).mean()) > 0.95


def test_other_files_are_refused(net, tmp_path):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "things.safetensors"
    save_things(path, net, {})
    kept = load_file(path)
    save_file(kept, tmp_path / "bare.safetensors")
    with pytest.raises(WeightsError, match="not a things network"):
        load_things(tmp_path / "bare.safetensors")
    head = {"schema": "vidcolor.things/1", "config": "{}"}
    save_file({k: v for k, v in kept.items() if k != "stem.bias"}, tmp_path / "less.safetensors", metadata=head)
    with pytest.raises(WeightsError, match=r"(?s)do not fit its config.*stem\.bias"):
        load_things(tmp_path / "less.safetensors")
    kept["stages.6.0.widen.weight.scale"] = torch.ones(3)
    save_file(kept, tmp_path / "scales.safetensors", metadata=head)
    with pytest.raises(WeightsError, match="do not fit its scales"):
        load_things(tmp_path / "scales.safetensors")


@pytest.fixture(scope="module")
def shipped() -> Things:
    return Things()


@pytest.mark.parametrize("size", [(32, 48), (33, 47), (1, 1), (17, 100)])
def test_maps_are_of_unit_length_and_rounded_up(shipped, size):
    maps, share = shipped(np.linspace(20, 80, size[0] * size[1], dtype=np.float32).reshape(size))
    assert share == 1
    for stride, found in zip((4, 8, 16), maps, strict=True):
        assert found.shape[:2] == (-(-size[0] // stride), -(-size[1] // stride))
        assert np.allclose(np.linalg.norm(found, axis=2), 1, atol=1e-5)


def test_the_same_picture_gives_the_same_bytes_by_any_number_of_threads(shipped):
    light = np.linspace(0, 100, 96 * 128, dtype=np.float32).reshape(96, 128)
    light.setflags(write=False)  # as the plan keeps frames
    first = shipped(light)[0]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: shipped(light)[0], range(8)))
    for maps in zip(first, *answers, strict=True):
        assert all(np.array_equal(maps[0], m) for m in maps[1:])
    with pytest.raises(InputError, match="must be \\(H, W\\)"):
        shipped(light[None])


def test_the_shipped_weights_know_a_thing_again(shipped):
    """A face-like and a fence-like thing change places and are graded: each is more like itself than like the other."""
    import cv2

    def scene(first: int, second: int) -> np.ndarray:
        picture = np.full((96, 192), 45, np.float32)
        cv2.circle(picture, (first, 48), 30, 80, -1)
        for dx in (-12, 12):
            cv2.circle(picture, (first + dx, 40), 5, 10, -1)
        cv2.ellipse(picture, (first, 62), (14, 6), 0, 0, 180, 15, 3)
        for dx in range(-30, 31, 10):
            cv2.rectangle(picture, (second + dx - 2, 20), (second + dx + 2, 76), 85, -1)
        return cv2.GaussianBlur(picture, (0, 0), 1.0)

    one, two = scene(48, 144), scene(144, 48) * 0.8 + 8
    for stride, a, b in zip((4, 8, 16), shipped(one)[0], shipped(two.astype(np.float32))[0], strict=True):
        left, right = ([m[48 // stride, x // stride] for x in (48, 144)] for m in (a, b))
        assert left[0] @ right[1] > left[0] @ right[0] + 0.1
        assert left[1] @ right[0] > left[1] @ right[1] + 0.1


def test_grain_is_told_by_its_deviation_and_not_by_edges_and_slopes():
    slope = np.add.outer(np.arange(120), np.arange(160)).astype(np.float32) / 3
    slope[:, 80:] += 20
    assert grain_of(slope) < 0.05
    for deviation in (0.5, 2.0, 5.0):
        grain = np.random.default_rng(2).normal(0, deviation, slope.shape).astype(np.float32)
        assert grain_of(slope + grain) == pytest.approx(deviation, rel=0.1)


def test_in_grain_things_count_less_and_then_nothing_and_nothing_is_run(shipped, monkeypatch):
    slope = np.add.outer(np.arange(64), np.arange(96)).astype(np.float32) / 3
    grain = np.random.default_rng(3).normal(0, 1, slope.shape).astype(np.float32)
    (clean, full), (_, some) = shipped(slope), shipped(slope + 1.9 * grain)
    assert full == 1
    assert 0 < some < 1
    monkeypatch.setattr(shipped, "_net", lambda *_: pytest.fail("it was run"))
    worn, none = shipped(slope + 4 * grain)
    assert none == 0
    assert [m.shape for m in worn] == [m.shape for m in clean]
    assert not any(m.any() for m in worn)


def test_the_weights_are_small_and_their_licence_lies_beside_them():
    assert THINGS.stat().st_size < 5e6
    assert sum(file.stat().st_size for file in FOLDER.glob("*.safetensors")) <= 25e6
    text = (FOLDER / "things-LICENSE.txt").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Copyright (c) 2020, ML Illustrated" in text
