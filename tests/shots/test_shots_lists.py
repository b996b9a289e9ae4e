"""Shot lists: what is written is read back, what is wrong is refused with its place, nothing else happens."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shot_scenes import reel_of

from vidcolor.errors import InputError, VidcolorError
from vidcolor.shots.edl import edl_text
from vidcolor.shots.lists import LARGEST, csv_text, read_shots, write_shots
from vidcolor.shots.otio import otio_text
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel, Shot, Transition

CLOCKS = [
    (Fraction(24), 86400, False),
    (Fraction(24000, 1001), 86400, False),
    (Fraction(25), 25 * 36000, False),
    (Fraction(30000, 1001), 107892, True),
    (Fraction(30000, 1001), 107892 + 1700, True),
    (Fraction(25), 25 * 86400 - 100, False),
]
"""Rate, first label, drop frame: from 01:00:00:00, over a dropped minute, and over midnight."""


def some_shots() -> list[Shot]:
    return [
        Shot("r1", FrameRange(0, 40), Transition("fade", FrameRange(0, 9))),
        Shot("r1", FrameRange(40, 100)),
        Shot("r1", FrameRange(100, 160), Transition("dissolve", FrameRange(92, 108))),
        Shot("r1", FrameRange(160, 240), Transition("fade", FrameRange(150, 175))),
        Shot("r1", FrameRange(240, 300), Transition("dissolve", FrameRange(234, 247))),
    ]


@pytest.mark.parametrize("clock", CLOCKS, ids=str)
@pytest.mark.parametrize("suffix", [".edl", ".otio", ".csv"])
def test_lists_come_back_exactly(tmp_path, suffix, clock):
    reel = reel_of(300, *clock)
    write_shots(tmp_path / f"list{suffix}", some_shots(), reel)
    assert read_shots(tmp_path / f"list{suffix}", reel) == some_shots()


@pytest.mark.parametrize("suffix", [".edl", ".otio", ".csv"])
def test_how_the_film_fades_out_comes_back(tmp_path, suffix):
    shots = some_shots()
    shots[-1] = replace(shots[-1], exit=FrameRange(270, 300))
    write_shots(tmp_path / f"list{suffix}", shots, reel_of(300))
    assert read_shots(tmp_path / f"list{suffix}", reel_of(300)) == shots
    alone = [Shot("r1", FrameRange(0, 300), exit=FrameRange(276, 300))]
    write_shots(tmp_path / f"alone{suffix}", alone, reel_of(300))
    assert read_shots(tmp_path / f"alone{suffix}", reel_of(300)) == alone


@pytest.mark.parametrize(("start", "stop"), [(30, 100), (90, 99), (99, 90)])
def test_refuses_an_end_that_is_not_the_last_shots(tmp_path, start, stop):
    text = f"{HEAD[:-1]},transition_start,transition_stop\na,0,50,cut,,\nb,50,100,cut,,\n"
    with pytest.raises(InputError, match=rf"line 3: the film fades out in frames {start} to {stop}.*50 to 100"):
        read_text(tmp_path, ".csv", text + f"end,100,100,fade,{start},{stop}\n")


def test_csv_of_four_columns_takes_transitions_of_a_usual_length(tmp_path):
    rows = [",".join(line.split(",")[:4]) for line in csv_text(some_shots(), reel_of(300)).splitlines()]
    read = read_text(tmp_path, ".csv", "\n".join(rows), reel_of(300))
    assert [(s.frames, s.entry.kind) for s in read] == [(s.frames, s.entry.kind) for s in some_shots()]
    assert [s.entry.frames for s in read] == [
        FrameRange(0, 12),
        None,
        FrameRange(94, 106),
        FrameRange(148, 172),
        FrameRange(234, 246),
    ]


def test_csv_is_as_promised():
    assert csv_text(some_shots()[:2], reel_of(100)) == (
        "shot,start,stop,entry,transition_start,transition_stop\nr1-000000,0,40,fade,0,9\nr1-000040,40,100,cut,,\n"
    )


@st.composite
def shot_lists(draw: st.DrawFn) -> list[Shot]:
    """Shots that meet, with transitions that stage 1 could have found."""
    lengths = draw(st.lists(st.integers(20, 400), min_size=1, max_size=12))
    shots, at = [], 0
    for number, length in enumerate(lengths):
        kind = draw(st.sampled_from(["cut", "dissolve", "fade"])) if number else "cut"
        entry = Transition()
        if kind != "cut":
            before, extra = draw(st.integers(1, 9)), draw(st.integers(0, 1))
            entry = Transition(kind, FrameRange(at - before, at + before + extra))
        shots.append(Shot("r1", FrameRange(at, at + length), entry))
        at += length
    return shots


@settings(max_examples=40)
@given(shots=shot_lists(), clock=st.sampled_from(CLOCKS), suffix=st.sampled_from([".edl", ".otio", ".csv"]))
def test_any_shots_come_back(tmp_path, shots, clock, suffix):
    reel = reel_of(shots[-1].frames.stop, *clock)
    path = tmp_path / f"list{suffix}"
    write_shots(path, shots, reel)
    read = read_shots(path, reel)
    assert read == shots


@pytest.mark.parametrize("write", [csv_text, edl_text, otio_text])
def test_writers_are_deterministic(write):
    assert write(some_shots(), reel_of(300)) == write(some_shots(), reel_of(300))


def test_opentimelineio_reads_what_we_write(tmp_path):
    """The library's own reading of both lists, at drop-frame rate: frames on the film's clock.

    Its EDL reader refuses a list that begins with a fade, which others read.
    """
    reel = reel_of(300, Fraction(30000, 1001), 107892, True)
    write_shots(tmp_path / "list.otio", some_shots(), reel)
    write_shots(tmp_path / "list.edl", [replace(some_shots()[0], entry=Transition()), *some_shots()[1:]], reel)
    timeline = otio.adapters.read_from_file(str(tmp_path / "list.otio"))
    spans = [clip.source_range for clip in timeline.find_clips()]
    assert [(round(s.start_time.value) - 107892, round(s.duration.value)) for s in spans] == [
        (s.frames.start, len(s.frames)) for s in some_shots()
    ]
    assert timeline.global_start_time.to_timecode() == "01:00:00;00"
    edl = otio.adapters.read_from_file(str(tmp_path / "list.edl"), rate=float(reel.rate.fraction))
    assert {"r1-000040", "r1-000100", "r1-000240"} <= {clip.name for clip in edl.find_clips()}


def test_edl_names_the_tape_in_eight_letters():
    reel = Reel("r1", Path("a\nb.mov"), 100, reel_of(1).rate, (48, 64), start=86400, tape="Reel-07/long name")
    text = edl_text([Shot("r1", FrameRange(0, 100))], reel)
    assert text.splitlines() == [
        "TITLE: a_b r1",
        "FCM: NON-DROP FRAME",
        "001  REEL07LO V     C        01:00:00:00 01:00:04:04 01:00:00:00 01:00:04:04",
        "* FROM CLIP NAME: r1-000000",
        "* SOURCE FILE: a_b.mov",
    ]


def read_text(tmp_path: Path, suffix: str, text: str | bytes, reel: Reel | None = None) -> list[Shot]:
    path = tmp_path / f"list{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_shots(path, reel or reel_of(100))


FOREIGN_EDL = """TITLE: CONFORM
FCM: NON-DROP FRAME

M2   A001 024.0 01:00:00:00
001  A001     AA    C        00:00:00:00 00:00:04:04 01:00:00:00 01:00:04:04
002  A001C003_210101_R2AB V C 17:03:11:05 17:03:12:05 01:00:00:00 01:00:01:00
* FROM CLIP NAME: caf\u00e9
003  A002     V     C        00:00:09:00 00:00:09:00 01:00:01:00 01:00:01:00
003  A003     V     D    012 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00
004  BL       V     C        00:00:00:00 00:00:00:12 01:00:02:00 01:00:02:12
005  A004     V     W001 010 00:00:00:00 00:00:01:16 01:00:02:12 01:00:04:04
"""


def test_edit_lists_of_others(tmp_path):
    """Sound, speed and comment lines, long names, black between cuts, a wipe out of black."""
    shots = read_text(tmp_path, ".edl", FOREIGN_EDL.encode("latin-1"))
    assert [(s.frames.start, s.frames.stop, s.entry.kind) for s in shots] == [
        (0, 30, "cut"),
        (30, 54, "dissolve"),
        (54, 100, "fade"),
    ]
    assert shots[1].entry.frames == FrameRange(24, 36)
    assert shots[2].entry.frames == FrameRange(48, 70)


def test_an_edit_list_may_count_from_anywhere_if_the_film_has_no_clock(tmp_path):
    reel = Reel("r1", Path("film.mov"), 100, reel_of(1).rate, (48, 64))
    text = "001 AX V C 00:00:00:00 00:00:04:04 10:00:00:00 10:00:04:04\n"
    assert read_text(tmp_path, ".edl", text, reel) == [Shot("r1", FrameRange(0, 100))]


def test_drop_frame_may_stand_in_the_fcm_line_only(tmp_path):
    reel = reel_of(1800, Fraction(30000, 1001), 107892, True)
    text = "FCM: DROP FRAME\n001 AX V C 01:00:00:00 01:01:00:02 01:00:00:00 01:01:00:02\n"
    assert read_text(tmp_path, ".edl", text, reel)[0].frames == FrameRange(0, 1800)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffShot;Start;Stop;Entry\r\na;0;50;cut\r\nb;50;100;\r\n",
        "sep=;\r\nShot;Start;Stop;Entry\r\na;0;50;cut\r\nb;50;100;\r\n",
        "start,stop,entry\n0.0,50.0,cut\n50.00,100,cut\n",
        "stop\tstart\tentry\tnote\n100\t50\tCUT\tx\n50\t0\tcut\t\n",
    ],
)
def test_csv_as_spreadsheets_write_it(tmp_path, text):
    assert [s.frames for s in read_text(tmp_path, ".csv", text)] == [FrameRange(0, 50), FrameRange(50, 100)]


SCENES = """Scene Number,Start Frame,Start Timecode,Start Time (seconds),End Frame,End Timecode
1,{},00:00:00.000,0.000,40,00:00:01.667
2,{},00:00:01.667,1.667,100,00:00:04.167
"""


@pytest.mark.parametrize("head", ["", "Timecode List:,00:00:01.667\n"])
@pytest.mark.parametrize("firsts", [(1, 41), (0, 40)], ids=["from 1", "from 0"])
def test_scene_lists_of_pyscenedetect(tmp_path, head, firsts):
    shots = read_text(tmp_path, ".csv", head + SCENES.format(*firsts))
    assert [shot.frames for shot in shots] == [FrameRange(0, 40), FrameRange(40, 100)]


TWO = {
    "counted from 0, as PySceneDetect does": ("00:00:00:00", "00:00:01:16", "00:00:04:04"),
    "frame numbers": ("0", "40", "100"),
}


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("tape", ["AX ", ""], ids=["with reels", "without reels"])
def test_an_edit_list_as_long_as_the_film_may_count_from_elsewhere(tmp_path, name, tape):
    first, cut, last = TWO[name]
    text = f"001 {tape}V C {first} {cut} {first} {cut}\n002 {tape}V C {cut} {last} {cut} {last}\n"
    assert reel_of(100).timecode(0) == "01:00:00:00"
    assert [shot.frames for shot in read_text(tmp_path, ".edl", text)] == [FrameRange(0, 40), FrameRange(40, 100)]


def test_a_list_of_markers_begins_a_shot_at_each(tmp_path):
    event = "00{0}  001      V     C        {1} {2} {1} {2}  \n |C:ResolveColorBlue |M:Marker {0} |D:1\n\n"
    marks = (("01:00:00:20", "01:00:00:21"), ("01:00:01:11", "01:00:01:12"))
    text = "TITLE: film\n\n" + "".join(event.format(n, *times) for n, times in enumerate(marks, 1))
    starts = [(shot.frames.start, shot.frames.stop) for shot in read_text(tmp_path, ".edl", text)]
    assert starts == [(0, 20), (20, 35), (35, 100)]
    late = text + event.format(3, "01:00:05:00", "01:00:05:01")
    with pytest.raises(InputError, match="past the end"):
        read_text(tmp_path, ".edl", late)


HEAD = "shot,start,stop,entry\n"
EVENT = "001 AX V {} 00:00:00:00 00:00:04:04 {} {}\n"


def timeline_with(change: dict[str, object]) -> str:
    """Our timeline of one shot with values of its clip replaced."""
    content = json.loads(otio_text([Shot("r1", FrameRange(0, 100))], reel_of(100)))
    content["tracks"]["children"][0]["children"][0].update(change)
    return json.dumps(content)


def span(value: object, rate: object = 24.0) -> dict[str, object]:
    return {"source_range": {"duration": {"value": value, "rate": rate}}}


REFUSED = {
    "suffix": (".txt", HEAD, "suffix"),
    "empty": (".csv", "", "holds no shots"),
    "no rows": (".csv", HEAD, "holds no shots"),
    "no column": (".csv", "shot,start,end,entry\na,0,100,cut\n", "line 1.*'stop'"),
    "not a number": (".csv", HEAD + "a,0,NaN,cut\n", "line 2.*'NaN'.*whole number"),
    "a fraction": (".csv", HEAD + "a,0,1.5,cut\n", "line 2.*'1.5'"),
    "enormous": (".csv", HEAD + "a,0," + "9" * 5000 + ",cut\n", "line 2: stop"),
    "negative": (".csv", HEAD + "a,-1,100,cut\n", "line 2.*0 or more"),
    "backwards": (".csv", HEAD + "a,0,50,cut\nb,80,50,cut\n", "line 3.*before stop"),
    "past the end": (".csv", HEAD + "a,0,101,cut\n", "line 2.*101 is past the end.*100 frames"),
    "ends early": (".csv", HEAD + "a,0,99,cut\n", "line 2.*stops at 99.*100 frames"),
    "starts late": (".csv", HEAD + "a,1,100,cut\n", "line 2.*one must start at frame 0"),
    "gap": (".csv", HEAD + "a,0,50,cut\nb,60,100,cut\n", "line 3.*no shot holds frames 50 to 60"),
    "overlap": (".csv", HEAD + "a,0,50,cut\nb,40,100,cut\n", "line 3.*starts at 40.*line 2 goes on to 50"),
    "entry": (".csv", HEAD + "a,0,100,wipe\n", "line 2.*'wipe'.*cut, dissolve, fade"),
    "dissolve from nothing": (".csv", HEAD + "a,0,100,dissolve\n", "line 2.*nothing to dissolve from"),
    "binary": (".csv", b"\x00\x01\x02", "binary"),
    "quotes": (".csv", HEAD + '"' + "a" * 200_000 + "\n", "line 2.*plain CSV"),
    "no event": (".edl", "TITLE: X\n", "holds no shots"),
    "event": (".edl", "001 AX V C 00:00:00:00\n", "line 1.*cannot read this event"),
    "label": (".edl", EVENT.format("C", "01:00:00:00", "01:00:04:30"), "line 1.*01:00:04:30.*no such time"),
    "a key alone": (".edl", EVENT.format("K", "01:00:00:00", "01:00:04:04"), "holds no shots"),
    "dissolve without length": (".edl", EVENT.format("D", "01:00:00:00", "01:00:04:04"), "line 1.*effect D"),
    "long dissolve": (
        ".edl",
        EVENT.format("D 200", "01:00:00:00", "01:00:04:04"),
        "line 1.*200 frames in an event of 100",
    ),
    "before the film": (".edl", EVENT.format("C", "00:59:59:00", "01:00:04:04"), "line 1.*before the film's first"),
    "backwards edl": (".edl", EVENT.format("C", "01:00:04:04", "01:00:00:00"), "line 1.*01:00:00:00 comes before in"),
    "another hour": (
        ".edl",
        EVENT.format("C", "05:00:00:00", "05:00:03:00"),
        "record 05:00:00:00 to 05:00:03:00 lies outside film.mov, 01:00:00:00 to 01:00:04:04; export the list of this",
    ),
    "after its start": (".edl", EVENT.format("C", "01:00:00:01", "01:00:04:04"), "line 1.*one must start at frame 0"),
    "not json": (".otio", "{", "not valid JSON"),
    "nested": (".otio", "[" * 100_000, "not valid JSON"),
    "no timeline": (".otio", "{}", "not a Timeline"),
    "no tracks": (".otio", '{"OTIO_SCHEMA": "Timeline.1"}', "pictures, or give another list with --shots"),
    "gap item": (".otio", timeline_with({"OTIO_SCHEMA": "Gap.1"}), "item 1.*gap"),
    "no duration": (".otio", timeline_with(span(None)), "item 1.*no duration"),
    "nan": (".otio", timeline_with(span(float("nan"))), "NaN"),
    "endless": (".otio", timeline_with(span(1e300)), "item 1.*no duration"),
    "half a frame": (".otio", timeline_with(span(99.5)), "item 1.*whole number"),
    "other rate": (".otio", timeline_with(span(100, 25.0)), "item 1.*25.0.*24 frames a second"),
    "past the end otio": (".otio", timeline_with(span(101)), "item 1.*past the end"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(tmp_path, case):
    suffix, text, words = REFUSED[case]
    with pytest.raises(InputError, match=words) as caught:
        read_text(tmp_path, suffix, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path))
    assert "\n" not in message


def test_refuses_transitions_that_overlap(tmp_path):
    shots = some_shots()
    shots[3] = Shot("r1", FrameRange(160, 240), Transition("dissolve", FrameRange(104, 200)))
    (tmp_path / "list.otio").write_text(otio_text(shots, reel_of(300)))
    with pytest.raises(InputError, match=r"item 7.*overlaps the transition before it, which goes on to frame 108"):
        read_shots(tmp_path / "list.otio", reel_of(300))


@pytest.mark.parametrize(("start", "stop", "said"), [(20, 52, "between 30 and 60"), (46, 62, "between 30 and 60")])
@pytest.mark.parametrize("kind", ["dissolve", "fade"])
def test_refuses_a_transition_longer_than_a_shot_it_joins(tmp_path, kind, start, stop, said):
    shots = [Shot("r1", FrameRange(a, b)) for a, b in ((0, 30), (30, 50), (50, 60), (60, 100))]
    shots[2] = replace(shots[2], entry=Transition(kind, FrameRange(start, stop)))
    (tmp_path / "list.otio").write_text(otio_text(shots, reel_of(100)))
    with pytest.raises(InputError, match=rf"item 4: {kind} of frames {start} to {stop} .*{said}"):
        read_shots(tmp_path / "list.otio", reel_of(100))


def test_refuses_black_that_began_before_the_shot_it_ends(tmp_path):
    events = [("AX", "C", 0, 6), ("AX", "C", 6, 7), ("BL", "C", 5, 27), ("AX", "D 020", 27, 100)]
    reel = reel_of(100)
    lines = [
        f"{n:03d} {tape} V {effect} " + " ".join([reel.timecode(a), reel.timecode(b)] * 2)
        for n, (tape, effect, a, b) in enumerate(events, 1)
    ]
    (tmp_path / "list.edl").write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"line 4: fade of frames 5 to 47 .*between 6 and 100"):
        read_shots(tmp_path / "list.edl", reel)


def test_a_dissolve_after_a_short_shot_fits(tmp_path):
    """In an edit list shots meet in the dissolve's middle; a CSV's usual length is halved where a shot is short."""
    reel = reel_of(100)
    times = [" ".join([reel.timecode(a), reel.timecode(b)] * 2) for a, b in ((0, 2), (2, 100))]
    (tmp_path / "list.edl").write_text(f"001 AX V C {times[0]}\n002 AX V D 040 {times[1]}\n")
    found = {"edl": read_shots(tmp_path / "list.edl", reel)}
    (tmp_path / "list.csv").write_text(HEAD + "a,0,3,cut\nb,3,4,dissolve\nc,4,5,dissolve\nd,5,100,dissolve\n")
    found["csv"] = read_shots(tmp_path / "list.csv", reel)
    assert [s.entry.frames for s in found["edl"]] == [None, FrameRange(2, 42)]
    assert found["edl"][1].frames == FrameRange(22, 100)
    entries = [s.entry.frames for s in found["csv"]]
    assert entries == [None, FrameRange(2, 4), FrameRange(4, 5), FrameRange(5, 11)]


WARPS = {"FreezeFrame.1": {"time_scalar": 0.0}, "LinearTimeWarp.1": {"time_scalar": 2.0}, "TimeEffect.1": {}}


@pytest.mark.parametrize("middle", [(18.75, 30.0), (30.0, 48.0), (15.0, 24.0)], ids=str)
@pytest.mark.parametrize("inside", [False, True], ids=["flat", "nested"])
def test_clips_at_other_rates_last_as_many_seconds(tmp_path, middle, inside):
    timeline = json.loads(otio_text([Shot("r1", FrameRange(0, 100))], reel_of(100)))
    track = timeline["tracks"]["children"][0]
    clips = []
    for value, rate in ((20.0, 24.0), middle, (65.0, 24.0)):
        time = {"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate}
        clips.append({"OTIO_SCHEMA": "Clip.2", "source_range": {"OTIO_SCHEMA": "TimeRange.1", "duration": time}})
    if inside:
        part = {"OTIO_SCHEMA": "Track.1", "children": [clips[0]]}
        clips[0] = {"OTIO_SCHEMA": "Stack.1", "children": [part, clips[1]]}
    track["children"] = clips
    shots = read_text(tmp_path, ".otio", json.dumps(timeline))
    assert [(shot.frames.start, shot.frames.stop) for shot in shots] == [(0, 20), (20, 35), (35, 100)]


@pytest.mark.parametrize("schema", WARPS)
@pytest.mark.parametrize("where", ["clip", "track", "stack"])
def test_refuses_time_warps(tmp_path, schema, where):
    content = json.loads(otio_text([Shot("r1", FrameRange(0, 100))], reel_of(100)))
    stack = content["tracks"]
    items = {"stack": stack, "track": stack["children"][0], "clip": stack["children"][0]["children"][0]}
    items[where]["effects"] = [{"OTIO_SCHEMA": "Effect.1"}, {"OTIO_SCHEMA": schema, **WARPS[schema]}]
    (tmp_path / "list.otio").write_text(json.dumps(content))
    place = {"clip": "item 1", "track": "the video track", "stack": "the timeline"}[where]
    with pytest.raises(InputError, match=rf"{place}: a time warp \({schema[:-2]}\).*render the warp"):
        read_shots(tmp_path / "list.otio", reel_of(100))
    items[where]["effects"][1]["enabled"] = False
    (tmp_path / "list.otio").write_text(json.dumps(content))
    assert [s.frames for s in read_shots(tmp_path / "list.otio", reel_of(100))] == [FrameRange(0, 100)]


def test_refuses_files_that_are_not_there_or_too_large(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_shots(tmp_path / "none.csv", reel_of(100))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_shots(tmp_path / "folder.csv", reel_of(100))
    with (tmp_path / "large.edl").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(InputError, match="larger than 32 MiB"):
        read_shots(tmp_path / "large.edl", reel_of(100))


def test_writing_refuses_unknown_suffixes_and_leaves_nothing_half_written(tmp_path):
    with pytest.raises(InputError, match="suffix"):
        write_shots(tmp_path / "list.xml", some_shots(), reel_of(300))
    with pytest.raises(InputError, match="cannot be written"):
        write_shots(tmp_path / "none" / "list.csv", some_shots(), reel_of(300))
    assert not list(tmp_path.iterdir())


HOSTILE = st.sampled_from(
    [
        b"NaN",
        b"1e999",
        b"-5",
        b"9" * 30,
        b"\0",
        b"null",
        b"[]",
        b"{}",
        b'"',
        b"\xff\xfe",
        b"\n",
        b",",
        b"00:00:00:00",
        b" D 012 ",
    ]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["Gap.1", "Stack.1", [], {}]),
)


@settings(max_examples=150)
@given(suffix=st.sampled_from([".edl", ".otio", ".csv"]), junk=st.binary(max_size=300))
def test_junk_is_refused_and_nothing_else(tmp_path, suffix, junk):
    with pytest.raises(VidcolorError):
        read_text(tmp_path, suffix, junk)


@settings(max_examples=250)
@given(data=st.data(), suffix=st.sampled_from([".edl", ".otio", ".csv"]))
def test_damaged_lists_are_read_or_refused(tmp_path, data, suffix):
    text = {".edl": edl_text, ".otio": otio_text, ".csv": csv_text}[suffix](some_shots(), reel_of(300)).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + data.draw(HOSTILE | st.just(text[stop : stop + 50])) + text[stop:]
    _read_or_refuse(tmp_path, suffix, text)


@settings(max_examples=250)
@given(data=st.data())
def test_timelines_of_anything_are_read_or_refused(tmp_path, data):
    content = json.loads(otio_text(some_shots(), reel_of(300)))
    for _ in range(data.draw(st.integers(1, 3))):
        holder = content
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(holder[key], dict | list) and data.draw(st.integers(0, 3)):
                holder = holder[key]
                continue
            holder[key] = data.draw(VALUES)
            break
    _read_or_refuse(tmp_path, ".otio", json.dumps(content).encode())


def _read_or_refuse(tmp_path: Path, suffix: str, text: bytes) -> None:
    """Reads the list; whatever it says, the shots hold the film once, or one line says what is wrong."""
    refusal, shots = "", []
    try:
        shots = read_text(tmp_path, suffix, text, reel_of(300))
    except VidcolorError as error:
        refusal = str(error)
    assert "\n" not in refusal
    if not refusal:
        assert [s.frames.start for s in shots] == [0, *(s.frames.stop for s in shots[:-1])]
        assert shots[-1].frames.stop == 300
