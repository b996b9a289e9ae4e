"""What a film's file says of itself, and what its pictures show: a `Reel`.

- A file is refused here, before any work, if it is not a whole film of one rate that can be carried exactly.
- A few pictures are decoded, spread over the film: headers do not always tell interlaced film, nor ever colour.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidcolor.color.colorimetry import DISPLAY_TRANSFERS, LUMA_WEIGHTS, PRIMARIES
from vidcolor.errors import InputError, MediaError, SettingsError
from vidcolor.media.beside import has_extras
from vidcolor.media.clock import counted_timecode, sequence_rate, start_label, stated
from vidcolor.media.container import open_film, picture_streams
from vidcolor.media.damage import find_damaged, neighbours, repeating, unreadable
from vidcolor.media.decode import check_picture, read_chosen, read_frames
from vidcolor.media.digest import hash_film, hash_sequence
from vidcolor.media.index import FrameIndex, find_frames
from vidcolor.media.light import above_white
from vidcolor.media.luma import Layout, has_color, is_reversible, layout_of
from vidcolor.media.pulldown import find_pulldown, is_pulled_down, looks_woven, reversed_pulldown
from vidcolor.media.samples import cheap, spread
from vidcolor.media.scan import read_header
from vidcolor.media.sequence import ImageSequence, find_sequence, is_sequence, read_picture_frame
from vidcolor.media.timing import pulled_down
from vidcolor.settings import ReelSettings
from vidcolor.timeline import Rate, parse_timecode, ranges
from vidcolor.types import ColorTags, Pulldown, Reel, Scan, Transfer

SAMPLES = 5
"""Pictures looked at for colour and interlacing."""
UNSET = (0, 2, 3)
"""H.273 numbers that say nothing; 0 is R'G'B' in a matrix."""
HDR, LOG = (16, 17, 18), (9, 10)
"""H.273 transfers that are not made for an ordinary display."""
SCANS: dict[int, Scan] = {2: "top", 3: "bottom", 4: "bottom", 5: "top"}
"""FFmpeg's field orders tt, bb, tb, bt: the second letter is the field shown first."""
FULL = 2
"""FFmpeg's color_range of full-range codes."""
UNSAID = (
    "Pictures are combed, as of two fields, and the file does not say so: they are taken as they are. If the film is "
    "interlaced set reel.interlaced=carry, if not reel.interlaced=progressive."
)
HOUR = 3600
"""Picture numbers from one hour on, in seconds, are taken for timecode, as facilities number their scans."""


@dataclass(slots=True)
class _Header:
    """What both kinds of reel tell before their pictures are looked at."""

    path: Path
    frame_count: int
    rate: Rate
    digest: str
    codec: str = ""
    aspect: Fraction = Fraction(1)
    tags: tuple[int, int, int] = (2, 2, 2)
    field_order: int = 0
    transfer: Transfer = "auto"
    timecode: str = ""
    tape: str = ""
    sound_tracks: int = 0
    extras: bool = False
    damaged: tuple[int, ...] = ()
    pulldown: Pulldown | None = None
    start: int = 0
    left_out: int = 0
    """Pictures at the file's head that are not read: its timecode is that of the first of them."""
    notes: list[str] = field(default_factory=list)


def open_reel(path: Path, settings: ReelSettings, name: str = "r1") -> Reel:
    """The reel of a film file, of a folder of pictures, or of the sequence a picture belongs to.

    Refuses, in one line that names file, frame and remedy: what is missing, empty, cut short, damaged or not a
    film; variable rate and interlaced pictures, unless the settings carry them; HDR; turns that are not quarters.
    """
    _check_path(path)
    if is_sequence(path):
        sequence = find_sequence(path)
        header, pictures = _read_sequence(sequence, settings)
    else:
        index = find_frames(path)
        if index.change is not None and settings.variable_rate == "refuse":
            raise MediaError(
                f"{path}: frame rate changes at frame {index.change} (variable rate); conform it to a constant rate "
                "first, or set reel.variable_rate=conform"
            )
        pulldown = _pulldown(index, settings)
        index = reversed_pulldown(index, pulldown)
        header = _read_header(path, index, pulldown)
        if settings.damaged == "repeat":
            index = repeating(index, find_damaged(index))
            _note_damaged(header, sorted(index.damaged), alone=len(index.keys) == len(index.pts))
        frames = cheap(index, spread(len(index.pts), SAMPLES))
        if index.damaged:
            frames = sorted({int(frame) for frame in neighbours(len(index.pts), header.damaged)[frames]})
        with closing(read_chosen(index, frames)) as decoded:
            pictures = list(decoded)
        _check_alike(index, frames, pictures)
    return _assemble(name, header, pictures, settings)


def _pulldown(index: FrameIndex, settings: ReelSettings) -> Pulldown | None:
    """The cadence to reverse. Refuses hard pulldown where the settings do not say what is to become of it."""
    if settings.pulldown == "carry":
        return None
    if settings.pulldown == "reverse":
        if settings.damaged == "repeat":
            raise SettingsError("reel.pulldown: reverse goes with whole films; leave reel.damaged=repeat out")
        return find_pulldown(index)
    picture = is_pulled_down(index)
    if picture is None:
        return None
    raise MediaError(
        f"{index.path}: hard 3:2 pulldown, seen from picture {picture} on: some are woven of two film frames; "
        "set reel.pulldown=reverse for the film's own at 24000/1001 a second, or reel.pulldown=carry to keep these"
    )


def _note_damaged(header: _Header, damaged: Sequence[int], *, alone: bool) -> None:
    """Keeps which of the film's own pictures are damaged, and says so.

    alone  pictures need no others to be decoded
    """
    header.damaged = tuple(damaged)
    if damaged:
        many = "s" if len(damaged) > 1 else ""
        traces = "" if alone else " What follows, to the next key frame, is decoded from damage and may show traces."
        header.notes.append(
            f"Damaged frame{many} {', '.join(ranges(damaged))}: a neighbour is repeated (reel.damaged).{traces}"
        )


def _check_path(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file or folder; check the path") from error
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path and permissions") from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise MediaError(f"{path}: neither a file nor a folder; give a film or a folder of pictures")


def _check_alike(index: FrameIndex, frames: list[int], pictures: list[Any]) -> None:
    """Refuses a film whose pictures change in size or pixel format between those looked at, and names the frame."""
    size, pixel_format = (pictures[0].height, pictures[0].width), pictures[0].format.name
    for before, picture in zip(frames, pictures[1:], strict=False):
        if ((picture.height, picture.width), picture.format.name) != (size, pixel_format):
            with closing(read_frames(index, before)) as between:
                for frame, shown in enumerate(between, before):
                    check_picture(f"{index.path}: frame {frame}", shown, size, pixel_format)


def _read_header(path: Path, index: FrameIndex, pulldown: Pulldown | None) -> _Header:
    notes = []
    with open_film(path) as container:
        streams = picture_streams(container, path)
        stream = streams[0]
        context = stream.codec_context
        places = [
            ("picture track", stream.metadata),
            *(("timecode track", other.metadata) for other in container.streams if other.type == "data"),
            ("file", container.metadata),
        ]
        if len(container.streams.video) > len(streams) and container.streams.video[0] != stream:
            notes.append("The file's first picture track is a still, such as cover art: it is passed over.")
        if len(streams) > 1:
            notes.append(f"The file holds {len(streams)} picture tracks; the first is read.")
        header = _Header(
            path=path,
            frame_count=len(index.shown),
            rate=Rate.of(index.rate),
            digest=hash_film(path),
            codec=context.name,
            aspect=stream.sample_aspect_ratio or Fraction(1),
            tags=(context.color_primaries, context.color_trc, context.colorspace),
            field_order=context.field_order,
            timecode=stated("timecode", places, notes),
            tape=stated("reel_name", places, notes),
            sound_tracks=len(container.streams.audio),
            extras=has_extras(container, stream),
            left_out=index.lost,
            pulldown=pulldown,
            notes=notes,
        )
    if pulldown is not None:
        header.timecode = _of_film(header.timecode, header.rate)
        notes.append(
            f"Hard 3:2 pulldown is reversed: {header.rate} frames a second, each of its own two fields, whose luma is "
            "handed on as it is stored (reel.pulldown)."
        )
    if index.change is not None:
        notes.append(
            f"The rate varies from frame {index.change} on; {len(index.pts)} frames are conformed to "
            f"{header.frame_count} at {header.rate} a second."
        )
    if not index.counted and pulled_down(index.pts, index.time_base):
        notes.append("The file asks for 3:2 pulldown: each picture is read once, 24000/1001 a second, as it was shot.")
    if index.lost:
        notes.append(
            f"The file begins inside a group of pictures: the first {index.lost} need one that is not there, and are "
            "left out with their sound; frame 0 is the first that is whole."
        )
    if index.joins:
        count = len(index.joins) + 1
        notes.append(f"The file holds {count} recordings joined end to end: their times are made to follow each other.")
    if index.counted:
        notes.append("The file gives its frames no times: reading a late frame decodes all before it.")
    return header


def _of_film(timecode: str, rate: Rate) -> str:
    """The video's timecode at the film's rate; as it is where it cannot be read."""
    video = Rate.of(rate.fraction * 5 / 4)
    with suppress(InputError):
        return rate.timecode(parse_timecode(timecode, video) * 4 // 5)
    return timecode


def _read_sequence(sequence: ImageSequence, settings: ReelSettings) -> tuple[_Header, list[Any]]:
    notes: list[str] = []
    looked_at = spread(len(sequence.pictures), SAMPLES)
    damaged = unreadable(sequence.pictures, settings.transfer) if settings.damaged == "repeat" else []
    if damaged:
        looked_at = sorted({int(frame) for frame in neighbours(len(sequence.pictures), damaged)[looked_at]})
    said = {frame: read_header(sequence.pictures[frame]) for frame in looked_at}
    said.setdefault(0, replace(said[looked_at[0]], timecode=""))  # the first picture is damaged
    transfer = settings.transfer if settings.transfer != "auto" else said[0].transfer
    read = [read_picture_frame(sequence.pictures[frame], transfer) for frame in looked_at]
    first, tags = read[0]
    for frame, (picture, _) in zip(looked_at, read, strict=True):
        check_picture(sequence.pictures[frame], picture, (first.height, first.width), first.format.name)
    rate = sequence_rate(said[0], settings, notes)
    counted = counted_timecode({frame: header.timecode for frame, header in said.items()}, rate, notes)
    header = _Header(
        path=sequence.pictures[0],
        frame_count=len(sequence.pictures),
        rate=rate,
        digest=hash_sequence(sequence.pictures),
        codec=sequence.pictures[0].suffix.lower().lstrip("."),
        tags=(first.color_primaries, first.color_trc, first.colorspace),
        transfer=transfer,
        timecode=counted or tags.get("timecode", ""),
        tape=said[0].reel or tags.get("reel_name", ""),
        start=sequence.first if sequence.first >= HOUR * rate.base else 0,
        notes=notes,
    )
    _note_damaged(header, damaged, alone=True)
    return header, [picture for picture, _ in read]


def _assemble(name: str, header: _Header, pictures: list[Any], settings: ReelSettings) -> Reel:
    first = pictures[0]
    path, notes = header.path, header.notes
    layout = layout_of(first.format.name)
    if layout is None:
        raise MediaError(f"{path}: pixel format {first.format.name} is not read; convert the film to ProRes or FFV1")
    size, aspect = _upright(path, first, header.aspect, notes)
    colored = any(has_color(picture) for picture in pictures)
    full = _full_range(first, layout, settings, notes)
    tags = _tags(path, header.tags, size, notes)
    start, drop, timecoded = start_label(header.timecode, header.start, header.rate, settings, notes)
    if timecoded and not settings.start_timecode:
        start += header.left_out
    return Reel(
        name=name,
        path=path,
        frame_count=header.frame_count,
        rate=header.rate,
        size=size,
        pixel_aspect=aspect,
        start=start,
        drop_frame=drop,
        timecoded=timecoded,
        tape=header.tape,
        codec=header.codec,
        pixel_format=first.format.name,
        bits=layout.bits,
        full_range=full,
        tags=tags,
        transfer=header.transfer,
        scan=_scan(path, header.field_order, pictures, settings, notes, reversed_=header.pulldown is not None),
        luma_source="luma" if layout.kind in ("luma", "gray") else "rgb",
        has_color=colored,
        luma_reversible=is_reversible(layout, full_range=full, has_color=colored),
        sound_tracks=header.sound_tracks,
        extras=header.extras,
        damaged=header.damaged,
        pulldown=header.pulldown,
        hash=header.digest,
        notes=(*notes, *_color_notes(layout, header.transfer, pictures, colored)),
    )


def _color_notes(layout: Layout, transfer: Transfer, pictures: list[Any], colored: bool) -> list[str]:
    notes = []
    if layout.kind not in ("luma", "gray", "float"):
        notes.append("The pictures are R'G'B': their luma is computed.")
    if layout.kind == "float":
        brighter = max(above_white(picture) for picture in pictures)
        clipped = f" ({100 * brighter:.2g} % of a picture)" if brighter else ""
        light = (
            "log codes of density: they are made light by Cineon's curve, coded"
            if transfer == "log"
            else "linear light: they are coded"
        )
        notes.append(
            f"The pictures hold {light} with the sRGB curve, and light above 1 is clipped{clipped}. If they are graded "
            "for a display, set reel.transfer=video."
        )
    if colored:
        notes.append("The film has colour already: only its luma is used.")
    return notes


def _upright(path: Path, picture: Any, aspect: Fraction, notes: list[str]) -> tuple[tuple[int, int], Fraction]:
    """(height, width) and pixel aspect once the turn that the file asks for is made."""
    turn = picture.rotation
    size = (picture.height, picture.width)
    if turn % 90:
        raise MediaError(f"{path}: asks to be turned by {turn} degrees; turn the film itself and remove the flag")
    if turn:
        notes.append(f"The file asks to be turned by {turn % 360} degrees counter-clockwise: it is read upright.")
    return (size, aspect) if turn % 180 == 0 else ((size[1], size[0]), 1 / aspect)


def _full_range(picture: Any, layout: Layout, settings: ReelSettings, notes: list[str]) -> bool:
    if settings.levels != "auto":
        return settings.levels == "full"
    if layout.kind not in ("luma", "gray"):
        return True
    if layout.kind == "gray" and picture.color_range == 0:
        notes.append("Gray pictures without a range tag are taken as full range (reel.levels=limited if not).")
        return True
    return picture.color_range == FULL or picture.format.name.startswith("yuvj")


def _tags(path: Path, stated: tuple[int, int, int], size: tuple[int, int], notes: list[str]) -> ColorTags:
    """The file's tags if all three are set and known, else those of the raster."""
    primaries, transfer, matrix = stated
    if transfer in HDR:
        raise MediaError(f"{path}: the film is HDR (transfer {transfer}); give its version in BT.709")
    if transfer in LOG:
        notes.append("The pictures are log coded; their codes are taken as they are, so grade the film first.")
    if any(value in UNSET for value in stated):
        return raster_tags(size)
    if primaries in PRIMARIES and transfer in DISPLAY_TRANSFERS and matrix in LUMA_WEIGHTS:
        return ColorTags(primaries, transfer, matrix)
    tags = raster_tags(size)
    notes.append(
        f"Colour tags {primaries}-{transfer}-{matrix} are not for a display; "
        f"{tags.primaries}-{tags.transfer}-{tags.matrix} are used."
    )
    return tags


def raster_tags(size: tuple[int, int]) -> ColorTags:
    """The tags of a film that states none: SD by its lines, all else BT.709."""
    height, width = size
    if width <= 720 and height in (576, 288):
        return ColorTags(5, 1, 6)
    if width <= 720 and height in (486, 480, 240, 243):
        return ColorTags(6, 1, 6)
    return ColorTags()


def _scan(
    path: Path, order: int, pictures: list[Any], settings: ReelSettings, notes: list[str], *, reversed_: bool
) -> Scan:
    flagged = any(picture.interlaced_frame for picture in pictures)
    if reversed_:
        return "progressive"
    if order not in SCANS and not flagged:
        unsaid = settings.interlaced != "progressive" and looks_woven(pictures)
        if not unsaid or settings.interlaced == "refuse":
            notes += [UNSAID] if unsaid else []
            return "progressive"
    scan = SCANS.get(order, "top")
    if settings.interlaced == "progressive":
        notes.append("The file says that it is interlaced: it is taken as progressive (reel.interlaced).")
        return "progressive"
    if settings.interlaced == "refuse":
        raise MediaError(
            f"{path}: the film is interlaced ({scan} field first); deinterlace it first, or set reel.interlaced=carry "
            "to carry its fields as they are; reel.interlaced=progressive if both fields show one moment"
        )
    if order not in SCANS:
        notes.append("Pictures are interlaced but the file does not say which field is first: top is taken.")
    return scan
