"""networks/proposer.py: the same seed gives the same bytes whatever the threads, hints count, shapes are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from made_proposers import random_proposer
from safetensors.torch import load_file, save_file

from vidcolor.errors import InputError, WeightsError
from vidcolor.networks.lite_net import WIDTHS
from vidcolor.networks.load import load_proposer
from vidcolor.networks.proposer import Proposer, chroma_size
from vidcolor.networks.proposer_hints import Shown


@pytest.fixture(scope="module")
def proposer(tmp_path_factory) -> Proposer:
    return Proposer(random_proposer(tmp_path_factory.mktemp("weights") / "p.safetensors"), steps=3)


LIGHT = np.clip(50 + 20 * np.random.default_rng(0).standard_normal((90, 160)), 0, 100).astype(np.float32)


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(proposer):
    one = proposer(LIGHT, None, 5, 2)
    assert one.shape == (2, 2, *chroma_size(LIGHT.shape))
    with ThreadPoolExecutor(2) as pool:
        again, same = pool.map(lambda _: proposer(LIGHT, None, 5, 3), range(2))
    assert np.array_equal(again, same)
    assert again[:2].tobytes() == one.tobytes(), "and the first do not hang on how many are asked for"
    assert np.abs(proposer(LIGHT, None, 6, 1) - one[:1]).max() > 1
    assert np.abs(one[0] - one[1]).max() > 1


def test_hints_and_lightness_change_what_is_proposed(proposer):
    bare = proposer(LIGHT, None, 5, 1)
    hints = np.zeros((3, *LIGHT.shape), np.float32)
    assert np.array_equal(proposer(LIGHT, hints, 5, 1), bare), "hints that are absent change nothing"
    hints[:, 40:44, 80:84] = np.array([1, 60, -60], np.float32)[:, None, None]
    assert np.abs(proposer(LIGHT, hints, 5, 1) - bare).max() > 0.1
    assert np.abs(proposer(100 - LIGHT, None, 5, 1) - bare).max() > 0.1


def test_a_point_smaller_than_a_place_is_all_that_is_known_there(proposer):
    hints = np.zeros((3, 640, 640), np.float32)
    hints[:, 330, 330] = 1, 40, 20
    size = (64, 64)
    light = np.full(size, 50, np.float32)
    random = np.random.default_rng(1)
    some = [random.standard_normal((64 // d, 64 // d, w), np.float32) for w, d in zip(WIDTHS, (2, 4, 8), strict=True)]
    maps = [m / np.linalg.norm(m, axis=2, keepdims=True) for m in some]
    told = proposer._hints(hints, size, light, maps)
    assert float(told[0].max()) == 1
    assert (told[0] == 1).sum() == 1
    at = told[0] == 1
    assert np.allclose(told[1:, at][:, 0], [40, 20], rtol=1e-3, atol=1e-3)


def test_colours_of_other_pictures_are_taken_where_things_look_alike_and_hints_count_more(proposer):
    red = np.broadcast_to(np.array([60, 40], np.float32)[:, None, None], (2, *LIGHT.shape))
    bare = proposer(LIGHT, None, 5, 1)
    alike = next(proposer.each(LIGHT, None, 5, [1], [Shown(LIGHT, red)]))
    unlike = next(proposer.each(LIGHT, None, 5, [1], [Shown(np.full((50, 60), 99, np.float32), red[:, :50, :60])]))
    assert np.abs(alike - bare[0]).mean() > 2 * np.abs(unlike - bare[0]).mean()
    hints = np.concatenate([np.ones((1, *LIGHT.shape), np.float32), -red])
    told = next(proposer.each(LIGHT, hints, 5, [1], [Shown(LIGHT, red)]))
    assert np.array_equal(told, proposer(LIGHT, hints, 5, 1)[0]), "a person's word settles it"


def test_what_looks_like_another_picture_has_its_colours_each_proposal_those_of_its_own_number(proposer):
    random = np.random.default_rng(2)
    own = np.stack([np.broadcast_to(random.uniform(-40, 40, (2, 1, 1)), (2, *LIGHT.shape)) for _ in range(2)])
    shown = Shown(LIGHT, own.astype(np.float32))
    for seed in (5, 6):
        made = [*proposer.each(LIGHT, None, seed, [2, 3], [shown])]
        for one, colors in zip(made, own, strict=True):
            assert np.abs(one.mean((1, 2)) - colors[:, 0, 0]).max() < 2, "whatever the noise"
    assert np.array_equal(next(proposer.each(LIGHT, None, 6, [3], [Shown(LIGHT, shown.chroma[1])])), made[1])


def test_a_picture_is_looked_at_once_while_there_is_room(proposer, monkeypatch):
    looked = []
    things = proposer._things
    monkeypatch.setattr(proposer, "_things", lambda codes: looked.append(codes.shape) or things(codes))
    light, other = LIGHT[:, ::-1] * np.float32(0.5), LIGHT[::-1] * np.float32(0.5)
    red = np.full((2, *LIGHT.shape), 30, np.float32)
    for _ in range(2):
        next(proposer.each(light, None, 5, [1], [Shown(other, red)]))
    assert len(looked) == 2


def test_wide_frames_have_bounded_chroma():
    assert chroma_size((480, 854)) == (64, 112)
    assert chroma_size((854, 480)) == (112, 64)
    assert chroma_size((10, 1000)) == (64, 192)


def test_what_is_no_lightness_is_refused(proposer):
    with pytest.raises(InputError, match="shapes"):
        proposer(LIGHT[None], None, 0, 1)
    with pytest.raises(InputError, match="shapes"):
        proposer(LIGHT, np.zeros((3, 5, 5), np.float32), 0, 1)


def test_other_weights_are_refused(tmp_path):
    whole = random_proposer(tmp_path / "p.safetensors")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:-100])
    other = tmp_path / "other.safetensors"
    save_file(load_file(whole), other, metadata={"schema": "vidcolor.things/1", "config": "{}"})
    odd = tmp_path / "odd.safetensors"
    save_file(load_file(whole), odd, metadata={"schema": "vidcolor.proposer/1", "config": '{"widths": [7, 7, 7]}'})
    for path in (cut, other, odd, tmp_path / "none.safetensors"):
        with pytest.raises(WeightsError, match=path.name):
            load_proposer(path)
