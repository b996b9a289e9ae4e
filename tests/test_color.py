"""Colour: CIELAB, CIEDE2000 and the luma lock, against published figures and slow double-precision arithmetic."""

from pathlib import Path

import numpy as np
import pytest

from vidcolor.color import LumaLock, check_tags, delta_e, fit_to_rgb, lab_to_rgb, luma_to_lightness, rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.types import ColorTags

BT709, PAL, BT2020 = ColorTags(1, 1, 1), ColorTags(5, 6, 6), ColorTags(9, 14, 9)
WEIGHTS = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
PHOTOS = Path(__file__).parents[2] / "shared/data/stills/train"

# G. Sharma, W. Wu, E. N. Dalal 2005, table 1: L*, a*, b* twice, and the difference.
SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.4900 -0.0010 50 -2.4900 0.0009 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0010 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0011 7.2195
50 2.4900 -0.0010 50 -2.4900 0.0012 7.2195
50 -0.0010 2.4900 50 0.0009 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0010 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0011 -2.4900 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def slow_lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of R'G'B' (3, ...) by the definitions of IEC 61966-2-1 and CIE 15, in float64."""
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [
            [0.4123907993, 0.3575843394, 0.1804807884],
            [0.2126390059, 0.7151686788, 0.0721923154],
            [0.0193308187, 0.1191947798, 0.9505321522],
        ]
    )
    xyz = np.einsum("ij,j...->i...", matrix / matrix.sum(1, keepdims=True), light)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def decoded(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray, matrix: int = 1) -> np.ndarray:
    """R'G'B' (3, ...) of 10-bit codes, not clipped: what a player shows (ITU-R BT.709, BT.601, BT.2020)."""
    red, blue = WEIGHTS[matrix]
    y = (luma.astype(np.float64) - 64) / 876
    r = y + 2 * (1 - red) * (cr.astype(np.float64) - 512) / 896
    b = y + 2 * (1 - blue) * (cb.astype(np.float64) - 512) / 896
    return np.stack([r, (y - red * r - blue * b) / (1 - red - blue), b])


def luma_codes(rgb: np.ndarray) -> np.ndarray:
    return np.rint(64 + 876 * np.tensordot([0.2126, 0.7152, 0.0722], rgb, 1)).astype(np.uint16)


def hue_error(lab: np.ndarray, wanted: np.ndarray) -> float:
    """Mean difference of hue in degrees where both are coloured."""
    got, want = np.hypot(lab[1], lab[2]), np.hypot(*wanted)
    turn = np.arctan2(lab[2], lab[1]) - np.arctan2(wanted[1], wanted[0])
    turn = np.degrees(np.abs((turn + np.pi) % (2 * np.pi) - np.pi))
    return float(turn[(got > 5) & (want > 5)].mean())


def requests(strength: float, size: tuple[int, int] = (200, 300)) -> tuple[np.ndarray, np.ndarray]:
    """Luma codes of the whole range and chroma of every hue up to `strength`."""
    rng = np.random.default_rng(5)
    luma = rng.integers(64, 941, size).astype(np.uint16)
    hue, radius = rng.uniform(0, 2 * np.pi, size), rng.uniform(0, strength, size)
    return luma, np.stack([radius * np.cos(hue), radius * np.sin(hue)]).astype(np.float32)


def test_lab_is_cielab() -> None:
    rgb = np.random.default_rng(0).random((3, 90, 110), dtype=np.float32)
    rgb[:, :10] *= 0.02
    np.testing.assert_allclose(rgb_to_lab(rgb), slow_lab(rgb.astype(np.float64)), atol=3e-4)


def test_lab_and_back() -> None:
    rgb = np.random.default_rng(1).random((3, 64, 65), dtype=np.float32)
    rgb[:, 0], rgb[:, 1] = 0, 1
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(rgb)), rgb, atol=2e-5)


def test_lab_outside_the_cube_is_clipped() -> None:
    wild = np.array([[[-1.0, 2.0]], [[-1.0, 2.0]], [[-1.0, 2.0]]], np.float32)
    np.testing.assert_allclose(rgb_to_lab(wild)[:, 0], [[0, 100], [0, 0], [0, 0]], atol=2e-4)
    strong = lab_to_rgb(np.array([50, 120, -120], np.float32).reshape(3, 1, 1))
    assert strong.min() == 0
    assert strong.max() <= 1


def test_lightness_of_luma_is_that_of_the_neutral_picture() -> None:
    codes = np.arange(64, 941, dtype=np.uint16)[None]
    neutral = np.repeat(((codes - 64.0) / 876)[None], 3, axis=0)
    lab = rgb_to_lab(neutral.astype(np.float32))
    np.testing.assert_allclose(luma_to_lightness(codes, BT709), lab[0], atol=1e-4)
    np.testing.assert_allclose(lab[1:], 0, atol=2e-4)


def test_lightness_is_clipped_beyond_black_and_white() -> None:
    lightness = luma_to_lightness(np.array([0, 4, 64, 940, 1019, 1023], np.uint16), BT709)
    assert lightness.dtype == np.float32
    np.testing.assert_allclose(lightness, [0, 0, 0, 100, 100, 100], atol=1e-5)


def test_ciede2000_of_the_published_pairs() -> None:
    table = np.array([row.split() for row in SHARMA.strip().splitlines()], np.float64).T
    assert table.shape == (7, 34)
    np.testing.assert_allclose(delta_e(table[:3], table[3:6]), table[6], atol=5e-5)
    np.testing.assert_allclose(delta_e(table[3:6], table[:3]), table[6], atol=5e-5)


def test_ciede2000_agrees_with_scikit_image() -> None:
    color = pytest.importorskip("skimage.color")
    rng = np.random.default_rng(2)
    first, second = rng.uniform(-90, 90, (2, 3, 5000))
    first[0], second[0] = np.abs(first[0]), np.abs(second[0])
    np.testing.assert_allclose(delta_e(first, second), color.deltaE_ciede2000(first.T, second.T), atol=1e-9)


# Mean hue error measured: 0.15 to 0.2 degrees; what is left is the rounding of codes in dark and pale places.
@pytest.mark.parametrize("strength", [40.0, 110.0, 180.0])
def test_lock_keeps_hue_and_stays_in_the_cube(strength: float) -> None:
    luma, chroma = requests(strength)
    cb, cr = LumaLock(BT709).chroma_codes(luma, np.clip(chroma, -128, 127), "444")
    rgb = decoded(luma, cb, cr)
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    assert hue_error(slow_lab(rgb), np.clip(chroma, -128, 127)) <= 0.5


@pytest.mark.parametrize("tags", [PAL, BT2020])
@pytest.mark.parametrize("subsampling", ["444", "422"])
def test_lock_stays_in_the_cube_of_other_tags(tags: ColorTags, subsampling: str) -> None:
    luma, chroma = requests(130.0, (60, 90))
    cb, cr = LumaLock(tags).chroma_codes(luma, chroma, subsampling)  # type: ignore[arg-type]
    rgb = decoded(luma if subsampling == "444" else luma[:, ::2], cb, cr, tags.matrix)
    assert rgb.min() >= 0
    assert rgb.max() <= 1


def test_lock_gives_colors_of_the_gamut_back() -> None:
    # Every R'G'B' is in the gamut, so its own luma and a*b* must lead back to it, but for the rounding of codes.
    rgb = np.random.default_rng(3).random((3, 120, 160))
    rgb[:, :20] *= 0.15
    rgb[1:, 20:30] = 0  # pure reds: on the cube's edge, where lines of constant hue graze it
    luma, chroma = luma_codes(rgb), slow_lab(rgb)[1:].astype(np.float32)
    cb, cr = LumaLock(BT709).chroma_codes(luma, chroma, "444")
    error = np.abs(decoded(luma, cb, cr) - rgb)
    # Measured: mean 0.00064, 99.9 % within 0.011 (pure reds keep 0.4 to 1 % of the other channels), 0.041 at most.
    assert error.mean() < 0.001
    assert np.percentile(error, 99.9) < 0.015


def test_lock_shrinks_along_constant_hue_as_far_as_the_gamut_reaches() -> None:
    luma, chroma = requests(100.0, (20, 40))
    cb, cr = LumaLock(BT709).chroma_codes(luma, chroma, "444")
    got = slow_lab(decoded(luma, cb, cr))
    # A little more of the same hue must be outside, wherever something was taken away.
    cut = np.hypot(got[1], got[2]) < 0.9 * np.hypot(*chroma)
    assert cut.mean() > 0.3
    more = chroma * (np.hypot(got[1], got[2]) * 1.15 + 2) / np.hypot(*chroma)
    unlimited = unlimited_rgb(luma, more)
    outside = (unlimited.min(0) < 0) | (unlimited.max(0) > 1)
    assert outside[cut].mean() > 0.97


def unlimited_rgb(luma: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """R'G'B' of (a, b) at the lightness where its luma is right, by bisection; outside the cube it goes on oddly."""
    y, (a, b) = (luma - 64.0) / 876, chroma.astype(np.float64)
    low, high = np.full(y.shape, -60.0), np.full(y.shape, 160.0)
    inverse = np.linalg.inv(BT709_TO_XYZ)
    for _ in range(40):
        middle = (low + high) / 2
        fy = (middle + 16) / 116
        f = np.stack([fy + a / 500, fy, fy - b / 200])
        xyz = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
        light = np.einsum("ij,jhw->ihw", inverse, xyz)
        size = np.abs(light)
        rgb = np.sign(light) * np.where(
            size <= 0.0031308, 12.92 * size, 1.055 * np.maximum(size, 1e-9) ** (1 / 2.4) - 0.055
        )
        dark = np.tensordot([0.2126, 0.7152, 0.0722], rgb, 1) < y
        low, high = np.where(dark, middle, low), np.where(dark, high, middle)
    return rgb


BT709_TO_XYZ = np.array(
    [
        [0.4123907993, 0.3575843394, 0.1804807884],
        [0.2126390059, 0.7151686788, 0.0721923154],
        [0.0193308187, 0.1191947798, 0.9505321522],
    ]
)
BT709_TO_XYZ /= BT709_TO_XYZ.sum(axis=1, keepdims=True)


def test_lock_equals_the_slow_solve_inside_the_gamut() -> None:
    luma, chroma = requests(35.0, (40, 50))
    wanted = unlimited_rgb(luma, chroma)
    inside = (wanted.min(0) > 0.004) & (wanted.max(0) < 0.996)
    cb, cr = LumaLock(BT709).chroma_codes(luma, chroma, "444")
    y = (luma - 64.0) / 876
    assert inside.mean() > 0.5
    # Measured: at most 1 code, by rounding; the second Newton step leaves less than 0.1 nearly everywhere.
    for codes, channel, weight in ((cb, 2, 0.0722), (cr, 0, 0.2126)):
        exact = 512 + 448 * (wanted[channel] - y) / (1 - weight)
        assert np.abs(codes - exact)[inside].max() <= 1.0


@pytest.mark.parametrize("subsampling", ["444", "422"])
def test_lock_leaves_neutral_neutral(subsampling: str) -> None:
    luma = np.arange(1024, dtype=np.uint16).reshape(16, 64)
    for tags in (BT709, PAL, BT2020):
        cb, cr = LumaLock(tags).chroma_codes(luma, np.zeros((2, 16, 64), np.float32), subsampling)  # type: ignore[arg-type]
        assert (cb == 512).all()
        assert (cr == 512).all()


def test_lock_is_neutral_beyond_black_and_white() -> None:
    luma = np.array([[0, 4, 63, 64, 940, 941, 1019, 1023]], np.uint16)
    cb, cr = LumaLock(BT709).chroma_codes(luma, np.full((2, 1, 8), 60, np.float32), "444")
    assert (cb == 512).all()
    assert (cr == 512).all()


def test_422_is_cosited_with_even_columns() -> None:
    # On a flat luma Cb follows b*: a ramp must be sampled at columns 0, 2, 4 (a centred filter is half a pixel off).
    luma = np.full((4, 65), 500, np.uint16)
    ramp = np.linspace(-30, 30, 65, dtype=np.float32)
    chroma = np.stack([np.zeros((4, 65), np.float32), np.broadcast_to(ramp, (4, 65))])
    lock = LumaLock(BT709)
    full, half = lock.chroma_codes(luma, chroma, "444"), lock.chroma_codes(luma, chroma, "422")
    for whole, thinned in zip(full, half, strict=True):
        assert thinned.shape == (4, 33)
        difference = thinned.astype(int) - whole[:, ::2]
        assert np.abs(difference[:, 2:-2]).max() <= 1


@pytest.mark.parametrize("width", [1, 2, 3, 7, 8])
def test_422_of_narrow_and_odd_widths(width: int) -> None:
    luma = np.full((3, width), 500, np.uint16)
    cb, cr = LumaLock(BT709).chroma_codes(luma, np.full((2, 3, width), 20, np.float32), "422")
    assert cb.shape == cr.shape == (3, (width + 1) // 2)
    assert len(np.unique(cb)) == 1  # a flat colour stays flat up to the borders
    assert cr[0, 0] > 520


def test_lock_is_the_same_for_bands_and_for_strided_arrays() -> None:
    luma, chroma = requests(90.0, (33, 70))
    lock = LumaLock(BT709)
    whole = lock.chroma_codes(luma, chroma, "422")
    upper, lower = (lock.chroma_codes(luma[s], chroma[:, s], "422") for s in (slice(0, 11), slice(11, None)))
    for plane, top, bottom in zip(whole, upper, lower, strict=True):
        np.testing.assert_array_equal(plane, np.concatenate([top, bottom]))


def test_lock_on_photographs() -> None:
    # Measured on 12 photographs: 0.25 degrees (0.16 with chroma times 2.5); nothing outside the cube.
    photos = sorted(PHOTOS.glob("*/*.webp"))[::500]
    if not photos:
        pytest.skip("no photographs here")
    cv2 = pytest.importorskip("cv2")
    errors = []
    for path in photos:
        bgr = cv2.imread(str(path))[:160, :160]
        rgb = np.moveaxis(bgr[..., ::-1] / 255.0, -1, 0)
        luma = luma_codes(rgb)
        for strength in (1.0, 2.5):
            chroma = np.clip(strength * slow_lab(rgb)[1:], -128, 127).astype(np.float32)
            cb, cr = LumaLock(BT709).chroma_codes(luma, chroma, "444")
            shown = decoded(luma, cb, cr)
            assert shown.min() >= 0
            assert shown.max() <= 1
            if (np.hypot(*chroma) > 10).mean() > 0.05:
                errors.append(hue_error(slow_lab(shown), chroma))
    assert np.mean(errors) <= 0.5


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(InputError, match="transfer 16"):
        check_tags(ColorTags(1, 16, 1))
    with pytest.raises(InputError, match="matrix 0"):
        LumaLock(ColorTags(1, 1, 0))
    with pytest.raises(InputError, match="primaries 10"):
        luma_to_lightness(np.zeros((2, 2), np.uint16), ColorTags(10, 1, 1))
    with pytest.raises(InputError, match="uint16"):
        luma_to_lightness(np.zeros((2, 2), np.float32), BT709)
    with pytest.raises(InputError, match="shape"):
        rgb_to_lab(np.zeros((2, 2, 3), np.float32))
    with pytest.raises(InputError, match="fit"):
        LumaLock(BT709).chroma_codes(np.zeros((4, 4), np.uint16), np.zeros((2, 4, 5), np.float32), "444")
    with pytest.raises(InputError, match="shape"):
        delta_e(np.zeros((3, 4)), np.zeros((3, 5)))


def test_fit_to_rgb_keeps_lightness_and_hue():
    """Of colours far outside the cube too; inside it nothing changes."""
    random = np.random.default_rng(11)
    lab = np.stack([random.uniform(0, 100, (60, 70)), *random.uniform(-120, 120, (2, 60, 70))]).astype(np.float32)
    lab[0, 0], lab[0, 1], lab[0, 2] = 0, 100, 50
    back = rgb_to_lab(fit_to_rgb(lab))
    assert np.abs(back[0] - lab[0]).max() < 0.001
    colored = np.hypot(*back[1:]) > 5
    turn = np.angle((back[1] + 1j * back[2]) / (lab[1] + 1j * lab[2]))
    assert np.abs(turn[colored]).max() < 0.001
    assert (np.hypot(*back[1:]) <= np.hypot(*lab[1:]) + 0.01).all()
    inside = rgb_to_lab(random.random((3, 60, 70)).astype(np.float32))
    assert np.abs(rgb_to_lab(fit_to_rgb(inside)) - inside).max() < 0.001


def test_fit_to_rgb_shrinks_no_more_than_it_must():
    """A hundredth more chroma would leave the cube: a channel then clips, and lightness or hue goes."""
    lab = np.array([60, 90, -70], np.float32)[:, None, None] * np.ones((3, 1, 1), np.float32)
    fitted = rgb_to_lab(fit_to_rgb(lab))
    beyond = fitted * np.array([1, 1.02, 1.02], np.float32)[:, None, None]
    assert np.abs(rgb_to_lab(lab_to_rgb(beyond)) - beyond).max() > 0.05
