"""For kiosks and guides: check in, with or without network, and the numbers to keep for that."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from queue_service.flows.bookings import sealing
from queue_service.flows.entrance import arriving, offline, reserving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.flows.entrance.reserving import KeptBlock
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk.blocks import GivenOffline
from queue_service.kiosk.signed import tag_of
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, claims
from queue_service.web.access import actor_of, allowed
from queue_service.web.api.bookings import Key, told
from queue_service.web.api.shapes import CheckInBody, OfflineBody
from queue_service.web.cache import packed
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
Keeper = Annotated[UUID, QueryParameter(description="Drawn once by the device's browser profile")]
Day = Annotated[date | None, QueryParameter(description="Today or one of the next days")]


@post("/kiosk/check-ins", summary="Check in", status_code=201)
async def check_in(
    request: AnyRequest, house: House, data: CheckInBody, key: Key = None
) -> Response[Any]:
    """A number for a code or a walk-in; the device's key names the office.

    With `offline` it is told afterwards what a kiosk did without network: the number given then
    stays, told twice it is one visit, and whoever is checked in already hears only that.
    """
    actor = await actor_of(request, house)
    office = actor.office if actor else ""
    device = await allowed(request, house, Act.CHECK_IN, office)
    if isinstance(device, Refusal):
        return problem(request, device)
    if bool(data.code) == (data.walk_in is not None):
        return problem(
            request, Refusal(Code.INVALID, {"field": "code", "reason": "code or walk_in"})
        )
    if data.offline is None:
        given = await _now(house, office, data, device, key)
    else:
        given = await _afterwards(house, office, data, data.offline, device, key)
    return ticket_given(request, given)


def ticket_given(request: AnyRequest, given: TicketGiven | Refusal) -> Response[Any]:
    """The ticket of a check-in, or why there is none."""
    if isinstance(given, Refusal):
        return problem(request, given)
    return told(
        {
            "ticket": given.ticket,
            "number": given.number,
            "wait": {"from": given.wait.from_minutes, "to": given.wait.to_minutes},
            "instructions": given.instructions,
            "language": given.language,
        },
        201,
    )


async def _now(
    house: House, office: str, data: CheckInBody, device: Actor, key: str | None
) -> TicketGiven | Refusal:
    wish = data.walk_in
    if wish is None:
        return await arriving.check_in(house, office, data.code, device.id, key)
    refusal = claims(device, wish.urgency, office)
    if refusal is not None:
        return refusal
    return await arriving.walk_in(
        house,
        office,
        service=wish.service,
        persons=wish.persons,
        language=wish.language,
        postcode=wish.postcode,
        urgency=wish.urgency,
        by=device.id,
        key=key,
    )


async def _afterwards(
    house: House,
    office: str,
    data: CheckInBody,
    said: OfflineBody,
    device: Actor,
    key: str | None,
) -> TicketGiven | Refusal:
    try:
        signature = urlsafe_b64decode(said.signature + "==")
    except (NotBase64, ValueError):
        return Refusal(Code.UNKNOWN_NUMBER)
    claimed = GivenOffline(said.block, said.place, said.number, said.key, signature, said.happened)
    wish = data.walk_in
    if wish is None:
        return await offline.check_in(house, office, data.code, claimed, device.id, key)
    if wish.urgency is not None:
        return Refusal(Code.INVALID, {"field": "urgency", "reason": "never given without network"})
    return await offline.walk_in(
        house,
        office,
        claimed,
        service=wish.service,
        persons=wish.persons,
        language=wish.language,
        postcode=wish.postcode,
        by=device.id,
        key=key,
    )


@get("/kiosk/block", summary="Numbers for the hour without network")
async def block(
    request: AnyRequest, house: House, keeper: Keeper, day: Day = None
) -> Response[Any]:
    """The device's numbers of the day with their ticket codes, signed one by one.

    Asked again it is the same block, until half of it is used. With it comes what a kiosk must know
    to act alone that day: the office's public keys, services for walk-ins and their hours.
    """
    actor = await actor_of(request, house)
    device = await allowed(request, house, Act.KEEP_NUMBERS, actor.office if actor else "")
    if isinstance(device, Refusal):
        return problem(request, device)
    followed = house.follower.office(device.office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": device.office}))
    wanted = day or followed.now().date()
    kept = await reserving.reserve_block(house, device.office, device.id, wanted, keeper)
    if isinstance(kept, Refusal):
        return problem(request, kept)
    said = msgspec.json.encode(_block(house, followed, kept))
    return packed(request, said, "application/json", "no-store")


def _block(house: House, followed: Followed, kept: KeptBlock) -> dict[str, object]:
    office, now = followed.office, followed.now()
    return {
        "block": kept.block,
        "office": office.slug,
        "day": kept.day,
        "next": kept.next,
        "key": kept.key,
        "numbers": [
            {
                "place": each.place,
                "number": each.number,
                "ticket": each.ticket,
                "signature": _signs(each.signature),
            }
            for each in kept.numbers
        ],
        "now": now,
        "rate": followed.clock.rate,
        "zone": office.zone,
        "early_minutes": office.booking.early_minutes,
        "late_minutes": office.booking.late_minutes,
        "tag": tag_of(office.slug).hex(),
        "keys": [
            {"number": key.number, "public_key": _signs(key.key), "expires": key.expires}
            for key in sealing.public_keys(house.keys, office.slug, now)
        ],
        "services": _services(followed, kept.day),
    }


def _services(followed: Followed, day: date) -> list[dict[str, object]]:
    """What one may come for without appointment; emergencies are a guide's."""
    noon = datetime.combine(day, time(12), followed.office.tz)
    offered = [s for s in followed.office.services if s.walk_in and not s.emergency]
    return [
        {
            "service": service.code,
            "name": service.name,
            "max_persons": service.max_persons,
            "open": [
                {"from": opens, "to": closes}
                for opens, closes in arriving.open_for(followed, service.code, noon)
            ],
        }
        for service in sorted(offered, key=lambda service: service.order)
    ]


def _signs(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


handlers = [check_in, block]
