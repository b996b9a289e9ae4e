"""A film of several reels: a folder, and in it a whole project for each reel, called r1, r2, ... In order of names.

The film's folder holds what is one for all reels, the palette, and says nothing else of its own, so that nothing in it
can be at odds with its reels' projects.
"""

from __future__ import annotations

from collections import Counter

from vidcolor.project.config import ProjectConfig
from vidcolor.project.folder import Project
from vidcolor.project.places import reels_in


def film_of(project: Project) -> Project:
    """Where what all reels share is read and written: the film's folder; of a film of one, its project."""
    return Project(project.film_folder, ProjectConfig(reel="")) if project.config.name else project


def reels_of(project: Project) -> list[Project]:
    """The projects of the film's reels, in order; of a film of one, its project."""
    return [Project.open(path) for path in reels_in(project.film_folder)] if project.config.name else [project]


def reel_words(project: Project) -> dict[str, str]:
    """What may stand for a reel of the film, in lower case, and the reel's name: that name, and its file's where no
    other reel's is the same; empty where the project's reel is the film."""
    if not project.config.name:
        return {}
    reels = reels_of(project)
    stems = Counter(reel.reel_path.stem.lower() for reel in reels)
    files = {stem: reel.reel_name for reel in reels if stems[stem := reel.reel_path.stem.lower()] == 1}
    return {**files, **{reel.reel_name: reel.reel_name for reel in reels}}
