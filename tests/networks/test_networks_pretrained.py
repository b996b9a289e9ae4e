"""networks/pretrained.py: what a file is, told by what is in it; and what is needed, told where it is not."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
safetensors_torch = pytest.importorskip("safetensors.torch")

from random_networks import empty_state, random_state  # noqa: E402

from vidcolor.errors import WeightsError  # noqa: E402
from vidcolor.networks import pretrained as found  # noqa: E402
from vidcolor.networks.pretrained import NETWORKS, Missing, Weights  # noqa: E402
from vidcolor.research.metrics.inception import build_inception  # noqa: E402
from vidcolor.research.metrics.perceptual import build_lpips  # noqa: E402


@pytest.fixture(autouse=True)
def nothing_to_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(url: str) -> Path:
        raise WeightsError(f"could not be fetched from {url} (no answer in 20 s)")

    monkeypatch.setattr(found, "fetch", nobody)


def saved(path: Path, state: object) -> Path:
    torch.save(state, path)
    return path


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_known_by_its_keys_and_shapes(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "file.pth", empty_state(name))
    state, facts = Weights([path]).take(name)
    kept = [key for key in NETWORKS[name].shapes() if not key.startswith("classifier.") and "num_batches" not in key]
    assert list(state) == kept
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "not the published file" in str(facts)
    assert facts.licence in str(facts)


def test_the_published_file_is_known_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "file.pth", random_state("alex_linear"))
    digits = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    network = NETWORKS["alex_linear"]
    own = found.Published(network.name, network.url, digits, 0, network.licence, channels=network.channels)
    monkeypatch.setitem(NETWORKS, "alex_linear", own)
    _, facts = Weights([path]).take("alex_linear")
    assert facts.published
    assert "not the published file" not in str(facts)


def test_safetensors_and_half_floats_are_read(tmp_path: Path) -> None:
    numbers = {key: value.half() for key, value in random_state("vgg16_linear").items()}
    safetensors_torch.save_file(numbers, tmp_path / "file.safetensors")
    state, _ = Weights([tmp_path / "file.safetensors"]).take("vgg16_linear")
    assert all(value.dtype == torch.float32 and torch.equal(value, numbers[key]) for key, value in state.items())


def test_a_file_may_lack_what_no_metric_reads_but_only_all_of_it(tmp_path: Path) -> None:
    state = empty_state("vgg16")
    features = {key: value for key, value in state.items() if key.startswith("features.")}
    assert list(Weights([saved(tmp_path / "a.pth", features)]).take("vgg16")[0]) == list(features)
    half = {**features, "classifier.0.weight": state["classifier.0.weight"]}
    with pytest.raises(
        WeightsError, match=r"b\.pth: comes nearest to VGG-16, .*missing: classifier\.0\.bias, .* and 2 more"
    ):
        Weights([saved(tmp_path / "b.pth", half)]).take("vgg16")


def test_step_counters_may_lack(tmp_path: Path) -> None:
    state = {key: value for key, value in empty_state("fid").items() if not key.endswith("num_batches_tracked")}
    assert Weights([saved(tmp_path / "a.pth", state)]).take("fid")[1].name == "FID's Inception"


def test_what_speaks_against_a_file_is_named(tmp_path: Path) -> None:
    state = empty_state("vgg19")
    path = tmp_path / "w.pth"
    cases = {
        r"missing: features\.0\.bias": {key: value for key, value in state.items() if key != "features.0.bias"},
        r"not its own: more\.weight": {**state, "more.weight": torch.zeros(1)},
        r"of another shape: features\.0\.weight": {**state, "features.0.weight": torch.zeros(64, 3, 5, 5)},
    }
    for told, numbers in cases.items():
        with pytest.raises(WeightsError, match=rf"w\.pth: comes nearest to VGG-19, .*\({told}\); give") as error:
            Weights([saved(path, numbers)]).take("vgg19")
        assert not isinstance(error.value, Missing)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("state", [{"conv.weight": torch.zeros(3)}, [1, 2], {}, {"features.0.weight": "text"}])
def test_a_file_of_something_else_is_refused(state: object, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"w\.pth: holds none of the networks that the metrics use \(VGG-16, VGG-19"):
        Weights([saved(tmp_path / "w.pth", state)]).take("vgg16")


class Trap:
    """Unpickled, it makes a folder: what a hostile file would do."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.mark),)


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pth", {**empty_state("alex_linear"), "lin0.model.1.weight": Trap(tmp_path / "mark")})
    with pytest.raises(WeightsError, match=r"w\.pth: not readable as weights.*only tensors"):
        Weights([path]).take("alex_linear")
    assert not (tmp_path / "mark").exists()


def test_damaged_numbers_are_refused(tmp_path: Path) -> None:
    state = random_state("alex_linear")
    state["lin3.model.1.weight"][0, 5] = torch.nan
    with pytest.raises(WeightsError, match=r"w\.pth: damaged"):
        Weights([saved(tmp_path / "w.pth", state)]).take("alex_linear")


def test_a_network_given_twice_is_refused(tmp_path: Path) -> None:
    files = [saved(tmp_path / name, random_state("alex_linear")) for name in ("a.pth", "b.pth")]
    with pytest.raises(WeightsError, match=r"b\.pth: holds .*, as .*a\.pth does; give only one"):
        Weights(files).take("alex_linear")


def test_no_file_is_told() -> None:
    with pytest.raises(WeightsError, match=r"none\.pth: no such file; --weights"):
        Weights(["none.pth"]).take("vgg16")


def test_what_is_needed_is_told_whence_and_how() -> None:
    with pytest.raises(Missing) as told:
        Weights().take("vgg16")
    assert str(told.value) == (
        "needs VGG-16: could not be fetched from https://download.pytorch.org/models/vgg16-397923af.pth "
        "(no answer in 20 s); fetch vgg16-397923af.pth by hand (528 MB) and give it with --weights FILE"
    )


def test_torchvisions_inception_is_never_taken_for_fids(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pth", empty_state("inception"))
    with pytest.raises(
        Missing, match=r"needs FID's Inception.*w\.pth is torchvision's Inception v3, whose weights are"
    ):
        build_inception([path])
    bare = {k: v for k, v in empty_state("inception").items() if not k.startswith(("fc.", "AuxLogits."))}
    with pytest.raises(WeightsError, match=r"w\.pth: comes nearest to .*Inception"):
        build_inception([saved(path, bare)])


def test_without_pytorch_the_need_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for build in (build_lpips, build_inception):
        with pytest.raises(Missing, match=r"needs PyTorch and torchvision: .*pip install 'vidcolor\[networks\]'"):
            build(())


@pytest.mark.parametrize("name", ["vgg16_linear", "alex_linear"])
def test_the_linear_layers_of_installed_packages_are_the_published_ones(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = 0
    for package, folder in dict(found.SHIPPED).items():
        monkeypatch.setattr(found, "SHIPPED", {package: folder})
        if found._shipped(name):
            assert Weights().take(name)[1].published
            seen += 1
    assert seen, "lpips belongs to the development set"
    monkeypatch.setattr(found, "SHIPPED", {"no_such_package": ""})
    with pytest.raises(Missing, match="needs LPIPS's linear layers.*pip install lpips, or fetch .* by hand"):
        Weights().take(name)


def test_a_file_in_the_cache_that_is_another_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "fetch", lambda url: saved(tmp_path / "cached.pth", empty_state("vgg16")))
    with pytest.raises(Missing, match=r"needs VGG-19: .*cached\.pth: not VGG-19 \(.*missing.*delete it"):
        Weights().take("vgg19")


def test_importing_the_metrics_loads_no_torch() -> None:
    code = (
        "import sys; from vidcolor.research.metrics import frechet, inception, perceptual; "
        "from vidcolor.networks import pretrained, runner; "
        "assert not {'torch', 'torchvision', 'lpips'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
