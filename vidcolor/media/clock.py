"""A film's timecode, tape and rate: which of the places that state them is used, and where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from vidcolor.errors import InputError, SettingsError
from vidcolor.media.scan import ScanHeader
from vidcolor.settings import ReelSettings
from vidcolor.timeline import Rate, parse_timecode

WRITTEN_RATES = {
    23.976: Fraction(24000, 1001),
    23.98: Fraction(24000, 1001),
    29.97: Fraction(30000, 1001),
    47.952: Fraction(48000, 1001),
    59.94: Fraction(60000, 1001),
    119.88: Fraction(120000, 1001),
}
"""What people write for rates that are no decimal number."""
USUAL_RATE = Fraction(24)
"""Of pictures, where nothing says."""


def exact_rate(written: float) -> Fraction:
    """The rate a person means: 23.976 is 24000/1001, 25.0 is 25.

    Not `scan.exact`: a person's other decimals are meant to the last digit (24.001 is no 24), those of a header are the
    rounding of a 32-bit number, and go to the rate beside them.
    """
    return WRITTEN_RATES.get(written, Fraction(str(written)))


def stated(key: str, places: Iterable[tuple[str, Mapping[str, str]]], notes: list[str]) -> str:
    """The first place's value of a tag; empty where none has it. Another value elsewhere is told in `notes`.

    places  (what it is called, its tags); names of tags count in any case, as Matroska writes them in capitals
    """
    found: list[tuple[str, str]] = []
    for place, tags in places:
        value = next((text.strip() for name, text in tags.items() if name.lower() == key and text.strip()), "")
        if value and value.replace(".", ";") not in {other.replace(".", ";") for _, other in found}:
            found.append((place, value))
    if not found:
        return ""
    place, used = found[0]
    if len(found) > 1:
        others = " and ".join(f"{value} ({other})" for other, value in found[1:])
        notes.append(f"The file states more than one {key.replace('_', ' ')}: {used} ({place}) is used, not {others}.")
    return used


def start_label(
    timecode: str, numbered: int, rate: Rate, settings: ReelSettings, notes: list[str]
) -> tuple[int, bool, bool]:
    """(label of frame 0, drop frame, the film has a timecode).

    timecode  the film's own, empty if it has none
    numbered  the label that its pictures' numbers give, where they are timecode; else 0
    Refuses a `reel.start_timecode` that is none at this rate.
    """
    if settings.start_timecode:
        try:
            start, drop = _labelled(settings.start_timecode, rate)
        except InputError as error:
            raise SettingsError(f"reel.start_timecode: {error}") from error
        if timecode:
            notes.append(f"The file's own timecode {timecode} is not used (reel.start_timecode).")
        return start, drop, True
    if timecode:
        try:
            start, drop = _labelled(timecode, rate)
        except InputError as error:
            notes.append(f"The file's timecode is not used ({error}).")
        else:
            if numbered not in (0, start):
                notes.append(
                    f"The pictures' numbers, as timecode, start at {rate.timecode(numbered)}; their headers say "
                    f"{timecode}, which is used."
                )
            return start, drop, True
    if numbered:
        notes.append(f"Picture numbers are taken for timecode: {rate.timecode(numbered)}.")
    return numbered, False, False


def _labelled(timecode: str, rate: Rate) -> tuple[int, bool]:
    """(label, drop frame) of a timecode. SMPTE 331 writes `.` for the second field's drop flag: the same as `;`."""
    text = timecode.replace(".", ";")
    return parse_timecode(text, rate), ";" in text


def sequence_rate(header: ScanHeader, settings: ReelSettings, notes: list[str]) -> Rate:
    """Frames a second of pictures: what the settings say, else the first one's header, else 24; it is told which."""
    stated = header.rate
    if settings.sequence_rate:
        rate = exact_rate(settings.sequence_rate)
        if stated is not None and stated != rate:
            notes.append(f"The pictures' headers say {stated} frames a second; {rate} are used (reel.sequence_rate).")
    else:
        rate = stated or USUAL_RATE
    if stated is None:
        notes.append(f"The pictures have no rate of their own: read at {rate} frames a second (reel.sequence_rate).")
    elif stated == rate:
        notes.append(f"Read at {rate} frames a second, as the pictures' headers say (reel.sequence_rate).")
    if header.other_rate is not None:
        notes.append(f"The headers' film part says {header.other_rate} frames a second, their video part {stated}.")
    return Rate.of(rate)


def counted_timecode(labels: Mapping[int, str], rate: Rate, notes: list[str]) -> str:
    """The first picture's timecode, from those in the headers of some pictures, by their places.

    Empty where it is missing, or the same zero in all. A header at more than 30 a second counts pairs of pictures, and
    not all say that labels are dropped: both are seen by the count. One that does not count is told, and used.
    """
    first = labels.get(0, "")
    if not first or (len(labels) > 1 and not any(label.strip("0:;") for label in labels.values())):
        return ""
    dropped = [";".join(first.rsplit(":", 1))] if rate.can_drop and ";" not in first else []
    for text in (first, *dropped):
        if _miscounted(text, labels, rate, 1) is None:
            return text
    half = Rate.of(rate.fraction / 2)
    if rate.base > 30:
        for text in (first, *dropped):
            for later in (0, 1):
                if _miscounted(text, labels, half, 2, later) is None:
                    return rate.timecode(2 * parse_timecode(text, half) + later, drop=";" in text)
    place = _miscounted(first, labels, rate, 1)
    if place:
        notes.append(
            f"The timecode in the pictures' headers does not count with them: frame {place} says {labels[place]}, not "
            f"{_counted(first, rate, place)}; that of the first picture, {first}, is used."
        )
    return first


def _miscounted(first: str, labels: Mapping[int, str], rate: Rate, run: int, later: int = 0) -> int | None:
    """The first place whose label is not the first one's and its count in runs of pictures; None if all are."""
    try:
        wrong = (p for p in sorted(labels) if _plain(labels[p]) != _plain(_counted(first, rate, (p + later) // run)))
        return next(wrong, None)
    except InputError:
        return 0


def _counted(first: str, rate: Rate, count: int) -> str:
    return rate.timecode(parse_timecode(first, rate) + count, drop=";" in first)


def _plain(label: str) -> str:
    return label.replace(";", ":")
