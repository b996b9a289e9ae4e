"""Figures of one picture, against scikit-image, colour-science, the published table, and cases worked out by hand."""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from test_color import SHARMA

from vidcolor.color import delta_e, rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.research.metrics import kernels
from vidcolor.research.metrics.image import Truth, as_rgb, colorfulness, difference, percentile, psnr, ssim

SIZE = (37, 53)
SCIKIT_IMAGE = {
    "channel_axis": 0,
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 1.0,
}
"""Wang's SSIM, as scikit-image's own page has it. It too leaves out the outer 5 pixels."""


def picture(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(3, H, W) float32 0..1: waves of three colours and noise, with places that are black and white."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    waves = [0.5 + 0.6 * np.sin(x * draw.uniform(0.05, 0.4) + y * draw.uniform(0.05, 0.4) + k) for k in range(3)]
    return np.clip(np.stack(waves) + draw.normal(0, 0.05, (3, *size)), 0, 1).astype(np.float32)


def fast(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """CIEDE2000 by the kernel, in float64 throughout; (3, N) each."""
    out = np.empty((1, first.shape[1]))
    kernels.ciede2000(np.ascontiguousarray(first[:, None]), np.ascontiguousarray(second[:, None]), out)
    return out[0]


def test_psnr_and_ssim_agree_with_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    for seed in range(3):
        first, second = picture(seed), picture(seed + 1)
        near = np.clip(first + 0.02 * second, 0, 1)
        for other in (second, near):
            a, b = first.astype(np.float64), other.astype(np.float64)
            assert psnr(first, other) == pytest.approx(metrics.peak_signal_noise_ratio(a, b, data_range=1), abs=1e-9)
            assert ssim(first, other) == pytest.approx(metrics.structural_similarity(a, b, **SCIKIT_IMAGE), abs=1e-7)


def test_ssim_of_pictures_worked_out_by_hand() -> None:
    """Constant pictures have no variance: what is left is (2 m n + C1) / (m m + n n + C1)."""
    for m, n in ((0.0, 1.0), (0.25, 0.75), (0.1, 0.100001), (1.0, 1.0)):
        first, second = (np.full((3, 20, 11), value, np.float32).astype(np.float64) for value in (m, n))
        m, n = first[0, 0, 0], second[0, 0, 0]
        true = (2 * m * n + 1e-4) / (m * m + n * n + 1e-4)
        assert ssim(first, second) == pytest.approx(true, abs=1e-12)


def test_equal_pictures_are_equal_exactly() -> None:
    for rgb in (picture(4), np.zeros((3, 12, 12), np.float32), np.ones((3, 11, 11), np.float32)):
        assert psnr(rgb, rgb) == np.inf
        assert ssim(rgb, rgb) == 1
        figures = Truth(rgb).figures(rgb)
        assert (figures.psnr_delivered, figures.psnr_ab) == (np.inf, np.inf)
        assert figures.psnr > 100, "there and back through Lab"
        assert figures.delta_e < 1e-3
        assert figures.ssim == pytest.approx(1, abs=1e-8)
        mean, error_map = difference(rgb_to_lab(rgb), rgb_to_lab(rgb))
        assert mean == 0
        assert not error_map.any()


def test_a_known_error_has_its_psnr() -> None:
    black = np.zeros((3, 11, 11), np.float32)
    assert psnr(black, np.full((3, 11, 11), 0.1)) == pytest.approx(20, abs=1e-6)


def test_ciede2000_of_the_published_pairs() -> None:
    """All 34 pairs of Sharma 2005, both ways, by the fast kernel and by the formula as printed."""
    table = np.array([row.split() for row in SHARMA.strip().splitlines()], np.float64).T
    assert table.shape == (7, 34)
    for first, second in ((table[:3], table[3:6]), (table[3:6], table[:3])):
        np.testing.assert_allclose(fast(first, second), table[6], atol=1e-4)
        np.testing.assert_allclose(delta_e(first, second), table[6], atol=1e-4)


def edge_colors(draw: np.random.Generator, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs where a formula without angles could go wrong."""
    any_two = draw.uniform(-120, 120, (2, 3, count))
    any_two[:, 0] = draw.uniform(0, 100, (2, count))
    first, second = any_two
    turn = np.array([1, -1, -1])[:, None]
    gray = np.array([1, 0, 0])[:, None]
    on_axis = np.stack([first[0], np.round(draw.uniform(-2, 2, count)), np.round(draw.uniform(-2, 2, count))])
    return [
        (first, second),
        (first, first),
        (first, first + draw.normal(0, 1e-6, first.shape)),
        (first, first + draw.normal(0, 0.1, first.shape)),
        (first, first * turn),
        (first, first * turn + draw.normal(0, 1e-4, first.shape)),
        (first, first * turn * 0.3),
        (first, second * gray),
        (first * gray, second * gray),
        (first, second * np.array([1, 1e-9, 1e-9])[:, None]),
        (on_axis, on_axis[:, ::-1]),
        (on_axis, on_axis * turn),
    ]


def test_ciede2000_without_angles_is_the_formula() -> None:
    draw = np.random.default_rng(5)
    for first, second in edge_colors(draw, 20000):
        np.testing.assert_allclose(fast(first, second), delta_e(first, second), atol=1e-6)
        np.testing.assert_allclose(fast(second, first), fast(first, second), atol=1e-9)


def test_opposite_hues_have_the_mean_that_the_paper_gives() -> None:
    """Hues h and h + 180 have the mean h + 90 (equation 14), not h + 270, however their arc tangents are rounded."""
    draw = np.random.default_rng(6)
    first = np.stack([np.full(2000, 50.0), *draw.uniform(-60, 60, (2, 2000))])
    first[2] = np.abs(first[2])
    second = first * np.array([1, -1, -1])[:, None]
    hue = np.degrees(np.arctan2(first[2], first[1] * (1.5 - 0.5 * strong(np.hypot(*first[1:]))))) + 90
    for found in (delta_e(first, second), fast(first, second)):
        np.testing.assert_allclose(found, opposite(first, hue), atol=1e-6)


def strong(chroma: np.ndarray) -> np.ndarray:
    return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))


def opposite(color: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """CIEDE2000 of a colour and its opposite, whose mean hue is told: only the hue differs, by twice the chroma."""
    c = np.hypot(color[1] * (1.5 - 0.5 * strong(np.hypot(*color[1:]))), color[2])
    angles = np.cos(np.radians([hue - 30, 2 * hue, 3 * hue + 6, 4 * hue - 63]))
    t = 1 + np.array([-0.17, 0.24, 0.32, -0.2]) @ angles
    return 2 * c / (1 + 0.015 * c * t)


@pytest.fixture(scope="module")
def colour() -> ModuleType:
    """colour-science, which warns on import that there is no Matplotlib."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("colour")


def test_lab_agrees_with_colour_science(colour: ModuleType) -> None:
    """Its "sRGB" has the standard's matrix rounded to four digits, up to 0.02 off; its BT.709 has all digits, as ours.

    OpenCV's float Lab, much used in the field, is up to 0.7 off, for its table of the cube root.
    """
    rgb = np.concatenate(
        [picture(7).reshape(3, -1), np.eye(3), 1 - np.eye(3), np.zeros((3, 1)), np.ones((3, 1))], axis=1
    )
    light = colour.RGB_to_XYZ(colour.eotf(rgb.T, "sRGB"), "ITU-R BT.709", apply_cctf_decoding=False)
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"]
    true = colour.XYZ_to_Lab(light, white).T
    np.testing.assert_allclose(rgb_to_lab(rgb[:, None])[:, 0], true, atol=2e-4)


def test_ciede2000_agrees_with_colour_science(colour: ModuleType) -> None:
    first, second = np.random.default_rng(9).uniform(-100, 100, (2, 3, 5000))
    first[0], second[0] = np.abs(first[0]), np.abs(second[0])
    true = colour.delta_E(first.T, second.T, method="CIE 2000")
    np.testing.assert_allclose(fast(first, second), true, atol=1e-6)


def test_bytes_that_wrap_round_would_flatter_a_colorless_frame() -> None:
    """The field's script subtracts 8-bit arrays: there a difference of -1 is 255, whose square, again 8 bits, is 1."""
    draw = np.random.default_rng(8)
    truth = draw.integers(0, 256, (3, 64, 64), dtype=np.uint8)
    gray = np.repeat(np.rint(np.tensordot([0.2126, 0.7152, 0.0722], truth, 1)).astype(np.uint8)[None], 3, axis=0)
    wrapped = 10 * np.log10(255**2 / np.mean((truth - gray) ** 2))
    honest = 10 * np.log10(255**2 / np.mean((truth.astype(np.float64) - gray) ** 2))
    assert 27 < wrapped < 34
    assert honest < 15
    assert psnr(truth, gray) == pytest.approx(honest, abs=1e-6)
    assert Truth(truth).figures(gray).psnr_delivered == pytest.approx(honest, abs=1e-6)


@settings(max_examples=25)
@given(arrays.arrays(np.uint8, (2, 3, 12, 13)))
def test_bytes_have_the_figures_of_floats(pair: np.ndarray) -> None:
    first, second = pair
    for kind in (np.float32, np.float64):
        a, b = first.astype(kind) / kind(255), second.astype(kind) / kind(255)
        assert psnr(first, second) == psnr(a, b) == psnr(first, b)
        assert ssim(first, second) == ssim(a, b)
        assert colorfulness(first) == colorfulness(a)
        assert Truth(first).figures(second) == Truth(a).figures(b)


@settings(max_examples=50)
@given(
    arrays.arrays(np.float64, st.integers(1, 300), elements=st.floats(0, 150)),
    st.floats(0, 1),
)
def test_percentile_is_numpys(values: np.ndarray, share: float) -> None:
    assert percentile(values, share) == pytest.approx(np.percentile(values, 100 * share), rel=1e-9, abs=1e-12)


def test_colorfulness_of_pictures_worked_out_by_hand() -> None:
    """Half red, half blue: R - G is 255 and 0, (R + G) / 2 - B is 127.5 and -255."""
    rgb = np.zeros((3, 2, 10), np.float32)
    rgb[0, :, :5] = 1
    rgb[2, :, 5:] = 1
    true = np.hypot(127.5, 191.25) + 0.3 * np.hypot(127.5, -63.75)
    assert colorfulness(rgb) == pytest.approx(true, abs=1e-9)
    assert colorfulness(np.full((3, 5, 5), 0.3)) == pytest.approx(0, abs=1e-5)


def _psnr_ab(first: np.ndarray, second: np.ndarray) -> float:
    square = np.mean((first[1:].astype(np.float64) - second[1:]) ** 2)
    return float(10 * np.log10(255**2 / square))


def test_figures_are_those_of_the_single_functions() -> None:
    truth, result = Truth(picture(10)), picture(11)
    found = truth.figures(result, maps=True)
    shown = truth.colored(rgb_to_lab(result)[1:])
    errors = delta_e(rgb_to_lab(shown), truth.lab)
    assert found.psnr == psnr(shown, truth.rgb)
    assert found.psnr_delivered == psnr(result, truth.rgb)
    assert found.psnr_ab == pytest.approx(_psnr_ab(rgb_to_lab(result), truth.lab))
    assert found.ssim == ssim(truth.rgb, shown)
    assert found.colorfulness == colorfulness(result)
    assert found.delta_e == pytest.approx(errors.mean(), abs=1e-6)
    assert found.delta_e_p90 == pytest.approx(np.percentile(errors, 90), abs=1e-5)
    assert found.error_map is not None
    np.testing.assert_allclose(found.error_map, errors, atol=1e-5)
    np.testing.assert_array_equal(found.shown, shown)
    np.testing.assert_array_equal(found.chroma, rgb_to_lab(result)[1:])
    assert truth.figures(result).error_map is None


def test_true_luma_is_the_truths() -> None:
    """A result that is right in colour and wrong in luma is right under true luma."""
    truth = Truth(0.25 + 0.5 * picture(12))
    wrong = truth.lab.copy()
    wrong[0] = 0.9 * wrong[0] + 2
    result = truth.colored(truth.lab[1:])
    np.testing.assert_allclose(result, truth.rgb, atol=1e-5)
    shown = rgb_to_lab(truth.colored(wrong[1:]))
    np.testing.assert_allclose(shown, truth.lab, atol=2e-3)


def test_gray_and_chroma_figures() -> None:
    truth = Truth(picture(13))
    gray = truth.figures_of_gray()
    as_picture = truth.figures(truth.colored(np.zeros((2, *SIZE), np.float32)))
    for name in ("psnr", "psnr_delivered", "psnr_ab", "ssim", "delta_e", "delta_e_p90", "colorfulness"):
        assert getattr(gray, name) == pytest.approx(getattr(as_picture, name), abs=1e-3), name
    assert gray.colorfulness == pytest.approx(0, abs=1e-4)
    assert gray.psnr == gray.psnr_delivered
    own = truth.figures_of_chroma(truth.lab[1:])
    assert own.delta_e < 1e-3
    assert own.ssim == pytest.approx(1, abs=1e-6)


def test_an_all_gray_truth_has_figures() -> None:
    gray = np.repeat(picture(14)[:1], 3, axis=0)
    truth = Truth(gray)
    found = truth.figures_of_gray()
    assert found.psnr > 100
    assert truth.colorfulness == pytest.approx(0, abs=1e-9)
    assert truth.figures(picture(15)).delta_e > 5


def test_what_cannot_be_measured_is_refused() -> None:
    good = picture(16)
    bad = good.copy()
    bad[1, 3, 4] = np.nan
    endless = np.where(np.isnan(bad), np.inf, bad)
    for wrong, words in (
        (bad, "nan"),
        (endless, "inf"),
        (good * 255, "0..1"),
        (good - 0.5, "0..1"),
        (good.transpose(1, 2, 0), "shape"),
        (good[0], "shape"),
        (good[:, :0], "shape"),
        ((good * 255).astype(np.uint16), "uint16"),
        ((good * 255).astype(np.int64), "int64"),
    ):
        for call in (
            as_rgb,
            colorfulness,
            Truth,
            Truth(good).figures,
            lambda x: psnr(good, x),
            lambda x: ssim(x, good),
        ):
            with pytest.raises(InputError, match=words):
                call(wrong)
    with pytest.raises(InputError, match="one size"):
        psnr(good, good[:, :-1])
    with pytest.raises(InputError, match="does not fit"):
        Truth(good).figures_of_chroma(np.zeros((2, 5, 5), np.float32))


@pytest.mark.parametrize("size", [(10, 40), (40, 10), (1, 1)])
def test_pictures_smaller_than_the_window_have_no_ssim(size: tuple[int, int]) -> None:
    rgb = picture(17, size)
    with pytest.raises(InputError, match=f"at least 11x11; this one is {size[1]}x{size[0]}"):
        ssim(rgb, rgb)
    with pytest.raises(InputError, match="at least 11x11"):
        Truth(rgb).figures(rgb)
    assert psnr(rgb, rgb) == np.inf
