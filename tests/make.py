"""Factories: values with sensible defaults, so that a test names only what matters to it.

The office is small on purpose: few cells, so that every edge is near.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import BookingId, CounterKey, LimitId, ServiceCode, Tick, VisitId
from queue_service.model.office import (
    BookingRules,
    Confirm,
    Counter,
    Limit,
    Office,
    OfficeClock,
    Period,
    Place,
    Service,
    Taker,
    Window,
)
from queue_service.model.visit import NeedClass, Visit, VisitState
from queue_service.model.world import Cell, CellKey
from queue_service.slots.calendar import later

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=BERLIN)
"""A Monday morning on the wall of the small office."""
CLOCK = OfficeClock(NOW, NOW, 1.0)
MINUTE = timedelta(minutes=1)

PICK, BIO, MAIL, HELP = (ServiceCode(code) for code in ("PICK", "BIO", "MAIL", "HELP"))
DESKS, HALL, BIO_DAY, QUOTA, HELP_QUOTA = (LimitId(number) for number in range(1, 6))
NUMBERS = {"desks": DESKS, "hall": HALL, "bio-day": BIO_DAY, "quota": QUOTA, "help": HELP_QUOTA}

_numbers = count(1)


def uuid() -> UUID:
    """A new number in the order of its making."""
    return UUID(int=next(_numbers))


def at(text: str) -> datetime:
    """An instant on the office's wall: ``"09:30"`` today, or ``"2026-11-24 09:30"``."""
    day, _, clock = text.rpartition(" ")
    date = datetime.fromisoformat(day).date() if day else NOW.date()
    return datetime.combine(date, time.fromisoformat(clock), BERLIN)


def tick(start: datetime) -> Tick:
    """The tick that begins at `start`."""
    return Tick(int(start.timestamp()) // 300)


def office(*, desks: int = 3, hall: int = 4, bio_a_day: int = 5, quota: int = 20) -> Office:
    """Two counters, four services, every way of counting; open on weekdays from 8 to 12."""
    tick_limits = (PICK, BIO, MAIL)
    return Office(
        slug="small",
        authority="small-town",
        name={"de": "Kleines Amt", "en": "Small office"},
        zone="Europe/Berlin",
        land="BW",
        ags="08221000",
        place=Place("Weg 1", "69115", "Heidelberg"),
        languages=("de", "en", "ar"),
        services=(
            Service(PICK, {"de": "Abholung"}, 10, 5, "pick"),
            Service(BIO, {"de": "Biometrie"}, 20, 10, "bio"),
            Service(
                MAIL,
                {"de": "Post"},
                10,
                5,
                "mail",
                confirm=Confirm.BY_MAIL,
                required=("name", "email"),
            ),
            Service(
                HELP, {"de": "Notfall"}, 15, 5, "help", emergency=True, bookable=False, order=200
            ),
        ),
        counters=(
            Counter(CounterKey("1"), {"de": "Schalter 1"}, (PICK, BIO, MAIL, HELP)),
            Counter(CounterKey("2"), {"de": "Schalter 2"}, (PICK, BIO, MAIL, HELP)),
        ),
        limits=(
            Limit("desks", {"de": "Schalter"}, desks, tick_limits),
            Limit("hall", {"de": "Halle"}, hall, tick_limits),
            Limit("bio-day", {"de": "Biometrie"}, bio_a_day, (BIO,), Period.DAY),
            Limit("quota", {"de": "Spontan"}, quota, (PICK,), Period.HALF_DAY, Taker.WALK_IN),
            Limit("help", {"de": "Notfälle"}, 50, (HELP,), Period.HALF_DAY, Taker.WALK_IN),
        ),
        hours=(Window((0, 1, 2, 3, 4), time(8), time(12)),),
        booking=BookingRules(window_days=3, lead_minutes=0),
    )


def counter(key: str = "1", *skills: ServiceCode, **more: object) -> Counter:
    """A counter for PICK."""
    made = Counter(CounterKey(key), {"de": f"Schalter {key}"}, skills or (PICK,))
    return msgspec.structs.replace(made, **more)


def booking(
    start: datetime | None = None,
    minutes: int = 10,
    *,
    state: BookingState = BookingState.HELD,
    limits: tuple[LimitId, ...] = (DESKS,),
    once: tuple[tuple[LimitId, Tick], ...] = (),
    until: datetime | None = None,
    **more: object,
) -> Booking:
    """A hold of two ticks at 10:00 at one limit."""
    start = start or at("10:00")
    made = Booking(
        BookingId(uuid()),
        state,
        start,
        later(start, minutes * MINUTE),
        (Part(PICK, 1),),
        limits,
        "de",
        once,
        until=until,
    )
    return msgspec.structs.replace(made, **more)


def visit(
    number: str = "A100",
    *,
    need: NeedClass = NeedClass.WALK_IN,
    arrived: datetime = NOW,
    due: datetime | None = None,
    state: VisitState = VisitState.WAITING,
    parts: tuple[Part, ...] = (Part(PICK, 1),),
    **more: object,
) -> Visit:
    """Somebody who has just arrived without an appointment."""
    made = Visit(VisitId(uuid()), number, state, need, parts, "de", arrived, due or arrived)
    return msgspec.structs.replace(made, **more)


def cells(keys: Iterable[CellKey], capacity: int, taken: int = 0) -> dict[CellKey, Cell | None]:
    """The same cell under each of `keys`."""
    return dict.fromkeys(keys, Cell(capacity, taken))


def each(limits: Iterable[LimitId], first: datetime, many: int) -> list[CellKey]:
    """The cells of `limits` for so many ticks from `first` on."""
    begin = tick(first)
    return [(limit, Tick(begin + n)) for limit in limits for n in range(many)]
