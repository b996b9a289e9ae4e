"""Final Cut Pro 7 XML (xmeml), as Premiere and Resolve write it: the clips of one sequence's video tracks.

Times count frames from the sequence's start, which is the film's. Where two clips meet in a transition the list says -1
for the ends there: they meet in its middle, or at the end that its alignment names. In points are not used: the film is
what the sequence shows. Files tell which reel's a clip is (of_reel.py).
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from vidcolor.errors import InputError
from vidcolor.shots.rows import Listed, Row, rows_of_film
from vidcolor.shots.tracks import lowest
from vidcolor.timeline import Rate
from vidcolor.types import Reel, TransitionKind

UNSAID = -1
FADES = {"start-black": "from black", "end-black": "to black"}


@dataclass(slots=True)
class _Piece:
    """A clip or a transition of one track."""

    place: str
    start: int
    stop: int
    transition: str = ""
    """How a transition is aligned; empty for a clip."""
    of: str = ""
    """The file that a clip shows"""


def read_fcp7(path: Path, text: str, reel: Reel) -> Listed:
    """The shots of the one sequence in the text, unchecked; of several, of the one that is as long as the film.

    Refuses what is no xmeml, several that may be the film, sequences at another rate than the film's, and frames that
    are no numbers. Clips that are switched off, sound, and what lies over whole pictures on upper tracks are passed
    over.
    """
    return Listed(
        rows_of_film(
            path,
            _sequences(_root(path, text)),
            lambda sequence: _rows(path, sequence, reel),
            lambda sequence: sequence.findtext("name", ""),
            "sequences",
            reel,
        )
    )


def _rows(path: Path, sequence: Element, reel: Reel) -> list[Row]:
    """The shots of a sequence; one of as many labels a second as the film (24 for 23.976) may count its frames."""
    rate = _rate(sequence)
    files = {file.get("id", ""): file.findtext("name", "") for file in sequence.iter("file") if len(file)}
    tracks = [list(_shots(path, track, files)) for track in sequence.findall("media/video/track") if _is_on(track)]
    rows = lowest(path, [track for track in tracks if track])
    as_long = max((row.stop for row in rows), default=0) == reel.frame_count
    if rate is not None and rate != reel.rate.fraction and not (as_long and Rate.of(rate).base == reel.rate.base):
        raise InputError(
            f"{path}: its sequence runs at {Rate.of(rate)} frames a second, but the film at {reel.rate}; export it at "
            "the film's rate"
        )
    return rows


def _is_on(item: Element) -> bool:
    return item.findtext("enabled", "TRUE").strip().upper() != "FALSE"


def _root(path: Path, text: str) -> Element:
    """The document. Refuses what is no XML, entities of its own (a few lines of them fill the memory), and others."""
    if "<!ENTITY" in text:
        raise InputError(f"{path}: declares entities, which no editing program does; export the sequence again")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, RecursionError, ValueError) as error:
        raise InputError(f"{path}: not valid XML ({error}); export the sequence again") from error
    if root.tag != "xmeml":
        kind = "FCPXML of Final Cut Pro X, which is not read" if root.tag == "fcpxml" else "no Final Cut Pro 7 XML"
        raise InputError(f"{path}: {kind}; export it as Final Cut Pro 7 XML (xmeml), EDL or OTIO")
    return root


def _sequences(root: Element) -> list[Element]:
    """The sequences that are not inside a clip of another."""
    inner = {nested for clip in root.iter("clipitem") for nested in clip.iter("sequence")}
    return [sequence for sequence in root.iter("sequence") if sequence not in inner]


def _rate(item: Element) -> Fraction | None:
    base = item.findtext("rate/timebase", "").strip()
    if not base.isdecimal() or not 0 < int(base) <= 240:
        return None
    slow = item.findtext("rate/ntsc", "").strip().upper() == "TRUE"
    return Fraction(int(base) * 1000, 1001) if slow else Fraction(int(base))


def _pieces(path: Path, track: Element, files: Mapping[str, str]) -> Iterator[_Piece]:
    for number, item in enumerate(track, 1):
        if item.tag not in ("clipitem", "generatoritem", "transitionitem"):
            continue
        if not _is_on(item):
            continue
        place = f"item {number}" + (f" ({name[:60]})" if (name := " ".join(item.findtext("name", "").split())) else "")
        start, stop = (_number(path, place, item, name) for name in ("start", "end"))
        kind = item.findtext("alignment", "center").strip().lower() if item.tag == "transitionitem" else ""
        file = item.find("file")
        source = files.get(file.get("id", ""), "") if file is not None else ""
        yield _Piece(place, start, stop, kind, source or item.findtext("name", "") * (item.tag == "clipitem"))


def _number(path: Path, place: str, item: Element, name: str) -> int:
    text = item.findtext(name, "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value != int(value) or not UNSAID <= value < 2**31:
        raise InputError(f"{path}: {place}: {name} {text[:40]!r} is not a frame; export the sequence again")
    return int(value)


def _shots(path: Path, track: Element, files: Mapping[str, str]) -> Iterator[Row]:
    """The clips of a track, each with what it begins with, in order.

    files  names by id: a file is described where it stands first
    """
    pieces = list(_pieces(path, track, files))
    for at, piece in enumerate(pieces):
        if piece.transition:
            continue
        before = pieces[at - 1] if at and pieces[at - 1].transition else None
        after = pieces[at + 1] if at + 1 < len(pieces) and pieces[at + 1].transition else None
        start = _meet(before) if piece.start == UNSAID and before else piece.start
        stop = _meet(after) if piece.stop == UNSAID and after else piece.stop
        if UNSAID in (start, stop):
            raise InputError(f"{path}: {piece.place}: says neither where it is nor what it meets; export it again")
        leaves = (after.start, after.stop) if after else None
        if before is None:
            yield Row(piece.place, start, stop, leaves=leaves, of=piece.of)
            continue
        first = not any(not other.transition for other in pieces[: at - 1])
        kind: TransitionKind = "fade" if before.transition in FADES or first else "dissolve"
        yield Row(piece.place, start, stop, kind, (before.start, before.stop), leaves, piece.of)


def _meet(transition: _Piece) -> int:
    """The frame where the clips on both sides of a transition meet."""
    if transition.transition.startswith("start"):
        return transition.start
    if transition.transition.startswith("end"):
        return transition.stop
    return (transition.start + transition.stop) // 2
