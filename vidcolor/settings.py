"""Every setting, its default and its unit, in pipeline order; read from TOML.

Precedence, and there is no other: defaults, then preset, then `project.toml`, then `--set`.
The text under each field is the manual: `vidcolor settings` prints it.
"""

from __future__ import annotations

import ast
import difflib
import math
import tomllib
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from vidcolor.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ReelSettings:
    """Reading the film."""

    interlaced: Literal["refuse", "carry"] = "refuse"
    """What to do with an interlaced film: refuse it, or carry each picture as it is and keep the field order."""
    variable_rate: Literal["refuse", "conform"] = "refuse"
    """A film of variable rate: refuse it, or conform it to its mean rate (frames repeat or drop)."""
    levels: Literal["auto", "limited", "full"] = "auto"
    """Range of the film's luma codes; auto trusts the file's tag."""
    sequence_rate: float = 24.0
    """Frames a second of an image sequence; 23.976, 29.97 and 59.94 mean 24000/1001, 30000/1001 and 60000/1001."""
    start_timecode: str = ""
    """Timecode of the first frame, as 01:00:00:00, or 01:00:00;00 for drop-frame; empty takes the film's own."""


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """Stage 1: finding the shots."""

    detector: Literal["all", "cuts"] = "all"
    """What is looked for: all (cuts, dissolves and fades) or cuts alone."""
    side: int = 96
    """Long side at which frames are compared, in pixels; larger sees smaller things and bears less motion."""
    cut: float = 0.27
    """How far a jump must stand above the changes around it to be a cut, 0 to 1; higher finds fewer."""
    odd_frames: int = 2
    """Longest flash, splice or damaged run that returns to the same scene without being a cut, in frames."""
    dissolve: float = 0.75
    """How much better a dissolve must explain the frames than one scene does (log-likelihood); higher finds fewer."""
    fade: float = 3.0
    """The same for fades to and from black or white."""
    longest: int = 60
    """Longest dissolve, and longest side of a fade, in frames."""


@dataclass(frozen=True, slots=True)
class KeyframeSettings:
    """Stage 2: choosing keyframes where nobody gave any."""

    spacing: int = 75
    """About one keyframe in so many frames of a shot that has none of its own, in frames."""
    news: float = 0.2
    """Share of some frame that must be new for a keyframe beyond that number, 0 to 1."""
    extra: float = 2.0
    """At most this many times that number of keyframes, where new things enter."""


@dataclass(frozen=True, slots=True)
class ReferenceSettings:
    """Stage 3: choosing references."""

    least: float = 0.61
    """Score from which a reference shows the same things as a frame; a shot that nothing matches stays gray."""
    most: int = 4
    """References used for one frame at most."""


@dataclass(frozen=True, slots=True)
class ColorizeSettings:
    """Stage 4: keyframes in colour."""

    near: float = 0.25
    """A frame's own picture that fits less of the frame than this is only used as a free reference, 0 to 1."""
    edge: float = 2.0
    """Steps of lightness that stop colours from running, in L*; smaller keeps colours tighter."""
    unsure: float = 6.0
    """Colours that may be off by this much, from misalignment at colour edges, count little, in a*b*."""
    tau: float = 0.015
    """Softness of the choice among the superpixels of the references; larger averages colours towards gray."""
    trust: float = 2.0
    """How strongly a reference that matches better is preferred: the power its score is raised to."""
    alike: float = 0.3
    """Correlation of super-features up to which a transferred colour has no confidence at all."""
    network: Literal["shipped", "none"] = "shipped"
    """Keyframes without a picture of their own, and parts that their own picture does not fit: the shipped network
    (shipped), or colour transfer without training (none), faster where there are few shots."""


@dataclass(frozen=True, slots=True)
class PropagateSettings:
    """Stage 5: colours from the keyframes to every other frame."""

    chroma_side: int = 480
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
    keyframes: int = 6
    """Colours that flow cannot bring are looked up in so many of the nearest keyframes."""
    window: int = 2
    """Local attention looks this far around the flow's end point, in chroma pixels."""
    patch: int = 1
    """Local attention compares luma patches that reach this far from their middle, in chroma pixels."""
    tau: float = 0.0005
    """Softness of local attention, in squared L*/100; smaller is harder."""
    mismatch: float = 2.5
    """Flow that misses its start by this much on the way there and back keeps half its confidence, in chroma pixels."""
    slack: float = 0.1
    """Share of the motion's length by which that miss may grow."""
    residual: float = 0.0015
    """Luma residual after carrying at which confidence is one half, in squared L*/100."""
    fill: float = 400.0
    """How far doubtful colours are filled from around, in squared chroma pixels; 0 never."""
    edge: float = 0.015
    """Step of L*/100 that filling does not cross easily."""
    superpixel_density: float = 3.0
    """Superpixels in a frame of n chroma pixels, as a multiple of the square root of n."""
    superpixel_compactness: float = 10.0
    """Difference of L* that weighs as much as one superpixel's width of distance; larger makes rounder superpixels."""
    superpixel_steadiness: float = 8.0
    """Difference of L* at which a pixel leaves the superpixel that the flow brings; larger keeps shapes longer."""


@dataclass(frozen=True, slots=True)
class FinishSettings:
    """Stage 6: full-size chroma under the film's own luma."""

    detail: float = 0.5
    """How far colour edges follow the luma's fine detail where the two agree, 0 (smooth enlarging) to 1."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Stage 7: the delivered file."""

    doubtful: float = 0.35
    """Frames whose mean confidence is below this are listed as doubtful, 0 to 1."""
    prores_rate: Literal["quality", "apple"] = "quality"
    """Size of ProRes frames: quality (one fine quantiser, size follows the picture) or apple (Apple's target size)."""
    vendor: Literal["apl0", "Lavc"] = "apl0"
    """Encoder named in ProRes files: apl0 (Apple's, which some programs insist on) or Lavc (FFmpeg's, the truth)."""
    sound: Literal["copy", "none"] = "copy"
    """The film's sound: copy (every track, bit for bit) or none."""
    machines: Literal["alike", "any"] = "alike"
    """Whose renders are taken: of machines that compute every last digit as this one does (alike), or of any. Between
    kinds of processors colours differ by less than is seen."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings."""

    reel: ReelSettings = field(default_factory=ReelSettings)
    shots: ShotSettings = field(default_factory=ShotSettings)
    keyframes: KeyframeSettings = field(default_factory=KeyframeSettings)
    references: ReferenceSettings = field(default_factory=ReferenceSettings)
    colorize: ColorizeSettings = field(default_factory=ColorizeSettings)
    propagate: PropagateSettings = field(default_factory=PropagateSettings)
    finish: FinishSettings = field(default_factory=FinishSettings)
    export: ExportSettings = field(default_factory=ExportSettings)


def _suggest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def _checked(value: Any, kind: Any, place: str) -> Any:
    """`value` as the field's type `kind`. Refuses another type, NaN, and choices that are not listed."""
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise SettingsError(f"{place}: {value!r} is not one of {', '.join(map(str, get_args(kind)))}")
        return value
    if get_origin(kind) in (types.UnionType,) or get_origin(kind) is tuple:
        raise SettingsError(f"{place}: settings of type {kind} are not supported")
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise SettingsError(f"{place}: {value!r} must be {_kind_name(kind)}")
    if kind is float and not math.isfinite(value):
        raise SettingsError(f"{place}: {value!r} is not a finite number")
    return value


def _kind_name(kind: Any) -> str:
    return {int: "a whole number", float: "a number", str: "text", bool: "true or false"}.get(kind, str(kind))


def override(base: Any, changes: Mapping[str, Any], origin: str) -> Any:
    """`base` with the nested `changes` applied; `origin` (a file's name) opens every error."""
    hints = get_type_hints(type(base))
    known = [f.name for f in fields(base)]
    new: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            what = "section" if any(is_dataclass(hints[k]) for k in known) else "setting"
            raise SettingsError(f"{origin}: no {what} {name!r}{_suggest(name, known)}")
        current = getattr(base, name)
        if is_dataclass(current):
            if not isinstance(value, Mapping):
                raise SettingsError(f"{origin}: {name} is a section; write [{name}] and its settings under it")
            new[name] = override(current, value, f"{origin}: {name}")
        else:
            new[name] = _checked(value, hints[name], f"{origin}: {name}")
    result = replace(base, **new)
    _check_ranges(result, origin)
    return result


def _check_ranges(section: Any, origin: str) -> None:
    """Refuses numbers outside `RANGES`."""
    for name, (low, high) in RANGES.get(type(section).__name__, {}).items():
        value = getattr(section, name)
        if not low <= value <= high:
            raise SettingsError(f"{origin}: {name} = {value}: must be {low} to {high}")


RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "ReelSettings": {"sequence_rate": (1, 240)},
    "ShotSettings": {
        "side": (48, 384),
        "cut": (0.0, 1.0),
        "odd_frames": (0, 8),
        "dissolve": (0.0, 1000.0),
        "fade": (0.0, 1000.0),
        "longest": (6, 240),
    },
    "KeyframeSettings": {"spacing": (2, 100_000), "news": (0.0, 1.0), "extra": (1.0, 10.0)},
    "ReferenceSettings": {"least": (0.0, 1.0), "most": (1, 100)},
    "ColorizeSettings": {
        "near": (0.0, 1.0),
        "edge": (0.1, 100.0),
        "unsure": (0.1, 100.0),
        "tau": (1e-4, 1.0),
        "trust": (0.0, 100.0),
        "alike": (0.0, 0.99),
    },
    "PropagateSettings": {
        "chroma_side": (32, 4096),
        "window": (0, 8),
        "patch": (0, 4),
        "tau": (1e-6, 1.0),
        "mismatch": (0.01, 100.0),
        "slack": (0.0, 1.0),
        "residual": (1e-6, 1.0),
        "keyframes": (1, 100),
        "fill": (0.0, 1e6),
        "edge": (1e-4, 1.0),
        "superpixel_density": (0.1, 30.0),
        "superpixel_compactness": (0.1, 1000.0),
        "superpixel_steadiness": (0.0, 100.0),
    },
    "FinishSettings": {"detail": (0.0, 1.0)},
    "ExportSettings": {"doubtful": (0.0, 1.0)},
}
"""Lowest and highest value of each number, by section."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Refuses what cannot be read as one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: not valid TOML ({error}); mend or remove it") from error


def load_settings(sources: list[tuple[str, Mapping[str, Any]]]) -> Settings:
    """The settings in force: defaults, overridden by each (origin, tables) in turn."""
    result = Settings()
    for origin, tables in sources:
        result = override(result, tables, origin)
    return result


def preset_tables(name: str) -> dict[str, Any]:
    """What a preset says, from `configs/presets/`. Refuses unknown names by listing the known."""
    folder = resources.files("vidcolor.configs") / "presets"
    known = sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    if name not in known:
        raise SettingsError(f"no preset {name!r}{_suggest(name, known)}")
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


def describe() -> Iterator[tuple[str, str, Any, str]]:
    """(section, name, default, manual text) of every setting, read from this page."""
    page = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    texts = {
        (node.name, target.target.id): ast.literal_eval(text.value)
        for node in page.body
        if isinstance(node, ast.ClassDef)
        for target, text in zip(node.body, node.body[1:], strict=False)
        if isinstance(target, ast.AnnAssign)
        and isinstance(target.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
    for section in fields(Settings):
        values = getattr(Settings(), section.name)
        for item in fields(values):
            yield (
                section.name,
                item.name,
                getattr(values, item.name),
                texts.get((type(values).__name__, item.name), ""),
            )
