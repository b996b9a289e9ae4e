"""pipeline/sights.py: what propagation kept of a frame is found again, where it is of the frame as it is."""

from __future__ import annotations

import numpy as np
import pytest
from keeping import Keeping

from vidcolor.networks.kept_maps import KINDS, STRIDES
from vidcolor.pipeline.sights import ByNetworks
from vidcolor.propagate.arrays import Arrays
from vidcolor.propagate.cached import ShotCache

SIZE, START, COUNT = (16, 24), 30, 20


class Network:
    """Says of a frame how light it is; counts how often it looks."""

    def __init__(self) -> None:
        self.looked = 0

    def maps(self, lightness: np.ndarray) -> int:
        self.looked += 1
        return round(float(lightness.mean()))

    def arrays_of(self, said: int) -> Arrays:
        sides = [tuple(-(-side // stride) for side in SIZE) for stride in STRIDES]
        maps = {
            f"{k} {s}": np.full((*side, 2), said, np.int16)
            for k in KINDS
            for s, side in zip(STRIDES, sides, strict=True)
        }
        return {**maps, "share": np.array(0.5)}


def lightness(frame: int) -> np.ndarray:
    return np.full(SIZE, frame, np.float32)


def kept(cache: Keeping, network: Network, frame: int, luma: np.ndarray, light: np.ndarray | None = None) -> None:
    """As propagation keeps a frame of a shot."""
    shot = ShotCache(cache, START, SIZE, (START, COUNT))
    shot.keep_look(frame - START, luma, light)
    shot.keep_maps(frame - START, network.arrays_of(frame))


@pytest.mark.parametrize("frame", [START, START + 2, START + 9, START + COUNT - 1])
def test_what_was_kept_of_the_frame_as_it_is_is_taken(frame: int) -> None:
    cache, network = Keeping(), Network()
    kept(cache, network, frame, lightness(frame) / np.float32(100))
    seen = ByNetworks(cache, things=True, network=network)(frame, lightness(frame))
    assert not network.looked
    assert seen["things"][1][0].max() == np.float32(frame / 2**14)


@pytest.mark.parametrize("light", [None, np.full(SIZE, 1.2, np.float32)], ids=["other luma", "other light"])
def test_what_was_kept_of_it_in_other_light_is_not(light: np.ndarray | None) -> None:
    """As of a frame of a flash, which propagation matches in the light around it."""
    cache, network, frame = Keeping(), Network(), START + 9
    kept(cache, network, frame, lightness(frame) / np.float32(120 if light is None else 100), light)
    before = dict(cache.kept)
    for _ in range(2):
        ByNetworks(cache, things=True, network=network)(frame, lightness(frame))
    assert network.looked == 1, "it is kept then, as its own"
    assert all(cache.kept[name] is before[name] for name in before), "and propagation finds what it kept"
