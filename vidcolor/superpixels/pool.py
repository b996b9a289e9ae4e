"""Pixels to super-features and back, and which superpixels touch.

A super-feature is the mean over its pixels: Carrillo 2024, sec. 4.5.1. (The authors' released code takes the largest.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vidcolor.compiled import exact, strict
from vidcolor.errors import InputError

if TYPE_CHECKING:
    from numpy import ndarray as Array

_SIDE_BY_SIDE = 4


@exact()
def _pool(features: Array, labels: Array, means: Array) -> None:
    """Writes the means (C, count). Sums in float64; four rows go side by side, each to its own sums."""
    height, width = labels.shape
    count = means.shape[1]
    pixels = np.zeros(count, np.int64)
    for y in range(height):
        for x in range(width):
            if labels[y, x] >= 0:
                pixels[labels[y, x]] += 1
    for channel in range(features.shape[0]):
        sums = np.zeros((count, _SIDE_BY_SIDE), np.float64)
        for y0 in range(0, height, _SIDE_BY_SIDE):
            for x in range(width):
                for r in range(_SIDE_BY_SIDE):
                    if y0 + r < height and labels[y0 + r, x] >= 0:
                        sums[labels[y0 + r, x], r] += features[channel, y0 + r, x]
        for label in range(count):
            if pixels[label] > 0:
                total = sums[label, 0] + sums[label, 1] + sums[label, 2] + sums[label, 3]
                means[channel, label] = total / pixels[label]


@exact()
def _unpool(values: Array, labels: Array, picture: Array) -> None:
    for channel in range(values.shape[0]):
        for y in range(labels.shape[0]):
            for x in range(labels.shape[1]):
                label = labels[y, x]
                if label >= 0:
                    picture[channel, y, x] = values[channel, label]


def pool(features: Array, labels: Array, count: int) -> Array:
    """Super-features: the mean of each feature inside each superpixel.

    features  (C, H, W) float32
    labels    (H, W) int32, below `count`; pixels of negative label are left out
    returns   (C, count) float32; zeros for a label that no pixel has

    Refuses labels of another size than the features', and labels of `count` or more.
    Source: Carrillo 2024, sec. 4.5.1.
    """
    if features.ndim != 3 or features.shape[1:] != labels.shape:
        raise InputError(f"pool: features {features.shape} do not fit labels {labels.shape}; give (C, H, W) and (H, W)")
    _check_labels("pool", labels, count)
    means = np.zeros((features.shape[0], count), np.float32)
    _pool(np.ascontiguousarray(features, np.float32), np.ascontiguousarray(labels, np.int32), means)
    return means


@strict()
def _pool_enlarged(
    maps: Any, labels: Any, ends: Any, pixels: Any, shares: Any, touched: Any, sums: Any, means: Any
) -> None:  # pragma: no cover
    """Writes the means (count, C) of maps (h, w, C), enlarged by straight lines as OpenCV enlarges.

    The pixels of a superpixel come one after another; what they take of each place is added up first, so that its
    channels, which lie side by side, are looked at once a superpixel.

    ends, shares  zeros, to work in: (count + 1,), and one a place
    pixels        as many as there are, to work in; so are `touched`, one a place, and `sums`, one a channel
    """
    (height, width), (rows, columns, channels) = labels.shape, maps.shape
    for y in range(height):
        for x in range(width):
            if labels[y, x] >= 0:
                ends[labels[y, x] + 1] += 1
    before = 0
    for label in range(means.shape[0]):  # where each begins, at its place; where it ends, once it is listed
        before, ends[label + 1] = before + ends[label + 1], before
    for y in range(height):
        for x in range(width):
            if labels[y, x] >= 0:
                pixels[ends[labels[y, x] + 1]] = y * width + x
                ends[labels[y, x] + 1] += 1
    for label in range(means.shape[0]):
        count = 0
        for index in range(ends[label], ends[label + 1]):
            pixel = pixels[index]
            top = min(max((pixel // width + 0.5) * rows / height - 0.5, 0.0), rows - 1.0)
            left = min(max((pixel % width + 0.5) * columns / width - 0.5, 0.0), columns - 1.0)
            row, column = int(top), int(left)
            for down in range(2):
                for right in range(2):
                    share = (top - row if down else 1 - top + row) * (left - column if right else 1 - left + column)
                    if share > 0:
                        place = (row + down) * columns + column + right
                        if shares[place] == 0:
                            touched[count] = place
                            count += 1
                        shares[place] += share
        for channel in range(channels):
            sums[channel] = 0
        for k in range(count):
            values = maps[touched[k] // columns, touched[k] % columns]
            share = shares[touched[k]]
            for channel in range(channels):
                sums[channel] += share * values[channel]
            shares[touched[k]] = 0
        for channel in range(channels):
            means[label, channel] = sums[channel] / max(1, ends[label + 1] - ends[label])


def pool_enlarged(maps: Array, labels: Array, count: int) -> Array:
    """`pool` of features (C, h, w) enlarged to the labels' size, (C, count) float32, without enlarging them: a tenth of
    the time.

    Refuses features larger than the labels, and labels of `count` or more.
    """
    if maps.ndim != 3 or maps.shape[1] > labels.shape[0] or maps.shape[2] > labels.shape[1]:
        raise InputError(f"pool: features {maps.shape} are no smaller picture of labels {labels.shape}")
    _check_labels("pool", labels, count)
    means = np.zeros((count, len(maps)), np.float32)
    ends, pixels = np.zeros(count + 1, np.int64), np.empty(labels.size, np.int64)
    places, channels = maps.shape[1] * maps.shape[2], len(maps)
    work = (ends, pixels, np.zeros(places), np.empty(places, np.int64), np.empty(channels))
    _pool_enlarged(np.ascontiguousarray(maps.transpose(1, 2, 0), np.float32), labels, *work, means)
    return np.ascontiguousarray(means.T)


def unpool(values: Array, labels: Array) -> Array:
    """Each pixel takes the values of its superpixel: (C, H, W) float32; zeros where the label is negative.

    values  (C, count) float32
    labels  (H, W) int32, below count
    """
    if values.ndim != 2 or labels.ndim != 2:
        raise InputError(f"unpool: values {values.shape}, labels {labels.shape}; give (C, count) and (H, W)")
    _check_labels("unpool", labels, values.shape[1])
    picture = np.zeros((values.shape[0], *labels.shape), np.float32)
    _unpool(np.ascontiguousarray(values, np.float32), np.ascontiguousarray(labels, np.int32), picture)
    return picture


def _check_labels(what: str, labels: Array, count: int) -> None:
    if labels.size and labels.max() >= count:
        raise InputError(f"{what}: label {labels.max()} but only {count} superpixels; give the count of all labels")
