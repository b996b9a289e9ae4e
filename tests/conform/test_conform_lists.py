"""Lists of delivered files, read again by readers that are not ours: every event is where it was, to the frame."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pycmx
import pytest

from vidcolor.conform.edl import edl_text
from vidcolor.conform.fcp7 import fcp7_text
from vidcolor.conform.otio import otio_text
from vidcolor.conform.pieces import Conform, Piece
from vidcolor.conform.table import table_text
from vidcolor.shots.lists import read_shots
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import Reel, Shot, Transition

RATES = [
    ("23.976", Fraction(24000, 1001), False, "09:59:58:00"),
    ("24", Fraction(24), False, "01:00:00:00"),
    ("25", Fraction(25), False, "23:59:50:00"),
    ("29.97 drop", Fraction(30000, 1001), True, "00:59:56;20"),
    ("29.97 non-drop", Fraction(30000, 1001), False, "00:59:56:20"),
    ("50", Fraction(50), False, "10:00:00:00"),
    ("59.94 drop", Fraction(60000, 1001), True, "00:08:58;10"),
    ("59.94 non-drop", Fraction(60000, 1001), False, "00:08:58:10"),
]
CUTS = [
    Shot("r1", FrameRange(0, 61)),
    Shot("r1", FrameRange(61, 150), Transition("dissolve", FrameRange(50, 72))),
    Shot("r1", FrameRange(150, 151)),
    Shot("r1", FrameRange(151, 400), Transition("fade", FrameRange(140, 160))),
    Shot("r1", FrameRange(400, 600), Transition("dissolve", FrameRange(394, 407))),
]
COUNT, HANDLES = 600, 12
FILES = [f"Suedwind_A001_{shot.frames.start:06d}_v{number:03d}.mov" for number, shot in enumerate(CUTS, 1)]
SHOWN = [(0, 50), (50, 150), (150, 151), (151, 394), (394, 600)]
"""From where each file first comes in to where the next does"""
OWN = [(0, 61), (61, 150), (150, 151), (151, 400), (400, 600)]
MEDIA = [(0, 84), (38, 162), (138, 163), (139, 419), (382, 600)]


def clock(label: str, rate: Fraction, drop: bool) -> int:
    """Frames since midnight of a timecode, counted out by the book: SMPTE ST 12-1, annex on drop frame."""
    assert (";" in label) == drop
    hours, minutes, seconds, frames = map(int, re.split("[:;]", label))
    base = round(rate)
    minutes += 60 * hours
    return (60 * minutes + seconds) * base + frames - (base // 15 * (minutes - minutes // 10) if drop else 0)


def day(rate: Fraction, drop: bool) -> int:
    return clock("23:59:59" + (";" if drop else ":") + f"{round(rate) - 1:02d}", rate, drop) + 1


def conform(rate: Fraction, drop: bool, start: str, **facts: object) -> Conform:
    path = Path("/films/Südwind.mov")
    reel = Reel(
        "r1", path, COUNT, Rate.of(rate), (1080, 1920), start=clock(start, rate, drop), drop_frame=drop, **facts
    )
    pieces = [
        Piece(name, shot, f"v{n:03d}", FrameRange(*media), f"{n:064x}", f"{n + 9:064x}")
        for n, (name, shot, media) in enumerate(zip(FILES, CUTS, MEDIA, strict=True), 1)
    ]
    return Conform("Südwind_A001", (reel,), Path("/films/out folder"), tuple(pieces))


@pytest.fixture(params=RATES, ids=[row[0] for row in RATES])
def at_rate(request: pytest.FixtureRequest) -> tuple[Conform, Fraction, bool, int]:
    """(list, rate, drop frame, label of the film's first frame)"""
    _, rate, drop, start = request.param
    return conform(rate, drop, start, tape="A001", timecoded=True), rate, drop, clock(start, rate, drop)


def test_edit_lists_read_by_pycmx(at_rate):
    made, rate, drop, start = at_rate
    for flavour, width in (("files", 32), ("cmx", 8), ("premiere", 8)):
        text = edl_text(made, flavour)
        assert f"\r\nFCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}\r\n" in text
        found = pycmx.parse_cmx3600(io.StringIO(text))
        assert not list(found.unrecognized_statements)
        events = list(found.events)
        assert [event.number for event in events] == [1, 2, 3, 4, 5]
        for number, (event, (first, stop)) in enumerate(zip(events, SHOWN, strict=True)):
            last = event.edits[-1]
            labels = [last.source_in, last.source_out, last.record_in, last.record_out]
            frames = [(clock(label, rate, drop) - start) % day(rate, drop) for label in labels]
            assert frames == [first, stop, first, stop], (flavour, number)
            reel = {"files": FILES[number], "cmx": "A001", "premiere": "AX"}[flavour]
            assert last.source == reel
            assert last.clip_name == FILES[number]
            dissolves = CUTS[number].entry.kind == "dissolve"
            assert len(event.edits) == 1 + dissolves
            assert last.transition.dissolve == dissolves
            if dissolves:
                outgoing = event.edits[0]
                assert outgoing.clip_name == FILES[number - 1], "outgoing, then incoming"
                assert outgoing.source_in == outgoing.source_out == outgoing.record_in == labels[0]
                assert int(last.transition.operand) == len(CUTS[number].entry.frames)
        field = re.search(r"^001  (.*?) V     C", text, re.MULTILINE)
        assert field is not None
        assert len(field[1]) == width


def test_each_flavour_has_the_comments_its_readers_take():
    made = conform(Fraction(24), False, "01:00:00:00")
    kinds = {
        f: set(re.findall(r"^\* ([A-Z ]+):", edl_text(made, f), re.MULTILINE)) for f in ("files", "cmx", "premiere")
    }
    names = {"FROM CLIP NAME", "TO CLIP NAME"}
    assert kinds == {"files": names, "premiere": names, "cmx": names | {"SOURCE FILE"}}
    reels = [
        edit.source for event in pycmx.parse_cmx3600(io.StringIO(edl_text(made, "cmx"))).events for edit in event.edits
    ]
    assert all(re.fullmatch("[A-Z0-9]{1,8}", reel) for reel in reels)
    assert len(set(reels)) == len(FILES), "a film without a reel name: each file has its own"


def test_edit_lists_read_by_opentimelineio(at_rate):
    made, rate, drop, start = at_rate
    if start + COUNT > day(rate, drop):
        pytest.skip("the reader knows no midnight")
    for flavour in ("files", "cmx", "premiere"):
        read = otio.adapters.read_from_string(edl_text(made, flavour), "cmx_3600", rate=float(rate))
        track = read.video_tracks()[0]
        origin = (
            -track.source_range.start_time if track.source_range else otio.opentime.RationalTime(start, float(rate))
        )
        clips = [clip for clip in track if isinstance(clip, otio.schema.Clip)]
        assert round(origin.value) == start
        assert [round(clip.source_range.start_time.value) - start for clip in clips] == [first for first, _ in SHOWN]
        assert [round(clip.source_range.duration.value) for clip in clips] == [stop - first for first, stop in SHOWN]
        lengths = [
            round(t.in_offset.value + t.out_offset.value) for t in track if isinstance(t, otio.schema.Transition)
        ]
        assert lengths == [22, 13]


def test_timelines_read_by_opentimelineio(at_rate):
    made, rate, _, start = at_rate
    read = otio.adapters.read_from_string(otio_text(made), "otio_json")
    track = read.video_tracks()[0]
    assert read.global_start_time == otio.opentime.RationalTime(start, float(rate))
    clips = [clip for clip in track if isinstance(clip, otio.schema.Clip)]
    for clip, name, own, media in zip(clips, FILES, OWN, MEDIA, strict=True):
        assert clip.name == clip.media_reference.name == clip.media_reference.target_url == name
        held, used = clip.available_range(), clip.trimmed_range()
        assert [t.value - start for t in (held.start_time, held.end_time_exclusive())] == list(media)
        assert [t.value - start for t in (used.start_time, used.end_time_exclusive())] == list(own)
        whole = clip.visible_range()
        assert held.contains(whole.start_time)
        assert held.end_time_exclusive() >= whole.end_time_exclusive(), "dissolves are in the file"
        at = clip.transformed_time_range(used, track)
        assert [at.start_time.value, at.end_time_exclusive().value] == list(own)
    offsets = [(t.in_offset.value, t.out_offset.value) for t in track if isinstance(t, otio.schema.Transition)]
    assert offsets == [(11, 11), (6, 7)]


def test_xml_read_by_opentimelineio(at_rate):
    made, rate, drop, start = at_rate
    text = fcp7_text(made)
    read = otio.adapters.read_from_string(text, "fcp_xml")
    assert round(read.global_start_time.value) == start
    assert read.global_start_time.rate == pytest.approx(float(rate))
    track = read.video_tracks()[0]
    clips = [clip for clip in track if isinstance(clip, otio.schema.Clip)]
    for clip, name, own, media in zip(clips, FILES, OWN, MEDIA, strict=True):
        assert clip.name == clip.media_reference.name == name
        assert clip.media_reference.target_url == f"file://localhost/films/out%20folder/{name}"
        held, used = clip.available_range(), clip.trimmed_range()
        assert [t.value - start for t in (held.start_time, held.end_time_exclusive())] == list(media)
        assert [t.value - start for t in (used.start_time, used.end_time_exclusive())] == list(own)
        at = clip.transformed_time_range(used, track)
        assert [at.start_time.value, at.end_time_exclusive().value] == list(own)
    lengths = [(t.in_offset.value, t.out_offset.value) for t in track if isinstance(t, otio.schema.Transition)]
    assert lengths == [(11, 11), (6, 7)]
    root = ElementTree.fromstring(text)
    assert root.findtext("sequence/duration") == str(COUNT)
    about = root.find("sequence/media/video/format/samplecharacteristics")
    assert about is not None
    assert (about.findtext("width"), about.findtext("height")) == ("1920", "1080")
    for file, (first, _) in zip(root.iter("file"), MEDIA, strict=True):
        assert (clock(file.findtext("timecode/string", ""), rate, drop) - start) % day(rate, drop) == first
        assert file.findtext("timecode/displayformat") == ("DF" if drop else "NDF")
        assert int(file.findtext("timecode/frame", "")) - start == first
        assert file.find("media/audio") is None, "the files are silent"


@pytest.mark.parametrize("suffix", [".edl", ".otio", ".xml"])
def test_our_own_readers_take_them_as_lists_of_shots(at_rate, suffix, tmp_path):
    made = at_rate[0]
    texts = {".edl": edl_text(made, "files"), ".otio": otio_text(made), ".xml": fcp7_text(made)}
    (tmp_path / f"list{suffix}").write_text(texts[suffix], encoding="utf-8")
    found = read_shots(tmp_path / f"list{suffix}", made.clock)
    cuts = [shot if shot.entry.kind != "fade" else Shot("r1", shot.frames) for shot in CUTS]
    assert found == cuts


def test_the_table(at_rate):
    made, rate, drop, start = at_rate
    rows = list(csv.DictReader(io.StringIO(table_text(made))))
    assert [row["path"] for row in rows] == FILES
    for row, (first, stop), shot in zip(rows, MEDIA, CUTS, strict=True):
        assert (int(row["first"]), int(row["last"])) == (first, stop - 1)
        assert (clock(row["tc_in"], rate, drop) - start) % day(rate, drop) == first
        assert (clock(row["tc_out"], rate, drop) - start) % day(rate, drop) == stop
        assert row["shot"] == shot.id
        assert row["code"] == Path(row["path"]).stem
        assert int(row["cut_first"]) - first == int(row["head_handle"]) == min(HANDLES, int(row["cut_first"]))
        assert stop - 1 - int(row["cut_last"]) == int(row["tail_handle"])
        assert len(row["sha256"]) == len(row["luma_sha256"]) == 64


def test_a_missing_file_is_black_and_what_would_dissolve_from_it_is_cut_to():
    made = conform(Fraction(24), False, "01:00:00:00")
    gappy = Conform(made.title, made.reels, made.folder, (*made.pieces[1:3], *made.pieces[4:]))
    read = otio.adapters.read_from_string(edl_text(gappy, "files"), "cmx_3600", rate=24)  # pycmx loses the first black
    found = [(clip.metadata["cmx_3600"]["reel"], round(clip.duration().value)) for clip in read.video_tracks()[0]]
    assert found == [("BL", 61), (FILES[1], 89), (FILES[2], 1), ("BL", 249), (FILES[4], 200)]
    track = otio.adapters.read_from_string(otio_text(gappy), "otio_json").video_tracks()[0]
    gaps = [round(item.duration().value) for item in track if isinstance(item, otio.schema.Gap)]
    assert gaps == [61, 249]
    assert track.duration().value == COUNT


def test_a_thousand_events_have_numbers_of_six_digits():
    reel = Reel("r1", Path("film.mov"), 2000, Rate(24), (10, 10))
    shots = [Shot("r1", FrameRange(at, at + 2)) for at in range(0, 2000, 2)]
    pieces = [Piece(f"f_{s.frames.start}.mov", s, "v001", s.frames) for s in shots]
    events = list(
        pycmx.parse_cmx3600(io.StringIO(edl_text(Conform("f", (reel,), Path(), tuple(pieces)), "files"))).events
    )
    assert [event.number for event in events] == list(range(1, 1001))
    assert events[999].edits[0].record_in == "00:01:23:06"


def both_reels(rate: Fraction, drop: bool, start: str) -> Conform:
    """The film above twice, as reels of two hours, tapes and folders; the second's timecode starts again."""
    made = conform(rate, drop, start, tape="A001", timecoded=True)
    second = replace(
        made.clock, name="r2", tape="A002", start=clock("02:00:00" + (";00" if drop else ":00"), rate, drop)
    )
    pieces = [
        replace(piece, below="second", place=f"two_{piece.place}", shot=replace(piece.shot, reel="r2"))
        for piece in made.pieces
    ]
    return Conform("Südwind", (made.clock, second), Path("/films/out"), (*made.pieces, *pieces))


@pytest.fixture(params=RATES, ids=[row[0] for row in RATES])
def show(request: pytest.FixtureRequest) -> tuple[Conform, list[tuple[str, int, int, int]]]:
    """(list, of each event its reel, the first of its frames there and the ends of those in the list)"""
    _, rate, drop, start = request.param
    made = both_reels(rate, drop, start)
    first, second = (reel.start for reel in made.reels)
    events = [("A001", first + a, a, b) for a, b in SHOWN]
    return made, [*events, *(("A002", second + a, COUNT + a, COUNT + b) for a, b in SHOWN)]


def test_one_edit_list_of_two_reels_read_by_pycmx(show):
    made, wanted = show
    rate, drop = made.clock.rate.fraction, made.clock.drop_frame
    for flavour in ("files", "cmx", "premiere"):
        events = list(pycmx.parse_cmx3600(io.StringIO(edl_text(made, flavour))).events)
        assert len(events) == len(wanted)
        names = [piece.file for piece in made.pieces]
        for event, name, (tape, source, first, stop) in zip(events, names, wanted, strict=True):
            last = event.edits[-1]
            assert last.source == {"files": name, "cmx": tape, "premiere": "AX"}[flavour]
            assert last.clip_name == name
            labels = [clock(getattr(last, part), rate, drop) for part in ("source_in", "source_out")]
            record = [clock(getattr(last, part), rate, drop) for part in ("record_in", "record_out")]
            turn = day(rate, drop)
            assert labels == [source % turn, (source + stop - first) % turn]
            assert [(label - made.clock.start) % turn for label in record] == [first, stop]
            if len(event.edits) > 1:
                assert event.edits[0].clip_name == names[names.index(name) - 1], "outgoing, then incoming"


def test_one_timeline_of_two_reels_read_by_opentimelineio(show):
    made, _ = show
    for text, adapter in ((otio_text(made), "otio_json"), (fcp7_text(made), "fcp_xml")):
        track = otio.adapters.read_from_string(text, adapter).video_tracks()[0]
        clips = [clip for clip in track if isinstance(clip, otio.schema.Clip)]
        assert len(clips) == len(made.pieces)
        for clip, piece, own in zip(clips, made.pieces, [*OWN, *OWN], strict=True):
            reel, offset = (made.reels[1], COUNT) if piece.below else (made.reels[0], 0)
            held, used = clip.available_range(), clip.trimmed_range()
            assert round(held.start_time.value) == reel.start + piece.media.start
            assert round(used.start_time.value) == reel.start + own[0]
            at = clip.transformed_time_range(used, track)
            assert [round(t.value) for t in (at.start_time, at.end_time_exclusive())] == [offset + t for t in own]
            url = f"second/{piece.place}" if piece.below else piece.place
            assert clip.media_reference.target_url.endswith(url)
        cuts = [round(t.in_offset.value + t.out_offset.value) for t in track if isinstance(t, otio.schema.Transition)]
        assert cuts == [22, 13, 22, 13]
        assert track.duration().value == 2 * COUNT


def test_the_table_of_two_reels_says_where_each_shot_is_in_the_film(show):
    made, wanted = show
    rows = list(csv.DictReader(io.StringIO(table_text(made))))
    rate, drop = made.clock.rate.fraction, made.clock.drop_frame
    for row, (tape, source, first, _) in zip(rows, wanted, strict=True):
        assert row["sequence"] == tape
        assert clock(row["cut_tc_in"], rate, drop) == source % day(rate, drop)
        assert (clock(row["record_tc_in"], rate, drop) - made.clock.start) % day(rate, drop) == first
