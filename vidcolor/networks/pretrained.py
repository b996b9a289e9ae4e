"""The networks that metrics are made of: which file each is, its licence and hash, and "needs ..." where it is not.

- A file given is known by its keys and shapes; it must hold one of the networks below whole, and nothing else.
- Otherwise the hub's cache, or one download into it.
- Never another network in its place: torchvision's Inception v3 has other weights than FID's, and is told so.

    weights = Weights(files)             # the files of --weights; nothing is read yet
    try:
        lpips = build_lpips(weights)     # perceptual.py; build_contextual there, build_inception in inception.py
    except Missing as missing:
        text = str(missing)              # "needs VGG-16 ...": the row's text; the rest is computed
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import WeightsError
from vidcolor.weights import fetch, hash_file, library, read_weights

INSTALL = "pip install 'vidcolor[networks]'"
COUNTER = "num_batches_tracked"
"""Ends the keys of batch norm's step counters: older files lack them, and no figure hangs on them."""
NAMED = 3
"""Keys named in a refusal, at most."""


class Missing(WeightsError):  # noqa: N818 - it becomes a row of a table; nothing is wrong
    """What a metric needs and has not: "needs WHAT: why it is not here; whence, and how to give it"."""


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """Which numbers a figure was computed with."""

    name: str
    file: Path
    sha256: str
    licence: str
    published: bool
    """Whether the file's hash begins as the published file's: the figures are then those of the literature."""

    def __str__(self) -> str:
        other = "" if self.published else "not the published file, "
        return f"{self.name}: {self.file.name}, {other}SHA-256 {self.sha256}; {self.licence}"


@dataclass(frozen=True, slots=True)
class Published:
    """One network as its makers published it."""

    name: str
    url: str
    digits: str
    """First digits of the file's SHA-256."""
    megabytes: int
    licence: str
    network: Callable[[], Any] | None = None
    """torchvision's network, without numbers."""
    channels: tuple[int, ...] = ()
    """Or, of linear layers, the channels of each."""
    unused: str = ""
    """Beginning of the keys that no metric reads: a file may lack them all."""

    @functools.cache  # noqa: B019 - there are as many as NETWORKS has rows
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Keys and shapes of the whole file."""
        if self.network:
            return {key: tuple(value.shape) for key, value in self.network().state_dict().items()}
        return {f"lin{k}.model.1.weight": (1, count, 1, 1) for k, count in enumerate(self.channels)}


def _on_meta(name: str, **choices: Any) -> Callable[[], Any]:
    def build() -> Any:
        with library("torch", INSTALL).device("meta"):
            return getattr(library("torchvision.models", INSTALL), name)(weights=None, **choices)

    return build


def _torchvisions(name: str, file: str, megabytes: int, network: Callable[[], Any], unused: str) -> Published:
    licence = "BSD-3-Clause (torchvision); trained on ImageNet, whose pictures are for non-commercial research"
    digits = file.rsplit("-", 1)[1].removesuffix(".pth")
    return Published(
        name, f"https://download.pytorch.org/models/{file}", digits, megabytes, licence, network, unused=unused
    )


def _linear(name: str, file: str, digits: str, *channels: int) -> Published:
    url = f"https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1/{file}"
    title = f"LPIPS's linear layers for {name}, v0.1"
    return Published(title, url, digits, 0, "BSD-2-Clause (lpips)", channels=channels)


_VGG16, _VGG19 = _on_meta("vgg16", init_weights=False), _on_meta("vgg19", init_weights=False)
_INCEPTION = _on_meta("inception_v3", init_weights=False)
_OF_FID = _on_meta("inception_v3", num_classes=1008, aux_logits=False, init_weights=False)
"""Same keys and shapes as FID's; inception.py builds the network itself."""
NETWORKS: dict[str, Published] = {
    "vgg16": _torchvisions("VGG-16", "vgg16-397923af.pth", 528, _VGG16, "classifier."),
    "vgg19": _torchvisions("VGG-19", "vgg19-dcbb9e9d.pth", 548, _VGG19, "classifier."),
    "alex": _torchvisions("AlexNet", "alexnet-owt-7be5be79.pth", 233, _on_meta("alexnet"), "classifier."),
    "fid": Published(
        "FID's Inception",
        "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        "6726825d",
        91,
        "Apache-2.0 (TensorFlow's inception-2015-12-05, ported by pytorch-fid)",
        _OF_FID,
    ),
    "inception": _torchvisions("torchvision's Inception v3", "inception_v3_google-0cc3c7bd.pth", 104, _INCEPTION, ""),
    "vgg16_linear": _linear("VGG-16", "vgg.pth", "a78928a0af1e5f0f", 64, 128, 256, 512, 512),
    "alex_linear": _linear("AlexNet", "alex.pth", "df73285e35b22355", 64, 192, 384, 256, 256),
}
"""`inception` is known in order to be refused: no metric here takes it."""
SHIPPED = {"lpips": "weights/v0.1", "torchmetrics": "functional/image/lpips_models"}
"""Packages that hold the linear layers, byte for byte the same, and where."""


class Weights:
    """The files given with --weights, and the networks taken from them or fetched."""

    def __init__(self, files: Sequence[Path | str] = ()) -> None:
        self._files = [Path(file) for file in files]
        self._given: dict[str, tuple[dict[str, Any], NetworkFacts]] | None = None

    def take(self, name: str) -> tuple[dict[str, Any], NetworkFacts]:
        """The numbers a metric reads of one of NETWORKS (float32, on the CPU), and their facts.

        Raises Missing where they cannot be had; WeightsError where a file given holds something else.
        """
        network = NETWORKS[name]
        try:
            library("torch", INSTALL)
            library("torchvision.models", INSTALL)
        except WeightsError as error:
            raise Missing(f"needs PyTorch and torchvision: {error}") from error
        if self._given is None:
            self._given = self._read_given()
        if name in self._given:
            return self._given[name]
        try:
            path = _shipped(name) or fetch(network.url)
            state = read_weights(path, "delete it, and it is fetched again")
            faults = _faults(network, state)
            if faults:
                raise WeightsError(f"{path}: not {network.name} ({faults}); delete it, and it is fetched again")
            return _used(network, state, path), _facts(network, path)
        except WeightsError as error:
            how = f"fetch {network.url.rsplit('/', 1)[1]} by hand ({_size(network)}) and give it with --weights FILE"
            if name.endswith("_linear"):
                how = f"pip install lpips, or {how}"
            raise Missing(f"needs {network.name}: {error}{self._not_fid(name)}; {how}") from error

    def _read_given(self) -> dict[str, tuple[dict[str, Any], NetworkFacts]]:
        given: dict[str, tuple[dict[str, Any], NetworkFacts]] = {}
        for path in self._files:
            state = read_weights(path, "--weights takes a .pth or .safetensors file that holds only tensors")
            name = _recognise(path, state)
            if name in given:
                first = given[name][1].file
                raise WeightsError(f"{path}: holds {NETWORKS[name].name}, as {first} does; give only one of the two")
            given[name] = _used(NETWORKS[name], state, path), _facts(NETWORKS[name], path)
        return given

    def _not_fid(self, name: str) -> str:
        if name != "fid" or not self._given or "inception" not in self._given:
            return ""
        return f"; {self._given['inception'][1].file} is torchvision's Inception v3, whose weights are others"


def _recognise(path: Path, state: Any) -> str:
    """Which of NETWORKS a file holds; raises WeightsError naming what speaks against the nearest."""
    if not isinstance(state, Mapping):
        state = {}
    for name, network in NETWORKS.items():
        if not _faults(network, state):
            return name

    def in_common(name: str) -> int:
        return sum(_shape(state.get(key)) == shape for key, shape in NETWORKS[name].shapes().items())

    nearest = max(NETWORKS, key=in_common)
    if not in_common(nearest):
        known = ", ".join(network.name for network in NETWORKS.values())
        raise WeightsError(
            f"{path}: holds none of the networks that the metrics use ({known}); give another file with --weights"
        )
    network = NETWORKS[nearest]
    raise WeightsError(
        f"{path}: comes nearest to {network.name}, but does not fit it ({_faults(network, state)}); "
        "give another file with --weights"
    )


def _shape(value: Any) -> tuple[int, ...] | None:
    return tuple(value.shape) if hasattr(value, "shape") else None


def _faults(network: Published, state: Any) -> str:
    """What keeps these tensors from being that network, in words; empty if nothing does."""
    if not isinstance(state, Mapping):
        return "no named tensors"
    wanted = {key: shape for key, shape in network.shapes().items() if not key.endswith(COUNTER)}
    held = {str(key): _shape(value) for key, value in state.items() if not str(key).endswith(COUNTER)}
    if network.unused and not any(key.startswith(network.unused) for key in held):
        wanted = {key: shape for key, shape in wanted.items() if not key.startswith(network.unused)}
    kinds = {
        "missing": [key for key in wanted if key not in held],
        "not its own": [key for key in held if key not in wanted],
        "of another shape": [key for key in wanted if key in held and held[key] != wanted[key]],
    }
    told = []
    for kind, keys in kinds.items():
        if keys:
            more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
            told.append(f"{kind}: {', '.join(keys[:NAMED])}{more}")
    return "; ".join(told)


def _used(network: Published, state: Any, path: Path) -> dict[str, Any]:
    """The tensors a metric reads, in float32, so that the rest of the file can go."""
    used = {
        key: value.float()
        for key, value in state.items()
        if not (network.unused and key.startswith(network.unused)) and not key.endswith(COUNTER)
    }
    if not all(bool(value.isfinite().all()) for value in used.values()):
        raise WeightsError(f"{path}: damaged, some weights are not finite; fetch the file again")
    return used


def _facts(network: Published, path: Path) -> NetworkFacts:
    sha256 = hash_file(path)
    return NetworkFacts(network.name, path, sha256, network.licence, sha256.startswith(network.digits))


def _shipped(name: str) -> Path | None:
    """The linear layers inside an installed package, which is not imported for it."""
    if not name.endswith("_linear"):
        return None
    for package, folder in SHIPPED.items():
        found = importlib.util.find_spec(package)
        for place in (found.submodule_search_locations or []) if found else []:
            path = Path(place) / folder / NETWORKS[name].url.rsplit("/", 1)[1]
            if path.is_file():
                return path
    return None


def _size(network: Published) -> str:
    return f"{network.megabytes} MB" if network.megabytes else "7 kB"
