"""What a frame should show, in words: `prompts.toml` of the project folder, for `propose` with the user's models.

    "r1-000134" = "a woman in a dark green dress, brown wooden panels"
    "1042" = "the same woman, night, blue light"

    ["r1-000200"]
    prompt = "a red tram"
    negative = "a green tram"

A line is for a shot, or for one frame by its number, which counts more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from vidcolor.checked import suggestion
from vidcolor.errors import SettingsError
from vidcolor.project.folder import Project
from vidcolor.settings import read_toml

PROMPTS = "prompts.toml"
LARGEST = 1 << 20
"""Bytes of such a file."""
LONGEST = 2000
"""Letters of a prompt; a model reads some 75 words of it."""
ENTRIES = ("prompt", "negative")


@dataclass(frozen=True, slots=True)
class Words:
    """What a picture should show, and what not; None where nobody says so."""

    prompt: str | None = None
    negative: str | None = None


def read_prompts(project: Project, shots: Collection[str], frames: int) -> Mapping[str, Words]:
    """By shot or frame number; empty where there is no file.

    Refuses what is no such file, and names that are neither of the shots nor a number below `frames`.
    """
    path = project.path(PROMPTS)
    if not path.exists():
        return {}
    if path.stat().st_size > LARGEST:
        raise SettingsError(f"{path}: larger than {LARGEST >> 20} MiB; these are no prompts, move it away")
    found = {}
    for name, told in read_toml(path).items():
        if name not in shots and not (name.isascii() and name.isdecimal() and int(name) < frames):
            raise SettingsError(f"{path}: {name!r:.60} is no shot and no frame of this film{suggestion(name, shots)}")
        found[name if name in shots else str(int(name))] = _words(told, f"{path}: {name}")
    return found


def words_of(prompts: Mapping[str, Words], shot: str, frame: int) -> Words:
    """What is said of a frame, else of its shot."""
    of_shot, of_frame = prompts.get(shot, Words()), prompts.get(str(frame), Words())
    prompt = of_shot.prompt if of_frame.prompt is None else of_frame.prompt
    return Words(prompt, of_shot.negative if of_frame.negative is None else of_frame.negative)


def _words(told: Any, where: str) -> Words:
    entries = {"prompt": told} if isinstance(told, str) else told
    if not isinstance(entries, dict):
        raise SettingsError(f"{where} = {told!r:.40} must be text, or a table of {' and '.join(ENTRIES)}")
    for entry, text in entries.items():
        if entry not in ENTRIES:
            raise SettingsError(f"{where}: no entry {entry!r:.40}{suggestion(entry, ENTRIES)}")
        if not isinstance(text, str) or len(text) > LONGEST:
            raise SettingsError(f"{where}: {entry} must be text of at most {LONGEST} letters")
    return Words(**entries)
