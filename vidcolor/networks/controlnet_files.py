"""Stable Diffusion and ControlNet, read from the user's folders and files by diffusers; nothing is ever fetched.

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
WEIGHTS = (".safetensors", ".ckpt", ".bin", ".pth")


@dataclass(frozen=True, slots=True)
class Models:
    """What was read."""

    pipe: Any
    """diffusers' pipeline of base model and ControlNet"""
    name: str
    """`controlnet-1a2b3c4d5e6f base-...`: by what is in the files"""
    parameters: int
    """Of all networks"""


def read_models(settings: DiffusionSettings, root: Path) -> Models:
    """The models that the settings name, relative to `root`, on the processor in float32.

    Refuses missing extras, places that are not there, other and damaged files, and pairs of different base models.
    """
    diffusers = library("diffusers", INSTALL)
    library("transformers", INSTALL)
    base, control = (_place(settings, name, root) for name in ("base", "controlnet"))
    config = _place(settings, "config", root) if settings.config else None
    if config is None and (base.is_file() or control.is_file()):
        one = base if base.is_file() else control
        raise SettingsError(
            f"{one}: a single file does not say what is in it; "
            "give the folder of its model's configuration with --set diffusion.config=FOLDER"
        )
    with _quiet(diffusers):
        net = _network(diffusers.ControlNetModel, control, "", config and config / "controlnet")
        pipe = _pipeline(diffusers, base, config, net)
    sampler = getattr(diffusers, SAMPLERS[settings.sampler])
    pipe.scheduler = sampler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    nets = [part for part in pipe.components.values() if hasattr(part, "parameters")]
    name = f"controlnet-{_mark(control)} base-{_mark(base)}"
    return Models(pipe, name, sum(value.numel() for part in nets for value in part.parameters()))


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
    large = "XL" in str(index.get("_class_name"))
    kind = diffusers.StableDiffusionXLControlNetPipeline if large else diffusers.StableDiffusionControlNetPipeline
    none = {"feature_extractor": None} | ({} if large else {"safety_checker": None, "requires_safety_checker": False})
    with _refused(base, "no Stable Diffusion that diffusers reads"):
        if base.is_file():
            pipe = kind.from_single_file(str(base), config=str(config), controlnet=net, local_files_only=True, **none)
        else:
            nets = {
                "unet": _network(diffusers.UNet2DConditionModel, base, "unet"),
                "vae": _network(diffusers.AutoencoderKL, base, "vae"),
            }
            pipe = kind.from_pretrained(
                str(base), controlnet=net, local_files_only=True, low_cpu_mem_usage=False, **nets, **none
            )
    _refuse_strangers(pipe, base)
    return pipe


def _refuse_strangers(pipe: Any, base: Path) -> None:
    """A ControlNet is a copy of a part of its base model: their sizes are alike."""
    for size in ("cross_attention_dim", "block_out_channels", "addition_embed_type"):
        ours, its = (getattr(part.config, size, None) for part in (pipe.controlnet, pipe.unet))
        if ours != its:
            raise WeightsError(
                f"{base}: the ControlNet was made for another base model ({size} {ours}, here {its}); "
                "give a ControlNet for this one"
            )


def _network(kind: Any, place: Path, part: str, config: Path | None = None) -> Any:
    """One network of a folder, or of a single file; whole, or refused."""
    folder = place / part if part else place
    with _refused(folder, f"no {kind.__name__} that diffusers reads"):
        if place.is_file():
            net, lacks = kind.from_single_file(str(place), config=str(config), local_files_only=True), ()
        else:
            half = {"variant": "fp16"} if _only_half(folder) else {}
            net, info = kind.from_pretrained(
                str(folder), local_files_only=True, low_cpu_mem_usage=False, output_loading_info=True, **half
            )
            lacks = info["missing_keys"]
    if lacks:
        raise WeightsError(f"{folder}: lacks weights ({sorted(lacks)[0]} ...); fetch the model again")
    return net


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
    kinds = (*UNREADABLE, ImportError, library("safetensors", INSTALL).SafetensorError)
    try:
        yield
    except kinds as error:
        raise WeightsError(f"{place}: {what} ({first_line(error)[:120]}); fetch the model again") from error


@contextmanager
def _quiet(diffusers: Any) -> Iterator[None]:
    """Libraries say what matters in what they raise, not on the terminal."""
    logs = [diffusers.utils.logging, library("transformers.utils.logging", INSTALL)]
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
