"""Timecode, tape and rate from wherever a film states them."""

from fractions import Fraction

import av
import numpy as np
import pytest
from made_films import gray_frame, moving, write_film

from vidcolor.media.probe import open_reel
from vidcolor.media.read import SourceClip
from vidcolor.settings import ReelSettings
from vidcolor.timeline import Rate

PLAIN = ReelSettings()
NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize("names", [("timecode", "reel_name"), ("Timecode", "Reel_Name")])
def test_tags_of_a_matroska_film_in_any_case(tmp_path, names):
    stated = {names[0]: "01:00:00;02", names[1]: "TAPE01"}
    frames = [gray_frame(p, "gray10le") for p in moving(3, (48, 64), 900)]
    reel = open_reel(write_film(tmp_path / "film.mkv", "ffv1", frames, rate=NTSC, metadata=stated), PLAIN)
    assert (reel.timecoded, reel.drop_frame, reel.timecode(1), reel.tape) == (True, True, "01:00:00;03", "TAPE01")


def test_timecode_of_an_mxf(tmp_path):
    frames = [gray_frame(p, "yuv422p") for p in moving(3, (1080, 1920))]
    path = write_film(
        tmp_path / "film.mxf", "mpeg2video", frames, rate=Fraction(25), metadata={"timecode": "10:00:00:24"}
    )
    reel = open_reel(path, PLAIN)
    assert (reel.timecoded, reel.timecode(1)) == (True, "10:00:01:00")


def test_two_timecodes_in_one_film_are_told_apart(tmp_path):
    def of_the_file(stream):
        stream.container.metadata.update({"TIMECODE": "02:00:00:00", "REEL_NAME": "TAPE01"})

    frames = [gray_frame(p, "gray10le") for p in moving(3, (48, 64), 900)]
    stated = {"timecode": "01:00:00:00", "reel_name": "TAPE01"}
    reel = open_reel(write_film(tmp_path / "f.mkv", "ffv1", frames, metadata=stated, setup=of_the_file), PLAIN)
    assert reel.timecode(0) == "01:00:00:00"
    (told,) = [note for note in reel.notes if "timecode" in note]
    assert told == (
        "The file states more than one timecode: 01:00:00:00 (picture track) is used, not 02:00:00:00 (file)."
    )


def scans(folder, labels, *, rate=25.0, film_rate=None, reel="", transfer="ITU-R 709-4", codes=300, first=0):
    """DPX scans of 10 bits, R = G = B, written by OpenImageIO."""
    oiio = pytest.importorskip("OpenImageIO")
    folder.mkdir()
    for number, label in enumerate(labels, first):
        spec = oiio.ImageSpec(32, 24, 3, "uint16")
        spec["oiio:BitsPerSample"] = 10
        if label is not None:
            spec.attribute("smpte:TimeCode", "timecode", (label, 0))
        spec.attribute("dpx:TemporalFrameRate", rate)
        spec.attribute("dpx:FrameRate", film_rate or rate)
        spec["dpx:InputDevice"] = reel
        spec["dpx:Transfer"] = transfer
        file = oiio.ImageOutput.create("scan.dpx")
        assert file.open(str(folder / f"scan.{number:07d}.dpx"), spec)
        assert file.write_image(np.full((24, 32, 3), codes * 64, np.uint16))
        file.close()
    return folder


def bcd(frames: int, base: int, drop: int = 0) -> int:
    """01:00:00:00 and `frames` on (less than a minute), as SMPTE 12M has it in 32 bits."""
    seconds, rest = divmod(frames, base)
    return 0x01000000 | int(f"{seconds}", 16) << 8 | int(f"{rest}", 16) | drop


def test_timecode_rate_and_reel_of_dpx_scans(tmp_path):
    reel = open_reel(scans(tmp_path / "s", [bcd(23 + k, 25) for k in range(6)], reel="A001R2X7"), PLAIN)
    assert (reel.timecoded, reel.timecode(0), reel.timecode(2)) == (True, "01:00:00:23", "01:00:01:00")
    assert (reel.rate, reel.tape) == (Rate(25), "A001R2X7")
    assert "Read at 25 frames a second, as the pictures' headers say (reel.sequence_rate)." in reel.notes


def test_rates_that_differ_are_told_with_the_one_used(tmp_path):
    folder = scans(tmp_path / "s", [bcd(k, 24) for k in range(3)], rate=23.98, film_rate=25.0, reel="Spirit 4K")
    reel = open_reel(folder, PLAIN)
    assert (reel.rate, reel.tape) == (Rate(24000, 1001), "")
    assert "The headers' film part says 25 frames a second, their video part 24000/1001." in reel.notes
    asked = open_reel(folder, ReelSettings(sequence_rate=24))
    assert asked.rate == Rate(24)
    told = "The pictures' headers say 24000/1001 frames a second; 24 are used (reel.sequence_rate)."
    assert told in asked.notes


@pytest.mark.parametrize(
    ("labels", "rate", "first", "note"),
    [
        ([bcd(29 + k, 30, 0x40) for k in range(3)], 29.97, "01:00:00;29", ""),
        ([bcd(10 + k // 2, 25) for k in range(6)], 50.0, "01:00:00:20", ""),
        ([bcd(10 + (k + 1) // 2, 25) for k in range(6)], 50.0, "01:00:00:21", ""),
        ([bcd(k, 25) for k in (4, 5, 9, 10)], 25.0, "01:00:00:04", "frame 2 says 01:00:00:09, not 01:00:00:06"),
        ([0, 0, 0], 25.0, None, ""),
        ([0x01FF0000, 0x01FF0001], 25.0, None, ""),
    ],
    ids=["dropped", "pairs", "pairs from the second", "gap", "zeros", "no digits"],
)
def test_timecode_counts_with_the_pictures(tmp_path, labels, rate, first, note):
    reel = open_reel(scans(tmp_path / "s", labels, rate=rate), PLAIN)
    assert (reel.timecoded, reel.timecode(0)) == (first is not None, first or "00:00:00:00")
    assert note in " ".join(reel.notes)
    assert bool(note) == ("does not count" in " ".join(reel.notes))


def test_labels_without_their_drop_flag_count_as_dropped(tmp_path):
    labels = [0x01005928, 0x01005929, 0x01010002, 0x01010003]
    reel = open_reel(scans(tmp_path / "s", labels, rate=29.97), PLAIN)
    assert (reel.drop_frame, reel.timecode(2)) == (True, "01:01:00;02")


def test_numbers_that_say_another_timecode_are_told(tmp_path):
    reel = open_reel(scans(tmp_path / "s", [bcd(k, 25) for k in range(2)], first=180_000), PLAIN)
    assert reel.timecode(0) == "01:00:00:00"
    assert (
        "The pictures' numbers, as timecode, start at 02:00:00:00; their headers say 01:00:00:00, which is used."
        in reel.notes
    )


def test_a_dpx_without_a_television_header_has_no_timecode(tmp_path):
    """FFmpeg's have a header of 1,664 bytes: what follows are pixels, not a timecode."""
    bright = np.full((24, 32, 3), 0x1234, np.uint16)
    with av.open(str(tmp_path / "a.0001.dpx"), "w", format="image2") as file:
        stream = file.add_stream("dpx", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb48le"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(bright, format="rgb48le")))
        file.mux(stream.encode(None))
    reel = open_reel(tmp_path / "a.0001.dpx", PLAIN)
    assert (reel.timecoded, reel.rate, reel.tape) == (False, Rate(24), "")


@pytest.mark.parametrize(
    "header",
    [{"framesPerSecond": Fraction(30000, 1001), "reelName": "A001"}, {"timecodeRate": 30, "com.maker.Tape": "A001"}],
    ids=["standard", "others"],
)
def test_timecode_rate_and_reel_of_exr(tmp_path, header):
    exr = pytest.importorskip("OpenEXR")
    label = exr.TimeCode()
    label.hours, label.frame, label.dropFrame = 10, 12, "framesPerSecond" in header
    facts = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage, "timeCode": label, **header}
    exr.File(facts, {"Y": np.full((24, 32), 0.18, np.float16)}).write(str(tmp_path / "a.0001.exr"))
    reel = open_reel(tmp_path, PLAIN)
    exact = "framesPerSecond" in header
    assert (reel.timecode(0), reel.drop_frame) == ("10:00:00;12" if exact else "10:00:00:12", exact)
    assert (reel.rate, reel.tape) == (Rate(30000, 1001) if exact else Rate(30), "A001")


@pytest.mark.parametrize(("transfer", "codes"), [("Printing density", 445), ("Logarithmic", 300), ("Linear", 300)])
def test_log_and_linear_scans_are_made_into_video(tmp_path, transfer, codes):
    colour = pytest.importorskip("colour")
    folder = scans(tmp_path / "s", [None, None], transfer=transfer, codes=codes)
    reel = open_reel(folder, PLAIN)
    light = codes / 1023 if transfer == "Linear" else float(colour.models.log_decoding_Cineon(codes / 1023))
    shown = float(colour.cctf_encoding(light, function="sRGB"))
    assert abs(int(next(iter(SourceClip(reel))).luma[3, 3]) - (64 + 876 * shown)) <= 0.51
    assert reel.transfer == ("linear" if transfer == "Linear" else "log")
    (note,) = [note for note in reel.notes if "reel.transfer=video" in note]
    assert ("linear light" if transfer == "Linear" else "Cineon") in note
    asked = open_reel(folder, ReelSettings(transfer="video"))
    assert next(iter(SourceClip(asked))).luma[3, 3] == round(64 + 876 * codes / 1023)
    assert not any("Cineon" in note or "light" in note for note in asked.notes)
