"""The end of a day: nobody waits overnight, and a booking nobody came to binds nobody longer."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from queue_service.events.booking import NotComing
from queue_service.events.entry import BookingNow, DeskNow, VisitNow
from queue_service.model.booking import Booking, BookingState
from queue_service.model.desk import Desk, DeskState
from queue_service.model.hall import HallTold
from queue_service.model.ids import BookingId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import AT_COUNTER, Visit, VisitState
from queue_service.model.world import Told, World


def close(world: World, day_begins: datetime, to_come: Iterable[BookingId]) -> Told | Refusal:
    """End what is left of the days before `day_begins`.

    Bookings in `to_come` that are still only booked become no-shows; who still waits or was sent
    to fetch something has gone home, who was at a counter and never ended was served. A counter
    that paused overnight is closed. Refuses when nothing is left.
    """
    visits = [v for v in world.line() if v.arrived < day_begins]
    missed = [b for b in map(world.booking, to_come) if b is not None and _left(b, day_begins)]
    paused = [d for d in world.hall.desks() if pauses(d, day_begins)]
    if not visits and not missed and not paused:
        return Refusal(Code.NOBODY_WAITING)
    ended = tuple(_ended(visit, world.now) for visit in visits)
    absent = tuple(msgspec.structs.replace(b, state=BookingState.NO_SHOW) for b in missed)
    closed = tuple(msgspec.structs.replace(d, state=DeskState.CLOSED) for d in paused)
    fact = NotComing(
        bookings=tuple(BookingNow.of(a, b.seq) for a, b in zip(absent, missed, strict=True)),
        visits=tuple(VisitNow.of(e, v.seq) for e, v in zip(ended, visits, strict=True)),
        desks=tuple(DeskNow.of(c, d.seq) for c, d in zip(closed, paused, strict=True)),
    )
    return Told(fact, bookings=absent, visits=ended, hall=HallTold(desks=closed))


def pauses(desk: Desk, day_begins: datetime) -> bool:
    """Whether a counter has paused or worked behind the scenes since an earlier day."""
    paused = desk.state in (DeskState.BREAK, DeskState.BACK_OFFICE)
    return paused and desk.since is not None and desk.since < day_begins


def _left(booking: Booking, day_begins: datetime) -> bool:
    return booking.state is BookingState.BOOKED and booking.start < day_begins


def _ended(visit: Visit, now: datetime) -> Visit:
    served = visit.state in AT_COUNTER
    state = VisitState.FINISHED if served else VisitState.MISSED
    return msgspec.structs.replace(visit, state=state, ended_at=now, hand=None)
