"""Arriving: check in with a code or as a walk-in, and what the ticket shows from then on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from types import MappingProxyType
from uuid import UUID, uuid4

import msgspec

from queue_service.events.entry import BookingNow, VisitNow
from queue_service.events.floor import CheckedIn
from queue_service.floor.line import Range
from queue_service.flows import sealing
from queue_service.flows.proving import where
from queue_service.flows.tickets import first_wait, ticket
from queue_service.flows.wish import Decide, ReceiptKey, Replayed, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import arrival
from queue_service.kiosk import ticket as numbers
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.codes import CODE_LENGTH
from queue_service.model.ids import ActorId, BookingId, ServiceCode, VisitId
from queue_service.model.office import Limit, Period, Taker
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, TicketSeries, Visit, VisitState
from queue_service.model.world import CellKey, Needs, Told, World
from queue_service.offices import public_holidays
from queue_service.offices.jurisdiction import gate
from queue_service.slots import claims
from queue_service.slots.calendar import touched, windows
from queue_service.store import bookings as store_bookings
from queue_service.store import visits as store
from queue_service.store.database import transaction
from queue_service.store.told import code_hash

__all__ = ["ticket"]

_chance = SystemRandom()


class TicketGiven(msgspec.Struct, frozen=True):
    """A number in the hall, with the phone's way to follow it."""

    ticket: str
    number: str
    wait: Range
    instructions: str
    """Code of what to do now: wait · wait_early · late_walk_in · already_checked_in · go_to."""
    language: str
    visit: VisitId


class _Admitted(msgspec.Struct, frozen=True):
    visit: VisitId
    number: str
    instruction: str
    language: str


_admitted = msgspec.json.Decoder(_Admitted)


async def check_in(
    house: House, slug: str, code: str, by: ActorId, key: str | None = None
) -> TicketGiven | Refusal:
    """Check a booking in by its code; a second time answers with the same ticket."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    said = sealing.code_of(house, numbers.code_in(code))
    home = await where(house, said) if isinstance(said, str) and len(said) == CODE_LENGTH else None
    if isinstance(said, Refusal) or home is None:
        return said if isinstance(said, Refusal) else Refusal(Code.UNKNOWN_CODE)
    if home is not office:
        return Refusal(Code.OTHER_OFFICE, {"office_name": home.office.name})
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store_bookings.by_code(connection, said)
    if booking is None:
        return Refusal(Code.UNKNOWN_CODE)
    visit, day = VisitId(uuid4()), office.now().date()
    fresh = numbers.open_series(day, office.office.tickets.letters, _chance)

    def decide(world: World) -> Told | Refusal:
        return _admit(house, office, world, booking.id, visit, fresh)

    needs = Needs(bookings=(booking.id,), visits_of=(booking.id,), series=(fresh.day,))
    receipt = receipt_for(f"{slug} {by}", key, "check_in", said)
    return await _settle(house, office, by, needs, decide, receipt)


def _admit(
    house: House,
    office: Followed,
    world: World,
    booking: BookingId,
    visit: VisitId,
    fresh: TicketSeries,
) -> Told | Refusal:
    found = world.booking(booking)
    if found is None:
        return Refusal(Code.UNKNOWN_CODE)
    before = world.visit_of(booking)
    if before is not None:
        return Refusal(Code.ALREADY_BOOKED, {"visit": str(before.id), "number": before.number})
    now = world.now.astimezone(office.office.tz)
    service = office.office.service(found.parts[0].service)
    emergency = service is not None and service.emergency
    admitted = arrival.admit(found, now, rules=office.office.booking, emergency=emergency)
    if isinstance(admitted, Refusal):
        return admitted
    after = msgspec.structs.replace(found, state=BookingState.ARRIVED)
    return _enter(
        house,
        office,
        world,
        _new_visit(visit, admitted.need, found.parts, found.language, now, admitted.due, found),
        fresh,
        admitted.instruction,
        bookings=(after,),
        booking_before=found.seq,
    )


def _new_visit(
    visit: VisitId,
    need: NeedClass,
    parts: tuple[Part, ...],
    language: str,
    now: datetime,
    due: datetime,
    booking: Booking | None = None,
) -> Visit:
    return Visit(
        visit,
        "",
        VisitState.WAITING,
        need,
        parts,
        language,
        arrived=now,
        due=due,
        booking=booking.id if booking else None,
        flags=booking.flags if booking else (),
    )


def _enter(
    house: House,
    office: Followed,
    world: World,
    visit: Visit,
    fresh: TicketSeries,
    instruction: str,
    *,
    bookings: tuple[Booking, ...] = (),
    booking_before: int = 0,
    net: Mapping[CellKey, int] = MappingProxyType({}),
) -> Told:
    """Give the visit its number and tell that somebody arrived."""
    letters = office.office.tickets.letters
    number, series = numbers.next_number(world.series(fresh.day) or fresh, letters)
    entered = msgspec.structs.replace(
        visit, number=number, ticket_hash=code_hash(house.keys.ticket(visit.id))
    )
    return Told(
        CheckedIn(
            visits=(VisitNow.of(entered, 0),),
            bookings=tuple(BookingNow.of(b, booking_before) for b in bookings),
            cells=claims.left_after(world, net),
        ),
        visits=(entered,),
        bookings=bookings,
        series=series,
        net=dict(net),
        public_codes=(house.keys.ticket(visit.id),),
        answer=_Admitted(visit.id, number, instruction, visit.language),
    )


async def walk_in(
    house: House,
    slug: str,
    *,
    service: str,
    persons: int = 1,
    language: str = "de",
    postcode: str = "",
    by: ActorId,
    key: str | None = None,
) -> TicketGiven | Refusal:
    """Take somebody without an appointment in, as long as the half day's quota lasts."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
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
    now = office.now()
    quotas = _quotas(office, offered.code)
    if not _open_for(office, quotas, now):
        return Refusal(Code.CLOSED, {"service": service})
    zone = office.office.tz
    quota = tuple((office.key.limits[q.key], touched(q.period, now, now, zone)[0]) for q in quotas)
    visit, need = VisitId(uuid4()), NeedClass.EMERGENCY if offered.emergency else NeedClass.WALK_IN
    fresh = numbers.open_series(now.date(), office.office.tickets.letters, _chance)
    net = dict.fromkeys(quota, 1)

    def decide(world: World) -> Told | Refusal:
        refusal = claims.fits(world, net)
        if refusal is not None:
            full = refusal.code is Code.SLOT_FULL
            return Refusal(Code.WALK_INS_FULL if full else Code.CLOSED, {"service": service})
        at = world.now.astimezone(office.office.tz)
        arrived = _new_visit(visit, need, (Part(offered.code, persons),), language, at, at)
        return _enter(house, office, world, arrived, fresh, "wait", net=net)

    receipt = receipt_for(f"{slug} {by}", key, "walk_in", service, persons, language, postcode)
    needs = Needs(cells=quota, series=(fresh.day,))
    return await _settle(house, office, by, needs, decide, receipt)


def _quotas(office: Followed, service: ServiceCode) -> tuple[Limit, ...]:
    """The quotas of the half day or day that a walk-in for `service` takes one unit of."""
    return tuple(
        limit
        for limit in office.office.limits
        if limit.taker is Taker.WALK_IN
        and limit.period is not Period.TICK
        and service in limit.services
    )


def _open_for(office: Followed, quotas: tuple[Limit, ...], now: datetime) -> bool:
    """Whether every quota's hours (without one the office's) are on, or soon will be."""
    early = timedelta(minutes=office.office.booking.early_minutes)
    closed = public_holidays(office.office.land, (now.year,))
    return all(
        any(
            opens - early <= now < closes
            for opens, closes in windows(office.office, hours, now.date(), closed)
        )
        for hours in ([quota.hours for quota in quotas] or [()])
    )


async def _settle(
    house: House,
    office: Followed,
    by: ActorId,
    needs: Needs,
    decide: Decide,
    receipt: ReceiptKey | None,
) -> TicketGiven | Refusal:
    done = await house.turn(office.key, by, needs, decide, receipt=receipt, floor=True)
    answer = done.answer
    if isinstance(answer, Replayed):
        answer = _admitted.decode(answer.answer)
    if isinstance(answer, Refusal) and "visit" in answer.data:
        return await _again(house, office, VisitId(UUID(str(answer.data["visit"]))))
    if isinstance(answer, Refusal):
        return answer
    if not isinstance(answer, _Admitted):
        raise TypeError(f"a check-in's turn answered {type(answer).__name__}")
    return await _given(house, office, answer)


async def _again(house: House, office: Followed, visit: VisitId) -> TicketGiven | Refusal:
    """The ticket somebody has already, however often they scan."""
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.by_id(connection, office.key.office, visit)
    if found is None or found.state in (VisitState.FINISHED, VisitState.MISSED):
        return Refusal(Code.TOO_LATE)
    admitted = _Admitted(found.id, found.number, "already_checked_in", found.language)
    return await _given(house, office, admitted)


async def _given(house: House, office: Followed, admitted: _Admitted) -> TicketGiven:
    wait = await first_wait(office, admitted.visit)
    return TicketGiven(
        house.keys.ticket(admitted.visit),
        admitted.number,
        wait,
        admitted.instruction,
        admitted.language,
        admitted.visit,
    )
