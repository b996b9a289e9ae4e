"""The tests' own films tell the truth."""

from __future__ import annotations

import av
import film
import numpy as np
import pytest


def test_flow_finds_every_visible_pixel_again(one_shot):
    """Origin of the truth: the film moves by whole pixels, so the colours must be equal, bit for bit."""
    y, x = np.mgrid[: one_shot.size[0], : one_shot.size[1]]
    for first, other in ((0, 1), (3, 4), (2, 9), (11, 5)):
        dx, dy = one_shot.flow(first, other).astype(int)
        seen = ~one_shot.occluded(first, other)
        found = one_shot.colors[other][(y + dy)[seen], (x + dx)[seen]]
        assert np.array_equal(found, one_shot.colors[first][seen])
        assert 0.5 < seen.mean() < 1


def test_the_box_hides_the_disc_and_lets_it_go(one_shot):
    areas = [(labels == film.DISC).sum() for labels in one_shot.labels]
    assert min(areas) < 0.8 * max(areas)
    assert areas.index(min(areas)) not in (0, len(areas) - 1)


def test_surfaces_have_texture_and_colours_of_their_own(one_shot):
    for label in (film.GROUND, film.DISC, film.BOX):
        here = one_shot.labels[0] == label
        assert one_shot.lightness[0][here].std() > 2.5
    means = [one_shot.lab[0][1:, one_shot.labels[0] == k].mean(1) for k in (film.GROUND, film.DISC, film.BOX)]
    assert min(np.linalg.norm(a - b) for a, b in ((means[0], means[1]), (means[1], means[2]))) > 5


def test_cuts_and_dissolve_are_where_they_are_said_to_be():
    made = film.make_film(shots=(10, 10, 10), dissolve=6)
    assert made.cuts == (10, 20)
    assert made.dissolve == range(17, 23)
    change = np.abs(np.diff(made.luma.astype(int), axis=0)).mean((1, 2))
    assert change.argmax() == 9
    old, new = made.shots[1].colors(20), made.shots[2].colors(20)
    assert np.allclose(made.colors[20], old * 3 / 7 + new * 4 / 7, atol=1e-6)


def test_it_makes_the_same_film_again():
    assert np.array_equal(film.make_film(dissolve=4).luma, film.make_film(dissolve=4).luma)


def test_true_flow_looks_up_its_frames(one_shot, true_flow):
    assert np.array_equal(true_flow(one_shot.lightness[2], one_shot.lightness[7]), one_shot.flow(2, 7))


@pytest.mark.parametrize(("name", "tolerance"), [("a.mkv", 0), ("a.mov", 4), ("a.mp4", 16)])
def test_files_hold_the_film(tmp_path, name, tolerance):
    made = film.make_film(shots=(4, 3))
    path = film.write_film(tmp_path / name, made, sound=True, timecode="01:00:00:00" if name != "a.mkv" else "")
    with av.open(str(path)) as opened:
        assert opened.streams.audio
        assert opened.streams.video[0].average_rate == film.RATE
        pictures = list(opened.decode(video=0))
    assert len(pictures) == made.frame_count
    for luma, picture in zip(made.luma, pictures, strict=True):
        kind = np.uint8 if name == "a.mp4" else np.uint16
        plane = np.frombuffer(picture.planes[0], kind).reshape(made.size[0], -1)[:, : made.size[1]]
        scale = 4 if name == "a.mp4" else 1
        assert np.abs(plane.astype(int) * scale - luma).mean() <= tolerance


def test_the_tiny_film_fixture_is_readable(tiny_film):
    with av.open(str(tiny_film.path)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == tiny_film.truth.frame_count == 36
