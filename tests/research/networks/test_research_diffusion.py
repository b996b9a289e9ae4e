"""research/networks: Palette and Diffusart as published: sizes, schedules, samplers; what is told counts."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor.errors import InputError  # noqa: E402
from vidcolor.research.networks.denoiser import DenoiserConfig  # noqa: E402
from vidcolor.research.networks.diffusart import build_diffusart  # noqa: E402
from vidcolor.research.networks.diffusion import (  # noqa: E402
    BEGUN,
    DDPM,
    PALETTE_TEST,
    PALETTE_TRAIN,
    Schedule,
    drawn,
    drawn_gammas,
    noised,
    sampled,
    sampled_in_few,
)
from vidcolor.research.networks.drawers import within_strokes  # noqa: E402
from vidcolor.research.networks.palette import build_palette  # noqa: E402

TINY = DenoiserConfig(width=8, multiples=(1, 2), blocks=2, attention=(2,), dropout=0.0)


def awake(net: torch.nn.Module) -> torch.nn.Module:
    """A network whose zero layers say something."""
    for weight in net.parameters():
        if not weight.any():
            torch.nn.init.normal_(weight, std=0.2)
    return net.eval()


def test_sizes_are_the_published_ones():
    with torch.device("meta"):
        palette, diffusart = build_palette(), build_diffusart()
    assert sum(p.numel() for p in palette.parameters()) / 1e6 == pytest.approx(62, rel=0.05)
    assert palette.denoiser.down.enter.in_channels == 6
    assert diffusart.denoiser.down.enter.in_channels == 3 + 1 + 4, "lines and scribbles beside the noise"
    assert [len(level) for level in diffusart.denoiser.down.levels] == [2, 2, 2, 2]
    assert [len(level) for level in diffusart.encoder.levels] == [1, 1, 1, 1], "half of the blocks"


def test_schedules_are_the_published_ones():
    assert (PALETTE_TRAIN.steps, PALETTE_TEST.steps, DDPM.steps) == (2000, 1000, 1000)
    gammas = PALETTE_TEST.gammas
    assert float(gammas[1]) == pytest.approx(1 - 1e-4)
    assert float(gammas[-1] / gammas[-2]) == pytest.approx(1 - 0.09)
    assert float(PALETTE_TRAIN.gammas[-1]) < 1e-4
    random = torch.Generator().manual_seed(1)
    few = Schedule(2, 0.5, 0.5)
    on_steps = drawn_gammas(few, 50, random, between=False)
    assert {round(float(g), 4) for g in on_steps} == {0.5, 0.25}
    between = drawn_gammas(few, 50, random, between=True)
    assert len({float(g) for g in between}) > 40
    assert (between >= 0.25).all()


def test_gray_lines_and_scribbles_count():
    torch.manual_seed(1)
    x, gamma = torch.randn(2, 3, 16, 16), torch.tensor([0.3, 0.8])
    gray, other = torch.randn(2, 2, 3, 16, 16)
    palette = awake(build_palette(TINY))
    assert palette(x, gamma, gray).shape == x.shape
    assert (palette(x, gamma, gray) - palette(x, gamma, other)).abs().max() > 1e-3
    assert (palette(x, gamma, gray) - palette(x, gamma.flip(0), gray)).abs().max() > 1e-3
    diffusart = awake(build_diffusart(TINY))
    lines, scribbles = torch.randn(2, 1, 16, 16), torch.zeros(2, 4, 16, 16)
    bare = diffusart(x, gamma, lines, scribbles)
    assert (bare - diffusart(x, gamma, -lines, scribbles)).abs().max() > 1e-3
    scribbles[:, :, 4:6, 4:12] = 1
    assert (bare - diffusart(x, gamma, lines, scribbles)).abs().max() > 1e-4
    loss = diffusart(x, gamma, lines, scribbles).square().mean()
    loss.backward()
    assert diffusart.encoder.enter.weight.grad.abs().max() > 0, "the encoder is trained with the rest"


@pytest.mark.parametrize("schedule", [Schedule(60, 1e-3, 0.2), DDPM])
def test_who_knows_the_noise_is_led_to_the_picture(schedule):
    random = torch.Generator().manual_seed(2)
    truth = torch.rand(1, 3, 4, 4, generator=random) * 2 - 1

    def knows(x: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
        kept = gamma[:, None, None, None]
        return (x - kept.sqrt() * truth) / (1 - kept).sqrt()

    noise = torch.randn(truth.shape, generator=random)
    torch.testing.assert_close(sampled_in_few(knows, noise, schedule, 5), truth, atol=1e-3, rtol=0)
    torch.testing.assert_close(sampled(knows, noise, schedule, random), truth, atol=1e-3, rtol=0)


@pytest.mark.parametrize("schedule", [DDPM, PALETTE_TEST, Schedule(6, 0.1, 0.6), Schedule(4, 1e-4, 1e-4)])
def test_few_steps_are_laid_where_a_picture_is_among_the_noise(schedule):
    for steps in {1, 2, 3, 4, 20, 250, 700, 999} & {*range(1, schedule.steps)}:
        places = schedule.places(steps)
        assert (len(places), int(places[-1])) == (steps + 1, 0)
        assert (places[:-1] > places[1:]).all(), "no step twice"
        assert places[0] <= schedule.steps
    if schedule.steps == 1000:
        gammas = schedule.gammas[schedule.places(4)]
        assert float(gammas[0]) == pytest.approx(BEGUN, rel=0.05)
        angles = gammas.sqrt().arccos()
        torch.testing.assert_close(angles[:-1] - angles[1:], (angles[0] / 4).expand(4), rtol=0.1, atol=0)


def test_all_steps_are_as_published_fewer_have_no_new_noise_and_what_is_known_is_laid_over_each():
    schedule, asked = Schedule(6, 0.1, 0.6), []

    def guesses(x: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
        asked.append(float(gamma[0]))
        return 0.7 * x

    noise = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(4))

    def draw(steps: int, seed: int, mends=None) -> torch.Tensor:
        return drawn(guesses, noise, schedule, torch.Generator().manual_seed(seed), steps, mends)

    assert (draw(6, 1) - draw(6, 2)).abs().max() > 0.01
    assert len(asked) == 12
    torch.testing.assert_close(draw(3, 1), draw(3, 2), rtol=0, atol=0)
    assert len(asked) == 18
    mended = []
    for steps in (6, 3):
        made = draw(steps, 1, lambda clean: mended.append(1) or torch.full_like(clean, 0.25))
        torch.testing.assert_close(made, torch.full_like(made, 0.25))
    assert len(mended) == 9


def test_sizes_that_cannot_be_built_are_refused():
    for wrong in ({"width": 7}, {"multiples": ()}, {"multiples": (1,) * 9}, {"width": 100, "multiples": (1,)}):
        with pytest.raises(InputError, match="width|multiples"):
            DenoiserConfig(**wrong)


def test_strokes_keep_colour_and_place_at_another_size():
    colors, share = np.zeros((3, 40, 60), np.float32), np.zeros((40, 60), np.float32)
    share[20:22, 10:50] = 1
    colors[:, 20:22, 10:50] = np.array([0.9, 0.2, 0.1], np.float32)[:, None, None]
    there, painted = within_strokes(share, colors, (10, 15))
    assert there[5, 3:12].min() == 1
    assert there.sum() <= 12
    np.testing.assert_allclose(painted[:, 5, 6], [0.9, 0.2, 0.1], atol=1e-5)
    there, painted = within_strokes(share, colors, (80, 120))
    assert there[41, 50] == 1
    np.testing.assert_allclose(painted[:, 41, 50], [0.9, 0.2, 0.1], atol=1e-5)


def test_noise_has_the_variance_that_gamma_says():
    random = torch.Generator().manual_seed(3)
    x = noised(torch.zeros(2, 3, 64, 64), torch.randn(2, 3, 64, 64, generator=random), torch.tensor([0.9, 0.1]))
    assert x.var((1, 2, 3)).tolist() == pytest.approx([0.1, 0.9], rel=0.05)
