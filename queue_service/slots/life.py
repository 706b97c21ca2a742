"""Life of a booking: confirm, move, cancel - decided on the world of a turn; before: `holds`.

Leaves alone: who asks (`rights`), secrets (`seals`), which starts exist (`openings`), the clock.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events import booking as facts
from queue_service.events.entry import BookingNow
from queue_service.model.booking import (
    EXPIRING,
    LIVE,
    Booking,
    BookingState,
    Person,
)
from queue_service.model.ids import BookingId
from queue_service.model.office import BookingRules, OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey, Told, World
from queue_service.slots import claims, holds, persons
from queue_service.slots.calendar import later
from queue_service.slots.holds import given, live_hold
from queue_service.slots.release import Rest, in_window, without_lead
from queue_service.slots.resting import exchange, resting_place

CONFIRMED = frozenset({BookingState.BOOKED, BookingState.ARRIVED, BookingState.SERVED})
"""States of a booking whose link was used; using it again is answered kindly."""


def confirm(
    world: World,
    booking: BookingId,
    *,
    person: Person,
    person_key: bytes | None,
    code: str,
    group: str,
    by_mail: bool,
    language: str,
    clock: OfficeClock,
    confirm_minutes: int = 60,
    email_key: bytes | None = None,
    most_live: int = 0,
    flags: tuple[str, ...] = (),
) -> Told | Refusal:
    """Make a hold binding, or pending until the mailed link is opened (`by_mail`).

    An address has at most `most_live` live bookings; 0 = without bound. `flags` are what the
    answers mean for the papers.
    """
    held = live_hold(world, booking)
    if isinstance(held, Refusal):
        return held
    refusal = persons.refused(
        world, group=group, person_key=person_key, email_key=email_key, most=most_live
    )
    if refusal is not None:
        return refusal
    until = holds.until(confirm_minutes, world.now, held.start, clock) if by_mail else None
    after = msgspec.structs.replace(
        held,
        state=BookingState.PENDING if by_mail else BookingState.BOOKED,
        until=until,
        code=code,
        group=group,
        person_key=person_key,
        email_key=email_key,
        language=language,
        flags=flags,
    )
    fact = facts.Booked(bookings=(BookingNow.of(after, held.seq),))
    return Told(
        fact, bookings=(after,), people=(person,), public_codes=(code,), answer=given(after)
    )


def confirm_mailed(world: World, booking: BookingId) -> Told | Refusal:
    """The mailed link was used: the booking is binding.

    Refused with `already_booked` when it is so already; whoever asks answers that kindly.
    """
    pending = world.booking(booking)
    if pending is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    if pending.state in CONFIRMED:
        return Refusal(Code.ALREADY_BOOKED)
    if pending.state is BookingState.CANCELLED:
        return Refusal(Code.CANCELLED)
    if pending.state is not BookingState.PENDING or (pending.until or world.now) <= world.now:
        return Refusal(Code.HOLD_EXPIRED)
    after = msgspec.structs.replace(pending, state=BookingState.BOOKED, until=None)
    fact = facts.Booked(bookings=(BookingNow.of(after, pending.seq),))
    return Told(fact, bookings=(after,), answer=given(after))


def book_by_staff(
    world: World,
    wanted: Booking,
    *,
    person: Person,
    exceed_reason: str,
    rules: BookingRules,
    zone: ZoneInfo,
) -> Told | Refusal:
    """Staff book directly on the same cells; only with a reason may they exceed capacity."""
    outside = in_window(wanted.start, world.now, without_lead(rules), zone)
    if outside is not None:
        return outside
    bound = persons.refused(world, group=wanted.group, person_key=wanted.person_key)
    if bound is not None:
        return bound
    change = claims.net((), (wanted,))
    refusal = claims.fits(world, change)
    grants = claims.exceeding(world, change) if refusal and exceed_reason else ()
    if refusal is not None and not exceed_reason:
        return refusal
    if isinstance(grants, Refusal):
        return grants
    after = msgspec.structs.replace(wanted, overbooked=bool(grants))
    fact = facts.BookedByStaff(
        bookings=(BookingNow.of(after, 0),),
        cells=claims.left_after(world, change),
        reason=exceed_reason if grants else "",
    )
    return Told(
        fact,
        bookings=(after,),
        people=(person,),
        net=change,
        grants=grants,
        public_codes=(after.code or "",),
        answer=given(after),
    )


def _binding(world: World, booking: BookingId) -> Booking | Refusal:
    found = world.booking(booking)
    if found is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    if found.state is BookingState.CANCELLED:
        return Refusal(Code.CANCELLED)
    if found.state in (BookingState.ARRIVED, BookingState.SERVED, BookingState.NO_SHOW):
        return Refusal(Code.TOO_LATE)
    if found.state not in (*LIVE, *EXPIRING):
        return Refusal(Code.HOLD_EXPIRED)
    return found


def move(
    world: World,
    booking: BookingId,
    *,
    start: datetime,
    once: tuple[CellKey, ...],
    rules: BookingRules,
    zone: ZoneInfo,
    shape: Booking | None = None,
    rest: Rest | None = None,
    own: tuple[BookingId, ...] = (),
    most_at_rest: int = 0,
) -> Told | Refusal:
    """Take the new cells and give back the old ones in one claim.

    Who may no longer cancel may not move away either: the place would be as late. Of the places
    that it left `most_at_rest` may be at rest at a time (0 = any number), else a single booking
    could take a whole day from everybody by moving through it.

    `shape` is a new visit of its kind at `start`: what it takes now, after edits of the office;
    without one it keeps the limits and the length it was booked with.
    Old cells rest; those of an earlier move (`own`) it may take again while they do. One that
    waits for its mailed link still does so afterwards, no longer than before nor than to its start.
    """
    found = movable(world, booking, LIVE)
    if isinstance(found, Refusal):
        return found
    outside = in_window(start, world.now, rules, zone)
    if outside is not None:
        return outside
    if fixed_from(found.start, rules) <= world.now:
        return Refusal(Code.TOO_LATE)
    if most_at_rest and _at_rest(world, own) >= most_at_rest:
        return Refusal(Code.TOO_MANY, {"retry_after_seconds": 600})
    there = shape or msgspec.structs.replace(
        found, start=start, end=later(start, found.end - found.start), once=once
    )
    after = msgspec.structs.replace(
        standing_in(found, there),
        moved_from=found.start,
        until=holds.until_start(found.until, world.now, there.start),
    )
    rests = exchange(world, found, after, rest, own=own)
    change = claims.net((found, *rests.before), (after, *rests.after))
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    over = found.overbooked and claims.still_exceeds(world, change, after)
    after = msgspec.structs.replace(after, overbooked=over)
    fact = facts.Moved(
        bookings=(
            BookingNow.of(after, found.seq),
            *(BookingNow.of(r, r.seq) for r in rests.after),
        ),
        cells=claims.left_after(world, change),
    )
    return Told(fact, bookings=(after, *rests.after), net=change, answer=given(after))


def fixed_from(start: datetime, rules: BookingRules) -> datetime:
    """From this instant on whoever has an appointment at `start` can neither move nor cancel it."""
    return start - timedelta(minutes=rules.cancel_minutes_before)


def _at_rest(world: World, own: Collection[BookingId]) -> int:
    found = (world.booking(each) for each in own)
    return sum(each is not None and each.state is BookingState.RESTING for each in found)


def standing_in(booking: Booking, place: Booking) -> Booking:
    """`booking` with the interval and the cells of `place`."""
    return msgspec.structs.replace(
        booking,
        start=place.start,
        end=place.end,
        limits=place.limits,
        once=place.once,
        buffer=place.buffer,
    )


def movable(
    world: World,
    booking: BookingId,
    states: Collection[BookingState] = (BookingState.BOOKED,),
) -> Booking | Refusal:
    """The booking, in one of `states`, that has not begun; else why it cannot go elsewhere."""
    found = _binding(world, booking)
    if isinstance(found, Refusal):
        return found
    if found.state not in states or (found.until is not None and found.until <= world.now):
        return Refusal(Code.HOLD_EXPIRED)
    if found.start <= world.now:
        return Refusal(Code.TOO_LATE)
    return found


def cancel(
    world: World,
    booking: BookingId,
    *,
    reason: facts.CancelReason,
    rules: BookingRules,
    rest: Rest | None = None,
) -> Told | Refusal:
    """End a booking or hold before its time: over for its owner at once, its cells may rest.

    Giving a hold back never ends what was made of it: refused with `already_booked`. An offer is no
    booking yet: whoever does not want it declines, so that the next on the list is asked first.
    """
    found = _binding(world, booking)
    if isinstance(found, Refusal):
        return found
    if found.state is BookingState.OFFERED:
        return Refusal(Code.UNKNOWN_BOOKING)
    if reason is facts.CancelReason.RELEASED and found.state is not BookingState.HELD:
        return Refusal(Code.ALREADY_BOOKED)
    late = fixed_from(found.start, rules) <= world.now
    if late and reason is facts.CancelReason.APPLICANT:
        return Refusal(Code.TOO_LATE)
    after = msgspec.structs.replace(found, state=BookingState.CANCELLED, until=None)
    resting = resting_place(world, found, (), rest)
    change = claims.net((found,), (after, *resting))
    fact = facts.Cancelled(
        bookings=(BookingNow.of(after, found.seq), *(BookingNow.of(r, 0) for r in resting)),
        cells=claims.left_after(world, change),
        reason=reason,
    )
    return Told(fact, bookings=(after, *resting), net=change, answer=given(after))
