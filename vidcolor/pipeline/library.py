"""The pictures of the references folder, seen once a film: read when asked for, kept while there is room."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from vidcolor.cache import Cache
from vidcolor.errors import MediaError
from vidcolor.features import Features, gray_of
from vidcolor.media.images import Painted, may_have_alpha, read_painted, read_picture
from vidcolor.pipeline.stored import StoredArrays
from vidcolor.project.corrections import path_of
from vidcolor.project.folder import Project
from vidcolor.references.choose import describe
from vidcolor.state.plan import Picture
from vidcolor.types import Reference

ROOM = 256 << 20
"""Bytes of pictures kept in memory. Their descriptions, of 0.2 MB each, are asked for again one after another for every
keyframe: what lets go of those longest unused would make all anew."""

PAINTED: Cache[Painted] = Cache(64 << 20, lambda painted: painted.nbytes)
"""Paints and masks by path and hash, for all libraries of a process: a page shows a frame's paints anew with each that
comes."""
HALF = 0.5
"""How white a pixel of a mask is that counts."""
SKEWED = 0.03
"""A mask's proportions may be off by this, as a logarithm: sizes are whole pixels."""


class Library:
    """Reads pictures by name; several threads may ask at once.

    A picture that changed since it was listed is refused: the plan speaks of the old one.
    """

    def __init__(self, project: Project, features: Features) -> None:
        """`features` are what pictures are described by."""
        self.project, self.features = project, features
        self._pictures: Cache[Reference] = Cache(ROOM, _size)
        self._described = StoredArrays(project.path("plan"))

    def read(self, picture: Picture) -> Reference:
        """The picture at its own size, under the name the plan gives it."""
        return self._pictures.get((picture.name, picture.hash), lambda: self._read(picture))

    def picture(self, name: str, mark: str) -> Reference:
        """A picture by its name and hash."""
        return self.read(Picture(name, mark))

    def let_go(self, names: Collection[str]) -> None:
        """Lets go of pictures that nothing more will ask for."""
        self._pictures.let_go(lambda key: isinstance(key, tuple) and key[0] in names)

    def check_size(self, name: str, shape: tuple[int, ...], size: tuple[int, ...]) -> None:
        """Refuses a picture of other proportions than `size` (height, width)."""
        refuse_other_proportions(self._path(name), shape, size)

    def described(self, picture: Picture) -> np.ndarray:
        """The picture as `references.choose.describe` has it; read only if that is not known yet."""
        return self._described.get(picture.hash, lambda: describe(gray_of(self.read(picture)), self.features))

    def _read(self, picture: Picture) -> Reference:
        path = self._path(picture.name)
        reference = read_picture(path, picture.name)
        _same(path, reference.hash, picture.hash)
        return reference

    def mask(self, name: str, mark: str, size: tuple[int, ...]) -> np.ndarray:
        """A mask by its name and hash. Refuses one of other proportions than `size` (height, width)."""
        path = self._path(name)
        painted = self.painted(name, mark, size)
        mask: np.ndarray = painted.whole(painted.white * painted.share > HALF)
        if not mask.any():
            raise MediaError(f"{path}: a mask without white; paint the part it stands for white on black")
        return mask

    def may_be_partial(self, name: str) -> bool:
        """Whether a picture may have transparent pixels, going by its head alone."""
        return may_have_alpha(self._path(name))

    def opacity(self, picture: Picture) -> tuple[float, float]:
        """How opaque a picture's pixels are, 0..1: the least and the most."""
        if not self.may_be_partial(picture.name):
            return 1.0, 1.0
        painted = read_painted(self._path(picture.name))
        share = painted.whole(painted.share)
        return float(share.min()), float(share.max())

    def painted(self, name: str, mark: str, size: tuple[int, ...]) -> Painted:
        """A paint, or a mask of soft edges, by its name and hash. Refuses one of other proportions than `size`."""
        path = self._path(name)

        def read() -> Painted:
            painted = read_painted(path)
            _same(path, painted.hash, mark)
            return painted

        painted = PAINTED.get((path, mark), read)
        refuse_other_proportions(path, painted.shape, size)
        return painted

    def _path(self, name: str) -> Path:
        return path_of(self.project, name)


def refuse_other_proportions(path: Path, shape: tuple[int, ...], size: tuple[int, ...]) -> None:
    """Refuses a mask or a paint, (height, width), of other proportions than what it belongs to."""
    if abs(np.log(shape[0] * size[1] / (shape[1] * size[0]))) > SKEWED:
        raise MediaError(
            f"{path}: {shape[1]}x{shape[0]} has not the proportions of what it is a mask of "
            f"({size[1]}x{size[0]}); paint it over that picture"
        )


def _same(path: Path, found: str, planned: str) -> None:
    if found != planned:
        raise MediaError(f"{path}: changed while vidcolor was working; run the same command again")


def _size(reference: Reference) -> int:
    return int(reference.lightness.nbytes + reference.chroma.nbytes)
