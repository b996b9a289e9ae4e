"""The published networks at a tiny size: shapes, gradients, batches, odd sizes, ablations, and the blocks inside."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor import color  # noqa: E402
from vidcolor.errors import InputError  # noqa: E402
from vidcolor.research.networks import lab, unet  # noqa: E402
from vidcolor.research.networks.attention import Regions, SuperAttention, correlation, pool  # noqa: E402
from vidcolor.research.networks.critic import build_critic, gradient_penalty  # noqa: E402
from vidcolor.research.networks.exemplar import ExemplarConfig, Superpixels, build_exemplar, every_place  # noqa: E402
from vidcolor.research.networks.exemplar_masked import MaskedExemplarConfig, build_masked_exemplar  # noqa: E402
from vidcolor.research.networks.unet import UNetConfig, build_unet  # noqa: E402
from vidcolor.research.networks.vgg_encoder import VggConfig, VggEncoder  # noqa: E402

TINY = VggConfig((4, 6, 8, 10, 12), (1, 2, 1, 1, 1))
EXEMPLAR = ExemplarConfig(vgg=TINY, convolutions=1, temperature=0.1)
MASKED = MaskedExemplarConfig(vgg=TINY, convolutions=1, temperature=0.1)
SIZE, OTHER = (35, 50), (33, 40)


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        yield


def made_lab(batch, size):
    """Random CIELAB pictures inside the cube, smooth enough for the labels to mean something."""
    rgb = torch.nn.functional.interpolate(torch.rand(batch, 3, 5, 5), size=size, mode="bilinear", align_corners=False)
    return lab.rgb_to_lab(rgb)


def blocky(batch, size, levels=4, side=3):
    """Square superpixels, at each level half as large in pixels of the picture."""
    labels, counts = [], []
    for k in range(levels):
        height, width = (-(-n // 2**k) for n in size)
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        across = -(-width // side)
        labels.append(((y // side) * across + x // side).expand(batch, -1, -1).clone())
        counts.append(int(labels[-1].max()) + 1)
    return Superpixels(tuple(labels), tuple(counts))


def picked(superpixels, k):
    return Superpixels(tuple(x[k : k + 1] for x in superpixels.labels), superpixels.counts)


def inputs(batch=2, size=SIZE, other=OTHER):
    return made_lab(batch, size)[:, :1], blocky(batch, size), made_lab(batch, other), blocky(batch, other)


def networks():
    yield "unet", build_unet(UNetConfig(vgg=TINY)), lambda net, x: net(x[0] / 100)
    for attention in ("super", "bottleneck", "none"):
        config = ExemplarConfig(attention, vgg=TINY, convolutions=1, temperature=0.1)
        yield f"exemplar-{attention}", build_exemplar(config), lambda net, x: net(*x)
    for attention in ("super", "none"):
        config = MaskedExemplarConfig(attention, vgg=TINY, convolutions=1, temperature=0.1)
        yield f"masked-{attention}", build_masked_exemplar(config), lambda net, x: net(*x)


NETWORKS = ["unet", "exemplar-super", "exemplar-bottleneck", "exemplar-none", "masked-super", "masked-none"]


@pytest.fixture(params=NETWORKS)
def network(request):
    return next((net, run) for name, net, run in networks() if name == request.param)


@pytest.mark.parametrize("size", [(1, 1), (16, 32), (35, 50)])
def test_any_size_comes_out_at_its_size(network, size):
    net, run = network
    answer = run(net.eval(), inputs(1, size))
    assert answer.shape == (1, 2, *size)
    assert answer.dtype == torch.float32
    assert answer.isfinite().all()
    assert answer.abs().max() <= unet.REACH


def test_gradients_reach_every_weight_that_is_trained(network):
    net, run = network
    run(net.train(), inputs()).square().mean().backward()
    for name, weight in net.named_parameters():
        if not weight.requires_grad:
            assert name.startswith("colors."), name
            continue
        assert weight.grad is not None, name
        assert weight.grad.abs().max() > 0, name


def test_a_batch_is_its_pictures(network):
    net, run = network
    whole = inputs(2)
    net.eval()
    parts = []
    for k in range(2):
        one = (whole[0][k : k + 1], picked(whole[1], k), whole[2][k : k + 1], picked(whole[3], k))
        parts.append(run(net, one))
    torch.testing.assert_close(run(net, whole), torch.cat(parts), rtol=1e-3, atol=1e-3)


def test_the_published_size_is_the_default():
    with torch.device("meta"):
        encoder, ours = VggEncoder(), build_exemplar()
        both = build_masked_exemplar()
    assert sum(len(names) for names in encoder.config.names) == 16
    # VGG-19's 16 convolutions, from its publication's table 2 (144 M with its three dense layers of 123.6 M).
    assert sum(p.numel() for p in encoder.parameters()) == 20_024_384
    assert [block.query.in_channels for block in ours.blocks] == [64, 128, 256]
    assert not any(p.requires_grad for p in ours.colors.parameters())
    assert [block.query.in_channels for block in both.blocks] == [64, 128, 256, 512]
    assert all(p.requires_grad for p in both.colors.parameters())


def test_a_reference_matters_unless_it_is_left_out():
    one = inputs(1)
    other = (one[0], one[1], made_lab(1, OTHER), one[3])
    for name, net, run in networks():
        if name != "unet":
            same = torch.equal(run(net.eval(), one), run(net, other))
            assert same == name.endswith("none"), name


def test_a_block_starts_as_the_features_likeness():
    """Eq. 4.5: query and key are the features themselves before any training."""
    net = build_exemplar(EXEMPLAR).eval()
    light, pixels, reference, others = inputs(1)
    maps = [net.encoder(lab.for_imagenet(lab.gray_of(x)))[0] for x in (light, reference[:, :1])]
    supers = [pool(m, p.labels[0], p.counts[0]) for m, p in zip(maps, (pixels, others), strict=True)]
    expected = (correlation(*supers) / EXEMPLAR.temperature).softmax(-1)
    from vidcolor.research.networks.attention import Side

    sides = [Side(m, p.labels[0], p.counts[0]) for m, p in zip(maps, (pixels, others), strict=True)]
    found = net.blocks[0](*sides, maps[1]).weights
    torch.testing.assert_close(found, expected)


def test_every_place_a_superpixel_is_ordinary_attention():
    block = SuperAttention(5, 6, 4, 3, temperature=0.1)
    target, reference, colors = torch.randn(2, 5, 3, 4), torch.randn(2, 5, 2, 6), torch.randn(2, 6, 2, 6)
    found = block(every_place(target), every_place(reference), colors).picture
    for b in range(2):
        query = block.query.weight[..., 0] @ target[b].flatten(1)
        key = block.key.weight[..., 0] @ reference[b].flatten(1)
        value = block.value.weight[..., 0] @ colors[b].flatten(1) + block.value.bias[:, None]
        query, key = (x - x.mean(0) for x in (query, key))
        score = (query / query.norm(dim=0)).T @ (key / key.norm(dim=0)) / 0.1
        torch.testing.assert_close(found[b], (value @ score.softmax(-1).T).reshape(3, 3, 4), rtol=1e-4, atol=1e-5)


def all_in(superpixels, others, region):
    """Regions that hold every superpixel, or none."""
    batch = superpixels.labels[0].shape[0]
    return [
        Regions(torch.full((batch, n), region), torch.ones(batch, 1, m, dtype=torch.bool))
        for n, m in zip(superpixels.counts, others.counts, strict=True)
    ]


def test_without_regions_the_masked_network_is_super_attention_exactly():
    net = build_masked_exemplar(MASKED).eval()
    x = inputs(2)
    plain = net(*x)
    assert torch.equal(plain, net(*x, all_in(x[1], x[3], -1)))
    assert torch.equal(plain, net(*x, all_in(x[1], x[3], 0)))
    # The same blocks as plain super-attention, in their place.
    for k, block in enumerate(net.blocks):
        same = SuperAttention(*(TINY.widths[k],) * 4, temperature=0.1)
        same.load_state_dict(block.state_dict())
        net.blocks[k] = same
        same.forward = lambda *args, own=same: SuperAttention.forward(own, *args[:3])
    assert torch.equal(plain, net(*x))


def test_a_region_takes_from_its_own_region_alone():
    net = build_masked_exemplar(MASKED).eval()
    light, pixels, reference, others = inputs(1)
    regions = []
    for k in range(4):
        left = torch.zeros(1, 1, others.counts[k], dtype=torch.bool)
        left[0, 0, others.labels[k][0, :, : -(-16 // 2**k)].unique()] = True
        regions.append(Regions(torch.zeros(1, pixels.counts[k], dtype=torch.int64), left))
    from vidcolor.research.networks.attention import MaskedSuperAttention

    seen = []
    for block in net.blocks:
        block.register_forward_hook(lambda _, __, out: seen.append(out.weights))
    net(light, pixels, reference, others, regions)
    assert len(seen) == 4
    assert all(isinstance(block, MaskedSuperAttention) for block in net.blocks)
    for weights, region in zip(seen, regions, strict=True):
        outside = weights[0][:, ~region.reference[0, 0]]
        assert outside.numel() == 0 or outside.max() == 0


def test_too_few_levels_of_superpixels_are_refused():
    x = inputs(1)
    few = Superpixels(x[1].labels[:2], x[1].counts[:2])
    with pytest.raises(InputError, match="superpixels of 2 levels; the network attends at 3"):
        build_exemplar(EXEMPLAR)(x[0], few, x[2], x[3])
    net = build_masked_exemplar(MASKED)
    with pytest.raises(InputError, match="regions of 3 levels; the network attends at 4"):
        net(*x, all_in(x[1], x[3], -1)[:3])


def test_published_weights_fill_what_fits_and_balance_keeps_likenesses():
    full, narrow = VggEncoder(VggConfig((4, 6, 8), (1, 2, 1))), VggEncoder(VggConfig((4, 6, 9), (1, 2, 1)))
    assert narrow.fill(dict(full.state_dict())) == ["conv1_1", "conv2_1", "conv2_2"]
    assert full.fill({}) == []
    picture = torch.randn(2, 3, 33, 20)
    full.requires_grad_(False)
    before = full(picture)
    full.balance(picture)
    for old, new in zip(before, full(picture), strict=True):
        assert float(new.square().mean().sqrt()) == pytest.approx(1, rel=1e-4)
        torch.testing.assert_close(new / new.norm(), old / old.norm(), rtol=1e-3, atol=1e-5)


def test_lab_of_tensors_is_the_house_lab_there_and_back():
    rgb = torch.rand(2, 3, 6, 7)
    found = lab.rgb_to_lab(rgb)
    for one, picture in zip(found, rgb, strict=True):
        np.testing.assert_allclose(one.numpy(), color.rgb_to_lab(picture.numpy()), atol=2e-2)
    torch.testing.assert_close(lab.lab_to_rgb(found), rgb, atol=1e-4, rtol=1e-4)
    wide = torch.randn(1, 3, 4, 4) * 60
    wide.requires_grad_()
    lab.lab_to_rgb(wide).sum().backward()
    assert wide.grad.isfinite().all()
    gray = torch.linspace(0, 100, 9).view(1, 1, 3, 3)
    straight = lab.lab_to_rgb(torch.cat([gray, 0 * gray, 0 * gray], 1))
    torch.testing.assert_close(lab.gray_of(gray).expand(-1, 3, -1, -1), straight, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("space", ["rgb", "yuv", "lab"])
def test_each_space_there_and_back(space):
    """The right answer painted is the picture itself, within -1..1."""
    truth = made_lab(2, (9, 12))
    gray, answer = unet.shown(space, truth), unet.wanted(space, truth)
    assert answer.shape[1] == unet.CHANNELS[space]
    assert answer.abs().max() <= 1
    rgb = unet.painted(space, truth[:, :1], gray, answer)
    torch.testing.assert_close(rgb, lab.lab_to_rgb(truth), atol=1e-3, rtol=1e-3)
    net = build_unet(UNetConfig(space, TINY))
    assert net(gray).shape == answer.shape
    strongest = lab.rgb_to_lab(torch.eye(3)[..., None, None])
    assert unet.wanted(space, strongest).abs().max() <= 1 + 1e-4


def test_the_critic_judges_each_picture_and_its_penalty_is_its_slope():
    critic = build_critic(2, 4)
    gray, real, made = torch.rand(3, 1, 17, 20), torch.rand(3, 2, 17, 20) - 0.5, torch.rand(3, 2, 17, 20) - 0.5
    whole = critic(gray, real)
    torch.testing.assert_close(whole, torch.cat([critic(gray[k : k + 1], real[k : k + 1]) for k in range(3)]))
    shares = torch.tensor([0.0, 0.5, 1.0])
    slopes = []
    for k in range(3):
        x = (made[k] + shares[k] * (real[k] - made[k]))[None].requires_grad_()
        critic(gray[k : k + 1], x).sum().backward()
        slopes.append((float(x.grad.norm()) - 1) ** 2)
    penalty = gradient_penalty(critic, gray, real, made, shares)
    assert float(penalty.detach()) == pytest.approx(np.mean(slopes), rel=1e-4)
    critic.zero_grad()
    penalty.backward()
    assert all(p.grad is not None for n, p in critic.named_parameters() if n.endswith("weight"))
