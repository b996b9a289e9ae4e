"""Deliveries: what this project delivered to a place may be replaced there, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import write_gray_film, write_picture

import vidcolor.pipeline.deliver as deliver
from vidcolor.cli.parser import main
from vidcolor.project.exports import Export

FRAMES, SIZE = 4, (16, 16)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE)
    write_picture(folder / "refs" / "000001.png", SIZE, colors[1])
    film = ["--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--preset", "draft"]
    assert main(["new", str(folder / "p"), *film]) == 0
    assert main(["render", str(folder / "p")]) == 0
    return folder


@pytest.fixture
def work(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "work"))


def export(project: Path, out: Path, *extra: str) -> int:
    return main(["export", str(project), "-o", str(out), "--delivery", "ffv1", *extra])


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_another_projects_film_is_not_overwritten(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(work / "p", work / "other")
    shutil.rmtree(work / "other" / "exports", ignore_errors=True)
    assert export(work / "p", work / "out.mkv") == 0
    before = files_in(work)
    capsys.readouterr()
    assert export(work / "other", work / "out.mkv", "--set", "finish.detail=0") == 2
    told = capsys.readouterr().err
    assert "out.mkv: is there already" in told
    assert "-o" in told
    (work / "out.mkv").unlink()
    assert export(work / "other", work / "out.mkv") == 2, "nor is its manifest"
    assert files_in(work) == {name: data for name, data in before.items() if name != "out.mkv"}


def test_a_second_project_of_a_film_delivers_under_a_name_of_its_own(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(work / "p", work / "other.vidcolor")
    assert main(["export", str(work / "p")]) == 0
    before = files_in(work)
    capsys.readouterr()
    assert main(["export", str(work / "other.vidcolor"), "--set", "finish.detail=0"]) == 0
    assert "film_color-other.mov" in capsys.readouterr().out
    assert {"film_color-other.mov", "film_color-other.mov.manifest.json"} == files_in(work).keys() - before.keys()
    assert before.items() <= files_in(work).items()
    (work / "film_color.mov").unlink()
    (work / "film_color.mov.manifest.json").unlink()
    for project, name in (("other.vidcolor", "film_color-other.mov"), ("p", "film_color.mov")):
        assert main(["export", str(work / project)]) == 0
        assert f"{name} " in capsys.readouterr().out, "a project keeps to the name that it delivered under"
    for name in ("film.v2", "film.v3"):
        shutil.copytree(work / "p", work / name)
        shutil.rmtree(work / name / "exports")
        assert main(["export", str(work / name)]) == 0
        assert (work / f"film_color-{name}.mov").is_file()
    assert main(["export", str(work / "p"), "--delivery", "dpx-10"]) == 0
    assert main(["export", str(work / "other.vidcolor"), "--delivery", "dpx-10"]) == 0
    assert (work / "film_color_dpx-10").is_dir()
    assert (work / "film_color_dpx-10-other").is_dir()


def test_a_delivered_film_given_for_a_project_names_its_own(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(work / "p", work / "out.mkv") == 0
    assert main(["export", str(work / "p"), "--delivery", "dpx-10"]) == 0
    capsys.readouterr()
    for name in ("out.mkv", "film_color_dpx-10"):
        assert main(["status", str(work / name)]) == 2
        assert f"{name}: is no project; its project is {work / 'p'}: name that" in capsys.readouterr().err
    shutil.copytree(work / "p", work / "other")
    assert main(["status", str(work / "out.mkv")]) == 2
    assert f"its projects are {work / 'other'}, {work / 'p'}: name that" in capsys.readouterr().err
    (work / "stray.mkv").touch()
    assert main(["status", str(work / "stray.mkv")]) == 2
    assert "no vidcolor project here" in capsys.readouterr().err


def test_the_films_own_project_takes_another_name_where_another_was_first(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(work / "p")]) == 0
    shutil.copytree(work / "p", work / "film.vidcolor")
    shutil.rmtree(work / "film.vidcolor" / "exports")
    assert main(["export", str(work / "film.vidcolor")]) == 0
    assert (work / "film_color-film.mov").is_file()


def test_a_project_made_anew_takes_no_other_name_than_its_films(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "p").rename(work / "film.vidcolor")
    assert main(["export", str(work / "film.vidcolor")]) == 0
    shutil.rmtree(work / "film.vidcolor" / "exports")
    assert main(["export", str(work / "film.vidcolor")]) == 2
    assert "is there already" in capsys.readouterr().err


def test_two_films_of_one_name_stay_fresh(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("here", "there"):
        (work / folder).mkdir()
        assert export(work / "p", work / folder / "out.mkv") == 0
    capsys.readouterr()
    for folder in ("here", "there"):
        assert export(work / "p", work / folder / "out.mkv") == 0
        assert "\nup to date " in "\n" + capsys.readouterr().out, folder


def test_a_film_that_a_person_changed_is_kept(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = work / "out.mkv"
    assert export(work / "p", out) == 0
    delivered = out.read_bytes()
    out.write_bytes(delivered + b"a colorist's own work")
    for change in ([], ["--set", "finish.detail=0"]):
        assert export(work / "p", out, *change) == 2
        assert "has changed since it was delivered; move it away" in capsys.readouterr().err
    assert out.read_bytes() == delivered + b"a colorist's own work"
    out.rename(work / "kept.mkv")
    assert export(work / "p", out) == 0
    assert out.read_bytes() == delivered


@pytest.mark.parametrize("theirs", ['{"file": {"sha256": "another"}}', "[1]", "the lab's own notes"])
def test_a_manifest_of_anothers_film_is_kept_where_ours_was(
    work: Path, theirs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, manifest = work / "out.mkv", work / "out.mkv.manifest.json"
    assert export(work / "p", out) == 0
    out.unlink()
    manifest.write_text(theirs)
    assert export(work / "p", out) == 2
    assert "out.mkv.manifest.json: tells of no film that this project delivered; move it" in capsys.readouterr().err
    assert manifest.read_text() == theirs
    assert not out.exists()
    manifest.unlink()
    assert export(work / "p", out) == 0
    out.unlink()
    assert export(work / "p", out) == 0, "its own manifest is no hindrance"


def test_what_was_delivered_is_replaced(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = work / "out.mkv"
    for change in ("0", "0.3"):
        assert export(work / "p", out, "--set", f"finish.detail={change}") == 0
        assert "\nwritten  " in "\n" + capsys.readouterr().out


def test_film_and_project_copied_together_know_each_other(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(work / "p", work / "out.mkv") == 0
    copied = Path(shutil.copytree(work, work.parent / "copied"))
    os.utime(copied / "out.mkv")
    capsys.readouterr()
    assert export(copied / "p", copied / "out.mkv") == 0
    assert "\nup to date " in "\n" + capsys.readouterr().out


def test_a_kill_before_the_record_leaves_a_film_that_is_known(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert export(work / "p", work / "out.mkv", "--set", "finish.detail=0") == 0

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Export, "keep", killed)
        with pytest.raises(SystemExit):
            export(work / "p", work / "out.mkv")
    assert export(work / "p", work / "out.mkv") == 0
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", killed)
        with pytest.raises(SystemExit):
            export(work / "p", work / "out.mkv", "--set", "finish.detail=0")
    assert export(work / "p", work / "out.mkv") == 0


def test_what_came_there_while_the_film_was_made_is_kept(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = deliver.export_reel

    def meanwhile(reel: object, frames: object, path: Path, *args: object, **more: object) -> object:
        path.write_bytes(b"another's")
        return real(reel, frames, path, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(deliver, "export_reel", meanwhile)
    assert export(work / "p", work / "out.mkv") == 2
    assert "is there already" in capsys.readouterr().err
    assert (work / "out.mkv").read_bytes() == b"another's"


def test_records_of_the_first_form_are_read(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, record = work / "out.mkv", work / "p" / "exports" / "out.mkv.json"
    assert export(work / "p", out) == 0
    (entry,) = json.loads(record.read_text())["places"].values()
    old = {"schema": "vidcolor.export/1", "out": str(out.absolute()), "file": entry["file"], "made_of": "x"}
    record.write_text(json.dumps(old))
    capsys.readouterr()
    assert export(work / "p", out) == 0
    assert "\nwritten  " in "\n" + capsys.readouterr().out


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "damage"), [("chroma.avi", flip), ("keys/000001.avi", flip), ("keys/000001.avi", Path.unlink)]
)
def test_damaged_colors_are_not_delivered(
    name: str, damage: Callable[[Path], None], work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (version,) = (work / "p" / "shots").glob("*/v001")
    damage(version / name)
    assert export(work / "p", work / "out.mkv") == 2
    told = capsys.readouterr().err
    assert str(version / name) in told
    assert f"delete {version} and render again" in told
    assert not (work / "out.mkv").exists()
    shutil.rmtree(version)
    assert main(["render", str(work / "p")]) == export(work / "p", work / "out.mkv") == 0


def test_versions_without_hashes_are_delivered_and_with_odd_ones_refused(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (made,) = (work / "p" / "shots").glob("*/v001/made.json")
    facts = json.loads(made.read_text())
    assert facts.pop("stores").keys() == {"chroma.avi", "keys/000001.avi"}
    made.write_text(json.dumps(facts))
    assert export(work / "p", work / "out.mkv") == 0
    made.write_text(json.dumps({**facts, "stores": {"chroma.avi": 1}}))
    assert export(work / "p", work / "out.mkv") == 2
    assert f"delete {made.parent} and render again" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"sound_tracks": 1}, {"tags": {"primaries": -1, "transfer": 1, "matrix": 1}}])
def test_a_rewritten_reel_is_refused(change: dict[str, object], work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = work / "p" / "plan" / "reels.json"
    data = json.loads(record.read_text())
    record.write_text(json.dumps({**data, "reel": {**data["reel"], **change}}))
    assert export(work / "p", work / "out.mkv") == 2
    assert f"{record}: " in (told := capsys.readouterr().err)
    assert "damaged" in told
    record.unlink()
    assert main(["plan", str(work / "p")]) == export(work / "p", work / "out.mkv") == 0


@pytest.mark.parametrize("content", ["{", '{"schema": "other/1"}', '{"schema": "vidcolor.export/2", "places": 1}'])
def test_following_the_advice_on_a_damaged_record_delivers(
    content: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, record = work / "out.mkv", work / "p" / "exports" / "out.mkv.json"
    assert export(work / "p", out) == 0
    record.write_text(content)
    assert export(work / "p", out) == 2
    told = capsys.readouterr().err
    assert str(record) in told
    assert "delete it and move the out.mkv it tells of away, with the manifest beside it, or name another" in told
    assert export(work / "p", work / "other.mkv") == 0
    record.unlink()
    for path in (out, work / "out.mkv.manifest.json"):
        path.rename(path.with_name(f"old_{path.name}"))
    assert export(work / "p", out) == 0
