"""The waiting list: join it, ask for an earlier place, come to the house, leave it.

Offers and their answers stand in `offers`, what the owner of a wish is told in `wishes`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.chance import fresh_id
from queue_service.flows.bookings import cards as card_flow
from queue_service.flows.bookings.booking import (
    Applicant,
    impossible_fields,
    missing_fields,
    person_key_of,
    services_of,
)
from queue_service.flows.bookings.proving import Proof, find, where
from queue_service.flows.spoken import unspoken
from queue_service.flows.waitlist.offers import (
    OfferGiven,
    OfferState,
    answer,
    ending,
    offer_places,
)
from queue_service.flows.waitlist.wishes import WishGiven, given, length, show
from queue_service.flows.waitlist.wishes import find as find_wish
from queue_service.flows.wish import Decide, Replayed, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import BookingState, Part
from queue_service.model.ids import APPLICANT, ActorId, BookingId, WishId
from queue_service.model.office import Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import Acceptable, Reach, Wish, WishClass, WishPerson, WishState
from queue_service.model.waitlist import WaitingNeeds
from queue_service.model.world import Needs, Told, World
from queue_service.offices import public_holidays
from queue_service.seals import new_code
from queue_service.slots import persons, waiting
from queue_service.slots.contact import plain_line
from queue_service.slots.openings import Request
from queue_service.slots.release import furthest
from queue_service.slots.waiting import Joined
from queue_service.slots.wishing import servable
from queue_service.store import wishes as store
from queue_service.store.database import transaction

__all__ = ["OfferGiven", "OfferState", "WishGiven", "answer", "length", "offer_places", "show"]

LONGEST = timedelta(days=180)
_joined = msgspec.json.Decoder(Joined)


async def wish(
    house: House,
    slug: str,
    *,
    parts: tuple[Part, ...],
    windows: tuple[Acceptable, ...] = (),
    until: datetime | None = None,
    applicant: Applicant,
    language: str,
    cards: tuple[bytes, ...] = (),
    key: str | None = None,
) -> WishGiven | Refusal:
    """Join the list of an office; without windows every day of the horizon suits."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    request = _listed(office, parts, language)
    if isinstance(request, Refusal):
        return request
    bound = await card_flow.checked(house, office, parts, cards)
    stale = bound if isinstance(bound, Refusal) else None
    if isinstance(bound, Refusal):
        if not (key and bound.code is Code.CARD_NOT_READY):
            return bound
        bound = cards
    services = services_of(office, parts)
    person_key = _key_of(house, office, services, applicant)
    if isinstance(person_key, Refusal):
        return person_key
    last = _last_of(office, request, windows, until)
    if isinstance(last, Refusal):
        if not key:
            return last
        stale, last = stale or last, office.now()
    made = Wish(
        WishId(fresh_id()),
        WishState.OPEN,
        WishClass.WITHOUT,
        parts,
        windows or (_any_day(office, last),),
        last,
        Reach.EMAIL if applicant.email else Reach.PAGE,
        language,
        persons.groups(services),
        person_key,
        new_code(),
        cards=bound,
    )
    person = WishPerson(
        made.id,
        plain_line(applicant.name),
        applicant.email.strip(),
        plain_line(applicant.phone),
        applicant.birth_date,
    )
    email_key = house.keys.email_key(slug, applicant.email)
    most = persons.most_live(office.office.limits_per_person, applicant.email)
    needs = Needs(
        people=persons.named(person_key, made.group),
        emails=(email_key,) if email_key and most else (),
        waiting=WaitingNeeds(people=(person_key,)),
    )
    said = house.keys.told(applicant)
    act = ("wish", parts, windows, until, said, language, *bound)

    def decide(world: World) -> Told | Refusal:
        if stale is not None:  # only now: a key given again is answered before
            return stale
        return waiting.join(world, made, person, email_key=email_key, most_live=most)

    return await _join(house, office, made, decide, needs, key, act)


async def earlier(
    house: House, code: str, proof: Proof, *, key: str | None = None
) -> WishGiven | Refusal:
    """Ask for an earlier place than the appointment of that code; twice shows the same wish."""
    found = await find(house, code, proof)
    if isinstance(found, Refusal):
        return found
    office, booking, contact = found
    if not office.office.waiting.open:
        return Refusal(Code.WAITING_CLOSED, {"office": office.key.slug})
    async with transaction(house.pool, office.key.authority) as connection:
        known = await store.of_booking(connection, office.key.office, booking.id)
    same = known is not None and known.until == booking.start > office.now()
    if known is not None and same and booking.state is BookingState.BOOKED:
        return await given(house, office, known)
    start = booking.start.astimezone(office.office.tz)
    person_key = booking.person_key or booking.id.bytes
    made = Wish(
        WishId(fresh_id()),
        WishState.OPEN,
        WishClass.EARLIER,
        booking.parts,
        (Acceptable(office.now().date(), start.date()),),
        booking.start,
        Reach.EMAIL if contact and contact.email else Reach.PAGE,
        booking.language,
        booking.group,
        person_key,
        new_code(),
        booking=booking.id,
    )
    # A row of its own: the address of the wish goes with the wish, that of the booking stays.
    person = None
    if contact is not None:
        person = WishPerson(made.id, contact.name, contact.email, contact.phone, contact.birth_date)
    needs = Needs(bookings=(booking.id,), waiting=WaitingNeeds(people=(person_key,)))
    act = ("earlier", booking.id)
    return await _join(
        house, office, made, lambda world: waiting.join(world, made, person), needs, key, act
    )


async def _join(
    house: House,
    office: Followed,
    made: Wish,
    decide: Decide,
    needs: Needs,
    key: str | None,
    act: Sequence[object],
) -> WishGiven | Refusal:
    done = await _turn(house, office, needs, decide, key, act, whose=made.booking)
    if isinstance(done, Refusal):
        return done
    return await show(house, done.code, house.keys.wish_secret(done.wish, done.generation))


async def _turn(
    house: House,
    office: Followed,
    needs: Needs,
    decide: Decide,
    key: str | None,
    act: Sequence[object],
    by: ActorId = APPLICANT,
    whose: BookingId | WishId | None = None,
) -> Joined | Refusal:
    """`whose`: what the act is about, so that a stranger's equal key is another key."""
    receipt = receipt_for(f"{office.key.slug} {whose}" if whose else office.key.slug, key, *act)
    done = await house.turn(office.key, by, needs, decide, receipt=receipt)
    told = _joined.decode(done.answer.answer) if isinstance(done.answer, Replayed) else done.answer
    if isinstance(told, Joined | Refusal):
        return told
    raise TypeError(f"a wish's turn answered {type(told).__name__}")


async def leave(
    house: House, code: str, secret: str, key: str | None = None
) -> WishGiven | Refusal:
    """Off the list; an offer that is open goes to the next. Twice is answered the same."""
    found = await find_wish(house, code, secret)
    if isinstance(found, Refusal):
        return found
    office, asked = found
    if asked.state is not WishState.OPEN:
        return await given(house, office, asked)
    known = await ending(house, office, asked)

    def decide(world: World) -> Told | Refusal:
        return waiting.leave(world, asked.id, known.made, known.grounds)

    done = await _turn(house, office, known.needs, decide, key, ("leave", asked.id), whose=asked.id)
    if isinstance(done, Refusal) and done.code is not Code.NOT_WAITING_ANY_MORE:
        return done
    return await show(house, code, secret)


async def come(house: House, slug: str, code: str, by: ActorId) -> WishGiven | Refusal:
    """A guide or the kiosk says that somebody on the list is in the house, for today.

    They need no notice then: what falls free at short notice is theirs at once, in their turn.
    """
    office = await where(house, code)
    if office is None or office.key.slug != slug:
        return Refusal(Code.UNKNOWN_CODE)
    async with transaction(house.pool, office.key.authority) as connection:
        asked = await store.by_code(connection, code)
    if asked is None:
        return Refusal(Code.UNKNOWN_CODE)
    today = office.now()
    until = today.replace(hour=23, minute=59, second=0, microsecond=0)
    needs = Needs(waiting=WaitingNeeds(wishes=(asked.id,)))
    done = await _turn(
        house, office, needs, lambda world: waiting.come(world, asked.id, until), None, (), by
    )
    if isinstance(done, Refusal):
        return done
    return await show(house, code, house.keys.wish_secret(asked.id, asked.generation))


def _listed(office: Followed, parts: tuple[Part, ...], language: str) -> Request | Refusal:
    """What somebody would wait for, where the list is open to them."""
    if not office.office.waiting.open:
        return Refusal(Code.WAITING_CLOSED, {"office": office.key.slug})
    return unspoken(office, language) or office.openings.request(parts)


def _key_of(
    house: House, office: Followed, services: Sequence[Service], applicant: Applicant
) -> bytes | Refusal:
    """How the person is known here, or which fields are missing or cannot be so."""
    missing = missing_fields(services, applicant)
    known = person_key_of(house, office, applicant)
    if missing or known is None:
        return Refusal(Code.FIELD_REQUIRED, {"fields": missing or ["email"]})
    return impossible_fields(office, applicant) or known


def _last_of(
    office: Followed, request: Request, windows: Sequence[Acceptable], until: datetime | None
) -> datetime | Refusal:
    """Until when the wish is looked at: as said, at most to the end of its last window."""
    now = office.now()
    for window in windows:
        if window.last < window.first or window.closes < window.opens:
            return Refusal(Code.INVALID, {"field": "windows"})
    latest = max((w.last for w in windows), default=now.date() + LONGEST)
    end = datetime.combine(min(latest, now.date() + LONGEST), datetime.max.time(), office.office.tz)
    if not windows and until is None:
        end = now + timedelta(days=2 * furthest(office.office))
    last = min(end, until) if until is not None else end
    if last <= now:
        return Refusal(Code.PAST, {"field": "until" if until and last == until else "windows"})
    if windows and not _servable(office, request, windows, last):
        reason = "no opening hours for this visit on these days and at these times"
        return Refusal(Code.CLOSED, {"field": "windows", "reason": reason})
    return last


def _servable(
    office: Followed, request: Request, windows: Sequence[Acceptable], last: datetime
) -> bool:
    now, until = office.now(), last.astimezone(office.office.tz)
    holidays = public_holidays(office.office.land, range(now.year, until.year + 1))
    return servable(office.office, request, windows, holidays, first=now, last=until)


def _any_day(office: Followed, last: datetime) -> Acceptable:
    return Acceptable(office.now().date(), last.astimezone(office.office.tz).date())
