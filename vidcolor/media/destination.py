"""Refusals before the work starts: where a film would go, and whether its delivery can hold it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidcolor.errors import MediaError
from vidcolor.media.beside import notes_on, takes_sound, tracks_of
from vidcolor.media.codecs import CONTAINERS, FilmDelivery, container_of, find_delivery
from vidcolor.media.delivery import Delivery
from vidcolor.media.encoder import MOST_IN_A_SECOND
from vidcolor.media.mxf import RATES
from vidcolor.media.picture_codecs import PictureDelivery
from vidcolor.media.picture_file import MOST_LABELS
from vidcolor.media.place import told
from vidcolor.media.proxy_view import ProxyView
from vidcolor.media.sequence import SUFFIXES
from vidcolor.partial import partial_path
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel


def check_destination(path: Path, delivery: str, reel: Reel, settings: ExportSettings) -> None:
    """Refuses, before any work, a place or a delivery that the film could not be written to in the end."""
    codec = check_name(path, delivery)
    own = (reel.path, reel.path.parent) if isinstance(codec, PictureDelivery) else (reel.path,)
    if path.exists() and any(place.exists() and path.samefile(place) for place in own):
        raise MediaError(f"{path}: is the film itself, which is never written to; choose another name with -o")
    smallest = codec.smallest
    if reel.size[0] < smallest[0] or reel.size[1] < smallest[1]:
        raise MediaError(
            f"{reel.path.name}: {reel.size[1]}x{reel.size[0]} is too small for {delivery}, which starts at "
            f"{smallest[1]}x{smallest[0]}; choose another --delivery"
        )
    if reel.scan != "progressive" and not codec.interlaced:
        raise MediaError(f"{reel.path.name}: {delivery} holds no interlaced pictures; choose --delivery prores-422hq")
    if isinstance(codec, PictureDelivery):
        with told(path):
            partial = partial_path(path)
            if not partial.is_dir():  # a run that was killed may have left it
                partial.mkdir()
                partial.rmdir()
        return
    if container_of(path) == "mxf" and reel.rate.fraction not in RATES:
        raise MediaError(
            f"{reel.path.name}: MXF holds no {reel.rate} frames a second; choose another --delivery, such as dnxhr-hqx "
            "(MOV)"
        )
    if codec.is_proxy:
        ProxyView(settings, reel.tags).check()
    _check_sound(path, reel, settings)
    with told(path):
        partial = partial_path(path)
        partial.open("wb").close()
        partial.unlink()


def check_name(path: Path, delivery: str) -> FilmDelivery | PictureDelivery:
    """The delivery of that name. Refuses a folder, and a name that this delivery is not written under."""
    codec = find_delivery(delivery)
    if isinstance(codec, PictureDelivery):
        if path.suffix.lower() in (*SUFFIXES, *CONTAINERS):
            raise MediaError(f"{path}: {delivery} is a folder of pictures; name it {path.stem}")
        if path.exists() and not path.is_dir():
            raise MediaError(f"{path}: is a file, and {delivery} a folder of pictures; name another with -o")
        return codec
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a file in it with -o")
    if path.suffix.lower() not in codec.suffixes:
        usual = path.with_suffix(codec.suffixes[0]).name
        raise MediaError(f"{path}: {delivery} is not written under this name; name it {usual}")
    return codec


def _check_sound(path: Path, reel: Reel, settings: ExportSettings) -> None:
    if not takes_sound(reel, settings):
        return
    tracks = tracks_of(reel.path, container_of(path))
    untaken = [track.name for track in tracks if track.kind == "sound" and track.way == "leave"]
    if untaken:
        raise MediaError(
            f"{reel.path.name}: {', '.join(untaken)} has no place in {path.suffix} and cannot be read; choose "
            "--delivery ffv1 (MKV), or leave the sound out with --set export.sound=none"
        )


def destination_notes(path: Path, reel: Reel, settings: ExportSettings) -> list[str]:
    """What a person should know of a film before it is made: what beside the picture does not go along as it is."""
    sound = takes_sound(reel, settings)
    return notes_on(reel.path, container_of(path), sound=sound) if sound or reel.extras else []


def delivery_notes(codec: Delivery, reel: Reel, settings: ExportSettings) -> Iterator[str]:
    """What pictures do not carry, and a film that is larger than it was; a proxy may be, and is for review alone."""
    if isinstance(codec, FilmDelivery):
        height, width = codec.picture_size(reel.size, settings)
        if (height, width) != reel.size and not codec.is_proxy:
            yield (
                f"delivered {width}x{height}, the film being {reel.size[1]}x{reel.size[0]}: its last column is there "
                "twice, as FFmpeg's encoder of ProRes 422 turns one that is left over behind whole blocks green"
            )
        if reel.rate.base > MOST_IN_A_SECOND and ".mkv" not in codec.suffixes:
            yield (
                f"a film of {reel.rate} frames a second carries no timecode in {codec.suffixes[0][1:].upper()}: its "
                f"track counts no further than {MOST_IN_A_SECOND}"
            )
    if not isinstance(codec, PictureDelivery):
        return
    if takes_sound(reel, settings) or reel.extras:
        yield "pictures hold nothing beside the picture: the film's sound and whatever else it has stay in its file"
    if reel.rate.base > MOST_LABELS and codec.kind != "tiff":
        yield f"pictures of {reel.rate} frames a second carry no timecode: its labels count no further than 30"
