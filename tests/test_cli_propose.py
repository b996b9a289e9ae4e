"""`vidcolor propose` and `accept`: pictures to choose from, over the film's own lightness; one is made a keyframe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from made_proposers import random_proposer
from made_shots import CUT, SMALL, plan_two_shots
from test_pipeline_corrections import correct, run
from tiny import luma_of, shot_colors, write_picture

from vidcolor.cli.parser import main
from vidcolor.networks import shipped

FRAME = CUT + 1


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two shots of which the first alone has a picture, planned."""
    folder = plan_two_shots(tmp_path_factory.mktemp("proposed") / "made", picture=True)
    random_proposer(folder / "p.safetensors")
    return folder


@pytest.fixture
def work(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shipped, "PROPOSER", base / "p.safetensors")
    return Path(shutil.copytree(base, tmp_path / "work"))


def propose(work: Path, *words: str) -> int:
    return main(["propose", str(work / "film.vidcolor"), "-n", "2", "--set", "references.least=0.99", *words])


def files(work: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted((work / "film.vidcolor/proposals").iterdir())}


def test_a_frame_gets_pictures_with_how_they_were_made_and_a_sheet(work):
    assert propose(work, str(FRAME), "--seed", "7") == 0
    stem = f"r1-{FRAME:06d}-7"
    made = files(work)
    assert set(made) == {f"{stem}-{k}.{s}" for k in (1, 2) for s in ("png", "json")} | {f"{stem}-sheet.png"}
    told = json.loads(made[f"{stem}-2.json"])
    assert (told["frame"], told["seed"], told["number"], told["hints"]) == (FRAME, 7, 2, [])
    assert told["network"].startswith("proposer-")
    pictures = [cv2.imdecode(np.frombuffer(made[f"{stem}-{k}.png"], np.uint8), -1)[..., ::-1] / 65535 for k in (1, 2)]
    luma = luma_of(shot_colors(2, FRAME - CUT, SMALL))
    for rgb in pictures:
        assert np.abs(luma_of(rgb).astype(int) - luma).max() <= 1, "lightness is the film's own"
        assert np.ptp(rgb, axis=2).mean() > 0.01, "in colour"
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.005


def test_what_is_there_is_not_made_again_and_what_is_lost_comes_back_the_same(work, capsys):
    assert propose(work, str(FRAME)) == 0
    before = files(work)
    (work / f"film.vidcolor/proposals/r1-{FRAME:06d}-1-2.json").unlink()
    capsys.readouterr()
    assert propose(work, str(FRAME)) == 0
    assert "1 of 2 made now" in capsys.readouterr().out
    assert files(work) == before
    assert propose(work, str(FRAME), "--seed", "2") == 0
    assert files(work)[f"r1-{FRAME:06d}-2-1.png"] != before[f"r1-{FRAME:06d}-1-1.png"]


def test_hints_that_a_person_gave_count(work):
    assert propose(work, str(FRAME)) == 0
    before = files(work)
    correct(work, "hint", str(FRAME), "--at", "30,20", "--color", "ff2010")
    assert propose(work, str(FRAME)) == 0
    name = f"r1-{FRAME:06d}-1-1"
    assert files(work)[f"{name}.png"] != before[f"{name}.png"]
    assert json.loads(files(work)[f"{name}.json"])["hints"] == [f"0001-hint-r1-{FRAME:06d}"]


def test_accept_loads_nothing_heavy_to_say_that_there_is_no_such_proposal(work):
    code = (
        "import sys; from vidcolor.cli.parser import main; assert main(sys.argv[1:]) == 2;"
        "heavy = [m for m in ('torch', 'numpy', 'cv2', 'av') if m in sys.modules]; assert not heavy, heavy"
    )
    command = [sys.executable, "-P", "-c", code, "accept", str(work / "film.vidcolor"), "r1-000001-1-1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "no such proposal" in done.stderr
    assert done.returncode == 0, done.stderr


def test_an_accepted_one_is_a_correction_undone_by_deleting(work, capsys):
    assert propose(work, str(FRAME)) == 0
    project = work / "film.vidcolor"
    assert main(["accept", str(project), f"r1-{FRAME:06d}-1-2", "--by", "ann"]) == 0
    folder = project / f"corrections/0001-keyframe-r1-{FRAME:06d}"
    assert (folder / "picture.png").read_bytes() == files(work)[f"r1-{FRAME:06d}-1-2.png"]
    assert main(["accept", str(project), f"r1-{FRAME:06d}-1-1"]) == 2
    assert f"{folder.name} is its frame's picture; delete that, then accept" in capsys.readouterr().err
    assert run(work) == 0
    report = json.loads((project / f"shots/r1-{CUT:06d}/v001/report.json").read_text())
    assert [(key["frame"], key["how"]) for key in report["keyframes"]] == [(FRAME, "exact")]
    manifest = (work / "out.mkv.manifest.json").read_text()
    assert "unseen" not in manifest, "a person chose it"


def test_frames_look_at_the_colours_of_others_that_have_some(work):
    assert propose(work, str(FRAME)) == 0
    told = json.loads(files(work)[f"r1-{FRAME:06d}-1-1.json"])
    assert told["alike"] == ["000000.png"], "the other shot's picture"
    before = files(work)[f"r1-{FRAME:06d}-1-1.png"]
    assert propose(work, "1") == 0
    assert main(["accept", str(work / "film.vidcolor"), "r1-000001-1-2"]) == 0
    assert propose(work, str(FRAME)) == 0
    told = json.loads(files(work)[f"r1-{FRAME:06d}-1-1.json"])
    assert told["alike"] == ["corrections/0001-keyframe-r1-000001/picture.png", "000000.png"], "the nearest first"
    assert files(work)[f"r1-{FRAME:06d}-1-1.png"] != before


def test_frames_proposed_together_agree_number_by_number_and_a_lost_one_comes_back_the_same(tmp_path, monkeypatch):
    folder = plan_two_shots(tmp_path / "bare", picture=False)
    monkeypatch.setattr(shipped, "PROPOSER", random_proposer(tmp_path / "p.safetensors"))
    alone = Path(shutil.copytree(folder, tmp_path / "alone"))
    assert propose(folder) == 0
    made = files(folder)
    first, second = sorted({name[3:9] for name in made})
    told = [json.loads(made[f"r1-{second}-1-{k}.json"])["alike"] for k in (1, 2)]
    assert told == [[f"r1-{first}-1-1"], [f"r1-{first}-1-2"]]
    assert propose(alone, second.lstrip("0")) == 0
    assert files(alone)[f"r1-{second}-1-1.png"] != made[f"r1-{second}-1-1.png"]
    for lost in ((second, "2"), (first, "1"), (second, "1")):
        (folder / "film.vidcolor/proposals/r1-{}-1-{}.png".format(*lost)).unlink()
    assert propose(folder) == 0
    assert files(folder) == made
    correct(folder, "hint", str(int(first)), "--at", "30,20", "--color", "ff2010")
    assert propose(folder) == 0
    assert files(folder)[f"r1-{second}-1-1.json"] != made[f"r1-{second}-1-1.json"], "what it agrees with is another"


def test_the_whole_film_means_shots_that_nothing_matches_and_unseen_ones_are_told_of(work, capsys):
    assert propose(work, "--accept", "first") == 0
    project = work / "film.vidcolor"
    frames = {name[3:9] for name in files(work)}
    assert len(frames) == 1
    frame = int(frames.pop())
    assert frame >= CUT, "the first shot has a picture of its own"
    capsys.readouterr()
    assert main(["status", str(project)]) == 0
    assert f"nobody has looked at: r1-{CUT:06d}" in capsys.readouterr().out
    assert main(["status", str(project), "--json"]) == 0
    shots = json.loads(capsys.readouterr().out)["shots"]
    assert [shot["unseen"] for shot in shots] == [[], [frame]]
    assert run(work) == 0
    shots = json.loads((work / "out.mkv.manifest.json").read_text())["shots"]
    assert [shot.get("unseen_keyframes") for shot in shots] == [None, [frame]]
    assert propose(work) == 0
    assert "no shot to propose colours for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("99",), "outside the film"),
        (("r1-000001",), "no such shot"),
        (("4", "--seed", "-3"), "seed"),
        (("4", "-n", "0"), "how many"),
    ],
)
def test_mistakes_end_in_one_line(work, capsys, words, says):
    try:
        code = propose(work, *words)
    except SystemExit as stopped:  # argparse's own
        code = stopped.code
    assert code == 2
    assert says in capsys.readouterr().err.splitlines()[-1]


def test_a_project_that_goes_while_it_is_worked_on_is_named_and_not_an_option_of_the_line(work, capsys, monkeypatch):
    from vidcolor.pipeline import proposals

    def goes(*place: object) -> None:
        shutil.rmtree(work / "film.vidcolor")
        write(*place)

    write = proposals.write_frame
    monkeypatch.setattr(proposals, "write_frame", goes)
    assert propose(work, str(FRAME)) == 2
    told = capsys.readouterr().err
    assert f"{work / 'film.vidcolor'}: was removed or moved" in told
    assert "-o" not in told.replace(str(work), "")
    assert len(told.splitlines()) == 1


def test_painted_proposals_other_weights_and_strange_names_are_refused(work, capsys, monkeypatch):
    project = work / "film.vidcolor"
    assert main(["accept", str(project), "r1-000001-1-1"]) == 2
    assert "no such proposal" in capsys.readouterr().err
    assert propose(work, str(FRAME)) == 0
    place = project / f"proposals/r1-{FRAME:06d}-1-1.png"
    write_picture(place, SMALL)
    painted = place.read_bytes()
    assert propose(work, str(FRAME)) == 2
    assert "was painted on" in capsys.readouterr().err
    assert place.read_bytes() == painted
    cut = work / "cut.safetensors"
    cut.write_bytes((work / "p.safetensors").read_bytes()[:-50])
    monkeypatch.setattr(shipped, "PROPOSER", cut)
    assert propose(work, str(FRAME), "--seed", "3") == 2
    assert "cut.safetensors" in capsys.readouterr().err


def test_a_page_that_says_nothing_is_made_again_and_one_of_another_frame_is_not_accepted(work, capsys):
    assert propose(work, str(FRAME)) == 0
    before, name = files(work), f"r1-{FRAME:06d}-1-1"
    page, project = work / f"film.vidcolor/proposals/{name}.json", str(work / "film.vidcolor")
    for spoilt in ({"notes": 3}, {"notes": None}):
        page.write_text(json.dumps({**json.loads(before[page.name]), **spoilt}))
        assert propose(work, str(FRAME)) == 0
        assert files(work) == before
    page.write_text(json.dumps({**json.loads(before[page.name]), "frame": 1}))
    assert main(["accept", project, name]) == 2
    assert "not of the frame that it is named by" in capsys.readouterr().err
    for suffix in ("png", "json"):
        (page.parent / f"r2-{FRAME:06d}-1-1.{suffix}").write_bytes(before[f"{name}.{suffix}"])
    assert main(["accept", project, f"r2-{FRAME:06d}-1-1"]) == 2
    assert "or of another" in capsys.readouterr().err
    assert not (work / "film.vidcolor/corrections").exists() or not [*(work / "film.vidcolor/corrections").iterdir()]


def test_one_that_was_painted_on_is_accepted_and_said_to_be(work):
    assert propose(work, str(FRAME)) == 0
    name = f"r1-{FRAME:06d}-1-1"
    write_picture(work / f"film.vidcolor/proposals/{name}.png", SMALL)
    assert main(["accept", str(work / "film.vidcolor"), name]) == 0
    (said,) = (work / "film.vidcolor/corrections").glob("*/*.toml")
    assert f'"proposal {name}, painted on since"' in said.read_text()


def test_a_film_whose_references_changed_is_planned_first(work, capsys):
    write_picture(work / "refs" / "000002.png", SMALL)
    assert propose(work) == 2
    assert "run `vidcolor plan" in capsys.readouterr().err
    assert not (work / "film.vidcolor/proposals").exists()
