"""Stable Diffusion, ControlNet and CLIP, read from the user's folders and files; nothing is ever fetched.

`local_files_only` alone does not keep diffusers from the network: of a single file it fetches what is in it all the
same, so that a folder that says so (`diffusion.config`) must be given. What a model lacks diffusers fills with random
numbers and a warning; here that is refused.
Nothing in a file is executed: pickled ones (.ckpt, .bin, .pth) both libraries read with `weights_only=True`.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import SettingsError, WeightsError
from vidcolor.settings import DiffusionSettings
from vidcolor.weights import UNREADABLE, first_line, hash_file, library

INSTALL = "run pip install 'vidcolor[diffusion]'"
INDEX = "model_index.json"
LIBRARIES = ("diffusers", "transformers", None)
"""Whose classes a model may be made of; of others code would be imported."""
UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
SAMPLERS = {
    "ddim": "DDIMScheduler",
    "dpm": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "lcm": "LCMScheduler",
}
FEWEST_WORDS = 256
"""Of a tokenizer: letters at least."""
WEIGHTS = (".safetensors", ".ckpt", ".bin", ".pth")


@dataclass(frozen=True, slots=True)
class Models:
    """What was read."""

    pipe: Any
    """diffusers' pipeline of base model and, where one was asked for, ControlNet"""
    name: str
    """`controlnet-1a2b3c4d5e6f base-...`: by what is in the files"""

    @property
    def parameters(self) -> int:
        """Numbers of all networks."""
        nets = [part for part in self.pipe.components.values() if hasattr(part, "parameters")]
        return sum(value.numel() for part in nets for value in part.parameters())


@dataclass(frozen=True, slots=True)
class Eye:
    """A CLIP model: says how alike a picture and words are."""

    net: Any
    tokenizer: Any
    name: str


def read_models(settings: DiffusionSettings, root: Path, *, shown: bool = True) -> Models:
    """The models that the settings name, relative to `root`, on the processor in float32.

    shown  whether the base model is shown the frame, by a ControlNet
    Refuses missing extras, places that are not there, other and damaged files, and pairs of different base models.
    """
    diffusers = library("diffusers", INSTALL)
    library("transformers", INSTALL)
    places = {name: _place(settings, name, root) for name in (("base", "controlnet") if shown else ("base",))}
    config = _place(settings, "config", root) if settings.config else None
    for one in places.values():
        if config is None and one.is_file():
            raise SettingsError(
                f"{one}: a single file does not say what is in it; "
                "give the folder of its model's configuration with --set diffusion.config=FOLDER"
            )
    with quiet():
        net = None
        if shown:
            net = _network(diffusers.ControlNetModel, places["controlnet"], "", config and config / "controlnet")
        pipe = _pipeline(diffusers, places["base"], config, net)
    sampler = getattr(diffusers, SAMPLERS[settings.sampler])
    pipe.scheduler = sampler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return Models(pipe, " ".join(f"{name}-{_mark(places[name])}" for name in sorted(places, reverse=True)))


def read_eye(settings: DiffusionSettings, root: Path) -> Eye:
    """The CLIP model that `diffusion.clip` names, relative to `root`, on the processor in float32.

    Refuses what `read_models` refuses.
    """
    transformers = library("transformers", INSTALL)
    place = _place(settings, "clip", root)
    if place.is_file():
        raise SettingsError(f"{place}: diffusion.clip is one file; name the folder that transformers saves")
    with quiet(), _refused(place, "no CLIP model that transformers reads"):
        net, info = transformers.CLIPModel.from_pretrained(place, local_files_only=True, output_loading_info=True)
        _refuse_gaps(place, info)
        tokenizer = transformers.CLIPTokenizer.from_pretrained(place, local_files_only=True)
    if not _fits(tokenizer, net.config.text_config):
        raise WeightsError(f"{place}: its tokenizer is damaged, or of another model; fetch the model again")
    return Eye(net.eval(), tokenizer, f"clip-{_mark(place)}")


def _place(settings: DiffusionSettings, name: str, root: Path) -> Path:
    written = getattr(settings, name)
    if not written:
        raise SettingsError(f"diffusion.{name} is not set; give your model's folder with --set diffusion.{name}=FOLDER")
    place = root / Path(written).expanduser()
    if not place.exists():
        raise WeightsError(f"{place}: no such folder or file; set diffusion.{name} to where your model is")
    return place


def _pipeline(diffusers: Any, base: Path, config: Path | None, net: Any) -> Any:
    """The pipeline for a base model, of its own kind."""
    about = base if base.is_dir() else config
    assert about is not None, "a single file comes with a config"
    index = _index(about)
    for part in ("text_encoder", "tokenizer"):
        if not index.get(part) or None in index[part]:
            raise WeightsError(f"{about}: has no {part}, so that no prompt can be read; give a whole model")
    for part, told in index.items():  # of a tokenizer that is not there transformers makes an empty one
        if isinstance(told, list) and told[0] and part not in UNUSED and not (about / part).is_dir():
            raise WeightsError(f"{about / part}: no such folder, though {INDEX} names it; fetch the model again")
    large = "XL" if "XL" in str(index.get("_class_name")) else ""
    kind = getattr(diffusers, f"StableDiffusion{large}{'ControlNet' if net else ''}Pipeline")
    none = {"feature_extractor": None} | ({} if large else {"safety_checker": None, "requires_safety_checker": False})
    shown = {"controlnet": net} if net else {}
    with _refused(base, "no Stable Diffusion that diffusers reads"):
        if base.is_file():
            pipe = kind.from_single_file(str(base), config=str(config), local_files_only=True, **shown, **none)
        else:
            nets = {
                "unet": _network(diffusers.UNet2DConditionModel, base, "unet"),
                "vae": _network(diffusers.AutoencoderKL, base, "vae"),
            }
            pipe = kind.from_pretrained(
                str(base), local_files_only=True, low_cpu_mem_usage=False, **shown, **nets, **none
            )
    _refuse_strangers(pipe, base)
    return pipe


def _refuse_strangers(pipe: Any, base: Path) -> None:
    """A U-Net reads its own text encoder and VAE; a ControlNet is a copy of a part of it: their sizes are alike."""
    told, seen = pipe.unet.config.cross_attention_dim, pipe.unet.config.in_channels
    read = sum(part.config.hidden_size for name, part in pipe.components.items() if name.startswith("text_encoder"))
    if told != read:
        raise WeightsError(
            f"{base}: its U-Net reads {told} numbers a word, its text encoder writes {read}; fetch it again"
        )
    for number in ("", "_2"):
        words, reads = pipe.components.get(f"tokenizer{number}"), pipe.components.get(f"text_encoder{number}")
        if words and reads and not _fits(words, reads.config):
            raise WeightsError(f"{base}: its tokenizer{number} is damaged, or of another model; fetch the model again")
    if seen != pipe.vae.config.latent_channels:
        raise WeightsError(
            f"{base}: its U-Net takes {seen} channels, its VAE gives {pipe.vae.config.latent_channels}: "
            "no model that draws from words alone (one for inpainting?); give another"
        )
    if not hasattr(pipe, "controlnet"):
        return
    for size in ("cross_attention_dim", "block_out_channels", "addition_embed_type"):
        ours, its = (getattr(part.config, size, None) for part in (pipe.controlnet, pipe.unet))
        if ours != its:
            raise WeightsError(
                f"{base}: the ControlNet was made for another base model ({size} {ours}, here {its}); "
                "give a ControlNet for this one"
            )


def _fits(tokenizer: Any, text: Any) -> bool:
    """Whether a text encoder of this config reads all that a tokenizer writes, and it knows words."""
    known, longest = len(tokenizer), tokenizer.model_max_length
    return bool(FEWEST_WORDS <= known <= text.vocab_size and longest <= text.max_position_embeddings)


def _network(kind: Any, place: Path, part: str, config: Path | None = None) -> Any:
    """One network of a folder, or of a single file; whole, or refused."""
    folder = place / part if part else place
    info = {}
    with _refused(folder, f"no {kind.__name__} that diffusers reads"):
        if place.is_file():
            net = kind.from_single_file(str(place), config=str(config), local_files_only=True)
        else:
            half = {"variant": "fp16"} if _only_half(folder) else {}
            net, info = kind.from_pretrained(
                str(folder), local_files_only=True, low_cpu_mem_usage=False, output_loading_info=True, **half
            )
    _refuse_gaps(folder, info)
    return net


def _refuse_gaps(place: Path, info: Mapping[str, Any]) -> None:
    """Refuses what a library found to lack weights."""
    if info.get("missing_keys"):
        raise WeightsError(f"{place}: lacks weights ({min(info['missing_keys'])} ...); fetch the model again")


def _only_half(folder: Path) -> bool:
    """Whether a folder holds weights in half precision alone."""
    names = [file.name for file in folder.glob("*.safetensors")]
    return bool(names) and all(".fp16." in name for name in names)


def _index(folder: Path) -> Mapping[str, Any]:
    """What a model's folder says of its parts."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder}: no readable {INDEX}; give a folder as diffusers saves it") from error
    parts = {name: told for name, told in index.items() if isinstance(told, list)} if isinstance(index, dict) else {}
    for name, told in parts.items():
        if name not in UNUSED and (len(told) != 2 or told[0] not in LIBRARIES):
            raise WeightsError(f"{folder / INDEX}: {name} is of {told[0]!r:.40}, not of diffusers or transformers")
    if "unet" not in parts or "vae" not in parts:
        raise WeightsError(f"{folder / INDEX}: not a Stable Diffusion model; give a folder with unet and vae")
    return dict(index)


@contextmanager
def _refused(place: Path, what: str) -> Iterator[None]:
    """Errors of diffusers as one of ours."""
    alone = library("diffusers.loaders.single_file_utils", INSTALL).SingleFileComponentError
    kinds = (*UNREADABLE, ImportError, library("safetensors", INSTALL).SafetensorError, alone)
    try:
        yield
    except kinds as error:
        raise WeightsError(f"{place}: {what} ({first_line(error)[:120]}); fetch the model again") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Libraries say what matters in what they raise, not on the terminal."""
    logs = [library(f"{name}.utils.logging", INSTALL) for name in ("diffusers", "transformers")]
    before = [log.get_verbosity() for log in logs]
    for log in logs:
        log.set_verbosity_error()
        log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, before, strict=True):
            log.set_verbosity(level)


def _mark(place: Path) -> str:
    """12 letters that name what is in a file, or in a folder's weights and descriptions."""
    if place.is_file():
        return hash_file(place)[:12]
    files = sorted(p for p in place.rglob("*") if p.is_file() and p.suffix in (".json", ".txt", *WEIGHTS))
    files = [p for p in files if p.relative_to(place).parts[0] not in UNUSED]
    told = "\n".join(f"{p.relative_to(place).as_posix()} {hash_file(p)}" for p in files)
    return hashlib.sha256(told.encode()).hexdigest()[:12]
