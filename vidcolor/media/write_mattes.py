"""Mattes as a folder of pictures: one EXR a frame with a named channel for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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


def write_mattes(
    path: Path,
    reel: Reel,
    settings: ExportSettings,
    channels: Sequence[str],
    frames: Iterable[Array],
    before_naming: Callable[[str], None],
    progress: Callable[[int], None],
) -> Written:
    """The folder at `path`, whole or not at all.

    channels       their names
    frames         of the whole film in order, (H, W, channels) float16, 0..1
    before_naming  is called with the SHA-256 of the whole just before it takes its name
    Refuses a disk that does not give back what was written.
    """
    header, numbers = Header(reel, PICTURES[MATTES], settings, tuple(channels)), numbers_of(reel, settings)
    partial = partial_path(path)
    sums: list[tuple[str, str]] = []
    size = 0
    with told(path):
        fresh_folder(partial)
        try:
            for frame, pixels in enumerate(frames):
                name = numbers.name(path.name, frame, PICTURES[MATTES].suffix)
                header.write(partial / name, path / name, frame, pixels)
                sync(partial / name)
                if header.read(partial / name, path / name).tobytes() != pixels.tobytes():
                    raise MediaError(f"{path / name}: does not read back as it was written; free some space")
                sums.append((name, sha256_of(partial / name)))
                size += (partial / name).stat().st_size
                progress(frame + 1)
            sync_folder(partial)
            sha256 = sha256_of_list(sums)
            before_naming(sha256)
            put_folder(partial, path)
        finally:
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
    return Written(path, size, sha256, len(sums), "", pictures=(sums[0][0], sums[-1][0]))
