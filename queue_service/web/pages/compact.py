"""Pages go compressed over the wire: 14 kB for the first visit is met only so.

Whole bodies only; streams and what is already encoded pass untouched. Pages that carry a secret
repeat nothing a stranger could choose, so their length tells nothing about it.
"""

import gzip

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from display.coding import reads_gzip

_SMALLEST = 600
"""Below this many bytes a packet is saved by nobody."""
_LEVEL = 6


def compact(app: ASGIApp) -> ASGIApp:
    """The application `app` with its pages compressed for whoever takes gzip."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        accepted = dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1")
        await app(scope, receive, _squeezing(send) if reads_gzip(accepted) else send)

    return wrapped


def _squeezing(send: Send) -> Send:
    waiting: list[Message] = []

    async def squeezed(message: Message) -> None:
        if message["type"] == "http.response.start":
            waiting.append(message)
            return
        if waiting and message["type"] == "http.response.body":
            start = waiting.pop()
            body, whole = message.get("body", b""), not message.get("more_body", False)
            if whole and len(body) >= _SMALLEST and not _encoded(start):
                message["body"] = gzip.compress(body, _LEVEL, mtime=0)
                _announce(start, len(message["body"]))
            await send(start)
        await send(message)

    return squeezed


def _encoded(start: Message) -> bool:
    headers = start["headers"] if start["type"] == "http.response.start" else ()
    return any(name.lower() == b"content-encoding" for name, _ in headers)


def _announce(start: Message, length: int) -> None:
    if start["type"] == "http.response.start":
        kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        start["headers"] = [
            *kept,
            (b"content-encoding", b"gzip"),
            (b"content-length", str(length).encode()),
            (b"vary", b"accept-encoding"),
        ]
