"""Bodies that are made once and sent often: plain and compressed bytes with a validator."""

import gzip
import hashlib
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Request, Response
from litestar.types import Scope

from display.coding import reads_gzip
from queue_service.web.lean import Sent, header

_SMALLEST = 1_000
"""Below this many bytes compressing costs more than it saves."""
_EFFORT = 4
"""Of gzip: a month in a third of the time of 6, and as small."""


class Cached(msgspec.Struct, frozen=True):
    """A JSON body with its ETag; `zipped` is empty where it is not worth it."""

    plain: bytes
    zipped: bytes
    etag: str

    @classmethod
    def of(cls, content: bytes, *, lasting: bytes | None = None) -> "Cached":
        """Hash and compress a body once.

        `lasting` is what of it counts where a part is new every time, as the hour is.
        """
        zipped = gzip.compress(content, _EFFORT, mtime=0) if len(content) >= _SMALLEST else b""
        known = hashlib.sha256(content if lasting is None else lasting).hexdigest()[:24]
        return cls(content, zipped, f'"{known}"' if lasting is None else f'W/"{known}"')


Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key, each with the stand it was made at; the oldest go when there is no room."""

    def __init__(self, most_bytes: int, size: Callable[[Value], int]) -> None:
        """Keep about `most_bytes`, as `size` counts them."""
        self._most, self._size = most_bytes, size
        self._bytes = 0
        self._values: dict[Hashable, tuple[object, Value]] = {}

    def find(self, key: Hashable, stand: object) -> Value | None:
        """The value, if it was made at that stand."""
        known = self._values.get(key)
        return known[1] if known is not None and known[0] == stand else None

    def keep(self, key: Hashable, stand: object, value: Value) -> None:
        """Replace what is kept under the key."""
        self._drop(key)
        self._values[key] = stand, value
        self._bytes += self._size(value)
        while self._bytes > self._most:
            self._drop(next(iter(self._values)))

    def _drop(self, key: Hashable) -> None:
        old = self._values.pop(key, None)
        if old is not None:
            self._bytes -= self._size(old[1])


_JSON = (b"content-type", b"application/json")
_KEPT = ((b"cache-control", b"no-cache"), (b"vary", b"accept-encoding"))


def _knows(known: str, etag: str) -> bool:
    """Whether a client's If-None-Match, one validator or several or any, names this one."""
    return etag.removeprefix("W/") in known or known.strip() == "*"


def lean_answer(scope: Scope, cached: Cached) -> Sent:
    """As `answer`, without the framework's Response."""
    etag = (b"etag", cached.etag.encode())
    if _knows(header(scope, b"if-none-match"), cached.etag):
        return Sent(304, b"", (etag, *_KEPT))
    if cached.zipped and reads_gzip(header(scope, b"accept-encoding")):
        return Sent(200, cached.zipped, (_JSON, etag, *_KEPT, (b"content-encoding", b"gzip")))
    return Sent(200, cached.plain, (_JSON, etag, *_KEPT))


def answer(
    request: Request[Any, Any, Any],
    cached: Cached,
    *,
    media_type: str = "application/json",
    cache_control: str = "no-cache",
) -> Response[bytes]:
    """304 when the client has it, else the smaller body the client can read."""
    headers = {"etag": cached.etag, "cache-control": cache_control, "vary": "accept-encoding"}
    if _knows(request.headers.get("if-none-match", ""), cached.etag):
        return Response(b"", status_code=304, headers=headers)
    if cached.zipped and reads_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(cached.zipped, media_type=media_type, headers=headers)
    return Response(cached.plain, media_type=media_type, headers=headers)


def packed(
    request: Request[Any, Any, Any], content: bytes, media_type: str, cache_control: str
) -> Response[bytes]:
    """A body that is made for one device and rarely asked for, compressed where it may be."""
    headers = {"cache-control": cache_control, "vary": "accept-encoding"}
    if reads_gzip(request.headers.get("accept-encoding", "")):
        content = gzip.compress(content, _EFFORT, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(content, media_type=media_type, headers=headers)
