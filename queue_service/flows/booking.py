"""Booking: confirm, show, move, cancel, and booking by staff - one turn each."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from queue_service.events.booking import CancelReason
from queue_service.flows.holding import (
    HoldGiven,
    as_given,
    at_home,
    end_booking,
    extend,
    held,
    hold,
    release,
    wanted,
    with_alternatives,
)
from queue_service.flows.proving import Proof, find, held_by
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState, Part, Person
from queue_service.model.ids import APPLICANT, ActorId, BookingId
from queue_service.model.office import Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.seals import new_code
from queue_service.slots import holds, life
from queue_service.slots.claims import cells_of

__all__ = ["HoldGiven", "extend", "held", "hold", "release"]


class Applicant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes; which fields are required is the service's configuration."""

    name: str = ""
    email: str = ""
    phone: str = ""
    birth_date: date | None = None
    document: str = ""


class BookingGiven(msgspec.Struct, frozen=True):
    """A binding booking with everything its owner needs."""

    code: str
    secret: str
    pin: str
    state: BookingState
    start: datetime
    end: datetime
    office: str
    parts: tuple[Part, ...]
    language: str
    name: str = ""
    booking: BookingId = BookingId(UUID(int=0))


def booking_given(
    house: House, office: Followed, told: holds.Given, name: str = ""
) -> BookingGiven:
    """The answer with its secrets put back in."""
    zone = office.office.tz
    return BookingGiven(
        told.code or "",
        house.keys.booking_secret(told.booking, told.generation),
        house.keys.booking_pin(told.booking, told.generation),
        told.state,
        told.start.astimezone(zone),
        told.end.astimezone(zone),
        office.key.slug,
        tuple(Part(s, p) for s, p in told.parts),  # type: ignore[arg-type]  # codes were checked when booked
        told.language,
        name,
        told.booking,
    )


def missing_fields(service: Service, applicant: Applicant) -> list[str]:
    """Required fields of the service that were left empty."""
    return [f for f in service.required if not getattr(applicant, f, None)]


async def confirm(
    house: House,
    hold: str,
    secret: str,
    applicant: Applicant,
    language: str,
    key: str | None = None,
) -> BookingGiven | Refusal:
    """Make a hold binding for `applicant`."""
    found = await held_by(house, (hold, secret))
    if found is None:
        return Refusal(Code.WRONG_SECRET)
    office, booking = found
    service = office.office.service(booking.parts[0].service)
    if service is None:
        return Refusal(Code.UNKNOWN_SERVICE, {"service": booking.parts[0].service})
    missing = missing_fields(service, applicant)
    if missing:
        return Refusal(Code.FIELD_REQUIRED, {"fields": missing})
    person_key = person_key_of(house, office, applicant)
    person = person_of(booking.id, applicant)
    code, clock = new_code(), office.clock

    def decide(world: World) -> Told | Refusal:
        return life.confirm(
            world,
            booking.id,
            person=person,
            person_key=person_key,
            code=code,
            service=service,
            language=language,
            clock=clock,
        )

    needs = Needs(
        bookings=(booking.id,), people=((person_key, service.group),) if person_key else ()
    )
    receipt = receipt_for(office.key.slug, key, "confirm", booking.id, applicant, language)
    answer = as_given(await house.turn(office.key, APPLICANT, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        return answer
    return booking_given(house, office, answer, applicant.name)


def person_key_of(house: House, office: Followed, applicant: Applicant) -> bytes | None:
    """The keyed hash under which an applicant is known in this office."""
    return house.keys.person_key(
        office.key.slug,
        document=applicant.document,
        birth_date=applicant.birth_date,
        name=applicant.name,
        contact=applicant.email or applicant.phone,
    )


def person_of(booking: BookingId, applicant: Applicant) -> Person:
    """Contact data as stored: one line each, no document number."""
    return Person(
        booking,
        " ".join(applicant.name.split()),
        applicant.email.strip(),
        applicant.phone.strip(),
        applicant.birth_date,
    )


async def show(house: House, code: str, proof: Proof) -> BookingGiven | Refusal:
    """A booking to whoever proves it is theirs."""
    found = await find(house, code, proof)
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    return booking_given(house, office, holds.given(booking), person.name if person else "")


async def confirm_mailed(house: House, code: str, secret: str) -> BookingGiven | Refusal:
    """The link in the letter was opened; twice is answered kindly."""
    found = await find(house, code, Proof(secret=secret))
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    name = person.name if person else ""
    if booking.state is not BookingState.PENDING:
        return booking_given(house, office, holds.given(booking), name)

    def decide(world: World) -> Told | Refusal:
        return life.confirm_mailed(world, booking.id)

    needs = Needs(bookings=(booking.id,))
    answer = as_given(await house.turn(office.key, APPLICANT, needs, decide))
    return answer if isinstance(answer, Refusal) else booking_given(house, office, answer, name)


async def move(
    house: House, code: str, proof: Proof, start: datetime, key: str | None = None
) -> BookingGiven | Refusal:
    """Take another start and give the old one back, in one claim."""
    found = await find(house, code, proof)
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    start = at_home(office, start)
    request = wanted(office, booking.parts, start)
    if isinstance(request, Refusal):
        return request
    rules, once = office.office.booking, office.openings.once_of(request, start)

    def decide(world: World) -> Told | Refusal:
        return life.move(world, booking.id, start=start, once=once, rules=rules)

    # It keeps the limits and the length it was booked with, whatever a new booking would take.
    cells = cells_of(booking.limits, start, start + (booking.end - booking.start))
    needs = Needs(bookings=(booking.id,), cells=cells + once)
    receipt = receipt_for(office.key.slug, key, "move", booking.id, start.isoformat())
    answer = as_given(await house.turn(office.key, APPLICANT, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        return with_alternatives(office, request, start, answer)
    return booking_given(house, office, answer, person.name if person else "")


async def cancel(
    house: House, code: str, proof: Proof, key: str | None = None
) -> BookingGiven | Refusal:
    """End a booking before its time; cancelling twice answers the same."""
    found = await find(house, code, proof)
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    name = person.name if person else ""
    if booking.state is BookingState.CANCELLED:
        return booking_given(house, office, holds.given(booking), name)
    answer = await end_booking(house, office, booking.id, CancelReason.APPLICANT, APPLICANT, key)
    return answer if isinstance(answer, Refusal) else booking_given(house, office, answer, name)


async def book_by_staff(
    house: House,
    slug: str,
    *,
    parts: tuple[Part, ...],
    start: datetime,
    applicant: Applicant,
    language: str,
    by: ActorId,
    exceed_reason: str = "",
    key: str | None = None,
) -> BookingGiven | Refusal:
    """Staff book on the same cells, without a hold; beyond capacity only with a reason."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    start = at_home(office, start)
    request = wanted(office, parts, start)
    if isinstance(request, Refusal):
        return request
    service = office.office.service(parts[0].service)
    if service is None:
        return Refusal(Code.UNKNOWN_SERVICE, {"service": parts[0].service})
    missing = [f for f in missing_fields(service, applicant) if f == "name"]
    if missing:
        return Refusal(Code.FIELD_REQUIRED, {"fields": missing})
    person_key = person_key_of(house, office, applicant)
    booking = Booking(
        BookingId(uuid4()),
        BookingState.BOOKED,
        start,
        start + timedelta(minutes=request.minutes),
        parts,
        office.openings.limits_of(request),
        language,
        office.openings.once_of(request, start),
        code=new_code(),
        group=service.group,
        person_key=person_key,
    )
    person, rules = person_of(booking.id, applicant), office.office.booking

    def decide(world: World) -> Told | Refusal:
        return life.book_by_staff(
            world, booking, person=person, exceed_reason=exceed_reason, rules=rules
        )

    needs = Needs(
        cells=office.openings.cells_for(request, start),
        people=((person_key, service.group),) if person_key else (),
    )
    receipt = receipt_for(slug, key, "staff", start.isoformat(), parts, applicant, exceed_reason)
    answer = as_given(await house.turn(office.key, by, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        return with_alternatives(office, request, start, answer)
    return booking_given(house, office, answer, person.name)
