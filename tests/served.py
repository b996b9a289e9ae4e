"""A review page that is really served, for tests: a thread with its server, and requests as anybody may send them."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from vidcolor.cli.working import settings_of
from vidcolor.desk.desk import Desk
from vidcolor.desk.pictures import Pictures
from vidcolor.desk.server import HOME, application, config, listen

TOKEN = "a-token-of-the-tests"


@dataclass(frozen=True)
class Served:
    """Where the page is, and how it is asked."""

    port: int
    desk: Desk

    @property
    def host(self) -> str:
        return f"{HOME}:{self.port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/{TOKEN}/"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, token: str = TOKEN, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of one request, sent as it is: no client mends its path."""
        link = http.client.HTTPConnection(HOME, self.port, timeout=120)
        sent = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        link.putrequest(method, f"/{token}{path}" if token else path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            link.putheader(name, value)
        if body is not None and "Content-Length" not in sent:
            link.putheader("Content-Length", str(len(body)))
        link.endheaders(body)
        answer = link.getresponse()
        found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        link.close()
        return found

    def state(self) -> dict:
        return json.loads(self.ask("/state")[2])


@contextmanager
def served(project: Path, *, assignments: tuple[str, ...] = ()) -> Iterator[Served]:
    """The page of a project, within the block."""
    desk = Desk(project, lambda opened: settings_of(opened, list(assignments)), "auto")
    with listen(0) as door:
        server = uvicorn.Server(config(application(desk, Pictures(), TOKEN)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Served(door.getsockname()[1], desk)
        finally:
            server.should_exit = True
            thread.join()
