"""networks/diffcolor.py on tiny random models: both stages tune, words and hints count, what is kept is taken up."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import no_stand_ins  # noqa: F401  before diffusers looks for Matplotlib
import numpy as np
import pytest

pytest.importorskip("diffusers", reason="vidcolor[diffusion] is not installed")
pytest.importorskip("transformers", reason="vidcolor[diffusion] is not installed")

import torch
from made_diffusion import LIGHT, save_large_models

from vidcolor.errors import DeviceError, SettingsError, VidcolorError, WeightsError
from vidcolor.networks import diffcolor, diffcolor_tuning
from vidcolor.networks.diffcolor import DiffColor
from vidcolor.networks.diffcolor_kept import Kept, State
from vidcolor.networks.diffcolor_tuning import COLOR, EMBEDDING, MODEL
from vidcolor.networks.drawing import Wish, Wished, gray_of
from vidcolor.settings import DiffusionSettings

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("offline")]
SETTINGS = DiffusionSettings(
    base="base", clip="clip", steps=2, side=64, color_steps=3, embedding_steps=3, model_steps=2, guidance=3.0
)
USUAL = "a photograph"
RED = Wish("a red coat", "gray", USUAL)


SQUARE = np.ascontiguousarray(LIGHT[:, :60])


@pytest.fixture(scope="module", autouse=True)
def few_strides():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffcolor_tuning, "STRIDES", 3)
        yield


class Told:
    """Keeps what is told while a model is tuned, and stops it where it was asked to."""

    def __init__(self, stop: int = 0) -> None:
        self.done: list[int] = []
        self.stop = stop

    def __call__(self, work: str, done: int, total: int) -> None:
        assert work == "tune"
        self.done.append(done)
        if done == self.stop:
            raise KeyboardInterrupt


def made(
    models: Path, folder: Path, told: Told | None = None, settings: DiffusionSettings = SETTINGS, room: float = 1.0
):
    return DiffColor(settings, models, "cpu", Kept(folder, room, "here"), told or Told())


def drawn(net: DiffColor, wish: Wish = RED, hints: np.ndarray | None = None, seed: int = 7, light: np.ndarray = SQUARE):
    return next(Wished(net, wish).each(light, hints, seed, [1]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def net(models: Path, folder: Path) -> DiffColor:
    return made(models, folder)


def test_seed_words_hints_and_lightness_say_what_is_drawn(net):
    one = drawn(net)
    assert one.shape == (2, 64, 64)
    assert np.isfinite(one).all()
    assert np.array_equal(one, drawn(net)), "the same again"
    hints = np.zeros((3, *SQUARE.shape), np.float32)
    hints[:, :, :30] = np.array([1, 40, 30], np.float32)[:, None, None]
    wishes = (
        Wish("a blue coat", "gray", USUAL),
        Wish("a red coat", "blue", USUAL),
        Wish("a red coat", "gray", "a dog"),
    )
    others = [*(drawn(net, wish) for wish in wishes), drawn(net, hints=hints), drawn(net, seed=8)]
    others.append(drawn(net, light=100 - SQUARE))
    for other in others:
        assert np.abs(other - one).max() > 0.01
    assert np.array_equal(one, drawn(net)), "nothing of the other frames' and words' tuning stays"


def test_other_words_of_the_line_need_no_tuning_and_what_is_kept_is_found_by_the_next_run(models, net, folder):
    before = drawn(net, Wish("a green coat", "gray", USUAL))
    told = Told()
    again = made(models, folder, told)
    assert np.array_equal(drawn(again, Wish("a green coat", "gray", USUAL)), before)
    assert told.done == []
    drawn(again, Wish("a green coat", "gray", "a cat"))
    assert told.done == list(range(1, 9)), "steps of all phases; what the frame usually shows is what tunes"


@pytest.mark.parametrize("stop", [2, 5, 7])
def test_a_run_that_was_stopped_goes_on_and_ends_in_the_same_bytes(models, net, tmp_path, monkeypatch, stop):
    monkeypatch.setattr(diffcolor_tuning, "EVERY", 1)
    with pytest.raises(KeyboardInterrupt):
        drawn(made(models, tmp_path, Told(stop)))
    told = Told()
    assert np.array_equal(drawn(made(models, tmp_path, told)), drawn(net))
    assert told.done == list(range(stop + 1, 9)), "only what was left"


def test_what_is_kept_and_damaged_is_made_again(models, net, tmp_path):
    drawn(made(models, tmp_path))
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    data[-20] ^= 1
    for harm in (bytes(data), bytes(data[:-100]), b"", b"x" * 100):
        file.write_bytes(harm)
        told = Told()
        assert np.array_equal(drawn(made(models, tmp_path, told)), drawn(net))
        assert told.done, "tuned again"


def test_tuned_models_beyond_their_room_go_the_longest_unused_first(models, tmp_path):
    small = replace(SETTINGS, color_steps=0, embedding_steps=0, model_steps=0, tuned="attention")
    net = made(models, tmp_path, settings=small)
    drawn(net)
    (first,) = tmp_path.iterdir()
    room = 2.5 * first.stat().st_size / (1 << 30)
    net = made(models, tmp_path, settings=small, room=room)
    drawn(net, Wish("x", "", "b"))
    (second,) = set(tmp_path.iterdir()) - {first}
    drawn(net)
    drawn(net, Wish("x", "", "c"))
    assert first.exists()
    assert not second.exists()


def test_each_stage_lowers_its_loss(models, tmp_path, monkeypatch):
    """On one frame: CLIP finds it more like the words; the picture is drawn better by words, then by the model too."""
    net = made(models, tmp_path, settings=replace(SETTINGS, color_steps=15, embedding_steps=20, model_steps=15))
    tuning, states = net._tuning, []
    monkeypatch.setattr(diffcolor_tuning, "RATES", {COLOR: 3e-3, EMBEDDING: 3e-2, MODEL: 3e-3})
    light = np.ascontiguousarray(np.tile(SQUARE, (2, 2))[:64, :64])
    gray = tuning._seen(gray_of(light))
    liked = tuning._features_of_words((USUAL, *diffcolor_tuning.UNWANTED))
    tuning.run(light, USUAL, None, states.append, Told())
    colored, worded, whole = states
    picture = colored.numbers["picture"]

    def loss(state: State, phase: int) -> float:
        text, randoms = tuning.load(state), [np.random.default_rng([9, k]) for k in range(6)]
        with torch.no_grad():
            if phase == COLOR:
                return float(np.mean([float(tuning._color_loss(r, gray, text, liked)) for r in randoms]))
            return float(np.mean([float(tuning._loss(r, picture, text)) for r in randoms]))

    assert loss(colored, COLOR) < 0.95 * loss(tuning.start(gray, USUAL), COLOR)
    assert float((picture - gray).abs().max()) > 0.01, "no more the gray frame"
    assert loss(worded, EMBEDDING) < loss(colored, EMBEDDING)
    assert loss(whole, MODEL) < 0.95 * loss(worded, MODEL)
    names = [name for name in whole.numbers if "." in name]
    moved = [
        max(float((now.numbers[n] - before.numbers[n]).abs().max()) for n in names) for before, now in pairwise(states)
    ]
    assert moved[0] == 0, "while words are fitted the model rests"
    assert moved[1] > 0


def test_attention_alone_is_tuned_where_that_is_asked(models, tmp_path):
    net = made(models, tmp_path, settings=replace(SETTINGS, tuned="attention"))
    drawn(net)
    from safetensors.torch import load_file

    (file,) = tmp_path.iterdir()
    names = set(load_file(file)) - {"text", "picture"}
    assert names
    assert all(".attn2." in name for name in names)


def _no_clip(folder: Path) -> None:
    shutil.rmtree(folder / "clip")


def _half_clip(folder: Path) -> None:
    file = folder / "clip/model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def _other_clip(folder: Path) -> None:
    shutil.rmtree(folder / "clip")
    shutil.copytree(folder / "base/text_encoder", folder / "clip")


def _half_base(folder: Path) -> None:
    file = folder / "base/unet/diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def _guesses_pictures(folder: Path) -> None:
    file = folder / "base/scheduler/scheduler_config.json"
    file.write_text(file.read_text().replace('"epsilon"', '"sample"'))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_no_clip, "diffusion.clip"),
        (_half_clip, "clip"),
        (_other_clip, "clip"),
        (_half_base, "unet"),
        (_guesses_pictures, "neither noise nor v"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(models, tmp_path, harm, says):
    work = Path(shutil.copytree(models, tmp_path / "work"))
    harm(work)
    with pytest.raises(VidcolorError, match=says) as told:
        made(work, tmp_path / "kept")
    assert "\n" not in str(told.value)


def test_the_large_kind_nothing_set_and_too_little_memory_are_refused(models, tmp_path, monkeypatch):
    save_large_models(models)
    with pytest.raises(WeightsError, match="not XL"):
        made(models, tmp_path, settings=replace(SETTINGS, base="large"))
    with pytest.raises(SettingsError, match=r"diffusion\.clip is not set"):
        made(models, tmp_path, settings=replace(SETTINGS, clip=""))
    monkeypatch.setattr(diffcolor, "free_memory", lambda: 1 << 20)
    with pytest.raises(DeviceError, match=r"diffusion\.tuned=attention"):
        made(models, tmp_path)
    with pytest.raises(DeviceError, match=r"diffusion\.side=32"):
        made(models, tmp_path, settings=replace(SETTINGS, tuned="attention"))
