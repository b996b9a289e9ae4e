"""flow/estimate.py: every estimator of the table finds a known shift."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidcolor.errors import InputError, SettingsError, WeightsError
from vidcolor.flow.estimate import FLOWS, build_flow
from vidcolor.settings import PropagateSettings

RAFT_WEIGHTS = Path(__file__).parents[2] / "../shared/data/teachers/raft_small_torchvision.safetensors"
HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "torchvision"))


def texture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(5).random((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 90 + 5


def built(name: str):  # type: ignore[no-untyped-def]
    settings = PropagateSettings(raft_weights=str(RAFT_WEIGHTS)) if name == "raft" else PropagateSettings()
    try:
        return build_flow(name, settings, "cpu")
    except WeightsError as error:
        pytest.skip(f"{name}: {error}")


@pytest.mark.parametrize("name", FLOWS)
def test_every_estimator_finds_a_known_shift(name: str) -> None:
    estimate = built(name)
    whole = texture(160, 220)
    a, b = whole[10:150, 10:210], whole[7:147, 15:215]
    flow = estimate(a, b)
    assert flow.shape == (2, 140, 200)
    assert flow.dtype == np.float32
    inside = flow[:, 20:-20, 20:-20]
    assert np.median(inside[0]) == pytest.approx(-5, abs=0.3)
    assert np.median(inside[1]) == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize("name", FLOWS)
def test_every_estimator_refuses_two_sizes(name: str) -> None:
    with pytest.raises(InputError, match="sizes must agree"):
        built(name)(np.zeros((32, 32), np.float32), np.zeros((32, 40), np.float32))


@pytest.mark.parametrize("size", [(6, 9), (16, 200), (33, 47)])
def test_dis_takes_small_and_odd_pictures(size: tuple[int, int]) -> None:
    picture = texture(*size)
    flow = build_flow("dis", PropagateSettings())(picture, picture)
    assert flow.shape == (2, *size)
    assert np.abs(flow).max() < 0.5


def test_an_unknown_estimator_is_refused_with_the_list() -> None:
    with pytest.raises(SettingsError, match="dis, raft"):
        build_flow("magic", PropagateSettings())


@pytest.mark.skipif(HAS_TORCH, reason="torch is installed")
def test_raft_without_torch_says_what_to_install() -> None:
    with pytest.raises(WeightsError, match=r"pip install 'vidcolor\[networks\]'"):
        build_flow("raft", PropagateSettings())
