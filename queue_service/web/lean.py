"""Answers for the two requests that come in crowds: bytes that are ready go out as they are.

The framework's Response costs more than a sold-out answer is worth, so these two handlers return
an ASGI application; what they take is written into the OpenAPI document by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.spec import OpenAPIMediaType, Operation, Parameter, RequestBody
from litestar.types import Receive, Scope, Send

Headers = Sequence[tuple[bytes, bytes]]
AnyRequest = Request[Any, Any, Any]


class Sent:
    """A finished answer."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, body: bytes, headers: Headers) -> None:
        """`headers` without the length."""
        self._status = status
        self._body = body
        self._headers = headers

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self._body)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        length = (b"content-length", b"%d" % len(self._body))
        await send(
            {
                "type": "http.response.start",
                "status": self._status,
                "headers": [*self._headers, length],
            }
        )
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def header(scope: Scope, name: bytes) -> str:
    """The value of a header, or an empty string."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


async def read(receive: Receive, most: int) -> bytes | None:
    """The request's body; None when it has more than `most` bytes."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def schema(kind: type[Any]) -> Any:
    """The JSON schema of a Struct with its parts in place. Any: a document for machines."""
    (whole,), parts = msgspec.json.schema_components([kind], ref_template="#/parts/{name}")
    return _inlined(whole, parts)


def _inlined(node: Any, parts: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        name = node.get("$ref", "").removeprefix("#/parts/")
        if name:
            return _inlined(parts[name], parts)
        return {key: _inlined(value, parts) for key, value in node.items()}
    if isinstance(node, list):
        return [_inlined(value, parts) for value in node]
    return node


def documented(
    *, parameters: Sequence[Parameter], body: type[Any] | None = None
) -> type[Operation]:
    """An Operation that says what a lean handler takes."""
    named: list[Any] = list(parameters)
    taken = (
        RequestBody(
            content={"application/json": OpenAPIMediaType(schema=schema(body))}, required=True
        )
        if body
        else None
    )

    @dataclass
    class Documented(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or ()), *named]
            self.request_body = taken or self.request_body

    return Documented


def parameter(name: str, where: str, kind: Any, text: str, *, required: bool = False) -> Parameter:
    """A parameter for the document. Any: its JSON schema."""
    return Parameter(name=name, param_in=where, schema=kind, description=text, required=required)
