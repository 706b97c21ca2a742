"""Taking back what ended too early: restore a cancelled or missed booking; mark a no-show.

Who may do it and why is left to `rights` and the reason code; letters to `notify.plan`.
"""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events import booking as facts
from queue_service.events.entry import BookingNow
from queue_service.model.booking import LIVE, Booking, BookingState
from queue_service.model.ids import BookingId
from queue_service.model.office import BookingRules
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told, World
from queue_service.slots import claims, persons
from queue_service.slots.holds import given
from queue_service.slots.release import Rest, in_window, without_lead
from queue_service.slots.resting import exchange

HALF_A_DAY = timedelta(hours=12)
RESTORABLE = frozenset(
    {
        BookingState.CANCELLED,
        BookingState.LAPSED,
        BookingState.NO_SHOW,
    }
)


def restore(
    world: World,
    wanted: Booking,
    *,
    reason: facts.RestoreReason,
    rules: BookingRules,
    zone: ZoneInfo,
    rest: Rest | None = None,
    own: Sequence[BookingId] = (),
) -> Told | Refusal:
    """Book again what was cancelled, lapsed or missed, in the place that `wanted` stands in.

    `wanted` is the booking as it shall be, with the `seq` it was seen with. What it still occupies,
    and what rests of it (`own`), costs nothing; anything else must fit as every claim. A missed
    booking may return to its own start after it began. Refused with `already_booked` when it
    lives or the person has another in its group, so that a booking is restored once.
    """
    found = world.booking(wanted.id)
    refusal = _not_restorable(found, wanted)
    if found is None or refusal is not None:
        return refusal or Refusal(Code.UNKNOWN_BOOKING)
    stays = _still_today(found, world) and wanted.start == found.start
    outside = None if stays else in_window(wanted.start, world.now, without_lead(rules), zone)
    refusal = outside or persons.refused(world, group=found.group, person_key=found.person_key)
    if refusal is not None:
        return refusal
    moved = wanted.start != found.start
    after = msgspec.structs.replace(
        wanted,
        state=BookingState.BOOKED,
        until=None,
        overbooked=found.overbooked and found.state is BookingState.NO_SHOW and not moved,
        moved_from=found.start if moved else found.moved_from,
    )
    rests = exchange(world, found, after, rest, own=own)
    change = claims.net((found, *rests.before), (after, *rests.after))
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    fact = facts.Restored(
        bookings=(
            BookingNow.of(after, found.seq),
            *(BookingNow.of(r, r.seq) for r in rests.after),
        ),
        cells=claims.left_after(world, change),
        was=found.state,
        reason=reason,
    )
    return Told(fact, bookings=(after, *rests.after), net=change, answer=given(after))


def _still_today(found: Booking, world: World) -> bool:
    """Whether somebody who was missed may yet have come."""
    return found.state is BookingState.NO_SHOW and world.now - found.start < HALF_A_DAY


def _not_restorable(found: Booking | None, wanted: Booking) -> Refusal | None:
    if found is None or found.code is None:
        # A hold that ended never had a person behind it.
        return Refusal(Code.UNKNOWN_BOOKING)
    if found.state in LIVE:
        return Refusal(Code.ALREADY_BOOKED)
    if found.state not in RESTORABLE:
        return Refusal(Code.TOO_LATE)
    return None if found.seq == wanted.seq else Refusal(Code.BUSY_RETRY)


def no_show(
    world: World, booking: BookingId, *, rules: BookingRules, zone: ZoneInfo
) -> Told | Refusal:
    """Nobody came and the time in which late people keep their turn is over.

    The past keeps its cells; `restore` is the way back.
    """
    found = world.booking(booking)
    if found is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    if found.state is BookingState.CANCELLED:
        return Refusal(Code.CANCELLED)
    if found.state is not BookingState.BOOKED:
        return Refusal(Code.TOO_LATE)
    over = found.start + timedelta(minutes=rules.late_minutes)
    if world.now < over:
        return Refusal(Code.NOT_MISSED_YET, {"noted_from": over.astimezone(zone).isoformat()})
    after = msgspec.structs.replace(found, state=BookingState.NO_SHOW)
    fact = facts.NoShow(bookings=(BookingNow.of(after, found.seq),))
    return Told(fact, bookings=(after,), answer=given(after))
