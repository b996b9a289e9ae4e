"""The pictures of the references folder, read when asked for and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media.images import read_mask, read_picture
from vidcolor.state.plan import Picture
from vidcolor.types import Reference

ROOM = 256 << 20
"""Bytes of pictures kept in memory."""


SKEWED = 0.03
"""A mask's proportions may be off by this, as a logarithm: sizes are whole pixels."""


class Library:
    """Reads pictures by name. A picture that changed since it was listed is refused: the plan speaks of the old one."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._kept: OrderedDict[str, Reference] = OrderedDict()
        self._bytes = 0

    def read(self, picture: Picture) -> Reference:
        """The picture at its own size, under the name the plan gives it."""
        if picture.name in self._kept:
            self._kept.move_to_end(picture.name)
            return self._kept[picture.name]
        path = self._path(picture.name)
        reference = read_picture(path, picture.name)
        _same(path, reference.hash, picture.hash)
        self._keep(reference)
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

    def _keep(self, reference: Reference) -> None:
        self._kept[reference.name] = reference
        self._bytes += _size(reference)
        while self._bytes > ROOM and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(dropped)


class Pictures(Sequence[Reference]):
    """Some of the library's pictures as a sequence, each read when asked for."""

    def __init__(self, library: Library, pictures: Sequence[Picture]) -> None:
        self.library, self.pictures = library, list(pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    @overload
    def __getitem__(self, place: int) -> Reference: ...
    @overload
    def __getitem__(self, place: slice) -> list[Reference]: ...
    def __getitem__(self, place: int | slice) -> Reference | list[Reference]:
        if isinstance(place, slice):
            return [self.library.read(p) for p in self.pictures[place]]
        return self.library.read(self.pictures[place])


def _same(path: Path, found: str, planned: str) -> None:
    if found != planned:
        raise MediaError(f"{path}: changed while vidcolor was working; run the same command again")


def _size(reference: Reference) -> int:
    return int(reference.lightness.nbytes + reference.chroma.nbytes)
