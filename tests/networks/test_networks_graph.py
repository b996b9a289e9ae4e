"""networks/graph.py: what runs is what is trained; answers hang on nothing else; weights are read strictly."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from vidcolor.errors import WeightsError
from vidcolor.networks import graph, load
from vidcolor.networks.features_net import FeaturesConfig
from vidcolor.networks.graph import Graph, products
from vidcolor.networks.proposer_net import ProposerConfig, waves
from vidcolor.networks.weighing_net import WeighingConfig

SIZE = (45, 70)
SMALL = FeaturesConfig(stem=16, widths=(16, 32, 32), blocks=(1, 1, 2), join=16, outputs=(6, 5, 4))
WEIGHING = WeighingConfig(("one", "two", "three"), 2, 8, (16, 16, 32, 16), (4, 4, 4))
HEARING = WeighingConfig(("one", "two"), 3, 8, (16, 16, 16, 16), (4, 4, 4), claims=2, own="correction")
ALONE = WeighingConfig(("one", "two"), 3, 8, (), (), claims=2)
"""At full size alone"""


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch):
    monkeypatch.setattr(graph, "number_type", lambda: "float32")


@pytest.fixture
def torch():
    module = pytest.importorskip("torch", reason="compares with PyTorch, which training needs")
    module.manual_seed(1)
    return module


def stirred(torch, net):
    """All weights at random: where they are zero at first, nothing would be compared."""
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.1 if weight.dim() > 1 else 0.5)
    return net.eval()


def given(torch, *shape: int, scale: float = 1.0):
    return torch.rand(*shape) * scale


def innermost(torch, x):
    return x.permute(0, 2, 3, 1).contiguous().numpy()


def alike(ours, theirs) -> bool:
    return ours.shape == tuple(theirs.shape) and np.allclose(ours, theirs.detach().numpy(), rtol=1e-4, atol=2e-4)


def test_features_run_as_they_are_trained(torch, tmp_path):
    from vidcolor.research.networks import files, ours

    files.save_features(tmp_path / "f", stirred(torch, ours.FeaturesNet(SMALL)), {})
    net, light = files.load_features(tmp_path / "f"), given(torch, 1, 1, *SIZE, scale=100)
    for found, expected in zip(load.load_features(tmp_path / "f")(light.numpy()), net(light), strict=True):
        assert alike(found, expected.permute(0, 2, 3, 1))


def test_things_run_as_they_are_trained(torch, tmp_path):
    from vidcolor.research.networks import files, ours

    net = ours.LiteNet()
    for n in range(3):
        net.get_buffer(f"mean{n}").normal_()
    files.save_things(tmp_path / "t", net, {})
    codes, net = given(torch, 1, 1, *SIZE, scale=255), files.load_things(tmp_path / "t")
    for found, expected in zip(load.load_things(tmp_path / "t")(codes.numpy()), net(codes), strict=True):
        assert alike(found, expected.permute(0, 2, 3, 1))


@pytest.mark.parametrize("config", [WEIGHING, HEARING, ALONE])
def test_guesses_are_weighed_as_it_is_trained(torch, tmp_path, config):
    from vidcolor.research.networks import files, ours

    files.save_weighing(tmp_path / "w", stirred(torch, ours.WeighingNet(config)), {})
    light, slots = given(torch, 1, 1, *SIZE, scale=100), len(config.slots)
    maps = [given(torch, 1, 4, -(-SIZE[0] // s), -(-SIZE[1] // s)) for s in (4, 8, 16)][: len(config.features)]
    evidence = given(torch, 1, slots, 2 + config.signals, *SIZE, scale=20)
    error = given(torch, 1, slots, *SIZE, scale=9) + 1
    error[:, 1, :20] = 60
    claims = [given(torch, 1, config.claims, *SIZE)] if config.claims else []
    chroma, expected, _ = files.load_weighing(tmp_path / "w")(light, maps, evidence, error, *claims)
    _, net = load.load_weighing(tmp_path / "w", config.slots)
    planes = (light, *(m.permute(0, 2, 3, 1) for m in maps), evidence.flatten(1, 2), error, *claims)
    found = net(*(x.numpy() for x in planes))
    assert alike(found[0], chroma)
    assert alike(found[1][:, 0], expected)


def test_colours_are_proposed_as_it_is_trained(torch, tmp_path):
    from vidcolor.research.networks import files, ours

    files.save_proposer(tmp_path / "p", stirred(torch, ours.ProposerNet(ProposerConfig((16, 16, 32)))), {})
    trained, (looks, proposes, _, _) = files.load_proposer(tmp_path / "p"), load.load_proposer(tmp_path / "p")
    light = given(torch, 1, 1, 48, 64, scale=100)
    maps = [given(torch, 1, w, 24 // d, 32 // d) for w, d in zip((48, 120, 352), (2, 4, 8), strict=True)]
    known, found = trained.look(light, maps), looks(*(innermost(torch, m) for m in maps), light.numpy())
    assert all(alike(one, other) for one, other in zip(found, known, strict=True))
    noised, hints, time = torch.randn(1, 2, 24, 32), given(torch, 1, 3, 24, 32), np.array([0.3], np.float32)
    v = trained(noised, torch.from_numpy(time), known, hints)
    assert alike(proposes(noised.numpy(), waves(time), *found, hints.numpy())[0], v)


def small(weights: dict[str, np.ndarray] | None = None) -> graph.Network:
    """Two convolutions with a norm between them."""
    random = np.random.default_rng(1)
    some = {"a.weight": random.standard_normal((16, 1, 3, 3)), "n.weight": np.ones(16), "n.bias": np.ones(16)}
    net = Graph({**some, "b.weight": random.standard_normal((4, 16, 3, 3)), **(weights or {})}, "some.safetensors")
    x = net.given(1, 1, -1, -1)
    return net.made([net.conv("b", net.relu(net.norm("n", net.conv("a", x, 16, 3, bias=False), 4)), 4, 3, bias=False)])


def test_an_answer_hangs_on_nothing_that_was_asked_before_or_beside_it():
    net, random = small(), np.random.default_rng(2)
    pictures = [random.standard_normal((1, 1, *size), np.float32) for size in ((64, 96), (33, 47), (120, 50))]
    alone = [small()(picture)[0] for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        for number, found in enumerate(pool.map(lambda n: net(pictures[n % 3])[0], range(24))):
            assert np.array_equal(found, alone[number % 3])


def test_arrays_that_are_frozen_or_lie_otherwise_are_read_and_answers_are_the_callers():
    net, picture = small(), np.random.default_rng(3).standard_normal((1, 1, 40, 24), np.float32)
    first = net(picture)[0]
    kept = first.copy()
    frozen = np.frombuffer(picture.tobytes(), np.float32).reshape(picture.shape)
    turned = np.ascontiguousarray(picture.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
    assert np.array_equal(net(frozen)[0], kept)
    assert np.array_equal(net(turned)[0], kept)
    net(-picture)
    assert np.array_equal(first, kept)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"a.weight": np.ones((16, 1, 5, 5))}, r"some\.safetensors: .*a\.weight is \(16, 1, 5, 5\) in place of"),
        ({"n.bias": np.ones(8)}, r"n\.bias is \(8,\)"),
        ({"late.weight": np.ones(3)}, r"late\.weight is too much; install vidcolor again"),
    ],
)
def test_weights_that_do_not_fit_are_refused(change, told):
    with pytest.raises(WeightsError, match=told):
        small(change)


def test_nobody_is_told_that_it_is_used(tmp_path):
    """openvino-telemetry reports the import of openvino to its makers; a stand-in notes that it is brought in."""
    (tmp_path / "openvino_telemetry.py").write_text("open('told', 'w').close()\nraise ImportError\n")
    code = (
        "import sys, numpy as np\n"
        "from vidcolor.networks.graph import products\n"
        "assert products(np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)).tolist() == [[3], [3]]\n"
        "assert 'openvino' in sys.modules and 'openvino_telemetry' not in sys.modules\n"
    )
    told = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-P", "-c", code], check=True, cwd=tmp_path, env=told)
    assert not (tmp_path / "told").exists()


def test_products_are_those_of_rows():
    random = np.random.default_rng(4)
    a, b = random.standard_normal((37, 90), np.float32), random.standard_normal((53, 90), np.float32)
    assert np.allclose(products(a, b), a.astype(float) @ b.astype(float).T, atol=1e-4)


@pytest.mark.parametrize(("cores", "streams"), [(1, 1), (2, 1), (3, 2), (8, 4), (64, 8)])
def test_a_network_holds_what_is_on_the_way_once_for_every_two_cores(monkeypatch, cores, streams):
    """What is asked for; OpenVINO itself makes no more than the machine has cores."""
    asked = []
    monkeypatch.setattr(graph, "cores", lambda: cores)
    core = graph._core()
    monkeypatch.setattr(
        graph,
        "_core",
        lambda: SimpleNamespace(compile_model=lambda *given: asked.append(given[-1]) or core.compile_model(*given)),
    )
    ops = graph._openvino().opset13
    given = ops.parameter([-1, -1], np.float32)
    made = graph.Network([ops.relu(given)], [given], "float32")
    assert [one["NUM_STREAMS"] for one in asked] == [streams]
    assert made(np.array([[-1.0, 2.0]]))[0].tolist() == [[0.0, 2.0]]
