"""Timecode, tape and rate from wherever a film states them."""

from fractions import Fraction

import pytest
from made_films import gray_frame, moving, write_film

from vidcolor.media.probe import open_reel
from vidcolor.settings import ReelSettings

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
