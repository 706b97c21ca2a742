"""What the tests of lost places share: bookings of an office and the room it has."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import LimitId
from queue_service.model.office import Office, Period
from queue_service.model.world import CellKey
from queue_service.slots.claims import taken_by
from queue_service.slots.rehoming import Free
from tests import make
from tests.make import BIO_DAY, DESKS, HALL, HELP, at

PERIODS = {DESKS: Period.TICK, HALL: Period.TICK, BIO_DAY: Period.DAY}
EMERGENCY_TOO = (Part(HELP, 1),)


def office() -> Office:
    return make.office()


def booked(start: str, minutes: int = 10, **more: object) -> Booking:
    return make.booking(at(start), minutes, state=BookingState.BOOKED, **more)


def free(
    places: int, first: str = "09:00", many: int = 36, *, limits: tuple[LimitId, ...] = (DESKS,)
) -> dict[CellKey, int]:
    return dict.fromkeys(make.each(limits, at(first), many), places)


def house(left: dict[CellKey, int], taken: list[Booking], earliest: str = "08:00") -> Free:
    """What is left once everybody sits."""
    rest = Counter(left)
    rest.subtract(key for booking in taken for key in taken_by(booking))
    return Free(office(), dict(rest), PERIODS, at(earliest))


def told(found: tuple[object, ...]) -> list[str | None]:
    return [f"{p.start:%H:%M}" if p.start else None for p in found]  # type: ignore[attr-defined]  # proposals


def moved_to(booking: Booking, start: datetime, ticks: int) -> Booking:
    end = start + ticks * timedelta(minutes=5)
    return msgspec.structs.replace(booking, start=start, end=end)
