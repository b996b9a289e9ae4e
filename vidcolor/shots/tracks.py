"""Several video tracks as one: what lies above whole pictures, as titles do, is no cut of the film."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from vidcolor.errors import InputError

Item = TypeVar("Item")


def lowest(
    tracks: Sequence[Sequence[Item]], span: Callable[[Item], tuple[int, int]], told: Callable[[Item], str]
) -> list[Item]:
    """The items of the lowest track, and of each above it those that lie where no lower one does.

    tracks  from the lowest up
    span    (start, stop) of an item; told: its list and place, for the refusal
    Refuses an item of an upper track that lies partly over one below: where it begins or ends it may be a cut.
    """
    kept = list(tracks[0]) if tracks else []
    for track in tracks[1:]:
        below = sorted(span(item) for item in kept)
        for item in track:
            start, stop = span(item)
            hidden = sum(max(0, min(stop, end) - max(start, begin)) for begin, end in below)
            if hidden and hidden < stop - start:
                raise InputError(
                    f"{told(item)}: on an upper video track, partly over pictures of a lower one; flatten the tracks "
                    "into one"
                )
            if not hidden:
                kept.append(item)
    return kept
