"""What a command line says of a project: checked before it is remembered, taken by every command that plans."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import av
import film
import pytest
from film import write_film
from movatoms import read_movie
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main

LIST = "shot,start,stop,entry\na,0,4,cut\nb,4,12,cut\n"
BROKEN = "shot,start,stop,entry\na,0,5,cut\nb,6,12,cut\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A film of two shots, the first with its own picture."""
    colors = write_gray_film(tmp_path / "film.mkv", 12, cuts=(6,))
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000001.png", colors=colors[1])
    (tmp_path / "good.csv").write_text(LIST)
    (tmp_path / "bad.csv").write_text(BROKEN)
    return tmp_path


def new(place: Path, *more: str) -> Path:
    project = place / "film.vidcolor"
    line = ["new", str(project), "--reel", str(place / "film.mkv"), "--keyframes", str(place / "refs"), *more]
    assert main(line) == 0
    return project


def starts(project: Path) -> list[int]:
    return [shot["frames"]["start"] for shot in json.loads((project / "plan" / "shots.json").read_text())["shots"]]


def mistakes(place: Path) -> list[list[str]]:
    """Lines that cannot be planned with: a broken list, none at all, pictures for a shot that is not there."""
    (place / "lost" / "r1-000003").mkdir(parents=True, exist_ok=True)
    write_picture(place / "lost" / "r1-000003" / "any.png")
    return [
        ["--shots", str(place / "bad.csv")],
        ["--shots", str(place / "nowhere.csv")],
        ["--keyframes", str(place / "lost")],
        ["--preset", "archiv"],
        ["--preset", "draft", "--shots", str(place / "bad.csv")],
    ]


@pytest.mark.parametrize("made", [True, False], ids=["old project", "new project"])
def test_a_mistake_on_the_line_of_run_stays_on_the_line(place, made, capsys):
    project = new(place) if made else place / "film.vidcolor"
    before = (project / "project.toml").read_bytes() if made else b""
    for wrong in mistakes(place):
        assert main(["run", str(place / "film.mkv"), *wrong, "--set", "propagate.network=none"]) == 2
    if made:
        assert (project / "project.toml").read_bytes() == before
    assert main(["plan", str(project)]) == 0, capsys.readouterr().err
    assert starts(project) == [0, 6]


def test_a_new_project_is_made_of_what_can_be_read_or_not_at_all(place):
    project = place / "film.vidcolor"
    for wrong in [*mistakes(place)[:2], ["--keyframes", str(place / "nowhere")], ["--preset", "archiv"]]:
        assert main(["new", str(project), "--reel", str(place / "film.mkv"), *wrong]) == 2
        assert not project.exists()


def test_plan_takes_a_list_and_remembers_it(place):
    project = new(place)
    assert main(["plan", str(project), "--shots", str(place / "bad.csv")]) == 2
    assert main(["plan", str(project), "--shots", str(place / "good.csv")]) == 0
    assert starts(project) == [0, 4]
    assert main(["plan", str(project)]) == 0
    assert starts(project) == [0, 4]
    assert 'shots = "../good.csv"' in (project / "project.toml").read_text()


def test_a_dry_run_says_what_a_list_would_render_and_changes_nothing(place, capsys):
    project = new(place)
    assert main(["plan", str(project)]) == 0
    kept = {p: p.read_bytes() for p in project.rglob("*") if p.is_file() and p.parent.name != "logs"}
    capsys.readouterr()
    assert main(["render", str(project), "--dry-run", "--shots", str(place / "good.csv")]) == 0
    assert capsys.readouterr().out.split("\n")[:2] == ["would render r1-000000", "would render r1-000004"]
    assert main(["render", str(project), "--dry-run", "--shots", str(place / "bad.csv")]) == 2
    assert {p: p.read_bytes() for p in project.rglob("*") if p.is_file() and p.parent.name != "logs"} == kept


def test_the_proxy_does_not_claim_the_films_luma(place, capsys):
    project, none = new(place), ["--set", "propagate.network=none", "--set", "colorize.network=none"]
    assert main(["render", str(project), *none]) == 0
    told = {}
    for delivery, suffix in (("proxy", "mov"), ("prores-422hq", "mov")):
        capsys.readouterr()
        out = place / f"{delivery}.{suffix}"
        assert main(["export", str(project), "-o", str(out), "--delivery", delivery, *none]) == 0
        manifest = json.loads(out.with_name(f"{out.name}.manifest.json").read_text())
        told[delivery] = (capsys.readouterr().out, manifest["luma"], read_movie(out).metadata)
    said, luma, metadata = told["proxy"]
    assert "code for code" not in said
    assert "labels are burnt into its luma" in said
    assert (luma["equal"], luma["delivered_sha256"]) == (False, None)
    assert "com.vidcolor.luma_sha256" not in metadata
    said, luma, metadata = told["prores-422hq"]
    assert "code for code" in said
    assert luma["equal"]
    assert metadata["com.vidcolor.luma_sha256"] == luma["delivered_sha256"] == luma["source_sha256"]


@pytest.mark.parametrize(
    ("rate", "own", "given", "last"),
    [("24", "", "01:00:00:00", "01:00:00:12"), ("30000/1001", "02:00:00:00", "00:00:59;26", "00:01:00;10")],
)
def test_a_film_is_given_a_timecode(tmp_path, rate, own, given, last):
    """In the delivered MOV, its manifest and the edit list; the second crosses a minute whose first labels drop."""
    source = film.make_film(shots=(12,), size=(48, 64))
    write_film(tmp_path / "film.mov", source, rate=Fraction(rate), timecode=own)
    project, none = tmp_path / "film.vidcolor", ["--set", "propagate.network=none", "--set", "colorize.network=none"]
    assert main(["new", str(project), "--reel", str(tmp_path / "film.mov")]) == 0
    assert main(["render", str(project), *none]) == 0
    rendered = sorted(p.name for p in project.rglob("v0*"))
    none += ["--set", f"reel.start_timecode={given}"]
    assert main(["render", str(project), *none]) == 0
    assert sorted(p.name for p in project.rglob("v0*")) == rendered, "a timecode changes no colour"
    assert main(["export", str(project), "-o", str(tmp_path / "out.mov"), *none]) == 0
    manifest = json.loads((tmp_path / "out.mov.manifest.json").read_text())["file"]
    assert (manifest["timecode_in"], manifest["timecode_out"]) == (given, last)
    assert manifest["drop_frame"] == (";" in given)
    assert given in (project / "plan" / "shots.edl").read_text()
    assert last in (project / "plan" / "shots.edl").read_text()
    with av.open(str(tmp_path / "out.mov")) as delivered:
        assert delivered.streams.video[0].metadata["timecode"] == given


@pytest.mark.parametrize(("given", "said"), [("01:00", "write HH:MM:SS:FF"), ("00:00:00;00", "drop-frame")])
def test_a_timecode_that_no_clock_shows_is_refused(place, given, said, capsys):
    project = new(place)
    assert main(["plan", str(project), "--set", f"reel.start_timecode={given}"]) == 2
    told = capsys.readouterr().err
    assert "reel.start_timecode" in told
    assert said in told


def test_a_shot_list_that_is_gone_says_where_it_is_named(place, capsys):
    project = new(place, "--shots", str(place / "good.csv"))
    assert main(["plan", str(project)]) == 0
    (place / "good.csv").unlink()
    assert main(["status", str(project)]) == 2
    assert f'shots = "" into {project / "project.toml"}' in capsys.readouterr().err


@pytest.mark.parametrize("name", ["made.json", "report.json"])
@pytest.mark.parametrize("damaged", [True, False])
def test_following_the_advice_on_a_damaged_version_mends_it(place, name, damaged, capsys):
    line = ["run", str(place / "film.mkv"), "--keyframes", str(place / "refs"), "--preset", "draft"]
    assert main(line) == 0
    version = place / "film.vidcolor" / "shots" / "r1-000000" / "v001"
    (version / name).write_text("") if damaged else (version / name).unlink()
    assert main(line) == 2
    assert f"delete {version} and run the command again" in capsys.readouterr().err
    shutil.rmtree(version)
    assert main(line) == 0


def test_status_does_not_call_gray_what_the_next_run_chooses_for(place, capsys):
    project = new(place)
    assert main(["plan", str(project)]) == 0
    (place / "refs" / "000001.png").rename(place / "refs" / "coat.png")
    capsys.readouterr()
    assert main(["status", str(project)]) == 0
    told = capsys.readouterr().out
    assert "not chosen yet" in told
    assert "stays gray" not in told


def test_a_run_that_fails_leaves_no_project_and_touches_none_that_was_there(tmp_path):
    film, project = tmp_path / "film.mp4", tmp_path / "film.vidcolor"
    film.write_text("no film\n" * 100)
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "000001.png")
    line = ["run", str(film), "--keyframes", str(tmp_path / "refs")]
    for more in ([], ["--set", "no.such=1"]):
        assert main([*line, *more]) == 2
        assert not project.exists()
    assert main(["new", str(project), "--reel", str(film)]) == 0
    before = (project / "project.toml").read_text()
    assert main(line) == 2
    assert (project / "project.toml").read_text() == before


EDITS = {
    "csv": (lambda text: LIST, [0, 4]),
    "edl": (lambda text: f"{text}* A NOTE OF THE EDITOR\n", [0, 6]),
    "otio": (lambda text: json.dumps({**json.loads(text), "name": "mine"}), [0, 6]),
}
"""By suffix: what a person makes of the list, and where its shots start."""


@pytest.mark.parametrize("again", [False, True], ids=["as it was", "film touched"])
@pytest.mark.parametrize("suffix", EDITS)
def test_an_edited_shot_list_is_kept_and_told_of_until_it_is_given_back(place, suffix, again, capsys):
    project = new(place)
    line = ["plan", str(project)]
    assert main(line) == 0
    listed = project / "plan" / f"shots.{suffix}"
    assert "was edited" not in capsys.readouterr().out
    edit, theirs = EDITS[suffix]
    listed.write_text(text := edit(listed.read_text()))
    if again:
        write_gray_film(place / "film.mkv", 12, cuts=(7,))
    note = f"plan/{listed.name} was edited, which changes nothing yet; give it back with `--shots {listed}`"
    for _ in range(2):
        assert main(line) == 0
        told = capsys.readouterr().out
        assert note in told
        assert listed.read_text() == text
        assert starts(project) == [0, 7 if again else 6]
    others = [f"shots.{other}" for other in EDITS if other != suffix]
    assert f"written: {listed.parent}/{', '.join(others)}" in told
    assert main([*line, "--shots", str(listed)]) == 0
    assert "was edited" not in capsys.readouterr().out
    assert (listed.read_text(), starts(project)) == (text, theirs)


def test_a_list_is_not_called_edited_where_the_film_has_got_another_timecode(place, capsys):
    project = new(place)
    assert main(["plan", str(project)]) == 0
    assert main(["plan", str(project), "--set", "reel.start_timecode=02:00:00:00"]) == 0
    assert "was edited" not in capsys.readouterr().out
    assert "02:00:00:00" in (project / "plan" / "shots.edl").read_text()


def test_a_list_that_nobody_edited_follows_the_plan(place, capsys):
    project = new(place)
    assert main(["plan", str(project)]) == 0
    assert main(["plan", str(project), "--shots", str(place / "good.csv")]) == 0
    assert [row.split(",")[1] for row in (project / "plan" / "shots.csv").read_text().splitlines()[1:]] == ["0", "4"]
    for suffix in EDITS:
        (project / "plan" / f"shots.{suffix}").unlink()
        assert main(["plan", str(project)]) == 0
        assert (project / "plan" / f"shots.{suffix}").is_file()
    assert "was edited" not in capsys.readouterr().out
