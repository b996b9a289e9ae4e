"""Delivered films: an exact keyframe is exact, and does not stand out among the frames beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import film
import numpy as np
import pytest
import tiny

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_ticks import measure

from vidcolor.cli.parser import main
from vidcolor.color import rgb_to_lab
from vidcolor.finish import around_exact
from vidcolor.finish.around_exact import REACH, Drawing, Joined, draw, with_drawings
from vidcolor.media.pictures import open_colors
from vidcolor.types import ColorFrame, SourceFrame

SIZE, COUNT, KEYFRAMES = (96, 128), 33, (0, 16, 32)
FAST = ("--set", "propagate.network=none", "--set", "colorize.network=none")


@pytest.fixture(scope="module")
def delivered(tmp_path_factory) -> tuple[Path, np.ndarray]:
    """A still scene under grain, delivered from three exact pictures; and its true a*b*."""
    folder = tmp_path_factory.mktemp("ticks")
    scene = film.make_film(SIZE, (COUNT,), still=True)
    grain = np.random.default_rng(2).normal(0, 6, (COUNT, *SIZE))
    grainy = np.clip(scene.luma + grain, 64, 940).round().astype(np.uint16)
    film.write_film(
        folder / "film.mkv", SimpleNamespace(size=SIZE, frame_count=COUNT, colors=scene.colors, luma=grainy)
    )
    (folder / "refs").mkdir()
    for frame in KEYFRAMES:
        film.write_picture(folder / "refs" / f"{frame:06d}.png", scene.colors[frame], bits=16)
    out = folder / "out.mkv"
    line = ["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "-o", str(out), "--delivery", "ffv1"]
    assert main([*line, *FAST]) == 0
    return out, scene.lab[0][1:]


def test_an_exact_keyframe_does_not_tick(delivered):
    (tick,) = measure(delivered[0])
    assert tick.frame == 16
    assert tick.ratio < 1.3


def test_an_exact_keyframe_is_exact_and_its_neighbours_hardly_less(delivered):
    out, truth = delivered
    off = {}
    for frame in (16, 15, 24):
        off[frame] = np.abs(rgb_to_lab(open_colors(out)[frame].rgb)[1:] - truth).mean()
    assert off[16] < 0.5
    assert off[16] <= off[15] < off[24], "the picture fades"


def texture(seed: int, size: tuple[int, int]) -> np.ndarray:
    soft = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, size), (0, 0), 3)
    return (500 + 15 * soft / soft.std()).round().astype(np.uint16)


def test_what_moves_is_drawn_too_where_the_flow_returns_and_the_luma_is_alike():
    """A camera pans by 6 pixels a frame; two squares come in that the keyframe does not show."""
    wide = texture(3, (120, 300))
    luma = wide[:, 6:286].copy()
    luma[30:90, 40:100] = texture(4, (60, 60))
    luma[30:90, 160:220] = 700
    keyframe = Drawing(wide[:, :280], np.full((2, 120, 280), 40, np.float32), 1.0)
    drawn = draw(np.zeros((2, 120, 280), np.float32), luma, [keyframe])[0]
    assert drawn[40:80, 50:90].mean() < 20, "flow finds no way back there"
    assert drawn[40:80, 170:210].mean() < 1, "lighter than all that the keyframe shows"
    for left in (30, 150):
        drawn[20:100, left : left + 80] = np.nan
    assert np.nanmean(drawn[:, :270]) > 36, "the rest is the keyframe's"


def frames(dissolved: tuple[int, ...], exact: tuple[int, ...], cut: int, count: int = 40):
    """Frames of 2 x 2 pixels: two shots, some frames dissolved, some exact."""
    for n in range(count):
        color = ColorFrame(n, np.full((2, 2, 2), n, np.float32), np.ones((2, 2), np.float32))
        shot = None if n in dissolved else int(n >= cut)
        yield SourceFrame(n, np.full((2, 2), n, np.uint16)), Joined(color, shot, n in exact)


def shares(reach: int = 6, **film: tuple[int, ...] | int) -> dict[int, list[float]]:
    found = with_drawings(frames(**film), reach)  # type: ignore[arg-type]
    return {source.index: [drawing.share for drawing in drawings] for source, _, drawings in found}


def test_a_picture_fades_around_its_frame_and_never_beyond_its_shot():
    made = shares(dissolved=(), exact=(10, 21), cut=23)
    assert list(made) == list(range(40)), "every frame comes, in order"
    assert [n for n in made if made[n]] == [*range(5, 10), *range(11, 21), 22]
    assert made[9] == made[11] > made[8] == made[12]
    assert not made[10], "the keyframe itself is as it is"
    assert len(made[15]) == 1
    assert len(made[16]) == 1


def test_frames_of_which_next_to_nothing_is_drawn_are_left_as_they_are():
    made = shares(REACH, dissolved=(), exact=(20,), cut=40)
    assert [n for n in made if made[n]] == [*range(10, 20), *range(21, 31)], "at 11 frames a thousandth would count"


def test_bands_of_rows_make_one_picture(monkeypatch):
    """Their edges are not seen: 230 rows, drawn in bands and whole, with a part that is spared."""
    luma, other = texture(5, (230, 90)), texture(6, (230, 90))
    chroma = np.random.default_rng(7).normal(0, 20, (2, 230, 90)).astype(np.float32)
    spared = np.linspace(0, 1, 23 * 9, dtype=np.float32).reshape(23, 9)
    drawings = [Drawing(luma, chroma[:, ::-1].copy(), 0.6, spared), Drawing(other, chroma[::-1].copy(), 0.3)]
    banded = draw(chroma, luma, drawings)
    monkeypatch.setattr(around_exact, "BAND", 1000)
    assert np.abs(banded - draw(chroma, luma, drawings)).max() < 1e-3
    assert np.abs(banded - chroma).mean() > 1


def test_pictures_near_each_other_share_what_lies_between():
    made = shares(dissolved=(), exact=(10, 14), cut=40)
    assert all(sum(made[n]) == pytest.approx(1) for n in (11, 12, 13))
    assert made[11][0] == made[13][1] > 0.8


def test_a_picture_has_faded_where_a_dissolve_begins():
    made = shares(dissolved=tuple(range(13, 17)), exact=(10, 19), cut=15)
    assert [n for n in made if made[n]] == [*range(5, 10), 11, 12, 17, 18, *range(20, 25)]
    assert made[12] == made[17]
    assert made[12][0] < 0.3 < made[11][0]


def test_an_exact_picture_does_not_take_back_what_was_said_of_a_frame_beside_it(tmp_path):
    """A paint one frame off, and one amid two pictures: delivered as they were painted, and shown so beforehand."""
    size, work = (96, 128), tmp_path / "p"
    colors = tiny.write_gray_film(tmp_path / "film.mkv", 24, size, (12,))
    (tmp_path / "refs").mkdir()
    for frame in (4, 16):
        tiny.write_picture(tmp_path / "refs" / f"{frame:06d}.png", size, colors[frame])
    new = ["new", str(work), "--reel", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs")]
    assert main([*new, "--preset", "draft"]) == main(["render", str(work)]) == 0
    paint = np.zeros((*size, 4), np.uint8)
    paint[20:60, 30:80] = (40, 40, 200, 255)  # red, of OpenCV's BGRA
    cv2.imwrite(str(tmp_path / "paint.png"), paint)

    def redness(frame: int, folder: str) -> float:
        assert main(["frames", str(work), str(frame), "--color", "-o", str(tmp_path / folder)]) == 0
        picture = cv2.imread(str(tmp_path / folder / f"{frame:06d}.png"), cv2.IMREAD_UNCHANGED) / 257
        return float((picture[30:50, 40:70, 2] - picture[30:50, 40:70, 1]).mean())

    for frame in (3, 9):
        assert main(["correct", str(work), "paint", str(frame), "--file", str(tmp_path / "paint.png")]) == 0
        ahead = redness(frame, f"ahead{frame}")
        assert main(["render", str(work)]) == 0
        assert ahead > 130
        assert redness(frame, f"after{frame}") == pytest.approx(ahead, abs=3)
