"""All of a film's bytes hashed once, beside other work: a frame mended anywhere in it gives another hash.

SHA-256 over the sums of its rows of 4096 bytes, each a sum of 64-bit words; of an image sequence over every picture's
name and length too. SHA-256 over all bytes would take an eighth of the time that planning raw scans takes: this takes
a twenty-fifth, most of it reading. A mended frame changes its rows' sums; whoever wants to can forge them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media.sequence import find_sequence, is_sequence

BLOCK, ROW = 1 << 20, 4096
ASKED = 0.5
"""Seconds between two words on how far it is."""


class WholeHash:
    """A hash being taken in a thread of its own."""

    def __init__(self, path: Path) -> None:
        """`path`: a film file, or a picture of a sequence."""
        self.sequence = is_sequence(path)
        self.files = find_sequence(path).pictures if self.sequence else (path,)
        self.done = 0
        """Bytes."""
        self.stopped = Event()
        self.job: Future[str] | None = None

    def result(self, told: Callable[[int, int], None]) -> str:
        """The hash, in hex, waited for; `told` hears of the megabytes read and of those there are.

        Refuses what cannot be read.
        """
        assert self.job is not None, "started by `hashed_beside`"
        while not wait([self.job], ASKED).done:
            told(self.done >> 20, sum(file.stat().st_size for file in self.files) >> 20)
        return self.job.result()

    def take(self) -> str:
        digest, block = hashlib.sha256(), bytearray(BLOCK)
        rows = np.frombuffer(block, np.uint64).reshape(-1, ROW // 8)
        for path in self.files:
            try:
                if self.sequence:
                    digest.update(f"{path.name}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape"))
                with path.open("rb", buffering=0) as file:
                    while (count := file.readinto(block)) and not self.stopped.is_set():
                        full = count // ROW
                        digest.update(np.add.reduce(rows[:full], 1))
                        digest.update(memoryview(block)[full * ROW : count])
                        self.done += count
            except OSError as error:
                raise MediaError(
                    f"{path}: cannot be read ({error.strerror}); check the disk and permissions"
                ) from error
        return digest.hexdigest()


@contextmanager
def hashed_beside(path: Path) -> Iterator[WholeHash]:
    """The hash of the film at `path`, taken while the block works; given up when the block ends without it."""
    whole = WholeHash(path)
    with ThreadPoolExecutor(1, thread_name_prefix="hash") as pool:
        whole.job = pool.submit(whole.take)
        try:
            yield whole
        finally:
            whole.stopped.set()
