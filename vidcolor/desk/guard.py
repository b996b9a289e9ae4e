"""Who is let in: pages of this server alone, by people who have its address with the token in it.

- The token is the first part of every path, so it is in no cookie, which other programs on this machine would be sent.
- Names other than this machine's own are refused: a foreign name that leads here (DNS rebinding) is a foreign page.
- What changes anything must carry our own origin, which browsers add and no page can forge.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
OUR_NAMES = ("127.0.0.1", "localhost")
OURS = ("same-origin", "none")
"""What a browser says of a request by our own page, and of an address that a person opened."""
READS, CHANGES = ("GET", "HEAD"), ("POST",)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer. No referrer: addresses hold the token."""


def new_token() -> str:
    """256 random bits that can stand in an address."""
    return secrets.token_urlsafe(32)


class Guard:
    """Hands on what may pass to `app`, the token taken off its path; answers everything else itself."""

    def __init__(self, app: App, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no web socket is served
        send = _with_headers(send)
        status, words, path = self._judged(scope)
        if status != 200:
            await _answer(send, status, words)
            return
        try:
            await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)
        except asyncio.CancelledError:  # the server ends, and waits no longer for what is being made
            with suppress(RuntimeError):  # an answer that has begun stays as it is
                await _answer(send, 503, "the server ends; start `vidcolor review` again")

    def _judged(self, scope: Scope) -> tuple[int, str, str]:
        """(200, "", path without the token), or a status and words that say why not."""
        headers = _headers(scope)
        host = headers.get("host", [])
        if len(host) != 1 or host[0].split(":")[0].lower() not in OUR_NAMES:
            return 403, "another name than this machine's own", ""
        if scope["method"] not in (*READS, *CHANGES):
            return 405, "only GET, HEAD and POST", ""
        origins = headers.get("origin", [])
        if any(origin.lower() != f"http://{host[0].lower()}" for origin in origins):
            return 403, "a page of another origin", ""
        if any(site not in OURS for site in headers.get("sec-fetch-site", [])):
            return 403, "a page of another site; open the address by itself", ""
        if scope["method"] in CHANGES and len(origins) != 1:
            return 403, "a change that does not say its origin", ""
        token, slash, rest = str(scope["path"]).removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode("utf-8", "replace"), self._token) or not slash:
            return 403, "open the address that `vidcolor review` printed, with all of its last part", ""
        return 200, "", f"/{rest}"


def _headers(scope: Scope) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _with_headers(send: Send) -> Send:
    async def sends(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", [])}
            more = [(n.encode(), v.encode()) for n, v in ALWAYS.items() if n.encode() not in there]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return sends


async def _answer(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"vidcolor review: {words}\n".encode()})
