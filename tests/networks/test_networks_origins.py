"""networks/origins.py: what flow slid off is unlike the place that it says it comes from."""

from __future__ import annotations

import numpy as np

from vidcolor.networks.frame_maps import FrameMaps
from vidcolor.networks.origins import unlike

SIZE = (48, 80)


def maps(seed: int, *, things: bool = True) -> FrameMaps:
    """Maps whose every place is its own."""
    made = np.random.default_rng(seed)
    sides = [(SIZE[0] // stride, SIZE[1] // stride) for stride in (4, 8, 16)]
    some = ([made.standard_normal((*s, 16), np.float32) for s in sides] for _ in range(2))
    features, kinds = (tuple(m / np.linalg.norm(m, axis=2, keepdims=True) for m in kind) for kind in some)
    return FrameMaps(features, kinds if things else tuple(np.zeros_like(k) for k in kinds), float(things))


def places(right: float = 0.0) -> np.ndarray:
    """Where places of 4 pixels come from: `right` of themselves."""
    y, x = np.mgrid[: SIZE[0] // 4, : SIZE[1] // 4].astype(np.float32) * 4 + np.float32(1.5)
    return np.stack([x + np.float32(right), y])


def test_a_place_is_like_itself_and_unlike_what_flow_slid_to():
    frame = maps(1)
    same, slid = unlike(frame, frame, places()), unlike(frame, frame, places(16))
    assert same.shape == (2, SIZE[0] // 4, SIZE[1] // 4)
    assert same.max() < 1e-5
    assert slid[:, :, :-4].min() > 0.2
    assert (slid[:, :, -1] < 1e-5).all(), "beyond the edge is the edge"


def test_where_a_thing_went_it_is_found_again():
    frame = maps(2)
    later = FrameMaps(*(tuple(np.roll(m, -16 // s, 1) for m, s in zip(k, (4, 8, 16), strict=True))
                        for k in (frame.features, frame.things)), 1.0)  # fmt: skip
    assert unlike(later, frame, places(16))[:, :, :-8].max() < 1e-5


def test_things_that_do_not_count_are_unlike():
    frame = maps(3, things=False)
    look, kinds = unlike(frame, frame, places())
    assert (kinds == 1).all()
    assert np.allclose(look, 0.25), "and fine ones are missed in the look"
