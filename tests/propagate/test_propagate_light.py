"""Colours keep to their things while the light changes: a flash, a lamp that is switched on, a fade inside a shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import pytest
from keeping import Keeping

from vidcolor.color.lab import light_to_lab
from vidcolor.flow.estimate import build_flow
from vidcolor.propagate import propagate
from vidcolor.propagate.light import change_of, lit, tinted
from vidcolor.propagate.mended import Mended
from vidcolor.propagate.runs import chroma_size, reduced
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE, COUNT, AT = (64, 96), 14, 6
SETTINGS = PropagateSettings()


def scene() -> list[np.ndarray]:
    """Linear light (3, H, W) of a colourful ground that drifts by a pixel a frame."""
    random = np.random.default_rng(5)
    wide = random.uniform(0, 1, (3, SIZE[0], SIZE[1] + COUNT)).astype(np.float32)
    wide = np.stack([cv2.GaussianBlur(plane, (0, 0), 4) for plane in wide])
    wide = 0.22 + (wide - wide.mean()) * np.float32(0.07 / wide.std())
    return [np.clip(wide[:, :, t : t + SIZE[1]], 0.02, 0.6) for t in range(COUNT)]


def labs_of(light: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [light_to_lab(np.clip(frame, 0, 1)) for frame in light]


def colors_of(lab: np.ndarray) -> np.ndarray:
    return np.stack([reduced(plane, chroma_size(SIZE)) for plane in lab[1:]])


def errors(light: Sequence[np.ndarray], key: int = 0) -> list[float]:
    """Mean error of each frame, in a*b*, in the true colours of one."""
    labs = labs_of(light)
    made = colored([lab[0] for lab in labs], {key: colors_of(labs[key])})
    return [float(np.hypot(*(color.chroma - colors_of(lab))).mean()) for color, lab in zip(made, labs, strict=True)]


def colored(lightness: Sequence[np.ndarray], keys: Mapping[int, np.ndarray], start: int = 0, cache=None, within=None):
    frames = [Frame(start + t, np.ascontiguousarray(plane)) for t, plane in enumerate(lightness)]
    sure = np.ones(chroma_size(SIZE), np.float32)
    given = {start + t: ColorFrame(start + t, chroma, sure) for t, chroma in keys.items()}
    flow = build_flow("dis", SETTINGS, "cpu")
    return list(propagate(frames, given, flow, SETTINGS, cache=cache, within=within))


def across(strength: float) -> np.ndarray:
    """Light that falls from the right, 1 and more."""
    return 1 + strength / (1 + np.exp(-np.linspace(-6, 6, SIZE[1], dtype=np.float32)))


FLASHES = {
    "a fifth lighter": [np.float32(1.6)],
    "half in white, three frames": [np.float32(4)] * 3,
    "from one side, two frames": [across(3)] * 2,
    "darker": [np.float32(0.3)],
}


@pytest.mark.parametrize("gains", FLASHES.values(), ids=FLASHES.keys())
def test_a_flash_has_the_colours_of_its_things_and_so_have_those_behind(gains):
    light = scene()
    plain = errors(light)
    for n, gain in enumerate(gains):
        light[AT + n] = light[AT + n] * gain
    made = errors(light)
    behind = slice(AT + len(gains), None)
    assert max(made[AT : AT + len(gains)]) < 2 * max(plain)
    assert np.mean(made[behind]) < 1.1 * np.mean(plain[behind])


@pytest.mark.parametrize("level", [0, 100], ids=["black", "white"])
def test_colours_are_carried_across_a_frame_that_shows_nothing(level):
    light = scene()
    plain = errors(light)
    light[AT] = np.full_like(light[AT], level / 100)
    assert np.mean(errors(light)[AT + 1 :]) < 1.1 * np.mean(plain[AT + 1 :])


def test_colours_go_with_a_lamp_that_stays_on_and_with_a_fade():
    plain = errors(scene())
    lamp = [frame * (across(2) if t >= AT else 1) for t, frame in enumerate(scene())]
    fade = [frame * np.float32(0.88**t) for t, frame in enumerate(scene())]
    assert np.mean(errors(lamp)[AT:]) < 2 * np.mean(plain[AT:])
    assert np.mean(errors(fade)[AT:]) < 1.5 * np.mean(plain[AT:])


def test_a_keyframe_that_flashes_gives_its_colours_in_the_light_around_it():
    light = scene()
    plain = errors(light, AT)
    light[AT] = light[AT] * np.float32(2)
    assert np.mean(errors(light, AT)) < 1.5 * np.mean(plain)


def test_what_moves_past_is_no_flash():
    lightness = [lab[0].copy() for lab in labs_of(scene())]
    for n in range(3):
        lightness[AT + n][:, 32 * n : 32 * n + 40] = 95
    seen = Mended(lightness.__getitem__, COUNT)
    for position, plane in enumerate(lightness):
        assert np.array_equal(seen.even(position), plane)


def test_a_flash_is_found_kept_and_no_shot_cut_otherwise_takes_it_for_its_own():
    light = scene()
    light[AT] = light[AT] * np.float32(2)
    labs = labs_of(light)
    lightness, key = [lab[0] for lab in labs], colors_of(labs[AT + 3])
    cache = Keeping()
    first = colored(lightness, {AT + 3: key}, cache=cache)
    again = colored(lightness, {AT + 3: key}, cache=cache)
    assert [c.chroma.tobytes() for c in again] == [c.chroma.tobytes() for c in first]
    # begins with the flash: what is before it belongs to another shot now
    cut = (lightness[AT:], {3: key}, AT)
    assert [c.chroma.tobytes() for c in colored(*cut, cache=cache)] == [c.chroma.tobytes() for c in colored(*cut)]


def test_lightness_and_chroma_in_other_light_are_those_of_the_light_itself():
    light = scene()[0]
    own, more = light_to_lab(light), light_to_lab(light * np.float32(1.5))
    change = change_of(more[0] / 100, own[0] / 100, np.ones(SIZE, np.float32))
    assert change is not None
    assert abs(change - 1.5 ** (1 / 3)).max() < 0.01
    assert abs(lit(own[0] / 100, change) * 100 - more[0]).max() < 1
    assert abs(tinted(own[1:], own[0] / 100, change) - more[1:]).max() < 1


def test_what_is_brighter_than_white_loses_its_colour():
    light = scene()[0]
    own, white = light_to_lab(light), light_to_lab(np.clip(light * np.float32(8), 0, 1))
    made = tinted(own[1:], own[0] / 100, np.full(SIZE, 2, np.float32))
    assert np.hypot(*(made - white[1:])).mean() < 2 < np.hypot(*own[1:]).mean()


def test_motion_alone_changes_no_light():
    first, last = (lab[0] / 100 for lab in labs_of([scene()[0], scene()[3]]))
    assert change_of(last, first, np.ones(SIZE, np.float32)) is None


def test_things_that_change_places_change_no_light():
    """What flow has lost is as broad as light, but darker here where it is lighter there, or of small parts."""
    sure, sides = np.ones(SIZE, np.float32), np.full(SIZE, 0.3, np.float32)
    sides[:, SIZE[1] // 2 :] = 0.6
    assert change_of(sides[:, ::-1], sides, sure) is None
    small = cv2.resize(np.random.default_rng(3).uniform(0.2, 0.8, (8, 12)).astype(np.float32), SIZE[::-1])
    assert change_of(small[:, ::-1] * np.float32(1.05), small, sure) is None
    assert change_of(sides * np.float32(1.2), sides, sure) is not None
