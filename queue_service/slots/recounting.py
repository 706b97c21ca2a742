"""Bookings take their places in the limits that are in force, also when those came later.

A limit that is new, or counts other services than before, knows nothing of the people who are
booked already: until they are counted in it, it would promise their desks again. Nobody loses a
place by it; where there are more of them than it has, it stays over for them alone.
"""

from collections.abc import Mapping

import msgspec

from queue_service.events.capacity import Recounted
from queue_service.events.entry import BookingNow
from queue_service.model.booking import OCCUPYING, Booking
from queue_service.model.ids import BookingId, LimitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey, Grant, Told, World
from queue_service.slots import claims

Places = tuple[tuple[LimitId, ...], tuple[CellKey, ...]]
"""Limits counted by overlap, and cells counted once."""


def differs(booking: Booking, wanted: Places) -> bool:
    """Whether `booking` is counted elsewhere than it would be today."""
    return (set(booking.limits), set(booking.once)) != (set(wanted[0]), set(wanted[1]))


def cells_of(booking: Booking, wanted: Places) -> tuple[CellKey, ...]:
    """The cells of `wanted` for the time of `booking`."""
    return claims.cells_of(wanted[0], booking.start, booking.end) + wanted[1]


def recount(world: World, wanted: Mapping[BookingId, Places]) -> Told | Refusal:
    """Count these bookings as `wanted`; refused when there is nothing to change any more.

    A booking keeps what it has while a cell it would need is closed.
    """
    before, after = [], []
    for number, places in wanted.items():
        booking = world.booking(number)
        if booking is None or booking.state not in OCCUPYING or not differs(booking, places):
            continue
        if all(_open(world, cell) for cell in cells_of(booking, places)):
            before.append(booking)
            after.append(msgspec.structs.replace(booking, limits=places[0], once=places[1]))
    if not after:
        return Refusal(Code.CLOSED)
    net = claims.net(before, after)
    return Told(
        Recounted(
            bookings=tuple(BookingNow.of(b, b.seq) for b in after),
            cells=claims.left_after(world, net),
        ),
        bookings=tuple(after),
        net=net,
        grants=tuple(grant for key, delta in net.items() for grant in _over(world, key, delta)),
    )


def _open(world: World, key: CellKey) -> bool:
    cell = world.cell(key)
    return cell is not None and cell.capacity > 0


def _over(world: World, key: CellKey, delta: int) -> tuple[Grant, ...]:
    """An allowance for those who are booked and do not fit."""
    cell = world.cell(key)
    over = cell.taken + delta - cell.capacity if cell else 0
    return (Grant(key, cell.capacity, over),) if cell and delta > 0 and over > 0 else ()
