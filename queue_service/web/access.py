"""Who is asking: sessions of staff and keys of devices."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from litestar import Request

from queue_service.flows.access import sessions
from queue_service.flows.asking import Asking
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, check
from queue_service.store.database import UNANSWERED
from queue_service.web.throttle import Throttle, address_of

T = TypeVar("T")
STAFF_COOKIE = "queue_staff"
DEVICE_COOKIE = "queue_device"


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


async def acting(
    request: Request[Any, Any, Any],
    house: House,
    act: Act,
    office: str,
    do: Callable[[House, Actor], Awaitable[T | Refusal]],
) -> T | Refusal:
    """`do` as whoever asks, when they may do `act` in `office`.

    With a session that this process remembers it goes ahead, and the turn proves who asks. What no
    turn has proved counts for nothing: then who asks is read as for any request, and `do` called
    once more.
    """
    for credential in credentials(request)[:1]:
        known = sessions.remembered(house, credential)
        if known is not None and check(known.actor, act, office) is None:
            asking = Asking(house.turn, known.session)
            answer = await do(replace(house, turn=asking), known.actor)
            if asking.held:
                return answer
    actor = await allowed(request, house, act, office)
    return actor if isinstance(actor, Refusal) else await do(house, actor)


async def crowded(request: Request[Any, Any, Any], house: House, code: str = "") -> Refusal | None:
    """`too_many` when this address takes or asks faster than people do.

    With the `code` of a booking that a second factor shall open, its factors are counted too,
    from whatever address they come; the secret of a link is never held up.
    """
    throttle: Throttle = request.app.state.throttle
    address = address_of(request, trusted_proxy=house.settings.trusted_proxy)
    if not await throttle.passes(address):
        return Refusal(Code.TOO_MANY, {"retry_after_seconds": 5})
    factors: Throttle = request.app.state.factor_throttle
    if code and not await factors.passes(f"factor {code.upper()[:64]}"):
        return Refusal(Code.TOO_MANY, {"retry_after_seconds": 180})
    return None


async def guessing(request: Request[Any, Any, Any], house: House) -> bool:
    """Whether this address tries card numbers out faster than people type them."""
    throttle: Throttle = request.app.state.card_throttle
    address = address_of(request, trusted_proxy=house.settings.trusted_proxy)
    return not await throttle.passes(f"card {address}")


async def enrolling_too_fast(request: Request[Any, Any, Any], house: House) -> bool:
    """Whether this address tries codes out that enrol devices."""
    throttle: Throttle = request.app.state.enrol_throttle
    address = address_of(request, trusted_proxy=house.settings.trusted_proxy)
    return not await throttle.passes(f"enrol {address}")


def still(
    request: Request[Any, Any, Any], house: House, act: Act, office: str
) -> Callable[[], Awaitable[bool]]:
    """For a stream: whether who opened it may still see it; no answer of the database ends none."""

    async def allows() -> bool:
        try:
            return isinstance(await allowed(request, house, act, office), Actor)
        except UNANSWERED:
            return True

    return allows


async def crowding(request: Request[Any, Any, Any], whose: str) -> bool:
    """Whether `whose` searches come faster than somebody at the entrance asks people."""
    throttle: Throttle = request.app.state.card_throttle
    return not await throttle.passes(whose)


async def actor_of(request: Request[Any, Any, Any], house: House) -> Actor | None:
    """Whoever asks, whatever they may do."""
    for credential in credentials(request):
        actor = await sessions.actor(house, credential)
        if actor is not None:
            return actor
    return None
