"""Around everything: refuse what comes from another site's page, put the security headers on.

Plain ASGI, because it runs for every request: as hooks of the framework the same two cost a tenth
of a sold-out answer. Cookies go with SameSite=Lax and every unsafe request that names another
origin is refused, so forms need no tokens; programs without a browser send neither header.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from queue_service.model.refusal import Code, Refusal
from queue_service.web.heads import head
from queue_service.web.lean import header
from queue_service.web.problems import PROBLEM_JSON, body, status_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Edge:
    """The application with its edge."""

    def __init__(self, app: ASGIApp) -> None:
        """Put an edge around `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"]
                own_policy = any(name == b"content-security-policy" for name, _ in given)
                message["headers"] = [*given, *(_HEADERS[1:] if own_policy else _HEADERS)]
            await send(message)

        method = scope["method"]
        if method not in _SAFE and is_foreign(scope["headers"]):
            await refuse(scope, Refusal(Code.NOT_ALLOWED), with_headers)
            return
        if method == "HEAD":
            await head(self._app, scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def is_foreign(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an unsafe request was sent by a page of another origin."""
    site = origin = host = b""
    for name, value in headers:
        if name == b"sec-fetch-site":
            site = value
        elif name == b"origin":
            origin = value
        elif name == b"host":
            host = value
    if site:
        return site not in (b"same-origin", b"none")
    if not origin:
        return False
    try:
        return urlsplit(origin.decode("latin-1")).netloc != host.decode("latin-1")
    except ValueError:  # brackets without an address between them
        return True


async def refuse(scope: Scope, refusal: Refusal, send: Send) -> None:
    """Answer a refusal before the framework is asked."""
    content = body(refusal, header(scope, b"accept-language"))
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status_of(refusal), "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
