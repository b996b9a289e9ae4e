"""The review proxy's pictures: rounding, siting and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vidcolor.media.proxy import Labels, burn_in, proxy_planes
from vidcolor.timeline import FrameRange
from vidcolor.types import DeliveryFrame, Reel, Shot


def frame(luma: Any, cb: Any = None, cr: Any = None) -> DeliveryFrame:
    luma = np.asarray(luma, np.uint16)
    flat = np.full((luma.shape[0], (luma.shape[1] + 1) // 2), 512, np.uint16)
    return DeliveryFrame(0, luma, flat if cb is None else np.asarray(cb, np.uint16), flat if cr is None else cr)


def test_every_code_is_rounded_to_the_nearest() -> None:
    codes = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    luma, _, _ = proxy_planes(frame(codes), "progressive")
    assert np.abs(luma.astype(float) - np.minimum(codes / 4, 255)).max() <= 0.5
    eight_bit_source = np.arange(256, dtype=np.uint16).reshape(16, 16)
    assert np.array_equal(proxy_planes(frame(eight_bit_source * 4), "progressive")[0], eight_bit_source)


def test_chroma_lies_between_two_lines_and_stays_on_its_column() -> None:
    across = np.arange(8) * 40 + 300
    down = np.arange(8)[:, None] * 16
    _, cb, _ = proxy_planes(frame(np.full((8, 16), 500), across + down), "progressive")
    expected = (across + np.array([8, 40, 72, 104])[:, None]) / 4
    assert cb.shape == (4, 8)
    assert np.abs(cb - expected).max() <= 0.5


def test_fields_do_not_bleed_into_each_other() -> None:
    cb = np.full((16, 8), 400)
    cb[1::2] = 800
    _, small, _ = proxy_planes(frame(np.full((16, 16), 500), cb), "top")
    assert (small[0::2] == 100).all()
    assert (small[1::2] == 200).all()


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (6, 7), (7, 6)], ids=str)
def test_odd_sizes_grow_by_a_copy(size: tuple[int, int]) -> None:
    luma, cb, cr = proxy_planes(frame(np.full(size, 400)), "progressive")
    assert luma.shape == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert cb.shape == cr.shape == (luma.shape[0] // 2, luma.shape[1] // 2)
    assert (luma == 100).all()


def test_labels_say_shot_frame_and_timecode() -> None:
    shots = [Shot("r1", FrameRange(0, 30)), Shot("r1", FrameRange(30, 60))]
    reel = Reel("r1", None, 60, rate=_rate(), size=(48, 64), start=86_400)  # type: ignore[arg-type]
    labels = Labels(shots)
    assert labels.text(reel, 29) == "r1-000000  frame 000029  01:00:01:05"
    assert labels.text(reel, 30) == "r1-000030  frame 000030  01:00:01:06"
    assert Labels().text(reel, 0) == "frame 000000  01:00:00:00"


def _rate() -> Any:
    from vidcolor.timeline import Rate

    return Rate(24)


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (120, 256), (576, 720)], ids=str)
def test_labels_cover_the_foot_and_nothing_else(size: tuple[int, int]) -> None:
    def blank() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        half = (size[0] // 2, size[1] // 2)
        return np.full(size, 90, np.uint8), np.full(half, 60, np.uint8), np.full(half, 200, np.uint8)

    planes, other, marked = blank(), blank(), blank()
    burn_in(planes, "frame 000001")
    burn_in(other, "frame 000002")
    burn_in(marked, "frame 000001", "KEY")
    covered = np.flatnonzero((planes[0] != 90).any(axis=1))
    if size[0] > 100:
        assert covered[0] > 0.85 * size[0]
        assert not np.array_equal(planes[0], other[0])
        assert not np.array_equal(planes[0], marked[0])
        assert (planes[0][covered[0] :] > 200).any()
    # where the strip is black, nothing shines through in colour
    assert (planes[1][covered[0] // 2 :] == 128).all()
    assert (planes[1][: covered[0] // 2] == 60).all()
    assert covered[-1] == size[0] - 1
