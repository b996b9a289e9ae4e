"""Finish: the join, the luma handed through, exact keyframes, dissolves."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidcolor.color import LumaLock, delta_e, lab_to_rgb, rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.finish import enlarge, finish, mix
from vidcolor.settings import FinishSettings
from vidcolor.types import ColorFrame, ColorTags, SourceFrame

DATA = Path(__file__).parents[2] / "shared/data"
LOCK = LumaLock(ColorTags())
SETTINGS = FinishSettings()


def luma_codes(rgb: np.ndarray) -> np.ndarray:
    return np.rint(64 + 876 * np.tensordot([0.2126, 0.7152, 0.0722], rgb.astype(np.float64), 1)).astype(np.uint16)


def shown_lab(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray) -> np.ndarray:
    y = (luma.astype(np.float64) - 64) / 876
    r, b = y + 1.5748 * (cr.astype(int) - 512) / 896, y + 1.8556 * (cb.astype(int) - 512) / 896
    g = (y - 0.2126 * r - 0.0722 * b) / 0.7152
    return rgb_to_lab(np.clip(np.stack([r, g, b]), 0, 1).astype(np.float32))


def colors(chroma: np.ndarray, index: int = 7) -> ColorFrame:
    return ColorFrame(index, chroma.astype(np.float32), np.ones(chroma.shape[1:], np.float32))


def reduced(chroma: np.ndarray, times: float) -> np.ndarray:
    size = (round(chroma.shape[2] / times), round(chroma.shape[1] / times))
    return np.stack([cv2.resize(c, size, interpolation=cv2.INTER_AREA) for c in chroma])


def bilinear(chroma: np.ndarray, luma: np.ndarray) -> np.ndarray:
    return np.stack([cv2.resize(c, luma.shape[::-1], interpolation=cv2.INTER_LINEAR) for c in chroma])


def near_edges(lab: np.ndarray) -> np.ndarray:
    """The tenth of the picture that changes most, and a pixel around it."""
    steep = sum(np.hypot(*np.gradient(channel)) for channel in lab)
    return cv2.dilate((steep > np.percentile(steep, 90)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def errors(chroma: np.ndarray, lab: np.ndarray, rgb: np.ndarray) -> tuple[float, float]:
    """PSNR in dB and CIEDE2000 near edges, under the true lightness."""
    result = lab_to_rgb(np.concatenate([lab[:1], chroma]))
    away = delta_e(rgb_to_lab(result), lab)
    return float(-10 * np.log10(np.mean((result - rgb) ** 2))), float(away[near_edges(lab)].mean())


def made_picture(side: int = 192) -> np.ndarray:
    """R'G'B' of overlapping discs with fine grain in their lightness."""
    rng = np.random.default_rng(11)
    down, right = np.mgrid[:side, :side].astype(np.float32)
    lab = np.stack([45 + 8 * np.sin(right / 30), np.full_like(right, 8), np.full_like(right, -12)])
    for _ in range(9):
        x, y, radius = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(14, 45)
        disc = np.clip(radius - np.hypot(right - x, down - y) + 0.5, 0, 1)
        lab += disc * (np.array([rng.uniform(25, 85), *rng.uniform(-45, 45, 2)])[:, None, None] - lab)
    lab[0] += 2 * cv2.GaussianBlur(rng.normal(size=(side, side)), (0, 0), 0.7)
    return lab_to_rgb(lab.astype(np.float32))


def read_rgb(path: Path) -> np.ndarray:
    return np.moveaxis(cv2.imread(str(path))[..., ::-1] / np.float32(255), -1, 0)


# Mean CIEDE2000 near edges at a quarter of the size: bilinear 2.51, cubic (detail 0) 1.98, ours 1.70.
def test_join_draws_colour_edges_on_luma_edges() -> None:
    rgb = made_picture()
    lab, luma = rgb_to_lab(rgb), luma_codes(rgb)
    low = reduced(lab[1:], 4)
    _, plain = errors(bilinear(low, luma), lab, rgb)
    _, cubic = errors(enlarge(low, luma, 0), lab, rgb)
    _, ours = errors(enlarge(low, luma, SETTINGS.detail), lab, rgb)
    assert ours < 0.75 * plain
    assert ours < 0.9 * cubic


# Near edges, twelve photographs at a quarter of their size: bilinear 1.28, ours 1.04 (PSNR 44.1 and 46.2 dB).
def test_join_beats_bilinear_on_photographs() -> None:
    photos = sorted((DATA / "stills/eval").glob("*.jpg"))
    if not photos:
        pytest.skip("no photographs here")
    rows = []
    for path in photos[:: len(photos) // 12][:12]:
        rgb = read_rgb(path)
        lab, luma = rgb_to_lab(rgb), luma_codes(rgb)
        low = reduced(lab[1:], 4)
        rows.append(errors(bilinear(low, luma), lab, rgb) + errors(enlarge(low, luma, SETTINGS.detail), lab, rgb))
    plain_psnr, plain_edges, psnr, edges = np.mean(rows, axis=0)
    assert edges < 0.85 * plain_edges
    assert psnr > plain_psnr + 1.5


# Eight film frames, PSNR in dB, bilinear and ours: /2 50.9 and 53.3, /3 46.4 and 49.0, /4 44.0 and 46.8.
@pytest.mark.parametrize("times", [2, 3, 4])
def test_join_of_reduced_film_frames(times: int) -> None:
    clips = sorted((DATA / "clips/eval").glob("*/00020.jpg"))
    if not clips:
        pytest.skip("no film frames here")
    for path in clips[:4]:
        rgb = read_rgb(path)[:, :480, :480]
        lab, luma = rgb_to_lab(rgb), luma_codes(rgb)
        low = reduced(lab[1:], times)
        plain, _ = errors(bilinear(low, luma), lab, rgb)
        ours, _ = errors(enlarge(low, luma, SETTINGS.detail), lab, rgb)
        assert ours > plain + 1


def test_join_of_flat_colour_is_flat() -> None:
    luma = np.random.default_rng(0).integers(64, 941, (45, 61)).astype(np.uint16)
    chroma = np.stack([np.full((15, 20), 30.0), np.full((15, 20), -12.0)]).astype(np.float32)
    result = enlarge(chroma, luma, 1.0)
    np.testing.assert_allclose(result[0], 30, atol=1e-3)
    np.testing.assert_allclose(result[1], -12, atol=1e-3)


def test_join_leaves_no_halo() -> None:
    luma = np.full((60, 60), 400, np.uint16)
    luma[:, 30:] = 600
    chroma = np.zeros((2, 60, 60), np.float32)
    chroma[0, :, 30:] = 60
    result = enlarge(reduced(chroma, 4), luma, SETTINGS.detail)
    assert result[0].min() >= 0
    assert result[0].max() <= 60.001
    assert result[0, :, :27].max() < 2  # and less bleeding: bilinear is 3.75 there
    np.testing.assert_array_equal(result[1], 0)


def test_join_does_not_shift() -> None:
    # A centre of gravity must stay where it was, at ratios that are whole and not.
    for side in (20, 30, 24):
        down, right = np.mgrid[:60, :60].astype(np.float32) + 0.5
        blob = np.exp(-((down - 27) ** 2 + (right - 35) ** 2) / 60)
        low = reduced(np.stack([blob, blob]) * 40, 60 / side)
        result = enlarge(low, np.full((60, 60), 500, np.uint16), 0.5)[0]
        assert abs((result * right).sum() / result.sum() - 35) < 0.1
        assert abs((result * down).sum() / result.sum() - 27) < 0.1


@pytest.mark.parametrize("subsampling", ["444", "422"])
def test_luma_is_the_same_array_untouched(subsampling: str) -> None:
    luma = np.random.default_rng(4).integers(0, 1024, (31, 45)).astype(np.uint16)
    before = luma.copy()
    chroma = np.random.default_rng(5).uniform(-90, 90, (2, 16, 22))
    delivered = finish(SourceFrame(7, luma), colors(chroma), LOCK, SETTINGS, subsampling)  # type: ignore[arg-type]
    assert delivered.index == 7
    assert delivered.luma is luma
    np.testing.assert_array_equal(luma, before)
    width = 45 if subsampling == "444" else 23
    assert delivered.cb.shape == delivered.cr.shape == (31, width)
    assert delivered.cb.dtype == delivered.cr.dtype == np.uint16


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (16, 22)])
def test_gray_stays_gray(size: tuple[int, int]) -> None:
    luma = np.random.default_rng(6).integers(0, 1024, (31, 45)).astype(np.uint16)
    delivered = finish(SourceFrame(7, luma), colors(np.zeros((2, *size))), LOCK, SETTINGS, "422")
    assert (delivered.cb == 512).all()
    assert (delivered.cr == 512).all()


def test_same_bytes_every_time() -> None:
    rgb = made_picture(96)
    source, color = SourceFrame(7, luma_codes(rgb)), colors(reduced(rgb_to_lab(rgb)[1:], 2))
    first, second = (finish(source, color, LOCK, SETTINGS, "422") for _ in range(2))
    assert first.cb.tobytes() + first.cr.tobytes() == second.cb.tobytes() + second.cr.tobytes()


# CIEDE2000 of full-size chroma after lock and 10-bit codes, under the true lightness: 0.14 on eight film frames.
def test_exact_keyframe_comes_out_as_given() -> None:
    pictures = [made_picture()] + [read_rgb(p) for p in sorted((DATA / "clips/eval").glob("*/00020.jpg"))[:3]]
    for rgb in pictures:
        lab, luma = rgb_to_lab(rgb), luma_codes(rgb)
        delivered = finish(SourceFrame(7, luma), colors(lab[1:]), LOCK, SETTINGS, "444")
        shown = shown_lab(delivered.luma, delivered.cb, delivered.cr)
        shown[0] = lab[0]
        result = rgb_to_lab(lab_to_rgb(shown))
        assert delta_e(result, lab).mean() < 0.3


def test_mix_goes_from_one_shot_to_the_other() -> None:
    out, new = colors(np.full((2, 4, 5), 10.0)), colors(np.full((2, 4, 5), -30.0))
    weak = ColorFrame(7, new.chroma, np.zeros((4, 5), np.float32))
    np.testing.assert_array_equal(mix(out, new, 0).chroma, out.chroma)
    np.testing.assert_array_equal(mix(out, new, 1).chroma, new.chroma)
    quarter = mix(out, weak, 0.25)
    assert quarter.index == 7
    assert quarter.chroma.dtype == np.float32
    np.testing.assert_allclose(quarter.chroma, 0)
    np.testing.assert_allclose(quarter.confidence, 0.75)


def test_refusals_name_frame_and_reason() -> None:
    luma = np.full((8, 8), 500, np.uint16)
    with pytest.raises(InputError, match="frame 3: was given the colours of frame 7"):
        finish(SourceFrame(3, luma), colors(np.zeros((2, 4, 4))), LOCK, SETTINGS, "444")
    with pytest.raises(InputError, match="do not fit"):
        finish(SourceFrame(7, luma), colors(np.zeros((2, 9, 4))), LOCK, SETTINGS, "444")
    with pytest.raises(InputError, match="cannot be mixed"):
        mix(colors(np.zeros((2, 4, 4))), colors(np.zeros((2, 4, 4)), 8), 0.5)
    with pytest.raises(InputError, match="ramp"):
        mix(colors(np.zeros((2, 4, 4))), colors(np.zeros((2, 4, 4))), 1.5)


PRINT_HASH = """
import hashlib, numpy as np
from vidcolor.color import LumaLock
from vidcolor.finish import finish
from vidcolor.settings import FinishSettings
from vidcolor.types import ColorFrame, ColorTags, SourceFrame
rng = np.random.default_rng(0)
luma = rng.integers(0, 1024, (101, 203)).astype(np.uint16)
chroma = np.sort(rng.uniform(-100, 100, (2, 50, 101)).astype(np.float32), axis=2)
color = ColorFrame(0, chroma, chroma[0])
frame = finish(SourceFrame(0, luma), color, LumaLock(ColorTags()), FinishSettings(), "422")
print(hashlib.sha256(frame.cb.tobytes() + frame.cr.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_same_bytes_freshly_compiled_and_from_the_cache(tmp_path: Path) -> None:
    # With LLVM free to contract or reassociate, the first run of a new installation differed from all later ones.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run(
            [sys.executable, "-P", "-c", PRINT_HASH], env=environment, capture_output=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert first == second
    assert len(first) > 60
