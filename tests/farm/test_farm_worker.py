"""What a worker answers, without an engine: it renders what it sees as it was told, or refuses by name."""

from __future__ import annotations

import json
import shutil

import pytest
from made_shots import plan_three_shots

from vidcolor import threads
from vidcolor.cli.working import settings_of
from vidcolor.farm import worker
from vidcolor.project import Project
from vidcolor.state.read import load_film


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """The film's folder, and what is asked of a worker for its first shot, as it arrives."""
    monkeypatch.setattr(threads, "_given", [])
    plan_three_shots(tmp_path / "film", (48, 64), 40)
    project = Project.open(tmp_path / "film" / "film.vidcolor")
    film = load_film(project, settings_of(project, []))
    worker._worker.cache_clear()
    yield tmp_path / "film", json.loads(json.dumps(worker.asked_of(film, film.plan.shots[0], 1)))
    worker._worker.cache_clear()


def test_a_shot_is_rendered_once(asked):
    _, told = asked
    *shares, first = worker.rendered(told)
    assert all(0 <= said["share"] <= 1 for said in shares)
    assert first["receipt"]["made"]
    assert threads.cores() == 1
    again = list(worker.rendered(told))[-1]["receipt"]
    assert again == {**first["receipt"], "made": False}


@pytest.mark.parametrize("name", ["numpy", "weights of features", "processor"])
def test_a_machine_that_is_unlike_is_refused_by_name(asked, name):
    _, told = asked
    told["alike"][name] = "of another kind"
    (said,) = worker.rendered(told)
    assert f"{name} is " in said["refused"]
    assert "there, of another kind here" in said["refused"]


def test_a_machine_that_sees_another_picture_or_no_film_is_refused(asked):
    folder, told = asked
    shutil.copy(folder / "refs" / "000020.png", folder / "refs" / "000004.png")
    (said,) = worker.rendered(told)
    assert "not the same there" in said["refused"]
    worker._worker.cache_clear()
    (folder / "film.mov").unlink()
    (said,) = worker.rendered(told)
    assert "film.mov" in said["refused"]


def test_a_machine_that_has_the_project_elsewhere_is_told_where_it_must_be(asked):
    folder, told = asked
    folder.rename(folder.with_name("mounted elsewhere"))
    (said,) = worker.rendered(told)
    assert said["refused"].startswith(f"{folder / 'film.vidcolor'} is not seen there; every machine must see")
