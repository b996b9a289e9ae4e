"""The training's parts: recipe, ageing, views, losses, and a run that is taken up where it stopped."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor.errors import InputError, SettingsError  # noqa: E402
from vidcolor.networks.features_net import FeaturesConfig  # noqa: E402
from vidcolor.research.networks.ours import FeaturesNet  # noqa: E402
from vidcolor.research.training import losses, views  # noqa: E402
from vidcolor.research.training.age import DAMAGES, age  # noqa: E402
from vidcolor.research.training.data import Clips, Stills, draw_batch  # noqa: E402
from vidcolor.research.training.held_out import Trial, carried_psnr, measure  # noqa: E402
from vidcolor.research.training.kinds import kind_of  # noqa: E402
from vidcolor.research.training.lessons import read_rgb  # noqa: E402
from vidcolor.research.training.loop import begin, drawn_here, one_step, train  # noqa: E402
from vidcolor.research.training.machine import Machine  # noqa: E402
from vidcolor.research.training.proposer_run import load_proposer_recipe  # noqa: E402
from vidcolor.research.training.recipe import Recipe, load_recipe  # noqa: E402
from vidcolor.research.training.weighing import load_weighing_recipe  # noqa: E402

CONFIGS = Path(__file__).parents[3] / "configs/train"
RECIPES = [p for p in sorted(CONFIGS.glob("*.toml")) if kind_of(p) == "features"]
TINY = FeaturesConfig(stem=4, widths=(8, 8, 8), blocks=(1, 1, 1), join=8, outputs=(6, 6, 6))
CHANNELS = (4, 4)


def smooth(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(H, W, 3) bytes without fine detail, so that a fetch half a pixel off shows little and one of two pixels does."""
    y, x = np.mgrid[:height, :width] / 40.0
    phases = np.random.default_rng(seed).uniform(0, 6, (3, 2))
    waves = [np.sin(x * (1 + k) + p) + np.cos(y * (1.5 + k) + q) for k, (p, q) in enumerate(phases)]
    return np.ascontiguousarray(np.stack(waves, -1) * 50 + 128).astype(np.uint8)


class MadeLessons:
    """Stands for Lessons: teachers that see the colours."""

    def of(self, still):
        rgb = smooth(80, 100, int(still.name))
        return rgb, *(np.repeat(rgb[::s, ::s].transpose(2, 0, 1)[:1], 4, 0).astype(np.float16) for s in (4, 16))


@pytest.fixture
def sources(tmp_path):
    """Made stills, and a clip on disk."""
    import cv2

    clip = tmp_path / "clip"
    clip.mkdir()
    for k in range(4):
        cv2.imwrite(str(clip / f"{k:05d}.webp"), np.roll(smooth(80, 100), 3 * k, 1))
    return Stills([Path("1"), Path("2"), Path("3")], 64, MadeLessons()), Clips([clip], 64)


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.name)
def test_every_features_recipe_loads(path):
    assert load_recipe(path).crop % 32 == 0


def test_a_recipe_refuses_what_it_does_not_know(tmp_path):
    file = tmp_path / "wrong.toml"
    for text, word in (("step = 4\n", "step"), ("[losses]\nvg = 1.0\n", "vg")):
        file.write_text(text)
        with pytest.raises(SettingsError, match=f"no recipe entry '{word}'"):
            load_recipe(file)


def test_entries_that_came_later_do_not_rename_recipes():
    """The shipped weights' heads name their recipes by these hashes; another value is another recipe."""
    recipe = Recipe()
    assert dataclasses.replace(recipe, clip_sets=("train",)).hash == recipe.hash
    assert dataclasses.replace(recipe, clip_sets=("train", "train2")).hash != recipe.hash
    from safetensors import safe_open

    from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, PROPOSER

    for name, load, weights in (
        ("01-features", load_recipe, FEATURES),
        ("02-colorizer", load_weighing_recipe, COLORIZER),
        ("04-propagator-again", load_weighing_recipe, PROPAGATOR),
        ("06-proposer-again", load_proposer_recipe, PROPOSER),
    ):
        with safe_open(weights, "np") as file:
            assert f'"{load(CONFIGS / f"{name}.toml").hash}"' == file.metadata()["recipe"]


def test_the_rate_rises_stays_and_falls():
    recipe = Recipe(steps=100, warm=10, decay=0.5, rate=1.0)
    assert [recipe.rate_at(s) for s in (0, 9, 50, 75, 100)] == pytest.approx([0.1, 1, 1, 0.5, 0])
    assert recipe.hash != dataclasses.replace(recipe, seed=2).hash


def test_ageing_hangs_on_its_generators_alone():
    clean = smooth(48, 64)[..., 0].astype(np.float32) / 2.55
    changed = 0
    for seed in range(40):
        one, two = (age(clean, *(np.random.default_rng([seed, k]) for k in (0, 1))) for _ in range(2))
        assert np.array_equal(one, two)
        assert one.dtype == np.float32
        assert one.shape == clean.shape
        assert one.min() >= 0
        assert one.max() <= 100
        changed += not np.array_equal(one, clean)
    assert 20 < changed < 40  # One picture in five stays clean.


@pytest.mark.parametrize("damage", [d for _, d in DAMAGES], ids=lambda d: d.__name__)
def test_every_damage_shows_and_leaves_the_picture_known(damage):
    clean = smooth(64, 64)[..., 1].astype(np.float32) / 255
    worn = damage(clean, np.random.default_rng(5))
    assert worn.dtype == np.float32
    assert np.abs(worn - clean).max() > 0.004
    assert np.corrcoef(worn.ravel(), clean.ravel())[0, 1] > 0.8


def test_a_print_has_one_look():
    """With the same look and other wear, two frames of one even gray are graded alike."""
    even = np.full((32, 32), 60, np.float32)
    means = [
        [age(even, np.random.default_rng(look), np.random.default_rng(wear)).mean() for wear in (1, 2, 3)]
        for look in range(12)
    ]
    assert np.std(means, axis=1).mean() < 0.5 * np.std(np.mean(means, axis=1))


def test_a_view_there_and_back():
    random = np.random.default_rng(0)
    camera = views.Camera((0.8, 1.2), 10.0, 5.0)
    view = views.draw_view((90, 120), 64, camera, random)
    points = random.uniform(0, 64, (5, 5, 2))
    np.testing.assert_allclose(view.back(view.of(points)), points, atol=1e-4)


def test_the_whole_picture_seen_straight_is_itself():
    rgb = smooth(64, 64)
    straight = views.View(np.eye(2), np.array([32.0, 32.0]), np.zeros((64, 64, 2), np.float32))
    lightness, chroma = views.fetched(rgb, straight)
    from vidcolor.color import rgb_to_lab

    luma = rgb.astype(np.float32) / 255 @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    np.testing.assert_allclose(lightness, rgb_to_lab(np.stack([luma] * 3))[0], atol=0.02)
    assert chroma.shape == (2, 16, 16)


def test_a_stills_places_are_true(sources):
    """The reference's chroma at the place of a target's place is the target's own."""
    stills, _ = sources
    for seed in range(4):
        pair = stills.draw(np.random.default_rng(seed))
        at = (torch.from_numpy(pair.place)[None] + 0.5) / pair.place.shape[0] * 2 - 1
        reference = torch.from_numpy(pair.chroma[0])[None]
        found = torch.nn.functional.grid_sample(reference, at, padding_mode="border", align_corners=False)[0].numpy()
        known = pair.known & (np.abs(at[0].numpy()) < 0.9).all(-1)
        wrong = np.abs(found - pair.chroma[1])[:, known].mean()
        shuffled = np.abs(pair.chroma[0] - pair.chroma[1])[:, known].mean()
        assert known.any()
        assert wrong < max(1.0, 0.35 * shuffled)


def test_samples_hang_on_their_seed_alone(sources):
    one, two, other = (draw_batch(*sources, (2, 1), (7, s)) for s in (0, 0, 1))
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        assert a == b if field.name == "stills" else torch.equal(a, b)
    assert not torch.equal(one.lightness, other.lightness)
    assert one.lightness.shape == (6, 1, 64, 64)
    assert one.vgg.shape == (2, 2, 4, 16, 16)


def test_place_loss_is_cross_entropy_shared_by_four():
    torch.manual_seed(0)
    alike, size = torch.randn(2, 3, 25, dtype=torch.float64), 5
    place = torch.tensor([[[1.25, 2.5], [0.0, 0.0], [4.0, 3.75]], [[-0.3, 1], [2, 4.4], [3.5, 3.5]]]).double()
    known = torch.tensor([[True, True, True], [True, False, True]])
    total, count = 0.0, 0
    for b in range(2):
        for q in range(3):
            if not known[b, q]:
                continue
            log = torch.log_softmax(alike[b, q], -1)
            x, y = place[b, q].clamp(0, 4).tolist()
            for v in range(5):
                for u in range(5):
                    total -= max(0, 1 - abs(x - u)) * max(0, 1 - abs(y - v)) * float(log[v * 5 + u])
            count += 1
    assert float(losses.place_loss(alike, place, size, known)) == pytest.approx(total / count, rel=1e-12)


def test_carry_loss_falls_to_nothing_where_matches_are_right():
    chroma = torch.randn(1, 2, 6) * 20
    known = torch.ones(1, 6, dtype=torch.bool)
    truth = chroma.transpose(1, 2)
    right, even = torch.eye(6)[None] * 100, torch.zeros(1, 6, 6)
    assert float(losses.carry_loss(right, chroma, truth, known)) < 1e-4
    assert float(losses.carry_loss(even, chroma, truth, known)) > 0.5
    assert float(losses.carry_loss(even, chroma, truth, ~known)) == 0


def test_likeness_is_the_cosine_over_the_temperature():
    maps = torch.nn.functional.normalize(torch.randn(2, 1, 4, 3, 3), dim=2)
    drawn = torch.tensor([[4, 0]])
    found = losses.likeness(maps[0], maps[1], drawn)
    assert float(found[0, 0, 7]) == pytest.approx(
        float(maps[1, 0, :, 1, 1] @ maps[0, 0, :, 2, 1]) / losses.CARRY_TEMPERATURE, rel=1e-5
    )


def made_trial() -> Trial:
    rgb = smooth(48, 64).astype(np.float32).transpose(2, 0, 1) / 255
    from vidcolor.color import rgb_to_lab

    lab = rgb_to_lab(np.ascontiguousarray(rgb))
    return Trial("made", (lab[0], lab[0]), (lab[0], lab[0]), lab[1:], lab[0], rgb)


def test_perfect_matches_carry_nearly_all_chroma():
    """A map that tells every place apart carries a frame's chroma to itself; an even map carries its mean."""
    test = made_trial()
    own = torch.eye(12 * 16).reshape(-1, 12, 16)
    even = torch.ones(1, 12, 16)
    assert carried_psnr(test, own, own) > 35
    assert carried_psnr(test, own, own) > carried_psnr(test, even, even) + 5
    figures = measure(lambda _: [own[None], even[None]], [test])
    assert list(figures) == ["clean0", "clean1", "aged0", "aged1"]
    assert figures["clean0"] == figures["aged0"]


def run_of(sources, folder, steps, until=None):
    recipe = Recipe(crop=64, stills=2, clips=2, steps=steps, warm=1, measure_every=2, save_every=1, queries=20)
    torch.manual_seed(0)
    run = begin(recipe, FeaturesNet(TINY), CHANNELS, Machine())
    train(recipe, run, drawn_here(recipe, sources, Machine()), [made_trial()], folder, until=until)
    return run


def test_a_run_taken_up_again_is_the_same_run(sources, tmp_path):
    whole = run_of(sources, tmp_path / "whole", 3)
    run_of(sources, tmp_path / "parts", 3, until=1)
    parts = run_of(sources, tmp_path / "parts", 3)
    for name, value in whole.whole.state_dict().items():
        assert torch.equal(value, parts.whole.state_dict()[name]), name
    for name, value in whole.average.values.items():
        assert torch.equal(value, parts.average.values[name]), name
    assert (tmp_path / "parts/best.pt").exists()
    assert not list((tmp_path / "parts").glob("*.part"))
    steps = [line.split(",")[0] for line in (tmp_path / "parts/held_out.csv").read_text().splitlines()]
    assert steps == ["step", "2", "3"]


def test_losses_fall_on_what_is_seen_again(sources):
    recipe = Recipe(crop=64, stills=2, clips=2, steps=40, warm=1, rate=3e-3, queries=64)
    torch.manual_seed(0)
    machine = Machine()
    step = one_step(recipe, begin(recipe, FeaturesNet(TINY), CHANNELS, machine), machine)
    batches = drawn_here(recipe, sources, machine)(0)
    first, *_, last = (step(batches, number) for number in range(16))
    assert last["vgg"] < first["vgg"]
    assert last["place"] < first["place"]


def test_pictures_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "bad.webp").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"bad\.webp: no picture that can be read"):
        read_rgb(tmp_path / "bad.webp")
