"""Lists in other files than text: OTIO bundles, AAF, UTF-16; and tables of timecodes: ALE, Resolve's, Premiere's."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shot_scenes import reel_of

from vidcolor.errors import InputError, VidcolorError
from vidcolor.shots import packed
from vidcolor.shots.lists import read_list, read_shots
from vidcolor.timeline import Rate
from vidcolor.types import Reel

CUTS = [(0, 40), (40, 96)]


def told(tmp_path: Path, name: str, data: bytes | str, reel: Reel | None = None) -> list[tuple[int, int]]:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return [(shot.frames.start, shot.frames.stop) for shot in read_shots(path, reel or reel_of(96))]


def ale(fps: str = "24", more: str = "", mark: str = ":") -> str:
    rows = [("one", "V", "01:00:00:00", "01:00:01:16"), ("sound", "A1A2", "01:00:00:00", "01:00:09:00")]
    rows += [("two", "VA1A2", "01:00:01:16", "01:00:04:00")]
    lines = "\r\n".join("\t".join(row).replace(":", mark) for row in rows)
    head = f"Heading\r\nFIELD_DELIM\tTABS\r\nVIDEO_FORMAT\t1080\r\nFPS\t{fps}\r\n\r\n"
    return f"{head}Column\r\nName\tTracks\tStart\tEnd\r\n\r\nData\r\n{lines}\r\n{more}"


INDEX = """#,Reel,Match,V,C,Dur,Source In,Source Out,Record In,Record Out,Name
1,A001,,V1,C,00:00:01:16,07:00:00:00,07:00:01:16,01:00:00:00,01:00:01:16,one.mov
2,A001,,A1,C,00:00:01:16,07:00:00:00,07:00:01:16,01:00:00:00,01:00:04:00,one.mov
3,,,V2,C,00:00:01:00,00:00:00:00,00:00:01:00,01:00:00:12,01:00:01:12,Text
4,A002,,V1,C,00:00:02:08,08:00:00:00,08:00:02:08,01:00:01:16,01:00:04:00,two.mov
"""
MARKERS = (
    "Marker Name\tDescription\tIn\tOut\tDuration\tMarker Type\n"
    "scene\t\t01:00:01:16\t01:00:02:00\t00:00:00:08\tComment\n"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.ale", ale()),
        ("log.ALE", ale("23.976")),
        ("index.csv", INDEX),
        ("index.csv", INDEX.replace(",", ";")),
        ("markers.csv", MARKERS.encode("utf-16")),
        ("markers.csv", MARKERS.encode("utf-16-le").join([b"\xff\xfe", b""])),
    ],
)
def test_tables_of_timecodes(tmp_path, name, text):
    assert told(tmp_path, name, text) == CUTS


def test_the_clips_of_other_reels_in_a_log_are_left_out_and_told_of(tmp_path):
    path = tmp_path / "log.ale"
    path.write_text(ale(more="three\tV\t02:00:00:00\t02:00:03:00\r\n"))
    reel = Reel("r1", Path("f.mov"), 96, Rate(24), (48, 64), start=86400, timecoded=True)
    shots, notes = read_list(path, reel)
    assert [(shot.frames.start, shot.frames.stop) for shot in shots] == CUTS
    assert [note.split(" lie")[0] for note in notes] == ["log.ale: 1 events"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("log.ale", "Heading\nColumn\n", "no Avid log exchange"),
        ("log.ale", ale("25"), "counts 25 frames a second, but the film runs at 24"),
        ("log.ale", ale().replace("Start", "Begin"), "no columns Start and End"),
        ("log.ale", ale(more="x\tV\tnoon\t01:00:00:00"), "line 13: 'noon' is no timecode"),
        ("log.ale", ale(more="x\tQ\t01:00:00:00\t01:00:00:00"), "line 13: track 'Q' is neither"),
        ("index.csv", INDEX.replace("01:00:01:16,one", "x,one"), "line 2: 'x' is no timecode"),
        ("a.otioz", b"PK\x03\x04", "cannot be read as a bundle"),
        ("a.otioz", "", "cannot be read as a bundle"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, name, text, words):
    with pytest.raises(InputError, match=words):
        told(tmp_path, name, text)


def test_an_edit_list_in_sixteen_bits(tmp_path):
    event = "{0:03d}  AX       V     C        {1} {2} {1} {2}\r\n"
    text = event.format(1, "01:00:00:00", "01:00:01:16") + event.format(2, "01:00:01:16", "01:00:04:00")
    assert told(tmp_path, "list.edl", text.encode("utf-16")) == CUTS


def timeline() -> otio.schema.Timeline:
    time, span = otio.opentime.RationalTime, otio.opentime.TimeRange
    line = otio.schema.Timeline("t", global_start_time=time(86400, 24))
    track = otio.schema.Track(kind="Video")
    line.tracks.append(track)
    for number, (start, stop) in enumerate(CUTS, 1):
        media = otio.schema.ExternalReference(f"file:///a{number}.mov", span(time(86400, 24), time(200, 24)))
        clip = otio.schema.Clip(f"a{number}", media, span(time(86400, 24), time(stop - start, 24)))
        clip.metadata["AAF"] = {
            "SourceID": f"urn:smpte:umid:060a2b34.01010105.01010f20.13000000.{number:08x}{'.00000000' * 3}"
        }
        track.append(clip)
    return line


def bundle(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed_files:
        for name, text in files.items():
            packed_files.writestr(name.replace("_", "."), text)
    return data.getvalue()


def test_bundles_of_opentimelineio(tmp_path):
    text = timeline().to_json_string()
    assert told(tmp_path, "a.otioz", bundle(content_otio=text, version_txt="1.0.0")) == CUTS
    with pytest.raises(InputError, match="holds no content.otio"):
        told(tmp_path, "a.otioz", bundle(other_txt=text))
    with pytest.raises(InputError, match="timeline is larger than 32 MiB"):
        told(tmp_path, "a.otioz", bundle(content_otio=" " * (packed.LARGEST + 1)))


def test_aaf(tmp_path):
    """Written by the adapter of OpenTimelineIO, and damaged."""
    pytest.importorskip("otio_aaf_adapter")
    otio.adapters.write_to_file(timeline(), str(tmp_path / "a.otio"))
    write = "import sys, opentimelineio.adapters as a; a.write_to_file(a.read_from_file(sys.argv[1]), sys.argv[2])"
    subprocess.run([sys.executable, "-P", "-c", write, str(tmp_path / "a.otio"), str(tmp_path / "a.aaf")], check=True)
    data = (tmp_path / "a.aaf").read_bytes()
    assert told(tmp_path, "list.aaf", data) == CUTS
    for damaged in (data[: len(data) // 2], b"nothing of the kind"):
        with pytest.raises(InputError, match="cannot be read as an AAF"):
            told(tmp_path, "list.aaf", damaged)


def test_without_the_extra_an_aaf_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "ADAPTER", "there_is_no_such_module")
    with pytest.raises(InputError, match=r"AAF is an extra: install vidcolor\[aaf\]"):
        told(tmp_path, "list.aaf", b"")


@settings(max_examples=150)
@given(data=st.data(), name=st.sampled_from(["a.ale", "a.csv", "m.csv"]))
def test_damaged_tables_are_read_or_refused(tmp_path_factory, data, name):
    text = {"a.ale": ale().encode(), "a.csv": INDEX.encode(), "m.csv": MARKERS.encode("utf-16")}[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        junk = data.draw(st.sampled_from([b"\0", b"\t", b"\n", b",", b"99:99:99:99", b"\xff\xfe", b"V", b"9" * 30]))
        text = text[:start] + junk + text[data.draw(st.integers(start, min(len(text), start + 30))) :]
    refusal, shots = "", [(0, 96)]
    try:
        shots = told(tmp_path_factory.getbasetemp(), name, text)
    except VidcolorError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert (shots[0][0], shots[-1][1]) == (0, 96)
