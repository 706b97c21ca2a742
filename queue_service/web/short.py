"""The short way to the two requests that come in crowds: past the framework's routing.

Routing, middleware and the building of arguments cost a third of a sold-out answer and half of a
304. The handlers are the framework's own, called as they are; everything else goes the long way.
"""

from typing import Any

from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from queue_service.web import problems
from queue_service.web.api import availability, holds

_PREFIX = "/api/v1/offices/"
# Any: functions of a request that answer with an ASGI application.
_LEAN: dict[tuple[str, str], Any] = {
    ("POST", "holds"): holds.hold.fn,
    ("GET", "availability"): availability.availability.fn,
}


class Short:
    """The framework's application with a short way around it."""

    def __init__(self, app: Litestar) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == ScopeType.HTTP and scope["path"].startswith(_PREFIX):
            slug, _, act = scope["path"][len(_PREFIX) :].partition("/")
            answer = _LEAN.get((scope["method"], act))
            if answer is not None:
                await self._answer(answer, slug, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _answer(
        self, answer: Any, slug: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        scope["path_params"] = {"office": slug}
        scope["litestar_app"] = self._app
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        try:
            sent = await answer(request)
        except Exception as fault:  # noqa: BLE001 - the process's edge, as the framework's own
            sent = problems.on_defect(request, fault).to_asgi_response(self._app, request)
        await sent(scope, receive, send)
