"""Folders of pictures to a training list: COCO's instances, pictures with plain masks, or pictures alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.published import choose
from vidcolor.research.training.published.coco import Instance, box_of, read_instances
from vidcolor.research.training.published.lists import Entry, PairList

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
MASKED_NAME = "object"
"""Class of what a plain mask covers."""
INSIDE = 128
"""Code of a plain mask from which on a pixel is inside."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of which folders."""

    pictures: Path
    out: Path
    coco: Path | None = None
    """COCO's instances of these pictures."""
    masks: Path | None = None
    """Or a folder of masks, each of its picture's name, white inside."""
    weights: Path | None = None
    """Folder of published weights."""
    limit: int | None = None
    """Pictures taken, spread evenly; all if not given."""
    held: int = 50
    """One picture in so many is held out."""
    seed: int = 1


def prepare(wanted: Wanted, look: choose.Look, how: str) -> PairList:
    """The list, its masks written; the list itself is not.

    Refuses folders without pictures, objects of pictures that are not there, masks of other sizes.
    """
    names = pictures_of(wanted.pictures, wanted.limit)
    if wanted.coco is not None and wanted.masks is not None:
        raise InputError(f"{wanted.coco} and {wanted.masks}: give COCO's instances or a folder of masks, not both")
    instances = read_instances(wanted.coco) if wanted.coco is not None else {}
    (wanted.out / "masks").mkdir(parents=True, exist_ok=True)
    if wanted.coco is not None:
        names = [name for name in names if name in instances]
        if not names:
            raise InputError(f"{wanted.coco}: names no picture of {wanted.pictures}; give the folder of its pictures")
    scenes: list[Entry] = []
    objects: list[Entry] = []
    seen: tuple[list[Array], list[Array]] = ([], [])
    for name in names:
        rgb = read_rgb(wanted.pictures / name)
        held = choose.is_held(name, wanted.held)
        scenes.append(Entry(name, held))
        seen[0].append(choose.look_at(rgb, None, look))
        for entry in _objects_of(wanted, name, rgb, instances.get(name, ())):
            objects.append(entry)
            seen[1].append(choose.look_at(rgb, entry.box, look))
    if len(scenes) - sum(entry.held for entry in scenes) < 2:
        raise InputError(f"{wanted.pictures}: {len(scenes)} pictures; pairs need two that are not held out, give more")
    scenes = choose.ranked(scenes, np.stack(seen[0]))
    if objects:
        objects = choose.drawn(choose.ranked(objects, np.stack(seen[1])), wanted.seed)
    return PairList(wanted.out, wanted.pictures, wanted.weights, tuple(scenes), tuple(objects), how)


def pictures_of(folder: Path, limit: int | None = None) -> list[str]:
    """Names of the pictures of a folder and the folders below; `limit` of them, spread evenly. Refuses none."""
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    if not found:
        raise InputError(f"{folder}: no pictures ({', '.join(PICTURES)}); give a folder that has some")
    if limit is None or limit >= len(found):
        return found
    return [found[k] for k in np.linspace(0, len(found) - 1, max(limit, 1)).round().astype(int)]


def _objects_of(wanted: Wanted, name: str, rgb: Array, instances: Sequence[Instance]) -> Iterator[Entry]:
    """The objects large enough, their masks written."""
    size = (rgb.shape[0], rgb.shape[1])
    for number, (kind, mask) in enumerate(_masks(wanted, name, size, instances)):
        share, box = float(mask.mean()), box_of(mask)
        if share <= choose.LEAST_SHARE or box is None:
            continue
        file = f"masks/{name.rsplit('.', 1)[0].replace('/', '__')}-{number}.png"
        (wanted.out / file).write_bytes(cv2.imencode(".png", mask.astype(np.uint8) * 255)[1].tobytes())
        held = choose.is_held(name, wanted.held)
        yield Entry(name, held, name=kind, box=box, share=round(share, 4), mask=file)


def _masks(
    wanted: Wanted, name: str, size: tuple[int, int], instances: Sequence[Instance]
) -> Iterator[tuple[str, Array]]:
    """Class and mask (H, W) of each object of a picture."""
    for instance in instances:
        if instance.size != size:
            said, real = instance.size[::-1], size[::-1]
            raise InputError(f"{instance.what}: {name} of {said}, the picture has {real}; give the pictures it is of")
        yield instance.name, instance.mask()
    if wanted.masks is not None:
        path = _mask_file(wanted.masks, name)
        if path is not None:
            yield MASKED_NAME, read_mask(path, size)


def _mask_file(folder: Path, name: str) -> Path | None:
    stem = folder / name.rsplit(".", 1)[0]
    return next((p for end in PICTURES if (p := stem.with_name(stem.name + end)).is_file()), None)


def read_mask(path: Path, size: tuple[int, int]) -> Array:
    """(H, W) bool of a mask's file; of colours the brightest counts. Refuses masks of another size than the picture."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise InputError(f"{path}: no mask that can be read; take it out, with its picture")
    if picture.shape[:2] != size:
        raise InputError(f"{path}: a mask of {picture.shape[1::-1]} for a picture of {size[::-1]}; make it that size")
    if picture.ndim > 2:
        picture = picture[..., :3].max(-1)  # a fourth channel is alpha, white everywhere
    # Masks are written as 0 and 255, and as 0 and 1.
    return np.asarray(picture >= INSIDE if picture.max() > 1 else picture > 0)
