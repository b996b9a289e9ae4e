"""Every example runs, and does what its first line says."""

from __future__ import annotations

import runpy
import shutil
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tiny import write_frames

from vidcolor.example import ExampleFacts

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
SEEN = {
    "01_color_one_frame": ("the picture is near",),
    "02_cut_a_film": ("dissolve",),
    "03_correct_and_render_again": ("references/000072.png  changed", "rendered   1 of 2 shots: r1-000060"),
}
FRAMES, SIZE = 84, (180, 320)
"""Of the small film: the street and the beginning of the harbour, at half their size."""


class SmallFacts(ExampleFacts):
    """The example film, short and small: enough where the whole program runs twice."""

    @property
    def film(self) -> Path:
        return self.folder / "film.mkv"


def _small(whole: ExampleFacts, folder: Path) -> SmallFacts:
    facts = SmallFacts(folder)
    facts.references.mkdir(parents=True)
    with av.open(str(whole.film)) as film:
        frames = [frame.to_ndarray(format="gray16le") for frame in islice(film.decode(video=0), FRAMES)]
    grays = [cv2.resize(frame, SIZE[::-1], interpolation=cv2.INTER_AREA) / np.float32(65535) for frame in frames]
    write_frames(facts.film, [np.stack([gray] * 3, 2) for gray in grays])
    for name in [name for name, given in whole.pictures.items() if given == "exact" and int(name[:6]) < FRAMES]:
        picture = cv2.imread(str(whole.references / name), cv2.IMREAD_UNCHANGED)
        small = cv2.resize(picture, SIZE[::-1], interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(facts.references / name), small)
    return facts


def test_each_example_is_known():
    assert {p.stem for p in EXAMPLES} == set(SEEN)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs(path, tmp_path, monkeypatch, capsys, example_folder):
    """The example film is made once for all; each example gets a copy of it."""

    def copied(folder: Path, progress: object = None) -> ExampleFacts:
        if path.stem.startswith("03"):
            return _small(example_folder, folder)
        shutil.copytree(example_folder.folder, folder)
        return ExampleFacts(folder)

    monkeypatch.setattr("vidcolor.example.make_example", copied)
    runpy.run_path(str(path))["main"](tmp_path)
    told = capsys.readouterr().out
    for words in SEEN[path.stem]:
        assert words in told
