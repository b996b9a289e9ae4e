"""Mattes as a folder of pictures: one EXR a frame with a named channel for each, or a gray sequence for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vidcolor.errors import MediaError
from vidcolor.hashes import sha256_of, sha256_of_list
from vidcolor.media.picture_codecs import MATTES, PICTURES
from vidcolor.media.picture_file import Header
from vidcolor.media.place import sync, sync_folder, told
from vidcolor.media.write_pictures import fresh_folder, numbers_of, put_folder
from vidcolor.media.written import Written
from vidcolor.partial import partial_path
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel

if TYPE_CHECKING:
    from numpy import ndarray as Array

TOP = 65535


def write_mattes(
    path: Path,
    reel: Reel,
    delivery: str,
    settings: ExportSettings,
    frames: Iterable[tuple[int, Mapping[str, Array]]],
    before_naming: Callable[[str], None],
    progress: Callable[[int], None],
) -> Written:
    """The folder at `path`, whole or not at all.

    frames         in order: each one's number in the film, and (H, W) float32, 0..1, by the channel's name; one EXR has
                   the same channels as all others
    before_naming  is called with the SHA-256 of the whole just before it takes its name
    Refuses a disk that does not give back what was written.
    """
    codec, numbers = PICTURES[delivery], numbers_of(reel, settings)
    partial = partial_path(path)
    sums: dict[str, str] = {}
    size = count = 0
    with told(path):
        fresh_folder(partial)
        try:
            for frame, planes in frames:
                for stem, channels in _pictures(path.name, delivery, planes).items():
                    header = Header(reel, codec, settings, tuple(channels))
                    name = numbers.name(stem, frame, codec.suffix)
                    pixels = _samples(delivery, list(channels.values()))
                    header.write(partial / name, path / name, frame, pixels)
                    sync(partial / name)
                    if header.read(partial / name, path / name).tobytes() != pixels.tobytes():
                        raise MediaError(f"{path / name}: does not read back as it was written; free some space")
                    sums[name] = sha256_of(partial / name)
                    size += (partial / name).stat().st_size
                count += 1
                progress(count)
            sync_folder(partial)
            sha256 = sha256_of_list(sorted(sums.items()))
            before_naming(sha256)
            put_folder(partial, path)
        finally:
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
    return Written(path, size, sha256, count, "", pictures=(min(sums), max(sums)))


def sequence_of(name: str, channel: str) -> str:
    """What the pictures of one matte are called before their numbers, where each is a sequence of its own.

    name  of their folder
    """
    return f"{name}_{channel.removesuffix('.A')}"


def _pictures(name: str, delivery: str, planes: Mapping[str, Array]) -> Mapping[str, Mapping[str, Array]]:
    """The pictures of one frame, by what stands before their numbers, with the channels of each."""
    if delivery == MATTES:
        return {name: planes}
    return {sequence_of(name, channel): {"Y": plane} for channel, plane in planes.items()}


def _samples(delivery: str, planes: list[Array]) -> Array:
    """(H, W, channels) float16 of an EXR, or uint16."""
    together = np.stack(planes, axis=-1)
    return together.astype(np.float16) if delivery == MATTES else np.rint(together * TOP).astype(np.uint16)
