"""Two bookings trade their times - decided on the world of a turn.

Leaves alone: who asks (`rights`), which bookings are alike enough (`flows.bookings.swapping`).
"""

import msgspec
from msgspec.structs import replace

from queue_service.events import booking as facts
from queue_service.events.entry import BookingNow
from queue_service.model.booking import Booking
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told, World
from queue_service.slots import claims
from queue_service.slots.holds import Given, given
from queue_service.slots.life import movable, standing_in
from queue_service.slots.release import Rest
from queue_service.slots.resting import resting_places


class Pair(msgspec.Struct, frozen=True):
    """The answer of an act on two bookings."""

    one: Given
    other: Given


def swap(
    world: World,
    one: Booking,
    other: Booking,
    *,
    reason: facts.SwapReason,
    rest: Rest | None = None,
) -> Told | Refusal:
    """Two bookings trade their times in one claim: full cells are no hindrance.

    Both are given as they shall be, with the `seq` they were seen with; whoever changed meanwhile
    makes it `busy_retry`. What neither needs any more rests. Of two alike the mark of what exceeds
    goes with the place; else whoever sits above the places afterwards has it.
    """
    before = []
    for wanted in (one, other):
        found = movable(world, wanted.id)
        if isinstance(found, Refusal):
            return found
        if found.seq != wanted.seq:
            return Refusal(Code.BUSY_RETRY)
        before.append(found)
    after = [
        replace(new, moved_from=old.start) for old, new in zip(before, (one, other), strict=True)
    ]
    rests = resting_places(world, [(old, rest) for old in before], after)
    change = claims.net(before, (*after, *rests))
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    if one.parts != other.parts:
        marked = any(old.overbooked for old in before)
        after = [
            replace(new, overbooked=marked and claims.still_exceeds(world, change, new))
            for new in after
        ]
    fact = facts.Swapped(
        bookings=(
            *(BookingNow.of(new, old.seq) for old, new in zip(before, after, strict=True)),
            *(BookingNow.of(place, 0) for place in rests),
        ),
        cells=claims.left_after(world, change),
        reason=reason,
    )
    answer = Pair(given(after[0]), given(after[1]))
    return Told(fact, bookings=(*after, *rests), net=change, answer=answer)


def traded(one: Booking, other: Booking) -> tuple[Booking, Booking]:
    """Both as they stand after a trade of places that are alike: each takes the other's cells."""
    return (
        replace(standing_in(one, other), overbooked=other.overbooked),
        replace(standing_in(other, one), overbooked=one.overbooked),
    )
