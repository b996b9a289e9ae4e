"""tools/bench.py clicks: the tool's own points against the truth of a made clip."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import shot_colors

pytest.importorskip("torch")
TOOLS = Path(__file__).parent.parent / "tools"


@pytest.fixture
def clicks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    from benchmark import clicks

    return clicks


def test_true_colours_at_named_points_bring_a_wrong_clip_nearer(clicks, tmp_path: Path, monkeypatch) -> None:
    clip = tmp_path / "clips" / "made"
    clip.mkdir(parents=True)
    for n in range(4):
        picture = shot_colors(3, n, (96, 128))
        picture = (
            picture if n == 0 else 0.6 * picture + 0.4 * picture[..., ::-1]
        )  # other colours than the first frame's
        Image.fromarray(np.rint(255 * picture).astype(np.uint8)).save(clip / f"{n:05d}.png")
    monkeypatch.chdir(TOOLS)
    sys.modules.pop("bench", None)
    import bench

    bench.main(["clicks", str(clip.parent), "--out", str(tmp_path / "out"), "--counts", "0,1,3"])
    page = (tmp_path / "out" / "clicks.txt").read_text()
    rows = [line.split() for line in page.splitlines() if line.startswith(("made", "mean"))]
    assert [row[1] for row in rows] == ["tool", "tool", "random", "random"]
    gains = [float(value) for value in rows[0][3:5]]
    assert 0 < gains[0] < gains[1]


def test_hints_on_a_gray_photograph_bring_it_nearer(clicks, tmp_path: Path, monkeypatch) -> None:
    picture = np.rint(255 * shot_colors(3, 0, (96, 128))).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    monkeypatch.chdir(TOOLS)
    sys.modules.pop("bench", None)
    import bench

    out = tmp_path / "out"
    assert bench.main(["clicks", str(tmp_path), "--out", str(out), "--stills", "1", "--counts", "0,3"]) == 0
    (row,) = [line.split() for line in (out / "clicks.txt").read_text().splitlines() if line.startswith("photo")]
    assert float(row[2]) > float(row[1]) + 1
