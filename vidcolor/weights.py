"""Weights of networks: libraries, devices, downloads and files, the same for every network of the house.

- Nothing in a file is executed: .safetensors, or .pth read with `weights_only=True`.
- Loading is strict: numbers of another network, or that are not finite, are refused.
- A download is asked for once. A host that stays silent is not asked again for a while, so that a program which
  wants three networks on a machine without a network waits once.

PyTorch is imported inside the functions.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib
import pickle
import queue
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vidcolor.errors import DeviceError, WeightsError
from vidcolor.hashes import sha256_of

PATIENCE = 20.0
"""Seconds without an answer after which a download is given up; PyTorch itself would wait for ever."""
SULK = 300.0
"""Seconds for which a host that did not answer is not asked again."""
UNREADABLE = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    EOFError,
    pickle.UnpicklingError,
)
"""What reading a file that holds no weights, or those of another network, can raise."""
_silent: dict[str, float] = {}
"""Hosts that did not answer, and when they were asked."""


def library(name: str, remedy: str) -> Any:
    """The module of this name; raises WeightsError where it is not installed or does not import."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError, RuntimeError) as error:  # the last two: a torchvision made for another torch
        raise WeightsError(f"{name} does not import ({first_line(error)}); {remedy}") from error


def pick_device(torch: Any, device: str) -> str:
    """`cpu`, `cuda` or `mps`; auto takes a CUDA GPU where there is one. Raises DeviceError for what is not there."""
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise DeviceError("device cuda: PyTorch finds no CUDA device here; use --device cpu")
    if device == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError("device mps: PyTorch finds no Apple GPU here; use --device cpu")
        return "mps"
    return "cuda" if device in ("auto", "cuda") and there else "cpu"


def first_line(error: Exception) -> str:
    """What the error says, on one line."""
    told = error.reason if isinstance(error, urllib.error.URLError) and error.reason else error
    return (str(told).splitlines() or [type(error).__name__])[0].strip()[:200]


def read_weights(path: Path, remedy: str) -> Any:
    """What a .pth or .safetensors file holds, on the CPU: names and tensors, if it is what it should be.

    Raises WeightsError, ending in the remedy, for a file that is not there, damaged, or holds more than tensors.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; {remedy}")
    install = "run pip install 'vidcolor[networks]'"
    kinds: tuple[type[Exception], ...] = UNREADABLE
    if path.suffix == ".safetensors":
        kinds = (*UNREADABLE, library("safetensors", install).SafetensorError)
    try:
        if path.suffix == ".safetensors":
            return library("safetensors.torch", install).load_file(path)
        return library("torch", install).load(path, map_location="cpu", weights_only=True)
    except kinds as error:
        raise WeightsError(f"{path}: not readable as weights ({first_line(error)[:120]}); {remedy}") from error


def fill(network: Any, state: Any, place: str, remedy: str) -> None:
    """Puts the numbers into the network, strictly; raises WeightsError for any other network's, or damaged ones."""
    try:
        network.load_state_dict(state if isinstance(state, Mapping) else {})
    except UNREADABLE as error:
        raise WeightsError(f"{place}: {remedy}") from error
    if not all(bool(values.isfinite().all()) for values in network.state_dict().values()):
        raise WeightsError(f"{place}: damaged, some weights are not finite; fetch the file again")


def hash_file(path: Path) -> str:
    """SHA-256 of the whole file, in hex."""
    try:
        return sha256_of(path)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror}); check the disk and permissions") from error


def published_hash(url: str) -> str:
    """First digits of the SHA-256 of a published file, as PyTorch's hub writes them into its name."""
    return url.rsplit("-", 1)[1].split(".")[0]


def cached(url: str) -> Path:
    """Where PyTorch's hub keeps this download."""
    hub = library("torch.hub", "run pip install 'vidcolor[networks]'")
    return Path(hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]


def fetch(url: str) -> Path:
    """The downloaded file: the one in the hub's cache, or fetched into it, its hash checked.

    Raises WeightsError where it cannot be had: after PATIENCE seconds at most if nobody answers.
    """
    path = cached(url)
    if path.is_file():
        return path
    hub = library("torch.hub", "")
    try:
        _ask(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _patience():  # not load_state_dict_from_url: it writes to stdout, where our own output goes
            hub.download_url_to_file(url, str(path), hash_prefix=published_hash(url), progress=False)
    except (*UNREADABLE, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise WeightsError(f"could not be fetched from {url} ({first_line(error)})") from error
    return path


def _ask(url: str) -> None:
    """Raises OSError if the host cannot be reached within PATIENCE seconds in all.

    A timeout of the connection alone would count for each of the host's addresses, a minute and more together.
    """
    host = urllib.parse.urlsplit(url).netloc
    if time.monotonic() - _silent.get(host, -SULK) < SULK:
        raise TimeoutError(f"{host} did not answer a moment ago")
    answers: queue.Queue[OSError | http.client.HTTPException | None] = queue.Queue()
    threading.Thread(target=_head, args=(url, answers), daemon=True).start()
    try:
        error = answers.get(timeout=PATIENCE)
    except queue.Empty:
        error = TimeoutError(f"no answer in {PATIENCE:g} s")
    if error:
        _silent[host] = time.monotonic()
        raise error


def _head(url: str, answers: queue.Queue[OSError | http.client.HTTPException | None]) -> None:
    question = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "vidcolor"})
    try:
        with urllib.request.urlopen(question, timeout=PATIENCE):
            answers.put(None)
    except urllib.error.HTTPError as refused:  # it answers; whether it gives the file, the download will tell
        refused.close()
        answers.put(None)
    except (OSError, http.client.HTTPException) as error:
        answers.put(error)


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Connections opened inside give up after PATIENCE seconds of silence."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
