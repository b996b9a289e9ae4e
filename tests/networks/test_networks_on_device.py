"""networks/propagator_on_device.py: on a device networks, look-up and weighing answer what they do on the processor."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from vidcolor.confidence import ABSENT  # noqa: E402
from vidcolor.errors import InputError, WeightsError  # noqa: E402
from vidcolor.grain import grain_of, grains_of  # noqa: E402
from vidcolor.networks import compare_places, graph, on_device, origins  # noqa: E402
from vidcolor.networks.compare_places import Colored, Seen, compare, gathered  # noqa: E402
from vidcolor.networks.features import NetworkFeatures  # noqa: E402
from vidcolor.networks.frame_maps import FrameMaps  # noqa: E402
from vidcolor.networks.layers_on_device import Fitted  # noqa: E402
from vidcolor.networks.propagator import CLAIMS, SIGNALS, SLOTS, Propagator  # noqa: E402
from vidcolor.networks.propagator_on_device import EXACT, DevicePropagator  # noqa: E402
from vidcolor.networks.tells import Tells  # noqa: E402
from vidcolor.planes.kinds import down, up  # noqa: E402

SIZE = (70, 109)
"""Neither places nor cells divide it."""
AWAY = (4, 30)
COLOR, MOST_COLORS = 0.1, 0.5
"""a*b* by which what is found may differ in the median, and in 99 of 100 pixels"""
SAME_WAY = 0.9999
"""Cosine of maps, in float32"""


@pytest.fixture(scope="module", autouse=True)
def _in_float32():
    """In bfloat16 the processor's maps are no nearer to their own in float32 than .99."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "number_type", lambda: "float32")
        yield


def picture(seed: int, right: int = 0, grain: float = 0.3) -> np.ndarray:
    """Clouds with discs before them that move to the right, and grain."""
    clouds = cv2.GaussianBlur(np.random.default_rng(seed).standard_normal(SIZE).astype("f4"), (0, 0), 6)
    light = 50 + 15 * clouds / clouds.std()
    for n in range(4):
        cv2.circle(light, (15 + 25 * n + right, 15 + 12 * n), 8 + n, float(15 + 22 * n), -1)
    light += np.random.default_rng(seed + right).normal(0, grain, SIZE)
    return light.clip(0, 100).astype(np.float32)


def colors(light: np.ndarray) -> np.ndarray:
    return np.stack([30 * np.sin(light / 9), 20 * np.cos(light / 15)]).astype(np.float32)


def points(size: tuple[int, int] = SIZE) -> np.ndarray:
    """Where places come from: aside, and beyond the edges."""
    y, x = np.mgrid[: -(-size[0] // 4), : -(-size[1] // 4)].astype(np.float32) * 4 + np.float32(1.5)
    return np.stack([1.2 * x - 6, y - np.float32(2.3)])


def sent(value: Any, device: str) -> Any:
    """Frozen words of arrays, with tensors in their place."""
    if isinstance(value, (np.ndarray, torch.Tensor)):
        return up(value, torch.device(device))
    if isinstance(value, (tuple, list)):
        return type(value)(sent(one, device) for one in value)
    if isinstance(value, (Seen, Colored, FrameMaps, Tells)):
        parts = {name: sent(getattr(value, name), device) for name in value.__slots__}
        return type(value)(**parts)
    return value


@dataclass
class Answers:
    """What a propagator says of a frame between two keyframes."""

    maps: FrameMaps
    seen: Seen
    colored: list[Colored]
    tells: Tells | None
    found: tuple[np.ndarray, np.ndarray]
    unlike: np.ndarray


def answers(net: Any, device: str | None, tells: Tells | None = None) -> Answers:
    def there(plane: np.ndarray) -> Any:
        return plane if device is None else up(plane, torch.device(device))

    keys = [picture(1), picture(1, 9)]
    maps, key_maps = net.maps(there(picture(1, 4))), [net.maps(there(key)) for key in keys]
    seen = net.see(there(picture(1, 4)), maps)
    sure = np.linspace(0, 1, SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE) ** 0.2
    colored = [
        net.with_colors(net.see(there(key), m), there(colors(key)), there(sure))
        for key, m in zip(keys, key_maps, strict=True)
    ]
    if tells is None:
        colored, tells = net.learned(colored)
    else:
        colored = [compare_places.told_colored(one, tells) for one in colored]
    found = net.compare(seen, colored, tells, AWAY)
    return Answers(maps, seen, colored, tells, found, net.unlike(maps, key_maps[0], there(points())))


@pytest.fixture(scope="module")
def here() -> Propagator:
    return Propagator(NetworkFeatures())


@pytest.fixture(scope="module")
def there() -> DevicePropagator:
    return DevicePropagator(torch.device("cpu"))


@pytest.fixture(scope="module")
def both(here, there) -> tuple[Answers, Answers]:
    return answers(here, None), answers(there, "cpu")


def as_near_as_colors_must_be(ours, theirs) -> None:
    for found, expected in zip(ours, theirs, strict=True):
        off = np.abs(down(found)[:2] - expected[:2])
        assert np.median(off) < COLOR
        assert np.percentile(off, 99) < MOST_COLORS
        for plane, same in zip(down(found)[2:], expected[2:], strict=True):
            assert np.abs(plane - same).mean() < 0.01 * max(1, np.abs(same).mean())


def test_it_has_the_name_of_the_processors(here, there):
    assert there.name == here.name
    assert there.weigher.slots == here.weigher.slots
    assert there.weigher.sees == here.weigher.sees


def test_frames_look_the_same(both):
    ours, theirs = both[1].maps, both[0].maps
    assert float(ours.share) == pytest.approx(theirs.share, abs=1e-4)
    for kind in ("features", "things"):
        for found, expected in zip(getattr(ours, kind), getattr(theirs, kind), strict=True):
            assert found.shape == expected.shape
            assert (down(found) * expected).sum(2).min() > SAME_WAY


def test_colours_are_found_as_they_are_on_the_processor(both):
    assert both[0].tells is not None
    as_near_as_colors_must_be(both[1].found, both[0].found)
    assert np.abs(both[0].found[0][:2]).mean() > 5, "there are colours to find"


def test_a_place_is_as_unlike_its_origin(both):
    assert np.abs(down(both[1].unlike) - both[0].unlike).max() < 5e-3


def any_maps(random: np.random.Generator, *widths: int) -> list[np.ndarray]:
    sizes = [tuple(-(-side // stride) for side in SIZE) for stride in (4, 8, 16)]
    some = [random.standard_normal((*size, width), np.float32) for size, width in zip(sizes, widths, strict=True)]
    return [m / np.linalg.norm(m, axis=2, keepdims=True) for m in some]


def any_compared(*, things: bool) -> tuple[Seen, Colored]:
    """A frame and two coloured ones, by maps at random."""
    random = np.random.default_rng(5)
    frames = [
        compare_places.see(picture(n), any_maps(random, 16, 8, 8), any_maps(random, 5, 6, 7) if things else (), 0.7)
        for n in range(3)
    ]
    sure = np.ones(SIZE, np.float32)
    colored = [compare_places.with_colors(f, colors(f.lightness), sure) for f in frames[1:]]
    return frames[0], gathered(colored, AWAY)


@pytest.mark.parametrize("things", [True, False])
def test_what_is_compared_is_the_same_by_any_maps(things):
    seen, colored = any_compared(things=things)
    ours, theirs = compare(sent(seen, "cpu"), sent(colored, "cpu")), compare(seen, colored)
    as_near_as_colors_must_be(ours, theirs)
    for found, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(down(found), expected, atol=0.05)


def test_cells_are_looked_up_alike_however_many_together(monkeypatch):
    seen, colored = (sent(one, "cpu") for one in any_compared(things=True))
    together = compare(seen, colored)
    monkeypatch.setattr(on_device, "HELD", 1)
    for found, expected in zip(compare(seen, colored), together, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("size", [SIZE, (64, 96)])
def test_any_places_are_as_unlike_any_origins(size):
    random = np.random.default_rng(6)
    frames = [FrameMaps(tuple(any_maps(random, 9, 8, 7)), tuple(any_maps(random, 5, 6, 7)), 1.0) for _ in range(2)]
    ours = origins.unlike(*(sent(frame, "cpu") for frame in frames), sent(points(size), "cpu"))
    np.testing.assert_allclose(down(ours), origins.unlike(*frames, points(size)), atol=1e-4)


def test_guesses_are_weighed_as_they_are_on_the_processor(here, there):
    ours, theirs = (weighed(net, device) for net, device in ((there, "cpu"), (here, None)))
    assert down(ours[0]).shape == (2, *SIZE)
    for found, expected in zip(ours, theirs, strict=True):
        assert np.abs(down(found) - expected).max() < 0.1


def weighed(net: Any, device: str | None) -> Any:
    random = np.random.default_rng(7)
    evidence = random.uniform(0, 1, (len(SLOTS), 2 + SIGNALS, *SIZE)).astype(np.float32)
    evidence[:, :2] = random.normal(0, 20, (len(SLOTS), 2, *SIZE))
    error = random.uniform(1, 20, (len(SLOTS), *SIZE)).astype(np.float32)
    evidence[1], error[1] = 0, ABSENT
    claims = random.uniform(0, 2, (CLAIMS, *SIZE)).astype(np.float32)
    given = [x if device is None else sent(x, device) for x in (picture(1), evidence, error, claims)]
    return net.weigher(given[0], (), *given[1:])


def test_evidence_of_another_shape_is_refused(there):
    plane = torch.zeros(SIZE)
    with pytest.raises(InputError, match="the network takes 6 slots of 5"):
        there.weigher(plane, (), torch.zeros(2, 5, *SIZE), torch.zeros(2, *SIZE), None)
    with pytest.raises(InputError, match="claims None: it takes 6"):
        there.weigher(plane, (), torch.zeros(len(SLOTS), 5, *SIZE), torch.zeros(len(SLOTS), *SIZE), None)


def test_frames_together_look_as_they_do_alone(there):
    frames = torch.stack([sent(picture(n, grain=grain), "cpu") for n, grain in ((1, 0.3), (2, 2.0), (3, 6.0))])
    together, alone = [*there.maps_of_all(frames)], [there.maps(frame) for frame in frames]
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one.share, other.share)
        for found, expected in zip((*one.features, *one.things), (*other.features, *other.things), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    shares = [float(maps.share) for maps in together]
    assert shares == pytest.approx([1, shares[1], 0])
    assert 0 < shares[1] < 1
    assert not together[2].things[0].any(), "things that do not count are none"


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (40, 61)])
def test_grain_is_told_of_many_as_of_one(size):
    planes = np.random.default_rng(8).normal(50, 3, (3, *size)).astype(np.float32)
    np.testing.assert_allclose(down(grains_of(sent(planes, "cpu"))), [grain_of(p) for p in planes], atol=1e-4)


def test_where_nothing_knows_things_looks_are_compared_alone(there):
    bare = DevicePropagator(torch.device("cpu"), things=False)
    maps, theirs = (net.maps(sent(picture(1), "cpu")) for net in (bare, there))
    assert maps.things == ()
    assert not maps.share
    assert all(map(torch.equal, maps.features, theirs.features))
    assert bare.see(sent(picture(1), "cpu"), maps).things.shape[1] == 0


def test_a_keyframe_of_one_colour_tells_nothing(there):
    light = sent(picture(1), "cpu")
    maps = there.maps(light)
    flat = there.with_colors(there.see(light, maps), torch.full((2, *SIZE), 12.0), torch.ones(SIZE))
    colored, tells = there.learned([flat])
    assert tells is None
    found, _ = there.compare(there.see(light, maps), colored, tells, [5])
    np.testing.assert_allclose(found[:2], 12, atol=1e-3)


def test_the_same_twice(there, both):
    again = answers(there, "cpu")
    ours = both[1]
    assert all(map(torch.equal, again.found, ours.found))
    assert torch.equal(again.unlike, ours.unlike)
    assert all(map(torch.equal, weighed(there, "cpu"), weighed(there, "cpu")))


def test_networks_stay_exact_while_other_threads_leave_theirs():
    """cuDNN's flags are the whole program's."""
    flags, before = torch.backends.cudnn, (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic)
    with ThreadPoolExecutor(1) as other:
        other.submit(EXACT.__enter__).result()
        with EXACT:
            other.submit(EXACT.__exit__).result()
            assert not flags.allow_tf32
            assert flags.deterministic
    assert (flags.allow_tf32, flags.deterministic) == before


def test_nothing_comes_down_on_the_way(both):
    """On `meta` there are no numbers: whoever asked for one would be told."""
    net = DevicePropagator(torch.device("meta"))
    found = answers(net, "meta", sent(both[1].tells, "meta"))
    assert [tuple(f.shape) for f in found.found] == [(6, *SIZE)] * 2
    assert found.unlike.shape == (2, -(-SIZE[0] // 4), -(-SIZE[1] // 4))
    assert all(one.is_meta for one in (*found.found, found.unlike, *weighed(net, "meta")))


@pytest.mark.parametrize(
    ("name", "weight", "told"),
    [
        (
            "a.weight",
            np.ones((16, 1, 5, 5)),
            r"some: its weights do not fit.* a\.weight is \(16, 1, 5, 5\) in place of",
        ),
        ("a.bias", None, r"a\.bias is missing"),
        ("b.weight", np.ones(3), r"b\.weight is too much; install vidcolor again"),
    ],
)
def test_weights_that_do_not_fit_are_refused(name, weight, told):
    weights = {"a.weight": np.ones((16, 1, 3, 3)), "a.bias": np.ones(16)}
    weights = {n: w for n, w in {**weights, name: weight}.items() if w is not None}
    net = Fitted(weights, "some")

    def run() -> None:
        net.conv("a", torch.empty(1, 1, 8, 8, device="meta"), 16, 3)
        net.made()

    with pytest.raises(WeightsError, match=told):
        run()


def test_the_processors_own_way_loads_no_pytorch():
    code = (
        "import sys, numpy as np\n"
        "from vidcolor.networks import compare_places, origins, propagator\n"
        "maps = [np.ones((16 // s, 16 // s, 4), np.float32) for s in (4, 8, 16)]\n"
        "light, points = np.ones((16, 16), np.float32), np.ones((2, 4, 4), np.float32)\n"
        "seen = compare_places.see(light, maps, maps)\n"
        "compare_places.compare(seen, compare_places.with_colors(seen, np.stack([light, light]), light))\n"
        "frame = propagator.FrameMaps(tuple(maps), tuple(maps), 1.0)\n"
        "origins.unlike(frame, frame, points)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
