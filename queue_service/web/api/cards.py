"""For applicants: is my card ready? For the office: its list of cards. Numbers are never kept."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath

from queue_service.flows.bookings import cards
from queue_service.flows.bookings.cards import NotReady
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.slots import card_list
from queue_service.web.access import allowed, guessing
from queue_service.web.api.bookings import Key, bearer, told
from queue_service.web.api.shapes import CardContactBody, CardsBody
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
LARGEST_LIST = 4_000_000
"""Bytes; some fifty thousand rows."""
_SLOWER = Refusal(Code.TOO_MANY, {"retry_after_seconds": 5})


@post("/offices/{office:str}/card-checks", summary="Is my card ready?", status_code=200)
async def check(
    request: AnyRequest, house: House, office: FromPath[str], data: CardsBody
) -> Response[Any]:
    """`ready`, or 409 `card_not_ready` with the day of the next check.

    Cards that are unknown, not ready or booked get the same answer.
    """
    found = _at(house, office, data.service)
    if isinstance(found, Refusal):
        return problem(request, found)
    if await guessing(request, house):
        return problem(request, _SLOWER)
    if _mistyped(data.cards):
        return problem(request, Refusal(Code.INVALID, {"field": "cards"}))
    parts = (Part(ServiceCode(data.service), len(data.cards)),)
    keys = cards.keys_of(house, found, data.cards)
    bound = await cards.checked(house, found, parts, keys)
    if isinstance(bound, Refusal):
        return problem(request, bound)
    return told({"ready": True, "asked": bool(bound)})


@post("/offices/{office:str}/card-contacts", summary="Tell me when it is ready", status_code=201)
async def leave(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    data: CardContactBody,
    key: Key = None,
) -> Response[Any]:
    """Leave an e-mail address for one message; the secret deletes it earlier."""
    found = _at(house, office, data.service)
    if isinstance(found, Refusal):
        return problem(request, found)
    if await guessing(request, house):
        return problem(request, _SLOWER)
    if _mistyped((data.card,)):
        return problem(request, Refusal(Code.INVALID, {"field": "card"}))
    (card,) = cards.keys_of(house, found, (data.card,))
    left = await cards.leave_contact(
        house,
        found,
        card,
        email=data.email,
        language=data.language,
        service=ServiceCode(data.service),
        key=key,
    )
    return told(left, 201) if isinstance(left, NotReady) else problem(request, left)


@delete(
    "/offices/{office:str}/card-contacts/{contact:str}",
    summary="Delete my address",
    status_code=200,
)
async def forget(
    request: AnyRequest, house: House, office: FromPath[str], contact: FromPath[str]
) -> Response[Any]:
    """The address is deleted; its secret is the bearer."""
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    refusal = await cards.forget_contact(house, followed, contact, bearer(request))
    return problem(request, refusal) if refusal else Response(None, status_code=204)


@get("/offices/{office:str}/cards", summary="Cards by state")
async def counts(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """How many cards stand in which recorded state, and how many lie ready without a booking."""
    actor = await allowed(request, house, Act.RECORD_CARDS, office)
    followed = house.follower.office(office)
    if isinstance(actor, Refusal) or followed is None:
        refused = actor if isinstance(actor, Refusal) else Refusal(Code.UNKNOWN_OFFICE)
        return problem(request, refused)
    return told(
        {
            "listed": followed.cards_listed,
            "ready_unbooked": await cards.ready_unbooked(house, followed),
            "states": await cards.counts(house, followed),
        }
    )


@post(
    "/offices/{office:str}/card-lists",
    summary="Import the list of cards",
    status_code=200,
    request_max_body_size=LARGEST_LIST,
)
async def import_list(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """Take a CSV over (`text/csv`: serial, state, date); bad rows are named by their line.

    The same list again changes nothing, so it needs no idempotency key.
    """
    actor = await allowed(request, house, Act.RECORD_CARDS, office)
    followed = house.follower.office(office)
    if isinstance(actor, Refusal) or followed is None:
        refused = actor if isinstance(actor, Refusal) else Refusal(Code.UNKNOWN_OFFICE)
        return problem(request, refused)
    return told(await cards.import_list(house, followed, await request.body(), actor.id))


def _at(house: House, office: str, service: str) -> Followed | Refusal:
    followed = house.follower.office(office)
    if followed is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]})
    known = followed.office.service(service)
    if known is None or known.pickup is None:
        return Refusal(Code.UNKNOWN_SERVICE, {"service": service})
    return followed


def _mistyped(numbers: tuple[str, ...]) -> bool:
    return any(len(card_list.plain(each)) not in card_list.SERIAL_LENGTHS for each in numbers)


handlers = [check, leave, forget, counts, import_list]
