"""Dissolves and fades from end to end: the colours delivered, and a person's picture of a frame in a dissolve."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tiny import luma_of, shot_colors, write_frames, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.encoder import plane_view
from vidcolor.shots.lists import write_shots
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import Reel, Shot, Transition

SIZE, COUNT = (96, 128), 54
DISSOLVE, FADE, END = range(10, 18), range(26, 34), range(46, 54)
SHOTS = [
    Shot("r1", FrameRange(0, 14)),
    Shot("r1", FrameRange(14, 30), Transition("dissolve", FrameRange(10, 18))),
    Shot("r1", FrameRange(30, COUNT), Transition("fade", FrameRange(26, 34)), FrameRange(46, COUNT)),
]
KEYS = (4, 22, 38)
MIXED = 12
"""A frame of the dissolve, in the first shot"""


def true_colors(frame: int) -> np.ndarray:
    """(H, W, 3) R'G'B': the second shot dissolves over the first, fades out, and the third fades in and out."""
    one, two, three = (shot_colors(seed, frame, SIZE) for seed in (1, 2, 3))
    if frame < DISSOLVE.stop:
        share = min(max(0.0, (frame - DISSOLVE.start + 1) / (len(DISSOLVE) + 1)), 1.0)
        return (one * (1 - share) + two * share).astype(np.float32)
    half = len(FADE) // 2
    if frame < FADE.start + half:
        return (two * min(1.0, (FADE.start + half - frame) / (half + 1))).astype(np.float32)
    come, gone = (frame + 1 - FADE.start - half) / (half + 1), (END.stop - frame) / (len(END) + 1)
    return (three * min(1.0, come, gone)).astype(np.float32)


def turned(rgb: np.ndarray) -> np.ndarray:
    """The picture in the opposite hues, its luma kept."""
    luma = (rgb @ np.array([0.2126, 0.7152, 0.0722]))[..., None]
    away = luma - rgb
    room = np.where(away > 0, (1 - luma) / np.maximum(away, 1e-6), luma / np.maximum(-away, 1e-6)).min(2, keepdims=True)
    return (luma + away * np.minimum(room, 1)).astype(np.float32)


def chroma_codes(rgb: np.ndarray) -> np.ndarray:
    """(2, H, W) Cb, Cr codes."""
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
    return 512 + 896 * np.stack([(rgb[..., 2] - luma) / 1.8556, (rgb[..., 0] - luma) / 1.5748])


def error(codes: np.ndarray, rgb: np.ndarray) -> float:
    return float(np.abs(codes[1:] - chroma_codes(rgb)).mean())


@pytest.fixture(scope="module")
def truth() -> list[np.ndarray]:
    return [true_colors(frame) for frame in range(COUNT)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, truth: list[np.ndarray]) -> Path:
    folder = tmp_path_factory.mktemp("joins") / "made"
    (folder / "refs").mkdir(parents=True)
    write_frames(folder / "film.mkv", truth)
    write_shots(folder / "list.otio", SHOTS, Reel("r1", folder / "film.mkv", COUNT, Rate(24), SIZE))
    for key in KEYS:
        write_picture(folder / "refs" / f"{key:06d}.png", SIZE, truth[key])
    assert run(folder) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "work"))


def run(folder: Path) -> int:
    film = [str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--shots", str(folder / "list.otio")]
    return main(["run", *film, "--preset", "draft", "--delivery", "ffv1", "-o", str(folder / "out.mkv")])


def delivered(folder: Path) -> list[np.ndarray]:
    """(3, H, W) codes of every frame."""
    with av.open(str(folder / "out.mkv")) as film:
        return [np.stack([plane_view(f, n).copy() for n in range(3)]) for f in film.decode(video=0)]


@pytest.mark.parametrize("frames", [range(10), DISSOLVE, range(18, 26), range(34, END.start)], ids=str)
def test_colors_come_near_the_truth(made: Path, truth: list[np.ndarray], frames: range) -> None:
    """Codes of chroma off, in the mean of each frame; a gray frame of the three shots is 23 to 46 off."""
    result = delivered(made)
    for frame in frames:
        assert np.array_equal(result[frame][0], luma_of(truth[frame]))
        assert error(result[frame], truth[frame]) < 8, frame


def test_colors_go_with_the_light_of_fades(made: Path, truth: list[np.ndarray]) -> None:
    """Out and in, and at the film's end, each frame is far nearer to its true colours than a gray one, and than colours
    that lose by the light twice: those are .3 to .6 as far. Those of full light are twice as far."""
    result = delivered(made)
    for frame in [*FADE, *END]:
        gray = float(np.abs(512 - chroma_codes(truth[frame])).mean())
        assert np.array_equal(result[frame][0], luma_of(truth[frame]))
        assert error(result[frame], truth[frame]) < 0.4 * gray, frame


@pytest.mark.parametrize("by", ["a transparent picture", "a paint"])
def test_what_is_painted_on_a_dark_frame_is_delivered_as_it_was_painted(
    by: str, work: Path, tmp_path: Path, truth: list[np.ndarray]
) -> None:
    """Not dimmed by the fade once more; a frame nearer to the light shows its colours in that light."""
    frame, brighter = FADE.start + 2, FADE.start + 1
    part = np.s_[20:76, 30:98]
    alpha = np.zeros((*SIZE, 1), np.float32)
    alpha[part] = 1
    painted = (work / "refs" if by == "a transparent picture" else tmp_path) / f"{frame:06d}.png"
    rgba = np.rint(np.concatenate([turned(truth[frame])[..., ::-1], alpha], -1) * 255).astype(np.uint8)
    painted.write_bytes(cv2.imencode(".png", rgba)[1].tobytes())
    if by == "a paint":
        assert main(["correct", str(work / "film.vidcolor"), "paint", str(frame), "--file", str(painted)]) == 0
    assert run(work) == 0
    after, inside = delivered(work), np.s_[:, 28:68, 38:90]
    for at, most in ((frame, 0.2), (brighter, 0.6)):  # .54 and .81 where the fade dims it once more
        wanted = chroma_codes(turned(truth[at]))[inside]
        assert np.abs(after[at][1:][inside] - wanted).mean() < most * np.abs(512 - wanted).mean(), at


def test_a_dissolve_mixes_by_its_ramp(made: Path, truth: list[np.ndarray]) -> None:
    """Neither shot's colours alone come as near as the mix in the dissolve's middle."""
    for frame in DISSOLVE[3:5]:
        codes = delivered(made)[frame]
        ours = error(codes, truth[frame])
        assert ours < 0.7 * min(error(codes, shot_colors(seed, frame, SIZE)) for seed in (1, 2))


def test_a_picture_of_a_mixed_frame_is_that_frames_alone(work: Path, truth: list[np.ndarray]) -> None:
    """It is delivered as it is; no other frame takes anything from it, and the other shot is not touched."""
    before = delivered(work)
    picture = turned(truth[MIXED])
    write_picture(work / "refs" / f"{MIXED:06d}.png", SIZE, picture)
    assert run(work) == 0
    after = delivered(work)
    assert error(after[MIXED], picture) < 2
    assert error(before[MIXED], picture) > 20
    others = [frame for frame in range(COUNT) if frame != MIXED]
    assert all(np.array_equal(before[frame], after[frame]) for frame in others)
    versions = {path.parent.name: len(list(path.parent.glob("v*"))) for path in work.glob("film.vidcolor/shots/*/v001")}
    assert versions == {"r1-000000": 2, "r1-000014": 1, "r1-000030": 1}


def test_a_picture_near_a_mixed_frame_is_delivered_as_far_as_it_fits(work: Path, truth: list[np.ndarray]) -> None:
    before = delivered(work)
    shifted = np.roll(turned(truth[MIXED]), 2, axis=1)
    write_picture(work / "refs" / f"{MIXED:06d}.png", SIZE, shifted)
    assert run(work) == 0
    (key,) = (k for k in report_of(work, "v002")["keyframes"] if k["frame"] == MIXED)
    assert key["how"] == "near"
    gray = float(np.abs(512 - chroma_codes(truth[MIXED])).mean())
    after = delivered(work)
    assert error(after[MIXED], turned(truth[MIXED])) < 0.5 * gray
    assert all(np.array_equal(before[frame], after[frame]) for frame in range(COUNT) if frame != MIXED)


def test_a_mixed_frame_is_a_shots_keyframe_where_it_has_no_other(work: Path, truth: list[np.ndarray]) -> None:
    (work / "refs" / "000004.png").unlink()
    write_picture(work / "refs" / f"{MIXED:06d}.png", SIZE, truth[MIXED])
    assert run(work) == 0
    (note,) = report_of(work, "v002")["notes"]
    assert f"frame {MIXED} lies in a dissolve" in note
    assert "outside the dissolve" in note
    gray = float(np.abs(512 - chroma_codes(truth[5])).mean())
    assert error(delivered(work)[5], truth[5]) < 0.9 * gray


def report_of(folder: Path, version: str) -> dict:
    return json.loads((folder / "film.vidcolor" / "shots" / "r1-000000" / version / "report.json").read_text())


def test_a_plan_whose_dissolve_leaves_its_shots_is_refused(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = work / "film.vidcolor" / "plan" / "shots.json"
    plan = json.loads(path.read_text())
    plan["shots"][1]["entry"]["frames"] = {"start": 10, "stop": 35}
    path.write_text(json.dumps(plan))
    assert main(["export", str(work / "film.vidcolor")]) == 2
    assert "shots.json: damaged (a dissolve leaves its shots); delete it" in capsys.readouterr().err
