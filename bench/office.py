"""The office that is measured: one with room for every hold, and scarce services to race for.

Every booking takes 3 ticks of 2 limits. It opens every working day; its clock is set to a Monday
morning, so a run means the same on every day of the year.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from queue_service.model.ids import CounterKey, ServiceCode
from queue_service.model.office import (
    BookingRules,
    Counter,
    Limit,
    LineRules,
    Office,
    Period,
    Place,
    Service,
    Taker,
    Window,
)

SLUG = "bench"
ROOM = "ROOM"
"""Service with room for every hold of a run."""
SCARCE = {1: "ONE", 3: "THREE", 50: "FIFTY", 200: "CROWD"}
"""Capacity → the service that has so many places at each start."""
TRADED = "TRADED"
"""Service of one place a start, whose bookings trade their times."""
SLOW = "SLOW"
"""Service of half an hour and one place: a short move overlaps its own full cells."""
WALK_IN = "WALK"
URGENT = "URGENT"
"""An emergency, walked in; every other counter takes them."""
COUNTERS = 16
PLACES = 5_000
GRID_MINUTES = 15
WINDOW_DAYS = 30
ZONE = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2027, 3, 1, 9, tzinfo=ZONE)
"""What the clock of the office shows when a run begins."""
_OPENS, _CLOSES = 8, 18
STARTS_A_DAY = (_CLOSES - _OPENS) * 60 // GRID_MINUTES
_ALWAYS = Window(tuple(range(7)), time(0), time(23, 55))


def office() -> Office:
    """The measured office."""
    codes = (ROOM, *SCARCE.values(), TRADED, SLOW)
    return Office(
        slug=SLUG,
        authority=SLUG,
        name=_named("Messstelle"),
        zone=ZONE.key,
        land="BW",
        ags="08111000",
        place=Place("Prüfweg 1", "70173", "Stuttgart"),
        languages=("de", "en", "ar"),
        services=(
            *(_service(code, group=f"group_{code.lower()}") for code in codes),
            Service(
                ServiceCode(WALK_IN),
                _named("Ohne Termin"),
                minutes_first=5,
                minutes_next=0,
                group="walk",
                bookable=False,
            ),
            Service(
                ServiceCode(URGENT),
                _named("Notfall"),
                minutes_first=5,
                minutes_next=0,
                group="urgent",
                bookable=False,
                emergency=True,
            ),
        ),
        counters=tuple(
            Counter(CounterKey(str(n)), _named(f"Platz {n}"), tuple(map(ServiceCode, _skills(n))))
            if n > 1
            else Counter(
                CounterKey("1"),
                _named("Platz 1"),
                tuple(map(ServiceCode, (*codes, WALK_IN, URGENT))),
            )
            for n in range(1, COUNTERS + 1)
        ),
        limits=(
            *(_limit(name, ROOM, PLACES) for name in ("room_house", "room_desks")),
            *(
                _limit(f"{code.lower()}_{name}", code, places)
                for places, code in (*SCARCE.items(), (1, TRADED), (1, SLOW))
                for name in ("house", "desks")
            ),
            Limit(
                "walk_in",
                _named("Ohne Termin"),
                1_000_000,
                (ServiceCode(WALK_IN),),
                period=Period.DAY,
                taker=Taker.WALK_IN,
                hours=(_ALWAYS,),
            ),
            Limit(
                "urgent",
                _named("Notfälle"),
                1_000_000,
                (ServiceCode(URGENT),),
                period=Period.DAY,
                taker=Taker.WALK_IN,
                hours=(_ALWAYS,),
            ),
        ),
        hours=(Window(tuple(range(5)), time(_OPENS), time(_CLOSES)),),
        booking=BookingRules(
            window_days=WINDOW_DAYS,
            lead_minutes=0,
            grid_minutes=GRID_MINUTES,
            # No hold may lapse within a run: that would give places back in the middle of it.
            hold_minutes=600,
            extend_minutes=5,
            hold_cap_minutes=700,
        ),
        line=LineRules(),
    )


def _named(name: str) -> dict[str, str]:
    return {"de": name, "en": name, "ar": name}


def _skills(counter: int) -> tuple[str, ...]:
    return (WALK_IN, URGENT) if counter % 2 else (WALK_IN,)


def _service(code: str, *, group: str) -> Service:
    return Service(
        ServiceCode(code),
        _named(code.title()),
        minutes_first=30 if code == SLOW else 15,
        minutes_next=15,
        group=group,
        walk_in=False,
    )


def _limit(key: str, code: str, places: int) -> Limit:
    return Limit(key, _named(key), places, (ServiceCode(code),))


def limits_of(code: str) -> tuple[str, str]:
    """The keys of the two limits of a scarce service."""
    return f"{code.lower()}_house", f"{code.lower()}_desks"


def starts(count: int, *, skip_days: int = 1) -> tuple[datetime, ...]:
    """The first `count` starts on working days from `skip_days` after the run's Monday on.

    Raises ValueError when the booking window has not so many.
    """
    found: list[datetime] = []
    day = MONDAY.date() + timedelta(days=skip_days)
    while day <= MONDAY.date() + timedelta(days=WINDOW_DAYS):
        if day.weekday() < 5 and day not in _HOLIDAYS:
            found.extend(_starts_of(day))
        if len(found) >= count:
            return tuple(found[:count])
        day += timedelta(days=1)
    raise ValueError(f"the booking window has {len(found)} starts, not {count}")


_HOLIDAYS = (date(2027, 3, 26), date(2027, 3, 29))
"""Good Friday and Easter Monday 2027."""


def _starts_of(day: date) -> list[datetime]:
    opens = datetime.combine(day, time(_OPENS), ZONE)
    quarters = (_CLOSES - _OPENS) * 60 // GRID_MINUTES
    return [opens + timedelta(minutes=GRID_MINUTES * n) for n in range(quarters)]
