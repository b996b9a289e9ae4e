"""Which references match. The truth: pictures of the scene itself, moved and redrawn, against other scenes."""

from dataclasses import replace

import numpy as np
import pytest
from made_scenes import gray, redrawn, reference, scene

from vidcolor.features import PatchFeatures, gray_of
from vidcolor.references.choose import choose_references, describe, similarity
from vidcolor.settings import ReferenceSettings
from vidcolor.types import Frame, Reference

FEATURES = PatchFeatures()


def chosen(target: Frame, library: list[Reference], settings: ReferenceSettings) -> list[tuple[str, float]]:
    described = [(r.name, describe(gray_of(r), FEATURES)) for r in library]
    return choose_references(describe(target.lightness, FEATURES), described, settings)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_picture_of_the_scene_comes_first(seed: int) -> None:
    library = [reference(scene(other), f"{other}.png") for other in (11, 12, 13)]
    library.insert(1, reference(redrawn(scene(seed, move=(12, 6)), seed), "same.png"))
    found = chosen(gray(scene(seed)), library, replace(ReferenceSettings(), least=0.0, most=4))
    assert found[0][0] == "same.png"
    assert found[0][1] > found[1][1] + 0.03
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_nothing_matches_what_shows_nothing_alike() -> None:
    """A scene against stripes and an even card: stays gray rather than being guessed."""
    stripes = np.broadcast_to(np.where(np.arange(240) % 16 < 8, 0.2, 0.8), (3, 180, 240)).astype(np.float32)
    card = np.full((3, 180, 240), 0.5, np.float32)
    library = [reference(stripes, "stripes.png"), reference(card, "card.png")]
    assert chosen(gray(scene(1)), library, ReferenceSettings()) == []
    assert chosen(gray(scene(1)), [], ReferenceSettings()) == []


def test_exposure_does_not_matter() -> None:
    picture = scene(4)
    darker = reference(picture * 0.7, "darker.png")
    assert chosen(gray(picture), [darker], ReferenceSettings())[0][1] > 0.9


def test_most_limits_the_answer_and_ties_keep_order() -> None:
    twins = [reference(scene(5), name) for name in ("b.png", "a.png", "c.png")]
    found = chosen(gray(scene(5)), twins, replace(ReferenceSettings(), most=2))
    assert [name for name, _ in found] == ["b.png", "a.png"]


def test_a_picture_is_wholly_like_itself() -> None:
    seen = describe(gray(scene(7)).lightness, FEATURES)
    assert similarity(seen, seen) == pytest.approx(1.0, abs=1e-3)
    assert np.allclose(np.linalg.norm(seen, axis=0), 1, atol=1e-3)
