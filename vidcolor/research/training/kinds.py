"""What a recipe trains: its `kind`, and the module that runs it, imported when it is asked for.

Every such module has `run(recipe, data, out, *, cache, machine)`: it trains by the recipe file on the folder `data`,
into the run's folder `out`, on the machine, and takes the run up where it stopped.
"""

from __future__ import annotations

import importlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from vidcolor.errors import InputError, SettingsError

if TYPE_CHECKING:
    from vidcolor.research.training.machine import Machine

FIRST = "features"
"""The kind of a recipe that names none: there was only this one."""
KINDS = {
    "features": "vidcolor.research.training.features_run",
    "unet": "vidcolor.research.training.published.unet_run",
    "exemplar": "vidcolor.research.training.published.exemplar_run",
    "diffusion": "vidcolor.research.training.published.diffusion_run",
    "colorizer": "vidcolor.research.training.colorizer_run",
    "propagator": "vidcolor.research.training.propagator_run",
    "proposer": "vidcolor.research.training.proposer_run",
}


class Runner(Protocol):
    """Trains by a recipe; the same call again takes the run up where it stopped."""

    def __call__(self, recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
        """recipe  TOML file; data  pictures to train on; out  the run's folder; cache  what is computed once."""


def kind_of(recipe: Path) -> str:
    """The kind that a recipe file names. Refuses files that are no TOML, and kinds that there are not."""
    kind = read_toml(recipe).get("kind", FIRST)
    if kind not in KINDS:
        raise SettingsError(f"{recipe}: no kind of training {kind!r}; there are {', '.join(KINDS)}")
    return str(kind)


def runner_of(recipe: Path) -> Runner:
    """What trains by this recipe file."""
    return cast(Runner, importlib.import_module(KINDS[kind_of(recipe)]).run)


def read_toml(recipe: Path) -> dict:
    """What a recipe file says. Refuses files that cannot be read, and files that are no TOML."""
    try:
        return tomllib.loads(recipe.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{recipe}: cannot be read ({error.strerror}); give a recipe of configs/train") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{recipe}: not a recipe: {error}; mend that line") from error


def with_changes(recipe: Path, changes: Sequence[str], out: Path) -> Path:
    """A recipe file with some entries of its head changed, each `name=value`: OUT/recipe.toml; without any, the file.

    Entries of tables stay as they are. Refuses changes without a name; that a value fits is the recipe's to say.
    """
    if not changes:
        return recipe
    lines = recipe.read_text(encoding="utf-8").splitlines()
    ends = next((n for n, line in enumerate(lines) if line.startswith("[")), len(lines))
    head, rest = lines[:ends], lines[ends:]
    while head and not head[-1].strip():
        head.pop()
    for change in changes:
        name, equals, value = (part.strip() for part in change.partition("="))
        if not equals or not name:
            raise SettingsError(f"--set takes name=value, not {change!r}")
        told = f"{name} = {_as_toml(value)}"
        at = next((n for n, line in enumerate(head) if line.split("=")[0].strip() == name), None)
        head = [*head, told] if at is None else [*head[:at], told, *head[at + 1 :]]
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.toml").write_text("\n".join([*head, *([""] if rest else []), *rest]) + "\n", encoding="utf-8")
    return out / "recipe.toml"


def _as_toml(value: str) -> str:
    """A value as given, if it is one of TOML's; otherwise as text."""
    try:
        tomllib.loads(f"x = {value}")
    except tomllib.TOMLDecodeError:
        return json.dumps(value)
    return value
