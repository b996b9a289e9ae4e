"""The server of the review page: what it answers, and how it is started and ended."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from vidcolor.desk.desk import Desk
from vidcolor.desk.guard import Guard, new_token
from vidcolor.desk.pictures import KINDS, LEAST, MOST, VIEWS, Asked, Pictures
from vidcolor.errors import InputError, VidcolorError

HOME = "127.0.0.1"
"""The server listens here alone; from another machine one comes through a tunnel of one's own."""
STATIC = Path(__file__).with_name("static")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
NO_STORE = {"cache-control": "no-store"}
FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
"""Of pictures whose address changes with what they show."""
BEAT = 15.0
"""Seconds after which a silent stream of events says that it is still there."""
MOST_TOGETHER = 64
"""Requests answered at once; a page makes few."""


def page_files() -> Mapping[str, bytes]:
    """The files of the page by name: all that is ever served of the program."""
    return {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in TYPES}


def application(desk: Desk, pictures: Pictures, token: str) -> Guard:
    """The whole server, as an ASGI application."""
    answers = _Answers(desk, pictures)
    routes = [
        Route("/", answers.page),
        Route("/static/{name}", answers.static),
        Route("/state", answers.state),
        Route("/shot/{shot}", answers.shot),
        Route("/frame/{frame:int}.{kind}", answers.frame),
        Route("/thumb/{shot}", answers.thumb),
        Route("/events", answers.events),
    ]

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        watch = threading.Thread(target=desk.watch, name="watch", daemon=True)
        watch.start()
        yield
        desk.close()
        pictures.close()

    app = Starlette(routes=routes, lifespan=life, exception_handlers={VidcolorError: _refused})
    return Guard(app, token)


class _Answers:
    """One method for each address."""

    def __init__(self, desk: Desk, pictures: Pictures) -> None:
        self._desk, self._pictures, self._files = desk, pictures, page_files()

    def page(self, request: Request) -> Response:
        return self._file("index.html")

    def static(self, request: Request) -> Response:
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        if name not in self._files:
            return _missing(f"no file {name:.60}")
        return Response(
            self._files[name], headers={**NO_STORE, "content-type": f"{TYPES[Path(name).suffix]}; charset=utf-8"}
        )

    def state(self, request: Request) -> Response:
        return Response(self._desk.moment.facts, media_type="application/json", headers=NO_STORE)

    def shot(self, request: Request) -> Response:
        found = self._desk.shot(request.path_params["shot"])
        return _missing("no such shot") if found is None else JSONResponse(found, headers=NO_STORE)

    def frame(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in KINDS:
            return _missing("no such kind of picture")
        moment, asked = self._desk.moment, _asked(request, kind)
        data = self._pictures.frame(moment, asked)
        about = {"x-frame": f"{asked.frame}", "x-timecode": moment.film.plan.reel.timecode(asked.frame)}
        media_type = "image/png" if asked.view == "doubt" else KINDS[kind]
        return Response(data, media_type=media_type, headers={**NO_STORE, **about})

    def thumb(self, request: Request) -> Response:
        moment = self._desk.moment
        state = moment.state(request.path_params["shot"])
        if state is None:
            return _missing("no such shot")
        return Response(self._pictures.thumb(moment, state), media_type="image/jpeg", headers=FOREVER)

    async def events(self, request: Request) -> Response:
        return StreamingResponse(_events(self._desk), media_type="text/event-stream", headers=NO_STORE)


async def _events(desk: Desk) -> AsyncIterator[str]:
    """What changes, as server-sent events."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue[Mapping[str, Any]]()
    end = desk.listen(lambda event: _call(loop, waiting.put_nowait, event))
    try:
        yield _event({"kind": "hello", "number": desk.moment.number})
        while True:
            try:
                yield _event(await asyncio.wait_for(waiting.get(), BEAT))
            except TimeoutError:
                yield ": still here\n\n"
    finally:
        end()


def _call(loop: asyncio.AbstractEventLoop, put: Callable[[Any], None], event: Mapping[str, Any]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(put, event)


def _event(event: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"


def _asked(request: Request, kind: str) -> Asked:
    """The picture that an address names. Refuses what is none."""
    view, width = request.query_params.get("view", "gray"), request.query_params.get("width", "0")
    if view not in VIEWS:
        raise InputError(f"no view {view:.20}")
    if not (width.isascii() and width.isdecimal() and len(width) < 6) or not (
        width == "0" or LEAST <= int(width) <= MOST
    ):
        raise InputError(f"no width {width:.20}")
    version = request.query_params.get("version", "")
    return Asked(request.path_params["frame"], view, int(width), version, kind)


def _missing(words: str) -> Response:
    return JSONResponse({"error": words}, 404, headers=NO_STORE)


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 409, headers=NO_STORE)


def serve(desk: Desk, port: int, opened: Callable[[str], None]) -> None:
    """Serves the page until Ctrl-C; `opened` is told its address, with the token. 0 is any port that is free.

    Refuses a port that is taken.
    """
    with listen(port) as door:
        token = new_token()
        server = uvicorn.Server(config(application(desk, Pictures(), token)))
        opened(f"http://{HOME}:{door.getsockname()[1]}/{token}/")
        server.run(sockets=[door])


def listen(port: int) -> socket.socket:
    """A socket of this machine alone. Refuses a port that cannot be had."""
    try:
        return socket.create_server((HOME, port))
    except OSError as error:
        raise InputError(
            f"port {port}: cannot be opened ({error.strerror}); choose another with --port, or leave it out"
        ) from error


def config(app: Guard) -> uvicorn.Config:
    """How the server is run: quiet, with one worker, and no more than a page needs."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http="h11",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_TOGETHER,
        timeout_graceful_shutdown=1,
    )
