"""Every setting, its default and its unit, in pipeline order; read from TOML.

Precedence, and there is no other: defaults, then preset, then `project.toml`, then `--set`.
The text under each field is the manual: `vidcolor settings` prints it (cli/manual.py reads it from this page).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from vidcolor.checked import MisfitError, PathText, checked, in_words, plain, suggestion, within
from vidcolor.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ReelSettings:
    """Reading the film."""

    interlaced: Literal["refuse", "carry", "progressive"] = "refuse"
    """What to do with an interlaced film: refuse it; carry each picture as it is and keep the field order; or take it
    as progressive, where both fields of a picture show one moment (PsF)."""
    pulldown: Literal["refuse", "reverse", "carry"] = "refuse"
    """Film stored as 29.97 pictures a second by hard 3:2 pulldown: refuse it; reverse it to 24000/1001, for which the
    whole film is decoded once more; or carry the pictures as they are."""
    variable_rate: Literal["refuse", "conform"] = "refuse"
    """A film of variable rate: refuse it, or conform it to the rate that frames were left out of, else to its mean rate
    (frames repeat or drop)."""
    damaged: Literal["refuse", "repeat"] = "refuse"
    """Pictures that do not decode whole: refuse the film and name the first, or repeat the one before each and say
    which. To find them the whole film is decoded once more."""
    bars: str = "auto"
    """Black bars around the picture (letterbox, pillarbox), which stay neutral and count nowhere: auto looks for them;
    none; or the rows and columns of the whole film's, as "TOP BOTTOM LEFT RIGHT"."""
    levels: Literal["auto", "limited", "full"] = "auto"
    """Range of the film's luma codes; auto trusts the file's tag."""
    transfer: Literal["auto", "video", "linear", "log"] = "auto"
    """What an image sequence's codes stand for; auto trusts a DPX's header, and takes float pictures for light. Light
    and log (a film's density, by Cineon's curve) are made into video; video takes the codes as they are."""
    sequence_rate: Annotated[float, within(0, 240)] = 0.0
    """Frames a second of an image sequence, 0 for what its headers say, else 24; 23.976, 29.97 and 59.94 mean
    24000/1001, 30000/1001 and 60000/1001."""
    start_timecode: str = ""
    """Timecode of the first frame, as 01:00:00:00, or 01:00:00;00 for drop-frame; empty takes the film's own."""


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """Stage 1: finding the shots."""

    detector: Literal["all", "cuts"] = "all"
    """What is looked for: all (cuts, dissolves and fades) or cuts alone. A dissolve's frames get both shots' colours,
    mixed; a picture given for one of them is delivered on that frame as it is, and colours no other."""
    side: Annotated[int, within(48, 384)] = 96
    """Long side at which frames are compared, in pixels; larger sees smaller things and bears less motion."""
    cut: Annotated[float, within(0.0, 1.0)] = 0.27
    """How far a jump must stand above the changes around it to be a cut, 0 to 1; higher finds fewer."""
    odd_frames: Annotated[int, within(0, 8)] = 2
    """Longest flash, splice or damaged run that returns to the same scene without being a cut, in frames."""
    dissolve: Annotated[float, within(0.0, 1000.0)] = 0.75
    """How much better a dissolve must explain the frames than one scene does (log-likelihood); higher finds fewer."""
    fade: Annotated[float, within(0.0, 1000.0)] = 3.0
    """The same for fades to and from black or white."""
    longest: Annotated[int, within(6, 240)] = 60
    """Longest dissolve, and longest side of a fade, in frames."""


@dataclass(frozen=True, slots=True)
class KeyframeSettings:
    """Stage 2: choosing keyframes where nobody gave any."""

    spacing: Annotated[int, within(2, 100000)] = 75
    """About one keyframe in so many frames of a shot that has none of its own, in frames."""
    news: Annotated[float, within(0.0, 1.0)] = 0.2
    """Share of some frame that must be new for a keyframe beyond that number, 0 to 1."""
    extra: Annotated[float, within(1.0, 10.0)] = 2.0
    """At most this many times that number of keyframes, where new things enter."""
    titles: Literal["gray", "color"] = "gray"
    """Title cards (text alone on a plain ground): left gray, unless a picture or a correction is given for the shot; or
    coloured as any shot is."""


@dataclass(frozen=True, slots=True)
class ReferenceSettings:
    """Stage 3: choosing references."""

    least: Annotated[float, within(0.0, 1.0)] = 0.61
    """Score from which a reference shows the same things as a frame; a shot that nothing matches stays gray."""
    most: Annotated[int, within(1, 100)] = 4
    """References used for one frame at most."""


@dataclass(frozen=True, slots=True)
class ColorizeSettings:
    """Stage 4: keyframes in colour."""

    near: Annotated[float, within(0.0, 1.0)] = 0.25
    """A frame's own picture that fits less of the frame than this is only used as a free reference, 0 to 1."""
    edge: Annotated[float, within(0.1, 100.0)] = 2.0
    """Steps of lightness that stop colours from running, in L*; smaller keeps colours tighter."""
    tones: Literal["frame", "picture"] = "frame"
    """Colours of a picture that is its frame in other contrast, brightness or gamma: as the frame's tones would have
    them (frame), or as they are (picture)."""
    unsure: Annotated[float, within(0.1, 100.0)] = 6.0
    """Colours that may be off by this much, from misalignment at colour edges, count little, in a*b*."""
    tau: Annotated[float, within(0.0001, 1.0)] = 0.015
    """Softness of the choice among the superpixels of the references; larger averages colours towards gray."""
    trust: Annotated[float, within(0.0, 100.0)] = 2.0
    """How strongly a reference that matches better is preferred: the power its score is raised to."""
    alike: Annotated[float, within(0.0, 0.99)] = 0.3
    """Correlation of super-features up to which a transferred colour has no confidence at all."""
    harmonize: Annotated[float, within(0.0, 1.0)] = 0.0
    """How far things of keyframes without a picture of their own are moved to the colour that they have in the
    references, 0 to 1: shots that share a reference then agree better, and each may suit its own light less."""
    network: Literal["shipped", "none"] = "shipped"
    """Keyframes without a picture of their own, and parts that their own picture does not fit: the shipped network
    (shipped), or colour transfer without training (none), faster where there are few shots."""


@dataclass(frozen=True, slots=True)
class PropagateSettings:
    """Stage 5: colours from the keyframes to every other frame."""

    chroma_side: Annotated[int, within(32, 4096)] = 480
    """Long side of the chroma that is carried, in pixels; never more than half the film's."""
    flow: Literal["dis", "raft"] = "dis"
    """Optical flow: dis (CPU, no weights) or raft (needs torchvision and its weights)."""
    raft_size: Literal["small", "large"] = "small"
    """RAFT's network: small (1.0 million parameters) or large (5.3 million)."""
    raft_weights: str = ""
    """A .pth or .safetensors file of RAFT's weights; empty takes torchvision's own, downloaded once."""
    network: Literal["shipped", "none"] = "shipped"
    """What looks colours up in the keyframes and weighs what the carriers found: the shipped networks, or none
    (features that need no training, and rules; two thirds of the time)."""
    things: bool = True
    """Look-up asks what things are, not only what they look like; without it a frame takes a fifth less time.
    Unasked where there is no network, and of grainy frames, where it would do harm."""
    keyframes: Annotated[int, within(1, 100)] = 6
    """Colours that flow cannot bring are looked up in so many of the nearest keyframes."""
    window: Annotated[int, within(0, 8)] = 2
    """Local attention looks this far around the flow's end point, in chroma pixels."""
    patch: Annotated[int, within(0, 4)] = 1
    """Local attention compares luma patches that reach this far from their middle, in chroma pixels."""
    tau: Annotated[float, within(1e-06, 1.0)] = 0.0005
    """Softness of local attention, in squared L*/100; smaller is harder."""
    mismatch: Annotated[float, within(0.01, 100.0)] = 2.5
    """Flow that misses its start by this much on the way there and back keeps half its confidence, in chroma pixels."""
    slack: Annotated[float, within(0.0, 1.0)] = 0.1
    """Share of the motion's length by which that miss may grow."""
    residual: Annotated[float, within(1e-06, 1.0)] = 0.0015
    """Luma residual after carrying at which confidence is one half, in squared L*/100."""
    fill: Annotated[float, within(0.0, 1000000.0)] = 400.0
    """How far doubtful colours are filled from around, in squared chroma pixels; 0 never."""
    edge: Annotated[float, within(0.0001, 1.0)] = 0.015
    """Step of L*/100 that filling does not cross easily."""
    superpixel_density: Annotated[float, within(0.1, 30.0)] = 3.0
    """Superpixels in a frame of n chroma pixels, as a multiple of the square root of n."""
    superpixel_compactness: Annotated[float, within(0.1, 1000.0)] = 10.0
    """Difference of L* that weighs as much as one superpixel's width of distance; larger makes rounder superpixels."""
    superpixel_steadiness: Annotated[float, within(0.0, 100.0)] = 8.0
    """Difference of L* at which a pixel leaves the superpixel that the flow brings; larger keeps shapes longer."""


@dataclass(frozen=True, slots=True)
class CorrectSettings:
    """People's corrections of colour, laid over what the stages before made."""

    spread: Annotated[float, within(0.05, 20.0)] = 1.0
    """How unlike its point a hint's thing may be: smaller keeps colours nearer to the point, larger lets them run over
    more of what looks alike."""
    scribble: Annotated[float, within(0.0, 1.0)] = 1.0
    """How much a scribble's colours count on the rest of what its strokes run through, 0 (strokes alone) to 1."""


@dataclass(frozen=True, slots=True)
class DiffusionSettings:
    """Your own models for `propose --with`; they are looked for in the project folder, and never fetched."""

    base: PathText = ""
    """Stable Diffusion (1.5, 2.1, Turbo or XL): a folder as diffusers saves it, or one file."""
    controlnet: PathText = ""
    """A ControlNet for that model that takes a gray picture: a folder, or one file."""
    clip: PathText = ""
    """diffcolor: a CLIP model, a folder as transformers saves it (of any size)."""
    config: PathText = ""
    """Where one of the first two is one file: the folder of such a model as diffusers saves it (weights are not
    needed), with the ControlNet's config.json in `controlnet` below it."""
    palette: PathText = ""
    """For `--with palette`: what tools/export_network.py makes of a run of configs/train/13-palette.toml, one file."""
    prompt: str = "a color photograph"
    """What a picture shows, where neither `--prompt` nor prompts.toml says so. Name things with their colours."""
    negative: str = "a black and white photograph, grayscale, sepia"
    """What it should not be."""
    sampler: Literal["ddim", "dpm", "euler", "lcm"] = "ddim"
    """How noise becomes a picture: ddim, dpm (20 steps and more are enough), euler (for Turbo: 1 to 4) or lcm (for
    models that were distilled for it: 4)."""
    steps: Annotated[int, within(1, 1000)] = 20
    """Steps from noise to a picture. Palette: 1000 as published, with new noise at each; fewer without."""
    guidance: Annotated[float, within(0.0, 50.0)] = 7.5
    """How much more the prompt counts than it would by itself; up to 1 (for Turbo and lcm) the negative prompt is not
    asked, and a step takes half as long."""
    control: Annotated[float, within(0.0, 2.0)] = 1.0
    """How much the gray frame counts."""
    side: Annotated[int, within(64, 2048)] = 512
    """Short side of the picture that is drawn, in pixels: 512 for 1.5, 768 for 2.1, 1024 for XL; its colours are laid
    under the frame's own lightness at full size."""
    color_steps: Annotated[int, within(0, 20000)] = 1500
    """diffcolor: steps in which the model learns to draw the frame in colour."""
    embedding_steps: Annotated[int, within(0, 20000)] = 500
    """diffcolor: steps in which what it reads of the words is fitted to the picture that it drew."""
    model_steps: Annotated[int, within(0, 20000)] = 1000
    """diffcolor: steps in which the model learns to draw that picture by them."""
    toward: Annotated[float, within(0.0, 2.0)] = 0.7
    """diffcolor: how far a picture goes from those to the words as they are, 0 (the picture that it learned) to 1, and
    beyond."""
    tuned: Literal["all", "attention"] = "all"
    """diffcolor: what of the model is tuned: all of it (20 bytes of memory a number, some 25 GiB for 1.5), or its
    attention to words alone (some 12 GiB)."""
    room: Annotated[float, within(0.0, 100000.0)] = 20.0
    """diffcolor: most that tuned models may take in the project's folder `cache`, in GiB (all of 1.5 takes 3.2, three
    times as much on the way); those longest unused go first. It changes no picture."""


@dataclass(frozen=True, slots=True)
class FinishSettings:
    """Stage 6: full-size chroma under the film's own luma."""

    detail: Annotated[float, within(0.0, 1.0)] = 0.5
    """How far colour edges follow the luma's fine detail where the two agree, 0 (smooth enlarging) to 1."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """What renders keep for the next one, in the project's folder `cache`; it may be deleted at any moment."""

    room: Annotated[float, within(0.0, 100000.0)] = 4.0
    """Most that it may take, in GiB; what was longest unused goes first, and 0 keeps nothing. A frame of 1920x1080
    takes 2 MB, most of it for shots that are given other keyframes. It changes no picture."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Stage 7: the delivered file."""

    doubtful: Annotated[float, within(1.0, 30.0)] = 6.0
    """A pixel is in doubt where its colour is probably off by more than this, in CIEDE2000: 1 is just seen side by
    side, 3 is seen at a glance, 6 is another colour."""
    doubtful_area: Annotated[float, within(0.01, 1.0)] = 0.2
    """Frames in doubt over this share of their area and more are listed as doubtful, 0 to 1."""
    prores_rate: Literal["quality", "apple"] = "quality"
    """Size of ProRes frames: quality (one fine quantiser, size follows the picture) or apple (Apple's target size)."""
    vendor: Literal["apl0", "Lavc"] = "apl0"
    """Encoder named in ProRes files: apl0 (Apple's, which some programs insist on) or Lavc (FFmpeg's, the truth)."""
    sound: Literal["copy", "none"] = "copy"
    """The film's sound: copy (every track, bit for bit; as PCM where the container cannot hold it) or none."""
    exr_primaries: Literal["rec709", "ap0"] = "rec709"
    """Primaries of EXR pictures: rec709 (scene-linear Rec.709) or ap0 (ACES 2065-1). Light is that of the sRGB curve,
    which all of vidcolor uses; no view transform is undone."""
    numbering: Literal["source", "zero", "timecode"] = "source"
    """Numbers of delivered pictures: source (those of the film's own pictures; from 0 where it is no sequence), zero
    (from 0) or timecode (frames since midnight)."""
    proxy_labels: Literal["burnt", "none"] = "burnt"
    """Shot, frame and timecode in the foot of review proxies: burnt in, or none."""
    proxy_compare: Literal["none", "side", "wipe"] = "none"
    """The gray film in review proxies: none, side (beside its colours, gray at left) or wipe (in the left half)."""
    proxy_lut: str = ""
    """A LUT (.cube or another that OpenColorIO reads) that review proxies alone are shown through, on R'G'B' codes."""
    proxy_view: str = ""
    """A view of OpenColorIO that review proxies alone are shown through, as DISPLAY/VIEW."""
    proxy_space: str = "sRGB - Texture"
    """What the OpenColorIO configuration calls the film's R'G'B'."""
    ocio_config: str = ""
    """The OpenColorIO configuration of proxy_view, a file; empty: the one that $OCIO names, else OpenColorIO's own."""
    stale_approvals: Literal["warn", "refuse"] = "warn"
    """An approved version that is made of other things than today's: deliver it and say so (warn), or deliver nothing
    until it is approved anew (refuse)."""
    machines: Literal["alike", "any"] = "alike"
    """Whose renders are taken: of machines that compute every last digit as this one does (alike), or of any. Between
    kinds of processors colours differ by less than is seen."""


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Deliveries of a file for each shot."""

    handles: Annotated[int, within(0, 240)] = 12
    """Frames of the film that a shot's file holds before and behind the shot, where there are some."""
    names: str = "{show}_{reel}_{shot}_{version}"
    """What the files are called: fields show, reel, shot (its first frame), number (10, 20, ...), version, delivery;
    letters, digits, `.`, `_`, `-` between. Without version, a file is replaced by its next."""
    show: str = ""
    """The production's name in the names of files; empty: the film's own."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings."""

    reel: ReelSettings = field(default_factory=ReelSettings)
    shots: ShotSettings = field(default_factory=ShotSettings)
    keyframes: KeyframeSettings = field(default_factory=KeyframeSettings)
    references: ReferenceSettings = field(default_factory=ReferenceSettings)
    colorize: ColorizeSettings = field(default_factory=ColorizeSettings)
    propagate: PropagateSettings = field(default_factory=PropagateSettings)
    correct: CorrectSettings = field(default_factory=CorrectSettings)
    diffusion: DiffusionSettings = field(default_factory=DiffusionSettings)
    finish: FinishSettings = field(default_factory=FinishSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)


def override(base: Settings, changes: Mapping[str, Any], origin: str) -> Settings:
    """`base` with the tables of `changes` laid over it; `origin` (a file's name) opens every error."""
    tables = plain(base)
    for section, values in changes.items():
        if section not in tables:
            raise SettingsError(f"{origin}: no section {section!r}{suggestion(section, list(tables))}")
        if not isinstance(values, Mapping):
            raise SettingsError(f"{origin}: {section} is a section; write [{section}] and its settings under it")
        for name in values:
            if name not in tables[section]:
                raise SettingsError(
                    f"{origin}: {section}: no setting {name!r}{suggestion(name, list(tables[section]))}"
                )
        tables[section] = {**tables[section], **values}
    try:
        settings: Settings = checked(tables, Settings)
    except MisfitError as error:
        section, _, name = error.place.partition(".")
        name = re.split(r"[.\[]", name)[0]
        takes = in_words(kinds(section)[name])
        raise SettingsError(f"{origin}: {section}: {name} = {tables[section][name]!r:.60}: must be {takes}") from error
    return settings


def kinds(section: str) -> dict[str, Any]:
    """The types of a section's settings, with their ranges."""
    return get_type_hints(type(getattr(Settings(), section)), include_extras=True)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Refuses what cannot be read as one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors put a mark in front
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); check its name and permissions") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}: line {line} is no UTF-8 text; save the file as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: not valid TOML ({error}); mend that line") from error


def load_settings(sources: list[tuple[str, Mapping[str, Any]]]) -> Settings:
    """The settings in force: defaults, overridden by each (origin, tables) in turn."""
    result = Settings()
    for origin, tables in sources:
        result = override(result, tables, origin)
    return result


def preset_tables(name: str, origin: str = "--preset") -> dict[str, Any]:
    """What a preset says, from `configs/presets/`. Refuses unknown names by listing the known.

    origin  who names it: opens the error
    """
    folder = resources.files("vidcolor.configs") / "presets"
    known = sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    if name not in known:
        raise SettingsError(f"{origin}: no preset {name!r}{suggestion(name, known)}")
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


def parse_assignment(text: str) -> dict[str, Any]:
    """`shots.threshold=4` as nested tables. The value is TOML; bare words are text."""
    key, equals, raw = text.partition("=")
    parts = key.strip().split(".")
    if not equals or len(parts) != 2 or not all(parts):
        raise SettingsError(f"--set {text}: write section.name=value, as in --set propagate.chroma_side=480")
    try:
        value = tomllib.loads(f"v = {raw.strip()}")["v"]
    except (tomllib.TOMLDecodeError, RecursionError):
        value = raw.strip()
    return {parts[0]: {parts[1]: value}}
