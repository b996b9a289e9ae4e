"""Refusals before the work starts: where a film would go, and whether its delivery can hold it."""

from __future__ import annotations

from pathlib import Path

from vidcolor.errors import MediaError
from vidcolor.media.beside import notes_on, tracks_of
from vidcolor.media.codecs import Delivery, container_of, find_delivery
from vidcolor.media.mxf import RATES
from vidcolor.media.place import told
from vidcolor.partial import partial_path
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel


def check_destination(path: Path, delivery: str, reel: Reel, settings: ExportSettings) -> None:
    """Refuses, before any work, a place or a delivery that the film could not be written to in the end."""
    codec = check_name(path, delivery)
    if path.exists() and reel.path.exists() and path.samefile(reel.path):
        raise MediaError(f"{path}: is the film itself, which is never written to; choose another name with -o")
    smallest = codec.smallest
    if reel.size[0] < smallest[0] or reel.size[1] < smallest[1]:
        raise MediaError(
            f"{reel.path.name}: {reel.size[1]}x{reel.size[0]} is too small for {delivery}, which starts at "
            f"{smallest[1]}x{smallest[0]}; choose another --delivery"
        )
    if reel.scan != "progressive" and not codec.interlaced:
        raise MediaError(f"{reel.path.name}: {delivery} holds no interlaced pictures; choose --delivery prores-422hq")
    if container_of(path) == "mxf" and reel.rate.fraction not in RATES:
        raise MediaError(
            f"{reel.path.name}: MXF holds no {reel.rate} frames a second; choose another --delivery, such as dnxhr-hqx "
            "(MOV)"
        )
    _check_sound(path, reel, settings)
    with told(path):
        partial = partial_path(path)
        partial.open("wb").close()
        partial.unlink()


def check_name(path: Path, delivery: str) -> Delivery:
    """The delivery of that name. Refuses a folder, and a name that this delivery is not written under."""
    codec = find_delivery(delivery)
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a file in it with -o")
    if path.suffix.lower() not in codec.suffixes:
        usual = path.with_suffix(codec.suffixes[0]).name
        raise MediaError(f"{path}: {delivery} is not written under this name; name it {usual}")
    return codec


def _check_sound(path: Path, reel: Reel, settings: ExportSettings) -> None:
    if not reel.sound_tracks or settings.sound == "none":
        return
    tracks = tracks_of(reel.path, container_of(path))
    untaken = [track.name for track in tracks if track.name.startswith("sound") and track.way == "leave"]
    if untaken:
        raise MediaError(
            f"{reel.path.name}: {', '.join(untaken)} has no place in {path.suffix} and cannot be read; choose "
            "--delivery ffv1 (MKV), or leave the sound out with --set export.sound=none"
        )


def destination_notes(path: Path, reel: Reel, settings: ExportSettings) -> list[str]:
    """What a person should know of a delivery before it is made: what beside the picture does not go along as it is."""
    sound = bool(reel.sound_tracks) and settings.sound == "copy"
    return notes_on(reel.path, container_of(path), sound=sound) if sound or reel.extras else []
