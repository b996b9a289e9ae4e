"""Plan: probe the reel, find its shots, place people's pictures, choose keyframes where nobody gave any.

Each step writes one file of `plan/` with the fingerprint of what it was made of, and does nothing while that is
unchanged.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from vidcolor.errors import MediaError
from vidcolor.features import PatchFeatures
from vidcolor.keyframes import choose_keyframes, looks_of
from vidcolor.media.probe import open_reel
from vidcolor.media.whole import hashed_beside
from vidcolor.pipeline.bars import inside, with_bars
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.lists import all_lists, edited_notes, listed_notes, write_lists
from vidcolor.pipeline.looked import all_looked_at, look_at_pictures
from vidcolor.pipeline.small import SmallFrames
from vidcolor.project.fingerprint import fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.project.records import encode
from vidcolor.references.choose import choose_references, describe, similarity
from vidcolor.references.names import PictureName, some
from vidcolor.settings import Settings
from vidcolor.shots.detect import find_shots, measuring_size
from vidcolor.shots.lists import read_shots
from vidcolor.shots.titles import is_title
from vidcolor.state import read
from vidcolor.state.added import with_partial
from vidcolor.state.by_shot import ByShot, sort_by_shot
from vidcolor.state.corrected import Corrected, corrected, with_corrections
from vidcolor.state.film import Film
from vidcolor.state.findings import finding_mark, keep_findings, load_findings
from vidcolor.state.made_of import match_marks, shots_ingredients
from vidcolor.state.marks import reel_mark, reel_touched
from vidcolor.state.plan import ChosenKeyframes, Given, Picture, Plan, PlannedKeyframe, clear_by_id
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame, Reel, Shot

log = logging.getLogger(__name__)
DIGITS = 4
"""Of scores: beyond them pictures are alike."""
Progress = Callable[[str, int, int], None]
"""(stage, done, of how many): told as the work goes on."""


def make_plan(
    project: Project, settings: Settings, progress: Progress, opened: Callable[[Reel], None] | None = None
) -> Film:
    """The film with the plan in force, every out-of-date part made anew.

    opened  told the reel before the work on it begins
    """
    project.make_folder(project.path("plan"))
    keeps = project.keyframes_path is not None
    with closing(SmallFrames(project.path("plan"), settings.keyframes.spacing, keeps=keeps)) as small:
        reel, found = _reel_and_shots(project, settings, small, progress, opened)
        library = Library(project, PatchFeatures())
        if look_at_pictures(project, reel, found, library):
            own = read.load_shots(project, reel, settings) or found.shots
            found = corrected(project, reel, own, read.known_files(project))
        shots = found.shots
        given = _looked_at(project, reel, found, library, progress)
        chosen = _match(project, reel, shots, given, library, small, settings, progress)
    return _film(project, settings, read.plan_of(reel, shots, given, chosen, settings), found, given)


def _corrected_before(project: Project, plan: Plan) -> Iterator[str]:
    """A sentence on corrections in force, until the film that they were not made for is delivered."""
    if plan.corrections and read.former_hash(project):
        names = some([correction.place for correction in plan.corrections])
        yield (
            f"{plan.reel.path.name} is another film than was planned here before, and corrections made for that one "
            f"are in force: {names}; delete those that do not fit"
        )


def plan_in_force(project: Project, settings: Settings) -> Film | None:
    """The film, where `make_plan` would find nothing to do; None where it would. Writes nothing, and needs no lock."""
    reel = read.load_reel(project, settings) if read.whole_hash(project) else None
    shots = read.load_shots(project, reel, settings) if reel else None
    found = _shots_in_force(project, reel, shots) if reel and shots else None
    if reel is None or found is None or not all_looked_at(project, reel, found):
        return None
    given = read.list_given(project, reel, found)
    if read.known_files(project) != given.files or _worth_a_look(given, found.shots, Library(project, PatchFeatures())):
        return None
    plan = read.plan_of(reel, found.shots, given, read.load_chosen(project), settings)
    return _film(project, settings, plan, found, given) if all(shot.matched for shot in plan.shots) else None


def _film(project: Project, settings: Settings, plan: Plan, found: Corrected, given: Given) -> Film:
    """The film with people's corrections in its plan, and all notes on it."""
    plan, shots = with_corrections(project, plan, with_partial(found, given)), found.shots
    listed = (*listed_notes(project, plan.reel), *edited_notes(project, plan.reel, shots))
    notes = (*plan.notes, *listed, *_corrected_before(project, plan))
    return Film(project, replace(plan, notes=notes), settings).on("auto")


def _shots_in_force(project: Project, reel: Reel, shots: Sequence[Shot]) -> Corrected | None:
    """The plan's shots with people's cuts, where its files all say the same; else None."""
    if all_lists(project):
        found = corrected(project, reel, shots, read.known_files(project))
        if read.kept_shots(project) == list(found.shots):
            return found
    return None


def _reel_and_shots(
    project: Project,
    settings: Settings,
    small: SmallFrames,
    progress: Progress,
    opened: Callable[[Reel], None] | None,
) -> tuple[Reel, Corrected]:
    """The reel, named by the hash of all its bytes, and its shots; found anew where anything has changed.

    A film that was never planned is hashed while its shots are found. One that was touched since is hashed first:
    if it is the same to the byte, all that was made of it stands.
    """
    path = read.film_path(project)
    marks = {"file": reel_mark(path), "touched": reel_touched(path)}  # before anything is read
    kept = read.whole_hash(project)
    known = read.load_reel(project, settings) if kept else None
    shots = read.load_shots(project, known, settings) if known else None
    if known and shots and (in_force := _shots_in_force(project, known, shots)):
        return known, in_force
    reel = known or open_reel(path, settings.reel, project.reel_name)
    read.list_names(project, reel)  # what they refuse is refused before the shots are looked for
    if opened is not None:
        opened(reel)
    with hashed_beside(reel.path) as whole:
        told = partial(progress, "hash")
        if project.has(read.SHOTS):
            reel = replace(reel, hash=kept or whole.result(told))
            shots = read.load_shots(project, reel, settings)
        own = shots or _find_shots(project, reel, settings, small, progress)
        decoded = shots is None and not project.shots_path
        reel = replace(reel, hash=whole.result(told) if decoded or not kept else kept)
    found = corrected(project, reel, own, read.known_files(project))
    write_lists(project, reel, found.shots, read.kept_shots(project))
    reel = with_bars(reel, found.shots, settings, partial(small.read, reel))
    # behind the lists: a kill between leaves a list of today's shots, which is none that was edited
    _keep_shots(project, reel, own, found.shots, settings)
    _keep_reel(project, reel, marks, settings)
    return reel, found


def _keep_reel(project: Project, reel: Reel, marks: Mapping[str, str], settings: Settings) -> None:
    """Last of what hangs on the reel, so that a kill before it has all of that written again."""
    path = project.reel_path
    kept = encode(replace(reel, path=Path(os.path.relpath(reel.path, path))))
    wanted = settings_ingredients("reel", settings.reel)
    former = read.former_hash(project) or read.planned_hash(project)
    content = {**marks, "settings": wanted, "reel": kept, "sum": fingerprint(kept)}
    content |= {"former": former} if former not in ("", reel.hash) else {}
    project.write_json(read.REELS, read.REELS_SCHEMA, content)
    log.info("%s: %d frames of %dx%d at %s", path, reel.frame_count, reel.size[1], reel.size[0], reel.rate)


def _find_shots(project: Project, reel: Reel, settings: Settings, small: SmallFrames, progress: Progress) -> list[Shot]:
    listed = project.shots_path
    if listed:
        shots = read_shots(listed, reel)
    else:
        frames = small.watched(reel, measuring_size(reel.size, settings.shots.side))
        shots = find_shots(reel, frames, settings.shots, lambda done: progress("shots", done, reel.frame_count))
        progress("shots", reel.frame_count, reel.frame_count)
    log.info("%d shots%s", len(shots), f" from {listed}" if listed else "")
    return shots


def _keep_shots(
    project: Project, reel: Reel, shots: Sequence[Shot], in_force: Sequence[Shot], settings: Settings
) -> None:
    """The machine's shots, and beside them those that people's cuts make of them."""
    content = {"made_of": fingerprint(shots_ingredients(project, reel, settings)), "shots": encode(tuple(shots))}
    theirs = {"corrected": encode(tuple(in_force))} if list(shots) != list(in_force) else {}
    project.write_json(read.SHOTS, read.SHOTS_SCHEMA, {**content, **theirs})


def _looked_at(project: Project, reel: Reel, corrected: Corrected, library: Library, progress: Progress) -> Given:
    """What a person gave, once every picture has been looked at of which the name or the plan leaves something open."""
    shots = corrected.shots
    given = read.list_given(project, reel, corrected)
    if not project.has(read.PICTURES) or read.known_files(project) != given.files:
        project.write_json(read.PICTURES, read.PICTURES_SCHEMA, {"files": given.files})
    hashes = given.hashes
    while wanted := _worth_a_look(given, shots, library):
        from vidcolor.pipeline.look import Looker  # and all of registration: not where every name says its frame

        looker = Looker(reel, shots, given, library, describes=_some_bare(given, shots))
        found = {path: entry for path, entry in load_findings(project).items() if path in hashes}
        refused: dict[str, MediaError] = {}
        for done, name in enumerate(wanted):
            progress("references", done, len(wanted))
            try:
                found[name.path] = looker.finding(name, finding_mark(name, hashes[name.path], reel, shots))
            except MediaError as error:
                if os.path.basename(name.path) not in str(error):  # the film's
                    raise
                refused[name.path] = error
            else:
                log.info("%s: %s", name.path, found[name.path])
        progress("references", len(wanted), len(wanted))
        keep_findings(project, found)
        _refuse(refused)
        given = read.list_given(project, reel, corrected)
    return given


def _refuse(refused: Mapping[str, MediaError]) -> None:
    """Refuses all pictures that could not be read at once, so that they can be mended together."""
    if refused:
        (_, first), *others = refused.items()
        if not others:
            raise first
        raise MediaError(f"{first}; mend these too: {some([path for path, _ in others])}")


def _worth_a_look(given: Given, shots: Sequence[Shot], library: Library) -> list[PictureName]:
    """What may be free to serve any shot, what may be some frame's or not, and what may count in part.

    All where a shot has no picture.
    """
    bare = _some_bare(given, shots)
    return [name for name in given.unseen if name.frame is None or bare or library.may_be_partial(name.path)]


def _some_bare(given: Given, shots: Sequence[Shot]) -> bool:
    """Whether some shot has no picture of its own."""
    return len(sort_by_shot(given, shots).own) < len(shots)


def _match(
    project: Project,
    reel: Reel,
    shots: Sequence[Shot],
    given: Given,
    library: Library,
    small: SmallFrames,
    settings: Settings,
    progress: Progress,
) -> read.Chosen:
    """The keyframes and references of the shots without a picture of their own, chosen where anything has changed."""
    by_shot = sort_by_shot(given, shots)
    bare = [shot for shot in shots if shot.id not in by_shot.own]
    marks = match_marks(bare, reel, by_shot, settings)
    chosen = read.load_chosen(project)
    table = {
        shot.id: chosen[shot.id] for shot in bare if shot.id in chosen and chosen[shot.id].made_of == marks[shot.id]
    }
    todo = [shot for shot in bare if shot.id not in table]
    clear = clear_by_id(shots)
    matcher = Matcher(library, partial(_small_inside, small, reel), by_shot, settings)
    for done, shot in enumerate(todo):
        progress("keyframes", done, len(todo))
        table[shot.id] = matcher.chosen_for(shot, clear[shot.id], marks[shot.id])
        log.info("%s: keyframes %s", shot.id, [k.frame for k in table[shot.id].keyframes])
    if todo:
        progress("keyframes", len(todo), len(todo))
    if todo or set(table) != set(chosen):
        _keep_chosen(project, table)
    return table


def _small_inside(small: SmallFrames, reel: Reel, frames: Sequence[int]) -> list[Frame]:
    """Some of the reel's frames, small, without bars."""
    looks = small.read(reel, frames)
    return [Frame(f.index, inside(f.lightness, reel.bars_at(f.index), reel.size)) for f in looks]


def _keep_chosen(project: Project, table: read.Chosen) -> None:
    entries = {
        shot_id: {
            "made_of": found.made_of,
            "keyframes": encode(found.keyframes),
            **({"title": True} if found.title else {}),
        }
        for shot_id, found in sorted(table.items())
    }
    project.write_json(read.KEYFRAMES, read.KEYFRAMES_SCHEMA, {"shots": entries})


class Matcher:
    """Chooses keyframes for shots nobody gave any, and the pictures their colours come from."""

    def __init__(
        self, library: Library, frames: Callable[[Sequence[int]], list[Frame]], by_shot: ByShot, settings: Settings
    ) -> None:
        """`frames` answers frames of the reel by number, rising, at any size."""
        self.library, self.frames, self.by_shot, self.settings = library, frames, by_shot, settings

    def chosen_for(self, shot: Shot, clear: FrameRange, made_of: str) -> ChosenKeyframes:
        """The shot's keyframes that some picture matches; none when nothing matches, or where it is a title card: the
        shot stays gray.

        clear   the shot's frames outside its dissolves and fades: a keyframe should show one scene in full light
        """
        pictures, regions = self.by_shot.offered(shot), self.by_shot.regions_of(shot)
        if regions:
            return ChosenKeyframes(made_of, self._with_regions(pictures, sorted(regions)))
        if not pictures:
            return ChosenKeyframes(made_of, ())
        looks = {look.index: look for look in self.frames(looks_of(clear, self.settings.keyframes.spacing))}
        asked = pictures[0].shot is not None  # a person put pictures into this shot's folder
        if self.settings.keyframes.titles == "gray" and not asked and is_title([f.lightness for f in looks.values()]):
            return ChosenKeyframes(made_of, (), title=True)
        frames = choose_keyframes(clear, list(looks.values()), self.settings.keyframes)
        keys = [self._with_references(PlannedKeyframe(f, "coverage"), looks[f], pictures) for f in frames]
        return ChosenKeyframes(made_of, tuple(key for key in keys if key.pictures))

    def _with_regions(self, pictures: Sequence[Picture], frames: Sequence[int]) -> tuple[PlannedKeyframe, ...]:
        """Frames that a person gave masks for are the keyframes: nothing is added to them."""
        seen = self.frames(frames)
        return tuple(self._with_references(PlannedKeyframe(f.index, "regions"), f, pictures) for f in seen)

    def _with_references(self, key: PlannedKeyframe, target: Frame, pictures: Sequence[Picture]) -> PlannedKeyframe:
        """The keyframe with the pictures that match it, and how well, to the digits that the project keeps."""
        if not pictures:
            return key
        described = describe(target.lightness, self.library.features)
        found = choose_references(described, self._described(pictures), self.settings.references)
        if not found and pictures[0].shot is not None:  # a person put them in this shot's folder: that is the answer
            found = [(name, similarity(described, theirs)) for name, theirs in self._described(pictures)]
        names, scores = (tuple(name for name, _ in found), tuple(round(score, DIGITS) for _, score in found))
        return replace(key, pictures=names, scores=scores)

    def _described(self, pictures: Sequence[Picture]) -> Iterator[tuple[str, np.ndarray]]:
        return ((picture.name, self.library.described(picture)) for picture in pictures)
