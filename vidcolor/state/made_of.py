"""What things are made of: the ingredients of shots, of the choice of keyframes, and of a shot's colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from vidcolor.errors import MediaError, ProjectError, WeightsError
from vidcolor.flow.published import RAFT_FILES
from vidcolor.machine import flow_number_type, graphics, networks_compute_in
from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, THINGS, mark_of
from vidcolor.project.corrections import FOLDER as CORRECTIONS
from vidcolor.project.fingerprint import Ingredients, Value, describe_change, fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.project.kinds import LAYERS, REGION
from vidcolor.project.places import CONFIG
from vidcolor.project.versions import Version
from vidcolor.settings import PropagateSettings, Settings
from vidcolor.stages import STAGES
from vidcolor.state.by_shot import ByShot
from vidcolor.state.film import Film
from vidcolor.state.marks import content_of, file_hash, file_mark
from vidcolor.state.plan import Picture, PlannedKeyframe, ShotPlan
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel, Shot

COMPUTED_ON, NUMBERS, FLOW_ON = "computed on", "networks.numbers", "flow.computed on"
"""What the machine decides: its processor, how networks compute, where a flow that is a network runs."""
REFERENCES = "references/"
LAYERS_STAGE = "stage.corrections"
TOLD = {
    "reel": "the film",
    "frames": "the shot's frames",
    "scores ": "how well its pictures match frame ",
    "fade ": "the fade of frames ",
    "bars ": "the bars around the picture in frames ",
    "stage.": "vidcolor's own stage ",
    "weights.": "the weights of network ",
    COMPUTED_ON: "the processor",
    NUMBERS: "how networks compute",
    FLOW_ON: "where the flow network runs",
}
"""How ingredients begin, and what people are told in place of that"""
TAKE_ANY = "export.machines=any"
LAID_OVER = "regions "
"""How the ingredients name regions that are laid over a shot's colours, with their frame behind it"""


def shots_ingredients(project: Project, reel: Reel, settings: Settings) -> Ingredients:
    listed = project.shots_path
    if listed and not listed.is_file():
        place = project.path(CONFIG)
        raise ProjectError(f'{listed}: no such shot list; give one with --shots, or write shots = "" into {place}')
    return {
        "reel": reel.hash,
        **reading_ingredients(settings),
        "stage.shots": STAGES["shots"],
        **({"list": file_hash(listed)} if listed else settings_ingredients("shots", settings.shots)),
    }


def match_marks(shots: Iterable[Shot], reel: Reel, by_shot: ByShot, settings: Settings) -> dict[str, str]:
    """Of each shot, by its id: fingerprint of what the choice of its keyframes and references hangs on."""
    common: Ingredients = {
        "reel": reel.hash,
        **reading_ingredients(settings),
        "stage.keyframes": STAGES["keyframes"],
        "stage.references": STAGES["references"],
        **settings_ingredients("keyframes", settings.keyframes),
        **settings_ingredients("references", settings.references),
    }
    free = _offered_mark(by_shot.free)
    return {
        shot.id: fingerprint(
            {
                **common,
                "frames": _frames(shot.frames),
                **bars_ingredients(reel, shot.frames),
                "references": _offered_mark(by_shot.folders[shot.id]) if shot.id in by_shot.folders else free,
                **{f"region {frame}": "" for frame in by_shot.regions_of(shot)},
            }
        )
        for shot in shots
    }


def _offered_mark(pictures: Iterable[Picture]) -> str:
    return fingerprint({p.name: p.hash for p in pictures})


def film_ingredients(film: Film) -> Ingredients:
    """What the colours of every shot of a film are made of."""
    settings = film.settings
    return {
        "reel": film.plan.reel.hash,
        **{f"stage.{name}": STAGES[name] for name in ("colorize", "propagate")},
        **reading_ingredients(settings),
        **settings_ingredients("colorize", settings.colorize),
        **settings_ingredients("propagate", settings.propagate),
        **network_ingredients(settings),
        **flow_ingredients(settings.propagate, film.device),
        COMPUTED_ON: film.computed_on,
    }


def shot_ingredients(film: Film, planned: ShotPlan, shared: Ingredients | None = None) -> Ingredients:
    """All that the colours of one shot are made of; `shared`: `film_ingredients`, if they are at hand."""
    plan, settings = film.plan, film.settings
    keys: Ingredients = {}
    mixed = planned.mixed
    for key in planned.carried:
        where = "in a dissolve" if key.frame in mixed else ""
        keys[f"keyframe {key.frame}"] = " ".join(filter(None, [key.reason, *key.pictures, where]))
        keys |= {_below_room(name): plan.hashes[name] for name in key.pictures}
        keys |= {f"scores {key.frame}": " ".join(map(str, key.scores))} if key.scores else {}
        for region in key.regions:
            keys |= {_below_room(region.path): f"{plan.hashes[region.path]} {region.picture}"}
            keys |= {_below_room(region.part): plan.hashes[region.part]} if region.part else {}
    return {
        **(shared or film_ingredients(film)),
        "frames": _frames(planned.reach),
        **bars_ingredients(plan.reel, planned.reach),
        **{name: value for key in planned.laid_over for name, value in over_ingredients(key, plan.hashes).items()},
        **keys,
        **_corrections_ingredients(planned, settings),
        **{f"fade {run.start}-{run.stop}": "" for run in planned.fades},
    }


def over_ingredients(key: PlannedKeyframe, hashes: Mapping[str, str]) -> Ingredients:
    """What regions laid over a shot's colours are made of; `hashes`: of every picture and mask by its name."""
    made: Ingredients = {f"{LAID_OVER}{key.frame}": " ".join(key.pictures)}
    made |= {_below_room(name): f"{REGION} {hashes[name]}" for name in key.pictures}
    for region in key.regions:
        made[_below_room(region.path)] = f"{REGION} {hashes[region.path]} {region.picture}"
        made |= {_below_room(region.part): f"{REGION} {hashes[region.part]}"} if region.part else {}
    return made


def _below_room(name: str) -> str:
    """A file by its room in the project: those of corrections are named with it."""
    return name if name.startswith(f"{CORRECTIONS}/") else f"{REFERENCES}{name}"


def _corrections_ingredients(planned: ShotPlan, settings: Settings) -> Ingredients:
    """The corrections of a shot's colours, and how they are laid on; nothing where there are none."""
    said = said_of(planned)
    if not planned.laid_over and not any(correction.is_layer for correction in planned.corrections):
        return said
    return {**said, LAYERS_STAGE: STAGES["corrections"], **settings_ingredients("correct", settings.correct)}


def said_of(planned: ShotPlan) -> Ingredients:
    """The corrections of a shot's colours by their places; what spreads, with all that it shares its frame with."""
    spread: dict[int, Ingredients] = {}
    for correction in planned.corrections:
        if correction.spreads:
            spread.setdefault(correction.frame, {})[correction.place] = correction.ingredient
    beside = {frame: f" beside {fingerprint(theirs)}" for frame, theirs in spread.items() if len(theirs) > 1}
    return {c.place: c.ingredient + (beside.get(c.frame, "") if c.spreads else "") for c in planned.corrections}


def base_ingredients(ingredients: Mapping[str, Value]) -> Ingredients:
    """What a shot's colours are made of below the corrections that are laid over them."""
    return {name: value for name, value in ingredients.items() if not _lies_over(name, value)}


def layer_rules(ingredients: Mapping[str, Value]) -> Ingredients:
    """How corrections are laid over a shot's colours, whichever they are."""
    return {name: value for name, value in ingredients.items() if is_layer_rule(name)}


def is_layer_rule(name: str) -> bool:
    """Whether an ingredient says how corrections are laid on, and not which."""
    return name == LAYERS_STAGE or name.startswith("settings.correct.")


def layers_in(ingredients: Mapping[str, Value]) -> Ingredients:
    """The corrections that are laid over a shot's colours, by their places."""
    return {name: value for name, value in ingredients.items() if _lies_over(name, value) and not is_layer_rule(name)}


def _lies_over(name: str, value: Value) -> bool:
    if name.startswith((f"{CORRECTIONS}/", REFERENCES)):
        return str(value).split(" ")[0] in (*LAYERS, REGION)  # a region that is carried counts by its files' hashes
    return name.startswith(LAID_OVER) or is_layer_rule(name)


def reading_ingredients(settings: Settings) -> Ingredients:
    """How the film's pictures are read; its timecode changes none of them, and of bars those count that there are."""
    kept = settings_ingredients("reel", settings.reel)
    del kept["settings.reel.start_timecode"], kept["settings.reel.bars"]
    return kept


def holds(version: Version, planned: ShotPlan) -> bool:
    """Whether a version is of the frames that the shot has now, not of those it had before it was cut otherwise."""
    return version.ingredients.get("frames") in (None, _frames(planned.reach))


def _frames(frames: FrameRange) -> str:
    return f"{frames.start}-{frames.stop}"


def bars_ingredients(reel: Reel, frames: FrameRange) -> Ingredients:
    """The bars around the picture in a run of frames; nothing where there are none."""
    return {
        f"bars {max(bars.frames.start, frames.start)}-{min(bars.frames.stop, frames.stop)}": bars.words
        for bars in reel.bars
        if bars.frames.overlap(frames)
    }


def network_ingredients(settings: Settings) -> Ingredients:
    """The code, weights, runtime and number type of the networks in force."""
    files = []
    if settings.colorize.network == "shipped":
        files += [FEATURES, COLORIZER]
    if settings.propagate.network == "shipped":
        files += [FEATURES, PROPAGATOR, *([THINGS] if settings.propagate.things else [])]
    if not files:
        return {}
    marks = {f"weights.{file.stem}": mark_of(file) for file in files}
    return {"stage.networks": STAGES["networks"], NUMBERS: networks_compute_in(), **marks}


def flow_ingredients(settings: PropagateSettings, device: str) -> Ingredients:
    """The weights and the device of a flow that is a network."""
    path: Ingredients = {"settings.propagate.raft_weights": ""}  # the file's content counts, wherever it lies
    if settings.flow != "raft":
        return path
    weights = _content_of_raft(settings) if settings.raft_weights else RAFT_FILES[settings.raft_size]
    gpu = graphics() if device != "cpu" else ""
    return {**path, "weights.raft": weights, FLOW_ON: gpu or f"the processor, in {flow_number_type()}"}


def _content_of_raft(settings: PropagateSettings) -> str:
    path = Path(settings.raft_weights)
    try:
        return content_of(path, file_mark(path))
    except MediaError as error:
        remedy = f"propagate.raft_weights must name raft_{settings.raft_size}'s weights"
        raise WeightsError(f"{path}: no such file, or it cannot be read; {remedy}") from error


def but_for_the_machine(ingredients: Mapping[str, Value]) -> Ingredients:
    """The ingredients without what the machine alone decides."""
    return {name: value for name, value in ingredients.items() if not is_the_machines(name)}


def is_the_machines(name: str) -> bool:
    """Whether the machine alone decides an ingredient."""
    return name in (COMPUTED_ON, NUMBERS, FLOW_ON)


def told_name(name: str) -> str:
    """An ingredient's name for people."""
    return next((f"{words}{name.removeprefix(start)}" for start, words in TOLD.items() if name.startswith(start)), name)


def describe(name: str, old: Value | None, new: Value | None) -> str:
    """One line for people on what has changed."""
    if name == COMPUTED_ON:
        here = f"this machine is {new}, where last digits differ"
        return f"rendered on {old or 'a processor not noted'}; {here}: render again, or keep it by --set {TAKE_ANY}"
    return describe_change(told_name(name), old, new)
