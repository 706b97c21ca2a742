"""Carries out what a disruption asks for: moves bookings to the starts proposed, or cancels them.

Decided group by group on the world of a turn: who moved, cancelled or came since the proposal was
made is left alone. Who should go where is left to `rehoming`.
"""

from collections.abc import Collection, Sequence

import msgspec

from queue_service.events.booking import Cancelled, CancelReason, Moved, Why
from queue_service.events.entry import BookingNow
from queue_service.model.booking import EXPIRING, LIVE, Booking, BookingState
from queue_service.model.ids import BookingId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told, World
from queue_service.slots import claims
from queue_service.slots.holds import until_start
from queue_service.slots.release import Rest
from queue_service.slots.resting import resting_places


class Rehomed(msgspec.Struct, frozen=True):
    """How many bookings of a group were moved or cancelled; the others had changed meanwhile."""

    bookings: tuple[BookingId, ...]


def move_all(
    world: World, wanted: Sequence[Booking], why: Why, along: Collection[BookingId] = ()
) -> Told | Refusal:
    """Take the cells of `wanted` (bookings as they shall be) and give their old ones back.

    All of the group or none: a family stays together. Refused with `cancelled` when none of them
    must go any more as proposed - who goes `along` only does with somebody who must -, with
    `busy_retry` when one has changed, and with `slot_full` when a start has been taken meanwhile.
    """
    standing = [(old, new) for new in wanted if (old := _unchanged(world, new)) is not None]
    if all(old.id in along for old, _ in standing):
        return Refusal(Code.CANCELLED)
    if len(standing) < len(wanted):
        return Refusal(Code.BUSY_RETRY)
    before = tuple(old for old, _ in standing)
    after = tuple(
        msgspec.structs.replace(
            new,
            overbooked=False,
            moved_from=old.start,
            until=until_start(old.until, world.now, new.start),
        )
        for old, new in standing
    )
    change = claims.net(before, after)
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    fact = Moved(
        bookings=tuple(BookingNow.of(new, old.seq) for old, new in zip(before, after, strict=True)),
        cells=claims.left_after(world, change),
        why=why,
    )
    return Told(
        fact, bookings=after, net=change, answer=Rehomed(tuple(booking.id for booking in after))
    )


def cancel_all(
    world: World, bookings: Sequence[BookingId], why: Why, rest: Rest | None = None
) -> Told | Refusal:
    """Cancel those of `bookings` that still stand; refused with `cancelled` when none does.

    Their places come back by the office's rule of release. Holds and offers end as well: what they
    became a moment later nobody would be told of.
    """
    found = (world.booking(booking) for booking in bookings)
    before = tuple(
        b for b in found if b is not None and b.state in (*LIVE, *EXPIRING) and b.start > world.now
    )
    if not before:
        return Refusal(Code.CANCELLED)
    after = tuple(
        msgspec.structs.replace(b, state=BookingState.CANCELLED, until=None) for b in before
    )
    resting = resting_places(world, [(old, rest) for old in before], ())
    change = claims.net(before, (*after, *resting))
    fact = Cancelled(
        bookings=(
            *(BookingNow.of(new, old.seq) for old, new in zip(before, after, strict=True)),
            *(BookingNow.of(place, 0) for place in resting),
        ),
        cells=claims.left_after(world, change),
        reason=CancelReason.OFFICE,
        why=why,
    )
    return Told(
        fact,
        bookings=(*after, *resting),
        net=change,
        answer=Rehomed(tuple(b.id for b in before)),
    )


def _unchanged(world: World, new: Booking) -> Booking | None:
    """The booking as it stands, unless something wrote it since the proposal was made."""
    old = world.booking(new.id)
    return old if old is not None and old.seq == new.seq and _stands(world, old) else None


def _stands(world: World, booking: Booking) -> bool:
    return booking.state in LIVE and booking.start > world.now
