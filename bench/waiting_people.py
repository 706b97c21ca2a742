"""Who joins the waiting list of a simulated day, and the proof of its journal."""

from datetime import date, datetime, time, timedelta

from bench.waiting_day import Day
from queue_service.events.capacity import Planned
from queue_service.events.chapters import AnyFact
from queue_service.flows.waitlist import grounds
from queue_service.model.booking import Part
from queue_service.model.ids import WishId
from queue_service.model.waiting import Acceptable, Reach, Wish, WishClass, WishState
from queue_service.model.world import Cell, CellKey
from queue_service.slots import proof
from queue_service.slots.claims import runs
from queue_service.slots.offering import Terms

TIMES = (
    (time(), time(23, 59)),
    (time(), time(23, 59)),
    (time(), time(11, 59)),
    (time(12), time(23, 59)),
)
"""Half of the people can come at any time, the others before or after noon."""
EARLIER = 0.2
"""So many on the list have a later appointment already."""


def somebody(day: Day) -> Wish | None:
    """Somebody who would like to come on that day, perhaps earlier than they have to."""
    now = day.followed.now()
    later = [b for b in day.booked() if b.start > now + timedelta(hours=2)]
    waits = {w.booking for w in day.open_wishes()}
    later = [b for b in later if b.id not in waits]
    booking = day.chance.choice(later) if later and day.chance.random() < EARLIER else None
    codes = [s.code for s in day.office.services if s.bookable and not s.not_needed]
    parts = booking.parts if booking else (Part(day.chance.choice(codes), 1),)
    service = day.office.service(parts[0].service)
    if service is None:
        return None
    opens, closes = day.chance.choice(TIMES)
    end = now.replace(hour=23, minute=0)
    return Wish(
        WishId(day.id()),
        WishState.OPEN,
        WishClass.EARLIER if booking else WishClass.WITHOUT,
        parts,
        (Acceptable(day.day, day.day, (), opens, closes),),
        end,
        Reach.EMAIL,
        "de",
        service.group,
        booking.person_key if booking and booking.person_key else day.person(),
        day.id().hex[:8],
        booking=booking.id if booking else None,
    )


def join_up_to(day: Day, many: int) -> None:
    """People join until so many wait, people with a later appointment among them."""
    for _ in range(many - len(day.open_wishes())):
        wish = somebody(day)
        if wish is not None:
            day.join(wish)


def proved(day: Day) -> proof.Replay:
    """The day's journal, replayed against the published order."""

    def cells(parts: tuple[Part, ...], start: datetime) -> tuple[CellKey, ...] | None:
        place = grounds.place_at(day.followed, parts, start)
        return None if place is None else place.cells

    def terms(now: datetime) -> Terms:
        return grounds.terms_of(day.followed, len(day.journal))(now)

    first = [(0, _planned(day.cells), day.journal[0][2])] if day.journal else []
    return proof.prove([*first, *day.journal], terms, cells)


def _planned(cells: dict[CellKey, Cell | None]) -> AnyFact:
    left = {key: cell.capacity for key, cell in cells.items() if cell is not None}
    return Planned(day=date.min, cells=runs(left))
