"""What each command does: reads the options, calls the pipeline, shows what came out (show.py).

Modules that decode or compute are imported inside the commands that need them, so that `status` answers at once.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.ahead import Ahead, loops_ahead
from vidcolor.cli.correct import accept_command as accept_command
from vidcolor.cli.correct import correct_command as correct_command
from vidcolor.cli.correct import corrections_command as corrections_command
from vidcolor.cli.correct import refuse_problems
from vidcolor.cli.deliver import deliver_film, refuse_delivery, refuse_place
from vidcolor.cli.deliver import export_command as export_command
from vidcolor.cli.diff import diff_command as diff_command
from vidcolor.cli.farm import TaskLines, render_on, say_receipts
from vidcolor.cli.farm import farm_command as farm_command
from vidcolor.cli.frames import frames_command as frames_command
from vidcolor.cli.lineart import lineart_command as lineart_command
from vidcolor.cli.manual import describe
from vidcolor.cli.palette import palette_command as palette_command
from vidcolor.cli.progress import ShowProgress
from vidcolor.cli.propose import propose_command as propose_command
from vidcolor.cli.prune import prune_command as prune_command
from vidcolor.cli.reels import check_made_with, usual_project
from vidcolor.cli.review import review_command as review_command
from vidcolor.cli.sheets import report_command as report_command
from vidcolor.cli.sheets import sheet_command as sheet_command
from vidcolor.cli.sheets import sheets_of
from vidcolor.cli.show import (
    LEGEND,
    show_cost,
    show_delivered,
    show_looks,
    show_rendered,
    show_shots,
    show_summary,
)
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.transfer import transfer_command as transfer_command
from vidcolor.cli.working import assigned, logged, made_for_this, settings_of, working
from vidcolor.errors import ProjectError
from vidcolor.project import Project, ProjectConfig
from vidcolor.project.kinds import COLORS
from vidcolor.settings import Settings, load_settings, preset_tables
from vidcolor.state.corrected import touched
from vidcolor.state.film import Film
from vidcolor.state.overview import overview
from vidcolor.state.read import is_planned_film, load_film, load_reel
from vidcolor.state.status import ShotState, named_states, state_of, states, to_render, why

if TYPE_CHECKING:
    from vidcolor.research.measure import Measurement
    from vidcolor.state.plan import ShotPlan
    from vidcolor.types import Reel, Shot

WORST_FRAMES = 6
"""Worst frames on the page that `measure --report` writes."""


def run_command(args: argparse.Namespace, terminal: Terminal) -> None:
    started, cpu = time.monotonic(), time.process_time()
    project, said, made = _open_or_make(args)
    with made_for_this(project, made):
        settings = settings_of(project, args.assignments)
        with working(project, "run", args.wait), terminal.progress(project.reel_path) as progress:
            refuse_place(project, args)
            _check_device(settings, project.config.device)
            with loops_ahead(progress) as ahead:
                ahead.wait_for_plan()
                refuses = partial(refuse_delivery, project, settings, args)
                film = _plan(project, settings, progress, said, refuses)
                here = partial(_render_here, ahead=ahead)
                film, shown, rendered = _render(film, progress, delivers=True, made_by=here)
            looks = sheets_of(film, shown, progress)
            delivered = deliver_film(film, shown, args, progress)
    show_summary(film, shown, terminal)
    show_looks(looks, terminal)
    show_rendered(shown, rendered, terminal)
    show_delivered(project, delivered, terminal)
    show_cost(film.plan, rendered, delivered, time.monotonic() - started, time.process_time() - cpu, terminal)
    refuse_problems(film)


def example_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.example import ExampleFacts, make_example

    folder: Path = args.folder
    there = ExampleFacts(folder).film.exists()
    with terminal.progress() as progress:
        facts = make_example(folder, lambda share: progress("example", round(100 * share), 100))
    if there:
        terminal.say(f"{folder}: is there already, and was left as it is; delete it for a fresh one")
    terminal.say(f"{folder}: {facts.frame_count} frames in {len(facts.cuts) + 1} shots, with sound and timecode")
    terminal.say(f"try:  vidcolor run {folder / 'film.mov'} --keyframes {folder / 'refs'}")


def new_command(args: argparse.Namespace, terminal: Terminal) -> None:
    preset = args.preset or ProjectConfig(reel="").preset
    settings = load_settings([(f"preset {preset}", preset_tables(preset))])
    check_made_with(args, args.film)
    if args.shots:
        from vidcolor.media.probe import open_reel
        from vidcolor.shots.lists import read_shots

        read_shots(args.shots, open_reel(args.film, settings.reel))
    project = Project(args.project, ProjectConfig(reel=""))
    config = ProjectConfig(
        reel=project.relative(args.film),
        keyframes=project.relative(args.keyframes) if args.keyframes else "",
        preset=preset,
        shots=project.relative(args.shots) if args.shots else "",
        name=args.reel_name,
    )
    Project.create(args.project, config)
    terminal.say(f"{args.project}: made; next: vidcolor plan {args.project}")


def plan_command(args: argparse.Namespace, terminal: Terminal) -> None:
    project, said = _open(args)
    settings = settings_of(project, args.assignments)
    with working(project, "plan", args.wait), terminal.progress(project.reel_path) as progress:
        from vidcolor.pipeline.costs import expected_of_plan
        from vidcolor.pipeline.lists import lists_of
        from vidcolor.pipeline.plan import make_plan  # told of before: these take seconds

        with loops_ahead(progress) as ahead:
            ahead.wait_for_plan()
            film = make_plan(project, settings, progress, lambda reel: progress.expect(expected_of_plan(reel)))
        project.remember(**said)
    show_shots(film, terminal)
    for note in film.plan.notes:
        terminal.say(f"note: {note}")
    names = [Path(name).name for name in lists_of(project, film.plan.reel, [s.shot for s in film.plan.shots])]
    terminal.say(f"written: {project.path('plan')}{os.sep}{', '.join(names)}")
    refuse_problems(film)


def render_command(args: argparse.Namespace, terminal: Terminal) -> None:
    project, said = _open(args)
    settings = settings_of(project, args.assignments)
    if args.dry_run:
        film = load_film(project, settings, _listed_shots(project, settings) if said else None, args.device)
        stale = [s.shot.id for s in to_render(film, states(film), args.shots)]
        asked = "every shot" if not args.shots else "every shot named"
        terminal.say("\n".join(f"would render {name}" for name in stale) or f"nothing to render: {asked} is fresh")
        return
    made_by = partial(render_on, args.on, terminal=terminal) if args.on else _render_here
    told = nullcontext(terminal.json_progress()) if args.json else terminal.progress(project.reel_path)
    told = nullcontext(TaskLines(terminal)) if args.farm else told
    with logged(project, f"render-{platform.node()}"), told as progress:
        _check_device(settings, project.config.device)
        planned = None if said else _plan_in_force(project, settings)
        if planned is None:
            with working(project, "render", args.wait):
                planned = _plan(Project.open(args.project).supposing(**said), settings, progress, said)
        film, shown, rendered = _render(planned, progress, args.shots, alone=args.farm, made_by=made_by)
        looks = [] if args.farm else sheets_of(film, shown, progress, project.lock("render"))
    if args.farm:
        say_receipts(film, [state.planned.shot.id for state in shown], terminal)
    elif args.json:
        terminal.json({"rendered": rendered})
    else:
        show_summary(film, shown, terminal)
        show_looks(looks, terminal)
        show_rendered(shown, rendered, terminal)
    refuse_problems(film)


def status_command(args: argparse.Namespace, terminal: Terminal) -> Counter[str]:
    """Answers how many shots are in each state."""
    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    film = load_film(project, settings, device=args.device)
    if args.json:
        terminal.json(overview(film, states(film)))
        return Counter()
    words = show_shots(film, terminal)
    terminal.say(LEGEND)
    refuse_problems(film)
    return words


def why_command(args: argparse.Namespace, terminal: Terminal) -> None:
    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    film = load_film(project, settings, device=args.device)
    planned = film.plan.shot(args.shot)
    state = state_of(film, planned)
    lines = list(why(film, state))
    name = f"  {state.version.name}" if state.version else ""
    terminal.say(f"{args.shot}{name} is {state.state}{':' if lines else ''}")
    for line in lines:
        terminal.say(f"  {line}")
    for correction in film.plan.corrections:
        if correction.kind not in COLORS and planned in touched(film.plan, correction):
            terminal.say(f"  {correction.place}  in force")


def measure_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.research.measure import MeasureOptions, measure
    from vidcolor.research.measure.files import Outputs

    outputs = Outputs(args.json, args.csv, args.report)
    outputs.check([args.result, args.truth])
    networks = Path("none") not in args.weights
    options = MeasureOptions(
        reference=args.reference,
        keyframes=args.keyframes,
        weights=args.weights if networks else (),
        networks=networks,
        device=args.device,
        worst=WORST_FRAMES if args.report else 0,
    )
    with terminal.progress() as progress:
        found = measure(args.result, args.truth, options, progress)
    _show_measurement(found, terminal)
    for path in outputs.write(found):
        terminal.say(f"{'written':<10} {path}")


def settings_command(args: argparse.Namespace, terminal: Terminal) -> None:
    settings = load_settings([(f"preset {args.preset}", preset_tables(args.preset)), *assigned(args.assignments)])
    for item in describe():
        value = getattr(getattr(settings, item.section), item.name)
        shown = f"{value}" + (f" (default {item.default})" if value != item.default else "")
        terminal.say(f"{item.section}.{item.name} = {shown}")
        terminal.say(item.told)


# Shared by the commands above.


def _open(args: argparse.Namespace) -> tuple[Project, dict[str, str]]:
    """The project as if it said what the line says, and that: to be remembered once it has been planned with."""
    project = Project.open(args.project)
    said = {"shots": project.relative(args.shot_list)} if args.shot_list else {}
    device = vars(args).get("device", "auto")  # `plan` has none
    said |= {"device": device} if device not in ("auto", project.config.device) else {}
    return project.supposing(**said), said


def _listed_shots(project: Project, settings: Settings) -> list[Shot] | None:
    """The shots of a list that nothing was planned with yet; None where there is no plan at all."""
    from vidcolor.shots.lists import read_shots

    reel = load_reel(project, settings)
    return read_shots(project.shots_path, reel) if project.shots_path and reel else None


def _open_or_make(args: argparse.Namespace) -> tuple[Project, dict[str, str], bool]:
    """The project of `run`, reopened or made beside the film, as if it said what the line says; what is new; if made.

    What is new is remembered only when a plan could be made with it: a mistake on the line then stays on the line.
    """
    film: Path = args.film
    check_made_with(args, film)
    root: Path = args.project or usual_project(film)
    place = Project(root, ProjectConfig(reel=""))
    said = {
        "reel": place.relative(film),
        "keyframes": place.relative(args.keyframes) if args.keyframes else None,
        "preset": args.preset,
        "device": None if args.device == "auto" else args.device,
        "shots": place.relative(args.shots) if args.shots else None,
    }
    given = {name: value for name, value in said.items() if value is not None}
    there = (root / "project.toml").exists()
    project = Project.open(root) if there else Project.create(root, ProjectConfig(reel=given["reel"]))
    is_there = os.path.realpath(project.reel_path) == os.path.realpath(film)
    if not is_there and not is_planned_film(project.supposing(reel=given["reel"])):
        moved = f"; was the film moved? Then write reel = {json.dumps(given['reel'])} into {root / 'project.toml'}"
        raise ProjectError(
            f"{root}: belongs to another film ({project.reel_path}); give --project another folder"
            f"{'' if project.reel_path.exists() else moved}"
        )
    if is_there:
        del given["reel"]
    new = {name: value for name, value in given.items() if getattr(project.config, name) != value}
    return project.supposing(**new), new, not there


def _check_device(settings: Settings, device: str) -> None:
    """Refuses a device before any work; a line has been said by now, for this loads what is heavy."""
    from vidcolor.pipeline.on_device import check_device

    check_device(settings, device)


def _plan_in_force(project: Project, settings: Settings) -> Film | None:
    from vidcolor.pipeline.plan import plan_in_force

    return plan_in_force(project, settings)


def _plan(
    project: Project,
    settings: Settings,
    progress: ShowProgress,
    said: dict[str, str],
    refuses: Callable[[Reel], None] | None = None,
) -> Film:
    """The film with its plan made up to date; the project then remembers what the line said.

    refuses  told the reel before any work, as it is to be delivered; None: it is not
    """
    from vidcolor.pipeline.plan import make_plan

    def opened(reel: Reel) -> None:
        if refuses is not None:
            refuses(reel)
        _expect(progress, settings, refuses is not None, reel)

    film = make_plan(project, settings, progress, opened)
    if refuses is not None:
        refuses(film.plan.reel)
    project.remember(**said)
    return film


def _render_here(
    film: Film, stale: Sequence[ShotPlan], progress: ShowProgress, ahead: Ahead | None = None
) -> list[ShotPlan]:
    """ahead  where the loops that are called are compiled already"""
    from vidcolor.pipeline.corrected import needs_networks
    from vidcolor.pipeline.render import load_models, render

    with nullcontext(ahead) if ahead else loops_ahead(progress) as loops:
        models = load_models(film.settings, film.device, networks=needs_networks(film, stale))
        loops.wait_for_render(pictures=any(key.reason != "person" for one in stale for key in one.keyframes))
    return render(film, stale, models, progress)


def _render(
    film: Film,
    progress: ShowProgress,
    only: Sequence[str] = (),
    *,
    delivers: bool = False,
    alone: bool = False,
    made_by: Callable[..., list[ShotPlan]] = _render_here,
) -> tuple[Film, list[ShotState], list[str]]:
    """The film, the state of its shots afterwards, and the ids of those that were rendered (of `only`, if any).

    alone    nothing is read of the shots that are not named: for one task of thousands
    made_by  renders shots, given film, shots and progress
    """
    from vidcolor.pipeline.costs import expected

    logger = logging.getLogger("vidcolor")
    read = partial(named_states, film, only) if alone and only else partial(states, film)
    shown = read()
    for state in shown:
        for line in why(film, state):
            logger.info("%s is stale: %s", state.planned.shot.id, line)
    stale = to_render(film, shown, only)
    if not stale:
        return film, shown, []
    progress.expect(expected(film.plan.reel, film.settings, stale, delivers=delivers))
    made = made_by(film, stale, progress)
    return film, read(), [planned.shot.id for planned in made]


def _expect(progress: ShowProgress, settings: Settings, delivers: bool, reel: Reel) -> None:
    """What the stages of a film are likely to take, as long as its shots are not known."""
    from vidcolor.pipeline.costs import expected_before_plan

    progress.expect(expected_before_plan(reel, settings, delivers=delivers))


def _show_measurement(found: Measurement, terminal: Terminal) -> None:
    from vidcolor.research.measure import table

    for head, line in table.about(found):
        terminal.say(f"{head:<10} {line}")
    terminal.say()
    terminal.table(table.HEADS, table.table_rows(found))
    for name, needs in table.lacking_lines(found):
        terminal.say(f"{name:<20}  {needs}")
    if found.distances:
        terminal.say()
        terminal.table(table.DISTANCE_HEADS, table.distance_rows(found))
    terminal.say()
    for network in found.networks:
        terminal.say(f"{'network':<10} {table.network_line(network)}")
    for note in found.notes:
        terminal.say(f"{'note':<10} {note}")
