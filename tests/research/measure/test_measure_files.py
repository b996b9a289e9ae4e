"""Where a measurement is written: refusals before the work, whole files after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_pairs import QUICK, write_folder

from vidcolor.errors import MediaError
from vidcolor.research.measure import measure
from vidcolor.research.measure.files import Outputs


@pytest.fixture(scope="module")
def found(tmp_path_factory, one_shot):
    folder = write_folder(tmp_path_factory.mktemp("written") / "truth", one_shot.colors[:3])
    return measure(folder, folder, QUICK)


def test_files_are_written_and_replaced_by_the_next_run(found, tmp_path):
    outputs = Outputs(tmp_path / "m.json", tmp_path / "m.csv", tmp_path / "new" / "report")
    for _ in range(2):
        outputs.check([])
        assert outputs.write(found) == [tmp_path / "m.json", tmp_path / "m.csv", tmp_path / "new/report/index.html"]
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["index.html", "m.csv", "m.json"]


def test_a_folder_with_other_things_is_fine(found, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    outputs = Outputs(report=tmp_path)
    outputs.check([])
    outputs.write(found)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("kind", ["json", "csv", "report"])
def test_what_somebody_else_wrote_stays(kind, tmp_path):
    path = tmp_path / ("index.html" if kind == "report" else f"m.{kind}")
    path.write_text("<html>mine</html>")
    place = tmp_path if kind == "report" else path
    with pytest.raises(MediaError, match=rf"{path.name}: is there, and not by vidcolor measure.*--{kind}"):
        Outputs(**{kind: place}).check([])
    assert path.read_text() == "<html>mine</html>"


def test_refusals(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(MediaError, match="no such folder; make it first"):
        Outputs(json=tmp_path / "nowhere" / "m.json").check([])
    with pytest.raises(MediaError, match="is a folder; name a file in it with --csv"):
        Outputs(csv=tmp_path).check([])
    with pytest.raises(MediaError, match="is a file; --report makes a folder"):
        Outputs(report=tmp_path / "file").check([])
    with pytest.raises(MediaError, match="no such folder"):
        Outputs(report=tmp_path / "file" / "below").check([])
    with pytest.raises(MediaError, match="is named twice"):
        Outputs(json=tmp_path / "m", csv=tmp_path / "m").check([])
    with pytest.raises(MediaError, match="is named twice"):
        Outputs(json=tmp_path / "film.mkv").check([tmp_path / "film.mkv"])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything may be written by root")
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(MediaError, match="cannot be written to"):
        Outputs(json=tmp_path / "m.json").check([])
    tmp_path.chmod(0o700)


def test_a_full_disk_is_told_with_the_option_that_named_the_file(found, tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(MediaError, match="the disk is full; free some space, or choose another place with --json"):
        Outputs(json=tmp_path / "m.json").write(found)
