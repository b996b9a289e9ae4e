"""Training with CUDA, as far as it can be tried without: tensors that have a device and no numbers find what is left on
the processor's side."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402

from vidcolor.networks.features_net import FeaturesConfig  # noqa: E402
from vidcolor.networks.weighing_net import WeighingConfig  # noqa: E402
from vidcolor.research.networks import lab  # noqa: E402
from vidcolor.research.networks.ours import FeaturesNet, WeighingNet  # noqa: E402
from vidcolor.research.training import loop, weighing, worn  # noqa: E402
from vidcolor.research.training.data import STILL_CAMERA, Batch  # noqa: E402
from vidcolor.research.training.held_out import carried  # noqa: E402
from vidcolor.research.training.on_device import Aims, Shelf, shown, taught  # noqa: E402
from vidcolor.research.training.recipe import Recipe  # noqa: E402
from vidcolor.research.training.views import draw_aim  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:CUDA is not available")  # autocast, which is then off
CUDA = torch.device("cuda")
CONFIG = FeaturesConfig(stem=4, widths=(8, 16, 16), blocks=(1, 1, 1), join=8, outputs=(6, 5, 4))


@pytest.fixture
def made():
    """Zeros on the device, of a shape and type."""
    lab._matrices.cache_clear()
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield lambda *shape, dtype=torch.float32: torch.zeros(shape, device="cuda", dtype=dtype)
    lab._matrices.cache_clear()  # what was kept here has no numbers


def test_the_features_losses_stay_on_the_device(made):
    with CUDA:
        student = loop.Student(FeaturesNet(CONFIG), 4, 4)
    pairs, stills, side = 4, 2, 16
    maps = [made(2, stills, 4, n, n, dtype=torch.float16) for n in (side, side // 2)]
    known = made(pairs, side, side, dtype=torch.bool)
    light, chroma, place = made(2 * pairs, 1, 64, 64), made(2, pairs, 2, side, side), made(pairs, side, side, 2)
    batch = Batch(light, chroma, place, known, *maps, stills)
    found = loop.losses_of(student, batch, Recipe(crop=64, queries=20), torch.Generator().manual_seed(0))
    assert {loss.device.type for loss in found.values()} == {"cuda"}


def test_guesses_are_weighed_on_the_device(made):
    with CUDA:
        net, features = (
            WeighingNet(WeighingConfig(("one", "two"), 1, 8, (16, 16, 16, 16), (6, 5, 4))),
            FeaturesNet(CONFIG),
        )
    answer = weighing.answer_of(
        net, features, made(2, 1, 32, 32), made(2, 2, 3, 32, 32), made(2, 2, 32, 32) + 3, made(2, 0, 32, 32)
    )
    assert answer.chroma.device.type == "cuda"
    assert {loss.device.type for loss in weighing.losses_of(answer, made(2, 2, 32, 32)).values()} == {"cuda"}


def test_pictures_are_seen_aged_and_matched_on_the_device(made):
    shelf = Shelf(made(8000, 3, dtype=torch.uint8), made(1, dtype=torch.long), torch.tensor([[80, 100]], device="cuda"))
    aims = Aims.of([draw_aim((80, 100), 64, STILL_CAMERA, np.random.default_rng(n)) for n in (0, 1)], 64, CUDA)
    which = made(2, dtype=torch.long)
    lightness, chroma = shown(shelf, which, aims)
    found = [lightness, chroma, taught(shelf, which, aims, 4, shelf.sizes[which]), aims.back(aims.places(4))]
    for name, draw in worn._DRAWS.items():
        if name != "grained":  # it needs the device's own generator
            drawn = draw(np.random.default_rng(0), 2, (64, 64))
            found.append(worn._DAMAGES[name](lightness, drawn, torch.Generator()))
    found.append(carried(made(8, 6, 6), made(8, 6, 6), np.zeros((2, 24, 24), np.float32)))
    assert {x.device.type for x in found} == {"cuda"}
