"""At the entrance: what somebody holds up, whose it is, and where they stand in the line and why.

Looking changes nothing. What guides do about it are the acts of `arriving`, `hands` and
`journeys`, as everybody does them.
"""

import re
from datetime import datetime, time, timedelta

import msgspec

from queue_service.floor.line import Range
from queue_service.flows.bookings import sealing
from queue_service.flows.bookings.proving import where
from queue_service.flows.entrance import tickets
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import arrival, signed
from queue_service.kiosk.arrival import Admission
from queue_service.kiosk.signed import Verdict
from queue_service.kiosk.ticket import code_in
from queue_service.model.asking import Texts
from queue_service.model.booking import Booking, Part
from queue_service.model.codes import CODE_LENGTH, TOKEN_LENGTH
from queue_service.model.ids import ActorId, BookingId, VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, Step, Visit, VisitState
from queue_service.rights import Role
from queue_service.seals import as_uuid
from queue_service.store import bookings as store_bookings
from queue_service.store import finding as store
from queue_service.store import visits as store_visits
from queue_service.store.colleagues import with_role
from queue_service.store.database import transaction
from queue_service.views.desks import on_duty

_NUMBER = re.compile(r"[A-Z]\d{3}")
_SHAPES = frozenset({CODE_LENGTH, TOKEN_LENGTH, signed.SIGNED_LENGTH})
_LONGEST = 400
ACCEPTED_SHOWN = timedelta(minutes=15)
"""So long a guide sees where somebody they handed over was called to."""


class Seen(msgspec.Struct, frozen=True):
    """What was held up or typed; of this office, unless the verdict says another."""

    verdict: Verdict | None = None
    """Of a signed confirmation; None for a bare code or a number."""
    office: str = ""
    """Whose it is."""
    start: datetime | None = None
    """What was signed, or when the appointment is."""
    booking: Booking | None = None
    admission: Admission | Refusal | None = None
    """What a check-in would say now, for somebody who has not checked in."""
    visit: Visit | None = None


class Place(msgspec.Struct, frozen=True):
    """Where somebody stands, and what decides it."""

    state: VisitState
    need: NeedClass
    ahead: int
    emergencies_ahead: int
    wait: Range | None
    waited_minutes: int
    target_minutes: int
    due: datetime


def said(text: str) -> str:
    """The code or number in what was scanned or typed, in groups or not; empty when it is none."""
    text = text[:_LONGEST].upper()
    run = code_in("".join(text.split()))
    spelled = "".join(sign for sign in text if sign.isascii() and sign.isalnum())
    for found in (run, spelled):
        if len(found) in _SHAPES or _NUMBER.fullmatch(found):
            return found
    return ""


async def look(house: House, office: Followed, text: str) -> Seen | Refusal:
    """What `text` is worth here and now."""
    code = said(text)
    if _NUMBER.fullmatch(code):
        return await _of_number(house, office, code)
    if len(code) == TOKEN_LENGTH:
        found = await tickets.of_ticket(house, code)
        if isinstance(found, Refusal) or found[0] is not office:
            return Refusal(Code.UNKNOWN_TICKET)
        return Seen(office=office.key.slug, visit=_latest(office, found[1]))
    if signed.is_signed(code):
        return await _of_signed(house, office, code)
    home = await where(house, code) if len(code) == CODE_LENGTH else None
    if home is None:
        return Refusal(Code.UNKNOWN_CODE)
    if home is not office:
        return Refusal(Code.OTHER_OFFICE, {"office_name": home.office.name})
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store_bookings.by_code(connection, code)
    return await seen(house, office, booking) if booking else Refusal(Code.UNKNOWN_CODE)


async def _of_number(house: House, office: Followed, number: str) -> Seen | Refusal:
    midnight = datetime.combine(office.now().date(), time(), office.office.tz)
    async with transaction(house.pool, office.key.authority) as connection:
        visit = await store.by_number(connection, office.key.office, number, midnight)
    if visit is None:
        return Refusal(Code.UNKNOWN_TICKET)
    return Seen(office=office.key.slug, visit=_latest(office, visit))


async def _of_signed(house: House, office: Followed, text: str) -> Seen | Refusal:
    checked = await sealing.check(house, text, office.key.slug)
    if checked.office != office.key.slug:
        home = house.follower.office(checked.office)
        start = checked.start.astimezone(home.office.tz) if home and checked.start else None
        return Seen(checked.verdict, checked.office, start)
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store_bookings.by_code(connection, checked.code)
    start = checked.start.astimezone(office.office.tz) if checked.start else None
    if booking is None:
        return Seen(checked.verdict, checked.office, start)
    found = await seen(house, office, booking)
    return msgspec.structs.replace(found, verdict=checked.verdict, start=start)


async def seen(house: House, office: Followed, booking: Booking) -> Seen:
    """An appointment of this office: with its visit, or with what a check-in would say."""
    async with transaction(house.pool, office.key.authority) as connection:
        visit = await store.visit_of(connection, office.key.office, booking.id)
    start = booking.start.astimezone(office.office.tz)
    if visit is not None:
        found = _latest(office, visit)
        return Seen(office=office.key.slug, start=start, booking=booking, visit=found)
    service = office.office.service(booking.parts[0].service)
    emergency = service is not None and service.emergency
    admission = arrival.admit(
        booking, office.now(), rules=office.office.booking, emergency=emergency
    )
    return Seen(office=office.key.slug, start=start, booking=booking, admission=admission)


async def of_booking(house: House, office: Followed, local: str) -> Seen | Refusal:
    """The appointment of that number within the office."""
    number = as_uuid(local)
    if number is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store_bookings.by_id(connection, office.key.office, BookingId(number))
    if booking is None or booking.code is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    return await seen(house, office, booking)


async def of_visit(house: House, office: Followed, local: str) -> Visit | Refusal:
    """The visit of that number within the office, as the views have it."""
    number = as_uuid(local)
    if number is None:
        return Refusal(Code.UNKNOWN_VISIT)
    async with transaction(house.pool, office.key.authority) as connection:
        visit = await store_visits.by_id(connection, office.key.office, VisitId(number))
    return _latest(office, visit) if visit is not None else Refusal(Code.UNKNOWN_VISIT)


def place(office: Followed, visit: Visit) -> Place:
    """Where `visit` stands in the line now."""
    now, line = office.now(), office.line
    waiting = visit.state is VisitState.WAITING
    before: list[Visit] = []
    for other in line.waiting(now) if waiting else ():
        if other.id == visit.id:
            break
        before.append(other)
    minutes = office.office.line
    targets = {
        NeedClass.EMERGENCY: minutes.emergency_minutes,
        NeedClass.BOOKING: minutes.booking_minutes,
        NeedClass.WALK_IN: minutes.walk_in_minutes,
    }
    return Place(
        visit.state,
        visit.need,
        line.ahead(visit, now) if waiting else 0,
        sum(other.need is NeedClass.EMERGENCY for other in before),
        line.wait(visit, now) if waiting else None,
        max(0, int((now - visit.due).total_seconds()) // 60),
        targets[visit.need],
        visit.due.astimezone(office.office.tz),
    )


def papers(office: Followed, parts: tuple[Part, ...]) -> tuple[Texts, ...]:
    """What to bring for these services, each paper once."""
    found: dict[str, Texts] = {}
    for part in parts:
        service = office.office.service(part.service)
        for paper in service.bring if service else ():
            found.setdefault(paper.get("de", ""), paper)
    return tuple(found.values())


def _latest(office: Followed, stored: Visit) -> Visit:
    return office.line.visit(stored.id) or stored


class Colleague(msgspec.Struct, frozen=True):
    """A case worker to whom an emergency may be handed by name."""

    actor: ActorId
    name: str
    counter: str = ""
    """Where they work now; empty while they are at no counter."""
    free: bool = False


async def colleagues(house: House, office: Followed) -> list[Colleague]:
    """The case workers of the office, those at a free counter first."""
    async with transaction(house.pool, office.key.authority) as connection:
        known = await with_role(connection, office.key.office, Role.CASE_WORKER.value)
    seats = {
        desk.by: (counter.key, office.line.at(counter.key) is None)
        for counter in on_duty(office.office, office.desks)
        if (desk := office.desks.get(counter.key)) is not None
    }
    found = [Colleague(actor, name, *seats.get(actor, ("", False))) for actor, name in known]
    return sorted(found, key=lambda each: (not each.free, not each.counter, each.name))


def case_workers_open(office: Followed) -> bool:
    """Whether any counter of a case worker calls now: else nobody hears of an emergency."""
    return any(Step.CASE_WORKER in c.steps for c in on_duty(office.office, office.desks))


def accepted(office: Followed) -> list[Visit]:
    """Emergencies that a counter has called lately, the latest first."""
    since = office.now() - ACCEPTED_SHOWN
    called = [
        visit
        for visit in office.line.called()
        if visit.need is NeedClass.EMERGENCY and visit.called_at and visit.called_at >= since
    ]
    return sorted(called, key=lambda visit: visit.called_at or since, reverse=True)
