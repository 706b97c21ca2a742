"""Forty minutes of a small office, and the view of what is free there."""

from datetime import datetime, timedelta

import msgspec

from queue_service.events.booking import CancelReason
from queue_service.events.entry import BookingNow
from queue_service.model.booking import EXPIRING, Booking, Part, Person
from queue_service.model.ids import BookingId
from queue_service.model.office import Confirm, Office
from queue_service.model.world import Cell, CellKey
from queue_service.slots import claims, holds, life
from queue_service.slots.calendar import day_tick
from queue_service.slots.openings import Request
from queue_service.views.openings import Openings
from tests import make
from tests.make import BERLIN, BIO, BIO_DAY, CLOCK, DESKS, HALL, MAIL, NOW, PICK
from tests.rehearsed import Rehearsed

OFFICE = make.office()
TODAY, TOMORROW = NOW.date(), NOW.date() + timedelta(days=1)
FIRST = make.at("09:00")
TICKS = 8
DAY_CELL = (BIO_DAY, day_tick(TODAY, BERLIN))
ONE_PICK, ONE_BIO = (Part(PICK, 1),), (Part(BIO, 1),)

grid = msgspec.structs.replace(OFFICE.booking, grid_minutes=5, lead_minutes=0)
SMALL: Office = msgspec.structs.replace(OFFICE, booking=grid)
REQUESTS = (ONE_PICK, ONE_BIO, (Part(PICK, 2),))
RULES = SMALL.booking


def town(capacity: int = 1) -> Rehearsed:
    """Forty minutes of two limits today, and a quota of the day."""
    cells: dict[CellKey, Cell | None] = make.cells(make.each((DESKS, HALL), FIRST, TICKS), capacity)
    return Rehearsed(cells | {DAY_CELL: Cell(2, 0)}, (b"amal", b"ben"))


def loaded(rehearsed: Rehearsed) -> Openings:
    """The view as it starts from rows."""
    view = Openings(SMALL, make.NUMBERS)
    view.load(
        [
            (key[0], key[1], cell.left if cell.capacity else -1)
            for key, cell in rehearsed.cells.items()
            if cell is not None
        ],
        [BookingNow.of(b, b.seq) for b in rehearsed.bookings.values() if b.state in EXPIRING],
        [],
    )
    return view


def wanted_of(view: Openings, parts: tuple[Part, ...], start: datetime) -> Booking:
    """The booking a flow would hold for these parts."""
    request = view.request(parts)
    assert isinstance(request, Request)
    return msgspec.structs.replace(
        make.booking(start, request.minutes),
        parts=parts,
        limits=view.limits_of(request),
        once=view.once_of(request, start),
    )


def go_on(rehearsed: Rehearsed, what: str, one: BookingId, start: datetime, pick: int) -> None:
    """The next act on a booking that there is."""
    old = rehearsed.bookings[one]
    if what == "extend":
        rehearsed.act(lambda w: holds.extend(w, one, rules=RULES, clock=CLOCK))
    elif what == "cancel":
        rehearsed.act(lambda w: life.cancel(w, one, reason=CancelReason.OFFICE, rules=RULES))
    elif what in ("confirm", "mail"):
        service = SMALL.service(MAIL if what == "mail" else PICK)
        assert service is not None
        rehearsed.act(
            lambda w: life.confirm(
                w,
                one,
                person=Person(one, "A", "a@example.org"),
                person_key=None,
                code="2",
                group=service.group,
                by_mail=service.confirm is Confirm.BY_MAIL,
                language="de",
                clock=CLOCK,
            )
        )
    else:
        new = msgspec.structs.replace(old, start=start, end=start + (old.end - old.start))
        if all(key in rehearsed.cells for key in claims.taken_by(new)):
            rehearsed.act(
                lambda w: life.move(
                    w, one, start=new.start, once=old.once, rules=RULES, zone=make.BERLIN
                )
            )
