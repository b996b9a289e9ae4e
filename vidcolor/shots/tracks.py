"""Several video tracks as one: what lies above whole pictures, as titles do, is no cut of the film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from vidcolor.errors import InputError
from vidcolor.shots.rows import Placed

Item = TypeVar("Item", bound=Placed)


def lowest(path: Path, tracks: Sequence[Sequence[Item]]) -> list[Item]:
    """The items of the lowest track, and of each above it those that lie where no lower one does; in order.

    tracks  of the list at `path`, from the lowest up
    Refuses an item of an upper track that lies partly over one below: where it begins or ends it may be a cut.
    """
    kept = list(tracks[0]) if tracks else []
    for track in tracks[1:]:
        below = [(item.start, item.stop) for item in kept]
        for item in track:
            hidden = sum(max(0, min(item.stop, end) - max(item.start, begin)) for begin, end in below)
            if hidden and hidden < item.stop - item.start:
                raise InputError(
                    f"{path}: {item.place}: on an upper video track, partly over pictures of a lower one; flatten the "
                    "tracks into one"
                )
            if not hidden:
                kept.append(item)
    return sorted(kept, key=lambda item: item.start)
