"""A line on a film of several reels: made into a line for each reel, or for those that its shots and frames name."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from vidcolor.cli.misspelt import meant
from vidcolor.errors import InputError, ProjectError
from vidcolor.project import Project, ProjectConfig
from vidcolor.project.places import CONFIG, REEL_NAME, reels_in
from vidcolor.settings import preset_tables
from vidcolor.state.marks import file_mark
from vidcolor.state.read import check_references, is_planned_film

WORDS = ("shot", "shots", "frames", "where", "proposal")
"""Of which a line may have one: what says the reel"""
OF_REEL = re.compile(rf"({REEL_NAME.pattern})[-@]")
NUMBERED = re.compile(r"(?:^|[^a-z])r(?:eel)?[ _.-]?0*([1-9][0-9]{0,2})$", re.IGNORECASE)
"""How the name of a reel's file ends that says its number"""
INTO = ("run", "export")
"""Commands that put a file for each reel into the folder that -o names"""
OF_ALL = ("palette",)
"""Commands on what the film has once, whatever its reels"""


def lines_of_reels(args: argparse.Namespace) -> list[argparse.Namespace]:
    """The line as it is for each reel that it is about; alone, as it stands, where it is about a film of one.

    Refuses frames and shots that do not say their reel, and what can be done of one reel at a time alone.
    """
    if "film" in args:
        return _of_films(args)
    if "project" not in args or args.verb in OF_ALL or not (reels := reels_in(args.project)):
        return [args]
    said = next((name for name in WORDS if getattr(args, name, None)), "")
    lines = list(_of_words(args, said, reels)) if said else line_of_each(args)
    several = len(lines) > 1
    told_as_one = args.verb != "status" and getattr(args, "json", False)
    if several and (args.verb == "review" or told_as_one or getattr(args, "csv", None)):
        names = ", ".join(path.name for path in reels)
        raise ProjectError(
            f"{args.project}: is a film of several reels, {names}; name the project of one, as {reels[0]}"
        )
    if several and args.verb not in INTO and getattr(args, "out", None):
        raise ProjectError(f"{args.out}: would be of every reel; leave -o out, or name one project, as {reels[0]}")
    if args.verb in INTO:
        _check_folder(args)
    return lines


def line_of_each(args: argparse.Namespace) -> list[argparse.Namespace]:
    """The line for each reel of the film."""
    return [_line(args, path) for path in reels_in(args.project)]


def _line(args: argparse.Namespace, project: Path, **more: Any) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(args), "project": project, "reel_name": project.name, **more})


def _of_words(args: argparse.Namespace, said: str, reels: Sequence[Path]) -> Iterator[argparse.Namespace]:
    """A line for each reel that the words name, with those of them that are its own."""
    value = getattr(args, said)
    names: dict[str, list[str]] = {}
    for word in [value] if isinstance(value, str) else value:
        found = OF_REEL.match(Path(word).name)
        if found is None:
            raise InputError(f"{word}: of which reel? Write {reels[0].name}@{word}, or the project {reels[0]}")
        names.setdefault(found[1], []).append(word)
    for name, words in names.items():
        if (path := args.project / name) not in reels:
            raise InputError(f"{words[0]}: no reel {name}; the film has {', '.join(path.name for path in reels)}")
        yield _line(args, path, **{said: value if isinstance(value, str) else words})


def _check_folder(args: argparse.Namespace) -> None:
    if args.out and not args.out.is_dir():
        raise InputError(f"{args.out}: no such folder; a film of several reels is a file for each: make it first")


# The lines that make projects.


def usual_project(film: Path) -> Path:
    """`FILM.vidcolor` beside the film; in the current folder where the film's own cannot be written to."""
    name = f"{film.name if film.is_dir() else film.stem}.vidcolor"
    beside = film.absolute().with_name(name)
    if beside.exists() or os.access(beside.parent, os.W_OK):
        return film.with_name(name)
    return Path(name)


def _of_films(args: argparse.Namespace) -> list[argparse.Namespace]:
    """The line for each film that it names. Refuses a film twice, and a word too many that is no reel."""
    films: list[Path] = args.film
    _refuse_slips(args)
    if len(films) == 1 and not (args.project and reels_in(args.project)):
        return [argparse.Namespace(**{**vars(args), "film": films[0]})]
    root = args.project or _project_of_reels(films)
    if (root / CONFIG).exists():
        raise ProjectError(
            f"{root}: is the project of {Project.open(root).reel_path} alone; give another with --project"
        )
    if args.verb in INTO:
        _check_folder(args)
    names: dict[str, Path] = {}
    for film in films:
        name = _name_of(root, film, names)
        if name in names:
            raise InputError(f"{film}: stands twice on the line; leave one out")
        names[name] = film
    fresh = _make_all(args, root, names) if args.verb == "run" else set()
    return [_line(args, root / name, film=film, made=name in fresh) for name, film in names.items()]


def _make_all(args: argparse.Namespace, root: Path, films: dict[str, Path]) -> set[str]:
    """Makes the projects that are not there yet, before any is planned: each reads names by what the others are
    called. Their names."""
    for film in films.values():
        check_made_with(args, film)
    fresh = {name for name in films if not (root / name / CONFIG).exists()}
    for name in fresh:
        place = Project(root / name, ProjectConfig(reel="", name=name))
        Project.create(place.root, ProjectConfig(reel=place.relative(films[name]), name=name))
    return fresh


def check_made_with(args: argparse.Namespace, film: Path) -> None:
    """Refuses, before anything is made, a film, references and a preset that are not there."""
    file_mark(film)
    if args.preset:
        preset_tables(args.preset)
    if args.keyframes:
        check_references(args.keyframes)


def _name_of(root: Path, film: Path, given: dict[str, Path]) -> str:
    """What the reel is called in its film: as before, wherever its file lies now; else by the number in its file's
    name, as `reel2` has one; else by the first that is free."""
    real = os.path.realpath(film)
    if again := next((name for name, other in given.items() if os.path.realpath(other) == real), ""):
        return again
    reels = reels_in(root)
    projects = [Project.open(path) for path in reels]
    for path, project in zip(reels, projects, strict=True):
        if os.path.realpath(project.reel_path) == real:
            return path.name
    for path, project in zip(reels, projects, strict=True):
        moved = not project.reel_path.exists() and film.exists()
        if moved and is_planned_film(project.supposing(reel=project.relative(film))):
            return path.name
    taken = {path.name for path in reels} | set(given)
    if (own := NUMBERED.search(film.stem)) and (name := f"r{own[1]}") not in taken:
        return name
    name = next(name for name in map("r{}".format, count(1)) if name not in taken)
    if not REEL_NAME.fullmatch(name):
        raise ProjectError(f"{root}: has as many reels as a film may have; make another with --project")
    return name


def _project_of_reels(films: Sequence[Path]) -> Path:
    """`FOLDER.vidcolor` in the folder that all the reels lie in."""
    folders = {film.absolute().parent for film in films}
    if len(folders) > 1 or not (name := next(iter(folders)).name):
        raise InputError(f"{films[1]}: where is the project of these reels to lie? Say so: --project FILM.vidcolor")
    return usual_project(films[0].with_name(f"{name}.reels"))


def _refuse_slips(args: argparse.Namespace) -> None:
    """Refuses a second film that is probably none: a part of a name with spaces, or the folder of references."""
    films: Sequence[Path] = args.film
    began = args.project is not None and reels_in(args.project)
    for film in films[1:]:
        is_reel = began or (film.suffix and not film.exists())  # one that is not there is told where it is opened
        hint = meant(args.words, [str(film)], (), "" if args.keyframes or is_reel else "--keyframes")
        if hint and not (film.is_file() and all(other.exists() for other in films)):
            raise InputError(f"unrecognized arguments: {film}{hint}")
