"""An answer that stays open: its head, its end, and whether the client is still there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar.types import Receive, Send

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@asynccontextmanager
async def opened(receive: Receive, send: Send) -> AsyncIterator[asyncio.Future[None]]:
    """Open the answer; the future given is done once the client has left; end the answer."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    gone = asyncio.ensure_future(_left(receive))
    try:
        yield gone
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def write(send: Send, body: bytes) -> None:
    """Send a piece of the answer."""
    await send({"type": "http.response.body", "body": body, "more_body": True})
