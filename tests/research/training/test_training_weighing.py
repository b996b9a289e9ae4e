"""training/weighing.py and propagator_data.py: what propagation guesses is recorded, and learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import film
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from vidcolor.color import lab_to_rgb  # noqa: E402
from vidcolor.confidence import ABSENT  # noqa: E402
from vidcolor.errors import SettingsError  # noqa: E402
from vidcolor.networks.features import NetworkFeatures  # noqa: E402
from vidcolor.networks.features_net import FeaturesConfig  # noqa: E402
from vidcolor.networks.propagator import CARRIERS, CLAIMS, SIGNALS, SLOTS, Propagator  # noqa: E402
from vidcolor.networks.shipped import PROPAGATOR  # noqa: E402
from vidcolor.networks.weighing_net import WeighingConfig  # noqa: E402
from vidcolor.research.networks.files import load_weighing, save_features  # noqa: E402
from vidcolor.research.networks.ours import FeaturesNet, WeighingNet  # noqa: E402
from vidcolor.research.training import propagator_run  # noqa: E402
from vidcolor.research.training.machine import Machine  # noqa: E402
from vidcolor.research.training.propagator_data import PLAYS, Play, Recorded, record, record_scenes, sample_of  # noqa: E402
from vidcolor.research.training.weighing import (  # noqa: E402
    Sample,
    WeighingRecipe,
    begin,
    load_weighing_recipe,
    measure,
    train,
    without,
)

TINY = FeaturesConfig(stem=4, widths=(8, 16, 16), blocks=(1, 1, 1), join=8, outputs=(6, 5, 4))
SMALL = WeighingConfig(("one", "two"), 1, 8, (16, 16, 16, 16), (6, 5, 4))
RECIPE = WeighingRecipe(crop=(32, 32), batch=4, steps=6, measure_every=3, save_every=3, average=0.5)


class Made:
    """Samples in which the second guess is right, and nothing says so but its place."""

    def draw(self, random: np.random.Generator) -> Sample:
        truth = random.normal(0, 20, (2, 1, 1)).astype(np.float32) + np.zeros((2, 32, 32), np.float32)
        wrong = random.normal(0, 20, (2, 1, 1)).astype(np.float32) + np.zeros((2, 32, 32), np.float32)
        signal = np.zeros((1, 32, 32), np.float32)
        evidence = np.stack([np.concatenate([wrong, signal]), np.concatenate([truth, signal])])
        light = random.uniform(0, 100, (32, 32)).astype(np.float32)
        return Sample(light, evidence, np.full((2, 32, 32), 5, np.float32), truth)


def trained(folder: Path, recipe: WeighingRecipe = RECIPE) -> WeighingNet:
    torch.manual_seed(5)
    features = FeaturesNet(TINY)
    run = begin(recipe, WeighingNet(SMALL))
    train(recipe, run, features, Made(), [Made().draw(np.random.default_rng(1))], folder)
    return run.net


def test_it_learns_whom_to_believe(tmp_path):
    recipe = WeighingRecipe(crop=(32, 32), batch=4, steps=40, warm=5, measure_every=20, save_every=40, average=0.5)
    net = trained(tmp_path, recipe)
    torch.manual_seed(5)
    features = FeaturesNet(TINY)
    trials = [Made().draw(np.random.default_rng(k)) for k in range(5)]
    figures = measure(net.eval(), features, trials)
    assert figures["net"] > figures["rule"] + 3


def test_a_run_that_is_taken_up_ends_as_one_that_never_stopped(tmp_path):
    whole = trained(tmp_path / "whole")
    first = tmp_path / "parts"
    torch.manual_seed(5)
    features = FeaturesNet(TINY)
    run = begin(RECIPE, WeighingNet(SMALL))
    train(RECIPE, run, features, Made(), [Made().draw(np.random.default_rng(1))], first, until=3)
    parts = trained(first)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], value, rtol=1e-4, atol=1e-6)


def test_recipes_are_read_and_strange_entries_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('kind = "propagator"\ncrop = [64, 96]\n[losses]\nown = 0.5\n')
    recipe = load_weighing_recipe(path)
    assert recipe.crop == (64, 96)
    assert recipe.losses.own == 0.5
    assert recipe.hash != WeighingRecipe().hash
    path.write_text("stepz = 3\n")
    with pytest.raises(SettingsError, match="stepz"):
        load_weighing_recipe(path)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    """A made film of 9 frames, recorded with two keyframes and with one."""
    folder = tmp_path_factory.mktemp("recordings")
    clip = folder / "made"
    clip.mkdir()
    for n, lab in enumerate(film.make_film((64, 96), (9,)).lab):
        picture = np.rint(np.clip(lab_to_rgb(lab), 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        cv2.imwrite(str(clip / f"{n:05d}.webp"), picture[..., ::-1])
    torch.manual_seed(0)
    save_features(folder / "f.safetensors", FeaturesNet(TINY), {})
    network = Propagator(NetworkFeatures(folder / "f.safetensors"), None)
    for play in (Play("both", 1, (0.0, 1.0), kept=5), PLAYS[0]):
        record(clip, play, network, folder)
    return folder


def test_recordings_hold_the_truth_and_every_guess(recordings):
    array = np.load(recordings / "made-both.npy")
    assert array.shape == (5, 3 + len(CARRIERS) * (3 + SIGNALS) + CLAIMS, 64, 96)
    sample = sample_of(array[2].astype(np.float32))
    apart = np.hypot(*(sample.evidence[SLOTS.index("before"), :2] - sample.truth)).mean()
    assert apart < np.hypot(*sample.truth).mean() / 3
    assert (sample.error < ABSENT).all()
    stamp = (recordings / "made-both.npy").stat().st_mtime_ns
    network = Propagator(NetworkFeatures(recordings / "f.safetensors"), None)
    record(recordings / "made", Play("both", 1, (0.0,)), network, recordings)
    first = sample_of(np.load(recordings / "made-first.npy")[0].astype(np.float32))
    assert (first.error[SLOTS.index("behind")] == ABSENT).all()
    assert (recordings / "made-both.npy").stat().st_mtime_ns == stamp


def test_scenes_are_recorded_once_whether_of_people_or_of_pieces(recordings, tmp_path):
    random = np.random.default_rng(1)
    people = tmp_path / "images" / "one.jpg"
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(people), random.integers(0, 255, (60, 40, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "masks" / "one.png"), np.full((60, 40), 255, np.uint8))
    stills = sorted((recordings / "made").glob("*.webp"))[:2]
    network = Propagator(NetworkFeatures(recordings / "f.safetensors"), None)
    for path in (tmp_path / "scenes-0.npy", tmp_path / "scenes-1.npy"):
        record_scenes(stills, [people], network, path)
        array = np.load(path)
        assert array.shape == (6, 3 + len(CARRIERS) * (3 + SIGNALS) + CLAIMS, 192, 256)
        assert np.isfinite(array).all()
        stamp = path.stat().st_mtime_ns
        record_scenes(stills, [people], network, path)
        assert path.stat().st_mtime_ns == stamp
    assert not np.array_equal(array, np.load(tmp_path / "scenes-0.npy")), "each file is other scenes"


def test_drawn_samples_hang_on_their_seed_alone_and_vary(recordings):
    source = Recorded([recordings / "made-both.npy"], (48, 64))
    one, same, other = (source.draw(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert all(np.array_equal(getattr(one, n), getattr(same, n)) for n in ("lightness", "evidence", "error", "truth"))
    assert not np.array_equal(one.truth, other.truth)
    assert one.evidence.shape == (len(SLOTS), 2 + SIGNALS, 48, 64)
    assert len(source.whole(2)) == 2


def test_claims_go_with_the_colours_that_they_are_about(recordings):
    source = Recorded([recordings / "made-first.npy"], (48, 64))  # one keyframe: all is carried from before
    sides = set()
    for seed in range(12):
        one = source.draw(np.random.default_rng(seed))
        there = (one.error[:2] < ABSENT).all((1, 2))
        said = one.claims.reshape(2, -1, 48, 64).any((1, 2, 3))
        assert np.array_equal(there, said)
        sides.add(tuple(there))
    assert {(True, False), (False, True)} <= sides, "played backward, it comes from behind"


def test_what_hears_claims_is_trained_alone_and_changes_nothing_at_first(tmp_path):
    torch.manual_seed(3)
    config = WeighingConfig(("one", "two"), 1, 8, (16, 16, 16, 16), (6, 5, 4), claims=2)
    deaf = WeighingNet(replace(config, claims=0))
    net = WeighingNet(config)
    propagator_run.hear(net, deaf)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert all(torch.equal(before[name], value) for name, value in deaf.state_dict().items())
    sample = Made().draw(np.random.default_rng(1))
    heard = replace(sample, claims=np.ones((2, 32, 32), np.float32))
    drawn = SimpleNamespace(draw=lambda random: heard)
    recipe = replace(RECIPE, late=True)
    train(recipe, begin(recipe, net), FeaturesNet(TINY), drawn, [heard], tmp_path)
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("late.") for name in changed)


def test_slots_can_be_emptied():
    sample = without(Made().draw(np.random.default_rng(0)), [1])
    assert (sample.error[1] == ABSENT).all()
    assert not sample.evidence[1].any()
    assert sample.error[0].max() < ABSENT


def test_a_run_goes_on_from_the_packages_weights_after_a_short_recording(recordings, tmp_path):
    for name in ("seen", "held", "neither"):
        (tmp_path / "clips" / "train" / name).mkdir(parents=True)
        for file in (recordings / "made").glob("*.webp"):
            for turn in range(2):  # 18 frames, so that six are left of every third
                (tmp_path / "clips" / "train" / name / f"{turn}{file.name}").write_bytes(file.read_bytes())
    recipe = tmp_path / "again.toml"
    recipe.write_text(
        'kind = "propagator"\ngoes_on = true\nshort = true\nsteps = 1\nrate = 1e-9\nbatch = 2\ncrop = [32, 32]\n'
        'measure_every = 1\nheld_clips = ["held"]\nleft_out = ["neither"]\n'
    )
    propagator_run.run(recipe, tmp_path, tmp_path / "run", cache=tmp_path / "cache", machine=Machine())
    plays = {"seen-fast", "seen-ends", "seen-aged", "seen-first", "held-trial"}
    assert {file.stem for file in (tmp_path / "cache").glob("*.npy")} == plays
    kept = torch.load(tmp_path / "run" / "state.pt", weights_only=True)["average"]
    shipped = load_weighing(PROPAGATOR).state_dict()
    assert all(torch.allclose(kept[name], shipped[name], atol=1e-4) for name in shipped)
