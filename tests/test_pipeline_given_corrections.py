"""Corrections that bring pictures (keyframe, reference, region), and pictures of frames of which a part counts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_pipeline_corrections import correct, run, versions
from test_pipeline_layers import AT, CUT, RED, SIZE, WANTED, chroma, disc, inside, off, write_mask, write_paint
from tiny import shot_colors, write_gray_film, write_picture

from vidcolor.cli.parser import main


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two shots with a picture of the first frame of each, run once."""
    folder = tmp_path_factory.mktemp("given") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", 2 * CUT, SIZE, (CUT,))
    for frame in (0, CUT):
        write_picture(folder / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{CUT},cut\n{CUT},{2 * CUT},cut\n")
    assert run(folder, "--shots", str(folder / "cuts.csv"), "--keyframes", str(folder / "refs")) == 0
    return folder


@pytest.fixture
def work(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "work"))


def keys(work: Path, version: int) -> list[tuple[int, str]]:
    report = work / "film.vidcolor" / "shots" / "r1-000000" / f"v{version:03d}" / "report.json"
    return [(key["frame"], key["how"]) for key in json.loads(report.read_text())["keyframes"]]


def recoloured(frame: int) -> np.ndarray:
    """(H, W, 3): the frame with its disc in red."""
    colors = shot_colors(1, frame, SIZE)
    light = colors @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    red = np.array(RED) / (np.array(RED) @ [0.2126, 0.7152, 0.0722])
    return np.where(disc(frame)[..., None], np.clip(light[..., None] * red, 0, 1), colors).astype(np.float32)


def test_a_keyframe_is_the_picture_of_its_frame_and_undone_by_deleting(work, tmp_path):
    before = versions(work)
    write_picture(tmp_path / "whole.png", SIZE, recoloured(AT))
    folder = correct(work, "keyframe", str(AT), "--file", str(tmp_path / "whole.png"))
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    assert keys(work, 2) == [(0, "exact"), (AT, "exact")]
    shutil.rmtree(folder)
    assert run(work) == 0
    assert "r1-000000/v003" not in versions(work)


def test_a_keyframe_takes_the_place_of_the_frames_own_picture(work, tmp_path):
    write_picture(tmp_path / "whole.png", SIZE, recoloured(0))
    correct(work, "keyframe", "0", "--file", str(tmp_path / "whole.png"))
    assert run(work) == 0
    new, old = chroma(work, 0, 2)[0], chroma(work, 0, 1)[0]
    well = inside(0, new.shape[1:])[0]
    assert new[0, well].mean() > old[0, well].mean() + 20


def test_a_second_picture_of_a_frame_is_told(work, tmp_path, capsys):
    write_picture(tmp_path / "whole.png", SIZE, recoloured(AT))
    first = correct(work, "keyframe", str(AT), "--file", str(tmp_path / "whole.png"))
    capsys.readouterr()
    line = ["correct", str(work / "film.vidcolor"), "reference", str(AT), "--file", str(tmp_path / "whole.png")]
    assert main(line) == 2
    assert f"corrections/{first.name} gives this frame a picture already" in capsys.readouterr().err


def test_a_reference_colours_its_frame_and_no_other_shot(work, tmp_path):
    before = versions(work)
    write_picture(tmp_path / "other.png", SIZE, recoloured(2))
    correct(work, "reference", "10", "--file", str(tmp_path / "other.png"))
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    assert keys(work, 2) == [(0, "exact"), (10, "transfer")]


def test_a_region_takes_its_colours_from_a_picture_beside_it(work, tmp_path):
    before = versions(work)
    write_picture(tmp_path / "coat.png", SIZE, np.full((*SIZE, 3), RED, np.float32) * shot_colors(1, AT, SIZE))
    mask, picture = write_mask(tmp_path / "m.png", disc(AT)), tmp_path / "coat.png"
    correct(work, "region", str(AT), "--file", str(mask), "--picture", str(picture), "--part", str(mask))
    assert run(work, "--set", "colorize.network=shipped") == 0
    assert set(versions(work)) - set(before) >= {"r1-000000/v002"}
    assert (AT, "regions") in keys(work, 2)
    new, old = chroma(work, 0, 2)[AT], chroma(work, 0, 1)[AT]
    well = inside(AT, new.shape[1:])[0]
    assert new[0, well].mean() > old[0, well].mean() + 10


def test_a_picture_of_a_frame_may_be_transparent_where_it_says_nothing(work, tmp_path, capsys):
    before = versions(work)
    write_paint(work / "refs" / f"{AT:06d}.png", disc(AT))
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    assert keys(work, 2) == [(0, "exact")], "it is no keyframe of the whole frame"
    new, old = chroma(work, 0, 2), chroma(work, 0, 1)
    for frame in range(AT, CUT):
        well, outside = inside(frame, new[frame].shape[1:])
        assert off(new[frame][:, well]) < 3, frame
        assert (new[frame][:, outside] != old[frame][:, outside]).mean() < 0.01, frame
    capsys.readouterr()
    assert main(["corrections", str(work / "film.vidcolor")]) == 0
    assert f"references/{AT:06d}.png" in capsys.readouterr().out
    (work / "refs" / f"{AT:06d}.png").unlink()
    assert run(work) == 0
    assert "r1-000000/v003" not in versions(work)


def test_a_transparent_picture_alone_leaves_the_rest_of_its_shot_to_the_machine(work, capsys):
    (work / "refs" / "000000.png").unlink()
    write_paint(work / "refs" / f"{AT:06d}.tif", disc(AT))
    capsys.readouterr()
    assert run(work) == 0
    assert f"unused; 1 transparent, as paints: {AT:06d}.tif\n" in capsys.readouterr().out
    new = chroma(work, 0, 2)[AT]
    well, outside = inside(AT, new.shape[1:])
    assert off(new[:, well]) < 3
    assert np.hypot(*(new[:, outside].mean(1) - WANTED)) > 20


def test_an_opaque_picture_with_alpha_is_a_keyframe_as_ever(work):
    pixels = np.dstack([recoloured(AT)[..., ::-1], np.ones(SIZE)])
    assert cv2.imwrite(str(work / "refs" / f"{AT:06d}.png"), np.rint(pixels * 255).astype(np.uint8))
    assert run(work) == 0
    assert keys(work, 2) == [(0, "exact"), (AT, "exact")]


def test_corrections_of_a_film_that_another_took_the_place_of_are_told(work, capsys):
    folder = correct(work, "neutral", str(AT), "--at", "20,20")
    assert run(work) == 0
    told = "film.mkv is another film than was planned here before, and corrections made for that one are in force: "
    assert told not in " ".join(capsys.readouterr().out.split())
    write_gray_film(work / "film.mkv", 2 * CUT, SIZE, (CUT - 2,))
    (work / "refs" / "coat.png").write_bytes(b"no picture")
    assert run(work) == 2
    (work / "refs" / "coat.png").unlink()
    assert run(work) == 0
    assert f"{told}corrections/{folder.stem}; delete those" in " ".join(capsys.readouterr().out.split())
    assert run(work) == 0
    assert told not in " ".join(capsys.readouterr().out.split()), "said once"
