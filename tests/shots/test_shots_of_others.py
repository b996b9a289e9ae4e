"""Lists of other programs: titles above pictures, keys, hard black, other counts, Final Cut Pro 7 XML."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from shot_scenes import reel_of

from vidcolor.errors import InputError
from vidcolor.shots.lists import read_list, read_shots
from vidcolor.timeline import Rate
from vidcolor.types import Reel

Told = list[tuple[int, int, str]]


def told(tmp_path: Path, suffix: str, text: str, reel: Reel | None = None) -> Told:
    path = tmp_path / f"list.{suffix}"
    path.write_text(text)
    return [(s.frames.start, s.frames.stop, s.entry.kind) for s in read_shots(path, reel or reel_of(96))]


def edl(*events: tuple[str, str, str, int, int], reel: Reel | None = None) -> str:
    """(tape, channel, effect, start, stop) of each event, as CMX3600 columns."""
    film = reel or reel_of(96)
    lines = ["TITLE: T", "FCM: NON-DROP FRAME"]
    for number, (tape, channel, effect, start, stop) in enumerate(events, 1):
        times = " ".join(film.timecode(frame) for frame in (start, stop) * 2)
        lines.append(f"{number:03d}  {tape:<8s} {channel:<5s} {effect:<8s} {times}")
    return "\n".join(lines)


CUTS = [
    ("titles above", [("AX", "V", "C", 0, 96), ("TI", "V2", "C", 48, 72)], [(0, 96)]),
    ("a gap filled from above", [("AX", "V", "C", 0, 40), ("B", "V2", "C", 40, 60), ("AX", "V", "C", 60, 96)], None),
    ("key", [("AX", "V", "C", 0, 48), ("AX", "V", "K B", 48, 96), ("TI", "V", "K   000", 48, 96)], [(0, 48), (48, 96)]),
    ("hard black", [("AX", "V", "C", 0, 48), ("BL", "V", "C", 48, 72), ("AX", "V", "C", 72, 96)], None),
    ("black head", [("BL", "V", "C", 0, 24), ("AX", "V", "C", 24, 96)], [(0, 24), (24, 96)]),
    ("long reels with spaces", [("My Reel 01.mov", "V", "C", 0, 48), ("A001_C002_0815QX.mxf", "V", "C", 48, 96)], None),
    ("sound", [("AX", "AA/V", "C", 0, 48), ("AX", "A2", "C", 0, 96), ("AX", "B", "C", 48, 96)], [(0, 48), (48, 96)]),
]


@pytest.mark.parametrize(("events", "shots"), [case[1:] for case in CUTS], ids=[case[0] for case in CUTS])
def test_edit_lists_of_cuts(tmp_path, events, shots):
    expected = shots or [(start, stop) for *_, start, stop in events]
    assert told(tmp_path, "edl", edl(*events)) == [(start, stop, "cut") for start, stop in expected]


def test_what_lies_partly_over_a_lower_track_is_named(tmp_path):
    events = [("AX", "V", "C", 0, 40), ("B", "V2", "C", 30, 60), ("AX", "V", "C", 60, 96)]
    with pytest.raises(InputError, match="line 4: on an upper video track, partly over pictures of a lower one"):
        told(tmp_path, "edl", edl(*events))


@pytest.mark.parametrize(("count", "cut"), [(96, 48), (3600, 1900)])
def test_labels_may_be_dropped_in_the_film_or_in_the_list_alone(tmp_path, count, cut):
    rate = Rate(30000, 1001)
    dropping = Reel("r1", Path("f.mov"), count, rate, (48, 64), start=107892, drop_frame=True, timecoded=True)
    plain = Reel("r1", Path("f.mov"), count, rate, (48, 64), start=108000, timecoded=True)
    events = [("AX", "V", "C", 0, cut), ("AX", "V", "C", cut, count - 2), ("AX", "V", "C", count - 2, count)]
    expected = [(start, stop, "cut") for *_, start, stop in events]
    assert told(tmp_path, "edl", edl(*events, reel=plain), dropping) == expected
    text = edl(*events, reel=dropping).replace("NON-DROP", "DROP")
    assert told(tmp_path, "edl", text, plain) == expected


@pytest.mark.parametrize("mark", [":", ";"])
def test_labels_at_rates_that_drop_none_are_counted_whatever_the_list_says(tmp_path, mark):
    text = edl(("AX", "V", "C", 0, 48), ("AX", "V", "C", 48, 96)).replace("NON-DROP", "DROP").replace(":0", f"{mark}0")
    assert told(tmp_path, "edl", text) == [
        (0, 48, "cut"),
        (48, 96, "cut"),
    ]


def long_reel(drop: bool) -> Reel:
    rate = Rate(30000, 1001)
    return Reel(
        "r1", Path("f.mov"), 3600, rate, (48, 64), start=107892 if drop else 108000, drop_frame=drop, timecoded=True
    )


@pytest.mark.parametrize("drop", [True, False])
def test_a_line_on_dropping_between_events_is_the_next_sources(tmp_path, drop):
    """As Avid writes it: each source's own way before its event, the record's on top."""
    reel = long_reel(drop)
    events = [("AX", "V", "C", 0, 1900), ("AX", "V", "C", 1900, 2500), ("AX", "V", "C", 2500, 3600)]
    text = edl(*events, reel=reel).replace(";", ":")
    other, own = ("NON-DROP FRAME", "DROP FRAME") if drop else ("DROP FRAME", "NON-DROP FRAME")
    text = text.replace("NON-DROP FRAME", own).replace("\n002", f"\nFCM: {other}\n002")
    text = text.replace("\n003", f"\nFCM: {own}\n003")
    assert told(tmp_path, "edl", text, reel) == [(start, stop, "cut") for *_, start, stop in events]


@pytest.mark.parametrize("drop", [True, False])
def test_what_a_list_says_of_dropping_is_not_believed_where_only_the_contrary_fits(tmp_path, drop):
    reel = long_reel(drop)
    text = edl(("AX", "V", "C", 0, 1900), ("AX", "V", "C", 1900, 3600), reel=reel).replace(";", ":")
    text = text if drop else text.replace("NON-DROP", "DROP")
    assert told(tmp_path, "edl", text, reel) == [(0, 1900, "cut"), (1900, 3600, "cut")]


REELS = [("A", "V", "C", -96, -48), ("B", "V", "C", -48, 0), ("C", "V", "C", 0, 30), ("D", "V", "C", 30, 96)]
AFTER = [("E", "V", "C", 96, 120), ("BL", "V", "C", 120, 140)]


def reel_from(start: int, count: int = 96) -> Reel:
    return Reel("r1", Path("f.mov"), count, Rate(24), (48, 64), start=start, timecoded=True)


@pytest.mark.parametrize("before", [REELS[:2], []])
@pytest.mark.parametrize("after", [AFTER, []])
@pytest.mark.parametrize("hour", [0, 3600 * 24], ids=["running on", "an hour each"])
def test_of_a_list_of_several_reels_each_film_takes_its_own(tmp_path, before, after, hour):
    film = reel_from(10 * 3600 * 24)
    moved = [(*event[:3], *(at - hour for at in event[3:])) for event in before]
    moved += REELS[2:] + [(*event[:3], *(at + hour for at in event[3:])) for event in after]
    path = tmp_path / "list.edl"
    path.write_text(edl(*moved, reel=film))
    shots, notes = read_list(path, film)
    assert [(shot.frames.start, shot.frames.stop) for shot in shots] == [(0, 30), (30, 96)]
    left = len(before) + len(after)
    assert [note.split(" lie")[0] for note in notes] == ([f"list.edl: {left} events"] if left else [])


def test_a_film_whose_end_is_no_events_takes_no_part_of_a_list(tmp_path):
    film = reel_from(10 * 3600 * 24, 90)
    with pytest.raises(InputError, match="4: stop 96 is past the end"):
        told(tmp_path, "edl", edl(*REELS[2:], reel=film), film)


def test_titles_above_whole_pictures_of_a_timeline(tmp_path):
    time, span = otio.opentime.RationalTime, otio.opentime.TimeRange
    line, below, above = otio.schema.Timeline("t"), *(otio.schema.Track(kind="Video") for _ in range(2))
    line.tracks.extend([below, above])
    for length in (40, 56):
        below.append(otio.schema.Clip("a", source_range=span(time(0, 24), time(length, 24))))
    above.append(otio.schema.Gap(source_range=span(time(0, 24), time(50, 24))))
    above.append(otio.schema.Clip("title", source_range=span(time(0, 24), time(20, 24))))
    assert told(tmp_path, "otio", line.to_json_string()) == [(0, 40, "cut"), (40, 96, "cut")]


def xml(*tracks: str, base: int = 24, ntsc: str = "FALSE", more: str = "") -> str:
    """A sequence as Premiere exports it."""
    rate = f"<rate><timebase>{base}</timebase><ntsc>{ntsc}</ntsc></rate>"
    inside = "".join(f"<track>{track}</track>" for track in tracks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml><xmeml version="4"><project><children>'
        f'<sequence id="s"><name>cut</name><duration>96</duration>{rate}<media><video><format/>{inside}</video>'
        f"<audio><track>{clip(0, 9)}</track></audio></media></sequence>{more}</children></project></xmeml>"
    )


def clip(start: int, stop: int, more: str = "") -> str:
    return f"<clipitem><name>a</name>{more}<start>{start}</start><end>{stop}</end><in>5</in><out>9</out></clipitem>"


def sequence(track: str) -> str:
    return f"<sequence><name>trailer</name><media><video><track>{track}</track></video></media></sequence>"


def mix(start: int, stop: int, alignment: str = "center") -> str:
    name = "<effect><name>Cross Dissolve</name></effect>"
    times = f"<start>{start}</start><end>{stop}</end><alignment>{alignment}</alignment>"
    return f"<transitionitem>{times}{name}</transitionitem>"


SEQUENCES = [
    ([clip(0, 40) + clip(40, 96)], [(0, 40, "cut"), (40, 96, "cut")]),
    ([clip(0, -1) + mix(36, 48) + clip(-1, 96)], [(0, 42, "cut"), (42, 96, "dissolve")]),
    ([clip(0, -1) + mix(36, 48, "start") + clip(-1, 96)], [(0, 36, "cut"), (36, 96, "dissolve")]),
    ([mix(0, 12, "start-black") + clip(0, 40) + clip(40, 96)], [(0, 40, "fade"), (40, 96, "cut")]),
    ([clip(0, 40) + clip(40, -1) + mix(84, 96, "end-black")], [(0, 40, "cut"), (40, 96, "cut")]),
    ([clip(0, 96), clip(30, 60)], [(0, 96, "cut")]),
    ([clip(0, 96) + clip(9, 20, "<enabled>FALSE</enabled>")], [(0, 96, "cut")]),
    ([clip(0, 40, "<sequence><media/></sequence>") + clip(40, 96)], [(0, 40, "cut"), (40, 96, "cut")]),
]


@pytest.mark.parametrize(("tracks", "shots"), SEQUENCES)
def test_final_cut_pro_7_xml(tmp_path, tracks, shots):
    assert told(tmp_path, "xml", xml(*tracks)) == shots


def joins(tmp_path: Path, suffix: str, text: str) -> list[tuple[int, int] | None]:
    """The frames in which each shot but the first comes, and at last those in which the film goes."""
    (tmp_path / f"list.{suffix}").write_text(text)
    shots = read_shots(tmp_path / f"list.{suffix}", reel_of(96))
    runs = [*(shot.entry.frames for shot in shots[1:]), shots[-1].exit]
    return [(run.start, run.stop) if run else None for run in runs]


def test_lists_say_how_the_film_fades_out(tmp_path):
    for length in ("D    012", "D    008"):
        events = edl(("AX", "V", "C", 0, 84), ("AX", "V", "C", 84, 84), ("BL", "V", length, 84, 96))
        assert joins(tmp_path, "edl", events) == [(84, 96)]
    for alignment in ("end-black", "end"):
        assert joins(tmp_path, "xml", xml(clip(0, -1) + mix(80, 96, alignment))) == [(80, 96)]
    time = otio.opentime.RationalTime
    line = timeline([[("Clip", 96)]])
    line.tracks[0].append(otio.schema.Transition("x", "SMPTE_Dissolve", time(10, 24), time(0, 24)))
    assert joins(tmp_path, "otio", line.to_json_string()) == [(86, 96)]


def test_a_fade_out_and_the_fade_in_behind_it_are_one(tmp_path):
    track = clip(0, -1) + mix(30, 40, "end-black") + mix(40, 50, "start-black") + clip(-1, 96)
    assert joins(tmp_path, "xml", xml(track)) == [(30, 50), None]


def test_a_transition_of_no_frames_is_a_cut(tmp_path):
    assert joins(tmp_path, "xml", xml(clip(0, -1) + mix(40, 40) + clip(-1, 96))) == [None, None]
    time = otio.opentime.RationalTime
    line = timeline([[("Clip", 40), ("Clip", 56)]])
    line.tracks[0].insert(1, otio.schema.Transition("x", "SMPTE_Dissolve", time(0, 24), time(0, 24)))
    assert joins(tmp_path, "otio", line.to_json_string()) == [None, None]


def test_a_fade_into_a_gap_is_a_fade(tmp_path):
    track = clip(0, -1) + mix(30, 40, "end-black") + mix(50, 60, "start-black") + clip(-1, 96)
    assert joins(tmp_path, "xml", xml(track)) == [(30, 40), (50, 60), None]
    time = otio.opentime.RationalTime
    line = timeline([[("Clip", 40), ("Gap", 10), ("Clip", 46)]])
    line.tracks[0].insert(1, otio.schema.Transition("x", "SMPTE_Dissolve", time(10, 24), time(0, 24)))
    assert joins(tmp_path, "otio", line.to_json_string()) == [(30, 40), None, None]


def test_of_several_sequences_the_one_that_is_the_film_is_taken(tmp_path):
    for inside, more in ((clip(0, 20), clip(0, 40) + clip(40, 96)), (clip(0, 40) + clip(40, 96), clip(0, 20))):
        assert told(tmp_path, "xml", xml(inside, more=sequence(more))) == [(0, 40, "cut"), (40, 96, "cut")]


def test_a_track_that_is_switched_off_is_passed_over(tmp_path):
    off = "<enabled>FALSE</enabled>"
    assert told(tmp_path, "xml", xml(clip(0, 30) + off, clip(0, 40) + clip(40, 96))) == [
        (0, 40, "cut"),
        (40, 96, "cut"),
    ]


def test_frames_are_frames_at_24_and_at_23_976(tmp_path):
    for base, film in ((24, Fraction(24000, 1001)), (30, Fraction(30000, 1001)), (60, Fraction(60000, 1001))):
        reel = Reel("r1", Path("f.mov"), 100_000, Rate.of(film), (48, 64))
        expected = [(0, 40_007, "cut"), (40_007, 100_000, "cut")]
        text = xml(clip(0, 40_007) + clip(40_007, 100_000), base=base)
        assert told(tmp_path, "xml", text, reel) == expected
        line = timeline([[("Clip", 40_007), ("Clip", 59_993)]], rate=base)
        assert told(tmp_path, "otio", line.to_json_string(), reel) == expected


def timeline(tracks: list[list[tuple[str, int]]], rate: float = 24, off: tuple[int, ...] = ()) -> otio.schema.Timeline:
    """Tracks of (kind, frames); those numbered in `off` are switched off."""
    time, span = otio.opentime.RationalTime, otio.opentime.TimeRange
    line = otio.schema.Timeline("t")
    for number, items in enumerate(tracks):
        track = otio.schema.Track(kind="Video")
        line.tracks.append(track)
        track.enabled = number not in off
        for kind, frames in items:
            item = {"Clip": otio.schema.Clip, "Gap": otio.schema.Gap, "Off": otio.schema.Clip}[kind]()
            item.source_range = span(time(0, rate), time(frames, rate))
            item.enabled = kind != "Off"
            track.append(item)
    return line


TIMELINES = {
    "a gap filled from above": ([[("Clip", 40), ("Gap", 20), ("Clip", 36)], [("Gap", 40), ("Clip", 20)]], ()),
    "a clip switched off": ([[("Clip", 40), ("Off", 20), ("Clip", 36)], [("Gap", 40), ("Clip", 20)]], ()),
    "a track switched off": ([[("Clip", 50), ("Clip", 50)], [("Clip", 40), ("Clip", 20), ("Clip", 36)]], (0,)),
}


@pytest.mark.parametrize("name", TIMELINES)
def test_timelines_of_several_tracks(tmp_path, name):
    tracks, off = TIMELINES[name]
    text = timeline(tracks, off=off).to_json_string()
    assert told(tmp_path, "otio", text) == [(0, 40, "cut"), (40, 60, "cut"), (60, 96, "cut")]


def test_a_gap_between_clips_is_a_shot_and_told_of(tmp_path):
    """Programs write nothing where it is black."""
    expected = [(0, 40, "cut"), (40, 60, "cut"), (60, 96, "cut")]
    texts = {
        "edl": edl(("AX", "V", "C", 0, 40), ("AX", "V", "C", 60, 96)),
        "xml": xml(clip(0, 40) + clip(60, 96)),
        "otio": timeline([[("Clip", 40), ("Gap", 20), ("Clip", 36)]]).to_json_string(),
    }
    for suffix, text in texts.items():
        assert told(tmp_path, suffix, text) == expected
        notes = read_list(tmp_path / f"list.{suffix}", reel_of(96))[1]
        assert len(notes) == 1
        assert "frames 40 to 60 are in no clip: a shot, maybe black" in notes[0]
    for suffix, text in (("edl", edl(("AX", "V", "C", 0, 40), ("AX", "V", "C", 60, 90))), ("xml", xml(clip(20, 96)))):
        with pytest.raises(InputError, match="frames 40 to 60|stops at 90|starts at 20"):
            told(tmp_path, suffix, text)


def test_a_gap_that_nothing_fills_is_named_with_what_would_fit(tmp_path):
    text = timeline([[("Gap", 48), ("Clip", 40), ("Clip", 56)]]).to_json_string()
    with pytest.raises(InputError, match="item 1: a gap; .* What item 2 to item 3 hold .* fits 48 frames earlier"):
        told(tmp_path, "otio", text)


def test_of_a_collection_of_timelines_the_film_is_taken(tmp_path):
    lines = [timeline([[("Clip", 20)]]), timeline([[("Clip", 40), ("Clip", 56)]])]
    collection = otio.schema.SerializableCollection(children=lines)
    assert told(tmp_path, "otio", collection.to_json_string()) == [(0, 40, "cut"), (40, 96, "cut")]
    collection.append(lines[1].deepcopy())
    with pytest.raises(InputError, match="holds 3 timelines .*, 2 of them as long as the film"):
        told(tmp_path, "otio", collection.to_json_string())


def test_xml_at_the_rates_of_film_and_television(tmp_path):
    for rate, base, ntsc in ((Fraction(24000, 1001), 24, "TRUE"), (Fraction(25), 25, "FALSE")):
        reel = Reel("r1", Path("f.mov"), 96, Rate.of(rate), (48, 64))
        assert told(tmp_path, "xml", xml(clip(0, 96), base=base, ntsc=ntsc), reel) == [(0, 96, "cut")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (xml(clip(0, 96), base=25), "runs at 25 frames a second, but the film at 24; export it at"),
        (
            xml(clip(0, 96), more=sequence(clip(0, 40) + clip(40, 96))),
            r"holds 2 sequences \('cut', 'trailer'\), 2 of them as long as the film; export the one",
        ),
        (
            xml(clip(0, 90), more=sequence(clip(0, 40) + clip(40, 98))),
            r"holds 2 sequences \('cut', 'trailer'\), none of them as long as the film; export the one",
        ),
        ("<xmeml/>", "holds no sequences"),
        ("<fcpxml version='1.9'/>", "FCPXML of Final Cut Pro X, which is not read; export it as Final Cut Pro 7"),
        ("<svg/>", "no Final Cut Pro 7 XML"),
        ("<xmeml", "not valid XML"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><xmeml>&a;</xmeml>', "declares entities"),
        (xml(clip(0, -1)), r"item 1 \(a\): says neither where it is"),
        (xml(clip(0, 96).replace("96", "nan")), "end 'nan' is not a frame"),
    ],
)
def test_xml_that_is_no_list_of_the_film_is_refused(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        told(tmp_path, "xml", text)


@pytest.mark.parametrize(
    ("suffix", "text", "words"),
    [
        ("csv", "shot,start,stop,entry\na,24,60,cut\nb,60,120,cut\n", "fits 24 frames earlier: it counts from another"),
        ("csv", "shot,start,stop,entry\na,0,50,cut\nb,50,100,cut\n", "the film at 25 frames a second: write it at the"),
        ("csv", "shot,start,stop,entry\na,0,50,cut\nb,50,120,cut\n", "the film at 30 frames a second: write it at the"),
        (
            "edl",
            "001 AX V C 01:00:00:00 01:00:04:00 01:00:00:00 01:00:03:24",
            "01:00:03:24.* counts more than the film's",
        ),
        (
            "edl",
            "001 AX V C 01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n"
            "002 AX V C 01:00:01:00 01:00:03:06 01:00:01:00 01:00:03:06",
            "counts 30 frames a second: so it is as long as the film, which runs at 24; write it at 24",
        ),
        (
            "edl",
            "001 LEADER V C 00:59:52:00 01:00:00:00 00:59:52:02 01:00:00:02\n"
            "002 AX V C 01:00:01:00 01:00:03:06 01:00:00:02 01:00:04:02",
            "line 1: record timecode is 190 frames before the film's first, 01:00:00:00; .* What line 2 to line 2 hold "
            "is as long as the film, and fits 2 frames earlier",
        ),
        (
            "csv",
            "shot,start,stop,entry\na,0,24,cut\nb,24,60,cut\nc,60,120,cut\nd,120,150,cut\n",
            "What line 3 to line 4 hold is as long as the film, and fits 24 frames earlier",
        ),
    ],
)
def test_a_list_of_another_start_or_rate_is_named_with_what_would_fit(tmp_path, suffix, text, words):
    with pytest.raises(InputError, match=words):
        told(tmp_path, suffix, text)


@pytest.mark.parametrize(("stop", "end"), [(70, "for the frames before it"), (98, "has 96 frames")])
def test_no_guess_where_nothing_fits(tmp_path, stop, end):
    with pytest.raises(InputError, match=f"{end}$"):
        told(tmp_path, "csv", f"shot,start,stop,entry\na,3,{stop},cut\n")


# A list of all reels, for each of them.


def two_reels(tape: str, start: int = 0, count: int = 48) -> Reel:
    """One of two reels, whose list follows one on the other from frame 0 on, or nowhere near its timecode."""
    path = Path(f"{tape.lower()}.mov")
    return Reel("r1", path, count, Rate.of(24), (48, 64), start=start, timecoded=bool(start), tape=tape)


ONE, TWO = two_reels("REEL1", 86_400), two_reels("REEL2", 172_800)
JOINED = [("{0}1{1}", 0, 20), ("{0}1{1}", 20, 48), ("{0}2{1}", 48, 60), ("{0}2{1}", 60, 96)]


def joined_edl(name: str, ending: str, comments: bool) -> str:
    text = []
    for reel, start, stop in JOINED:
        source = reel.format(name, ending)
        tape = "AX" if comments else source
        line = edl((tape, "V", "C", start, stop), reel=reel_of(96)).splitlines()[-1]
        text += [line, f"* FROM CLIP NAME: {source}"] if comments else [line]
        text += ["009 AX A C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00", "* FROM CLIP NAME: music.wav"]
    return "\n".join(["TITLE: T", *text])


def joined_otio(name: str) -> str:
    rate = 24
    line, track = otio.schema.Timeline("film"), otio.schema.Track(kind="Video")
    line.tracks.append(track)
    for reel, start, stop in JOINED:
        media = otio.schema.ExternalReference(target_url=f"file:///scans/{reel.format(name, '.mov')}")
        span = otio.opentime.TimeRange(
            otio.opentime.RationalTime(0, rate), otio.opentime.RationalTime(stop - start, rate)
        )
        track.append(otio.schema.Clip("shot", media_reference=media, source_range=span))
    return str(line.to_json_string())


def joined_xml(name: str) -> str:
    files = {reel: f'<file id="{reel}"><name>{reel.format(name, ".mov")}</name></file>' for reel, *_ in JOINED}
    clips = []
    for reel, start, stop in JOINED:
        file = files.pop(reel, f'<file id="{reel}"/>')
        clips.append(f"<clipitem><name>shot</name><start>{start}</start><end>{stop}</end>{file}</clipitem>")
    return (
        '<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="5"><sequence><name>film</name>'
        f"<rate><timebase>24</timebase></rate><media><video><track>{''.join(clips)}</track></video></media></sequence></xmeml>"
    )


WRITTEN = {
    "tapes": ("edl", joined_edl("REEL", "", False)),
    "files": ("edl", joined_edl("reel", ".mov", False)),
    "comments": ("edl", joined_edl("reel", ".mov", True)),
    "otio": ("otio", joined_otio("reel")),
    "xml": ("xml", joined_xml("reel")),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_list_of_several_reels_serves_each_of_them(tmp_path, name):
    suffix, text = WRITTEN[name]
    assert told(tmp_path, suffix, text, ONE) == [(0, 20, "cut"), (20, 48, "cut")]
    assert told(tmp_path, suffix, text, TWO) == [(0, 12, "cut"), (12, 48, "cut")]
    notes = read_list(tmp_path / f"list.{suffix}", TWO)[1]
    assert notes == (f"list.{suffix}: 2 of its clips are of other reels, and are left out",)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_reel_that_the_list_does_not_hold_whole_is_refused(tmp_path, name):
    suffix, text = WRITTEN[name]
    for reel in (two_reels("REEL3", 86_400 * 3), two_reels("REEL2", 172_800, 49)):
        with pytest.raises(InputError):
            told(tmp_path, suffix, text, reel)


def test_a_dissolve_to_another_reel_is_a_cut_of_this_one(tmp_path):
    line = otio.adapters.read_from_string(joined_otio("reel"), "otio_json")
    offset = otio.opentime.RationalTime(6, 24)
    types = otio.schema.TransitionTypes
    line.tracks[0].insert(
        2, otio.schema.Transition(transition_type=types.SMPTE_Dissolve, in_offset=offset, out_offset=offset)
    )
    text = line.to_json_string()
    assert told(tmp_path, "otio", text, ONE) == [(0, 20, "cut"), (20, 48, "cut")]
    assert told(tmp_path, "otio", text, TWO) == [(0, 12, "cut"), (12, 48, "cut")]
