"""A list of several reels given for one film: the plan takes that film's events, and says what it left out."""

from __future__ import annotations

from fractions import Fraction

from film import make_film, write_film

from vidcolor.cli.parser import main

EDL = """TITLE: FEATURE
FCM: NON-DROP FRAME
001  R1       V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
002  R2       V     C        02:00:00:00 02:00:00:06 02:00:00:00 02:00:00:06
003  R2       V     C        02:00:00:06 02:00:00:12 02:00:00:06 02:00:00:12
004  R3       V     C        03:00:00:00 03:00:01:00 03:00:00:00 03:00:01:00
"""


def test_a_film_takes_its_own_reel_of_a_list_and_says_so(tmp_path, capsys):
    film = write_film(
        tmp_path / "r2.mov", make_film(size=(32, 48), shots=(6, 6)), timecode="02:00:00:00", rate=Fraction(24)
    )
    (tmp_path / "feature.edl").write_text(EDL)
    project = tmp_path / "r2.vidcolor"
    assert main(["new", str(project), "--reel", str(film), "--shots", str(tmp_path / "feature.edl")]) == 0
    for _ in range(2):
        capsys.readouterr()
        assert main(["plan", str(project)]) == 0
        told = capsys.readouterr().out
        assert "note: feature.edl: 2 events lie outside the film, 02:00:00:00 to 02:00:00:12" in told
        assert "(line 3, line 6)" in told
    assert (project / "plan" / "shots.csv").read_text().count("cut") == 2
