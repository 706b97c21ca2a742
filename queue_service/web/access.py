"""Who is asking: sessions, device keys, and requests that came from our own pages.

Cookies go with SameSite=Lax and every unsafe request that names another origin is refused, so
forms need no tokens; programs without a browser send neither header.
"""

from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response

from queue_service.flows import sessions
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, check
from queue_service.web.problems import problem

STAFF_COOKIE = "queue_staff"
DEVICE_COOKIE = "queue_device"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def credentials(request: Request[Any, Any, Any]) -> list[str]:
    """Session tokens and device keys the request carries, the explicit one first."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return [bearer.strip()]
    cookies = request.cookies
    return [cookies[name] for name in (STAFF_COOKIE, DEVICE_COOKIE) if cookies.get(name)]


async def allowed(
    request: Request[Any, Any, Any], house: House, act: Act, office: str
) -> Actor | Refusal:
    """Whoever asks, when one of their credentials allows `act` in `office`."""
    refusal = Refusal(Code.NOT_SIGNED_IN)
    for credential in credentials(request):
        actor = await sessions.actor(house, credential)
        answer = check(actor, act, office)
        if answer is None and actor is not None:
            return actor
        if answer is not None and answer.code is Code.NOT_ALLOWED:
            refusal = answer
    return refusal


async def actor_of(request: Request[Any, Any, Any], house: House) -> Actor | None:
    """Whoever asks, whatever they may do."""
    for credential in credentials(request):
        actor = await sessions.actor(house, credential)
        if actor is not None:
            return actor
    return None


async def refuse_other_origins(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """Before every handler: an unsafe request from another site's page is refused."""
    if request.method in _SAFE:
        return None
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    foreign = site not in ("", "same-origin", "none")
    if not site and origin:
        foreign = urlsplit(origin).netloc != request.headers.get("host", "")
    return problem(request, Refusal(Code.NOT_ALLOWED)) if foreign else None
