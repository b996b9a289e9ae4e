"""A correction changes what it speaks of: no other shot, nothing beyond the next exact pictures, no other thing."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import cv2
import film
import numpy as np
import pytest
from test_corrections_locality import WORDS
from test_corrections_locality import work as three_shots  # noqa: F401
from test_pipeline_corrections import correct, made, run, versions  # noqa: F401
from test_pipeline_many_shots import FRAMES as EACH
from test_pipeline_many_shots import make

from vidcolor.cli.parser import main
from vidcolor.media.store import ChromaReader, ChromaWriter
from vidcolor.superpixels.segment import superpixel_count

SHOTS = 200
ONE, SIZE, EXACT, PAINTED = 18, (192, 256), (3, 14), 8
LEAST = 1 / 8
"""Of a*b*: half a step of what is stored"""


def colors_of(project: Path) -> dict[str, str]:
    """SHA-256 of every version's colours, by its place."""
    root = project / "shots"
    return {
        str(p.parent.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("chroma.avi")
    }


def test_one_paint_in_a_film_of_200_shots_renders_one_of_them(tmp_path, monkeypatch):
    make(tmp_path, SHOTS)
    project = tmp_path / "p"
    assert main(["render", str(project)]) == 0
    before = colors_of(project)
    assert len(before) == SHOTS
    painted = np.full((16, 16, 4), 255, np.uint8)
    painted[..., :3] = (160, 60, 40)
    assert cv2.imwrite(str(tmp_path / "paint.png"), painted)
    assert main(["correct", str(project), "paint", f"{EACH * 100 + 1}", "--file", str(tmp_path / "paint.png")]) == 0
    written, write = set(), ChromaWriter.write

    def counted(store, color):
        written.add(color.index)
        write(store, color)

    monkeypatch.setattr(ChromaWriter, "write", counted)
    assert main(["render", str(project)]) == 0
    assert written
    assert len(written) <= 0.02 * SHOTS * EACH
    after = colors_of(project)
    assert {place: after[place] for place in before} == before
    assert set(after) - set(before) == {f"r1-{EACH * 100:06d}/v002"}


@pytest.mark.parametrize("kind", list(WORDS))
def test_a_render_after_each_kind_makes_no_other_shot(kind, three_shots, monkeypatch):  # noqa: F811
    monkeypatch.chdir(three_shots)
    before = versions(three_shots)
    words, touched = WORDS[kind]
    correct(three_shots, kind, *words)
    assert run(three_shots) == 0
    after = versions(three_shots)
    assert {place: after[place] for place in before} == before
    assert {place.split("/")[0] for place in set(after) - set(before)} == set(touched)


@pytest.fixture(scope="module")
def one(tmp_path_factory) -> tuple[Path, film.TinyFilm]:
    """A shot of a ground, a disc and a box, with two exact pictures, rendered; and a paint of the disc."""
    folder, truth = tmp_path_factory.mktemp("locality") / "one", film.make_film(SIZE, (ONE,))
    (folder / "refs").mkdir(parents=True)
    film.write_film(folder / "film.mkv", truth)
    for frame in EXACT:
        film.write_picture(folder / "refs" / f"{frame:06d}.png", truth.colors[frame])
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{ONE},cut\n")
    line = ["--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--preset", "draft"]
    assert main(["new", str(folder / "p"), *line, "--shots", str(folder / "cuts.csv")]) == 0
    assert main(["render", str(folder / "p")]) == 0
    painted = np.zeros((*SIZE, 4), np.uint8)
    painted[truth.labels[PAINTED] == film.DISC] = (40, 40, 200, 255)
    assert cv2.imwrite(str(folder / "paint.png"), painted)
    assert cv2.imwrite(str(folder / "mask.png"), painted[..., 3])
    x, y = middle_of(truth.labels[PAINTED] == film.DISC)
    stroke = np.zeros_like(painted)
    stroke[y - 2 : y + 3, x - 8 : x + 9] = (40, 40, 200, 255)
    assert cv2.imwrite(str(folder / "stroke.png"), stroke)
    return folder, truth


def middle_of(mask: np.ndarray) -> tuple[int, int]:
    """x and y of the point farthest from its edge."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    y, x = np.unravel_index(int(inside.argmax()), mask.shape)
    return int(x), int(y)


def stored(work: Path, version: str) -> np.ndarray:
    """(N, 2, h, w) a*b* of the shot."""
    with ChromaReader(work / "p" / "shots" / "r1-000000" / version / "chroma.avi", 0) as store:
        return np.stack([color.chroma for color in store])


@pytest.mark.parametrize(
    "words",
    [
        ("paint", "--file", "paint.png"),
        ("neutral", "--file", "mask.png"),
        ("hue", "--degrees", "120", "--file", "mask.png"),
        ("scribble", "--file", "stroke.png"),
        ("hint", "--at", "AT", "--color", "c82828"),
        ("neutral", "--at", "AT"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_within_a_shot_it_stays_between_exact_pictures_and_on_its_thing(words, one, tmp_path, monkeypatch):
    folder, truth = one
    work = Path(shutil.copytree(folder, tmp_path / "work"))
    monkeypatch.chdir(work)
    x, y = middle_of(truth.labels[PAINTED] == film.DISC)
    said = [f"{x},{y}" if word == "AT" else word for word in words[1:]]
    assert main(["correct", "p", words[0], f"{PAINTED}", *said]) == 0
    assert main(["render", "p"]) == 0
    changed = (np.abs(stored(work, "v002") - stored(work, "v001")) > LEAST).any(1)
    frames = np.flatnonzero(changed.any((1, 2)))
    assert set(frames) <= set(range(EXACT[0] + 1, EXACT[1]))
    assert {PAINTED - 2, PAINTED, PAINTED + 2} <= set(frames)
    size = changed.shape[1:]
    step = round(float(np.sqrt(np.prod(size) / superpixel_count(size))))
    around = np.ones((2 * step + 1, 2 * step + 1), np.uint8)
    outside = 0
    for frame in frames:
        disc = cv2.resize((truth.labels[frame] == film.DISC).astype(np.uint8), size[::-1], interpolation=cv2.INTER_AREA)
        outside += int((changed[frame] & (cv2.dilate(disc, around) == 0)).sum())
    assert outside / changed.sum() < 0.01
