"""Life of a booking: confirm, move, cancel - decided on the world of a turn; before: `holds`.

Leaves alone: who asks (`rights`), secrets (`seals`), which starts exist (`openings`), the clock.
"""

from datetime import datetime, timedelta

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
from queue_service.model.office import BookingRules, Confirm, OfficeClock, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey, Told, World
from queue_service.slots import claims
from queue_service.slots.holds import given, in_window, live_hold


def confirm(
    world: World,
    booking: BookingId,
    *,
    person: Person,
    person_key: bytes | None,
    code: str,
    service: Service,
    language: str,
    clock: OfficeClock,
) -> Told | Refusal:
    """Make a hold binding, or pending until the mailed link is opened."""
    held = live_hold(world, booking)
    if isinstance(held, Refusal):
        return held
    if person_key is not None and world.booking_of((person_key, service.group)) is not None:
        return Refusal(Code.ALREADY_BOOKED, {"group": service.group})
    by_mail = service.confirm is Confirm.BY_MAIL and bool(person.email)
    until = world.now + clock.patience(timedelta(minutes=60)) if by_mail else None
    after = msgspec.structs.replace(
        held,
        state=BookingState.PENDING if by_mail else BookingState.BOOKED,
        until=until,
        code=code,
        group=service.group,
        person_key=person_key,
        language=language,
    )
    fact = facts.Booked(bookings=(BookingNow.of(after, held.seq),))
    return Told(
        fact, bookings=(after,), people=(person,), public_codes=(code,), answer=given(after)
    )


def confirm_mailed(world: World, booking: BookingId) -> Told | Refusal:
    """The mailed link was opened; a second time is answered with the booking, not refused."""
    pending = world.booking(booking)
    if pending is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    if pending.state is not BookingState.PENDING:
        return Refusal(
            Code.CANCELLED if pending.state is BookingState.CANCELLED else Code.HOLD_EXPIRED
        )
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
) -> Told | Refusal:
    """Staff book directly on the same cells; only with a reason may they exceed capacity."""
    outside = in_window(wanted.start, world.now, msgspec.structs.replace(rules, lead_minutes=0))
    if outside is not None:
        return outside
    key = wanted.person_key
    if key is not None and world.booking_of((key, wanted.group)) is not None:
        return Refusal(Code.ALREADY_BOOKED, {"group": wanted.group})
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
) -> Told | Refusal:
    """Take the new cells and give back the old ones in one claim; the visit keeps its length."""
    found = _binding(world, booking)
    if isinstance(found, Refusal):
        return found
    if found.state is not BookingState.BOOKED:
        return Refusal(Code.HOLD_EXPIRED)
    if found.start <= world.now:
        return Refusal(Code.TOO_LATE)
    outside = in_window(start, world.now, rules)
    if outside is not None:
        return outside
    end = start + (found.end - found.start)
    after = msgspec.structs.replace(found, start=start, end=end, once=once, overbooked=False)
    change = claims.net((found,), (after,))
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    fact = facts.Moved(
        bookings=(BookingNow.of(after, found.seq),), cells=claims.left_after(world, change)
    )
    return Told(fact, bookings=(after,), net=change, answer=given(after))


def cancel(
    world: World, booking: BookingId, *, reason: facts.CancelReason, rules: BookingRules
) -> Told | Refusal:
    """End a booking or hold before its time; its cells are free in the same turn."""
    found = _binding(world, booking)
    if isinstance(found, Refusal):
        return found
    notice = timedelta(minutes=rules.cancel_minutes_before)
    late = found.start - notice <= world.now
    if late and reason is facts.CancelReason.APPLICANT:
        return Refusal(Code.TOO_LATE)
    after = msgspec.structs.replace(found, state=BookingState.CANCELLED, until=None)
    change = claims.net((found,), (after,))
    fact = facts.Cancelled(
        bookings=(BookingNow.of(after, found.seq),),
        cells=claims.left_after(world, change),
        reason=reason,
    )
    return Told(fact, bookings=(after,), net=change, answer=given(after))
