"""`vidcolor diff`: figures that are those of the two stores, where they differ, and a picture of both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.color import delta_e
from vidcolor.hashes import sha256_of
from vidcolor.media.store import ChromaReader, ChromaWriter
from vidcolor.project.fingerprint import fingerprint
from vidcolor.review import compare
from vidcolor.timeline import Rate
from vidcolor.types import ColorFrame

SIZE, COUNT, CUT, KEY = (96, 128), 20, 10, 5


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("diff") / "made"
    folder.mkdir()
    colors = write_gray_film(folder / "film.mkv", COUNT, SIZE, (CUT,))
    (folder / "refs").mkdir()
    write_picture(folder / "refs" / f"{KEY:06d}.png", SIZE, colors[KEY])
    line = ["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--preset", "draft"]
    line += ["-o", str(folder / "out.mkv"), "--delivery", "ffv1"]
    assert main(line) == 0
    write_picture(folder / "refs" / f"{KEY:06d}.png", SIZE, colors[KEY][..., ::-1])
    assert main(line) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "work")


def stored(folder: Path, version: str) -> list[ColorFrame]:
    with ChromaReader(folder / "film.vidcolor" / "shots" / "r1-000000" / version / "chroma.avi", 0) as reader:
        return list(reader)


def put(folder: Path, version: str, colors: list[ColorFrame]) -> None:
    """Other colours into a version, as if they had been rendered."""
    place = folder / "film.vidcolor" / "shots" / "r1-000000" / version
    with ChromaWriter(place / "chroma.avi", colors[0].confidence.shape, Rate(24)) as store:
        for color in colors:
            store.write(color)
    made = json.loads((place / "made.json").read_text())
    made["stores"]["chroma.avi"] = sha256_of(place / "chroma.avi")
    (place / "made.json").write_text(json.dumps(made))


def figures(folder: Path, capsys, *more: str) -> dict:
    capsys.readouterr()
    assert main(["diff", str(folder / "film.vidcolor"), "r1-000000", "v001", "v002", "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_figures_are_those_of_the_two_stores(made, capsys):
    found = figures(made, capsys)
    pairs = list(zip(stored(made, "v001"), stored(made, "v002"), strict=True))
    light = np.full((1, *pairs[0][0].confidence.shape), 50.0)
    errors = [delta_e(np.concatenate([light, a.chroma]), np.concatenate([light, b.chroma])) for a, b in pairs]
    assert found["ciede2000"]["mean"] == pytest.approx(float(np.mean(errors)), abs=1e-3)
    assert found["ciede2000"]["95 %"] == pytest.approx(float(np.quantile(errors, 0.95)), abs=0.05)
    changed = np.mean([(a.chroma != b.chroma).any(0) for a, b in pairs])
    assert found["changed"] == pytest.approx(changed, abs=1e-5)
    assert found["ciede2000"]["mean"] > 1, "the picture was given in other colours"


def test_one_changed_place_is_all_that_is_told(work, capsys):
    colors = stored(work, "v001")
    chroma = colors[3].chroma.copy()
    chroma[:, 4:8, 4:9] += 20
    put(work, "v002", [*colors[:3], ColorFrame(3, chroma, colors[3].confidence), *colors[4:]])
    found = figures(work, capsys)
    assert found["changed_frames"] == [3]
    assert found["changed"] == pytest.approx(20 / (len(colors) * colors[0].confidence.size), abs=1e-6)
    assert found["ciede2000"]["95 %"] == 0


def test_versions_alike_do_not_differ(work, capsys):
    put(work, "v002", stored(work, "v001"))
    found = figures(work, capsys)
    assert (found["ciede2000"], found["changed"], found["changed_frames"]) == ({"mean": 0, "95 %": 0}, 0, [])
    assert main(["diff", str(work / "film.vidcolor"), "r1-000000", "v1", "v2"]) == 0
    assert "nothing: the colours are the same in every sample" in capsys.readouterr().out


def test_the_picture_shows_both_and_says_what_they_were_made_of(work, capsys):
    out = work / "both.png"
    assert main(["diff", str(work / "film.vidcolor"), "r1-000000", "v1", "v2", "-o", str(out)]) == 0
    said = capsys.readouterr().out
    assert "000005.png  changed" in said
    assert "CIEDE2000" in said
    with Image.open(out) as page:
        assert page.width == 1920
    out.write_bytes(b"mine")
    assert main(["diff", str(work / "film.vidcolor"), "r1-000000", "v1", "v2", "-o", str(out)]) == 2
    assert out.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["r1-000000", "v001", "v009"], "no version 'v009'; it has v001, v002"),
        (["r1-000000", "v001", "../v001"], "no version '../v001'"),
        (["r1-000099", "v001", "v002"], "no such shot"),
        (["r1-000000", "v001", "v002", "-o", "x.gif"], "pages are JPEG or PNG; name it x.jpg"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_the_work(made, words, said, capsys, monkeypatch):
    monkeypatch.setattr(compare, "difference", None)
    assert main(["diff", str(made / "film.vidcolor"), *words]) == 2
    assert said in capsys.readouterr().err


def test_versions_of_other_frames_are_not_compared(work, capsys):
    place = work / "film.vidcolor" / "shots" / "r1-000000" / "v002" / "made.json"
    made = json.loads(place.read_text())
    made["ingredients"]["frames"] = "0-9"
    made["fingerprint"] = fingerprint(made["ingredients"])
    place.write_text(json.dumps(made))
    assert main(["diff", str(work / "film.vidcolor"), "r1-000000", "v001", "v002"]) == 2
    assert "v001 and v002 hold other frames" in capsys.readouterr().err
