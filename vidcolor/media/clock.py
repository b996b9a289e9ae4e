"""A film's timecode, tape and rate: which of the places that state them is used, and where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from vidcolor.errors import InputError, SettingsError
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


def exact_rate(written: float) -> Fraction:
    """The rate a person means: 23.976 is 24000/1001, 25.0 is 25."""
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
    if not timecode:
        return numbered, False, False
    try:
        return *_labelled(timecode, rate), True
    except InputError as error:
        notes.append(f"The file's timecode is not used ({error}).")
        return numbered, False, False


def _labelled(timecode: str, rate: Rate) -> tuple[int, bool]:
    """(label, drop frame) of a timecode. SMPTE 331 writes `.` for the second field's drop flag: the same as `;`."""
    text = timecode.replace(".", ";")
    return parse_timecode(text, rate), ";" in text
