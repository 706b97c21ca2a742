"""Arriving: check in with a code or as a walk-in, by a kiosk or a guide with the office at hand."""

from datetime import datetime, timedelta
from random import SystemRandom
from uuid import uuid4

import msgspec

from queue_service.flows.bookings import sealing
from queue_service.flows.bookings.proving import where
from queue_service.flows.entrance.entering import TicketGiven, enter, given, new_visit, settle
from queue_service.flows.entrance.tickets import ticket
from queue_service.flows.spoken import unspoken
from queue_service.flows.wish import Decide, ReceiptKey, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import arrival
from queue_service.kiosk import ticket as numbers
from queue_service.kiosk.arrival import Admission
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.codes import CODE_LENGTH
from queue_service.model.ids import ActorId, BookingId, ServiceCode, VisitId
from queue_service.model.office import Limit, Period, Service, Taker
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import NeedClass
from queue_service.model.world import CellKey, Needs, Told, World
from queue_service.offices import public_holidays
from queue_service.offices.jurisdiction import gate
from queue_service.slots import claims
from queue_service.slots.calendar import touched, windows
from queue_service.store import bookings as store_bookings
from queue_service.store.database import transaction

__all__ = ["TicketGiven", "check_in", "ticket", "walk_in"]

_chance = SystemRandom()
_DAYS_LOOKED_AT = 14


class Offered(msgspec.Struct, frozen=True):
    """A service as somebody without an appointment may have it now."""

    service: Service
    quotas: tuple[CellKey, ...]
    """Of the half day or day: one unit of each is taken."""


async def check_in(
    house: House, slug: str, code: str, by: ActorId, key: str | None = None
) -> TicketGiven | Refusal:
    """Check a booking in by its code; a second time answers with the same ticket."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    booking = await booking_of(house, office, code)
    if isinstance(booking, Refusal):
        return booking
    number, visit, day = booking.id, VisitId(uuid4()), office.now().date()
    fresh = numbers.open_series(day, office.office.tickets.letters, _chance)

    def decide(world: World) -> Told | Refusal:
        before = world.visit_of(number)
        if before is not None:
            return Refusal(Code.ALREADY_BOOKED, {"visit": str(before.id), "number": before.number})
        now = world.now.astimezone(office.office.tz)
        admitted = admit(office, world, number, now)
        if isinstance(admitted, Refusal):
            return admitted
        admission, found, after = admitted
        return enter(
            house,
            office,
            world,
            new_visit(
                visit, admission.need, found.parts, found.language, now, admission.due, found
            ),
            admission.instruction,
            fresh=fresh,
            bookings=(after,),
            booking_before=found.seq,
        )

    needs = Needs(bookings=(number,), visits_of=(number,), series=(fresh.day,))
    receipt = code_receipt(slug, by, key, booking)
    return await _told(house, office, by, needs, decide, receipt)


async def booking_of(house: House, office: Followed, code: str) -> Booking | Refusal:
    """The booking that what was held up or typed leads to, of this office."""
    said = sealing.code_of(house, numbers.code_in(code))
    home = await where(house, said) if isinstance(said, str) and len(said) == CODE_LENGTH else None
    if isinstance(said, Refusal) or home is None:
        return said if isinstance(said, Refusal) else Refusal(Code.UNKNOWN_CODE)
    if home is not office:
        return Refusal(Code.OTHER_OFFICE, {"office_name": home.office.name})
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store_bookings.by_code(connection, said)
    return booking or Refusal(Code.UNKNOWN_CODE)


def admit(
    office: Followed, world: World, booking: BookingId, at: datetime
) -> tuple[Admission, Booking, Booking] | Refusal:
    """How a booking enters the line at `at` (office time), as it was, and as it is from then on."""
    found = world.booking(booking)
    if found is None:
        return Refusal(Code.UNKNOWN_CODE)
    service = office.office.service(found.parts[0].service)
    emergency = service is not None and service.emergency
    admission = arrival.admit(found, at, rules=office.office.booking, emergency=emergency)
    if isinstance(admission, Refusal):
        return admission
    return admission, found, msgspec.structs.replace(found, state=BookingState.ARRIVED)


async def walk_in(
    house: House,
    slug: str,
    *,
    service: str,
    persons: int = 1,
    language: str = "de",
    postcode: str = "",
    urgency: Need | None = None,
    by: ActorId,
    key: str | None = None,
) -> TicketGiven | Refusal:
    """Take somebody without an appointment in, as long as the half day's quota lasts.

    An emergency may have an `urgency`; whether `by` may claim it is asked before (`rights.claims`).
    """
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    strange = unspoken(office, language)
    if strange is not None:
        return strange
    now = office.now()
    offered = on_offer(office, service, persons, postcode, now)
    if isinstance(offered, Refusal):
        return offered
    wanted = offered.service
    if urgency is not None and not wanted.emergency:
        return Refusal(Code.INVALID, {"field": "urgency", "reason": "is for emergencies"})
    stopped = None if wanted.emergency else office.office.relief.stopped_until(now)
    if stopped is not None:
        until = stopped.astimezone(office.office.tz)
        return Refusal(Code.TICKETS_STOPPED, {"until": until.isoformat()})
    visit, need = VisitId(uuid4()), NeedClass.EMERGENCY if wanted.emergency else NeedClass.WALK_IN
    fresh = numbers.open_series(now.date(), office.office.tickets.letters, _chance)
    net = dict.fromkeys(offered.quotas, 1)

    def decide(world: World) -> Told | Refusal:
        refusal = claims.fits(world, net)
        if refusal is not None:
            full = refusal.code is Code.SLOT_FULL
            return Refusal(Code.WALK_INS_FULL if full else Code.CLOSED, {"service": service})
        at = world.now.astimezone(office.office.tz)
        parts = (Part(wanted.code, persons),)
        arrived = new_visit(visit, need, parts, language, at, at, urgency=urgency)
        return enter(house, office, world, arrived, "wait", fresh=fresh, net=net)

    receipt = walk_in_receipt(slug, by, key, service, persons, language, postcode, urgency)
    needs = Needs(cells=offered.quotas, series=(fresh.day,))
    return await _told(house, office, by, needs, decide, receipt)


def on_offer(
    office: Followed, service: str, persons: int, postcode: str, at: datetime
) -> Offered | Refusal:
    """Whether so many persons from there could walk in for that service at `at` (office time)."""
    offered = office.office.service(service)
    if offered is None:
        return Refusal(Code.UNKNOWN_SERVICE, {"service": service})
    if not 1 <= persons <= offered.max_persons:
        return Refusal(
            Code.TOO_MANY_PERSONS, {"service": service, "max_persons": offered.max_persons}
        )
    elsewhere = None if offered.emergency else gate(office.office, postcode=postcode)
    if elsewhere is not None:
        return elsewhere
    able = any(offered.code in counter.skills for counter in office.office.counters)
    if not offered.walk_in or not able:
        return Refusal(Code.NO_WALK_INS, {"service": service})
    quotas = _quotas(office, offered.code)
    if not any(start <= at < end for start, end in open_for(office, offered.code, at)):
        opens = numbers_from(office, offered.code, at)
        known = {"numbers_from": opens.astimezone(office.office.tz).isoformat()} if opens else {}
        return Refusal(Code.CLOSED, {"service": service, **known})
    zone, limits = office.office.tz, office.key.limits
    return Offered(
        offered, tuple((limits[q.key], touched(q.period, at, at, zone)[0]) for q in quotas)
    )


def _quotas(office: Followed, service: ServiceCode) -> tuple[Limit, ...]:
    """The quotas of the half day or day that a walk-in for `service` takes one unit of."""
    return tuple(
        limit
        for limit in office.office.limits
        if limit.taker is Taker.WALK_IN
        and limit.period is not Period.TICK
        and service in limit.services
    )


def open_for(
    office: Followed, service: ServiceCode, day: datetime
) -> list[tuple[datetime, datetime]]:
    """When that day walk-ins for `service` are taken: every quota's hours, and shortly before.

    Without a quota the office's hours hold.
    """
    early = timedelta(minutes=office.office.booking.early_minutes)
    closed = public_holidays(office.office.land, (day.year,))
    found: list[tuple[datetime, datetime]] | None = None
    for hours in [quota.hours for quota in _quotas(office, service)] or [()]:
        opening = windows(office.office, hours, day.date(), closed)
        these = [(opens - early, closes) for opens, closes in opening]
        found = these if found is None else _both(found, these)
    return found or []


def numbers_from(
    office: Followed, service: ServiceCode, at: datetime, days: int = _DAYS_LOOKED_AT
) -> datetime | None:
    """From when on walk-ins for `service` are taken again: `at` itself, or later that day or week.

    None where that is on none of so many days.
    """
    for day in range(days):
        spans = open_for(office, service, at + timedelta(days=day))
        first = min((max(start, at) for start, end in spans if at < end), default=None)
        if first is not None:
            return first
    return None


def _both(
    some: list[tuple[datetime, datetime]], others: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    pairs = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [(start, end) for start, end in pairs if start < end]


def code_receipt(slug: str, by: ActorId, key: str | None, booking: Booking) -> ReceiptKey | None:
    """The receipt of a check-in by code, whether the network was there or not."""
    return receipt_for(f"{slug} {by}", key, "check_in", booking.id)


def walk_in_receipt(
    slug: str,
    by: ActorId,
    key: str | None,
    service: str,
    persons: int,
    language: str,
    home: str,
    urgency: Need | None = None,
) -> ReceiptKey | None:
    """The receipt of a walk-in, whether the network was there or not."""
    more = (urgency,) if urgency is not None else ()
    return receipt_for(f"{slug} {by}", key, "walk_in", service, persons, language, home, *more)


async def _told(
    house: House,
    office: Followed,
    by: ActorId,
    needs: Needs,
    decide: Decide,
    receipt: ReceiptKey | None,
) -> TicketGiven | Refusal:
    admitted = await settle(house, office, by, needs, decide, receipt)
    return admitted if isinstance(admitted, Refusal) else await given(house, office, admitted)
