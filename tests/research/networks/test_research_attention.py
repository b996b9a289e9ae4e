"""Super-features and super-attention against direct loops in float64, with gradients, batches and odd sizes."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from vidcolor.errors import InputError  # noqa: E402
from vidcolor.research.networks.attention import (  # noqa: E402
    MaskedSuperAttention,
    Regions,
    Side,
    SuperAttention,
    correlation,
    pixels_of,
    pool,
    unpool,
)

SIZES = [(1, 1), (5, 7), (13, 4)]
CLOSE = {"rtol": 1e-10, "atol": 1e-12}
"""Sums of a few hundred float64 in another order."""


def made(batch: int, channels: int, size: tuple[int, int], count: int, seed: int = 0):
    """Features with gradients and labels, some negative, label 1 never used."""
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(batch, channels, *size, dtype=torch.float64, generator=random).requires_grad_()
    labels = torch.randint(-1, count, (batch, *size), generator=random)
    labels[labels == 1] = 0
    labels[:, 0, 0] = 0
    return features, labels


def looped_pool(features, labels, count):
    rows = []
    for b in range(features.shape[0]):
        for n in range(count):
            inside = [
                features[b, :, y, x]
                for y in range(labels.shape[1])
                for x in range(labels.shape[2])
                if labels[b, y, x] == n
            ]
            rows.append(sum(inside) / len(inside) if inside else features.new_zeros(features.shape[1]))
    return torch.stack(rows).unflatten(0, (features.shape[0], count)).transpose(1, 2)


def looped_unpool(values, labels):
    rows = [
        values[b, :, int(labels[b, y, x])] if labels[b, y, x] >= 0 else values.new_zeros(values.shape[1])
        for b in range(labels.shape[0])
        for y in range(labels.shape[1])
        for x in range(labels.shape[2])
    ]
    return torch.stack(rows).unflatten(0, labels.shape).permute(0, 3, 1, 2)


def looped_attention(block, target, reference, colors, allowed):
    """The equations one superpixel at a time; `allowed(b, i, j)`."""
    looks, keys, values = (
        looped_pool(*given)
        for given in (
            (target.features, target.labels, target.count),
            (reference.features, reference.labels, reference.count),
            (colors, reference.labels, reference.count),
        )
    )
    batch = []
    for b in range(looks.shape[0]):
        rows = []
        for i in range(target.count):
            scores = []
            for j in range(reference.count):
                q, k = block.query.weight[..., 0] @ looks[b, :, i], block.key.weight[..., 0] @ keys[b, :, j]
                q, k = q - q.mean(), k - k.mean()
                size = (q.norm() if q.norm() > 0 else 1) * (k.norm() if k.norm() > 0 else 1)
                used = bool((reference.labels[b] == j).any()) and allowed(b, i, j)
                scores.append(q @ k / size / block.temperature if used else q.new_tensor(-math.inf))
            weights = torch.stack(scores).softmax(0)
            projected = block.value.weight[..., 0] @ values[b] + block.value.bias[:, None]
            rows.append(projected @ weights)
        batch.append(torch.stack(rows, 1))
    return looped_unpool(torch.stack(batch), target.labels)


def gradients(result, inputs):
    """Of a sum that tells the elements apart."""
    weights = torch.sin(torch.arange(result.numel(), dtype=result.dtype)).reshape(result.shape)
    return torch.autograd.grad((result * weights).sum(), inputs, allow_unused=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("batch", [1, 3])
def test_pool_is_the_mean_of_each_superpixel(size, batch):
    features, labels = made(batch, 3, size, 4)
    fast, slow = pool(features, labels, 4), looped_pool(features, labels, 4)
    torch.testing.assert_close(fast, slow, **CLOSE)
    torch.testing.assert_close(gradients(fast, [features]), gradients(slow, [features]), **CLOSE)
    assert not fast[:, :, 1].any()


@pytest.mark.parametrize("size", SIZES)
def test_unpool_gives_each_pixel_its_superpixels_value(size):
    _, labels = made(2, 3, size, 4)
    values = torch.randn(2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    fast, slow = unpool(values, labels), looped_unpool(values, labels)
    torch.testing.assert_close(fast, slow, **CLOSE)
    torch.testing.assert_close(gradients(fast, [values]), gradients(slow, [values]), **CLOSE)


def test_there_and_back():
    values = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(5).repeat(2, 4, 3)
    torch.testing.assert_close(pool(unpool(values, labels), labels, 5), values)
    assert pixels_of(labels, 6).tolist() == [[12] * 5 + [0]] * 2


def test_the_same_as_the_frames_own_pooling():
    import numpy as np

    from vidcolor.superpixels import pool as frames

    features, labels = made(1, 4, (9, 11), 6)
    numpy = frames.pool(features.detach()[0].numpy().astype(np.float32), labels[0].numpy().astype(np.int32), 6)
    torch.testing.assert_close(pool(features.detach().float(), labels, 6)[0], torch.from_numpy(numpy))


def test_half_precision_is_summed_in_single():
    ones = torch.ones(1, 1, 64, 64, dtype=torch.bfloat16)
    assert pool(ones, torch.zeros(1, 64, 64, dtype=torch.int64), 1).item() == 1  # bfloat16 sums stop at 256.


def test_correlation_is_pearsons():
    import numpy as np

    random = torch.Generator().manual_seed(2)
    one, two = (torch.randn(1, 8, n, dtype=torch.float64, generator=random) for n in (3, 4))
    truth = np.corrcoef(one[0].T.numpy(), two[0].T.numpy())[:3, 3:]
    torch.testing.assert_close(correlation(one, two)[0], torch.from_numpy(truth), **CLOSE)
    assert correlation(torch.ones(1, 8, 2), two.float()).isfinite().all()


def scene(batch: int, kind=SuperAttention):
    """A block and two pictures of different, odd sizes and numbers of superpixels."""
    torch.manual_seed(3)
    block = kind(4, 3, 5, 2, temperature=0.3).double()
    looks, labels = made(batch, 4, (5, 7), 4, seed=4)
    others, places = made(batch, 4, (6, 3), 5, seed=5)
    colors, _ = made(batch, 3, (6, 3), 5, seed=6)
    return block, Side(looks, labels, 4), Side(others, places, 5), colors


@pytest.mark.parametrize("batch", [1, 2])
def test_super_attention_is_its_equations(batch):
    block, target, reference, colors = scene(batch)
    fast = block(target, reference, colors)
    slow = looped_attention(block, target, reference, colors, lambda *_: True)
    torch.testing.assert_close(fast.picture, slow, **CLOSE)
    inputs = [target.features, reference.features, colors, *block.parameters()]
    torch.testing.assert_close(gradients(fast.picture, inputs), gradients(slow, inputs), rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(fast.weights.sum(-1), torch.ones(batch, 4, dtype=torch.float64))
    assert not fast.weights[..., 1].any()  # No pixel of the reference has label 1.


def test_a_batch_is_its_pictures():
    block, target, reference, colors = scene(2)
    both = block(target, reference, colors).picture
    for b in (0, 1):
        part = slice(b, b + 1)
        alone = block(
            Side(target.features[part], target.labels[part], 4),
            Side(reference.features[part], reference.labels[part], 5),
            colors[part],
        )
        torch.testing.assert_close(alone.picture, both[part], **CLOSE)


REGION = torch.tensor([[0, 1, 1, -1], [2, -1, 0, 0]])
SEEN = torch.tensor([[[1, 0, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]] * 2).bool()


def test_masked_super_attention_keeps_to_its_regions():
    block, target, reference, colors = scene(2, MaskedSuperAttention)

    def allowed(b, i, j):
        region = int(REGION[b, i])
        # Region 2 has nothing in the reference, so it sees all of it, as those in no region do.
        return region < 0 or region == 2 or bool(SEEN[b, region, j])

    fast = block(target, reference, colors, Regions(REGION, SEEN))
    slow = looped_attention(block, target, reference, colors, allowed)
    torch.testing.assert_close(fast.picture, slow, **CLOSE)
    inputs = [target.features, reference.features, colors, *block.parameters()]
    torch.testing.assert_close(gradients(fast.picture, inputs), gradients(slow, inputs), rtol=1e-8, atol=1e-10)
    assert not fast.weights[0, 0, 3:].any()


def test_without_regions_it_is_super_attention():
    block, target, reference, colors = scene(2, MaskedSuperAttention)
    plain = SuperAttention(4, 3, 5, 2, temperature=0.3).double()
    plain.load_state_dict(block.state_dict())
    truth = plain(target, reference, colors)
    nowhere = Regions(torch.full((2, 4), -1), torch.zeros(2, 1, 5, dtype=torch.bool))
    for regions in (None, nowhere):
        answer = block(target, reference, colors, regions)
        assert torch.equal(answer.picture, truth.picture)
        assert torch.equal(answer.weights, truth.weights)


def test_colours_come_from_the_look_alike():
    """Two kinds of superpixels: each takes the colour of its own kind."""
    block = SuperAttention(2, 1, 2, 1)
    with torch.no_grad():
        for layer in (block.query, block.key):
            layer.weight.copy_(torch.eye(2)[..., None])
        block.value.weight.fill_(1)
        block.value.bias.zero_()
    kinds = torch.tensor([[0, 1, 1, 0]])
    features = torch.stack([kinds == 0, kinds == 1], 1).float()[:, :, None]
    labels = torch.arange(4)[None, None]
    colors = torch.where(kinds == 0, 5.0, -5.0)[:, None, None]
    flipped = Side(features.flip(-1), labels, 4)
    answer = block(flipped, Side(features, labels, 4), colors)
    torch.testing.assert_close(answer.picture, colors.flip(-1))


def test_refusals():
    block, target, reference, colors = scene(1, MaskedSuperAttention)
    with pytest.raises(InputError, match="do not fit labels"):
        pool(target.features, reference.labels, 4)
    with pytest.raises(InputError, match="give \\(B, C, N\\)"):
        unpool(torch.zeros(3, 4), target.labels)
    with pytest.raises(InputError, match="do not fit 4 and 5 superpixels"):
        block(target, reference, colors, Regions(REGION[:1], SEEN[:1, :, :4]))
