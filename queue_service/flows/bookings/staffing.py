"""What staff do with one booking: book, move, restore, cancel, mark a no-show - one turn each.

Staff obey the same cells as everybody. They book past the lead time; beyond the places only with
a reason code and a role that may (`rights`). Two bookings at once: `swapping`.
"""

from datetime import datetime

import msgspec

from queue_service.events.booking import CancelReason, ExceedReason, RestoreReason
from queue_service.flows.bookings import cards as card_flow
from queue_service.flows.bookings import resting
from queue_service.flows.bookings.booking import (
    Applicant,
    BookingGiven,
    booking_given,
    impossible_fields,
    missing_fields,
    person_key_of,
    person_of,
    services_of,
)
from queue_service.flows.bookings.holding import (
    as_given,
    end_booking,
    instant,
    visit_of,
    wanted,
    with_alternatives,
)
from queue_service.flows.bookings.moving import move_to
from queue_service.flows.bookings.proving import where
from queue_service.flows.spoken import unspoken
from queue_service.flows.wish import ReceiptKey, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState, Part, Person
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.seals import new_code
from queue_service.slots import life, persons, restoring
from queue_service.slots.cards import claimed
from queue_service.slots.claims import taken_by
from queue_service.slots.release import without_lead
from queue_service.store import bookings as store
from queue_service.store.database import transaction


async def book(
    house: House,
    slug: str,
    *,
    parts: tuple[Part, ...],
    start: datetime,
    applicant: Applicant,
    language: str,
    by: ActorId,
    exceed_reason: ExceedReason | None = None,
    cards: tuple[bytes, ...] = (),
    key: str | None = None,
) -> BookingGiven | Refusal:
    """Book on the same cells, without a hold; beyond capacity only with a reason.

    `cards` are bound as by a hold, all or none. Staff may leave them away: on the phone nobody has
    the letter at hand.
    """
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    strange = unspoken(office, language)
    if strange is not None:
        return strange
    start = instant(start)
    request = wanted(office, parts, start)
    if isinstance(request, Refusal):
        return request
    services = services_of(office, parts)
    missing = [f for f in missing_fields(services, applicant) if f == "name"]
    if missing:
        return Refusal(Code.FIELD_REQUIRED, {"fields": missing})
    wrong = impossible_fields(office, applicant)
    if wrong is not None:
        return wrong
    again = bool(key)
    bound = await card_flow.checked(house, office, parts, cards, again=again) if cards else ()
    if isinstance(bound, Refusal):
        return bound
    person_key = person_key_of(house, office, applicant)
    booking = msgspec.structs.replace(
        visit_of(office, request, start, language, BookingState.BOOKED),
        code=new_code(),
        group=persons.groups(services),
        person_key=person_key,
        email_key=house.keys.email_key(slug, applicant.email),
    )
    person, rules = person_of(booking.id, applicant), office.rules_for(parts)
    zone = office.office.tz
    reason = exceed_reason.value if exceed_reason else ""

    def decide(world: World) -> Told | Refusal:
        told = life.book_by_staff(
            world, booking, person=person, exceed_reason=reason, rules=rules, zone=zone
        )
        return claimed(world, told, bound, booking.id)

    needs = Needs(
        cells=office.openings.cells_for(request, start),
        people=persons.named(person_key, booking.group),
        cards=bound,
    )
    said = house.keys.told(applicant)
    act = ("staff", start.isoformat(), parts, said, language, reason, *bound)
    receipt = receipt_of(office, by, key, *act)
    answer = as_given(await house.turn(office.key, by, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        answer = card_flow.with_next_check(office, answer)
        return with_alternatives(office, request, start, answer)
    return booking_given(house, office, answer, person.name)


def receipt_of(office: Followed, by: ActorId, key: str | None, *act: object) -> ReceiptKey | None:
    """Of one member of staff: a colleague's key is another key."""
    return receipt_for(_scope(office, by), key, *act)


def _scope(office: Followed, by: ActorId) -> str:
    return f"{office.key.slug} {by}"


async def look(
    house: House, slug: str, code: str
) -> tuple[Followed, Booking, Person | None] | Refusal:
    """The booking of `code` in this office, for staff who need no second factor."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    if not 0 < len(code) <= 64 or await where(house, code) is not office:
        return Refusal(Code.UNKNOWN_BOOKING)
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store.by_code(connection, code)
        person = await store.person(connection, booking.id) if booking else None
    return (office, booking, person) if booking else Refusal(Code.UNKNOWN_BOOKING)


async def move(
    house: House, slug: str, code: str, start: datetime, *, by: ActorId, key: str | None = None
) -> BookingGiven | Refusal:
    """Move somebody's booking; as by themselves, but without the lead time."""
    found = await look(house, slug, code)
    if isinstance(found, Refusal):
        return found
    office, booking, _ = found
    rules = without_lead(office.rules_for(booking.parts))
    scope = _scope(office, by)
    return await move_to(house, found, start, by=by, rules=rules, scope=scope, key=key)


async def restore(
    house: House,
    slug: str,
    code: str,
    *,
    reason: RestoreReason,
    by: ActorId,
    start: datetime | None = None,
    key: str | None = None,
) -> BookingGiven | Refusal:
    """Book again what was cancelled or missed, in its own place or at `start`.

    Where the own place is gone the refusal names the nearest ones.
    """
    found = await look(house, slug, code)
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    begins = instant(start or booking.start)
    request = wanted(office, booking.parts, begins)
    if isinstance(request, Refusal):
        return request
    shape = visit_of(office, request, begins, booking.language, booking.state)
    # Who was missed still has their cells; anybody else takes what such a visit takes now: old
    # limits may be gone, and new ones would be oversold.
    stays = booking.state is BookingState.NO_SHOW and begins == booking.start
    again = booking if stays else life.standing_in(booking, shape)
    rules, zone = office.rules_for(booking.parts), office.office.tz
    rest, own = resting.rest(office), await resting.own(house, office, booking.id)
    cards = booking.cards if card_flow.wants_cards(office, booking.parts) else ()

    def decide(world: World) -> Told | Refusal:
        told = restoring.restore(
            world, again, reason=reason, rules=rules, zone=zone, rest=rest, own=own
        )
        return claimed(world, told, cards, booking.id)

    occupied = msgspec.structs.replace(again, state=BookingState.BOOKED)
    needs = Needs(
        bookings=(booking.id, *own),
        cells=taken_by(occupied),
        people=persons.named(booking.person_key, booking.group),
        cards=cards,
    )
    # As it was asked: where its own place is may change after the key was used.
    place = begins.isoformat() if start else "own"
    receipt = receipt_of(office, by, key, "restore", booking.id, place, reason)
    answer = as_given(await house.turn(office.key, by, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        answer = card_flow.with_next_check(office, answer)
        return with_alternatives(office, request, begins, answer)
    return booking_given(house, office, answer, person.name if person else "")


async def no_show(
    house: House, slug: str, code: str, *, by: ActorId, key: str | None = None
) -> BookingGiven | Refusal:
    """Mark that nobody came; `restore` takes it back."""
    found = await look(house, slug, code)
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    rules, zone = office.office.booking, office.office.tz

    def decide(world: World) -> Told | Refusal:
        return restoring.no_show(world, booking.id, rules=rules, zone=zone)

    receipt = receipt_of(office, by, key, "no_show", booking.id)
    needs = Needs(bookings=(booking.id,))
    answer = as_given(await house.turn(office.key, by, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        return answer
    return booking_given(house, office, answer, person.name if person else "")


async def cancel(
    house: House, slug: str, code: str, *, by: ActorId, key: str | None = None
) -> BookingGiven | Refusal:
    """Cancel for somebody who asked at the counter or by phone; they get a letter."""
    found = await look(house, slug, code)
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    scoped = f"{by} {key}" if key else None
    answer = await end_booking(house, office, booking.id, CancelReason.OFFICE, by, scoped)
    if isinstance(answer, Refusal):
        return answer
    return booking_given(house, office, answer, person.name if person else "")
