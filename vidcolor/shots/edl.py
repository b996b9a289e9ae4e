"""CMX3600 edit lists, in and out.

- Record timecode counts from the film's start; an event's source timecode is the same label of the same reel.
- A dissolve is a D event that starts with the dissolve's first frame; the shots meet in its middle.
- A fade is a D event to the reel BL, up to where the shots meet, and a D event from BL. White is written so too.
- Read, besides: edit lists of others. Sound events, comments and speed lines are passed over, and so is what lies over
  a picture: titles on upper tracks, and keys but for their background. A wipe is taken as a dissolve; black between two
  cuts is a shot. Source timecode is not used: it may be another tape's.
- A list may count labels that are dropped where the film's timecode does not, and the other way round.
- Events may lack their reel, and count frames instead of timecode. A list that holds as many frames as the film, but
  begins at another timecode, is the film's. In a list of markers a shot begins at each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from vidcolor.errors import InputError
from vidcolor.shots.rows import Row
from vidcolor.shots.tracks import lowest
from vidcolor.timeline import HOURS_A_DAY, Rate, parse_timecode
from vidcolor.types import Reel, Shot

LINE_END = "\r\n"
BLACK_REEL = "BL"
TAPE_LENGTH = 8
"""Longest reel name a CMX3600 list may hold."""
EVENT = re.compile(
    r"(?P<number>\d{1,6})\s+(?:(?P<reel>\S{1,128}|\S.{0,126}\S)\s+)?(?P<channel>NONE|B|[AV]+\d{0,2}(?:/?[AV]+\d{0,2}){0,8})"
    r"\s+(?P<effect>K\s?[BO]?(?!\w)|[A-Z]\w{0,4})(?:\s+(?P<length>\d{1,4}))?"
    r"(?P<times>(?:\s+\d\d[:;.]\d\d[:;.]\d\d[:;.]\d\d){4}|(?:\s+\d{1,8}){4})\s*",
    re.ASCII,
)
TRACK = re.compile(r"V(\d{0,2})", re.ASCII)
BACKGROUND = ("KB", "K B")
MARKER = re.compile(r"\|C:\w+ .*\|D:\d+.*", re.ASCII)
"""The line behind an event of one frame in a list of markers, as DaVinci Resolve writes it"""
NO_VIDEO = re.compile(r"(?:A\d*|NONE)+", re.ASCII)


def edl_text(shots: Sequence[Shot], reel: Reel) -> str:
    """The shots as a CMX3600 edit list. Transition ranges come back where the shots meet in a dissolve's middle."""
    tape = re.sub(r"[^A-Za-z0-9_]", "", reel.tape or reel.path.stem)[:TAPE_LENGTH].upper() or "AX"
    tape = "AX" if tape == BLACK_REEL else tape
    title = _one_line(f"{reel.path.stem} {reel.name}")
    writer = _Writer(reel, tape, [f"TITLE: {title}", f"FCM: {'DROP FRAME' if reel.drop_frame else 'NON-DROP FRAME'}"])
    for shot, following in zip(shots, [*shots[1:], None], strict=True):
        writer.shot(shot, following)
    return LINE_END.join(writer.lines) + LINE_END


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "_" for c in text)


@dataclass(slots=True)
class _Writer:
    """The lines of an edit list, event by event."""

    reel: Reel
    tape: str
    lines: list[str]
    number: int = 0

    def shot(self, shot: Shot, following: Shot | None) -> None:
        """Adds the shot's events: what it comes from, itself, and black where the next one fades in from it."""
        start, stop = shot.frames.start, shot.frames.stop
        kind, frames = shot.entry.kind, shot.entry.frames
        if following and following.entry.frames:
            stop = following.entry.frames.start
        self.number += 1
        if frames is None:
            self._line(self.tape, "C", "", start, stop)
        else:
            first = frames.start if kind == "dissolve" else start
            self._line(self.tape if kind == "dissolve" else BLACK_REEL, "C", "", first, first)
            self._line(self.tape, "D", f"{frames.stop - first:03d}", first, stop)
        self.lines.append(f"* FROM CLIP NAME: {shot.id}")
        self.lines.append(f"* SOURCE FILE: {_one_line(self.reel.path.name)}")
        if following and following.entry.frames and following.entry.kind == "fade":
            self.number += 1
            meet = following.frames.start
            self._line(self.tape, "C", "", stop, stop)
            self._line(BLACK_REEL, "D", f"{meet - stop:03d}", stop, meet)

    def _line(self, tape: str, effect: str, length: str, start: int, stop: int) -> None:
        times = f"{self.reel.timecode(start)} {self.reel.timecode(stop)}"
        self.lines.append(f"{self.number:03d}  {tape:<8s} V     {effect:<4s} {length:>3s} {times} {times}")


@dataclass(frozen=True, slots=True)
class _Event:
    """One line of an edit list that takes time, in frames from the film's start."""

    place: str
    black: bool
    start: int
    stop: int
    length: int
    """Frames of the transition it begins with; 0 for a cut."""
    track: int = 1
    """1 is the lowest."""
    mixes: bool = False
    """True for a dissolve, even of no frames."""
    from_black: bool = False
    """True if the line before, of the same event, names black as what the transition comes from."""


def read_edl(path: Path, text: str, reel: Reel) -> list[Row]:
    """The shots of an edit list, unchecked. Refuses events and timecodes that cannot be read, and keys."""
    events = _events(path, text, reel)
    points = all(event.stop - event.start == 1 for event in events)
    if events and points and any(MARKER.match(line.strip()) for line in text.splitlines()):
        return _marked(events, reel)
    return _rows(events, reel)


def _marked(events: list[_Event], reel: Reel) -> list[Row]:
    """Shots that begin at the film's head and at each marker."""
    begin = {0: "the film's head"} | {event.start: event.place for event in events}
    starts = sorted(begin)
    return [Row(begin[a], a, b) for a, b in pairwise([*starts, max(reel.frame_count, starts[-1])])]


def _events(path: Path, text: str, reel: Reel) -> list[_Event]:
    drop = reel.drop_frame
    labels: list[tuple[str, re.Match[str], int, int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        place = f"line {number}"
        line = line.strip()
        if line.upper().startswith("FCM:"):
            drop = "NON" not in line.upper() and "DROP" in line.upper()
            if drop and not reel.rate.can_drop:
                raise InputError(
                    f"{path}: {place}: drop-frame timecode, but the film runs at {reel.rate} frames a second; "
                    "write FCM: NON-DROP FRAME and labels to match"
                )
        if not line[:1].isdecimal():
            continue
        match = EVENT.fullmatch(line.upper())
        if not match:
            raise InputError(
                f"{path}: {place}: cannot read this event; write number, reel, V, C or D with frames, four timecodes"
            )
        if NO_VIDEO.fullmatch(match["channel"]) or (match["effect"][0] == "K" and match["effect"] not in BACKGROUND):
            continue
        cuts = match["effect"][0] == "C" or match["effect"] in BACKGROUND
        if not cuts and (match["effect"][0] not in "DW" or not match["length"]):
            raise InputError(
                f"{path}: {place}: effect {match['effect']} is not a cut (C), dissolve (D) or wipe (W) with its frames"
            )
        times = match["times"].split()
        start, stop = (_label(path, place, time, reel.rate, drop) for time in times[2:])
        labels.append((place, match, start, stop))
    return _placed(path, labels, reel, drop)


def _label(path: Path, place: str, text: str, rate: Rate, drop: bool) -> int:
    """Frame label of one timecode, or of a frame number. Some lists say drop frame only in their FCM line."""
    if text.isdecimal():
        return int(text)
    plain = re.sub(r"[.;]", ":", text)
    marked = ";" in text or (drop and rate.can_drop)
    try:
        return parse_timecode(plain[:8] + ";" + plain[9:] if marked else plain, rate)
    except InputError as error:
        faster = int(plain[9:]) >= rate.base
        hint = f". It counts more than the film's {rate.base} frames a second: write it at {rate}" if faster else ""
        raise InputError(f"{path}: {place}: {error}{hint}") from error


def _placed(path: Path, labels: list[tuple[str, re.Match[str], int, int]], reel: Reel, drop: bool) -> list[_Event]:
    """Events that take time, counted from the film's start. Timecode runs on over midnight."""
    if not labels:
        return []
    drop = drop or any(";" in match["times"] for _, match, _, _ in labels)
    day = len_of_day(reel.rate, drop)
    origin = _origin(labels, reel, day, drop)
    events = []
    source = ("", False)
    for place, match, start, stop in labels:
        black = match["reel"] == BLACK_REEL
        begin = (start - origin) % day
        count = (stop - start) % day
        if begin > day // 2:
            raise InputError(
                f"{path}: {place}: record timecode {match['times'].split()[2]} is before the film's first, "
                f"{reel.timecode(0)}; count record timecode from there"
            )
        if not count:
            source = (match["number"], black)
            continue
        mixes = match["effect"][0] in "DW"
        length = int(match["length"]) if mixes else 0
        if length > count:
            raise InputError(f"{path}: {place}: transition of {length} frames in an event of {count}; shorten it")
        from_black = mixes and source == (match["number"], True)
        above = TRACK.search(match["channel"])
        track = int(above[1]) if above and above[1] else 1
        events.append(_Event(place, black, begin, begin + count, length, track, mixes, from_black))
    tracks = [[event for event in events if event.track == track] for track in sorted({e.track for e in events})]
    kept = lowest(tracks, lambda event: (event.start, event.stop), lambda event: f"{path}: {event.place}")
    return sorted(kept, key=lambda event: event.start)


def _origin(labels: list[tuple[str, re.Match[str], int, int]], reel: Reel, day: int, drop: bool) -> int:
    """The label of the film's first frame: its own, or the list's first where that fits alone."""
    first, last = labels[0][2], labels[-1][3]
    counted = labels[0][1]["times"].split()[2].isdecimal()
    own = 0 if counted else _own_start(reel, drop) if reel.timecoded else first
    outside = any((label - own) % day > reel.frame_count for _, _, *ends in labels for label in ends)
    return first if outside and (last - first) % day == reel.frame_count else own


def _own_start(reel: Reel, drop: bool) -> int:
    """The label of the film's first timecode, as a list counts that says itself whether labels are dropped."""
    if drop == reel.drop_frame:
        return reel.start
    text = reel.timecode(0)
    try:
        return parse_timecode(f"{text[:8]};{text[9:]}" if drop else text.replace(";", ":"), reel.rate)
    except InputError:
        return reel.start


def len_of_day(rate: Rate, drop: bool) -> int:
    """Frame labels from midnight to midnight."""
    if drop and rate.can_drop:
        return (rate.base * 600 - 9 * (rate.base // 15)) * 6 * HOURS_A_DAY
    return rate.base * 3600 * HOURS_A_DAY


def _rows(events: list[_Event], reel: Reel) -> list[Row]:
    """Shots where they meet: in the middle of a dissolve, or of the black between two fades."""
    rows: list[Row] = []
    black: _Event | None = None
    for event in events:
        if event.black:
            black = replace(black, stop=event.stop) if black else event
        elif black and black.stop == event.start and not black.mixes and not event.mixes:
            rows += [Row(black.place, black.start, black.stop), Row(event.place, event.start, event.stop)]
            black = None
        elif (black and black.stop == event.start) or event.from_black or (event.mixes and not rows):
            rows.append(_faded(rows, black, event))
            black = None
        else:
            meet = event.start + event.length // 2
            _meet(rows, meet if event.mixes else 0)
            frames = (event.start, event.start + event.length) if event.length else None
            rows.append(Row(event.place, meet, event.stop, "dissolve" if frames else "cut", frames))
    if black and rows and black.stop == reel.frame_count:
        _meet(rows, black.stop)
    return rows


def _faded(rows: list[Row], black: _Event | None, event: _Event) -> Row:
    """The shot that comes from `black`; the one before goes on to the middle of what is wholly black."""
    start = black.start if black else event.start
    dark = start + (black.length if black else 0)
    meet = (dark + event.start) // 2 if rows else start
    _meet(rows, meet)
    stop = max(event.start + event.length, start + 1)
    return Row(event.place, meet, event.stop, "fade", (start, stop))


def _meet(rows: list[Row], at: int) -> None:
    """Lets the last shot go on to where it meets the next."""
    if rows and at > rows[-1].stop:
        last = rows[-1]
        rows[-1] = Row(last.place, last.start, at, last.kind, last.frames)
