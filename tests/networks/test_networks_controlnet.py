"""networks/controlnet.py, with the true pipelines on tiny random models: words, hints and seeds count; no downloads."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import no_stand_ins  # noqa: F401  before diffusers looks for Matplotlib
import numpy as np
import pytest

pytest.importorskip("diffusers", reason="vidcolor[diffusion] is not installed")
pytest.importorskip("transformers", reason="vidcolor[diffusion] is not installed")

from made_diffusion import LIGHT, control, save_large_models, unet
from safetensors.torch import load_file, save_file

from vidcolor.errors import SettingsError, VidcolorError, WeightsError
from vidcolor.networks.controlnet import ControlNet
from vidcolor.networks.drawing import Wish, Wished, drawn_size
from vidcolor.settings import DiffusionSettings

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("offline")]
SETTINGS = DiffusionSettings(base="base", controlnet="control", steps=2, side=64)
RED = Wish("a red coat", "gray")


@pytest.fixture(scope="module")
def net(models) -> ControlNet:
    return ControlNet(SETTINGS, models, "cpu")


def drawn(net: ControlNet, wish: Wish = RED, hints: np.ndarray | None = None, seed: int = 7, number: int = 1):
    return next(Wished(net, wish).each(LIGHT, hints, seed, [number]))


def test_seed_number_words_and_lightness_say_what_is_drawn(net):
    one = drawn(net)
    assert one.shape == (2, 64, 128)
    assert np.isfinite(one).all()
    assert np.array_equal(one, drawn(net)), "the same again"
    for other in (drawn(net, seed=8), drawn(net, number=2), drawn(net, Wish("a blue coat", "gray"))):
        assert np.abs(other - one).max() > 0.1
    assert np.abs(drawn(net, Wish("a red coat")) - one).max() > 0.01, "what it should not be counts"
    inverse = next(Wished(net, RED).each(100 - LIGHT, None, 7, [1]))
    assert np.abs(inverse - one).max() > 0.1, "the ControlNet sees the frame"


def test_hints_are_laid_over_what_is_drawn_where_they_are(net):
    hints = np.zeros((3, *LIGHT.shape), np.float32)
    hints[:, :, :30] = np.array([1, 40, 30], np.float32)[:, None, None]
    change = np.abs(drawn(net, hints=hints) - drawn(net)).max(0)
    assert change[:, :32].mean() > 1.3 * change[:, 96:].mean(), "most where they are, as far as the VAE keeps places"
    hints[:] = np.array([1, 40, 30], np.float32)[:, None, None]
    blue = drawn(net, Wish("a blue coat"), hints)
    np.testing.assert_allclose(drawn(net, hints=hints), blue, atol=1e-3)
    hints[1:] *= -1
    assert np.abs(drawn(net, hints=hints) - blue).max() > 1, "words have no say there, the colour has"


@pytest.mark.parametrize("sampler", ["dpm", "euler", "lcm"])
def test_every_sampler_draws(models, sampler):
    fast = ControlNet(replace(SETTINGS, sampler=sampler, guidance=1.0), models, "cpu")
    assert np.isfinite(drawn(fast)).all()
    assert np.array_equal(drawn(fast), drawn(fast))


def test_the_large_kind_draws_and_a_control_net_of_another_base_is_refused(models):
    save_large_models(models)
    large = replace(SETTINGS, base="large", controlnet="large-control")
    assert drawn(ControlNet(large, models, "cpu")).shape == (2, 64, 128)
    for base, other in (("large", "control"), ("base", "large-control")):
        with pytest.raises(WeightsError, match="another base model"):
            ControlNet(replace(SETTINGS, base=base, controlnet=other), models, "cpu")


def test_a_control_net_of_one_file_needs_its_description_and_then_is_the_same(net, models, tmp_path):
    one = tmp_path / "one.safetensors"
    shutil.copy(models / "control/diffusion_pytorch_model.safetensors", one)
    with pytest.raises(SettingsError, match=r"one\.safetensors.*diffusion\.config"):
        ControlNet(replace(SETTINGS, controlnet=str(one)), models, "cpu")
    config = tmp_path / "config"
    (config / "controlnet").mkdir(parents=True)
    shutil.copy(models / "control/config.json", config / "controlnet")
    again = ControlNet(replace(SETTINGS, controlnet=str(one), config=str(config)), models, "cpu")
    np.testing.assert_allclose(drawn(again), drawn(net), atol=1e-3)


def test_a_single_file_that_is_no_base_model_is_refused_in_one_line(models, tmp_path):
    one = shutil.copy(models / "control/diffusion_pytorch_model.safetensors", tmp_path / "one.safetensors")
    shutil.copytree(models / "base", tmp_path / "config")
    shutil.copytree(models / "control", tmp_path / "config/controlnet")
    with pytest.raises(WeightsError, match=r"one\.safetensors: no Stable Diffusion") as told:
        ControlNet(replace(SETTINGS, base=str(one), config=str(tmp_path / "config")), models, "cpu")
    assert "\n" not in str(told.value)


def test_half_precision_alone_is_found(models, tmp_path):
    work = Path(shutil.copytree(models, tmp_path / "half"))
    for file in work.glob("control/*.safetensors"):
        file.rename(file.with_name("diffusion_pytorch_model.fp16.safetensors"))
    assert np.isfinite(drawn(ControlNet(SETTINGS, work, "cpu"))).all()


def _cut(folder: Path) -> None:
    file = folder / "control/diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def _lacks(folder: Path) -> None:
    file = folder / "base/unet/diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    weights.pop("conv_in.weight")
    save_file(weights, file)


def _no_words(folder: Path) -> None:
    index = json.loads((folder / "base/model_index.json").read_text())
    index["text_encoder"] = [None, None]
    (folder / "base/model_index.json").write_text(json.dumps(index))


def _strange(folder: Path) -> None:
    index = json.loads((folder / "base/model_index.json").read_text())
    index["vae"] = ["antigravity", "AutoencoderKL"]
    (folder / "base/model_index.json").write_text(json.dumps(index))


def _no_index(folder: Path) -> None:
    (folder / "base/model_index.json").write_text("{")


def _swapped(folder: Path) -> None:
    shutil.rmtree(folder / "control")
    control(unet(24)).save_pretrained(folder / "control")


def _other_words(folder: Path) -> None:
    net = unet(24)
    net.save_pretrained(folder / "base/unet")
    control(net).save_pretrained(folder / "control")


def _fills_holes(folder: Path) -> None:
    net = unet(in_channels=9)
    net.save_pretrained(folder / "base/unet")
    control(net).save_pretrained(folder / "control")


def _not_there(folder: Path) -> None:
    shutil.rmtree(folder / "control")


def _wordless(folder: Path) -> None:
    shutil.rmtree(folder / "base/tokenizer")


def _empty_words(folder: Path) -> None:
    for file in (folder / "base/tokenizer").iterdir():
        file.unlink()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_cut, "control"),
        (_wordless, r"tokenizer: no such folder, though model_index\.json names it"),
        (_empty_words, "base: its tokenizer is damaged|base: no Stable Diffusion"),
        (_lacks, "lacks weights"),
        (_no_words, "no text_encoder"),
        (_strange, "antigravity"),
        (_no_index, "model_index.json"),
        (_swapped, "another base model"),
        (_other_words, "U-Net reads 24"),
        (_fills_holes, "inpainting"),
        (_not_there, "no such folder"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(models, tmp_path, harm, says):
    work = Path(shutil.copytree(models, tmp_path / "work"))
    harm(work)
    with pytest.raises(VidcolorError, match=says) as told:
        ControlNet(SETTINGS, work, "cpu")
    assert "\n" not in str(told.value)


def test_nothing_set_is_told(models):
    with pytest.raises(SettingsError, match=r"diffusion\.controlnet is not set"):
        ControlNet(replace(SETTINGS, controlnet=""), models, "cpu")


def test_more_steps_than_a_model_has_are_refused(models):
    many = ControlNet(replace(SETTINGS, sampler="lcm", steps=1000), models, "cpu")
    with pytest.raises(VidcolorError, match="fewer"):
        drawn(many)


def test_what_is_drawn_is_bounded():
    assert drawn_size((1080, 1920), 512) == (512, 896)
    assert drawn_size((8000, 100), 512) == (1536, 512)
    assert drawn_size((48, 64), 64) == (64, 64)
