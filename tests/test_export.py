"""Stage 7: one film, its manifest, and nothing where the luma is not the film's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delivered import COUNT, decoded, luma_sha256, make_frames, make_reel

from vidcolor.errors import InputError, MediaError, SettingsError
from vidcolor.export import LumaSum, Provenance, export_reel, manifest_path
from vidcolor.media.codecs import CODECS
from vidcolor.media.write import Written
from vidcolor.settings import ExportSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import DeliveryFrame, Reel, Shot, SourceFrame

MADE_OF = Provenance(
    shots=[Shot("r1", FrameRange(0, 4)), Shot("r1", FrameRange(4, COUNT))],
    keyframes={4},
    versions=[{"id": "r1-000000", "version": "v001", "fingerprint": "abc"}, {"id": "r1-000004", "version": "v002"}],
    figures={"mean_confidence": 0.8},
    metadata={"title": "A film"},
)


def finished(reel: Reel, delivery: str, luma: LumaSum) -> Iterator[DeliveryFrame]:
    """Delivery frames whose luma came through the sum, as the finishing stage makes them."""
    frames = list(make_frames(reel, delivery))
    sources = luma.watch(SourceFrame(frame.index, frame.luma) for frame in frames)
    for source, frame in zip(sources, frames, strict=True):
        yield DeliveryFrame(source.index, source.luma.copy(), frame.cb, frame.cr)


def export(path: Path, delivery: str = "prores-422hq", change: Any = None, **facts: Any) -> Written:
    reel, luma = make_reel(**facts), LumaSum()
    frames: Iterable[DeliveryFrame] = finished(reel, delivery, luma)
    if change:
        frames = change(frames)
    return export_reel(reel, frames, path, delivery, ExportSettings(), source_luma=luma, made_of=MADE_OF)


@pytest.mark.parametrize("delivery", CODECS)
def test_the_manifest_tells_what_was_made_of_what(tmp_path: Path, delivery: str) -> None:
    path = tmp_path / f"film{CODECS[delivery].suffixes[0]}"
    written = export(
        path, delivery, start=86_400, tape="REEL07", luma_reversible=False, notes=("Grainy.",), damaged=(2,)
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([f"{path.name}.manifest.json", path.name])
    manifest = json.loads(manifest_path(path).read_text(encoding="utf-8"))
    assert manifest["schema"] == "vidcolor.manifest/1"
    file, luma = manifest["file"], manifest["luma"]
    assert file["sha256"] == written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file["bytes"] == path.stat().st_size
    assert (file["name"], file["delivery"], file["frames"]) == (path.name, delivery, COUNT)
    assert (file["rate"], file["timecode_in"], file["timecode_out"]) == ("24000/1001", "01:00:00:00", "01:00:00:06")
    assert file["tags"] == {"primaries": 1, "transfer": 1, "matrix": 1}
    assert file["reel_name"] == "REEL07"
    assert manifest["source"]["damaged"] == [2]
    expected = luma_sha256(list(make_frames(make_reel(), delivery)))
    assert luma["source_sha256"] == expected
    assert luma["delivered_sha256"] == (None if CODECS[delivery].is_proxy else expected)
    assert (luma["equal"], luma["luma_reversible"]) == (not CODECS[delivery].is_proxy, delivery == "ffv1-16")
    assert ("lossy" in luma["promise"]) == (delivery not in ("ffv1", "ffv1-16", "proxy", "proxy-av1"))
    assert manifest["source"]["notes"] == ["Grainy."]
    assert [shot["version"] for shot in manifest["shots"]] == ["v001", "v002"]
    assert manifest["figures"] == {"mean_confidence": 0.8}
    assert manifest["software"]["vidcolor"]
    assert len(decoded(path)) == COUNT


def test_the_same_film_gives_the_same_files(tmp_path: Path) -> None:
    kept = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        export(tmp_path / folder / "film.mov")
        kept.append({p.name: p.read_bytes() for p in (tmp_path / folder).iterdir()})
    assert kept[0] == kept[1]


def _one_code_off(frames: Iterable[DeliveryFrame]) -> Iterator[DeliveryFrame]:
    for frame in frames:
        luma = frame.luma.copy()
        if frame.index == 3:
            luma[7, 9] ^= 1
        yield DeliveryFrame(frame.index, luma, frame.cb, frame.cr)


@pytest.mark.parametrize("delivery", CODECS)
def test_one_luma_code_off_and_nothing_is_delivered(tmp_path: Path, delivery: str) -> None:
    path = tmp_path / f"film{CODECS[delivery].suffixes[0]}"
    with pytest.raises(MediaError, match="is not the film's own"):
        export(path, delivery, _one_code_off)
    assert list(tmp_path.iterdir()) == []


def _last_lost(frames: Iterable[DeliveryFrame]) -> list[DeliveryFrame]:
    return list(frames)[:-1]


def _one_doubled(frames: Iterable[DeliveryFrame]) -> list[DeliveryFrame]:
    kept = list(frames)
    return [*kept[:3], kept[2], *kept[3:]]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [(_last_lost, MediaError, "5 of the film's 6"), (_one_doubled, InputError, "frame 2 was given where frame 3")],
)
def test_no_frame_is_lost_or_doubled(tmp_path: Path, change: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        export(tmp_path / "film.mov", change=change)
    assert list(tmp_path.iterdir()) == []


def _breaks(frames: Iterable[DeliveryFrame]) -> Iterator[DeliveryFrame]:
    yield next(iter(frames))
    raise KeyboardInterrupt


def test_a_run_that_is_stopped_leaves_the_last_delivery_whole(tmp_path: Path) -> None:
    export(tmp_path / "film.mov")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        export(tmp_path / "film.mov", change=_breaks)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_film_never_stands_beside_an_older_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path / "film.mov")

    def stopped(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidcolor.export.write_text", stopped)
    with pytest.raises(KeyboardInterrupt):
        export(tmp_path / "film.mov", start=24)
    assert [p.name for p in tmp_path.iterdir()] == ["film.mov"]


def test_destinations_are_refused_before_a_frame_is_read(tmp_path: Path) -> None:
    def untouched(frames: Iterable[DeliveryFrame]) -> Iterator[DeliveryFrame]:
        pytest.fail("a frame was read")
        yield from frames

    with pytest.raises(MediaError, match="name it film.mov"):
        export(tmp_path / "film.avi", change=untouched)
    with pytest.raises(SettingsError):
        export(tmp_path / "film.mov", "betamax", change=lambda frames: untouched(frames))


def test_progress_counts_the_frames(tmp_path: Path) -> None:
    reel, luma, told = make_reel(), LumaSum(), []
    export_reel(
        reel,
        finished(reel, "ffv1", luma),
        tmp_path / "film.mkv",
        "ffv1",
        ExportSettings(),
        source_luma=luma,
        progress=told.append,
    )
    assert told == list(range(1, COUNT + 1))


def test_the_sum_of_the_source_follows_its_frames() -> None:
    pictures = [np.full((2, 3), code, np.uint16) for code in (64, 500, 940)]
    whole, parts = LumaSum(), LumaSum()
    list(whole.watch(SourceFrame(i, p) for i, p in enumerate(pictures)))
    list(parts.watch([SourceFrame(0, pictures[0])]))
    list(parts.watch(SourceFrame(i, pictures[i]) for i in (1, 2)))
    assert whole.sha256 == parts.sha256 == hashlib.sha256(b"".join(p.tobytes() for p in pictures)).hexdigest()
    with pytest.raises(InputError, match="frame 7 was read where frame 3 follows"):
        list(whole.watch([SourceFrame(7, pictures[0])]))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"bits": 10}, "the film's own, code for code"),
        ({"bits": 16, "full_range": True}, "the film's own, rounded from 16 full-range bits to 10"),
        ({"bits": 10, "full_range": True}, "the film's own, rounded from 10 full-range bits to 10"),
        ({"bits": 12, "full_range": False}, "the film's own, rounded from 12 bits to 10"),
        (
            {"bits": 16, "full_range": True, "luma_source": "rgb"},
            "computed from the film's R'G'B', and rounded from 16",
        ),
        (
            {"bits": 32, "luma_source": "rgb", "pixel_format": "grayf32le"},
            "computed from the film's light, and rounded",
        ),
    ],
)
def test_rounded_luma_is_never_called_code_for_code(tmp_path: Path, facts: dict[str, Any], words: str) -> None:
    rounded = "rounded" in words
    path = tmp_path / "film.mkv"
    export(path, "ffv1", luma_reversible=not rounded, **facts)
    promise = json.loads(manifest_path(path).read_text(encoding="utf-8"))["luma"]["promise"]
    assert promise.startswith(f"The luma codes in this file are {words}")
    assert ("code for code" in promise) != rounded
