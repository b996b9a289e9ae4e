"""training/on_device.py and worn.py against data.py and age.py: the same pictures, views, places and damages."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor.research.training import views, worn  # noqa: E402
from vidcolor.research.training.age import CLEAN, DAMAGES  # noqa: E402
from vidcolor.research.training.data import STILL_CAMERA  # noqa: E402
from vidcolor.research.training.machine import Machine  # noqa: E402
from vidcolor.research.training.on_device import Aims, Kept, Shelf, drawn_on, kept_on, shown  # noqa: E402
from vidcolor.research.training.recipe import Recipe  # noqa: E402

CPU = torch.device("cpu")
CROP = 64


def smooth(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(H, W, 3) bytes without fine detail."""
    coarse = np.random.default_rng(seed).uniform(30, 220, (height // 12, width // 12, 3)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def look(rgb: np.ndarray) -> list:
    """Teachers that see the colours."""
    planes = torch.from_numpy(rgb.astype(np.float32)).permute(2, 0, 1) + 1
    return [planes[:, ::4, ::4].half(), planes[:, ::16, ::16].half()]


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """Four stills of two sizes, a clip of five frames and one thinned to every third frame."""
    root = tmp_path_factory.mktemp("pictures")
    for n, size in enumerate([(80, 100), (110, 72), (80, 100), (96, 96)]):
        cv2.imwrite(str(root / f"{n}.webp"), smooth(*size, n))
    for name, count, gap in (("one", 5, 1), ("two", 4, 3)):
        (root / name).mkdir()
        for n in range(count):
            cv2.imwrite(str(root / name / f"{n * gap:05d}.webp"), np.roll(smooth(80, 120, 9), n * gap, 1))
    return kept_on(Machine(readers=2), sorted(root.glob("*.webp")), [root / "one", root / "two"], look)


def test_places_are_those_of_the_views():
    random = np.random.default_rng(3)
    for _ in range(4):
        state = random.bit_generator.state
        aim = views.draw_aim((90, 120), CROP, STILL_CAMERA, random, bend=5.0)
        random.bit_generator.state = state
        view = views.draw_view((90, 120), CROP, STILL_CAMERA, random, bend=5.0)
        for step in (1, 4):
            found = Aims.of([aim], CROP, CPU).places(step)[0].numpy()
            np.testing.assert_allclose(found, view.of(views.grid(CROP // step, step)), atol=0.02)


def test_what_is_shown_is_what_was_fetched():
    pictures = [smooth(80, 100, 1), smooth(110, 72, 2)]
    shelf = Shelf.of((torch.from_numpy(p).permute(2, 0, 1) for p in pictures), CPU)
    for n, rgb in enumerate(pictures):
        random = np.random.default_rng(n)
        aim = views.draw_aim(rgb.shape[:2], CROP, STILL_CAMERA, random, bend=3.0)
        view = views.View(aim.matrix, aim.centre, cv2.resize(aim.knots, (CROP, CROP), interpolation=cv2.INTER_CUBIC))
        lightness, chroma = shown(shelf, torch.tensor([n]), Aims.of([aim], CROP, CPU))
        true_lightness, true_chroma = views.fetched(rgb, view)
        assert np.abs(lightness[0].numpy() - true_lightness).max() < 0.5
        assert np.abs(chroma[0].numpy() - true_chroma).max() < 1.0
        assert true_lightness.std() > 3, "a difference would show"


def test_mirrored_views_are_views_of_the_mirrored_picture():
    rgb = smooth(80, 100, 4)
    aim = views.draw_aim((80, 100), CROP, STILL_CAMERA, np.random.default_rng(0))
    there, mirrored = (Shelf.of([torch.from_numpy(p.copy()).permute(2, 0, 1)], CPU) for p in (rgb, rgb[:, ::-1]))
    one = shown(there, torch.tensor([0]), Aims.of([aim], CROP, CPU, [100]))
    two = shown(mirrored, torch.tensor([0]), Aims.of([aim], CROP, CPU))
    torch.testing.assert_close(one[0], two[0], rtol=0, atol=0.01)


def test_batches_hang_on_seed_and_step_alone(kept):
    recipe, machine = Recipe(crop=CROP, stills=4, clips=4, seed=7), Machine()
    draw = drawn_on(recipe, kept, machine)
    one, same, other = draw(5), draw(5), draw(6)
    assert len(one) == machine.shards == 2
    for field in dataclasses.fields(one[0]):
        a, b = getattr(one[0], field.name), getattr(same[0], field.name)
        assert a == b if field.name == "stills" else torch.equal(a, b)
    assert not torch.equal(one[0].lightness, other[0].lightness)
    assert not torch.equal(one[0].lightness, one[1].lightness)
    assert one[0].lightness.shape == (8, 1, CROP, CROP)
    assert one[0].chroma.shape == (2, 4, 2, 16, 16)
    assert one[0].vgg.shape == (2, 2, 3, 16, 16)
    assert one[0].resnet.shape == (2, 2, 3, 8, 8)
    assert 0 <= float(one[0].lightness.min()) <= float(one[0].lightness.max()) <= 100


def test_a_stills_places_are_true_and_its_teachers_at_them(kept):
    """The reference's chroma, and what the teacher sees, at the place of a target's place are the target's own."""
    (batch,) = [drawn_on(Recipe(crop=CROP, stills=16, clips=2, seed=s), kept, Machine())(0)[0] for s in (1,)]
    stills = batch.stills
    at = (batch.place[:stills] + 0.5) / batch.place.shape[1] * 2 - 1
    known = batch.known[:stills] & (at.abs() < 0.9).all(-1)
    assert known.any()
    for maps in (batch.chroma[:, :stills], batch.vgg.float()):
        found = torch.nn.functional.grid_sample(maps[0], at, padding_mode="border", align_corners=False)
        wrong, shuffled = ((a - maps[1]).abs().mean(1)[known].mean() for a in (found, maps[0]))
        assert wrong < 0.35 * shuffled
    assert batch.known[stills:].all()


def test_thinned_clips_go_no_further_than_whole_ones(kept, monkeypatch):
    from vidcolor.research.training import on_device

    assert [gap for _, _, gap in kept.clips] == [1, 3]
    monkeypatch.setattr(on_device, "FARTHEST", 3)
    ends, _, _ = on_device._of_clips(kept, 60, CROP, np.random.default_rng(0), CPU)
    apart = {(int(a) >= 5): set() for a in ends[0]}
    for a, b in zip(*(e.tolist() for e in ends), strict=True):
        apart[a >= 5].add(abs(a - b))
    assert apart == {False: {1, 2, 3}, True: {1}}


@pytest.mark.parametrize("damage", [d for _, d in DAMAGES], ids=lambda d: d.__name__)
def test_damages_are_those_of_one_picture(damage):
    """As strong, on the mean over many draws, as age.py's; what was there stays known."""
    texture = np.random.default_rng(0).normal(0, 0.04, (CROP, CROP))
    clean = (smooth(CROP, CROP, 3)[..., 1] / 255 + texture).clip(0, 1).astype(np.float32)
    name, count = damage.__name__.lstrip("_"), 60
    strength = np.mean([np.abs(damage(clean, np.random.default_rng(k)) - clean).mean() for k in range(count)])
    many = torch.from_numpy(clean).expand(count, -1, -1)
    drawn = worn._DRAWS[name](np.random.default_rng(1), count, (CROP, CROP))
    found = worn._DAMAGES[name](many.clone(), drawn, torch.Generator().manual_seed(0)).numpy()
    assert np.abs(found - clean).mean() == pytest.approx(strength, rel=0.3)
    assert np.median([np.corrcoef(f.ravel(), clean.ravel())[0, 1] for f in found]) > 0.8


def test_compressed_is_what_opencv_keeps_of_a_jpeg():
    picture = smooth(CROP, CROP, 5)[..., 1]
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 12, picture.shape), 0, 255).astype(np.uint8)
    for quality in (15, 50, 70):
        data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        true = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32)
        here = torch.from_numpy(noisy.astype(np.float32) / 255)[None]
        found = worn._compressed(here, {"quality": np.array([quality])}, torch.Generator())[0].numpy() * 255
        assert np.abs(found - true).mean() < 0.5
        assert np.abs(true - noisy).mean() > 3


def test_prints_are_shared_and_some_stay_clean():
    """A print's look is shared (an even gray is graded alike), its wear is not; a fifth of the prints stay clean."""
    even, count = torch.full((200, 32, 32), 60.0), 200
    same = np.arange(count)
    same[1::2] = same[::2]
    one, again = (worn.worn(even, np.random.default_rng(4), torch.Generator().manual_seed(4), same) for _ in range(2))
    assert torch.equal(one, again)
    means = one.mean((1, 2)).numpy()
    assert np.abs(means[::2] - means[1::2]).mean() < 0.3 * np.abs(means[::2] - np.roll(means[::2], 1)).mean()
    clean = (one == 60).all(2).all(1).numpy()
    assert (clean[::2] == clean[1::2]).all()
    assert clean.mean() == pytest.approx(CLEAN, abs=0.12)
    assert not torch.equal(one[~clean][0], one[~clean][1])
