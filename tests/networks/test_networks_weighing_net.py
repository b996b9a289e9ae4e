"""networks/weighing_net.py: guesses made one chroma."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor.confidence import ABSENT  # noqa: E402
from vidcolor.errors import InputError, WeightsError  # noqa: E402
from vidcolor.networks.weighing_net import SHARPNESS, WeighingConfig  # noqa: E402
from vidcolor.research.networks.ours import WeighingNet  # noqa: E402

TINY = WeighingConfig(("one", "two", "three"), 2, 8, (16, 16, 16, 16), (4, 4, 4))


def inputs(batch: int, size: tuple[int, int], seed: int = 0) -> list:
    random = torch.Generator().manual_seed(seed)
    light = torch.rand(batch, 1, *size, generator=random) * 100
    maps = [torch.randn(batch, 4, -(-size[0] // s), -(-size[1] // s), generator=random) for s in (4, 8, 16)]
    evidence = torch.randn(batch, 3, 4, *size, generator=random) * 10
    return [light, maps, evidence, torch.rand(batch, 3, *size, generator=random) * 10 + 1]


def net(seed: int = 1, *, stirred: bool = True) -> WeighingNet:
    torch.manual_seed(seed)
    made = WeighingNet(TINY).eval()
    if stirred:  # Where everything is zero at first, nothing would be tested.
        for weight in made.parameters():
            torch.nn.init.normal_(weight, std=0.05)
    return made


def test_it_begins_as_the_rule():
    light, maps, evidence, error = inputs(2, (32, 48))
    error = 0.5 + (error - 1) / 20  # far below what its own colour begins with
    chroma, expected, weights = net(stirred=False)(light, maps, evidence, error)
    rule = error**-SHARPNESS / (error**-SHARPNESS).sum(1, keepdim=True)
    assert torch.allclose(chroma, torch.einsum("bshw,bschw->bchw", rule, evidence[:, :, :2]), atol=0.05)
    assert torch.allclose(expected, (error**-SHARPNESS).sum(1) ** (-1 / SHARPNESS), rtol=1e-4)
    assert torch.allclose(weights.sum(1), torch.ones(2, 32, 48), atol=1e-5)


def test_two_pictures_are_as_one_and_one():
    both = inputs(2, (32, 48))
    first = [[m[:1] for m in x] if isinstance(x, list) else x[:1] for x in both]
    for together, alone in zip(net()(*both), net()(*first), strict=True):
        assert torch.allclose(together[:1], alone, atol=1e-4)


def test_it_answers_alike_while_it_is_trained_and_when_it_is_used():
    made = net().to(memory_format=torch.channels_last)
    trained = made(*inputs(1, (35, 48)))
    with torch.inference_mode():
        used = made(*inputs(1, (35, 48)))
    for one, other in zip(trained, used, strict=True):
        assert torch.allclose(one.detach(), other, atol=1e-5)


@pytest.mark.parametrize("size", [(16, 16), (17, 35), (60, 41)])
def test_any_size_will_do(size):
    chroma, expected, weights = net()(*inputs(1, size))
    assert chroma.shape == (1, 2, *size)
    assert expected.shape == (1, *size)
    assert weights.shape == (1, 4, *size)


def test_an_absent_slot_says_nothing():
    light, maps, evidence, error = inputs(1, (32, 32))
    error[:, 1] = ABSENT
    evidence[:, 1] = 0
    before = net()(light, maps, evidence, error)[0]
    assert net()(light, maps, evidence, error)[2][:, 1].max() < 0.01
    evidence[:, 1, :2] = 0.001
    assert torch.allclose(net()(light, maps, evidence, error)[0], before, atol=1e-2)


def test_gradients_reach_every_parameter():
    made = net()
    answer = made.answer(*inputs(2, (32, 32)))
    (answer.chroma.square().mean() + answer.error.mean() + answer.own.square().mean()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in made.parameters())


def test_a_choice_between_guesses_can_be_learned():
    """The second guess is right where it is dark, the first elsewhere: the signals do not say so, L* does."""
    made = net(stirred=False).train()
    optimizer = torch.optim.Adam(made.parameters(), 1e-2)
    losses = []
    for step in range(60):
        light, maps, evidence, _ = inputs(2, (32, 32), step)
        error = torch.full((2, 3, 32, 32), 3.0)
        truth = torch.where(light < 50, evidence[:, 1, :2], evidence[:, 0, :2])
        loss = (made.answer(light, maps, evidence, error).chroma - truth).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_other_evidence_is_refused():
    light, maps, evidence, error = inputs(1, (16, 16))
    with pytest.raises(InputError, match="3 slots of 4"):
        net()(light, maps, evidence[:, :2], error[:, :2])


def hearing() -> WeighingNet:
    """A stirred network that hears two planes of claims."""
    torch.manual_seed(2)
    made = WeighingNet(replace(TINY, claims=2)).eval()
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    return made


def test_claims_change_what_is_believed_and_only_where_they_are():
    given = inputs(1, (32, 48))
    quiet, loud = torch.zeros(1, 2, 32, 48), torch.zeros(1, 2, 32, 48)
    loud[..., :20] = 1
    before, after = (hearing()(*given, claims) for claims in (quiet, loud))
    for one, other in zip(before, after, strict=True):
        assert (one - other)[..., :20].abs().max() > 1e-3
        assert torch.equal(one[..., 20:], other[..., 20:])


def test_a_network_begins_deaf_to_claims():
    deaf, made = net(), WeighingNet(replace(TINY, claims=2)).eval()
    made.load_state_dict(deaf.state_dict() | made.late.state_dict(prefix="late."))
    given = inputs(1, (32, 48))
    for one, other in zip(deaf(*given), made(*given, torch.rand(1, 2, 32, 48)), strict=True):
        assert torch.equal(one, other)


def test_other_claims_are_refused():
    given = inputs(1, (16, 16))
    for made, claims in ((hearing(), None), (hearing(), torch.zeros(1, 3, 16, 16)), (net(), torch.zeros(1, 2, 16, 16))):
        with pytest.raises(InputError, match="claims"):
            made(*given, claims)


def test_a_file_gives_the_network_back_and_others_are_refused(tmp_path):
    safe_open = pytest.importorskip("safetensors").safe_open
    from vidcolor.networks.load import load_features
    from vidcolor.networks.load import load_weighing as load_for_use
    from vidcolor.research.networks.files import load_weighing, save_weighing

    path = tmp_path / "x.safetensors"
    made = net()
    save_weighing(path, made, {"step": 3})
    back = load_weighing(path)
    assert back.config == TINY
    with safe_open(path, "pt") as file:
        assert file.metadata()["step"] == "3"
    given = inputs(1, (16, 16))
    assert torch.allclose(back(*given)[0], made(*given)[0], atol=0.1)
    with pytest.raises(WeightsError, match="needed: other"):
        load_for_use(path, ("other",))
    with pytest.raises(WeightsError, match="not a features network"):
        load_features(path)
