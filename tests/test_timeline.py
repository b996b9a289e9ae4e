"""Rates, ranges and timecode."""

from fractions import Fraction

import pytest

from vidcolor.errors import InputError
from vidcolor.timeline import FrameRange, Rate, parse_timecode

NTSC, FILM = Rate(30000, 1001), Rate(24000, 1001)


@pytest.mark.parametrize(
    ("label", "rate", "drop", "text"),
    [
        (0, Rate(24), False, "00:00:00:00"),
        (86400, Rate(24), False, "01:00:00:00"),
        (86424, FILM, False, "01:00:01:00"),
        # SMPTE ST 12-1: labels ;00 and ;01 are dropped each minute but every tenth.
        (1799, NTSC, True, "00:00:59;29"),
        (1800, NTSC, True, "00:01:00;02"),
        (17981, NTSC, True, "00:09:59;29"),
        (17982, NTSC, True, "00:10:00;00"),
        (107892, NTSC, True, "01:00:00;00"),
    ],
)
def test_timecode_there_and_back(label, rate, drop, text):
    assert rate.timecode(label, drop=drop) == text
    assert parse_timecode(text, rate) == label


@pytest.mark.parametrize("rate", [Rate(30000, 1001), Rate(60000, 1001)])
def test_drop_frame_labels_are_one_to_one(rate):
    texts = [rate.timecode(n, drop=True) for n in range(80_000)]
    assert len(set(texts)) == len(texts)
    assert [parse_timecode(t, rate) for t in texts[::997]] == list(range(0, 80_000, 997))


@pytest.mark.parametrize("text", ["", "1:00:00:00", "25:00:00:00", "00:61:00:00", "00:00:00:24", "aa:bb:cc:dd"])
def test_no_such_timecode(text):
    with pytest.raises(InputError, match="timecode"):
        parse_timecode(text, Rate(24))


def test_dropped_labels_and_wrong_rates_are_refused():
    with pytest.raises(InputError, match="dropped"):
        parse_timecode("00:01:00;00", NTSC)
    with pytest.raises(InputError, match="drop-frame"):
        parse_timecode("00:01:00;02", FILM)


def test_dashes_stand_for_colons():
    assert parse_timecode("01-00-05-09", Rate(24)) == parse_timecode("01:00:05:09", Rate(24))


@pytest.mark.parametrize(("start", "stop"), [(3, 3), (4, 3), (-1, 3)])
def test_empty_and_negative_ranges_are_refused(start, stop):
    with pytest.raises(InputError, match="start must be"):
        FrameRange(start, stop)


def test_ranges_are_half_open():
    run = FrameRange(2, 5)
    assert (list(run), len(run), 2 in run, 5 in run) == ([2, 3, 4], 3, True, False)
    assert run.overlap(FrameRange(4, 9)) == 1
    assert run.overlap(FrameRange(5, 9)) == 0


def test_rates_are_exact():
    assert Rate.of(Fraction(24000, 1001)).fraction * 1001 == 24000
    assert FILM.base == 24
    with pytest.raises(InputError, match="above zero"):
        Rate(0)
