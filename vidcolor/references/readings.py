"""Which frames a picture's name may mean: its numbers, timecodes and times. Looks at the name only.

Taken at their word, inside the film (`Reading.sure`):
- a name that is a number, or begins with one that has zeros in front: 12, 000040_color, 000040_00001_
- a number behind a word for frame: frame_40, shot3-f0040; four digits or more behind ref or key: ref_000134. Behind
  the letter f alone only if it is no aperture (f2.8) and no longer number follows that the film has (f8_0040)
- a number behind the name of the film, or of the film's own pictures: film_000040, scan.1001
- a timecode, or a time since the film's start, anywhere: TC_00-00-01-16, film-00.00.01.667
Any other number (coat_2024, mpv-shot0012) may be a frame or not: the picture decides.

A film that is a folder of pictures has numbers of its own: those come first, frames counted from 0 second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidcolor.errors import InputError
from vidcolor.timeline import numbered, parse_timecode
from vidcolor.types import Reel

Span = tuple[int, int]
"""Where digits stand in a name."""
MOST_DIGITS = 12
"""A frame number of more digits is past the end of any film (and int() refuses thousands of digits)."""
DIGITS = re.compile(r"[0-9]+")
JOINTS = ":;._-hms"
"""What may stand between the fields of a time or a date."""
CODE = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=(?:[0-9]*[a-f]){2})(?=[a-f]*[0-9])[0-9a-f]{12,})"
    r"(?![0-9a-z])",
    re.IGNORECASE,
)
"""A UUID, or a hash: what services put into names. Its digits count nothing, and `1f6` in it is no frame 6."""
FRAME_WORD = re.compile(r"(?:^|.*[^a-z])(?:frames?|fr)[ _.\-#]*", re.DOTALL)
FRAME_LETTER = re.compile(r"(?:^|.*[^a-z0-9])f[ _.\-#]*", re.DOTALL)
REFERENCE_WORD = re.compile(r"(?:^|.*[^a-z])(?:refs?|references?|keys?|keyframes?|kf)[ _.\-#]*", re.DOTALL)
TAIL = re.compile(
    r"(?:_[0-9]{5}_|[ _\-]*\([0-9]{1,3}\)|[ _.\-]*v[0-9]{1,3}|[ _\-]*(?:copy|kopie|copie|copia)[ _\-]*[0-9]{0,3})+$"
)
"""What programs add to a copy's or a result's name: ComfyUI's counter, `(2)`, `v2`, `copy 2`."""
NO_NUMBER = (
    re.compile(
        r"(?:v|(?<![a-z0-9])x[ _.\-]?|(?<![a-z])(?:mp|iso|seed|steps?|cfg|ver|version|rev)[ _.\-]?|"
        r"[0-9] ?[x×] ?)$"
    ),
    re.compile(r"(?:(?:[pkx]|mm|fps|dpi|bits?|px|iso)(?![a-z])| ?[x×] ?[0-9])"),
)
"""What stands before and after digits that count no frames: mp4, x4, ISO 400, 1080p, 4k, 50mm, 1920 x 1080."""
VERSION = re.compile(r"v[0-9]+(?:\.[0-9]+)*\.$")
"""What stands before the 1 of v2.1; of four digits or more, as in v003.0040, it is a frame's number."""
DECIMAL = re.compile(r"(?<![0-9])(?<![0-9]\.)[0-9]{1,2}\.[0-9]{1,2}(?!\.?[0-9])")
"""2.8, 0.95: hardly frames. Not shot2.0040."""
SECONDS, SECONDS_DIGITS = re.compile(r"(?<![0-9.])([0-9]{1,6})\.([0-9]{3})(?![0-9.])"), 6
"""Seconds to the thousandth, as 1.667, or as 000001.667 for HHMMSS."""
LONG = 4
"""Digits from which a number is more likely a frame's than a count of a few things."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one name may mean."""

    frames: tuple[int, ...] = ()
    """Frames of the film that it may be the picture of, the likeliest first."""
    sure: bool = False
    """True: it is the picture of one of them. False: it may be of none."""
    how: str = ""
    """`own` or `from 0`: which numbers, where the film has its own; `time`: since the film's start; else empty"""
    outside: str = ""
    """What would be a frame or timecode if the film had it; empty for a name without any."""


def read_stem(stem: str, reel: Reel) -> Reading:
    """What a picture's name without its suffix may mean for this film.

    Refuses names that are nothing but a frame number or timecode that the film does not have; the remedy is the
    caller's to say.
    """
    stem = CODE.sub(lambda found: "-" * len(found[0]), stem)
    groups = [(m.start(), m.end()) for m in DIGITS.finditer(stem)]
    runs = _runs(stem, groups)
    if timed := _timed(stem, runs, reel):
        return timed
    dated = {span for run in runs for span in _dated(stem, run)}
    tail = TAIL.search(stem.lower())
    end = tail.start() if tail and any(stop <= tail.start() for _, stop in groups) else len(stem)
    spans = [span for span in groups if span not in dated and span[1] <= end and _counts(stem, span)]
    seconds = [*_seconds(stem, reel), *(frame for run in runs for frame in _second(stem, run, reel))]
    return _numbered(stem, spans, end, reel, seconds)


def _numbered(stem: str, spans: Sequence[Span], end: int, reel: Reel, seconds: Sequence[int]) -> Reading:
    film = _FilmNumbers(reel)
    for span in spans:
        if film.owns(stem, span):
            own = film.frame(stem, span)
            return Reading((own,), True, "own") if own is not None else _at_its_word(stem, span, reel, film)
    strict = [span for span in spans if _strictly_a_frame(stem, span) or _behind_letter(stem, span, spans, film)]
    if strict:
        return _at_its_word(stem, strict[0], reel, film)
    for span in spans:
        frames = film.readings(stem, span)
        if frames and (span == (0, end) or _behind_films_name(stem, span, reel)):
            return Reading(frames, True, film.how(stem, span))
    spans = sorted(spans, key=lambda span: (_decimal(stem, span), span[0] - span[1]))  # more digits: likelier a frame's
    found = tuple(dict.fromkeys([*seconds, *(frame for span in spans for frame in film.readings(stem, span))]))
    outside = "" if found or not spans else f"frame {shown(stem[slice(*spans[0])])}"
    return Reading(found, False, "", outside)


def _at_its_word(stem: str, span: Span, reel: Reel, film: _FilmNumbers) -> Reading:
    frames = film.readings(stem, span)
    if frames:
        return Reading(frames, True, film.how(stem, span))
    own = f"; its pictures are numbered {film.first} to {film.first + reel.frame_count - 1}" if film.first else ""
    raise InputError(
        f"frame {shown(stem[slice(*span)])} is past the film's end ({reel.frame_count} frames, 0 to "
        f"{reel.frame_count - 1}{own})"
    )


def _strictly_a_frame(stem: str, span: Span) -> bool:
    start, stop = span
    if span == (0, len(stem)):
        return True
    before, digits, length = stem[:start].lower(), stem[start:stop], stop - start
    if start == 0:
        following = DIGITS.search(stem, stop)
        longer = following is not None and len(following[0]) > length  # a counter and a seed, as 00001-3847293847
        return digits.startswith("0") and length >= LONG and not longer
    return bool(FRAME_WORD.fullmatch(before)) or (length >= LONG and bool(REFERENCE_WORD.fullmatch(before)))


def _behind_letter(stem: str, span: Span, spans: Sequence[Span], film: _FilmNumbers) -> bool:
    """True for f40; not for f2.8, nor for the 8 of f8_0040, where the film has a frame 40."""
    if not FRAME_LETTER.fullmatch(stem[: span[0]].lower()) or _decimal(stem, span):
        return False
    length = span[1] - span[0]
    return not any(
        start > span[0] and stop - start > length and film.readings(stem, (start, stop)) for start, stop in spans
    )


def _decimal(stem: str, span: Span) -> bool:
    return any(found.start() <= span[0] < found.end() for found in DECIMAL.finditer(stem))


def _behind_films_name(stem: str, span: Span, reel: Reel) -> bool:
    before, name = stem[: span[0]].lower().rstrip(" _.-"), reel.path.stem.lower()
    return span[1] - span[0] >= LONG and before == name != ""


def _counts(stem: str, span: Span) -> bool:
    start, stop = span
    in_brackets = stem[start - 1 : start] == "(" and stem[stop : stop + 1] == ")"
    before, after = NO_NUMBER
    if stop - start < LONG and VERSION.search(stem[:start].lower()):
        return False
    return not in_brackets and not before.search(stem[:start].lower()) and not after.match(stem[stop:].lower())


def shown(digits: str) -> str:
    """A number of a name as messages tell it, however long."""
    digits = digits.lstrip("0") or "0"
    return digits if len(digits) <= MOST_DIGITS else f"{digits[:MOST_DIGITS]}..."


class _FilmNumbers:
    """The numbers of a film's frames: counted from 0, or as the film's own pictures are numbered."""

    def __init__(self, reel: Reel) -> None:
        self.count = reel.frame_count
        self.prefix, self.first = "", 0
        if reel.codec and reel.path.suffix.lower() == f".{reel.codec}":  # an image sequence
            self.prefix, self.first, _ = numbered(reel.path.stem) or ("", 0, "")

    def owns(self, stem: str, span: Span) -> bool:
        """True if the name is that of the film's own picture of some number."""
        return self.first > 0 and self.prefix != "" and stem[: span[0]] == self.prefix

    def frame(self, stem: str, span: Span) -> int | None:
        return next(iter(self._inside(stem, span, self.first)), None)

    def how(self, stem: str, span: Span) -> str:
        """Which numbering the likeliest reading uses; empty where there is but one."""
        return "" if not self.first else "own" if self.frame(stem, span) is not None else "from 0"

    def readings(self, stem: str, span: Span) -> tuple[int, ...]:
        """The film's own numbering first."""
        starts = (self.first, 0)
        return tuple(dict.fromkeys(frame for start in starts for frame in self._inside(stem, span, start)))

    def _inside(self, stem: str, span: Span, start: int) -> Iterator[int]:
        digits = stem[slice(*span)].lstrip("0") or "0"
        if len(digits) <= MOST_DIGITS and 0 <= int(digits) - start < self.count:
            yield int(digits) - start


# Times.

Run = list[Span]
"""Places of digits in a name, one joint between each and the next."""


def _runs(stem: str, groups: Sequence[Span]) -> list[Run]:
    """Runs of three fields or more, without the date that opens them."""
    runs: list[Run] = []
    for group in groups:
        joined = runs and group[0] - runs[-1][-1][1] == 1 and stem[group[0] - 1].lower() in JOINTS
        if joined:
            runs[-1].append(group)
        else:
            runs.append([group])
    return [run for run in runs if len(run) >= 3]


def _after_date(stem: str, run: Run) -> Run:
    """The fields behind a year, month and day (or day, month and year); all where there is no date."""
    if len(run) < 3 or len({stem[stop] for _, stop in run[:2]}) > 1:
        return run
    first, _, third = texts = [stem[a:b] for a, b in run[:3]]
    year, others = (first, texts[1:]) if len(first) == 4 else (third, texts[:2])
    is_date = re.fullmatch("(?:19|20)[0-9]{2}", year) and all(len(n) <= 2 and 1 <= int(n) <= 31 for n in others)
    return run[3:] if is_date else run


def _dated(stem: str, run: Run) -> Run:
    """The fields of dates and of times to the second, which count no frames."""
    fields = _after_date(stem, run)
    joints = {stem[b] for _, b in fields[:-1]}
    clock = [b - a for a, b in fields] == [2, 2, 2] and (len(joints) == 1 or joints == set("hm"))
    if len(fields) == 1 < len(run):  # 2024-11-03_000040: a date, and what may be a frame
        return run[:-1]
    return run if len(fields) < len(run) or clock else []


def _timed(stem: str, runs: Sequence[Run], reel: Reel) -> Reading | None:
    """A timecode or a time in full; None where there is none. Refuses a name that is nothing else, outside the film."""
    outside = ""
    for some in _clocks(stem, runs):
        coded, timed = _coded(stem, some, reel), _since_start(stem, some, reel)
        decimal = stem[some[-2][1]] != stem[some[0][1]]  # 00:00:01.67, not 00.00.01.16
        order = [timed, *coded] if decimal else [*coded, timed]
        frames = tuple(dict.fromkeys(frame for frame in order if frame is not None and frame < reel.frame_count))
        if frames:
            return Reading(frames, True, "" if coded and frames[0] == coded[0] else "time")
        if len(some) == 4 and (some[0][0], some[-1][1]) == (0, len(stem)):
            raise InputError(_no_such_time(stem, some, reel))
        outside = outside or stem[some[0][0] : some[-1][1]]
    return Reading(outside=outside) if outside else None


def _clocks(stem: str, runs: Sequence[Run]) -> Iterator[Run]:
    """The runs of fields that look like a timecode or a time to the thousandth."""
    for run in runs:
        fields = _after_date(stem, run)
        for first in range(len(fields)):
            for length in (4, 3):
                some = fields[first : first + length]
                if len(some) == length and _clock(stem, some):
                    yield some


def _clock(stem: str, fields: Run) -> bool:
    """True for the fields of a time: at most two digits, then two each, behind like joints."""
    lengths, last = [b - a for a, b in fields], (2, 3) if len(fields) == 4 else (3,)
    if lengths[0] > 2 or any(n != 2 for n in lengths[1:-1]) or lengths[-1] not in last:
        return False
    attached = lengths[0] == 1 and stem[fields[0][0] - 1 : fields[0][0]].isalpha()  # film2_00_00_01_16
    joints = ["m" if stem[b] in "hH" else stem[b].lower() for _, b in fields[:-1]]
    return not attached and (len(fields) == 3 or joints[0] == joints[1])


def _coded(stem: str, fields: Run, reel: Reel) -> list[int]:
    """Frames of HH MM SS FF: as the film's own timecode, then as counted from the film's start."""
    if len(fields) != 4:
        return []
    try:
        label = _label(stem, fields, reel)
    except InputError:
        return []
    mark = ";" if reel.drop_frame else ":"
    day = parse_timecode(f"23:59:59{mark}{reel.rate.base - 1:02d}", reel.rate) + 1
    frame = (label - reel.start) % day
    return [frame, *([label] if frame >= reel.frame_count else [])]


def _label(stem: str, fields: Run, reel: Reel) -> int:
    hours, minutes, seconds, frames = (stem[a:b] for a, b in fields)
    mark = ";" if reel.drop_frame else ":"
    return parse_timecode(f"{hours:0>2}:{minutes}:{seconds}{mark}{frames}", reel.rate)


def _since_start(stem: str, fields: Run, reel: Reel) -> int | None:
    """The frame shown at [HH] MM SS and thousandths (or hundredths behind a point) after the film's start."""
    texts = [stem[a:b] for a, b in fields]
    decimals = len(texts[-1])
    whole = [int(text) for text in texts[:-1]]
    if (decimals == 2 and stem[fields[-2][1]] != ".") or any(n >= 60 for n in whole[1:]):
        return None
    seconds = sum(n * 60**k for k, n in enumerate(reversed(whole)))
    steps = seconds * 10**decimals + int(texts[-1]) + 1  # players cut or round what they show
    return int(steps * reel.rate.fraction / 10**decimals)


def _seconds(stem: str, reel: Reel) -> Iterator[int]:
    """The frame shown at so many seconds, with decimals; six digits before the point may be HHMMSS."""
    for match in SECONDS.finditer(stem):
        whole, decimals = match[1], match[2]
        times = [int(whole)]
        if len(whole) == SECONDS_DIGITS:
            times.insert(0, (int(whole[:2]) * 60 + int(whole[2:4])) * 60 + int(whole[4:]))
        for seconds in times:
            steps = seconds * 10 ** len(decimals) + int(decimals) + 1
            frame = int(steps * reel.rate.fraction / 10 ** len(decimals))
            if frame < reel.frame_count:
                yield frame


def _second(stem: str, run: Run, reel: Reel) -> Iterator[int]:
    """The frames of one whole second, HH MM SS after the film's start."""
    fields = _after_date(stem, run)
    if len(fields) != 3 or any(b - a != 2 for a, b in fields):
        return
    hours, minutes, seconds = (int(stem[a:b]) for a, b in fields)
    if minutes >= 60 or seconds >= 60:
        return
    start = (hours * 60 + minutes) * 60 + seconds
    first, stop = (-int(-t * reel.rate.fraction // 1) for t in (start, start + 1))
    yield from range(first, min(stop, reel.frame_count))


def _no_such_time(stem: str, fields: Run, reel: Reel) -> str:
    try:
        _label(stem, fields, reel)
    except InputError as error:
        return str(error)
    return f"outside the film, which runs from {reel.timecode(0)} to {reel.timecode(reel.frame_count - 1)}"
