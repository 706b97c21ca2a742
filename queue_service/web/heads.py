"""HEAD: what GET would say, without its body; monitors and link checkers ask so."""

import asyncio
from copy import copy
from typing import Any

from litestar.types import (
    ASGIApp,
    HTTPDisconnectEvent,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)


async def head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Ask `app` with GET and pass only the head on; a live stream ends there."""
    over = asyncio.Event()

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif not over.is_set():
            over.set()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def heard() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        ended = asyncio.ensure_future(over.wait())
        asked = asyncio.ensure_future(receive())
        await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if asked.done():
            return asked.result()
        asked.cancel()
        return HTTPDisconnectEvent(type="http.disconnect")

    asks: Any = copy(scope)  # Any: a scope that may be of a socket has no method
    asks["method"] = "GET"
    await app(asks, heard, told)
