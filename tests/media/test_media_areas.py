"""Small pictures made in one pass are those that are made in three, whatever holds the film's luma."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from made_films import gray_frame, noise

from vidcolor.media.areas import area_means
from vidcolor.media.luma import layout_of
from vidcolor.media.read import luma_of, quick_lightness, to_lightness
from vidcolor.timeline import Rate
from vidcolor.types import Reel

SIZE = (67, 93)


@pytest.mark.parametrize("size", [(67, 93), (66, 31), (10, 14), (3, 93), (1, 1)])
def test_means_over_areas_are_those_of_opencv(size):
    codes = noise(1, SIZE, 0, 255)[0].astype(np.uint8)
    table = np.linspace(0, 100, 256, dtype=np.float32) ** np.float32(0.8)
    wanted = cv2.resize(table[codes], size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(area_means(codes, table, size) - wanted).max() < 1e-4


def test_parts_of_pixels_count_in_part():
    assert area_means(np.array([[0, 3, 9]], np.uint8), np.arange(10, dtype=np.float32), (1, 2)).tolist() == [
        pytest.approx([1.0, 7.0])
    ]


def test_codes_that_no_picture_should_hold_have_the_last_entry():
    codes = np.array([[3, 1023, 65535]], np.uint16)
    assert area_means(codes, np.arange(10, dtype=np.float32), (1, 3)).tolist() == [[3.0, 9.0, 9.0]]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", ["yuv420p", "gray", "gray10be", "yuv422p10le", "yuv444p12le", "gray16le", "gbrp"])
def test_quick_lightness_is_that_of_the_codes(name, full):
    bits = layout_of(name).bits
    picture = gray_frame(noise(1, SIZE, 0, 2**bits - 1)[0], name)
    reel = Reel("r1", Path("film"), 1, Rate(24), SIZE, pixel_format=name, bits=bits, full_range=full)
    for size in ((9, 13), SIZE, (100, 140)):
        wanted = to_lightness(reel, size)(luma_of(reel, picture))
        assert np.abs(quick_lightness(reel, size)(picture) - wanted).max() < 1e-4
