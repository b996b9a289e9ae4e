"""A review page that is really served, for tests: its film, a thread with its server, and requests as anybody may send
them."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.cli.review import spoken
from vidcolor.cli.working import settings_of
from vidcolor.desk.actions import Actions
from vidcolor.desk.desk import Desk
from vidcolor.desk.server import HOME, PageServer, application, listen

TOKEN = "a-token-of-the-tests"
SIZE, COUNT, CUT = (96, 128), 24, 12


def make_project(folder: Path, *shots: str) -> Path:
    """The folder, with a film of two shots and its project `p`, in which these are rendered; all, where none is named.

    Frames 4 and 16 have exact pictures, in `refs`.
    """
    colors = write_gray_film(folder / "film.mkv", COUNT, SIZE, (CUT,))
    (folder / "refs").mkdir()
    for frame in (4, 16):
        write_picture(folder / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    line = ["new", str(folder / "p"), "--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
    assert main([*line, "--preset", "draft"]) == 0
    assert main(["plan", str(folder / "p")]) == 0
    assert main(["render", str(folder / "p"), *shots]) == 0
    return folder


@dataclass(frozen=True)
class Served:
    """Where the page is, and how it is asked."""

    port: int
    desk: Desk
    actions: Actions

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
        sent = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        with closing(http.client.HTTPConnection(HOME, self.port, timeout=120)) as link:
            link.putrequest(method, f"/{token}{path}" if token else path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                link.putheader(name, value)
            if body is not None and "Content-Length" not in sent:
                link.putheader("Content-Length", str(len(body)))
            link.endheaders(body)
            answer = link.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def act(self, name: str, /, **data: object) -> tuple[int, dict]:
        """One action, as the page does it: (status, answer)."""
        status, _, body = self.ask(f"/{name}", "POST", json.dumps(data).encode(), Origin=f"http://{self.host}")
        return status, json.loads(body)

    def send(self, data: bytes) -> tuple[int, dict]:
        """A picture, as the page sends it."""
        status, _, body = self.ask("/upload", "POST", data, Origin=f"http://{self.host}")
        return status, json.loads(body)

    def state(self) -> dict:
        return json.loads(self.ask("/state")[2])


@contextmanager
def served(project: Path, *, assignments: tuple[str, ...] = ()) -> Iterator[Served]:
    """The page of a project, within the block."""
    desk = Desk(project, lambda opened: settings_of(opened, list(assignments)), "auto")
    actions = Actions(desk, spoken, [f"--set={text}" for text in assignments])
    with listen(0) as door:
        server = PageServer(application(desk, actions, TOKEN), desk)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Served(door.getsockname()[1], desk, actions)
        finally:
            server.end()
            thread.join()
