"""Joining a Ray cluster, and hearing from it: places where no head answers are refused within seconds.

Ray itself waits for minutes, and ends the program with a line of its own once its head has been away for one.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from pathlib import Path
from typing import Any

from vidcolor.errors import DeviceError, InputError
from vidcolor.farm import ray_task

log = logging.getLogger(__name__)
PLACE = re.compile(r"ray(?:://([^/:\s]+)(?::([0-9]{1,5}))?/?)?")
PORT = 6379
"""Where the head of a cluster answers, unless it was started with another."""
CLIENTS = 10001
"""Where `ray://` leads in Ray's own words: a server beside the head, through which answers do not stream."""
ANSWERS = 10.0
"""Seconds that a head has to answer."""


@contextmanager
def ray_cluster(place: str, folder: Path) -> Iterator[Any]:
    """The module `ray`, joined to a cluster within the block.

    place   `ray`: the one of this machine, or of RAY_ADDRESS; `ray://HOST:PORT`: the one whose head answers there
    folder  one without modules: Ray has workers import from the folder that its caller stands in, before all others
    """
    found = PLACE.fullmatch(place)
    if found is None:
        raise InputError(f"--on {place}: ray, or ray://HOST:PORT, as `ray start --head` tells it")
    try:
        import ray
        from ray._private import worker
    except ImportError as error:
        raise InputError(f"--on {place}: Ray is missing ({error}); pip install 'vidcolor[cluster]'") from error
    if hasattr(worker, "print_to_stdstream"):  # else the logs of nodes that die are written to our standard output
        worker.print_to_stdstream = lambda data, **_: log.warning("Ray: %s", data)
    address = f"{found[1]}:{found[2] or PORT}" if found[1] else os.environ.get("RAY_ADDRESS") or "auto"
    try:
        _ask_head(address)
        with chdir(folder):
            ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise DeviceError(
            f"--on {place}: no cluster can be joined ({' '.join(str(error).split())}); start one by "
            f"`ray start --head`, and on each further machine, this one too, `ray start --address=HOST:{PORT}`"
        ) from error
    try:
        ray.cloudpickle.register_pickle_by_value(ray_task)
        yield ray
    finally:
        ray.cloudpickle.unregister_pickle_by_value(ray_task)
        ray.shutdown()


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """Is set by an interrupt within the block: raised wherever it comes, one within Ray's own code may be lost."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # there interrupts are not heard
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def knock(address: str) -> None:
    """Refuses, as OSError, a place where nobody answers."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=ANSWERS).close()


def _ask_head(address: str) -> None:
    """Refuses, as OSError, a place where no head of a cluster answers, but nobody or something else."""
    _, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return
    knock(address)
    asked = threading.Thread(target=_meet, args=(address,), daemon=True)
    asked.start()
    asked.join(ANSWERS)
    if asked.is_alive():
        clients = f"; port {CLIENTS} is Ray Client's, the head's is {PORT}" if int(port) == CLIENTS else ""
        raise TimeoutError(f"what answers at {address} is no head of a cluster{clients}")


def _meet(address: str) -> None:
    """Comes back when a head has answered; what it answered is for `ray.init` to tell."""
    from ray import _raylet

    raylet: Any = _raylet
    with suppress(Exception):
        raylet.GcsClient(address)
