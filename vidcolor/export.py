"""Stage 7: frames in order into one delivered film, and the manifest that says what it was made of.

- The luma is summed twice, by SHA-256: as it was decoded (`LumaSum.watch`, around the source's frames) and as it
  was handed to the encoder. If the sums differ, nothing is delivered.
- The manifest is written last and removed first: a film without one was not finished being delivered.
- Nothing in it depends on the day or the machine: the same film from the same things gives the same text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np

import vidcolor
from vidcolor.errors import InputError, MediaError
from vidcolor.media.codecs import FilmDelivery, find_delivery
from vidcolor.media.coded import CodedFrame
from vidcolor.media.destination import check_destination
from vidcolor.media.picture_codecs import PictureDelivery
from vidcolor.media.place import remove, write_text
from vidcolor.media.promise import Measured, keeps_codes, own_bits, picture_promise, promise
from vidcolor.media.proxy import Labels
from vidcolor.media.write import Writer
from vidcolor.media.write_pictures import PictureWriter
from vidcolor.media.written import Written
from vidcolor.settings import ExportSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import DeliveryFrame, Reel, Shot, SourceFrame

__all__ = ["LumaSum", "Provenance", "check_destination", "export_reel", "manifest_path"]

SCHEMA = "vidcolor.manifest/1"


class LumaSum:
    """The SHA-256 of a reel's luma as it was decoded, in the order of its frames from `first` on."""

    def __init__(self, first: int = 0) -> None:
        self._sum = hashlib.sha256()
        self._first = first
        self.frame_count = 0

    def watch(self, frames: Iterable[SourceFrame]) -> Iterator[SourceFrame]:
        """The same frames, each added to the sum as it passes. Refuses one out of turn.

        May be called again for the frames that follow.
        """
        for frame in frames:
            if frame.index != self._first + self.frame_count:
                raise InputError(f"frame {frame.index} was read where frame {self._first + self.frame_count} follows")
            self._sum.update(np.ascontiguousarray(frame.handed).data)
            self.frame_count += 1
            yield frame

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the delivered film is made of, as the caller knows it."""

    shots: Sequence[Shot] = ()
    keyframes: Collection[int] = ()
    versions: Sequence[Mapping[str, Any]] = ()
    """One entry a shot, for the manifest: its id, version, fingerprint and whatever else is known."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Measured figures, for the manifest."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """For the film's own metadata: title, comment, `com.vidcolor.*`."""
    part: Mapping[str, Any] = field(default_factory=dict)
    """What of the film it is, for the manifest; empty for the whole."""


def manifest_path(path: Path) -> Path:
    """`film.mov.manifest.json` beside `film.mov`: each delivery has its own."""
    return path.with_name(f"{path.name}.manifest.json")


def measured_at(path: Path) -> Measured | None:
    """What the manifest beside delivered pictures says of their luma; None where it says nothing."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(manifest_path(path).read_text("utf-8"))["luma"]
        return Measured(*(told[name.name] for name in fields(Measured)))
    return None


def export_reel(
    reel: Reel,
    frames: Iterable[DeliveryFrame | CodedFrame],
    path: Path,
    delivery: str,
    settings: ExportSettings,
    *,
    source_luma: LumaSum,
    made_of: Provenance | None = None,
    progress: Callable[[int], None] | None = None,
    before_naming: Callable[[str], None] | None = None,
    copies: bool = False,
    run: FrameRange | None = None,
) -> Written:
    """The whole reel, or a run of its frames, as one film at `path`, with `manifest_path(path)` beside it.

    `frames` are all of the run's, in order, with the chroma that `find_delivery(delivery).subsampling` asks for;
    they come from source frames that went through `source_luma.watch`. `progress` is told the frames written,
    `before_naming` the SHA-256 of the whole film just before it takes its name; an error there leaves the place as
    it was. `copies`: some frames come as an earlier delivery coded them.

    Refuses what `check_destination` refuses, frames lost or doubled, and luma that is not the source's.
    """
    made_of, run = made_of or Provenance(), run or FrameRange(0, reel.frame_count)
    check_destination(path, delivery, reel, settings)
    metadata = {"com.vidcolor.version": vidcolor.__version__, "com.vidcolor.source_hash": reel.hash}
    made_way = partial(_make_way, path, before_naming)
    writer: Writer | PictureWriter
    if isinstance(find_delivery(delivery), PictureDelivery):
        writer = PictureWriter(path, reel, delivery, settings, first_frame=run.start, before_naming=made_way)
    else:
        writer = Writer(
            path,
            reel,
            delivery,
            settings,
            metadata={**metadata, **made_of.metadata},
            labels=Labels(made_of.shots, made_of.keyframes),
            first_frame=run.start,
            before_naming=made_way,
            copies=copies,
        )
    with writer:
        for frame in frames:
            writer.write(frame)
            if progress:
                progress(writer.frame_count)
        _check_counts(path, run, writer.frame_count)
        _check_luma(path, source_luma, writer)
    manifest = _manifest(reel, run, delivery, settings, writer.written, source_luma, made_of)
    write_text(manifest_path(path), json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    return writer.written


def _make_way(path: Path, asked: Callable[[str], None] | None, sha256: str) -> None:
    if asked:
        asked(sha256)
    remove(manifest_path(path))


def _check_counts(path: Path, run: FrameRange, count: int) -> None:
    if count != len(run):
        raise MediaError(
            f"{path}: only {count} of the film's {len(run)} frames were written, so nothing is delivered; run "
            "it again, and report this if it happens again"
        )


def _check_luma(path: Path, source: LumaSum, writer: Writer | PictureWriter) -> None:
    if isinstance(writer, PictureWriter):
        return  # it has read back every picture, and knows how near each must be
    if (source.sha256, source.frame_count) != (writer.luma_sha256, writer.frame_count):
        raise MediaError(
            f"{path}: the luma handed to the encoder (SHA-256 {writer.luma_sha256[:12]}, {writer.frame_count} frames) "
            f"is not the film's own ({source.sha256[:12]}, {source.frame_count} frames), so nothing is delivered; run "
            "it again, and report this if it happens again"
        )


def _manifest(
    reel: Reel,
    run: FrameRange,
    delivery: str,
    settings: ExportSettings,
    written: Written,
    source: LumaSum,
    made_of: Provenance,
) -> dict[str, Any]:
    codec = find_delivery(delivery)
    return {
        "schema": SCHEMA,
        "file": {
            "name": written.path.name,
            "bytes": written.size,
            "sha256": written.sha256,
            "delivery": delivery,
            "about": codec.about,
            **codec.facts(settings, reel),
            **({"pictures": list(written.pictures)} if written.pictures else {}),
            "frames": written.frame_count,
            **_clock(reel, run),
            "sound": list(written.sound),
            **({"beside": dict(written.beside)} if written.beside else {}),
        },
        "luma": _luma(reel, codec, settings, written, source),
        "source": _source(reel),
        **({"part": dict(made_of.part)} if made_of.part else {}),
        "shots": [dict(entry) for entry in made_of.versions],
        "figures": dict(made_of.figures),
        "software": dict(software()),
    }


def _luma(
    reel: Reel, codec: FilmDelivery | PictureDelivery, settings: ExportSettings, written: Written, source: LumaSum
) -> dict[str, Any]:
    told = {
        "source_sha256": source.sha256,
        "delivered_sha256": None if codec.is_proxy else written.luma_sha256,
        "equal": not codec.is_proxy and source.sha256 == written.luma_sha256,
        "luma_reversible": keeps_codes(reel, codec.scale_of(reel)),
        "computed_from": reel.luma_source,
    }
    if isinstance(codec, PictureDelivery):
        assert written.measured is not None  # a picture writer measures
        told |= {"luma_reversible": own_bits(reel) <= codec.holds(settings, reel), **asdict(written.measured)}
        return {**told, "promise": picture_promise(reel, codec, settings, written.measured)}
    return {**told, "promise": promise(reel, codec)}


def _clock(reel: Reel, run: FrameRange) -> dict[str, Any]:
    return {
        "rate": str(reel.rate),
        "size": {"height": reel.size[0], "width": reel.size[1]},
        "pixel_aspect": str(reel.pixel_aspect),
        "scan": reel.scan,
        "tags": _tags(reel),
        "timecode_in": reel.timecode(run.start),
        "timecode_out": reel.timecode(run.stop),
        "drop_frame": reel.drop_frame,
        "reel_name": reel.tape,
    }


def _tags(reel: Reel) -> dict[str, int]:
    tags = reel.tags
    return {"primaries": tags.primaries, "transfer": tags.transfer, "matrix": tags.matrix}


def _source(reel: Reel) -> dict[str, Any]:
    return {
        "name": reel.name,
        "file": reel.path.name,
        "hash": reel.hash,
        "codec": reel.codec,
        "pixel_format": reel.pixel_format,
        "bits": reel.bits,
        "full_range": reel.full_range,
        "has_color": reel.has_color,
        "timecoded": reel.timecoded,
        "sound_tracks": reel.sound_tracks,
        **({"damaged": list(reel.damaged)} if reel.damaged else {}),
        "notes": list(reel.notes),
    }


@cache
def software() -> Mapping[str, str]:
    """Versions of what can change a byte of the film. Read once: a delivery may be thousands of files."""
    libraries = {name: ".".join(map(str, numbers)) for name, numbers in sorted(av.library_versions.items())}
    packages = {name: version(name) for name in ("av", "numpy", "opencv-python-headless", "pillow")}
    return MappingProxyType({"vidcolor": vidcolor.__version__, **packages, **libraries})
