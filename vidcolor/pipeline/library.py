"""The pictures of the references folder, seen once a film: read when asked for, kept while there is room."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidcolor.cache import Cache
from vidcolor.errors import MediaError
from vidcolor.features import Features, gray_of
from vidcolor.media.images import read_mask, read_picture
from vidcolor.references.choose import describe
from vidcolor.state.plan import Picture
from vidcolor.types import Reference

ROOM = 256 << 20
"""Bytes of pictures kept in memory, and as many again of their descriptions (0.2 MB each)."""


SKEWED = 0.03
"""A mask's proportions may be off by this, as a logarithm: sizes are whole pixels."""


class Library:
    """Reads pictures by name; several threads may ask at once.

    A picture that changed since it was listed is refused: the plan speaks of the old one.
    """

    def __init__(self, folder: Path | None, features: Features) -> None:
        """`features` are what pictures are described by."""
        self.folder, self.features = folder, features
        self._pictures: Cache[Reference] = Cache(ROOM, _size)
        self._described: Cache[np.ndarray] = Cache(ROOM, lambda described: described.nbytes)

    def read(self, picture: Picture) -> Reference:
        """The picture at its own size, under the name the plan gives it."""
        return self._pictures.get((picture.name, picture.hash), lambda: self._read(picture))

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
        mask, found = read_mask(path)
        _same(path, found, mark)
        if abs(np.log(mask.shape[0] * size[1] / (mask.shape[1] * size[0]))) > SKEWED:
            raise MediaError(
                f"{path}: {mask.shape[1]}x{mask.shape[0]} has not the proportions of what it is a mask of "
                f"({size[1]}x{size[0]}); paint it over that picture"
            )
        return mask

    def _path(self, name: str) -> Path:
        if self.folder is None:
            raise MediaError(f"{name}: no references folder given; give it with --keyframes")
        return self.folder / name


def _same(path: Path, found: str, planned: str) -> None:
    if found != planned:
        raise MediaError(f"{path}: changed while vidcolor was working; run the same command again")


def _size(reference: Reference) -> int:
    return int(reference.lightness.nbytes + reference.chroma.nbytes)
