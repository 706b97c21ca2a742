"""Booking by applicants: confirm, show, move, cancel - one turn each; staff: `staffing`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

import msgspec

from queue_service.events.booking import CancelReason
from queue_service.flows.bookings.holding import (
    HoldGiven,
    as_given,
    end_booking,
    extend,
    held,
    hold,
    release,
    scope_of,
)
from queue_service.flows.bookings.proving import Proof, find, held_by
from queue_service.flows.spoken import unspoken
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import BookingState, Part, Person
from queue_service.model.ids import APPLICANT, BookingId
from queue_service.model.office import Confirm, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.seals import new_code
from queue_service.slots import contact, holds, life, persons
from queue_service.slots.asking import flags_of

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
    overbooked: bool = False
    moved_from: datetime | None = None
    """Start before the last move."""
    until: datetime | None = None
    """Until when it can be confirmed, while it waits for that."""
    flags: tuple[str, ...] = ()
    """What the answers mean for the papers."""


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
        told.overbooked,
        told.moved_from and told.moved_from.astimezone(zone),
        told.until and told.until.astimezone(zone),
        told.flags,
    )


def services_of(office: Followed, parts: Sequence[Part]) -> tuple[Service, ...]:
    """The services of a visit, in the office's order: in which they were named says nothing."""
    codes = {part.service for part in parts}
    return tuple(service for service in office.office.services if service.code in codes)


def required_of(services: Iterable[Service]) -> tuple[str, ...]:
    """Fields of the applicant that a visit for these services requires: what each of them does."""
    return tuple(dict.fromkeys(field for service in services for field in service.required))


def missing_fields(services: Iterable[Service], applicant: Applicant) -> list[str]:
    """Required fields of the services that were left empty."""
    return [f for f in required_of(services) if not getattr(applicant, f, None)]


def impossible_fields(office: Followed, applicant: Applicant) -> Refusal | None:
    """`invalid` with every field that cannot be so, or None."""
    wrong = contact.impossible(
        name=applicant.name,
        email=applicant.email,
        phone=applicant.phone,
        birth_date=applicant.birth_date,
        document=applicant.document,
        today=office.now().astimezone(office.office.tz).date(),
    )
    return Refusal(Code.INVALID, {"fields": list(wrong)}) if wrong else None


async def confirm(
    house: House,
    hold: str,
    secret: str,
    applicant: Applicant,
    language: str,
    key: str | None = None,
    answers: Mapping[str, str] = MappingProxyType({}),
) -> BookingGiven | Refusal:
    """Make a hold binding for `applicant`; of `answers` only flags are kept."""
    found = await held_by(house, (hold, secret))
    if found is None:
        return Refusal(Code.WRONG_SECRET)
    office, booking = found
    services = services_of(office, booking.parts)
    if len(services) < len({part.service for part in booking.parts}):
        return Refusal(Code.UNKNOWN_SERVICE, {"service": booking.parts[0].service})
    missing = missing_fields(services, applicant)
    if missing:
        return Refusal(Code.FIELD_REQUIRED, {"fields": missing})
    wrong = impossible_fields(office, applicant) or unspoken(office, language)
    if wrong is not None:
        return wrong
    flags = flags_of(office.office, booking.parts, answers)
    if isinstance(flags, Refusal):
        return flags
    group = persons.groups(services)
    wants_link = any(service.confirm is Confirm.BY_MAIL for service in services)
    by_mail = wants_link and bool(applicant.email.strip())
    person_key = person_key_of(house, office, applicant)
    person = person_of(booking.id, applicant)
    code, clock = new_code(), office.clock
    email_key = house.keys.email_key(office.key.slug, applicant.email)
    most = persons.most_live(office.office.limits_per_person, applicant.email)

    def decide(world: World) -> Told | Refusal:
        return life.confirm(
            world,
            booking.id,
            person=person,
            person_key=person_key,
            code=code,
            group=group,
            by_mail=by_mail,
            language=language,
            clock=clock,
            confirm_minutes=office.office.booking.confirm_minutes,
            email_key=email_key,
            most_live=most,
            flags=flags,
        )

    needs = Needs(
        bookings=(booking.id,),
        people=persons.named(person_key, group),
        emails=(email_key,) if email_key and most else (),
    )
    said = house.keys.told(applicant)
    receipt = receipt_for(
        scope_of(office, booking.id), key, "confirm", booking.id, said, language, flags
    )
    answer = as_given(await house.turn(office.key, APPLICANT, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        return answer
    return booking_given(house, office, answer, person.name)


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
        contact.plain_line(applicant.name),
        applicant.email.strip(),
        contact.plain_line(applicant.phone),
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
    """The link in the letter was opened; twice is answered kindly, too late each time alike."""
    found = await find(house, code, Proof(secret=secret))
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    name = person.name if person else ""
    if booking.state in life.CONFIRMED:
        return booking_given(house, office, holds.given(booking), name)

    def decide(world: World) -> Told | Refusal:
        return life.confirm_mailed(world, booking.id)

    needs = Needs(bookings=(booking.id,))
    answer = as_given(await house.turn(office.key, APPLICANT, needs, decide))
    if isinstance(answer, Refusal) and answer.code is Code.ALREADY_BOOKED:
        # Used twice at once: both are told the same.
        return await show(house, code, Proof(secret=secret))
    return answer if isinstance(answer, Refusal) else booking_given(house, office, answer, name)


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
    if isinstance(answer, Refusal) and answer.code is Code.CANCELLED:
        # Cancelled twice at once: both are told the same.
        return await show(house, code, proof)
    return answer if isinstance(answer, Refusal) else booking_given(house, office, answer, name)
