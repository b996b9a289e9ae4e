"""The delivered files as a table (CSV) for production trackers: a row a shot.

Frames are the reel's, from 0, `last` included, as trackers count; timecodes of an end are those behind the last frame,
as edit lists write them. `first` and `last` are the file's, handles among them; `cut_` ones are what the film shows of
it, and `record_` ones where the edit lists have that.
"""

from __future__ import annotations

import csv
import io

from vidcolor.conform.pieces import Conform, Piece

COLUMNS = (
    "code",
    "sequence",
    "shot",
    "version",
    "first",
    "last",
    "cut_first",
    "cut_last",
    "head_handle",
    "tail_handle",
    "tc_in",
    "tc_out",
    "cut_tc_in",
    "cut_tc_out",
    "record_tc_in",
    "record_tc_out",
    "rate",
    "path",
    "sha256",
    "luma_sha256",
)


def table_text(conform: Conform) -> str:
    """The list as CSV; `path` is relative to it, of pictures as `NAME/NAME.%07d.dpx`."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for piece, following in conform.followed():
        table.writerow(_row(conform, piece, following))
    return out.getvalue()


def _row(conform: Conform, piece: Piece, following: Piece | None) -> list[str | int]:
    reel, media, offset = conform.reel_of(piece), piece.media, conform.offset(piece)
    stop = following.dissolve.stop if following and following.dissolve else piece.frames.stop
    return [
        piece.code,
        reel.tape or reel.name,
        piece.shot.id,
        piece.version,
        media.start,
        media.stop - 1,
        piece.first,
        stop - 1,
        piece.first - media.start,
        media.stop - stop,
        *map(reel.timecode, (media.start, media.stop, piece.first, stop)),
        *map(conform.clock.timecode, (offset + piece.first, offset + stop)),
        str(reel.rate),
        f"{piece.where}/{piece.pictures.name(f'%0{piece.pictures.digits}d')}" if piece.pictures else piece.path,
        piece.sha256,
        piece.luma_sha256,
    ]
