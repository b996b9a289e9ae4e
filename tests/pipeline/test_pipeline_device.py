"""A film coloured on a device, of which PyTorch's own processor plays the part."""

from __future__ import annotations

from pathlib import Path

import made_shots
import numpy as np
import pytest

from vidcolor.cli.parser import main
from vidcolor.media.store import ChromaReader
from vidcolor.pipeline import on_device
from vidcolor.project.versions import CHROMA

torch = pytest.importorskip("torch")
ALL = [*range(made_shots.CUT)]


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_device, "pick_device", lambda _torch, _name: "cpu")
    monkeypatch.setattr("vidcolor.machine.graphics", lambda: "Rendition Verite 1000")


@pytest.fixture
def project(tmp_path: Path) -> str:
    made_shots.plan_two_shots(tmp_path / "made", picture=True)
    return str(tmp_path / "made" / "film.vidcolor")


def render(project: str, *more: str) -> int:
    return main(["render", project, "--set", "propagate.network=shipped", *more])


def versions(project: str) -> list[Path]:
    """The first shot's."""
    return sorted((Path(project) / "shots" / "r1-000000").glob("v[0-9]*"))


def colors(project: str) -> np.ndarray:
    """Of its newest version."""
    with ChromaReader(versions(project)[-1] / CHROMA, 0) as stored:
        return np.stack([stored.read(frame).chroma for frame in ALL])


def test_the_project_keeps_to_its_device_until_another_is_named(project, gpu, capsys):
    assert render(project, "--device", "cpu") == 0
    own = colors(project)
    assert render(project, "--device", "cuda") == 0
    there = colors(project)
    assert 0 < np.abs(own - there).mean() < 1.5
    assert 'device = "cuda"' in (Path(project) / "project.toml").read_text()
    capsys.readouterr()

    assert render(project) == 0
    assert "fresh" in capsys.readouterr().out  # nothing was rendered
    np.testing.assert_array_equal(colors(project), there)

    assert render(project, "--device", "cpu") == 0
    assert len(versions(project)) == 2  # the first is in force again
    assert 'device = "cpu"' in (Path(project) / "project.toml").read_text()


def test_a_device_that_fails_is_told_with_its_frame(project, gpu, monkeypatch, capsys):
    from vidcolor.networks.propagator_on_device import DevicePropagator

    def out_of_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(DevicePropagator, "compare", out_of_memory)
    assert render(project, "--device", "cuda") == 2
    told = capsys.readouterr().err
    assert ": device cpu failed (CUDA out of memory" in told
    assert told.startswith("vidcolor: frame ")
    assert "--device cpu" in told


def test_a_device_that_takes_nothing_is_told(project, gpu, monkeypatch, capsys):
    from vidcolor.networks import propagator_on_device

    def busy(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA error: all CUDA-capable devices are busy or unavailable")

    monkeypatch.setattr(propagator_on_device, "Held", busy)
    assert render(project, "--device", "cuda") == 2
    assert "device cpu: CUDA error: all CUDA-capable devices are busy" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_is_refused_where_nothing_works_on_it(project, device, capsys):
    assert main(["render", project, "--device", device]) == 2
    assert f"device {device}: propagate.network = none works on the processor" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused_and_not_remembered(project, device, capsys):
    assert render(project, "--device", device) == 2
    assert f"device {device}: PyTorch finds no" in capsys.readouterr().err
    assert "device" not in (Path(project) / "project.toml").read_text()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_what_is_refused_of_a_project_from_a_machine_with_a_gpu_names_a_way_on(project, capsys):
    table = Path(project) / "project.toml"
    table.write_text('device = "cuda"\n' + table.read_text())
    assert render(project, "--device", "auto") == 2  # as the project has it
    told = capsys.readouterr().err
    assert "use --device cpu" in told
    assert "auto" not in told
    assert render(project, "--device", "cpu") == 0
