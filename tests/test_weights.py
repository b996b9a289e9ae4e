"""weights.py: a silent network is waited for once, and nothing is fetched by halves."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from vidcolor import weights  # noqa: E402
from vidcolor.errors import DeviceError, WeightsError  # noqa: E402

CONTENT = b"the numbers"
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:8]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, no proxy, and no host remembered as silent."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(weights, "_silent", {})


class Shop(http.server.BaseHTTPRequestHandler):
    """Gives one file; refuses to be asked for its head, as some stores do."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "gone" in self.path:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def do_HEAD(self) -> None:
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.asked.clear()
    with http.server.HTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_file_is_fetched_once_and_nothing_is_written_to_the_screen(shop: str, capfd) -> None:  # type: ignore[no-untyped-def]
    url = f"{shop}/net-{DIGEST}.pth"
    path = weights.fetch(url)
    assert path == weights.cached(url)
    assert path.read_bytes() == CONTENT
    assert weights.hash_file(path).startswith(weights.published_hash(url))
    assert weights.fetch(url) == path
    assert len(Shop.asked) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["net-00000000.pth", f"gone-{DIGEST}.pth"])
def test_another_content_or_none_leaves_nothing_behind(name: str, shop: str) -> None:
    with pytest.raises(WeightsError, match=f"could not be fetched from {shop}/{name}") as told:
        weights.fetch(f"{shop}/{name}")
    assert "\n" not in str(told.value)
    assert not list(weights.cached(f"{shop}/{name}").parent.iterdir())


def test_a_host_that_never_answers_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/net-{DIGEST}.pth"
        started = time.monotonic()
        with pytest.raises(WeightsError, match="no answer in 0.3 s|timed out"):
            weights.fetch(url)
        assert time.monotonic() - started > 0.2
        with pytest.raises(WeightsError, match="did not answer a moment ago"):
            weights.fetch(url)
    assert socket.getdefaulttimeout() is None


def test_a_host_that_is_not_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(WeightsError, match="refused"):
        weights.fetch(f"http://127.0.0.1:{port}/net-{DIGEST}.pth")


def test_a_library_that_is_not_there_is_told() -> None:
    with pytest.raises(WeightsError, match="no_such_library does not import.*; install it"):
        weights.library("no_such_library", "install it")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_devices() -> None:
    assert weights.pick_device(torch, "auto") == weights.pick_device(torch, "cpu") == "cpu"
    with pytest.raises(DeviceError, match="device cuda"):
        weights.pick_device(torch, "cuda")
