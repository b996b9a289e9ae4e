"""A layer goes past an exact picture that does not show its thing, and ends at one that does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_scenes import gray, hidden_disc
from test_pipeline_corrections import correct, delivered, run
from test_pipeline_layers import WANTED, chroma, write_paint
from tiny import write_frames, write_picture

from vidcolor.cli.parser import main
from vidcolor.errors import MediaError
from vidcolor.flow.estimate import build_flow
from vidcolor.media.store import ChromaReader
from vidcolor.pipeline.carried import Span, carry, note_of
from vidcolor.pipeline.layers import Change, Layer
from vidcolor.settings import PropagateSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame

FRAMES, AT, HIDDEN, SEEN = 34, 4, 21, 10
REACH = FrameRange(0, FRAMES)
NAME = "film.vidcolor/shots/r1-000000"


def seen(frame: int) -> np.ndarray:
    """(h, w) 0..1: the disc, as far as it is seen, at chroma size."""
    there = hidden_disc(frame)[1].astype(np.float32)
    return cv2.resize(there, (there.shape[1] // 2, there.shape[0] // 2), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return [gray(np.moveaxis(hidden_disc(n)[0], 2, 0), n) for n in range(FRAMES)]


def shares(frames: list[Frame], exact: tuple[int, ...], at: int = AT) -> dict[int, float]:
    """How much of the disc's layer is left on each frame, of what the disc has there."""
    layer, settings = Layer("paint", at, Change(WANTED[:, None, None]), seen(at)), PropagateSettings()
    found = carry(layer, frames, build_flow(settings.flow, settings), settings, exact)
    return {c.index: float((c.confidence * seen(c.index)).sum() / max(seen(c.index).sum(), 1)) for c in found}


def test_it_goes_past_a_picture_that_does_not_show_its_thing(frames):
    found = shares(frames, (HIDDEN,))
    assert list(found) == list(range(FRAMES))
    assert min(found[n] for n in range(17)) > 0.9, "nor does it fade before that"
    assert found[HIDDEN] == 0
    assert min(found[n] for n in range(29, FRAMES)) > 0.85
    assert found == pytest.approx({**shares(frames, ()), HIDDEN: 0}, abs=0.1)


def test_it_ends_at_the_next_that_shows_it(frames):
    found = shares(frames, (0, HIDDEN, FRAMES - 1))
    assert list(found) == list(range(1, FRAMES - 1))
    assert found[1] < 0.3
    assert found[29] > found[30] > found[32] > 0
    found = shares(frames, (0, SEEN, HIDDEN))
    assert list(found) == list(range(1, SEEN))


def test_it_begins_behind_a_picture_of_before_its_thing_was_seen(frames):
    found = shares(frames, (HIDDEN,), at=30)
    assert min(found) == HIDDEN + 1
    assert found[29] > 0.95, "and does not fade in"


def test_it_ends_where_its_thing_was_not_seen_for_long():
    """What leaves the picture is not carried through the rest of a long shot."""
    still = [gray(np.moveaxis(hidden_disc(min(n, HIDDEN))[0], 2, 0), n) for n in range(60)]
    found = shares(still, (24, 35, 50, 55))
    assert list(found) == list(range(50))


def test_a_damaged_note_is_told(tmp_path):
    matte = tmp_path / "v002" / "mattes" / "0001-paint.avi"
    matte.parent.mkdir(parents=True)
    Span(FrameRange(2, 30), (9,)).keep(matte)
    assert Span.kept(matte, 4, REACH, (1, 9)) == Span(FrameRange(2, 30), (9,))
    for text in ("", "[5]", "[9, 2]", '["a", "b"]', "7"):
        note_of(matte).write_text(text)
        with pytest.raises(MediaError, match=r"0001-paint\.json: .*delete .*v002 and render again"):
            Span.kept(matte, 4, REACH, (1, 9))
    Span(FrameRange(2, 9)).keep(matte)
    assert Span.kept(matte, 4, REACH, (1, 9)) == Span(FrameRange(2, 9))


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film with pictures of its first frame and of one where the disc is hidden, and a red paint over the disc."""
    folder = tmp_path_factory.mktemp("carried") / "made"
    (folder / "refs").mkdir(parents=True)
    write_frames(folder / "film.mkv", [hidden_disc(n)[0] for n in range(FRAMES)])
    for frame in (0, HIDDEN):
        write_picture(folder / "refs" / f"{frame:06d}.png", colors=hidden_disc(frame)[0])
    assert run(folder, "--keyframes", str(folder / "refs")) == 0
    correct(folder, "paint", str(AT), "--file", str(write_paint(folder / "red.png", hidden_disc(AT)[1])))
    return folder


@pytest.fixture
def work(painted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(painted, tmp_path / "work"))


def test_a_paint_holds_behind_a_keyframe_that_does_not_show_its_thing(work, tmp_path, monkeypatch):
    import vidcolor.pipeline.corrected as corrected

    film, old = delivered(work), chroma(work, 0, 1)
    stopped = Path(shutil.copytree(work, tmp_path / "stopped"))
    assert run(work) == 0
    new = chroma(work, 0, 2)
    for frame in (*range(AT, 17), *range(29, FRAMES)):
        well = cv2.erode(seen(frame), np.ones((5, 5))) > 0.99
        assert np.hypot(*(new[frame][:, well].mean(1) - WANTED)) < 8, frame
    assert (new[HIDDEN] == old[HIDDEN]).all()
    assert (delivered(work)[HIDDEN] == film[HIDDEN]).all()

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(corrected.Corrector, "_over_given", killed)
        with pytest.raises(SystemExit):
            run(stopped)
    with monkeypatch.context() as patch:
        patch.setattr(corrected, "carry", None)
        assert run(stopped) == 0, "its matte is taken as it was kept"
    files = [folder / NAME / "v002" / "chroma.avi" for folder in (work, stopped)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_its_matte_tells_its_frames_and_is_taken_for_the_next_version(work, monkeypatch):
    import vidcolor.pipeline.corrected as corrected

    assert run(work) == 0
    assert main(["export", str(work / "film.vidcolor"), "--delivery", "mattes", "-o", str(work / "m")]) == 0
    (facts,) = json.loads((work / "m.manifest.json").read_text())["channels"].values()
    assert (facts["first"], facts["last"]) == (1, FRAMES - 1)
    with monkeypatch.context() as patch:
        patch.setattr(corrected, "carry", None)
        correct(work, "saturation", "r1-000000", "--amount", "0.5")
        assert run(work) == 0
    a, b = chroma(work, 0, 2), chroma(work, 0, 3)
    assert all(np.abs(b[n] - 0.5 * a[n]).max() <= 0.26 for n in range(1, FRAMES))
    (matte,) = (work / NAME / "v003" / "mattes").glob("*.avi")
    with ChromaReader(matte, 1) as store:
        assert len(store) == FRAMES - 1
        assert store.read(HIDDEN).confidence.max() == 0
