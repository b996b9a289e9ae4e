"""The example film is what it promises to be, and its truth is true."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vidcolor.cli.parser import main
from vidcolor.colorize.by_registration import register
from vidcolor.errors import InputError
from vidcolor.example import ExampleFacts, make_example
from vidcolor.example.facts import SHOTS
from vidcolor.example.film import Film, Planes, picture_of
from vidcolor.media.images import read_picture
from vidcolor.media.probe import open_reel
from vidcolor.media.read import Clip
from vidcolor.settings import ColorizeSettings, ReelSettings
from vidcolor.shots.lists import read_shots

SIZE = (360, 640)
LATE = 60 + 26
"""The red sail enters the harbour here."""


@pytest.fixture(scope="module")
def films(example_folder) -> tuple[np.ndarray, list[Planes]]:
    """(the gray film's luma codes, the true planes) of every third frame."""
    gray = [planes.luma for planes in _decoded(example_folder.film)]
    return np.stack(gray), list(_decoded(example_folder.truth))


@pytest.fixture(scope="module")
def painted() -> Film:
    """The painter of the film, with its scenes once made kept."""
    return Film()


def _decoded(path: Path, every: int = 3) -> Iterator[Planes]:
    """Both films hold whole frames only, so the ones between are not decoded."""
    with av.open(str(path)) as film:
        for index, packet in enumerate(film.demux(film.streams.video[0])):
            assert packet.is_keyframe or not packet.size
            if index % every == 0 or not packet.size:
                for frame in packet.decode():
                    yield Planes(
                        *(np.frombuffer(p, np.uint16).reshape(p.height, -1)[:, : p.width] for p in frame.planes)
                    )


def _read(path: Path) -> np.ndarray:
    """(H, W, 3) R'G'B' 0..1"""
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels[..., ::-1].astype(np.float32) / np.iinfo(pixels.dtype).max


def test_the_film_is_gray_prores_with_sound_timecode_and_tags(example_folder):
    with av.open(str(example_folder.film)) as film:
        picture, sound = film.streams.video[0], film.streams.audio[0]
        assert (picture.codec_context.codec_tag, picture.pix_fmt) == ("apch", "yuv422p10le")
        assert (picture.height, picture.width) == SIZE
        assert picture.average_rate == Fraction(24000, 1001)
        assert picture.frames == example_folder.frame_count == 264
        assert film.streams.data[0].metadata["timecode"] == "01:00:00:00"
        assert film.streams.data[0].metadata["reel_name"] == "EXAMPLE1"
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("pcm_s24le", 48000, 2)
        exact = Fraction(264 * 1001, 24000)
        assert abs(sound.duration * sound.time_base - exact) <= Fraction(1, 48000)
        frame = next(film.decode(picture))
        assert {frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range} == {1}
        cb, cr = (np.frombuffer(plane, np.uint16) for plane in frame.planes[1:])
        assert set(cb) | set(cr) == {512}


def test_the_soundtrack_is_heard_and_does_not_clip(example_folder):
    with av.open(str(example_folder.film)) as film:
        samples = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], 1).astype(float) / 2**31
    seconds = np.abs(samples[0, : 48000 * 2 * 10]).reshape(10, -1).max(1)
    assert (seconds > 0.02).all()
    assert np.abs(samples).max() < 0.95


def test_truth_lies_beside_the_film_frame_by_frame(films):
    gray, truth = films
    assert len(gray) == len(truth) == 88
    for index in range(1, 87):
        errors = [np.abs(gray[index].astype(int) - truth[k].luma).mean() for k in (index - 1, index, index + 1)]
        assert errors[1] < 4, "ProRes alone may stand between them"
        assert errors[1] == min(errors)


def test_true_colours_stay_inside_the_cube_and_are_colours(films):
    _, truth = films
    for planes in truth[::8]:
        luma = (planes.luma.astype(np.float32) - 64) / 876
        cb, cr = ((plane.astype(np.float32) - 512) / 896 for plane in (planes.cb, planes.cr))
        red, blue = luma + 1.5748 * cr, luma + 1.8556 * cb
        green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
        inside = [(part > -0.003) & (part < 1.003) for part in (red, green, blue)]
        assert np.logical_and.reduce(inside).mean() > 0.9999
    assert np.abs(truth[0].cb.astype(int) - 512).mean() > 15


def test_pictures_are_what_they_are_called(example_folder, films, painted):
    """Exact ones give the true planes back to the code; the near one is some pixels off; the free one is no frame."""
    gray, truth = films
    assert {path.name for path in example_folder.references.iterdir()} == set(example_folder.pictures)
    assert sorted(example_folder.pictures.values()) == ["exact"] * 4 + ["free", "near"]
    for name, given in example_folder.pictures.items():
        picture = _read(example_folder.references / name)
        assert picture.shape == (*SIZE, 3)
        luma = picture @ np.float32([0.2126, 0.7152, 0.0722])
        if given == "free":
            assert min(np.abs(luma - (frame - 64.0) / 876).mean() for frame in gray) > 0.02
            continue
        frame = int(Path(name).stem)
        planes = truth[frame // 3] if frame % 3 == 0 else painted.planes(frame)
        if given == "exact":
            assert np.abs(picture - picture_of(planes)).max() < 1e-4
        else:
            (x, y), _ = cv2.phaseCorrelate(luma.astype(np.float64), (planes.luma - 64.0) / 876)
            assert 2 < np.hypot(x, y) < 12


def test_exact_and_near_pictures_register_as_such(example_folder):
    reel = open_reel(example_folder.film, ReelSettings())
    frames = Clip(reel)
    for name, given in (("000046.png", "exact"), ("000142.png", "near")):
        assert example_folder.pictures[name] == given
        picture = read_picture(example_folder.references / name)
        registration, _ = register(frames[int(Path(name).stem)], picture, ColorizeSettings())
        assert registration.kind == given, name


def test_the_shot_list_can_be_handed_back(example_folder):
    reel = open_reel(example_folder.film, ReelSettings())
    shots = read_shots(example_folder.shot_list, reel)
    assert [(shot.frames, shot.entry.kind) for shot in shots] == [(shot.frames, shot.entry) for shot in SHOTS]


def test_shots_are_as_listed(example_folder, films):
    with example_folder.shot_list.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["shot"], row["entry"]) for row in rows] == [(shot.id, shot.entry) for shot in SHOTS]
    assert [int(row["start"]) for row in rows[1:]] == [int(row["stop"]) for row in rows[:-1]]
    assert example_folder.cuts == (60, 116, 170, 224)
    gray, _ = films
    change = np.abs(np.diff(gray.astype(np.int32), axis=0)).mean((1, 2))
    blended = [k for shot in SHOTS if shot.transition for k in range(shot.transition.start - 3, shot.transition.stop)]
    change[[k // 3 for k in blended]] = 0
    hard = sorted((np.argsort(change)[-2:] + 1).tolist())
    assert [index * 3 for index in hard] == [60, 225], "outside fade and dissolve, the two cuts change most"


def test_fade_goes_through_black_and_the_dissolve_mixes(painted):
    assert painted.colors(115).max() == painted.colors(116).max() == 0
    levels = [painted.planes(frame).luma.mean() for frame in (108, 110, 112, 114, 115)]
    assert levels == sorted(levels, reverse=True)
    middle = painted.colors(169)
    before, after = painted.scene("room").paint(53.0), painted.scene("hillside").paint(-1.0)
    fits = [np.corrcoef(middle[..., 1].ravel(), scene[..., 1].ravel())[0, 1] for scene in (before, after)]
    assert min(fits) > 0.4


def test_a_red_sail_comes_in_late(painted):
    harbour = painted.scene("harbour")

    def red(moment: float) -> float:
        picture = harbour.paint(moment)[:, 520:]
        return float((picture[..., 0] > 1.7 * picture[..., 1]).mean())

    assert red(LATE - 60 + 20) > red(LATE - 60) + 0.02


def test_flicker_and_grain_are_in_the_film(painted):
    gains = [painted.planes(f).luma.mean() / painted.planes(f + 1).luma.mean() for f in range(20, 28)]
    assert 0.005 < np.std(gains) < 0.06
    clean = painted.colors(80) @ np.float32([0.2126, 0.7152, 0.0722]) * 876
    film = painted.planes(80).luma - 64.0
    grain = film - clean * (film.sum() / clean.sum())
    assert 1.5 < np.std(grain) < 12


def test_it_leaves_other_peoples_folders_alone(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="already holds other things; name a folder"):
        make_example(mine)
    with pytest.raises(InputError, match="a file of that name"):
        make_example(mine / "letter.txt")
    assert [path.name for path in mine.iterdir()] == ["letter.txt"]


def test_it_writes_the_same_bytes_again_where_it_was_not_whole_and_leaves_the_rest(tmp_path, monkeypatch):
    """Its first frames, two pictures among them, show it. The film is named last: without it, it is not whole."""
    monkeypatch.setattr("vidcolor.example.write.FRAME_COUNT", 16)

    def sums() -> dict[str, str]:
        files = (path for path in (tmp_path / "demo").rglob("*") if path.is_file())
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    made = make_example(tmp_path / "demo")
    before = sums()
    assert {"film.mov", "film_color.mkv", "000012.png", "hillside.png", "README.txt", "shots.csv"} == set(before)
    other = made.folder / "notes.txt"
    other.write_text("kept")
    made.film.unlink()
    (made.references / "000012.png").write_bytes(b"half")
    shares: list[float] = []
    assert make_example(made.folder, shares.append) == ExampleFacts(made.folder)
    assert other.read_text() == "kept"
    other.unlink()
    assert sums() == before
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_pictures_of_an_example_that_is_there_are_the_artists(tmp_path, monkeypatch, capsys):
    """The README's first line, run again after a picture was painted and another removed."""
    monkeypatch.setattr("vidcolor.example.write.FRAME_COUNT", 16)
    assert main(["example", str(tmp_path / "demo")]) == 0
    made = ExampleFacts(tmp_path / "demo")
    (made.references / "000012.png").write_bytes(b"painted")
    (made.references / "hillside.png").unlink()
    assert main(["example", str(tmp_path / "demo")]) == 0
    assert "is there already, and was left as it is" in capsys.readouterr().out
    assert (made.references / "000012.png").read_bytes() == b"painted"
    assert not (made.references / "hillside.png").exists()
