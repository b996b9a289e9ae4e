"""A delivery after one shot changed: the same bytes as one made anew, of which only that shot's frames were coded."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import av
import made_shots
import numpy as np
import pytest

from vidcolor.cli.parser import main
from vidcolor.media.encoder import PictureTrack

SIZE, COUNT = (120, 256), 40
repaint = partial(made_shots.repaint, SIZE)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Three shots, two of them joined by a dissolve, with sound and timecode; planned and rendered."""
    folder = tmp_path_factory.mktemp("reuse") / "made"
    made_shots.plan_three_shots(folder, SIZE, COUNT, timecode="01:00:00:00")
    assert main(["render", str(folder / "film.vidcolor")]) == 0
    for key in made_shots.KEYS:  # their versions are found again at once when a test repaints
        picture = folder / "refs" / f"{key:06d}.png"
        own = picture.read_bytes()
        repaint(folder, key)
        picture.write_bytes(own)
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "work")


@pytest.fixture
def coded(monkeypatch) -> list[int]:
    """The pictures that an encoder was given, by their number in the film."""
    numbers: list[int] = []
    encode = PictureTrack.encode

    def watched(self, planes):
        numbers.append(self._count)
        return encode(self, planes)

    monkeypatch.setattr(PictureTrack, "encode", watched)
    return numbers


def export(work: Path, out: Path, delivery: str) -> None:
    assert main(["export", str(work / "film.vidcolor"), "-o", str(out), "--delivery", delivery]) == 0


@pytest.mark.parametrize(
    ("delivery", "suffix"), [("prores-422hq", ".mov"), ("prores-4444", ".mov"), ("dnxhr-hqx", ".mov"), ("ffv1", ".mkv")]
)
@pytest.mark.parametrize(("key", "anew"), [(33, range(26, COUNT)), (4, range(14))])
def test_only_what_changed_is_coded_again_and_the_bytes_are_those_of_a_film_made_anew(
    work, coded, delivery, suffix, key, anew
):
    out, fresh = work / f"out{suffix}", work / f"fresh{suffix}"
    export(work, out, delivery)
    assert coded == list(range(COUNT))
    coded.clear()
    repaint(work, key)
    export(work, out, delivery)
    assert coded == list(anew)
    export(work, fresh, delivery)
    assert out.read_bytes() == fresh.read_bytes()
    told, other = (json.loads(Path(f"{path}.manifest.json").read_text()) for path in (out, fresh))
    assert told["luma"] == other["luma"]
    assert told["luma"]["equal"] is True


def test_a_proxy_whose_frames_hang_together_is_made_whole(work, coded):
    export(work, work / "out.mp4", "proxy")
    coded.clear()
    repaint(work, 33)
    export(work, work / "out.mp4", "proxy")
    assert coded == list(range(COUNT))


@pytest.mark.parametrize("setting", ["finish.detail=0.1", "export.vendor=Lavc"])
def test_what_every_frame_hangs_on_has_all_made_anew(work, coded, setting):
    export(work, work / "out.mov", "prores-422hq")
    coded.clear()
    repaint(work, 33)
    line = ["export", str(work / "film.vidcolor"), "-o", str(work / "out.mov"), "--set", setting]
    assert main(line) == 0
    assert coded == list(range(COUNT))


def test_a_film_that_a_kill_left_half_noted_is_no_source(work, coded):
    """Killed between the rename and the last note: which versions its frames show is not known."""
    export(work, work / "out.mov", "prores-422hq")
    record = work / "film.vidcolor" / "exports" / "out.mov.json"
    said = json.loads(record.read_text())
    for entry in said["places"].values():
        entry["made_of"], entry["parts"] = "", {}
    record.write_text(json.dumps(said))
    coded.clear()
    repaint(work, 33)
    export(work, work / "out.mov", "prores-422hq")
    assert coded == list(range(COUNT))


def test_an_older_record_tells_of_no_parts(work, coded):
    export(work, work / "out.mov", "prores-422hq")
    record = work / "film.vidcolor" / "exports" / "out.mov.json"
    said = json.loads(record.read_text())
    for entry in said["places"].values():
        del entry["parts"]
    record.write_text(json.dumps(said))
    coded.clear()
    repaint(work, 33)
    export(work, work / "out.mov", "prores-422hq")
    assert coded == list(range(COUNT))


def test_the_film_plays_in_order_with_its_sound(work):
    export(work, work / "out.mov", "prores-422hq")
    repaint(work, 20)
    export(work, work / "out.mov", "prores-422hq")
    with av.open(str(work / "out.mov")) as film:
        times = [
            int(frame.pts * frame.time_base * film.streams.video[0].average_rate + 0.5)
            for frame in film.decode(video=0)
        ]
        assert len(film.streams.audio) == 1
    assert times == list(np.arange(COUNT))
