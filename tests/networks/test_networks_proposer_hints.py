"""networks/proposer_hints.py: a hint speaks for what looks like its place, its own place keeps it, the nearest wins."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from vidcolor.networks.lite_net import WIDTHS  # noqa: E402
from vidcolor.networks.proposer_hints import MOST, spoken  # noqa: E402

SIDE = 32
LEFT, RIGHT = (slice(None), slice(0, SIDE // 2)), (slice(None), slice(SIDE // 2, None))


def halves() -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Lightness and maps of a picture of two things, side by side."""
    light = torch.full((SIDE, SIDE), 40.0)
    light[RIGHT] = 70
    maps = []
    for width, down in zip(WIDTHS, (2, 4, 8), strict=True):
        unit = torch.zeros(width, SIDE // down, SIDE // down)
        unit[0, :, : SIDE // down // 2] = 1
        unit[1, :, SIDE // down // 2 :] = 1
        maps.append(unit)
    return light, maps


def hint(*at: tuple[int, int, float, float]) -> tuple[torch.Tensor, torch.Tensor]:
    share, chroma = torch.zeros(SIDE, SIDE), torch.zeros(2, SIDE, SIDE)
    for y, x, a, b in at:
        share[y, x] = 1
        chroma[:, y, x] = torch.tensor([a, b])
    return share, chroma


def test_a_hint_means_its_thing():
    told, colors = spoken(*hint((16, 4, 30.0, -20.0)), *halves())
    assert told[16, 4] == 1
    assert told[:, :14].min() > 0.5, "the whole thing is told"
    assert told[:, 19:].max() < 0.2, "the other is hardly"
    assert torch.allclose(colors[:, 5, 5], torch.tensor([30.0, -20.0]))


def test_of_two_hints_each_thing_takes_its_own():
    _, colors = spoken(*hint((16, 4, 30.0, 0.0), (16, 28, 0.0, 30.0)), *halves())
    assert (colors[0, :, :12] > 25).all()
    assert (colors[1, :, 20:] > 25).all()


def test_the_places_of_hints_keep_what_they_say_however_many_there_are():
    share, chroma = torch.zeros(SIDE, SIDE), torch.zeros(2, SIDE, SIDE)
    share[:20, :20] = 0.7
    assert int((share > 0).sum()) > MOST
    chroma[:, :20, :20] = torch.randn(2, 20, 20) * 20
    told, colors = spoken(share, chroma, *halves())
    assert torch.equal(told[:20, :20], share[:20, :20])
    assert torch.equal(colors[:, :20, :20], chroma[:, :20, :20])
    assert told[20:, :14].min() > 0.2


def test_nothing_said_is_nothing_told():
    told, colors = spoken(torch.zeros(SIDE, SIDE), torch.zeros(2, SIDE, SIDE), *halves())
    assert not told.any()
    assert not colors.any()
