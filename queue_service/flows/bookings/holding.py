"""Holding places: hold, extend, release - one turn each; "sold out" from memory where certain."""

from datetime import UTC, datetime, timedelta

import msgspec

from queue_service.chance import fresh_id
from queue_service.events.booking import CancelReason
from queue_service.flows.bookings import cards as card_flow
from queue_service.flows.bookings import resting
from queue_service.flows.bookings.proving import held_by
from queue_service.flows.spoken import unspoken
from queue_service.flows.wish import Done, Replayed, mark, mark_of, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import APPLICANT, ActorId, BookingId, address
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.slots import holds, life
from queue_service.slots.calendar import later
from queue_service.slots.cards import claimed
from queue_service.slots.openings import Request
from queue_service.slots.release import may_start

_FRESH = timedelta(seconds=2)
"""Memory of full cells is trusted only while the follower is this close to the journal's end."""
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class HoldGiven(msgspec.Struct, frozen=True):
    """Places that are free for one person until `expires_at`."""

    hold: str
    secret: str
    start: datetime
    end: datetime
    expires_at: datetime
    extensions_left: int


def _hold_given(house: House, office: Followed, told: holds.Given) -> HoldGiven:
    zone = office.office.tz
    return HoldGiven(
        address(office.key.slug, told.booking),
        house.keys.booking_secret(told.booking, told.generation),
        told.start.astimezone(zone),
        told.end.astimezone(zone),
        (told.until or told.start).astimezone(zone),
        told.extensions_left,
    )


_given = msgspec.json.Decoder(holds.Given)


def as_given(done: Done) -> holds.Given | Refusal:
    """What a turn answered for a booking, replayed or new."""
    answer = done.answer
    if isinstance(answer, Replayed):
        return _given.decode(answer.answer)
    if isinstance(answer, (holds.Given, Refusal)):
        return answer
    raise TypeError(f"a booking's turn answered {type(answer).__name__}")


async def hold(
    house: House,
    slug: str,
    *,
    parts: tuple[Part, ...],
    start: datetime,
    language: str,
    key: str | None = None,
    replaces: tuple[str, str] | None = None,
    cards: tuple[bytes, ...] = (),
) -> HoldGiven | Refusal:
    """Hold places for one person.

    `start` is aware. A certainly full start is refused from memory; `replaces` is the same
    browser's live hold (id, secret), given back in the same claim. `cards` are bound by it where
    the service goes by cards.
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
    old = await held_by(house, replaces) if replaces else None
    replaced = old[1].id if old and old[0] is office else None
    now = office.now()
    bound = await card_flow.checked(house, office, parts, cards, replaced, again=bool(key))
    if isinstance(bound, Refusal):
        return bound
    if replaced is None and _refused_from_memory(office, request, start, now, key):
        return full(office, request, start, now)
    receipt = receipt_for(slug, key, "hold", start.isoformat(), parts, language, *bound)
    booking = visit_of(office, request, start, language, BookingState.HELD)
    own = await resting.own(house, office, replaced)
    needs = Needs(
        cells=office.openings.cells_for(request, start),
        bookings=(replaced, *own) if replaced else (),
        cards=bound,
    )
    rules, zone, clock = office.rules_for(parts), office.office.tz, office.clock
    rest = resting.rest(office)

    def decide(world: World) -> Told | Refusal:
        told = holds.hold(
            world,
            booking,
            rules=rules,
            zone=zone,
            clock=clock,
            receipt=mark(receipt.key) if receipt else "",
            replaces=replaced,
            rest=rest,
            own=own,
        )
        return claimed(world, told, bound, booking.id, replaces=replaced)

    answer = as_given(await house.turn(office.key, APPLICANT, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        refusal = card_flow.with_next_check(office, answer)
        return with_alternatives(office, request, start, refusal)
    return _hold_given(house, office, answer)


def visit_of(
    office: Followed, request: Request, start: datetime, language: str, state: BookingState
) -> Booking:
    """A new booking of what `request` takes at `start` (UTC), as the office's rules are now."""
    return Booking(
        BookingId(fresh_id()),
        state,
        start,
        later(start, timedelta(minutes=request.minutes)),
        request.parts,
        office.openings.limits_of(request),
        language,
        office.openings.once_of(request, start),
        buffer=request.buffer,
    )


def scope_of(office: Followed, booking: BookingId) -> str:
    """Where the keys of acts on one booking count: a stranger's equal key is another key."""
    return f"{office.key.slug} {booking}"


def instant(start: datetime) -> datetime:
    """`start` in UTC; what lies beyond every calendar, where no zone can count, is past or far."""
    if start.year < _EARLIEST.year:
        return _EARLIEST
    return min(start.astimezone(UTC), _LATEST) if start.year <= _LATEST.year else _LATEST


def wanted(office: Followed, parts: tuple[Part, ...], start: datetime) -> Request | Refusal:
    """What a visit needs at `start`, or why there is no such start."""
    request = office.openings.request(parts)
    if isinstance(request, Refusal):
        return request
    if not office.openings.starts_here(start):
        now = office.now()
        refusal = Refusal(Code.NOT_A_START, {"grid_minutes": office.office.booking.grid_minutes})
        return _add_alternatives(office, request, start, refusal, now)
    return request


def _refused_from_memory(
    office: Followed, request: Request, start: datetime, now: datetime, key: str | None
) -> bool:
    return (
        office.openings.certainly_full(request, start, now)
        and memory_may_refuse(office, key, now)
        and may_start(office.office, request.parts, start, now) is None
    )


def memory_may_refuse(office: Followed, key: str | None, now: datetime) -> bool:
    """Whether what memory calls full may be refused: nothing is due, nobody used the key, fresh."""
    return (
        not office.openings.has_due(now)
        and not office.openings.knows_key(mark_of(office.key.slug, key))
        and office.is_fresh(_FRESH)
    )


def is_certainly_full(
    office: Followed, parts: tuple[Part, ...], start: datetime, now: datetime
) -> bool:
    """Whether memory alone refuses a hold of these parts at `start` that nobody has sent yet."""
    start = instant(start)
    request = office.openings.request(parts)
    return (
        isinstance(request, Request)
        and office.openings.starts_here(start)
        and _refused_from_memory(office, request, start, now, None)
    )


def full(office: Followed, request: Request, start: datetime, now: datetime) -> Refusal:
    """`slot_full` with the three nearest alternatives."""
    return _add_alternatives(office, request, start, Refusal(Code.SLOT_FULL), now)


def with_alternatives(
    office: Followed, request: Request, start: datetime, refusal: Refusal
) -> Refusal:
    """A refusal of a start says what could be had instead."""
    if refusal.code in (Code.SLOT_FULL, Code.CLOSED, Code.PAST, Code.NOT_BOOKABLE_YET):
        return _add_alternatives(office, request, start, refusal, office.now())
    return refusal


def _add_alternatives(
    office: Followed, request: Request, start: datetime, refusal: Refusal, now: datetime
) -> Refusal:
    length = timedelta(minutes=request.visit_minutes)
    found = [
        {"start": s.start, "end": later(s.start, length), "places": s.places}
        for s in office.openings.alternatives(request, start, now, others=True)
    ]
    return Refusal(refusal.code, refusal.data | {"alternatives": found})


async def held(house: House, hold: str, secret: str) -> HoldGiven | Refusal:
    """The live hold, read only."""
    found = await held_by(house, (hold, secret))
    if found is None:
        return Refusal(Code.WRONG_SECRET)
    office, booking = found
    if booking.state is not BookingState.HELD or (booking.until or office.now()) <= office.now():
        return Refusal(Code.HOLD_EXPIRED)
    return _hold_given(house, office, holds.given(booking))


async def extend(
    house: House, hold: str, secret: str, key: str | None = None
) -> HoldGiven | Refusal:
    """A hold lasts some minutes longer, up to its cap."""
    found = await held_by(house, (hold, secret))
    if found is None:
        return Refusal(Code.WRONG_SECRET)
    office, booking = found
    rules, clock = office.office.booking, office.clock

    def decide(world: World) -> Told | Refusal:
        return holds.extend(world, booking.id, rules=rules, clock=clock)

    receipt = receipt_for(scope_of(office, booking.id), key, "extend", booking.id)
    needs = Needs(bookings=(booking.id,))
    answer = as_given(await house.turn(office.key, APPLICANT, needs, decide, receipt=receipt))
    return answer if isinstance(answer, Refusal) else _hold_given(house, office, answer)


async def release(house: House, hold: str, secret: str) -> Refusal | None:
    """Give a hold back before its end."""
    found = await held_by(house, (hold, secret))
    if found is None:
        return Refusal(Code.WRONG_SECRET)
    office, booking = found
    if booking.state is not BookingState.HELD:
        return Refusal(Code.HOLD_EXPIRED)
    answer = await end_booking(house, office, booking.id, CancelReason.RELEASED, APPLICANT, None)
    return answer if isinstance(answer, Refusal) else None


async def end_booking(
    house: House,
    office: Followed,
    booking: BookingId,
    reason: CancelReason,
    by: ActorId,
    key: str | None,
) -> holds.Given | Refusal:
    """End a hold or booking; its cells rest, or are free in the same turn."""
    rules, rest = office.office.booking, resting.rest(office)

    def decide(world: World) -> Told | Refusal:
        return life.cancel(world, booking, reason=reason, rules=rules, rest=rest)

    receipt = receipt_for(scope_of(office, booking), key, "cancel", booking)
    needs = Needs(bookings=(booking,))
    return as_given(await house.turn(office.key, by, needs, decide, receipt=receipt))
