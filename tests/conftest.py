"""Films for every test that wants one. Nothing here leaves random state behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import film
import numpy as np
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from vidcolor.example import ExampleFacts, make_example

# a busy machine is no fault of what is tested
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("any machine", deadline=None, suppress_health_check=SLOW)
settings.load_profile("any machine")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests of a GPU run where there is one, and where there must be."""
    if item.get_closest_marker("gpu") and not os.environ.get("VIDCOLOR_MUST_HAVE_GPU"):
        torch = pytest.importorskip("torch")
        if not (torch.cuda.is_available() or torch.backends.mps.is_available()):
            pytest.skip("there is no GPU")


@dataclass(frozen=True)
class WrittenFilm:
    """A tiny gray film on disk, and the truth about it."""

    path: Path
    truth: film.TinyFilm


@pytest.fixture(scope="session")
def tiny_film(tmp_path_factory: pytest.TempPathFactory) -> WrittenFilm:
    """36 frames of 64x48 in three shots, two of them joined by a dissolve of 4; gray FFV1, timecode, no sound."""
    truth = film.make_film(dissolve=4)
    path = tmp_path_factory.mktemp("tiny") / "tiny.mkv"
    return WrittenFilm(film.write_film(path, truth, timecode="01:00:00:00"), truth)


@pytest.fixture(scope="session")
def one_shot() -> film.TinyFilm:
    """A single shot of 12 frames of 64x48 in memory: ground, disc and box, the box in front of the disc."""
    return film.make_film(shots=(12,))


@pytest.fixture
def true_flow(one_shot: film.TinyFilm) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A flow estimator for the frames of `one_shot` that knows the truth."""
    return film.true_flow(one_shot)


@pytest.fixture(scope="session")
def example_folder(tmp_path_factory: pytest.TempPathFactory) -> ExampleFacts:
    """The example film, made once for all tests in all processes (twelve seconds of processor). Only to be read."""
    here = tmp_path_factory.getbasetemp()
    place = (here.parent if "PYTEST_XDIST_WORKER" in os.environ else here) / "example"
    place.mkdir(exist_ok=True)
    with FileLock(place / "lock"):
        if not (place / "made").exists():
            make_example(place / "demo")
            (place / "made").touch()
    return ExampleFacts(place / "demo")
