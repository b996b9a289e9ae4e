"""Objects of a COCO file (instances_*.json): class, box and mask, read with care for what may be wrong in it.

The format: cocodataset.org, "Format data": polygons, or run lengths down the columns, as numbers or packed in text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.research.training.published.lists import below, read_json

REMEDY = "give an instances_*.json of COCO"
LARGEST = 30_000
"""Pixels of a picture's side, at most: a file that says more is damaged."""
POINT_LOW, POINT_BITS, POINT_MORE, POINT_SIGN = 48, 5, 0x20, 0x10
"""Packed run lengths: characters from '0', five bits each, a bit that says more follow, the sign's bit."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One object of one picture."""

    picture: str
    """The picture's file name."""
    size: tuple[int, int]
    """Height and width of the picture, as the file says."""
    name: str
    """Its class."""
    outline: Any
    """Polygons or run lengths, as the file has them."""
    what: str
    """File and object, for messages."""

    def mask(self) -> Array:
        """(H, W) bool. Refuses outlines that are none, and run lengths of another size than the picture's."""
        if isinstance(self.outline, dict):
            return _of_runs(self.outline, self.size, self.what)
        return _of_polygons(self.outline, self.size, self.what)


def read_instances(path: Path) -> dict[str, list[Instance]]:
    """The objects of each picture by its file name, crowds left out; pictures without objects have an empty list.

    Refuses files that are no COCO instances, pictures named outside their folder, objects of unknown pictures.
    """
    told = read_json(path, REMEDY)
    if not isinstance(told, dict) or not all(isinstance(told.get(k), list) for k in ("images", "annotations")):
        raise InputError(f"{path}: no tables of images and annotations; {REMEDY}")
    names = {_get(row, "id", f"{path}: category {n}"): row for n, row in enumerate(told.get("categories") or [])}
    images: dict[Any, tuple[str, tuple[int, int]]] = {}
    for n, row in enumerate(told["images"]):
        what = f"{path}: image {n}"
        size = (_side(_get(row, "height", what), what), _side(_get(row, "width", what), what))
        images[_key(_get(row, "id", what), what)] = (below(_get(row, "file_name", what), what), size)
    found: dict[str, list[Instance]] = {name: [] for name, _ in images.values()}
    for n, row in enumerate(told["annotations"]):
        what = f"{path}: annotation {n}"
        image = _key(_get(row, "image_id", what), what)
        if image not in images:
            raise InputError(f"{what} is of image {image!r}, which is not in the file; {REMEDY}")
        if row.get("iscrowd"):
            continue
        kind = names.get(row.get("category_id"), {}).get("name", str(row.get("category_id")))
        name, size = images[image]
        found[name].append(Instance(name, size, str(kind), _get(row, "segmentation", what), what))
    return found


def _get(row: Any, key: str, what: str) -> Any:
    if not isinstance(row, dict) or key not in row:
        raise InputError(f"{what} has no {key!r}; {REMEDY}")
    return row[key]


def _key(value: Any, what: str) -> int | str:
    if not isinstance(value, int | str):
        raise InputError(f"{what}: {value!r} is no number of an image; {REMEDY}")
    return value


def _side(value: Any, what: str) -> int:
    if type(value) is not int or not 0 < value <= LARGEST:
        raise InputError(f"{what}: {value!r} pixels are no side of a picture; {REMEDY}")
    return value


def _of_polygons(polygons: Any, size: tuple[int, int], what: str) -> Array:
    """Filled polygons, each [x, y, x, y, ...] in pixels, 0, 0 the corner of the corner pixel."""
    canvas = np.zeros(size, np.uint8)
    if not isinstance(polygons, list) or not polygons:
        raise InputError(f"{what}: its outline is neither polygons nor run lengths; {REMEDY}")
    for polygon in polygons:
        try:
            points = np.asarray(polygon, np.float64).reshape(-1, 2)
        except (TypeError, ValueError) as error:
            raise InputError(f"{what}: a polygon that is not x, y, x, y ...; {REMEDY}") from error
        if len(points) < 3 or not np.isfinite(points).all():
            raise InputError(f"{what}: a polygon of {len(points)} points, or without an end; {REMEDY}")
        inside = np.clip(points - 0.5, -LARGEST, 2 * LARGEST)
        cv2.fillPoly(canvas, [np.rint(inside).astype(np.int32)], 1)
    return canvas.astype(np.bool_)


def _of_runs(runs: dict, size: tuple[int, int], what: str) -> Array:
    """Run lengths of 0, 1, 0 ... down the columns."""
    counts, said = runs.get("counts"), runs.get("size")
    if isinstance(counts, str):
        counts = _unpacked(counts, what)
    if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
        raise InputError(f"{what}: run lengths that are no numbers; {REMEDY}")
    if said != list(size) or sum(counts) != size[0] * size[1]:
        raise InputError(
            f"{what}: run lengths of {said}, {sum(counts)} pixels, for a picture of {list(size)}; {REMEDY}"
        )
    values = np.arange(len(counts)) % 2 == 1
    return np.ascontiguousarray(np.repeat(values, counts).reshape(size[::-1]).T)


def _unpacked(text: str, what: str) -> list[int]:
    """Run lengths of COCO's packed text: each, from the third on, is less the one two before it."""
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - POINT_LOW
        if not 0 <= bits < 2 * POINT_MORE or shift > 60:
            raise InputError(f"{what}: run lengths that cannot be unpacked; {REMEDY}")
        value |= (bits & (POINT_MORE - 1)) << shift
        shift += POINT_BITS
        if not bits & POINT_MORE:
            if bits & POINT_SIGN:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise InputError(f"{what}: run lengths that stop midway; {REMEDY}")
    return counts


def box_of(mask: Array) -> tuple[int, int, int, int] | None:
    """x, y, width, height around a mask (H, W); None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    spans: Sequence[tuple[int, int]] = [(int(line[0]), int(line[-1] - line[0] + 1)) for line in (columns, rows)]
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]
