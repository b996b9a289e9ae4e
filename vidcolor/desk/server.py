"""The server of the review page: what it answers, and how it is started and ended."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from vidcolor.desk.actions import Actions
from vidcolor.desk.colors import place_of, plane, under
from vidcolor.desk.desk import Desk
from vidcolor.desk.guard import Guard, new_token
from vidcolor.desk.pictures import KINDS, LEAST, MOST, VIEWS, Asked, Pictures, png_bytes
from vidcolor.desk.uploads import LARGEST
from vidcolor.errors import InputError, VidcolorError
from vidcolor.review.remarks import remarks, remarks_csv

HOME = "127.0.0.1"
"""The server listens here alone; from another machine one comes through a tunnel of one's own."""
STATIC = Path(__file__).with_name("static")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
NO_STORE = {"cache-control": "no-store"}
FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
"""Of pictures whose address changes with what they show."""
BEAT = 15.0
"""Seconds after which a silent stream of events says that it is still there."""
ACTS = {
    "correct": "correct",
    "undo": "take_back",
    "redo": "put_back",
    "render": "render",
    "stop": "stop",
    "accept": "accept",
    "propose": "propose",
    "palette": "palette",
    "measure": "measure",
}
"""Addresses of what changes something, and the methods of `Actions` that do it."""
LARGEST_ACTION = 64 << 10
NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{1,17})?")
MOST_TOGETHER = 64
"""Requests answered at once; a page makes few."""


def page_files() -> Mapping[str, bytes]:
    """The files of the page by name: all that is ever served of the program."""
    return {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in TYPES}


def application(desk: Desk, actions: Actions, token: str) -> Guard:
    """The whole server, as an ASGI application."""
    pictures = Pictures()
    answers = _Answers(desk, pictures, actions)
    routes = [
        Route("/", answers.page),
        Route("/static/{name}", answers.static),
        Route("/state", answers.state),
        Route("/shot/{shot}", answers.shot),
        Route("/frame/{frame:int}.{kind}", answers.frame),
        Route("/thumb/{shot}", answers.thumb),
        Route("/reference/{place:int}", answers.reference),
        Route("/proposal/{name}", answers.proposal),
        Route("/labels/{frame:int}.png", answers.labels),
        Route("/warm", answers.warm),
        Route("/remarks", answers.remarks),
        Route("/remarks.csv", answers.remarks_csv),
        Route("/events", answers.events),
        Route("/color", answers.color),
        Route("/plane.png", answers.plane),
        Route("/upload", answers.upload, methods=["POST"]),
        *(Route(f"/{name}", answers.act, methods=["POST"]) for name in ACTS),
    ]

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        watch = threading.Thread(target=desk.watch, name="watch", daemon=True)
        watch.start()
        yield
        desk.close()
        actions.close()
        pictures.close()

    app = Starlette(routes=routes, lifespan=life, exception_handlers={VidcolorError: _refused})
    return Guard(app, token)


class _Answers:
    """One method for each address."""

    def __init__(self, desk: Desk, pictures: Pictures, actions: Actions) -> None:
        self._desk, self._pictures, self._actions, self._files = desk, pictures, actions, page_files()

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
        asked = _asked(request, kind)
        data, ahead = self._pictures.frame(lambda: self._desk.moment, asked)
        about = {"x-frame": f"{asked.frame}", "x-timecode": self._desk.moment.film.plan.reel.timecode(asked.frame)}
        if ahead:
            about["x-ahead"] = "1"
        media_type = "image/png" if asked.view == "doubt" else KINDS[kind]
        return Response(data, media_type=media_type, headers={**NO_STORE, **about})

    def thumb(self, request: Request) -> Response:
        moment = self._desk.moment
        state = moment.state(request.path_params["shot"])
        if state is None:
            return _missing("no such shot")
        return Response(self._pictures.thumb(moment, state), media_type="image/jpeg", headers=FOREVER)

    def reference(self, request: Request) -> Response:
        data = self._pictures.reference(self._desk.moment, request.path_params["place"])
        return Response(data, media_type="image/jpeg", headers=FOREVER)

    def proposal(self, request: Request) -> Response:
        data = self._pictures.proposal(self._desk.moment, request.path_params["name"])
        return Response(data, media_type="image/jpeg", headers=NO_STORE)

    def labels(self, request: Request) -> Response:
        """Which superpixel each pixel of a frame lies in: its number as a colour, red highest."""
        frame = request.path_params["frame"]
        data = self._pictures.labels(self._desk.moment, frame)
        return Response(data, media_type="image/png", headers={**NO_STORE, "x-frame": f"{frame}"})

    def remarks(self, request: Request) -> Response:
        """The list for quality control."""
        film, shown = self._desk.moment.film, self._desk.moment.shown
        rows = [
            {"first": r.frames.start, "last": r.frames.stop - 1, "timecode": film.plan.reel.timecode(r.frames.start),
             "shot": r.shot, "what": r.what, "words": r.words, "by": r.by}
            for r in remarks(film, shown)
        ]  # fmt: skip
        line = shlex.join(["vidcolor", "report", str(film.project.root), "--csv", "remarks.csv"])
        return JSONResponse({"rows": rows, "line": line}, headers=NO_STORE)

    def remarks_csv(self, request: Request) -> Response:
        film, shown = self._desk.moment.film, self._desk.moment.shown
        saved = {"content-disposition": 'attachment; filename="remarks.csv"'}
        return Response(remarks_csv(film, remarks(film, shown)), media_type="text/csv", headers={**NO_STORE, **saved})

    def warm(self, request: Request) -> Response:
        """Asked for when a tool is taken whose first preview would wait for what is loaded here."""
        self._pictures.warm(self._desk.moment)
        return JSONResponse({}, headers=NO_STORE)

    def color(self, request: Request) -> Response:
        """The film's L* at a point, and what a colour will be there."""
        query = request.query_params
        lightness = self._pictures.point(
            self._desk.moment, int(_number(query, "frame")), (_number(query, "x"), _number(query, "y"))
        )
        color = query.get("color", "808080")
        found = {"lightness": round(lightness, 2), "under": under(color, lightness), "place": place_of(color)}
        return JSONResponse(found, headers=NO_STORE)

    def plane(self, request: Request) -> Response:
        data = png_bytes(plane(_number(request.query_params, "lightness")))
        return Response(data, media_type="image/png", headers=FOREVER)

    async def act(self, request: Request) -> Response:
        """One action, by its name in the address."""
        body = await _body(request, LARGEST_ACTION)
        if body is None:
            return _too_large(LARGEST_ACTION)
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InputError(f"no action: {error}") from error
        act = getattr(self._actions, ACTS[request.url.path.removeprefix("/")])
        return JSONResponse(await run_in_threadpool(act, data), headers=NO_STORE)

    async def upload(self, request: Request) -> Response:
        body = await _body(request, LARGEST)
        if body is None:
            return _too_large(LARGEST)
        number, size = await run_in_threadpool(self._actions.uploads.take, body)
        return JSONResponse({"upload": number, "size": list(size)}, headers=NO_STORE)

    async def events(self, request: Request) -> Response:
        return StreamingResponse(_events(self._desk), media_type="text/event-stream", headers=NO_STORE)


async def _body(request: Request, most: int) -> bytes | None:
    """What is sent; None where it is more than `most` bytes, of which no more are read."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > most:
        return None
    parts, count = [], 0
    async for part in request.stream():
        count += len(part)
        if count > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _too_large(most: int) -> Response:
    words = f"larger than {most >> 20 or 1} MiB; send something smaller"
    return JSONResponse({"error": words}, 413, headers={**NO_STORE, "connection": "close"})


def _number(query: Mapping[str, str], name: str) -> float:
    """A number from 0 to a million that an address says. Refuses others."""
    text = query.get(name, "")
    if not NUMBER.fullmatch(text):
        raise InputError(f"{name}: no number")
    return float(text)


async def _events(desk: Desk) -> AsyncIterator[str]:
    """What changes, as server-sent events."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue[Mapping[str, Any]]()
    end = desk.listen(lambda event: _call(loop, waiting.put_nowait, event))
    try:
        yield _event({"kind": "hello", "number": desk.moment.number})
        while not desk.closed:
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
    version, ahead = request.query_params.get("version", ""), "ahead" in request.query_params
    return Asked(request.path_params["frame"], view, int(width), version, ahead and not version, kind)


def _missing(words: str) -> Response:
    return JSONResponse({"error": words}, 404, headers=NO_STORE)


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 409, headers=NO_STORE)


def serve(desk: Desk, actions: Actions, port: int, opened: Callable[[str], None]) -> None:
    """Serves the page until Ctrl-C; `opened` is told its address, with the token. 0 is any port that is free.

    Refuses a port that is taken.
    """
    with listen(port) as door:
        token = new_token()
        server = PageServer(application(desk, actions, token), desk)
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


class PageServer(uvicorn.Server):
    """Runs the application: quiet, with one worker, and no more than a page needs."""

    def __init__(self, app: Guard, desk: Desk) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]
                http="h11",
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=MOST_TOGETHER,
                timeout_graceful_shutdown=5,
            )
        )
        self._desk = desk

    def end(self) -> None:
        """Ends it: streams of events first, which would hold it open."""
        self._desk.close()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._desk.close()
        super().handle_exit(sig, frame)
