"""CMX3600 edit lists of ours and of others, in.

- Sound events, comments and speed lines are passed over, and so is what lies over a picture: titles on upper tracks,
  and keys but for their background. A wipe is taken as a dissolve; black between two cuts is a shot. Source timecode is
  not used: it may be another tape's.
- Labels may be dropped in the list where the film's are not, and the other way round; what the list says of that (FCM,
  `;`) is believed unless only the contrary fits the film. An FCM line between events is the next source's.
- Events may lack their reel, and count frames instead of timecode. A list that holds as many frames as the film, but
  begins at another timecode, is the film's. In a list of markers a shot begins at each.
- Events that lie wholly outside the film, by its own timecode, are of other reels or of a leader: left out and told of.
  So are those that name other sources, where those that name this film alone are as long as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from vidcolor.errors import InputError
from vidcolor.shots.edl import BLACK_REEL
from vidcolor.shots.of_reel import own_run, told
from vidcolor.shots.rows import LIST_RATES, MOST_NAMED, Listed, Row, is_whole, part_that_fits
from vidcolor.shots.tracks import lowest
from vidcolor.timeline import HOURS_A_DAY, Rate, parse_timecode
from vidcolor.types import Reel

EVENT = re.compile(
    r"(?P<number>\d{1,6})\s+(?:(?P<reel>\S{1,128}|\S.{0,126}\S)\s+)?(?P<channel>NONE|B|[AV]\d{0,2}(?:/?[AV]\d{0,2}){0,31})"
    r"\s+(?P<effect>K\s?[BO]?(?!\w)|[A-Z]\w{0,4})(?:\s+(?P<length>\d{1,4}))?"
    r"(?P<times>(?:\s+\d\d[:;.]\d\d[:;.]\d\d[:;.]\d\d){4}|(?:\s+\d{1,8}){4})\s*",
    re.ASCII,
)
TRACK = re.compile(r"V(\d{0,2})", re.ASCII)
BACKGROUND = ("KB", "K B")
MARKER = re.compile(r"\|C:\w+ .*\|D:\d+.*", re.ASCII)
"""The line behind an event of one frame in a list of markers, as DaVinci Resolve writes it"""
CLIP_NAME = re.compile(r"\*\s*(?:FROM|TO) CLIP NAME:\s*(.{1,400})", re.IGNORECASE)
"""Behind a dissolve both stand, that of what it goes to last"""
NO_REEL = ("AX", "")
NO_VIDEO = re.compile(r"(?:A\d*|NONE)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One event's line of an edit list."""

    place: str
    match: re.Match[str]
    drops: bool
    """Whether the FCM line before it says that labels are dropped."""
    clip: str = ""
    """The clip that a comment behind it names"""

    @property
    def of(self) -> str:
        """What it calls its source; empty for black."""
        reel = self.match["reel"] or ""
        return "" if reel == BLACK_REEL else self.clip if reel in NO_REEL and self.clip else reel

    @property
    def times(self) -> list[str]:
        """Record in and out."""
        return self.match["times"].split()[2:]


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


def read_edl(path: Path, text: str, reel: Reel) -> Listed:
    """The shots of an edit list, unchecked. Refuses events and timecodes that cannot be read, and other rates."""
    lines = list(_lines(path, text))
    marked = any(MARKER.match(line.strip()) for line in text.splitlines())
    events = _counted(path, lines, reel) if lines and marked else []
    points = bool(events) and all(event.stop - event.start == 1 for event in events)
    return read_lines(path, lines, reel, points=points)


def event_line(place: str, track: str, start: str, stop: str) -> Line | None:
    """What a table says as a line of an edit list; None where the track is neither picture nor sound."""
    match = EVENT.fullmatch(f"1 AX {track} C {start} {stop} {start} {stop}".upper())
    return Line(place, match, False) if match else None


def read_lines(path: Path, lines: Sequence[Line], reel: Reel, *, points: bool = False) -> Listed:
    """The shots of an edit list's lines, unchecked. `points`: a shot begins at the film's head and at each of them."""
    lines = [line for line in lines if not NO_VIDEO.fullmatch(line.match["channel"])]
    if not lines:
        return Listed([])
    events = _counted(path, lines, reel, points=points)
    if points:
        return Listed(_marked(events, reel))
    inside = _inside(events, reel) if reel.timecoded else events
    if not is_whole(inside, reel):
        own = lines[own_run([line.of for line in lines], reel)]
        alone = _counted(path, own, replace(reel, timecoded=False)) if own else []
        if is_whole(alone, reel):
            return Listed(_rows(alone, reel), (told(path, len(lines) - len(own)),))
        _refuse(path, lines, events, reel)
        return Listed(_rows(events, reel))
    outside = [event.place for event in events if event.stop <= 0 or event.start >= reel.frame_count]
    return Listed(_rows(inside, reel), tuple(_told(path, outside, reel)))


def _marked(events: list[_Event], reel: Reel) -> list[Row]:
    """Shots that begin at the film's head and at each marker."""
    begin = {0: "the film's head"} | {event.start: event.place for event in events}
    starts = sorted(begin)
    return [Row(begin[a], a, b) for a, b in pairwise([*starts, max(reel.frame_count, starts[-1])])]


def _told(path: Path, places: list[str], reel: Reel) -> Iterator[str]:
    if places:
        named = ", ".join(places[:MOST_NAMED]) + (", ..." if len(places) > MOST_NAMED else "")
        yield (
            f"{path.name}: {len(places)} events lie outside the film, {reel.timecode(0)} to "
            f"{reel.timecode(reel.frame_count)}, and are left out ({named}): other reels, or a leader?"
        )


def _lines(path: Path, text: str) -> Iterator[Line]:
    drops = False
    last: Line | None = None
    for number, line in enumerate(text.splitlines(), 1):
        place, line = f"line {number}", line.strip()
        if last and (named := CLIP_NAME.match(line)):
            last = replace(last, clip=named[1])
        if line.upper().startswith("FCM:"):
            drops = "NON" not in line.upper() and "DROP" in line.upper()
        if not line[:1].isdecimal():
            continue
        if last:
            yield last
        last = None  # a comment is the event's just before it, also where that is sound
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
        last = Line(place, match, drops)
    if last:
        yield last


def _counted(path: Path, lines: Sequence[Line], reel: Reel, *, points: bool = False) -> list[_Event]:
    """The events, counted as the list says; or the contrary, where that alone holds the film."""
    says = lines[0].drops or any(";" in time for line in lines for time in line.times)
    ways = (says, not says) if reel.rate.can_drop else (False,)
    found: list[_Event] | None = None
    refused: InputError | None = None
    for drop in ways:
        try:
            events = _placed(path, lines, drop, reel, points=points)
        except InputError as error:
            refused = refused or error
            continue
        if is_whole(_inside(events, reel), reel):
            return events
        found = events if found is None and refused is None else found
    if found is None:
        assert refused is not None
        raise refused
    return found


def _label(path: Path, place: str, text: str, rate: Rate, drop: bool) -> int:
    """Frame label of one timecode, or of a frame number."""
    if text.isdecimal():
        return int(text)
    plain = re.sub(r"[.;]", ":", text)
    try:
        return parse_timecode(plain[:8] + ";" + plain[9:] if drop else plain, rate)
    except InputError as error:
        faster = int(plain[9:]) >= rate.base
        hint = f". It counts more than the film's {rate.base} frames a second: write it at {rate}" if faster else ""
        raise InputError(f"{path}: {place}: {error}{hint}") from error


def _placed(path: Path, lines: Sequence[Line], drop: bool, reel: Reel, *, points: bool = False) -> list[_Event]:
    """Events that take time, counted from the film's start: less than 0 before it. Timecode runs on over midnight."""
    labels = [[_label(path, line.place, time, reel.rate, drop) for time in line.times] for line in lines]
    day = len_of_day(reel.rate, drop)
    origin = _origin(lines, labels, reel, day, drop)
    events = []
    source = ("", False)
    for line, (start, stop) in zip(lines, labels, strict=True):
        match, place = line.match, line.place
        black = match["reel"] == BLACK_REEL
        begin = (start - origin) % day
        begin -= day if begin > day // 2 else 0
        count = 1 if points else (stop - start) % day
        if count > day // 2:
            raise InputError(
                f"{path}: {place}: record out {line.times[1]} comes before in, {line.times[0]}; write the later last"
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
    return lowest(path, tracks)


def _origin(lines: Sequence[Line], labels: Sequence[Sequence[int]], reel: Reel, day: int, drop: bool) -> int:
    """The label of the film's first frame: its own, or the list's first where that fits alone."""
    first, last = labels[0][0], labels[-1][1]
    counted = lines[0].times[0].isdecimal()
    own = 0 if counted else _own_start(reel, drop) if reel.timecoded else first
    outside = any((label - own) % day > reel.frame_count for ends in labels for label in ends)
    return first if outside and (last - first) % day == reel.frame_count else own


def _inside(events: Sequence[_Event], reel: Reel) -> list[_Event]:
    """The events of which some frame is in the film."""
    return [event for event in events if event.stop > 0 and event.start < reel.frame_count]


def _refuse(path: Path, lines: Sequence[Line], events: Sequence[_Event], reel: Reel) -> None:
    """Refuses a list that counts at another rate, and one that begins before the film; says what would fit."""
    for other in LIST_RATES:
        rate = Rate.of(other)
        if rate.base == reel.rate.base or lines[0].times[0].isdecimal():
            continue
        try:
            ends = [_label(path, line.place, time, rate, False) for line in lines for time in line.times]
        except InputError:
            continue
        if max(ends) - min(ends) == reel.frame_count:
            raise InputError(
                f"{path}: counts {rate.base} frames a second: so it is as long as the film, which runs at {reel.rate}; "
                f"write it at {reel.rate}"
            )
    if events and not _inside(events, reel):
        first, last = lines[0].times[0], lines[-1].times[1]
        raise InputError(
            f"{path}: record {first} to {last} lies outside {reel.path.name}, {reel.timecode(0)} to "
            f"{reel.timecode(reel.frame_count)}; export the list of this film, or give the film the timecode that the "
            "list counts from (reel.start_timecode)"
        )
    early = next((event for event in events if event.start < 0), None)
    if early is None:
        return
    hint = part_that_fits(events, reel)
    raise InputError(
        f"{path}: {early.place}: record timecode is {-early.start} frames before the film's first, {reel.timecode(0)}; "
        f"count record timecode from there{hint}"
    )


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
        rows[-1] = replace(rows[-1], leaves=(black.start, black.stop) if black.mixes else None)
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
        rows[-1] = replace(rows[-1], stop=at)
