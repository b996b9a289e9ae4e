"""Refusals before the work starts: one line each, with the remedy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from delivered import make_film_with_sound, make_reel

from vidcolor.errors import SettingsError, VidcolorError
from vidcolor.media.codecs import CODECS
from vidcolor.media.destination import check_destination, delivery_notes, destination_notes
from vidcolor.settings import ExportSettings
from vidcolor.timeline import Rate


def refusal(path: Path, delivery: str = "prores-422hq", reel: Any = None, **settings: Any) -> str:
    with pytest.raises(VidcolorError) as caught:
        check_destination(path, delivery, reel or make_reel(), ExportSettings(**settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_place_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "taken.mov").write_bytes(b"yesterday")
    for name in ("new.mov", "taken.mov", "Ünïcode and spaces.mov", "a:b%d.mov"):
        check_destination(tmp_path / name, "prores-422hq", make_reel(), ExportSettings())
    assert [p.name for p in tmp_path.iterdir()] == ["taken.mov"]
    assert (tmp_path / "taken.mov").read_bytes() == b"yesterday"


@pytest.mark.parametrize(
    ("name", "delivery", "usual"),
    [
        ("out.avi", "prores-422hq", "out.mov"),
        ("out", "prores-4444", "out.mov"),
        ("out.mov", "ffv1", "out.mkv"),
        ("out.mkv", "dnxhr-hqx", "out.mov"),
        ("out.mp4", "prores-422hq", "out.mov"),
        ("out.mkv", "proxy", "out.mov"),
    ],
)
def test_the_suffix_must_suit_the_delivery(tmp_path: Path, name: str, delivery: str, usual: str) -> None:
    assert refusal(tmp_path / name, delivery).endswith(f"name it {usual}")


def test_an_unknown_delivery_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"known: {', '.join(CODECS)}"):
        check_destination(tmp_path / "out.mov", "betamax", make_reel(), ExportSettings())
    with pytest.raises(SettingsError, match="did you mean 'prores-422hq'"):
        check_destination(tmp_path / "out.mov", "prores-422", make_reel(), ExportSettings())


def test_a_folder_in_the_place(tmp_path: Path) -> None:
    (tmp_path / "out.mov").mkdir()
    assert "is a folder" in refusal(tmp_path / "out.mov")
    assert "is a folder" in refusal(tmp_path)


def test_no_such_folder(tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "none" / "out.mov")


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "-o" in refusal(tmp_path / "file" / "out.mov")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    assert "too long" in refusal(tmp_path / ("n" * 251 + ".mov"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "no permission" in refusal(tmp_path / "out.mov")


@pytest.mark.parametrize("link", [False, True], ids=["itself", "by a link"])
def test_the_film_is_never_written_over(tmp_path: Path, link: bool) -> None:
    film = tmp_path / "film.mov"
    film.write_bytes(b"the only copy")
    place = tmp_path / "link.mov" if link else film
    if link:
        place.symlink_to(film)
    assert "the film itself" in refusal(place, reel=make_reel(film))
    assert film.read_bytes() == b"the only copy"


def test_pictures_too_small_for_the_encoder(tmp_path: Path) -> None:
    said = refusal(tmp_path / "out.mov", "dnxhr-hqx", make_reel(size=(100, 200)))
    assert "200x100 is too small" in said


def test_fields_that_the_delivery_cannot_hold(tmp_path: Path) -> None:
    assert "prores-422hq" in refusal(tmp_path / "out.mov", "dnxhr-hqx", make_reel(scan="top"))


def test_sound_without_a_place_in_the_container_becomes_pcm_and_is_told(tmp_path: Path) -> None:
    reel = make_film_with_sound(tmp_path / "film.mkv", [("pcm_s16le", "mono", {}), ("flac", "stereo", {})], seconds=1)
    for name, delivery, told in (
        ("out.mov", "prores-422hq", ["sound track 2 (flac) has no place in MOV: it is delivered as PCM"]),
        ("out.mp4", "proxy", []),
        ("out.mkv", "ffv1", []),
    ):
        check_destination(tmp_path / name, delivery, reel, ExportSettings())
        assert destination_notes(tmp_path / name, reel, ExportSettings()) == told
    assert destination_notes(tmp_path / "out.mov", reel, ExportSettings(sound="none")) == []


@pytest.mark.parametrize(
    ("width", "delivery", "told"),
    [
        (337, "prores-422hq", ["delivered 338x96, the film being 337x96"]),
        (336, "prores-422hq", []),
        (335, "prores-422hq", []),
        (337, "prores-4444", []),
        (337, "dnxhr-hqx", []),
        (337, "ffv1", []),
        (337, "proxy", []),
    ],
)
def test_a_picture_delivered_larger_than_it_is_is_told(width: int, delivery: str, told: list[str]) -> None:
    notes = delivery_notes(CODECS[delivery], make_reel(size=(96, width)), ExportSettings())
    assert [note.split(":")[0] for note in notes] == told


@pytest.mark.parametrize(
    ("rate", "delivery", "told"),
    [(255, "prores-422hq", False), (256, "prores-422hq", True), (1000, "proxy", True), (1000, "ffv1", False)],
)
def test_a_timecode_that_the_container_cannot_count_is_told(rate: int, delivery: str, told: bool) -> None:
    notes = delivery_notes(CODECS[delivery], make_reel(rate=Rate(rate)), ExportSettings())
    assert [note.startswith(f"a film of {rate} frames a second carries no timecode in MOV") for note in notes] == (
        [True] if told else []
    )
