"""What things are made of: the ingredients of shots, of the choice of keyframes, and of a shot's colours."""

from __future__ import annotations

from collections.abc import Iterable

from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, mark_of
from vidcolor.project.fingerprint import Ingredients, fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.settings import Settings
from vidcolor.stages import STAGES
from vidcolor.state.by_shot import ByShot
from vidcolor.state.film import Film
from vidcolor.state.marks import file_hash
from vidcolor.state.plan import Picture, ShotPlan
from vidcolor.types import Reel, Shot


def shots_ingredients(project: Project, reel: Reel, settings: Settings) -> Ingredients:
    listed = project.shots_path
    return {
        "reel": reel.hash,
        "stage.shots": STAGES["shots"],
        **({"list": file_hash(listed)} if listed else settings_ingredients("shots", settings.shots)),
    }


def match_marks(shots: Iterable[Shot], reel: Reel, by_shot: ByShot, settings: Settings) -> dict[str, str]:
    """Of each shot, by its id: fingerprint of what the choice of its keyframes and references hangs on."""
    common: Ingredients = {
        "reel": reel.hash,
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
                "frames": f"{shot.frames.start}-{shot.frames.stop}",
                "references": _offered_mark(by_shot.folders[shot.id]) if shot.id in by_shot.folders else free,
                **{f"region {frame}": "" for frame in by_shot.regions_of(shot)},
            }
        )
        for shot in shots
    }


def _offered_mark(pictures: Iterable[Picture]) -> str:
    return fingerprint({p.name: p.hash for p in pictures})


def shot_ingredients(film: Film, planned: ShotPlan) -> Ingredients:
    """All that the colours of one shot are made of."""
    plan, settings = film.plan, film.settings
    keys: Ingredients = {}
    for key in planned.keys:
        keys[f"keyframe {key.frame}"] = f"{key.reason} {' '.join(key.pictures)}".strip()
        keys |= {f"references/{name}": plan.hashes[name] for name in key.pictures}
        for region in key.regions:
            keys |= {f"references/{region.path}": f"{plan.hashes[region.path]} {region.picture}"}
            keys |= {f"references/{region.part}": plan.hashes[region.part]} if region.part else {}
    return {
        "reel": plan.reel.hash,
        "frames": f"{planned.reach.start}-{planned.reach.stop}",
        **keys,
        **{f"stage.{name}": STAGES[name] for name in ("colorize", "propagate")},
        **reading_ingredients(settings),
        **settings_ingredients("colorize", settings.colorize),
        **settings_ingredients("propagate", settings.propagate),
        **network_ingredients(settings),
    }


def reading_ingredients(settings: Settings) -> Ingredients:
    """How the film's pictures are read; its timecode changes none of them."""
    kept = settings_ingredients("reel", settings.reel)
    del kept["settings.reel.start_timecode"]
    return kept


def network_ingredients(settings: Settings) -> Ingredients:
    """The weights of the networks in force."""
    files = []
    if settings.colorize.network == "shipped":
        files += [FEATURES, COLORIZER]
    if settings.propagate.network == "shipped":
        files += [FEATURES, PROPAGATOR]
    return {f"weights.{file.stem}": mark_of(file) for file in files}
