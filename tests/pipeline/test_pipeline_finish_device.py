"""Delivery that is finished on a device: what it was finished on is part of what it is made of."""

import shutil
from pathlib import Path
from typing import Any

import made_shots
import numpy as np
import pytest
from delivered import decoded

from vidcolor.cli.parser import main

torch = pytest.importorskip("torch")

FRAMES = set(range(2 * made_shots.CUT))
DRAWN = set(range(1, made_shots.CUT))
"""By an exact keyframe, 0."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("device") / "made"
    made_shots.plan_two_shots(folder, picture=True)
    assert main(["render", str(folder / "film.vidcolor")]) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "work")


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A GPU is there, of which PyTorch's own processor plays the part; the frames that it finished."""
    from vidcolor.finish import on_device

    frames: list[int] = []
    codes_of = on_device.codes_of

    def watched(source: Any, *rest: Any) -> Any:
        frames.append(source.index)
        return codes_of(source, *rest)

    monkeypatch.setattr(on_device, "codes_of", watched)
    monkeypatch.setattr(on_device, "pick_device", lambda _torch, _name: "cpu")
    monkeypatch.setattr("vidcolor.machine.graphics", lambda: "Rendition Verite 1000")
    return frames


def export(work: Path, out: Path, device: str, *more: str) -> int:
    """Delivers colours that the processor rendered."""
    line = ["export", str(work / "film.vidcolor"), "-o", str(out), "--device", device, "--delivery", "ffv1", *more]
    return main([*line, "--set", "export.machines=any"])


def test_a_change_of_device_makes_the_film_anew_and_a_kill_the_same_bytes(
    work: Path, finished: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = work / "out.mkv"
    assert export(work, out, "cpu") == 0
    assert finished == []
    own, by_processor = decoded(out), out.read_bytes()

    assert export(work, out, "cuda") == 0
    assert set(finished) == FRAMES
    for frame, (planes, others) in enumerate(zip(own, decoded(out), strict=True)):
        np.testing.assert_array_equal(planes[0], others[0])
        if frame not in DRAWN:  # by each side's own flow
            assert max(np.abs(planes[n].astype(int) - others[n]).max() for n in (1, 2)) <= 1
    whole = out.read_bytes()

    finished.clear()
    assert export(work, out, "cuda") == 0
    assert finished == []  # it is up to date

    monkeypatch.setattr("vidcolor.machine.graphics", lambda: "another GPU")
    assert export(work, out, "cuda") == 0
    assert set(finished) == FRAMES
    monkeypatch.setattr("vidcolor.machine.graphics", lambda: "Rendition Verite 1000")

    from vidcolor.finish import on_device

    class KilledError(BaseException):
        pass

    watched = on_device.codes_of

    def killed(source: Any, *rest: Any) -> Any:
        if source.index == max(FRAMES):
            raise KilledError
        return watched(source, *rest)

    monkeypatch.setattr(on_device, "codes_of", killed)
    with pytest.raises(KilledError):
        export(work, out, "cuda")
    monkeypatch.setattr(on_device, "codes_of", watched)
    assert export(work, out, "cuda") == 0
    assert out.read_bytes() == whole

    assert export(work, out, "cpu") == 0
    assert out.read_bytes() == by_processor


def test_files_of_shots_are_made_anew_on_another_device(work: Path, finished: list[int]) -> None:
    folder = work / "shots"
    assert export(work, folder, "cpu", "--per-shot") == 0
    first = sorted(folder.glob("*.mkv"))
    assert export(work, folder, "cuda", "--per-shot") == 0
    assert set(finished) == FRAMES
    assert len(sorted(folder.glob("*.mkv"))) == 2 * len(first)


def test_a_device_that_fails_leaves_no_film(
    work: Path, finished: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from vidcolor.finish import on_device

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(on_device, "finished", full)
    assert export(work, work / "out.mkv", "cuda") == 2
    assert "failed at 64x48 (CUDA out of memory); use --device cpu" in capsys.readouterr().err
    assert not (work / "out.mkv").exists()
