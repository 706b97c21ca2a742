"""HTTP/1.1 by hand over keep-alive connections, as lean as a fair yardstick needs.

Understands answers with a content length and nothing else; streams are read in `screens`.
"""

import asyncio
from collections.abc import Mapping
from typing import cast

import msgspec

HOST = "127.0.0.1"


class Answer(msgspec.Struct, frozen=True):
    """Status, header block and body of one answer."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, or an empty string."""
        wanted = name.lower().encode() + b":"
        for line in self.head.split(b"\r\n"):
            if line.lower().startswith(wanted):
                return line[len(wanted) :].strip().decode()
        return ""

    def json(self) -> dict[str, object]:
        """The body as a JSON object."""
        return msgspec.json.decode(self.body, type=dict[str, object])


def request(
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of one request, ready to be written as often as wanted."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {HOST}"]
    lines.extend(f"{name}: {value}" for name, value in (headers or {}).items())
    payload = b""
    if body is not None:
        payload = msgspec.json.encode(body)
        lines.append("content-type: application/json")
    if body is not None or method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(payload)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


def complete(data: bytes) -> tuple[int, int, int]:
    """Where the body begins, where the answer ends, and its status; ends at -1 while it is cut off.

    The status line is not checked beyond its number: the servers measured are our own.
    """
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return 0, -1, 0
    status = int(data[9:12])
    at = data.find(b"content-length: ", 0, head_end)
    if at < 0:
        length = _unusual_length(data[:head_end], status)
    else:
        length = int(data[at + 16 : data.find(b"\r", at)])
    end = head_end + 4 + length
    return head_end + 4, end if len(data) >= end else -1, status


def _unusual_length(head: bytes, status: int) -> int:
    if status in (204, 304):
        return 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without content length: {head[:200]!r}")


class Line(asyncio.Protocol):
    """One keep-alive connection that asks one question at a time."""

    def __init__(self) -> None:
        """Begin unconnected; `connect` makes the connection."""
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        # uvloop's transports are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Gather one answer and wake who asked."""
        self._data += data
        try:
            begin, end, status = complete(self._data)
        except ValueError as fault:
            self._fail(ConnectionError(str(fault)))
            return
        if end < 0:
            return
        answer = Answer(status, self._data[: begin - 4], self._data[begin:end])
        self._data = self._data[end:]
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that no answer will come."""
        self._fail(ConnectionError(f"the connection was closed: {exc}"))

    def _fail(self, fault: ConnectionError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(fault)

    async def ask(self, question: bytes, timeout: float = 20) -> Answer:
        """Write one request and wait for its answer, at most `timeout` seconds."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("not connected")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(question)
        return await asyncio.wait_for(self._waiting, timeout)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


async def connect(port: int) -> Line:
    """A connection to a server of this machine."""
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(Line, HOST, port)
    return line
