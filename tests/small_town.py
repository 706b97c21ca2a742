"""A small town whose bookings live, for tests."""

from queue_service.model.booking import Booking, Person
from queue_service.model.ids import BookingId, Tick
from queue_service.model.office import BookingRules, Confirm
from queue_service.model.refusal import Refusal
from queue_service.model.world import Cell, CellKey, Told
from queue_service.slots import holds, life
from tests import make
from tests.make import BIO_DAY, CLOCK, DESKS, HALL
from tests.rehearsed import Rehearsed

RULES = BookingRules(window_days=3, lead_minutes=0)
DAY_CELL = (BIO_DAY, Tick(0))
FIRST = make.at("10:00")
PEOPLE = (b"amal", b"ben")
OFFICE = make.office()
SERVICES = [s for s in OFFICE.services if s.bookable]


def small_town(capacity: int = 2) -> Rehearsed:
    """An hour of two limits and one daily quota."""
    cells: dict[CellKey, Cell | None] = make.cells(make.each((DESKS, HALL), FIRST, 12), capacity)
    town = Rehearsed(cells | {DAY_CELL: Cell(3, 0)}, PEOPLE)
    town.groups = {s.group for s in SERVICES}
    return town


def hold_of(town: Rehearsed, wanted: Booking, replaces: BookingId | None = None) -> Told | Refusal:
    return town.act(
        lambda w: holds.hold(
            w, wanted, rules=RULES, zone=make.BERLIN, clock=CLOCK, replaces=replaces
        )
    )


def confirm_of(
    town: Rehearsed, booking: BookingId, who: bytes | None = None, mail: bool = False
) -> Told | Refusal:
    service = OFFICE.service("MAIL" if mail else "PICK")
    assert service is not None
    return town.act(
        lambda w: life.confirm(
            w,
            booking,
            person=Person(booking, "Amal", "amal@example.org"),
            person_key=who,
            code="23456789",
            group=service.group,
            by_mail=service.confirm is Confirm.BY_MAIL,
            language="de",
            clock=CLOCK,
        )
    )
