"""Two bookings trade their times - decided on the world of a turn.

Leaves alone: who asks (`rights`), which bookings are alike enough (`flows.bookings.swapping`).
"""

import msgspec

from queue_service.events import booking as facts
from queue_service.events.entry import BookingNow
from queue_service.model.booking import Booking
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told, World
from queue_service.slots import claims
from queue_service.slots.holds import Given, given
from queue_service.slots.life import movable, standing_in


class Pair(msgspec.Struct, frozen=True):
    """The answer of an act on two bookings."""

    one: Given
    other: Given


def swap(world: World, one: Booking, other: Booking, *, reason: facts.SwapReason) -> Told | Refusal:
    """Two bookings trade their times in one claim: full cells are no hindrance.

    Both are given as they shall be, with the `seq` they were seen with; whoever changed meanwhile
    makes it `busy_retry`.
    """
    before = []
    for wanted in (one, other):
        found = movable(world, wanted.id)
        if isinstance(found, Refusal):
            return found
        if found.seq != wanted.seq:
            return Refusal(Code.BUSY_RETRY)
        before.append(found)
    after = tuple(
        msgspec.structs.replace(new, moved_from=old.start)
        for old, new in zip(before, (one, other), strict=True)
    )
    change = claims.net(before, after)
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    fact = facts.Swapped(
        bookings=tuple(BookingNow.of(new, old.seq) for old, new in zip(before, after, strict=True)),
        cells=claims.left_after(world, change),
        reason=reason,
    )
    return Told(fact, bookings=after, net=change, answer=Pair(given(after[0]), given(after[1])))


def traded(one: Booking, other: Booking) -> tuple[Booking, Booking]:
    """Both as they stand after a trade of places that are alike: each takes the other's cells."""
    replace = msgspec.structs.replace
    return (
        replace(standing_in(one, other), overbooked=other.overbooked),
        replace(standing_in(other, one), overbooked=one.overbooked),
    )
