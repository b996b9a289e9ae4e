"""R'G'B' of delivered codes: luma decodes back to the film's own code wherever the picture has as many bits."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.color import LumaLock
from vidcolor.color.colorimetry import ap0_of
from vidcolor.color.rgb_codes import luma_back, rgb_codes, rgb_light
from vidcolor.color.scale import Scale
from vidcolor.types import ColorTags

WEIGHTS = {1: (0.2126, 0.0722), 6: (0.299, 0.114)}


def planes(bits: int, full: bool, matrix: int = 1) -> tuple[Scale, np.ndarray, np.ndarray, np.ndarray]:
    """Every luma code that a film of these bits has from black to white, under many colours."""
    scale, own = Scale(16, full), Scale(bits, full)
    codes = np.resize(np.arange(own.black, own.white + 1), (128, max(512, own.span // 100)))
    luma = np.rint(codes * (65535 / own.top)) if full else codes << (16 - bits)
    luma = luma.astype(np.uint16)
    chroma = np.random.default_rng(bits).normal(0, 45, (2, *luma.shape)).astype(np.float32)
    primaries = 1 if matrix == 1 else 6
    return scale, luma, *LumaLock(ColorTags(primaries, 1, matrix)).chroma_codes(luma, chroma, "444", scale)


@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("own", "bits"), [(8, 10), (10, 10), (10, 16), (12, 12), (12, 16), (16, 16)])
def test_luma_comes_back_code_for_code(own: int, bits: int, full: bool, matrix: int) -> None:
    scale, luma, cb, cr = planes(own, full, matrix)
    rgb = rgb_codes(luma, cb, cr, scale, WEIGHTS[matrix], bits)
    # an independent decoder: float64, and no shortcut of ours
    red, blue = WEIGHTS[matrix]
    y = rgb.astype(float) @ [red, 1 - red - blue, blue] / (2**bits - 1)
    step = 65535 / (2**own - 1) if full else 2 ** (16 - own)
    assert np.array_equal(np.rint((scale.black + y * scale.span) / step), np.rint(luma / step))
    found = luma_back(rgb, luma, scale, WEIGHTS[matrix], own, top=2**bits - 1)
    assert (found.changed, found.outside) == (0, 0)
    assert np.array_equal(found.luma, luma)
    assert found.largest == pytest.approx(np.abs((scale.black + y * scale.span - luma) / step).max(), abs=0.02)
    assert found.largest <= 0.5 * (1 - red - blue) * (2**own - 1) / (2**bits - 1) + 0.02


def test_fewer_bits_are_measured() -> None:
    scale, luma, cb, cr = planes(12, False)
    found = luma_back(rgb_codes(luma, cb, cr, scale, WEIGHTS[1], 10), luma, scale, WEIGHTS[1], 12, top=1023)
    assert 0.5 < found.largest < 1.3
    assert found.changed > 0.2 * luma.size


def test_beyond_black_and_white_codes_clip_and_light_does_not() -> None:
    scale = Scale(16)
    luma = (np.arange(1024, dtype=np.uint16) << 6).reshape(16, 64)
    gray = np.full_like(luma, 1 << 15)
    outside = 64 + (1023 - 940)
    clipped = luma_back(rgb_codes(luma, gray, gray, scale, WEIGHTS[1], 10), luma, scale, WEIGHTS[1], 10, top=1023)
    assert (clipped.changed, clipped.outside) == (outside, outside)
    light = luma_back(rgb_light(luma, gray, gray, scale, WEIGHTS[1], None), luma, scale, WEIGHTS[1], 10)
    assert (light.changed, light.outside) == (0, outside)


@pytest.mark.parametrize(("own", "full"), [(8, True), (10, False), (10, True), (12, False)])
def test_light_in_halves_keeps_luma_up_to_12_bits(own: int, full: bool) -> None:
    scale, luma, cb, cr = planes(own, full)
    light = rgb_light(luma, cb, cr, scale, WEIGHTS[1], None)
    assert luma_back(light, luma, scale, WEIGHTS[1], own).changed == 0
    values = light.astype(float)
    coded = np.where(values <= 0.0031308, 12.92 * values, 1.055 * np.abs(values) ** (1 / 2.4) - 0.055)
    y = coded @ [0.2126, 0.7152, 0.0722]
    step = 65535 / (2**own - 1) if full else 2 ** (16 - own)
    assert np.array_equal(np.rint((scale.black + y * scale.span) / step), np.rint(luma / step))


def test_aces_light_is_near_and_white_is_white() -> None:
    scale, luma, cb, cr = planes(10, False)
    matrix = ap0_of(1)
    assert np.allclose(matrix.sum(axis=1), 1)
    # BT.709's red in ACES 2065-1, adapted by Bradford, as the Academy's transforms have it
    assert np.allclose(matrix[:, 0], [0.43963, 0.08978, 0.01754], atol=2e-4)
    found = luma_back(rgb_light(luma, cb, cr, scale, WEIGHTS[1], matrix), luma, scale, WEIGHTS[1], 10, matrix=matrix)
    assert found.largest < 3  # halves
    assert found.changed < 0.02 * luma.size
