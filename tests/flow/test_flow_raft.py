"""flow/raft.py: what it refuses, and the same bytes however it is run. The known shift is in test_flow_estimate.py."""

import os
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
optical_flow = pytest.importorskip("torchvision.models.optical_flow")
safetensors_torch = pytest.importorskip("safetensors.torch")

from vidcolor.errors import DeviceError, WeightsError  # noqa: E402
from vidcolor.flow import raft  # noqa: E402
from vidcolor.flow.raft import Raft  # noqa: E402

TRAINED = Path(__file__).parents[2] / "../shared/data/teachers/raft_small_torchvision.safetensors"


@pytest.fixture(scope="module")
def numbers() -> dict:
    """Untrained weights of raft_small: enough to be loaded, and to be the same twice."""
    torch.manual_seed(3)
    return optical_flow.raft_small(weights=None).state_dict()


@pytest.fixture(scope="module")
def trained() -> Raft:
    if not TRAINED.is_file():
        pytest.skip("no trained weights here")
    return Raft("small", str(TRAINED), "cpu")


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def pair(height: int = 150, width: int = 170) -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(8).random((height + 9, width + 9)).astype(np.float32)
    whole = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.5), None, 5, 95, cv2.NORM_MINMAX)
    return whole[:height, :width], whole[4 : height + 4, 6 : width + 6]


def test_both_kinds_of_file_hold_the_same_network(numbers: dict, tmp_path: Path) -> None:
    torch.save(numbers, tmp_path / "small.pth")
    safetensors_torch.save_file(numbers, tmp_path / "small.safetensors")
    flows = [Raft("small", str(tmp_path / name), "cpu")(*pair()) for name in ("small.pth", "small.safetensors")]
    assert np.array_equal(*flows)


class Trap:
    """Unpickled, it makes a folder: what a hostile file would do."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize(
    "save", [lambda what, path: torch.save(what, path), lambda w, p: p.write_bytes(pickle.dumps(w, 2))]
)
def test_nothing_in_a_file_is_executed(save, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    save({"weights": Trap(tmp_path / "mark")}, tmp_path / "trap.pth")
    with pytest.raises(WeightsError, match=r"trap\.pth: not readable as weights"):
        Raft("small", str(tmp_path / "trap.pth"), "cpu")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04" + bytes(60), b"\xff" * 200, b"\x80\x02}q\x00."])
def test_a_file_of_something_else_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=name) as told:
        Raft("small", str(tmp_path / name), "cpu")
    assert "\n" not in str(told.value)
    assert "propagate.raft_weights" in str(told.value)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_file_cut_short_is_refused(name: str, numbers: dict, tmp_path: Path) -> None:
    (torch.save if name.endswith("pth") else safetensors_torch.save_file)(numbers, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=name):
        Raft("small", str(tmp_path / name), "cpu")


def test_another_networks_weights_are_refused(numbers: dict, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    first = next(iter(numbers))
    shaped = {**numbers, first: numbers[first][:1]}
    for state in ({"conv.weight": torch.zeros(3)}, [1, 2], shaped, {**numbers, first: "text"}, {1: torch.zeros(1)}):
        torch.save(state, path)
        with pytest.raises(WeightsError, match="not the weights of raft_small") as told:
            Raft("small", str(path), "cpu")
        assert "\n" not in str(told.value)
    torch.save(numbers, path)
    with pytest.raises(WeightsError, match="raft_large; check propagate.raft_size"):
        Raft("large", str(path), "cpu")


def test_weights_that_are_not_finite_are_refused(numbers: dict, tmp_path: Path) -> None:
    first = next(iter(numbers))
    torch.save({**numbers, first: torch.full_like(numbers[first], float("nan"))}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"w\.pth: damaged"):
        Raft("small", str(tmp_path / "w.pth"), "cpu")


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        Raft("small", str(tmp_path / "none.pth"), "cpu")


def test_weights_that_cannot_be_fetched_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(url: str) -> Path:
        raise WeightsError(f"could not be fetched from {url} (no answer)")

    monkeypatch.setattr(raft, "fetch", nobody)
    with pytest.raises(WeightsError, match=r"raft_small: .*could not be fetched from https://.*by hand"):
        Raft("small", "", "cpu")


def test_a_downloaded_file_is_not_executed_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    name = optical_flow.Raft_Small_Weights.DEFAULT.url.rsplit("/", 1)[1]
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    torch.save({"weights": Trap(tmp_path / "mark")}, tmp_path / "hub/checkpoints" / name)
    with pytest.raises(WeightsError, match=f"{name}: not what torchvision publishes.*delete it"):
        Raft("small", "", "cpu")
    monkeypatch.setattr(raft, "published_hash", lambda url: "")  # as if the trap had the published file's sum
    with pytest.raises(WeightsError, match=f"{name}: not readable as weights.*delete it"):
        Raft("small", "", "cpu")
    assert not (tmp_path / "mark").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_refused_before_the_weights_are_sought() -> None:
    with pytest.raises(DeviceError, match="device cuda"):
        Raft("small", "nowhere.pth", "cuda")


def test_too_little_gpu_memory_is_told(numbers: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*pictures: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    torch.save(numbers, tmp_path / "w.pth")
    estimate = Raft("small", str(tmp_path / "w.pth"), "cpu")
    monkeypatch.setattr(optical_flow.RAFT, "forward", lambda network, a, b: full())
    for _ in range(9):  # more often than there are networks: a failure leaves none of them taken
        with pytest.raises(DeviceError, match="170x150.*chroma_side"):
            estimate(*pair())


def test_the_same_bytes_twice_side_by_side_and_with_any_number_of_cores(trained: Raft, threads: None) -> None:
    a, b = pair()
    torch.set_num_threads(1)
    first = trained(a, b)
    torch.set_num_threads(2)
    with ThreadPoolExecutor(2) as pool:
        others = list(pool.map(lambda _: trained(a, b), range(4)))
    assert all(np.array_equal(first, other) for other in others)


def test_bfloat16_keeps_the_flow(trained: Raft, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = pair()
    flows = []
    for half in (False, True):
        monkeypatch.setattr(trained, "_half", half)
        flows.append(trained(a, b))
    assert not np.array_equal(*flows)
    assert np.hypot(*(flows[0] - flows[1])).mean() < 0.1


@pytest.mark.parametrize("size", [(16, 24), (33, 200), (131, 47)])
def test_small_and_odd_pictures_have_a_flow_of_their_size(trained: Raft, size: tuple[int, int]) -> None:
    picture = pair(*size)[0]
    flow = trained(picture, picture)
    assert flow.shape == (2, *size)
    assert flow.dtype == np.float32
    assert np.abs(flow).max() < 0.5


def test_a_tensors_flow_is_a_tensor(trained: Raft) -> None:
    a, b = np.random.default_rng(0).random((2, 40, 50), np.float32) * 100
    there = trained(torch.from_numpy(a), torch.from_numpy(b))  # type: ignore[arg-type]
    assert isinstance(there, torch.Tensor)
    np.testing.assert_array_equal(there.numpy(), trained(a, b))
