"""Propagation on a device: PyTorch's own processor plays its part, and `meta`, where no number can be asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from made_scenes import chroma, gray, scene

from vidcolor.flow.dis import for_carrying
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
from vidcolor.planes import kinds
from vidcolor.propagate import propagate, shot
from vidcolor.propagate.doubt import Doubt
from vidcolor.propagate.runs import reduced
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

torch = pytest.importorskip("torch")
from vidcolor.flow.search import for_carrying as searched  # noqa: E402
from vidcolor.networks.propagator_on_device import DevicePropagator  # noqa: E402

FRAMES = 6
SETTINGS = PropagateSettings()
CPU = torch.device("cpu")
torch.set_num_threads(1)
PICTURES = [scene(3, (2 * n, n), (128, 176)) for n in range(FRAMES)]
"""R'G'B' of one scene that moves"""


def frames() -> list[Frame]:
    return [gray(rgb, n) for n, rgb in enumerate(PICTURES)]


def keys(*positions: int) -> dict[int, ColorFrame]:
    planes = {n: chroma(PICTURES[n]) for n in positions}
    return {n: ColorFrame(n, ab, np.ones(ab.shape[1:], np.float32)) for n, ab in planes.items()}


def colored(network: Any, own: tuple[int, ...], device: Any, **more: Any) -> Any:
    return propagate(frames(), keys(*own), searched(), SETTINGS, network=network, device=device, **more)


class Kept(dict[str, Any]):
    """A shelf."""

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        assert all(isinstance(array, np.ndarray) for array in arrays.values())
        self[name] = {key: np.array(array) for key, array in arrays.items()}

    def take(self, name: str) -> Any:
        return self.get(name)

    def drop(self, name: str) -> None:
        self.pop(name, None)


@pytest.fixture(scope="module")
def there() -> DevicePropagator:
    return DevicePropagator(CPU)


@pytest.mark.parametrize("own", [(0,), (0, FRAMES - 1)])
def test_a_device_colors_as_the_processor_does(there: DevicePropagator, own: tuple[int, ...]) -> None:
    doubts = [Doubt((64, 88), FRAMES), Doubt((64, 88), FRAMES)]
    network = Propagator(NetworkFeatures())
    here = list(propagate(frames(), keys(*own), for_carrying(), SETTINGS, network=network, doubt=doubts[0]))
    found = list(colored(there, own, CPU, doubt=doubts[1]))
    assert [color.index for color in found] == list(range(FRAMES))
    assert all(isinstance(plane, np.ndarray) for color in found for plane in (color.chroma, color.confidence))
    truth = [np.stack([reduced(plane, (64, 88)) for plane in chroma(rgb)]) for rgb in PICTURES]
    off = [
        np.mean([np.hypot(*(color.chroma - ab)).mean() for color, ab in zip(colors, truth, strict=True)])
        for colors in (here, found)
    ]
    assert off[1] < off[0] + 0.15 < 4
    apart = [np.hypot(*(a.chroma - b.chroma)).mean() for a, b in zip(here, found, strict=True)]
    assert max(apart) < 0.8
    areas = [np.array([(row + [0] * 11)[:11] for row in doubt.area()["area"]]) for doubt in doubts]
    assert np.abs(areas[0] - areas[1]).mean() < 30  # thousandths


@pytest.mark.parametrize("size", [(1, 1), (3, 66)])
def test_the_smallest_frames_are_colored_both_ways(there: DevicePropagator, size: tuple[int, int]) -> None:
    pictures = [scene(3, (n, n), (64, 66))[:, : size[0], : size[1]] for n in range(3)]
    own = {0: ColorFrame(0, chroma(pictures[0]), np.ones(size, np.float32))}
    small = [gray(rgb, n) for n, rgb in enumerate(pictures)]
    here = list(propagate(small, own, for_carrying(), SETTINGS, network=Propagator(NetworkFeatures())))
    found = list(propagate(small, own, searched(), SETTINGS, network=there, device=CPU))
    assert max(np.hypot(*(a.chroma - b.chroma)).mean() for a, b in zip(here, found, strict=True)) < 2


def test_a_stopped_shot_goes_on_to_the_same_bytes(there: DevicePropagator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shot, "RUN", 3)
    own = (0, FRAMES - 1)
    whole = list(colored(there, own, CPU))
    shelf = Kept()
    begun = colored(there, own, CPU, shelf=shelf)
    done = [next(begun) for _ in range(4)]
    begun.close()
    state = shelf[shot.STATE]
    first = int(state["position"])
    assert 0 < first < 4
    rest = colored(there, own, CPU, shelf=shelf, state=state)
    for color, other in zip([*done[:first], *rest], whole, strict=True):
        np.testing.assert_array_equal(color.chroma, other.chroma)
        np.testing.assert_array_equal(color.confidence, other.confidence)


@pytest.fixture
def brought_down(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What may come down does, as zeros; the modules that asked for it."""
    asked: list[str] = []
    down = kinds.down

    def zeros(plane: Any) -> np.ndarray:
        asked.append(sys._getframe(1).f_globals["__name__"].rpartition(".")[2])
        if isinstance(plane, np.ndarray):
            return plane
        return down(torch.zeros(plane.shape, dtype=plane.dtype))

    for module in [m for m in sys.modules.values() if getattr(m, "down", None) is down]:
        monkeypatch.setattr(module, "down", zeros)
    return asked


@pytest.fixture
def gone_up(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of what goes up."""
    shapes, up = list[tuple[int, ...]](), kinds.up

    def told(plane: Any, device: Any) -> Any:
        shapes.extend([] if kinds.on_device(plane) else [plane.shape])
        return up(plane, device)

    for module in [m for m in sys.modules.values() if getattr(m, "up", None) is up]:
        monkeypatch.setattr(module, "up", told)
    return shapes


def test_nothing_else_comes_down_or_goes_up_on_the_way(brought_down: list[str], gone_up: list[tuple[int, ...]]) -> None:
    """A tensor on `meta` answers no question; what would wait for a device in the middle of a frame fails here."""
    meta, count = torch.device("meta"), 4
    doubt = Doubt((64, 88), count)
    network: Any = DevicePropagator(meta)
    found = propagate(
        frames()[:count], keys(0, count - 1), searched(), SETTINGS, network=network, doubt=doubt, device=meta
    )
    assert len(list(found)) == count
    each = {name: brought_down.count(name) for name in set(brought_down)}
    assert set(each) <= {"shot", "doubt", "links", "runs", "flats", "tells", "compare_places", "propagator_on_device"}
    assert each["runs"] == 2  # flow both ways, for tracking, of all steps at once
    assert each["shot"] == 2 * count + 4  # colours and confidence; of each keyframe, whether it is known wholly
    assert gone_up.count((3, 3)) <= 2  # a table goes up once
    assert len(gone_up) <= 8 * count  # frames, their labels and the pixels of each, keyframes


@pytest.mark.gpu
def test_a_gpu_colors_as_the_processor_does(there: DevicePropagator) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "mps")
    network = DevicePropagator(device)
    own = list(colored(there, (0,), CPU))
    twice = [list(colored(network, (0,), device)) for _ in range(2)]
    for here, found, again in zip(own, *twice, strict=True):
        assert np.hypot(*(here.chroma - found.chroma)).mean() < 0.3
        np.testing.assert_array_equal(found.chroma, again.chroma)
