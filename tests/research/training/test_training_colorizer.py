"""The colorizer's training pictures: drawn again the same, regions with their own palette, samples kept whole."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_scenes import scene

from vidcolor.confidence import ABSENT
from vidcolor.networks.features import NetworkFeatures
from vidcolor.research.training import colorizer_run
from vidcolor.research.training.colorizer_data import KINDS, Pool, Samples, Tasks, keep, kept, mirrored, sample_of
from vidcolor.research.training.machine import Machine
from vidcolor.research.training.pictures import look_alikes, palette, planes_of, toned
from vidcolor.settings import ColorizeSettings

SIZE, CROP = (96, 112), 64


@pytest.fixture(scope="module")
def features() -> NetworkFeatures:
    return NetworkFeatures()


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Two clips of three frames, ten stills, two of them of people with masks."""
    folder = tmp_path_factory.mktemp("data")
    for n in range(10):
        source = "human_seg" if n < 2 else "made"
        write(folder / f"stills/train/{source}/picture__{n}.webp", scene(n, size=SIZE))
    for n in range(2):
        write(folder / f"stills/people-masks/images/{n}.jpg", scene(n, size=SIZE))
        mask = np.zeros((3, *SIZE), np.float32)
        mask[:, 20:70, 30:80] = 1
        write(folder / f"stills/people-masks/masks/{n}.png", mask)
    for clip in ("first", "second"):
        for frame in range(3):
            write(folder / f"clips/train/{clip}/{frame:05d}.webp", scene(20, (3 * frame, 0), SIZE))
    return folder


def write(file: Path, rgb: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.rint(rgb[::-1].transpose(1, 2, 0) * 255).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def pool(data, features, tmp_path_factory) -> Pool:
    stills = sorted((data / "stills/train").glob("*/*.webp"))
    alike = look_alikes(stills, features, tmp_path_factory.mktemp("looks") / "alike.npz")
    clips = tuple(tuple(sorted(p.glob("*"))) for p in sorted((data / "clips/train").iterdir()))
    return Pool(tuple(stills), alike, clips, tuple(colorizer_run.people_of(data, stills)))


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_task_is_drawn_again_the_same(pool, kind):
    tasks = Tasks(pool, CROP)
    one, two = (tasks.draw(np.random.default_rng(5), kind) for _ in range(2))
    assert np.array_equal(one.lightness, two.lightness)
    assert len(one.guidance) == len(two.guidance) == 0 if kind == "none" else len(one.guidance) >= 1
    assert [g.score for g in one.guidance] == sorted(
        (g.score for g in one.guidance), reverse=True
    ) or one.kind == "regions"
    assert one.truth.shape == (3, CROP, CROP)


def test_within_a_region_the_truth_has_the_second_references_palette(pool):
    tasks = Tasks(pool, CROP)
    for seed in range(20):
        task = tasks._with_regions(np.random.default_rng(seed))
        if len(task.guidance) < 2:
            continue
        (region,) = task.guidance[1].regions
        reference = task.guidance[1].reference
        assert region.target.shape == task.truth.shape[1:]
        assert region.reference.shape == reference.lightness.shape
        inside, theirs = task.truth[1:, region.target].mean(1), reference.chroma[:, region.reference].mean(1)
        first = task.guidance[0].reference.chroma.mean((1, 2))
        if np.hypot(*(theirs - first)) > 25 and region.target.mean() > 0.1:
            assert np.hypot(*(inside - theirs)) < np.hypot(*(inside - first))
            return
    pytest.fail("no sample with a region of another palette in twenty draws")


def test_samples_are_kept_whole(pool, features, tmp_path):
    task = Tasks(pool, CROP).draw(np.random.default_rng(3), "alike")
    sample = sample_of(task, features, ColorizeSettings())
    keep(tmp_path / "one.npz", sample)
    again = kept(tmp_path / "one.npz")
    assert np.abs(again.lightness - sample.lightness).max() < 0.05
    assert np.abs(again.evidence[:, :2] - sample.evidence[:, :2]).max() < 0.1
    assert np.abs(again.evidence[:, 2:] - sample.evidence[:, 2:]).max() < 0.003
    assert np.array_equal(again.error == ABSENT, sample.error == ABSENT)
    assert np.abs(np.log(again.error) - np.log(sample.error)).max() < 0.02
    assert [p.name for p in tmp_path.iterdir()] == ["one.npz"]


def test_a_sample_is_made_once(pool, features, tmp_path, monkeypatch):
    source = Samples(Tasks(pool, CROP), features, tmp_path, 1, 3)
    first = source.sample(0)
    monkeypatch.setattr(Tasks, "draw", lambda *_: pytest.fail("made again"))
    assert np.array_equal(source.sample(0).evidence, first.evidence)
    assert np.array_equal(mirrored(mirrored(first)).evidence, first.evidence)
    assert any(np.array_equal(source.draw(np.random.default_rng(k)).truth, first.truth) for k in range(8))


def test_look_alikes_are_others(data, features, tmp_path):
    stills = sorted((data / "stills/train").glob("*/*.webp"))
    nearest = look_alikes(stills, features, tmp_path / "alike.npz", most=3)
    assert nearest.shape == (10, 3)
    assert not (nearest == np.arange(10)[:, None]).any()
    assert np.array_equal(look_alikes(stills, features, tmp_path / "alike.npz", most=3), nearest)


def test_other_tones_keep_hues():
    rgb = scene(2)
    other = toned(rgb, np.random.default_rng(0))
    assert np.abs(planes_of(other)[0] - planes_of(rgb)[0]).mean() > 2
    assert np.median(np.hypot(*(planes_of(other) - planes_of(rgb))[1:])) < 2


def test_a_palette_turns_hues_and_keeps_gray():
    turn = palette(np.random.default_rng(1))
    assert np.allclose(turn @ turn.T, np.eye(2) * np.linalg.det(turn), atol=1e-5)


def test_a_run_goes_on_where_it_stopped(data, tmp_path, monkeypatch):
    monkeypatch.setattr(colorizer_run, "TRIALS", 1)
    monkeypatch.setattr(colorizer_run, "kept_stills", lambda stills: list(stills)[:6])
    for steps in (1, 2):
        recipe = tmp_path / "recipe.toml"
        recipe.write_text(
            f'kind = "colorizer"\ncrop = [{CROP}, {CROP}]\nbatch = 2\nsteps = {steps}\nmeasure_every = 1\n'
            'samples = 2\nsave_every = 1\nheld_clips = ["second"]\n'
        )
        colorizer_run.run(recipe, data, tmp_path / "out", cache=tmp_path / "cache", machine=Machine())
    rows = list(csv.DictReader((tmp_path / "out/held_out.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["1", "2"]
    assert all(float(row["net"]) > 10 for row in rows)
