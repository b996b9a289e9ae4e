"""What this project has delivered, and where: that may be replaced, and no other file.

`exports/NAME.json` holds an entry for each place that a film of this name was delivered to: what it was made of, its
mark (size and time), the hashes that our files there can have, and the versions of the shots in it. A file, or a folder
of pictures, is ours when its mark is the one noted, or its content is. While a film takes the place of an older one
both are noted, so that a kill at any moment leaves a file that is known.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vidcolor.errors import ProjectError
from vidcolor.hashes import sha256_of_any
from vidcolor.project.folder import Project
from vidcolor.project.places import EXPORTS, record_of

SCHEMA = "vidcolor.export/2"
SHOT = "shot"
"""What an entry calls the shot whose own file it tells of"""
Entry = Mapping[str, Any]


class Export:
    """What is known of the film delivered to `out`, with its manifest beside it at `manifest`."""

    def __init__(self, project: Project, out: Path, manifest: Path) -> None:
        self.project, self.out, self.manifest = project, out, manifest
        self._record = record_of(out.name)
        self._place = project.relative(Path(os.path.realpath(out.parent), out.name))
        self._places = places_of(project, self._record) if project.has(self._record) else {}
        self._entry = self._places.get(self._place) or self._places.get(str(out.absolute())) or {}

    def is_made_of(self, made_of: str) -> bool:
        """Whether the film is there, whole and as it was delivered, made of these very things."""
        there = self.out.exists() and self.manifest.is_file()
        return there and self._entry.get("made_of") == made_of and self._is_ours()

    @property
    def is_known(self) -> bool:
        """Whether a film was delivered to this place, or was about to be."""
        return bool(self._entry)

    def may_take(self, made_of: str) -> bool:
        """Whether a film made of these things may have this place without taking that of another that was delivered:
        it was on its way there when it was stopped, or was there and is there no more."""
        noted = self._entry.get("made_of")
        return (noted in ("", made_of) and not os.path.lexists(self.out)) or (noted == "" and self._is_ours())

    def refuse_others(self) -> None:
        """Refuses to go on where the place holds a file that was not delivered there, or was changed since."""
        if not self._entry:
            for path in (self.out, self.manifest):
                if os.path.lexists(path):
                    raise ProjectError(
                        f"{path}: is there already, and this project did not deliver it; move it away, or name "
                        "another file with -o"
                    )
        elif not self._is_ours():
            if os.path.lexists(self.out):
                raise ProjectError(
                    f"{self.out}: has changed since it was delivered; move it away to keep it, or name another file "
                    "with -o"
                )
            if os.path.lexists(self.manifest) and not self._tells_of_ours():
                raise ProjectError(
                    f"{self.manifest}: tells of no film that this project delivered; move it away to keep it, or name "
                    "another file with -o"
                )

    def claim(self, versions: Mapping[str, str], sha256: str) -> None:
        """Notes, just before the new film takes its name, that its content is ours too. Refuses like the above."""
        self.refuse_others()
        both = {"made_of": "", "parts": {}, "sha256": [*self._hashes(), sha256], "versions": dict(versions)}
        self._keep({**self._entry, **both})

    def keep(
        self, made_of: str, versions: Mapping[str, str], sha256: str, parts: Mapping[str, Any], shot: str = ""
    ) -> None:
        """Notes what was delivered.

        versions    of each shot, by its id, the name of the one that is in the film
        parts       what it was made of, in parts (pipeline/reuse.py)
        shot        the shot whose own file it is; empty for a film
        """
        noted = {"made_of": made_of, "file": _mark(self.out), "sha256": [sha256], "versions": dict(versions)}
        self._keep({**noted, "parts": dict(parts), **({SHOT: shot} if shot else {})})

    @property
    def parts(self) -> Mapping[str, Any]:
        """What the film that is there was made of, in parts; empty where it is not known, or not ours any more."""
        found = self._entry.get("parts")
        return found if isinstance(found, dict) and found and self._is_ours() else {}

    def _keep(self, entry: Entry) -> None:
        self._entry = entry
        self._places = {**self._places, self._place: entry}
        self.project.write_json(self._record, SCHEMA, {"places": self._places})

    def _hashes(self) -> list[str]:
        noted = self._entry.get("sha256")
        return [text for text in noted if isinstance(text, str)] if isinstance(noted, list) else []

    def _tells_of_ours(self) -> bool:
        """Whether the manifest is that of a film of ours."""
        try:
            return json.loads(self.manifest.read_bytes())["file"]["sha256"] in self._hashes()
        except (OSError, ValueError, TypeError, LookupError):
            return False

    def _is_ours(self) -> bool:
        """By size and time; where these differ, by content: a copied project's film has another time."""
        if not self.out.exists():
            return False
        return self._entry.get("file") == _mark(self.out) or sha256_of_any(self.out) in self._hashes()


def places_of(project: Project, record: str) -> dict[str, Entry]:
    """Place to entry, of one record. Refuses a damaged one."""
    film = Path(record).stem
    remedy = (
        f"delete it and move the {film} it tells of away, with the manifest beside it, or name another film with -o"
    )
    places = project.read_json(record, SCHEMA, remedy=remedy).get("places")
    if not isinstance(places, dict) or not all(isinstance(entry, dict) for entry in places.values()):
        raise ProjectError(f"{project.path(record)}: damaged; {remedy}")
    return places


def exports_of(project: Project) -> Iterator[tuple[str, Entry]]:
    """(place, entry) of all that this project has delivered."""
    folder = project.path(EXPORTS)
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        if name.endswith(".json") and not name.startswith("."):
            yield from places_of(project, f"{EXPORTS}/{name}").items()


def _mark(path: Path) -> str:
    """Size and time; of a folder, how many pictures, their sizes together and the latest time."""
    if not path.is_dir():
        stat = path.stat()
        return f"{stat.st_size} {stat.st_mtime_ns}"
    stats = [file.stat() for file in path.iterdir()]
    latest = max((stat.st_mtime_ns for stat in stats), default=0)
    return f"{len(stats)} {sum(stat.st_size for stat in stats)} {latest}"
