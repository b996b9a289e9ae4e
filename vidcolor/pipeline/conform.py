"""The lists beside the files of shots, of a reel or of all reels of a film, made of what the files' manifests say.

One that a person changed stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path

from vidcolor.checked import MisfitError, checked
from vidcolor.conform.edl import edl_text
from vidcolor.conform.fcp7 import fcp7_text
from vidcolor.conform.otio import otio_text
from vidcolor.conform.pieces import Conform, Numbered, Piece
from vidcolor.conform.table import table_text
from vidcolor.export import manifest_path
from vidcolor.hashes import sha256_of
from vidcolor.media.place import write_text
from vidcolor.pipeline.lists import holds, noted
from vidcolor.project.exports import Export
from vidcolor.project.folder import Project
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan
from vidcolor.state.status import ShotState, named
from vidcolor.timeline import FrameRange, numbered
from vidcolor.types import Reel, Shot

LISTS: dict[str, Callable[[Conform], str]] = {
    ".edl": partial(edl_text, flavour="files"),
    "_cmx.edl": partial(edl_text, flavour="cmx"),
    "_premiere.edl": partial(edl_text, flavour="premiere"),
    ".otio": otio_text,
    ".xml": fcp7_text,
    ".csv": table_text,
}
"""What follows the film's name in a list's, and the list."""
WRITTEN, WRITTEN_SCHEMA = "exports/lists/written.json", "vidcolor.conform/1"
"""SHA-256 of each list as it was written, the last two by its place."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    sha256: str
    pictures: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Luma:
    delivered_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    first: int
    last: int
    version: str


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What of a manifest a list needs."""

    file: _File
    luma: _Luma = _Luma()
    part: _Part | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists in a folder."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReelPieces:
    """What lists show of one reel."""

    reel: Reel
    pieces: tuple[Piece, ...]
    missing: tuple[str, ...] = ()
    """Ids of shots without a file: lists have black there"""


def pieces_of_shots(reel: Reel, files: Iterable[tuple[ShotPlan, Export | None]]) -> ReelPieces:
    """A reel of which each shot has its own file, or none."""
    found = [(planned.shot.id, _piece(planned, export)) for planned, export in files]
    missing = tuple(name for name, piece in found if piece is None)
    return ReelPieces(reel, tuple(piece for _, piece in found if piece is not None), missing)


def pieces_of_film(film: Film, out: Path, shown: Sequence[ShotState]) -> ReelPieces:
    """A reel that is one file, of which each shot is a part; all is missing where its manifest cannot be read."""
    reel = film.plan.reel
    whole, told = FrameRange(0, reel.frame_count), _read(manifest_path(out))
    if told is None or not out.exists():
        return ReelPieces(reel, (), tuple(state.planned.shot.id for state in shown))
    pieces = (
        _piece_of(
            out,
            state.planned.shot,
            "" if state.planned.excluded or not state.version else state.version.name,
            whole,
            told,
        )
        for state in shown
    )
    return ReelPieces(reel, tuple(pieces))


def write_lists(project: Project, title: str, folder: Path, reels: Sequence[ReelPieces]) -> Lists:
    """The lists of the reels' pieces, called `title`, in the folder: their files lie in it, or in folders below.

    project     notes what was written, so that a list that a person changed is known
    Where a list cannot hold all the reels, none is written, and a note says why.
    """
    pieces = tuple(piece for reel in reels for piece in reel.pieces)
    notes = []
    if missing := [name for reel in reels for name in reel.missing]:
        notes.append(f"the lists have black for shots without a file there{named(missing)}")
    if len(rates := {str(reel.reel.rate): reel.reel.name for reel in reels}) > 1:
        told = ", ".join(f"{name} {rate}" for rate, name in rates.items())
        notes.append(f"no list of all reels, as a list has one rate, and frames a second are: {told}; each has its own")
        return Lists((), tuple(notes))
    if not pieces:
        return Lists((), tuple(notes))
    notes += _alike([reel.reel for reel in reels])
    lists = _write(project, Conform(title, tuple(reel.reel for reel in reels), folder, pieces))
    return Lists(lists.paths, (*notes, *lists.notes))


def below(pieces: ReelPieces, folder: str) -> ReelPieces:
    """The same for lists in the folder above that."""
    return replace(pieces, pieces=tuple(replace(piece, below=folder) for piece in pieces.pieces))


def _alike(reels: Sequence[Reel]) -> Iterator[str]:
    """What to say of reels that a conform by reel name and timecode would take for one another."""
    spans = [(reel, FrameRange(reel.start, reel.start + reel.frame_count)) for reel in reels if reel.tape]
    for (one, span), (other, others) in combinations(spans, 2):
        if one.tape.upper() == other.tape.upper() and span.overlap(others):
            yield (
                f"{one.name} and {other.name} have one reel name, {one.tape}, and the same timecode: conform them by "
                "their files' names"
            )


def _write(project: Project, conform: Conform) -> Lists:
    folder, title, notes = conform.folder, conform.title, []
    texts = {folder / f"{title}{ending}": text_of(conform).encode("utf-8") for ending, text_of in LISTS.items()}
    written = noted(project, WRITTEN, WRITTEN_SCHEMA, dict[str, list[str]])
    changed = {path for path in texts if _is_anothers(path, written.get(project.relative(path), []))}
    notes += [f"{path} was changed, or is another's, and stays; move it away to have it anew" for path in changed]
    mine = {path: text for path, text in texts.items() if path not in changed and not holds(path, text)}
    if mine:  # noted before they are written, so that a kill leaves no list that is not known
        for path, text in mine.items():
            place = project.relative(path)
            written[place] = [*written.get(place, []), hashlib.sha256(text).hexdigest()][-2:]
        project.write_json(WRITTEN, WRITTEN_SCHEMA, {"written": written})
    for path, text in mine.items():
        write_text(path, text.decode("utf-8"))
    return Lists(tuple(texts), tuple(notes))


def _is_anothers(path: Path, ours: Sequence[str]) -> bool:
    """Whether the place holds something that was not written there as a list."""
    return path.is_dir() or (path.is_file() and sha256_of(path) not in ours)


def _piece(planned: ShotPlan, export: Export | None) -> Piece | None:
    """A shot's file, by its manifest; None where there is none, or it holds other frames than the shot's today."""
    told = _read(export.manifest) if export is not None and export.out.exists() else None
    if export is None or told is None or told.part is None or not 0 <= told.part.first <= told.part.last:
        return None
    media = FrameRange(told.part.first, told.part.last + 1)
    if media.overlap(planned.reach) < len(planned.reach):
        return None
    return _piece_of(export.out, planned.shot, told.part.version, media, told)


def _read(manifest: Path) -> _Manifest | None:
    try:
        found: _Manifest = checked(json.loads(manifest.read_text(encoding="utf-8")), _Manifest)
    except (OSError, ValueError, RecursionError, MisfitError):
        return None
    return found


def _piece_of(out: Path, shot: Shot, version: str, media: FrameRange, told: _Manifest) -> Piece:
    parts = numbered(told.file.pictures[0]) if told.file.pictures else None
    pictures = None
    if told.file.pictures and parts:
        pictures = Numbered(parts[0], parts[2], parts[1], len(told.file.pictures[0]) - len(parts[0]) - len(parts[2]))
    return Piece(out.name, shot, version, media, told.file.sha256, told.luma.delivered_sha256 or "", pictures)
