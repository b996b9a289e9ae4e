"""metrics/perceptual.py beside its witnesses: the `lpips` package on the same numbers, loops, torchvision whole."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
models = pytest.importorskip("torchvision.models")

from random_networks import random_file, random_state  # noqa: E402

from vidcolor.errors import InputError  # noqa: E402
from vidcolor.research.metrics import perceptual  # noqa: E402
from vidcolor.research.metrics.perceptual import Contextual, Lpips, build_contextual, build_lpips, contextual_loss  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def layers_of(name: str) -> Any:
    """torchvision's convolutional layers, filled with our random numbers."""
    torchvisions = {"vgg16": models.vgg16, "vgg19": models.vgg19, "alex": models.alexnet}[name]
    with torch.device("meta"):
        layers = torchvisions(weights=None).features
    state = random_state(name, whole=False)
    layers.load_state_dict({key.removeprefix("features."): value for key, value in state.items()}, assign=True)
    return layers


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("networks")
    return [random_file(folder, name) for name in ("vgg16", "alex", "vgg19")]


@pytest.fixture(scope="module")
def vgg(files: list[Path]) -> Lpips:
    return build_lpips(files, "cpu")


@pytest.fixture(scope="module")
def contextual(files: list[Path]) -> Contextual:
    return build_contextual(files, "cpu")


def pictures(count: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).random((count, 3, height, width)).astype(np.float32)


@pytest.fixture(scope="module")
def authors() -> Callable[[str, np.ndarray, np.ndarray], float]:
    """LPIPS by the lpips package, its backbone made of our random numbers, its linear layers its own."""
    package = pytest.importorskip("lpips")
    pretrained = importlib.import_module("lpips.pretrained_networks")

    @functools.cache
    def built(network: str) -> Any:
        asked = {"vgg": "vgg16", "alex": "alexnet"}[network]
        ours = SimpleNamespace(features=layers_of({"vgg": "vgg16"}.get(network, network)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pretrained, "tv", SimpleNamespace(**{asked: lambda pretrained: ours}))
            return package.LPIPS(net=network, version="0.1", verbose=False)

    def figure(network: str, first: np.ndarray, second: np.ndarray) -> float:
        with torch.no_grad():
            return float(built(network)(*(torch.from_numpy(p)[None] for p in (first, second)), normalize=True))

    return figure


@pytest.mark.parametrize("network", ["vgg", "alex"])
@pytest.mark.parametrize("size", [(64, 64), (35, 50)])
def test_lpips_is_the_authors(network: str, size: tuple[int, int], files: list[Path], authors) -> None:  # type: ignore[no-untyped-def]
    first, second = pictures(2, *size)
    ours = build_lpips(files, "cpu", network)(first, second)  # type: ignore[arg-type]
    assert ours == pytest.approx(authors(network, first, second), rel=1e-6)
    assert ours > 0.01


def test_lpips_in_bands_is_the_whole_pictures(vgg: Lpips, authors, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    first, second = pictures(2, 331, 32)
    monkeypatch.setattr(perceptual, "BAND", 64)
    assert len(list(perceptual._bands(331))) == 4
    assert vgg(first, second) == pytest.approx(authors("vgg", first, second), rel=1e-6)


def test_bands_cover_every_row_once() -> None:
    for height in (32, 480, 496, 497, 1080, 2160):
        covered = [
            row for band in perceptual._bands(height) for row in range(band.top, band.bottom)[band.start : band.stop]
        ]
        assert covered == list(range(height))


def test_lpips_answers_alike(vgg: Lpips) -> None:
    """Equal pictures, either order, one or many at once, integers or floats, and twice."""
    first, second, third = pictures(3, 48, 40)
    assert vgg(first, first) == 0
    assert vgg(first, second) == vgg(first, second)
    assert vgg(second, first) == pytest.approx(vgg(first, second), rel=1e-6)
    assert vgg.among(first, [second, third, first]) == [vgg(first, second), vgg(first, third), 0]
    codes = (first * 255).round().astype(np.uint8)
    assert vgg(codes, second) == vgg(codes.astype(np.float32) / 255, second)


def test_pictures_that_do_not_fit_are_refused(vgg: Lpips) -> None:
    first = pictures(1, 40, 40)[0]
    with pytest.raises(InputError, match="sizes must agree"):
        vgg(first, first[:, :32])
    with pytest.raises(InputError, match="32 pixels"):
        vgg(first[:, :31], first[:, :31])
    with pytest.raises(InputError, match="not finite"):
        vgg(first, first * np.nan)
    with pytest.raises(InputError, match=r"\(3, height, width\)"):
        vgg(first[0], first[0])


def test_lpips_r_of_a_strip_is_refused(contextual: Contextual) -> None:
    with pytest.raises(InputError, match=r"LPIPS_R of a picture of \(3, 300, 8\)"):
        contextual.look(pictures(1, 300, 8)[0])


def test_the_networks_are_told(vgg: Lpips, contextual: Contextual, files: list[Path]) -> None:
    assert [facts.name for facts in vgg.facts] == ["VGG-16", "LPIPS's linear layers for VGG-16, v0.1"]
    assert vgg.name == "LPIPS (VGG-16, v0.1)"
    assert build_lpips(files, "cpu", "alex").facts[0].file == files[1]
    assert [facts.name for facts in contextual.facts] == ["VGG-19"]


def looped(x: np.ndarray, y: np.ndarray) -> float:
    """The contextual loss of (C, N) and (C, M) features, place by place."""
    mean = [sum(row) / len(row) for row in y]
    x, y = (np.array([column - mean for column in m.T]) for m in (x, y))
    shares = []
    for one in x:
        far = [1 - one @ other / np.linalg.norm(one) / np.linalg.norm(other) for other in y]
        likeness = [np.exp((1 - d / (min(far) + 1e-5)) / 0.5) for d in far]
        shares.append([w / sum(likeness) for w in likeness])
    return -np.log(sum(max(row[j] for row in shares) for j in range(len(y))) / len(y))


def test_contextual_loss_is_the_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    x, y = random.random((6, 3, 4)), random.random((6, 2, 5))
    monkeypatch.setattr(perceptual, "AT_ONCE", 5)
    ours = contextual_loss(torch, torch.from_numpy(x), torch.from_numpy(y))
    assert ours == pytest.approx(looped(x.reshape(6, -1), y.reshape(6, -1)), rel=1e-8)


def test_lpips_r_is_the_loss_at_relu3_2_and_relu4_2(contextual: Contextual) -> None:
    first, second = pictures(1, 64, 48)[0], pictures(1, 40, 72)[0]
    net = layers_of("vgg19")
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    figure = 0.0
    for layers in (14, 23):  # conv3_2 and conv4_2 with their ReLU
        x, y = ((torch.from_numpy(p) - mean) / deviation for p in (first, second))
        with torch.no_grad():
            x, y = (net[:layers](p[None])[0].flatten(1).numpy().astype(np.float64) for p in (x, y))
        figure += looped(x, y)
    assert contextual(first, second) == pytest.approx(figure, rel=1e-5)
    assert contextual(first, contextual.look(second)) == contextual(first, second)
    codes = (first * 255).round().astype(np.uint8)
    assert contextual(codes, second) == contextual(codes.astype(np.float32) / 255, second)


def test_lpips_r_finds_what_has_moved(contextual: Contextual) -> None:
    """Equal pictures are at 0; one moved by whole places stays nearer than another picture."""
    first, other = pictures(2, 64, 64)
    assert abs(contextual(first, first)) < 1e-9
    moved = np.roll(first, 16, axis=2)
    assert contextual(moved, first) < 0.5 * contextual(other, first)


def test_lpips_r_compares_large_pictures_smaller(contextual: Contextual) -> None:
    large = np.kron(pictures(1, 32, 20)[0], np.ones((1, 10, 10), np.float32))
    maps = contextual.look(large)
    assert [tuple(m.shape) for m in maps] == [(1, 256, 64, 40), (1, 512, 32, 20)]
