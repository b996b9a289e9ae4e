"""What `vidcolor plan` found the references to be: kept with the fingerprint of what it was found from.

A name that may mean several things is settled here: by what was found of its picture, and by the other names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from vidcolor.errors import ProjectError
from vidcolor.project.fingerprint import Ingredients, fingerprint
from vidcolor.project.folder import Project
from vidcolor.project.records import decode, encode
from vidcolor.references.names import PictureName, some
from vidcolor.stages import STAGES
from vidcolor.state.made_of import bars_ingredients
from vidcolor.types import Reel, Shot

FINDINGS, FINDINGS_SCHEMA = "plan/findings.json", "vidcolor.findings/1"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one picture was found to be."""

    made_of: str
    frame: int | None = None
    """Where its name left that open: the frame whose picture it is; None for a free reference."""
    fits: int | None = None
    """A frame that it fits far better than those its name may mean."""
    gray: bool = False
    """True: it holds no colour."""
    partial: bool = False
    """True: only a part of it is opaque, and counts."""


def load_findings(project: Project) -> dict[str, Finding]:
    """Each finding by the picture's path."""
    if not project.has(FINDINGS):
        return {}
    data = project.read_json(FINDINGS, FINDINGS_SCHEMA).get("pictures")
    place = str(project.path(FINDINGS))
    if not isinstance(data, dict):
        raise ProjectError(f"{place}: damaged; delete it and run `vidcolor plan` again")
    return {path: decode(entry, Finding, place) for path, entry in data.items()}


def keep_findings(project: Project, found: Mapping[str, Finding]) -> None:
    entries = {path: encode(finding) for path, finding in sorted(found.items())}
    project.write_json(FINDINGS, FINDINGS_SCHEMA, {"pictures": entries})


def finding_mark(name: PictureName, picture_hash: str, reel: Reel, shots: Sequence[Shot]) -> str:
    """Fingerprint of all that a finding hangs on."""
    made_of: Ingredients = {"picture": picture_hash, "stage.references": STAGES["references"]}
    if name.maybe:
        beside = [shot.frames for shot in shots if any(frame in shot.frames for frame in name.maybe)]
        made_of |= {
            "reel": reel.hash,
            "frames": " ".join(map(str, name.maybe)),
            "free": str(name.free),
            "shots": " ".join(f"{frames.start}-{frames.stop}" for frames in beside),
            **{name: bars for frames in beside for name, bars in bars_ingredients(reel, frames).items()},
        }
    return fingerprint(made_of)


def fresh_findings(
    names: Sequence[PictureName], found: Mapping[str, Finding], marks: Mapping[str, str]
) -> dict[str, Finding]:
    """The findings that hold for the pictures as they are now."""
    return {n.path: found[n.path] for n in names if n.path in found and found[n.path].made_of == marks[n.path]}


def settle(names: Sequence[PictureName], found: Mapping[str, Finding]) -> list[PictureName]:
    """The names with the frames their pictures were found to be of.

    What may be a free reference stays one where its frame has a picture already.
    """
    taken = {n.frame for n in names} - {None}
    taken |= {found[n.path].frame for n in names if not n.free and n.path in found}
    settled = []
    for name in names:
        finding = found.get(name.path)
        if name.maybe and finding is not None and not (name.free and finding.frame in taken):
            name = replace(name, frame=finding.frame)
        settled.append(name)
    return settled


def told(settled: Sequence[PictureName], found: Mapping[str, Finding]) -> Iterator[str]:
    """Sentences on what the pictures decided, and on those without colour."""
    asked = [(name, found[name.path]) for name in settled if name.maybe and name.path in found]
    frames = [f"{n.path} is frame {n.frame}" for n, _ in asked if n.frame is not None]
    if frames:
        yield f"Named so that they may mean several things; taken for the frame each fits: {some(frames)}."
    doubled = [f"{n.path} (frame {f.frame})" for n, f in asked if n.frame is None and f.frame is not None]
    if doubled:
        yield f"Free references, as the frames in their names have pictures already: {some(doubled)}."
    others = [(n, f) for n, f in asked if n.frame is None and f.frame is None]
    for name, finding in others:
        if finding.fits is not None:
            right = f"{finding.fits:06d}{PurePosixPath(name.path).suffix}"
            yield (
                f"{name.path}: fits frame {finding.fits} better than {name.maybe[0]}, so it is a free reference; "
                f"rename it {right} to make it that frame's picture."
            )
    free = [f"{n.path} (frame {n.maybe[0]})" for n, f in others if f.fits is None]
    if free:
        yield f"Free references, as they do not show the frames in their names: {some(free)}."
    gray = [n.path for n in settled if n.frame is None and n.path in found and found[n.path].gray]
    if gray:
        yield f"Gray pictures, which lend no colour: {some(gray)}."
    clear = [n.path for n in settled if n.path in found and found[n.path].partial and found[n.path].gray]
    if clear:
        yield f"Transparent everywhere, so that they say nothing: {some(clear)}."
