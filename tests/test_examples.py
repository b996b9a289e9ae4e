"""Every example runs, and does what its first line says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
SEEN = {
    "01_color_one_frame": "the picture is near",
    "02_cut_a_film": "dissolve",
    "03_correct_and_render_again": "references/000072.png  changed",
}


def test_each_example_is_known():
    assert {p.stem for p in EXAMPLES} == set(SEEN)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs(path, tmp_path, monkeypatch, capsys, example_folder):
    """The example film is made once for all; each example gets a copy of it."""
    import shutil

    from vidcolor.example import ExampleFacts

    def copied(folder: Path, progress: object = None) -> ExampleFacts:
        shutil.copytree(example_folder.folder, folder)
        return ExampleFacts(folder)

    monkeypatch.setattr("vidcolor.example.make_example", copied)
    runpy.run_path(str(path))["main"](tmp_path)
    assert SEEN[path.stem] in capsys.readouterr().out
