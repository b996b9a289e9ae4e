"""Reads the atoms of a MOV and the header of a ProRes frame, without FFmpeg: the second opinion of the tests.

Sources: Apple, QuickTime File Format Specification; SMPTE RDD 36:2015, section 5.1 (frame header).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_ENTRY = 86
"""Bytes of a video sample entry before the atoms that it holds."""
TIMECODE_ENTRY = 34
"""The same for a timecode sample entry."""


@dataclass
class Atom:
    kind: str
    data: bytes
    position: int
    """Of `data`, in the file."""

    def children(self, skip: int = 0) -> Iterator[Atom]:
        place = skip
        while place + 8 <= len(self.data):
            length, kind = struct.unpack_from(">I4s", self.data, place)
            head = 8
            if length == 1:
                (length,) = struct.unpack_from(">Q", self.data, place + 8)
                head = 16
            if length == 0:
                length = len(self.data) - place
            if length < head:
                return
            yield Atom(kind.decode("latin-1"), self.data[place + head : place + length], self.position + place + head)
            place += length

    def find(self, *path: str) -> Atom | None:
        found: Atom | None = self
        for kind in path:
            found = next((child for child in found.children() if child.kind == kind), None) if found else None
        return found

    def need(self, *path: str) -> Atom:
        found = self.find(*path)
        assert found is not None, f"no {'/'.join(path)} in {self.kind}"
        return found


@dataclass
class Track:
    number: int
    handler: str
    language: int
    timescale: int
    duration: int
    edits: list[tuple[int, int, int]]
    """(duration in the movie's timescale, media time, speed in 16.16)"""
    steps: list[tuple[int, int]]
    """(frames, ticks of each)"""
    references: dict[str, tuple[int, ...]]
    fourcc: str
    entry: bytes
    first_sample: int
    sizes: int
    inner: dict[str, bytes] = field(default_factory=dict)
    """The atoms inside the sample entry."""

    @property
    def size(self) -> tuple[int, int]:
        width, height = struct.unpack_from(">HH", self.entry, 32)
        return height, width

    @property
    def vendor(self) -> str:
        return self.entry[20:24].decode("latin-1")

    @property
    def compressor(self) -> str:
        return self.entry[51 : 51 + self.entry[50]].decode("latin-1")

    @property
    def depth(self) -> int:
        return int(struct.unpack_from(">H", self.entry, 82)[0])

    @property
    def colr(self) -> tuple[str, int, int, int]:
        kind, *numbers = struct.unpack_from(">4s3H", self.inner["colr"])
        return (kind.decode(), *numbers)

    @property
    def timecode(self) -> dict[str, int]:
        flags, scale, step, base = struct.unpack_from(">IIIB", self.entry, 20)
        return {"flags": flags, "timescale": scale, "frame": step, "base": base}

    @property
    def reel_name(self) -> str:
        return self.inner["name"][4:].decode()


@dataclass
class Movie:
    order: list[str]
    timescale: int
    duration: int
    tracks: list[Track]
    data: bytes
    metadata: dict[str, str]

    def of(self, handler: str) -> list[Track]:
        return [track for track in self.tracks if track.handler == handler]

    def first_sample(self, track: Track, length: int) -> bytes:
        return self.data[track.first_sample : track.first_sample + length]


@dataclass
class FrameHeader:
    """What a ProRes frame says of itself."""

    creator: str
    size: tuple[int, int]
    chroma: int
    """2: 4:2:2, 3: 4:4:4"""
    interlace: int
    """0: progressive, 1: top field first, 2: bottom field first"""
    tags: tuple[int, int, int]


def read_movie(path: Path) -> Movie:
    data = path.read_bytes()
    root = Atom("file", data, 0)
    movie = root.need("moov")
    timescale, duration = _clock(movie.need("mvhd").data)
    tracks = [_track(atom) for atom in movie.children() if atom.kind == "trak"]
    return Movie([atom.kind for atom in root.children()], timescale, duration, tracks, data, _metadata(movie))


def _clock(data: bytes) -> tuple[int, int]:
    return struct.unpack_from(">IQ", data, 20) if data[0] else struct.unpack_from(">II", data, 12)


def _track(atom: Atom) -> Track:
    head, media = atom.need("tkhd").data, atom.need("mdia")
    times = media.need("mdhd").data
    timescale, duration = _clock(times)
    table = media.need("minf", "stbl")
    (entry,) = table.need("stsd").children(skip=8)
    raw = struct.pack(">I", len(entry.data) + 8) + entry.kind.encode("latin-1") + entry.data
    handler = media.need("hdlr").data[8:12].decode()
    skip = {"vide": SAMPLE_ENTRY, "tmcd": TIMECODE_ENTRY}.get(handler, len(raw))
    inner = {child.kind: child.data for child in Atom("entry", raw, 0).children(skip=skip)}
    edits, references = atom.find("edts", "elst"), atom.find("tref")
    return Track(
        number=struct.unpack_from(">I", head, 20 if head[0] else 12)[0],
        handler=handler,
        language=struct.unpack_from(">H", times, 32 if times[0] else 20)[0],
        timescale=timescale,
        duration=duration,
        edits=_edits(edits.data) if edits else [],
        steps=list(struct.iter_unpack(">II", table.need("stts").data[8:])),
        references={
            child.kind: struct.unpack(f">{len(child.data) // 4}I", child.data)
            for child in (references.children() if references else ())
        },
        fourcc=entry.kind,
        entry=raw,
        first_sample=_first_chunk(table),
        sizes=struct.unpack_from(">I", table.need("stsz").data, 8)[0],
        inner=inner,
    )


def _edits(data: bytes) -> list[tuple[int, int, int]]:
    form, length = (">QqI", 20) if data[0] else (">IiI", 12)
    (count,) = struct.unpack_from(">I", data, 4)
    return [struct.unpack_from(form, data, 8 + length * number) for number in range(count)]


def _first_chunk(table: Atom) -> int:
    short = table.find("stco")
    if short:
        return int(struct.unpack_from(">I", short.data, 8)[0])
    return int(struct.unpack_from(">Q", table.need("co64").data, 8)[0])


def _metadata(movie: Atom) -> dict[str, str]:
    """The `mdta` keys and their texts."""
    meta = movie.find("udta", "meta")
    if meta is None:
        return {}
    atoms = {child.kind: child for child in meta.children(skip=4)}  # past its version
    names, place = [], 8
    while place + 8 <= len(atoms["keys"].data):
        (length,) = struct.unpack_from(">I", atoms["keys"].data, place)
        names.append(atoms["keys"].data[place + 8 : place + length].decode())
        place += length
    texts = [next(item.children()).data[8:].decode() for item in atoms["ilst"].children()]
    return dict(zip(names, texts, strict=True))


def read_frame_header(sample: bytes) -> FrameHeader:
    _, magic = struct.unpack_from(">I4s", sample)
    assert magic == b"icpf"
    head = sample[8:]
    width, height = struct.unpack_from(">HH", head, 8)
    return FrameHeader(
        creator=head[4:8].decode("latin-1"),
        size=(height, width),
        chroma=head[12] >> 6,
        interlace=head[12] >> 2 & 3,
        tags=(head[14], head[15], head[16]),
    )
