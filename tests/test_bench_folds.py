"""tools/bench.py folds: clips divided by source, variants measured by what never saw them, choices made honestly."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

import film
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import bench
from benchmark import compared, cross, trials, worker

from vidcolor.errors import InputError, SettingsError, WeightsError
from vidcolor.networks.features_net import FeaturesConfig
from vidcolor.propagate import by_flow
from vidcolor.research.networks.files import save_features
from vidcolor.research.networks.ours import FeaturesNet
from vidcolor.research.training.folds import load_folds

NAMES = ("one", "two", "three", "four")
SIZE = (48, 64)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips of six frames, two folds of two, and variants without networks."""
    root = tmp_path_factory.mktemp("folds")
    for seed, name in enumerate(NAMES):
        shot = film.TinyShot(seed, SIZE, range(6))
        (root / "clips" / name).mkdir(parents=True)
        for n in range(6):
            film.write_picture(root / "clips" / name / f"{n:05d}.png", shot.colors(n))
    (root / "folds.toml").write_text('[[fold]]\na = ["one"]\nb = ["two"]\n[[fold]]\nc = ["three", "four"]\n')
    (root / "draft.toml").write_text('preset = "draft"\n')
    (root / "plain.toml").write_text('preset = "draft"\nwithout = ["flow", "steady", "camera"]\n')
    (root / "same.toml").write_text('preset = "draft"\n')
    return root


def run(place: Path, *more: str, code: int = 0) -> dict[tuple[str, str], dict[str, str]]:
    """What clips.csv says, by variant and clip."""
    words = ["folds", str(place / "clips"), "--out", str(place / "out"), "--folds", str(place / "folds.toml")]
    today = ["--today", str(place / "draft.toml"), "--keys", "first"]
    assert bench.main([*words, *today, *more]) == code
    if code:
        return {}
    with (place / "out" / "clips.csv").open() as file:
        return {(row["variant"], row["clip"]): row for row in csv.DictReader(file)}


def test_variants_are_measured_fold_by_fold_and_only_what_changed_is_done_again(place, capsys):
    plain = ["--variant", str(place / "plain.toml"), "--choose", "chosen=today,plain"]
    made = run(place, *plain)
    said = capsys.readouterr().out
    assert said.count("CIEDE2000 ") >= 8
    assert {key for key in made if key[0] == "plain"} == {("plain", name) for name in NAMES}
    assert [made["today", name]["fold"] for name in NAMES] == ["0", "0", "1", "1"]
    assert {row["seen"] for row in made.values()} == {"no"}
    with (place / "out" / "folds.csv").open() as file:
        rows = {(r["figure"], r["variant"]): r for r in csv.DictReader(file)}
    for name in ("today", "plain"):
        psnr = [float(made[name, clip]["psnr"]) for clip in NAMES]
        assert float(rows["psnr", name]["mean"]) == pytest.approx(np.mean(psnr), abs=1e-3)
        assert float(rows["psnr", name][f"fold_{rows['psnr', name]['worst_fold']}"]) == pytest.approx(
            min(np.mean(psnr[:2]), np.mean(psnr[2:])), abs=1e-3
        )
    gap = float(rows["psnr", "plain"]["difference"])
    assert gap == pytest.approx(float(rows["psnr", "plain"]["mean"]) - float(rows["psnr", "today"]["mean"]), abs=1e-3)
    assert float(rows["psnr", "plain"]["low"]) <= gap <= float(rows["psnr", "plain"]["high"])
    page = (place / "out" / "folds.txt").read_text()
    assert "4 clips: 2 of fold 0, 2 of fold 1" in page
    assert "chosen" in page

    assert run(place, *plain) == made
    assert "CPU a frame" not in capsys.readouterr().out, "all was there"
    (place / "out/whole/runs/two--first--plain.json").write_text('{"clip": "t')
    (place / "out/under-way").mkdir()
    again = run(place, *plain)
    assert capsys.readouterr().out.count("CPU a frame") == 1, "half a record is none"
    timed = {"cpu_seconds_a_frame"}
    assert [{k: v for k, v in row.items() if k not in timed} for row in again.values()] == [
        {k: v for k, v in row.items() if k not in timed} for row in made.values()
    ]


def test_a_sample_is_of_every_fold_and_of_the_first_frames(place, capsys):
    made = run(place, "--clips", "2", "--frames", "4")
    assert sorted(row["fold"] for row in made.values()) == ["0", "1"]
    record = json.loads(next((place / "out/first-4/runs").iterdir()).read_text())
    assert record["made_of"]["frames"] == 4
    assert "2 clips: 1 of fold 0, 1 of fold 1; at most 4 frames of each" in capsys.readouterr().out


def test_a_variant_that_does_nothing_is_called_so(place, capsys):
    run(place, "--clips", "2", "--frames", "4", "--variant", str(place / "same.toml"))
    assert "same: CHANGED NOTHING" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "text", "message"),
    [
        ([], 'weights = "nowhere"', "no such folder"),
        ([], 'weight = "x"', "a variant has no weight"),
        (["--choose", "c=today,other"], "", "no variant other"),
        (["--only", "2"], "", "has folds 0 to 1"),
        (["--only", "1", "--choose", "c=today,wrong"], "", "no others to choose by"),
        (["--keys", "every:0"], "", "first, both or every:N"),
        (["--choose", "wrong=today"], "", "two rows are called wrong"),
    ],
)
def test_mistakes_are_told(words, text, message, place, capsys):
    (place / "wrong.toml").write_text(f'{text}\npreset = "draft"\n')
    run(place, "--variant", str(place / "wrong.toml"), *words, code=2)
    assert not (place / "out/under-way").exists(), "before any work"
    assert message in capsys.readouterr().err


def test_a_part_or_constant_that_there_is_not_is_told_of_its_variant(place):
    for text in ('without = ["wings"]', '[constants]\n"vidcolor.propagate.by_flow.WINGS" = 1'):
        (place / "odd.toml").write_text(f'preset = "draft"\n{text}\n')
        made = run(place, "--clips", "1", "--frames", "4", "--variant", str(place / "odd.toml"))
        (failed,) = (row["failed"] for (variant, _), row in made.items() if variant == "odd")
        assert "WINGS" in failed.upper()


def test_the_house_s_clips_are_divided_by_source_and_scene():
    folds = load_folds()
    sizes = [len(folds.clips(k)) for k in range(folds.count)]
    assert max(sizes) - min(sizes) <= 2
    assert folds.of("fresco_car-turn") == folds.of("tuneavideo_car-turn"), "one car"
    assert folds.of("udacity_road-a") == folds.of("udacity_road-b")
    with pytest.raises(InputError, match="in no fold; add it to its source"):
        folds.of("blackswan")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[fold]]\na = ["x"]\n[[fold]]\nb = ["x"]', "clip x is there twice"),
        ('[[fold]]\na = ["x"]\n[[fold]]\na = ["y"]', "source a is there twice"),
        ('[[fold]]\na = ["x"]', "two \\[\\[fold\\]\\] or more"),
        ('[[fold]]\na = "x"\n[[fold]]\nb = ["y"]', "each of lines"),
    ],
)
def test_divisions_that_would_not_keep_clips_apart_are_refused(text, message, tmp_path):
    (tmp_path / "folds.toml").write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_folds(tmp_path / "folds.toml")


def test_weights_say_what_they_saw(place, tmp_path):
    """A fold's network that was trained on the fold's own clip is not passed off as one that was not."""
    folds, house = load_folds(place / "folds.toml"), trials.House(sys.executable)
    net = FeaturesNet(FeaturesConfig(8, (8, 8, 8), (1, 1, 1), 8, (8, 8, 8)))
    for fold, clips in ((0, ["three", "four"]), (1, ["four"])):
        (tmp_path / f"w/fold-{fold}").mkdir(parents=True)
        save_features(tmp_path / f"w/fold-{fold}/features.safetensors", net, {"clips": clips})
    (tmp_path / "v.toml").write_text('weights = "w"\nset = []\n')
    variant = trials.load_variant(tmp_path / "v.toml")
    alone = [trials.Trial(variant, fold, house, tmp_path) for fold in (0, 1)]
    for trial in alone:
        trial.weights = {"features": trial.weights["features"]}
    seen = [alone[folds.of(name)].seen(place / "clips" / name, folds) for name in NAMES]
    assert seen == [False, False, False, True]
    assert alone[0].recipe() != alone[1].recipe(), "another fold, other weights"
    (tmp_path / "w/fold-1/features.safetensors").unlink()
    with pytest.raises(WeightsError, match="train fold 1"):
        trials.Trial(variant, 1, house, tmp_path)


def test_shipped_weights_saw_what_is_written(tmp_path):
    folds, house = load_folds(), trials.House(sys.executable)
    trial = trials.Trial(trials.Variant("today"), 0, house, tmp_path)
    asked = [("train", "camel"), ("train", "dog"), ("train2", "davis_lucia"), ("train2", "davis_surf")]
    saw = {f"{folder}/{name}": trial.seen(Path(folder) / name, folds) for folder, name in asked}
    assert saw == {
        "train/camel": True, "train/dog": False, "train2/davis_lucia": False, "train2/davis_surf": True,
    }  # fmt: skip


def found(variant: str, psnr: dict[str, float], *, seen: bool = False) -> list[compared.Found]:
    """Clips a0, a1, b0 ...: the letter is the fold."""
    return [
        compared.Found(variant, "first", clip, "ab".index(clip[0]), seen and clip == "a0", "",
                       {s.key: value for s in compared.SCORES}, {}, 1.0)
        for clip, value in psnr.items()
    ]  # fmt: skip


def test_the_choice_for_a_fold_is_made_by_the_others():
    """What is best in fold a is worst in b: choosing by oneself would have both bests, honestly it has both worsts."""
    one = found("one", {"a0": 9.0, "a1": 9.0, "b0": 1.0, "b1": 1.0})
    two = found("two", {"a0": 2.0, "a1": 2.0, "b0": 8.0, "b1": 8.0})
    chosen = cross.with_choice([*one, *two], "c", ["one", "two"])
    assert {f.clip: f.scores["psnr"] for f in chosen} == {"a0": 2.0, "a1": 2.0, "b0": 1.0, "b1": 1.0}
    assert {f.variant for f in chosen} == {"c"}


def test_differences_are_paired_and_clips_that_were_seen_are_counted_apart():
    today = found(trials.TODAY, {"a0": 10.0, "a1": 30.0, "b0": 20.0, "b1": 40.0}, seen=True)
    other = found("other", {"a0": 12.0, "a1": 30.5, "b0": 20.5, "b1": 39.0})
    made = {(r.score.key, r.subset): r for r in compared.rows([*today, *other]) if r.variant == "other"}
    whole, fair = made["psnr", "all"], made["psnr", "unseen"]
    assert (whole.gap, whole.worst_gap, whole.won, whole.clips) == (0.5, 1, 3, 4)
    assert whole.gaps == {0: 1.25, 1: -0.25}
    assert (fair.gap, fair.clips) == (0.0, 3)
    assert made["ciede2000", "all"].worst == 1, "less is better there"
    assert made["psnr", "all"].worst == 0
    assert whole.low < 0.5 < whole.high


def test_an_interval_holds_the_mean_as_often_as_it_says():
    random, held = np.random.default_rng(1), 0
    for _ in range(40):
        low, high = compared.interval(random.normal(0.3, 1, 60).tolist())
        held += low < 0.3 < high
    assert 35 <= held <= 40
    assert all(math.isnan(x) for x in compared.interval([1.0]))


def test_a_constant_is_set_wherever_it_is_used(monkeypatch):
    """In the module that has it, in those that took it from there, and as a function's default."""
    from vidcolor.networks import compare_places

    monkeypatch.setattr(compare_places, "CHOSEN", compare_places.CHOSEN)
    monkeypatch.setattr(compare_places.compare, "__kwdefaults__", dict(compare_places.compare.__kwdefaults__))
    worker.set_constant("vidcolor.networks.compare_places.CHOSEN", 5)
    assert compare_places.CHOSEN == compare_places.compare.__kwdefaults__["chosen"] == 5
    monkeypatch.setattr(by_flow, "FADE", by_flow.FADE)
    worker.set_constant("vidcolor.propagate.by_flow.FADE", 0.5)
    assert np.float32(0.5) == by_flow.FADE
    assert isinstance(by_flow.FADE, np.float32)
    with pytest.raises(InputError, match="write vidcolor.ROOM.FILE.NAME"):
        worker.set_constant("vidcolor.propagate.by_flow.WINGS", 1)
    with pytest.raises(InputError, match="does not fit"):
        worker.set_constant("vidcolor.propagate.by_flow.FADE", "high")


def test_clips_in_two_folders_or_in_no_fold_are_refused(place, tmp_path):
    folds = load_folds(place / "folds.toml")
    with pytest.raises(InputError, match="in two of the folders"):
        cross.chosen_clips([place / "clips", place / "clips"], folds, [0, 1], 0)
    (tmp_path / "five").mkdir()
    film.write_picture(tmp_path / "five/0.png", film.TinyShot(1, SIZE, range(1)).colors(0))
    with pytest.raises(InputError, match="five: in no fold"):
        cross.chosen_clips([tmp_path], folds, [0, 1], 0)
    assert cross.chosen_clips([place / "clips"], folds, [1], 1) == cross.chosen_clips([place / "clips"], folds, [1], 1)
