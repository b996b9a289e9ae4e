"""The published networks' training: synthetic references, pairs, losses, recipes, and runs that are taken up again."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor.color import lab_to_rgb, rgb_to_lab  # noqa: E402
from vidcolor.errors import InputError, SettingsError  # noqa: E402
from vidcolor.research.metrics.histograms import ab_histogram, his  # noqa: E402
from vidcolor.research.networks.vgg_encoder import VggConfig, VggEncoder  # noqa: E402
from vidcolor.research.training.kinds import kind_of  # noqa: E402
from vidcolor.research.training.machine import Machine  # noqa: E402
from vidcolor.research.training.published import color_losses, exemplar_run, pairs, synthetic, unet_run  # noqa: E402
from vidcolor.research.training.published.batches import collated, draw_batch, held_batches  # noqa: E402
from vidcolor.research.training.published.encoders import fill_encoders, teacher_vgg19  # noqa: E402
from vidcolor.research.training.published.lists import Entry, PairList  # noqa: E402
from vidcolor.research.training.published.perceptual import Distance  # noqa: E402
from vidcolor.research.training.published.recipes import (  # noqa: E402
    ExemplarRecipe,
    Phase,
    UNetRecipe,
    load_diffusion_recipe,
    load_exemplar_recipe,
    load_unet_recipe,
)

CONFIGS = sorted((Path(__file__).parents[3] / "configs/train").glob("1*.toml"))
LOADERS = {"unet": load_unet_recipe, "exemplar": load_exemplar_recipe, "diffusion": load_diffusion_recipe}
TINY = {
    "crop": 32,
    "batch": 2,
    "rate": 3e-3,
    "widths": (4, 6, 8),
    "encoder": "random",
    "held": 2,
    "log_every": 1,
    "save_every": 2,
    "measure_every": 2,
}


def painted(seed, size=(40, 56)):
    """R'G'B' bytes: a coloured disc on a coloured ground, textured."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    disc = np.hypot(y - size[0] / 2, x - size[1] / 2) < size[0] / 2.6
    texture = cv2.resize(rng.uniform(0.5, 1.0, (9, 9)), size[::-1])[..., None]
    ground, colour = np.array([60, 110, 220]), np.array([220, 120, 40])
    return (texture * np.where(disc[..., None], colour, ground)).astype(np.uint8), disc


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """Ten pictures of one look, two held out; each with its disc as an object with a mask."""
    folder = tmp_path_factory.mktemp("set")
    (folder / "masks").mkdir()
    scenes, objects = [], []
    for k in range(10):
        rgb, disc = painted(k)
        cv2.imwrite(str(folder / f"{k}.png"), rgb[..., ::-1])
        cv2.imwrite(str(folder / f"masks/{k}.png"), disc.astype(np.uint8) * 255)
        others = tuple((k + j) % 8 for j in range(1, 5))
        scenes.append(Entry(f"{k}.png", k > 7, others))
        objects.append(
            Entry(f"{k}.png", k > 7, others, others[:3], "disc", (13, 5, 30, 30), float(disc.mean()), f"masks/{k}.png")
        )
    return PairList(folder, folder, None, tuple(scenes), tuple(objects))


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def lab_of(rgb):
    return rgb_to_lab(np.ascontiguousarray(rgb.transpose(2, 0, 1)) / np.float32(255))


def test_a_thin_plate_takes_its_knots_along_and_leaves_affine_moves_straight():
    rng = np.random.default_rng(0)
    knots, moved = rng.uniform(size=(9, 2)), rng.uniform(size=(9, 2))
    np.testing.assert_allclose(synthetic.thin_plate(knots, moved, knots), moved, atol=1e-6)
    turn, points = np.array([[0.9, -0.3], [0.2, 1.1]]), rng.uniform(size=(20, 2))
    found = synthetic.thin_plate(knots, knots @ turn + 0.1, points)
    np.testing.assert_allclose(found, points @ turn + 0.1, atol=1e-6)


def test_synthetic_references_hang_on_their_seed_and_keep_the_colours():
    lab = lab_of(painted(1)[0])
    for make in (
        synthetic.changed_look,
        lambda x, r: synthetic.fetched(x, synthetic.bent_places(x.shape[1:], r)),
    ):
        one, again, other = (make(lab, np.random.default_rng(s)) for s in (3, 3, 4))
        assert np.array_equal(one, again)
        assert not np.array_equal(one, other)
        assert one.shape == lab.shape
        assert one.dtype == np.float32
        assert np.abs(one - lab).max() > 5
        assert his(ab_histogram(one.astype(float)), ab_histogram(lab.astype(float))) < 0.5
    assert np.array_equal(synthetic.changed_look(lab, np.random.default_rng(3))[1:], lab[1:])


def test_shares_of_references_are_drawn_as_told(listed):
    shares = pairs.Shares(own=0.25, ranked=0.5, changed=0.25)
    source = pairs.Pairs(listed, pairs.Choice(32, "scenes", levels=0, shares=shares))
    kinds = [source.draw(np.random.default_rng([1, k])).kind for k in range(200)]
    for kind, share in shares.all().items():
        assert kinds.count(kind) / 200 == pytest.approx(share, abs=0.09)
    with pytest.raises(InputError, match="together 1"):
        pairs.Shares(own=0.5)


def test_pairs_are_what_their_kind_says(listed):
    source = pairs.Pairs(listed, pairs.Choice(32, "objects", masks=True))
    table, entry = source.rows[0]
    for kind in ("own", "ranked", "drawn", "changed", "bent"):
        one, again = (source.pair(table, entry, kind, np.random.default_rng(5)) for _ in range(2))
        assert np.array_equal(one.target.lab, again.target.lab)
        assert np.array_equal(one.reference.lab, again.reference.lab)
        assert one.target.lab.shape == (3, 32, 32)
        assert one.target.mask.dtype == bool
        assert np.array_equal(one.target.lab, one.reference.lab) == (kind == "own")
        assert np.array_equal(one.target.lab[1:], one.reference.lab[1:]) == (kind in ("own", "changed"))
        # The mask goes with its picture: inside is orange (b* high), outside blue.
        for view in (one.target, one.reference):
            assert view.lab[2][view.mask].mean() > view.lab[2][~view.mask].mean() + 50


def test_the_crop_of_a_masked_picture_keeps_its_object():
    rgb = np.zeros((40, 200, 3), np.uint8)
    mask = np.zeros((40, 200), bool)
    mask[:, 180:] = True
    for seed in range(8):
        assert pairs.cropped(rgb, mask, 32, np.random.default_rng(seed)).mask.any()
    assert pairs.cropped(rgb, mask, 32, None).mask.any()


def test_what_is_held_out_is_drawn_apart(listed):
    train, held = (pairs.Pairs(listed, pairs.Choice(32), held=h) for h in (False, True))
    assert (len(train.rows), len(held.rows)) == (16, 4)
    assert {e.picture for _, e in held.rows} == {"8.png", "9.png"}
    only = replace(listed, scenes=listed.scenes[:8])
    with pytest.raises(InputError, match="no scenes to draw from"):
        pairs.Pairs(only, pairs.Choice(32, "scenes"), held=True)
    assert len(held_batches(held, "ranked", 3)) == 3


def test_a_batch_carries_superpixels_and_regions_of_every_level(listed):
    source = pairs.Pairs(listed, pairs.Choice(32, "objects", masks=True, levels=3))
    batch, again = (draw_batch(source, 3, (1, 2)) for _ in range(2))
    assert torch.equal(batch.reference, again.reference)
    assert batch.target.shape == (3, 3, 32, 32)
    for k in range(3):
        side = -(-32 // 2**k)
        assert batch.superpixels.labels[k].shape == (3, side, side)
        assert torch.equal(batch.superpixels.labels[k], again.superpixels.labels[k])
        region = batch.regions[k]
        assert region.target.shape == (3, batch.superpixels.counts[k])
        assert region.reference.shape == (3, 1, batch.others.counts[k])
        assert set(region.target.unique().tolist()) == {-1, 0}
        # A superpixel's region is its pixels' place in the mask.
        for b in range(3):
            inside = batch.others.labels[k][b].unique()
            assert 0 < region.reference[b, 0, inside].float().mean() < 1
    plain = pairs.Pairs(listed, pairs.Choice(32, "scenes", levels=2))
    assert draw_batch(plain, 2, (1, 2)).regions is None
    pair = source.pair(*source.rows[0], "bent", np.random.default_rng(0))
    bare = replace(pair, reference=pairs.View(pair.reference.lab, np.zeros((32, 32), bool)))
    assert (collated([bare], 2).regions[0].target == -1).all()


def test_the_histogram_loss_is_the_figure_and_has_gradients():
    one, two = (lab_of(painted(s)[0])[1:] for s in (1, 2))
    one = one[::-1].copy()
    made = torch.from_numpy(one)[None].requires_grad_()
    np.testing.assert_allclose(
        color_losses.soft_histogram(made).detach().numpy()[0], ab_histogram(one.astype(float)), atol=1e-5
    )
    loss = color_losses.histogram_loss(made, torch.from_numpy(two)[None])
    true = his(ab_histogram(one.astype(float)), ab_histogram(two.astype(float)))
    assert float(loss.detach()) == pytest.approx(true, rel=0.02)
    loss.backward()
    assert made.grad.abs().max() > 0


def test_smooth_l1_is_quadratic_within_reach():
    zero, far = torch.zeros(1, 2, 3, 3), torch.full((1, 2, 3, 3), 55.0)
    assert float(color_losses.smooth_l1(far, zero)) == pytest.approx(0.125)
    assert float(color_losses.critic_loss(torch.tensor([1.0, 3.0]), torch.tensor([4.0]))) == 2


def test_lpips_with_gradients_is_the_metric(monkeypatch):
    """With random weights in both: the arithmetic alone is compared."""
    from random_networks import random_state

    from vidcolor.networks.pretrained import NetworkFacts, Weights
    from vidcolor.research.metrics.perceptual import build_lpips
    from vidcolor.research.training.published.perceptual import build_distance

    states = {name: random_state(name, whole=False) for name in ("vgg16", "vgg16_linear")}
    facts = NetworkFacts("random", Path("nowhere"), "", "", False)
    monkeypatch.setattr(Weights, "take", lambda self, name: (states[name], facts))
    first, second = (np.ascontiguousarray(painted(s, (32, 48))[0].transpose(2, 0, 1)) for s in (1, 2))
    expected = build_lpips([], "cpu")(first, second)
    made, true = (torch.from_numpy(x.astype(np.float32) / 255)[None] for x in (first, second))
    made.requires_grad_()
    found = build_distance("lpips", None)(made, true)
    # LPIPS rounds ImageNet's mean and deviation.
    assert float(found.detach()) == pytest.approx(expected, rel=0.02)
    found.sum().backward()
    assert made.grad.abs().max() > 0


def test_a_distance_of_equal_pictures_is_nothing():
    torch.manual_seed(0)
    distance = Distance(VggEncoder(VggConfig((4, 6), (1, 1))), [None, None])
    one, other = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    assert distance(one, one).abs().max() < 1e-6
    whole = distance(one, other)
    assert whole.min() > 0.01
    torch.testing.assert_close(whole, torch.cat([distance(one[k : k + 1], other[k : k + 1]) for k in range(2)]))
    dark = torch.zeros(1, 3, 16, 16, requires_grad=True)
    distance(dark, other[:1]).sum().backward()
    assert dark.grad.isfinite().all()


def test_weights_of_the_makers_see_what_torchvisions_see(tmp_path):
    """Blue, green, red of 0..255 less a mean, against (rgb - mean) / deviation: the same maps away from the edge."""
    from safetensors.torch import save_file

    from vidcolor.research.networks.lab import for_imagenet
    from vidcolor.research.training.teachers import VGG_FILE, VGG_MEAN

    torch.manual_seed(0)
    source = VggEncoder(VggConfig().first(3)).requires_grad_(False)
    weights = {name: value.half() for name, value in source.state_dict().items()}
    save_file(weights, tmp_path / VGG_FILE)
    state = teacher_vgg19(tmp_path)
    rgb = torch.rand(1, 3, 12, 12)
    theirs = rgb.flip(1) * 255 - torch.tensor(VGG_MEAN)[:, None, None]
    expected = torch.conv2d(theirs, weights["conv1_1.weight"].float(), weights["conv1_1.bias"].float())
    found = torch.conv2d(for_imagenet(rgb), state["conv1_1.weight"], state["conv1_1.bias"])
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=0.05)
    full = VggEncoder(VggConfig((64, 128, 256, 8), (2, 2, 4, 1))).requires_grad_(False)
    said = fill_encoders([full, None], "teacher", tmp_path, for_imagenet(torch.rand(1, 3, 16, 16)))
    assert "conv1_1 to conv3_4 of 9 convolutions filled" in said
    assert "none of 1" in fill_encoders([VggEncoder(VggConfig((4,), (1,)))], "random", None, torch.rand(1, 3, 8, 8))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.name)
def test_every_recipe_of_the_published_networks_loads(path):
    recipe = LOADERS[kind_of(path)](path)
    assert recipe.steps > 0
    assert recipe.hash != replace(recipe, seed=recipe.seed + 1).hash


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("unet", "step = 4", "no recipe entry 'step'"),
        ("unet", 'space = "hsv"', "space = 'hsv': there are rgb, yuv, lab, lab-to-rgb"),
        ("unet", "batch = 2.5", "batch = 2.5: int is needed"),
        ("unet", "betas = 3", "betas = 3: a list of float"),
        ("exemplar", 'network = "masked"\nattention = "bottleneck"', "an ablation of network 'exemplar'"),
        ("exemplar", "levels = 9", "9 levels with attention"),
        ("exemplar", "phases = 3", "phases are tables"),
        ("exemplar", "[[phases]]\nmasks = true", "steps"),
        ("exemplar", "[[phases]]\nsteps = 3\n[phases.shares]\nown = 2.0", "together 1"),
    ],
)
def test_recipes_that_do_not_fit_are_refused(tmp_path, kind, text, says):
    path = tmp_path / "wrong.toml"
    path.write_text(f'kind = "{kind}"\n{text}\n')
    with pytest.raises(SettingsError, match=rf"wrong\.toml: .*{says}"):
        LOADERS[kind](path)


def test_phases_follow_each_other(tmp_path):
    recipe = ExemplarRecipe(phases=(Phase(3, "scenes"), Phase(2, "objects", masks=True)))
    assert recipe.steps == 5
    assert [recipe.phase_at(s) for s in range(5)] == [0, 0, 0, 1, 1]
    assert recipe.choice(recipe.phases[1]).masks
    assert replace(recipe, attention="none").choice(recipe.phases[0]).levels == 0


MASKED_PHASES = (
    Phase(2, "scenes", 3, shares=pairs.Shares(0.0, 0.6, 0.0, 0.2, 0.2)),
    Phase(2, "objects", 3, True, pairs.Shares(0.0, 0.0, 0.75, 0.0, 0.25)),
)
EXEMPLARS = {
    "super": ExemplarRecipe(**TINY, levels=2, convolutions=1, lpips=0.0, phases=(Phase(4),)),
    "histogram": ExemplarRecipe(**TINY, levels=1, convolutions=1, lpips=0.0, histogram=0.1, phases=(Phase(4),)),
    "masked": ExemplarRecipe(**TINY, network="masked", levels=3, convolutions=1, lpips=0.0, phases=MASKED_PHASES),
}
UNETS = {
    "lab-to-rgb+l2": UNetRecipe(**TINY, space="lab-to-rgb", loss="l2", steps=4),
    "yuv+wgan": UNetRecipe(**TINY, space="yuv", loss="wgan+l2", critic_width=4, steps=4),
}


def _train(recipe, listed, folder, until=None):
    run = unet_run if isinstance(recipe, UNetRecipe) else exemplar_run
    run.train(recipe, listed, folder, until=until)
    return torch.load(folder / "state.pt", weights_only=True)


@pytest.mark.parametrize("name", [*EXEMPLARS, *UNETS])
def test_a_run_taken_up_again_is_the_same_run(listed, tmp_path, name):
    recipe = (EXEMPLARS | UNETS)[name]
    whole = _train(recipe, listed, tmp_path / "whole")
    # Killed after step 3: what was noted after the state of step 2 was saved is done again.
    _train(recipe, listed, tmp_path / "parts", until=3)
    parts = _train(recipe, listed, tmp_path / "parts")
    assert parts["step"] == recipe.steps == 4
    for key in ("net", "critic"):
        for weight, value in whole.get(key, {}).items():
            assert torch.equal(value, parts[key][weight]), weight
    for file in ("log.csv", "held_out.csv"):
        rows = [rows_of(tmp_path / run / file) for run in ("whole", "parts")]
        for one, two in zip(*rows, strict=True):
            assert {k: v for k, v in one.items() if k != "seconds"} == {k: v for k, v in two.items() if k != "seconds"}
    assert {p.name for p in (tmp_path / "parts").iterdir()} >= {"best.pt", "samples"}
    assert cv2.imread(str(tmp_path / "parts/samples/0000004.png")) is not None
    assert not list((tmp_path / "parts").glob("*.part"))


def test_losses_fall_and_held_out_pictures_gain_colour(listed, tmp_path):
    recipe = ExemplarRecipe(
        **{**TINY, "log_every": 10, "save_every": 60, "measure_every": 60, "batch": 4},
        levels=2,
        convolutions=1,
        lpips=0.0,
        temperature=0.1,
        phases=(Phase(60, "scenes", shares=pairs.Shares(0.0, 1.0)),),
    )
    exemplar_run.train(recipe, listed, tmp_path)
    losses = [float(row["smooth"]) for row in rows_of(tmp_path / "log.csv")]
    assert losses[-1] < 0.5 * losses[0]
    (figures,) = rows_of(tmp_path / "held_out.csv")
    assert float(figures["alike_psnr"]) > float(figures["alike_gray_psnr"]) + 3


@pytest.mark.parametrize("space", ["rgb", "yuv", "lab", "lab-to-rgb"])
@pytest.mark.parametrize("loss", ["l1", "l2", "lpips", "wgan+lpips"])
def test_every_space_goes_with_every_loss(listed, space, loss, monkeypatch):
    small = Distance(VggEncoder(VggConfig((4,), (1,))), [None])
    monkeypatch.setattr(unet_run, "build_distance", lambda kind, folder: small)
    work = unet_run.UNetWork(UNetRecipe(**TINY, space=space, loss=loss, critic_width=4, steps=1), listed, Machine())
    before = {name: value.clone() for name, value in work.net.state_dict().items()}
    found = work.step(work.draw(0), 0)
    assert all(np.isfinite(value) for value in found.values())
    assert {"critic", "penalty", "fooled"} <= set(found) or "wgan" not in loss
    changed = [name for name, value in work.net.named_parameters() if not torch.equal(value, before[name])]
    assert len(changed) == len(list(work.net.parameters()))
    assert work.chroma(work.held[0]).shape == (1, 2, 32, 32)


def test_the_right_answer_is_judged_right(listed):
    from vidcolor.research.training.published.judge import judged, sheet

    source = pairs.Pairs(listed, pairs.Choice(32, "scenes", levels=0), held=True)
    batches = held_batches(source, "ranked", 2)
    right = judged(lambda batch: batch.target[:, 1:], batches, None)
    assert right["psnr"] > 60
    assert right["dhis"] == pytest.approx(0, abs=1e-6)
    assert right["ciede2000"] < 0.01
    assert right["gray_psnr"] < 25
    assert right["gray_colorfulness"] == pytest.approx(0, abs=0.5)
    picture = sheet(lambda batch: batch.target[:, 1:], batches)
    assert picture.shape == (2 * 34, 4 * 34, 3)
    truth = lab_to_rgb(batches[0].target[0].numpy())[:, 0, 0]
    assert np.abs(picture[0, 2 * 34] / 255 - truth).max() < 0.01


def test_a_recipe_field_can_be_given_on_the_command_line(tmp_path):
    from vidcolor.research.training.kinds import with_changes

    path = tmp_path / "a.toml"
    path.write_text('# head\nkind = "unet"\nspace = "lab"\nsteps = 3\n\n[[phases]]\nsteps = 5\n')
    changed = with_changes(path, ["space=yuv", "rate=0.5", "steps=7"], tmp_path / "run")
    assert changed.read_text() == (
        '# head\nkind = "unet"\nspace = "yuv"\nsteps = 7\nrate = 0.5\n\n[[phases]]\nsteps = 5\n'
    )
    assert with_changes(path, [], tmp_path / "run") == path
    with pytest.raises(SettingsError, match="--set takes name=value, not 'space'"):
        with_changes(path, ["space"], tmp_path / "run")
    assert dataclasses.asdict(UNetRecipe())["space"] == "lab"
