"""Primaries and luma weights by their ITU-T H.273 numbers; every white is D65."""

from collections.abc import Sequence

import numpy as np

from vidcolor.errors import InputError
from vidcolor.types import ColorTags

WHITE = (0.3127, 0.3290)
"""Chromaticity (x, y) of D65."""

BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""XYZ to the cones in which whites are adapted (ICC.1:2022, annex E)."""
_BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_SMPTE_C = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
PRIMARIES = {
    1: _BT709,
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),  # BT.601 625 lines, EBU
    6: _SMPTE_C,  # BT.601 525 lines
    7: _SMPTE_C,  # SMPTE 240M
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # P3 D65
}
"""Chromaticities of red, green and blue."""

AP0, ACES_WHITE = ((0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.077)), (0.32168, 0.33767)
"""Chromaticities of ACES 2065-1 (SMPTE ST 2065-1) and its white."""

LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""Kr and Kb of each matrix; Kg is the rest."""

DISPLAY_TRANSFERS = frozenset({1, 2, 4, 5, 6, 7, 11, 12, 13, 14, 15})
"""Transfers of display-referred video, 2 (unspecified) included; the curve of `kernels` stands for all."""


def check_tags(tags: ColorTags) -> None:
    """Refuses colour tags that this program has no numbers for, naming tag and remedy."""
    for name, value, known in (
        ("primaries", tags.primaries, PRIMARIES),
        ("transfer", tags.transfer, DISPLAY_TRANSFERS),
        ("matrix", tags.matrix, LUMA_WEIGHTS),
    ):
        if value not in known:
            numbers = ", ".join(map(str, sorted(known)))
            raise InputError(f"colour {name} {value} (H.273) is not known ({numbers} are); convert the film to BT.709")


def rgb_to_xyz(primaries: int) -> np.ndarray:
    """(3, 3) float64: linear RGB to XYZ, R = G = B = 1 giving D65 white with Y = 1."""
    return xyz_of_primaries(PRIMARIES[primaries], WHITE)


def xyz_of_primaries(corners: Sequence[tuple[float, float]], white: Sequence[float]) -> np.ndarray:
    """(3, 3) float64: linear RGB to XYZ of any corners and white, as chromaticities (x, y); white has Y = 1."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in corners]).T
    light = np.array([white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]])
    return np.asarray(columns * np.linalg.solve(columns, light))


def between(own: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(3, 3) float64: linear RGB of one kind to another's, white to white (Bradford); both given as RGB to XYZ."""
    gains = (BRADFORD @ wanted.sum(axis=1)) / (BRADFORD @ own.sum(axis=1))
    return np.asarray(np.linalg.inv(wanted) @ np.linalg.inv(BRADFORD) @ np.diag(gains) @ BRADFORD @ own)


def ap0_of(primaries: int) -> np.ndarray:
    """(3, 3) float64: linear RGB of H.273 primaries to ACES 2065-1."""
    return between(rgb_to_xyz(primaries), xyz_of_primaries(AP0, ACES_WHITE))


def to_bt709(corners: Sequence[tuple[float, float]], white: Sequence[float]) -> np.ndarray:
    """(3, 3) float64: linear RGB of any corners and white to BT.709's, white to white (Bradford)."""
    return between(xyz_of_primaries(corners, white), rgb_to_xyz(1))
