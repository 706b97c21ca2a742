"""What managers enter to change capacity, read kindly and turned into layers; keeps nothing."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

import msgspec

from queue_service.language import mark
from queue_service.model.ids import ActorId
from queue_service.model.layer import Layer
from queue_service.model.office import Limit, Office, Period, Taker
from queue_service.offices.layer_rules import MOST_ADDED
from queue_service.web.api.layer_shapes import (
    AnyLayerBody,
    ClosureBody,
    CounterBody,
    ExceptionBody,
    HoursBody,
    PlacesBody,
    WindowBody,
    layer_of,
)
from queue_service.web.pages.applicant.times import as_day

KINDS = {
    "places": mark("Places more or fewer"),
    "counter": mark("A counter is absent"),
    "window": mark("Extra hours or an extra team"),
    "closure": mark("Closed"),
    "exception": mark("Other hours on some days"),
}
"""The forms of the page, by kind of layer."""
FIELDS = ("kind", "limit", "counter", "add", "first", "last", "from", "to", "reason")
MOST_DAYS = 31
"""Of a change with times of day: each day is a layer of its own."""
MOST_LAYERS = 50
_ONE_DAY = timedelta(days=1)

NEEDED = mark("Please fill in this field.")
UNREADABLE = mark("Please enter a valid day or time.")
BACKWARDS = mark("The end must come after the start.")
TOO_LONG = mark("At most 31 days with times of day, please.")
OVER = mark("This time is over.")
NOT_HERE = mark("Please choose one of the list.")
NO_NUMBER = mark("Please enter a whole number, such as 2 or -1.")
NO_COUNT = mark("Please enter a whole number, such as 2.")
TOO_WIDE = mark("Fewer days at once, please: this change reaches too many limits.")


class Entry(msgspec.Struct):
    """What was entered, as it was entered, and what is wrong with it by field."""

    values: dict[str, str]
    errors: dict[str, str] = {}

    @property
    def kind(self) -> str:
        """Which form it was."""
        return self.values.get("kind", "")

    def value(self, field: str) -> str:
        """What stands in a field."""
        return self.values.get(field, "")


def read(given: Mapping[str, object]) -> Entry:
    """The fields of a form or a query."""
    return Entry({name: str(given.get(name) or "").strip()[:200] for name in FIELDS})


def layers(entry: Entry, office: Office, by: ActorId, now: datetime) -> tuple[Layer, ...]:
    """The layers that were asked for; none, and errors in `entry`, where it cannot be read."""
    entry.errors = {}
    if entry.kind not in KINDS:
        entry.errors["kind"] = NOT_HERE
        return ()
    if not entry.value("reason"):
        entry.errors["reason"] = NEEDED
    first, last = _days(entry, now.date())
    spans = tuple(_spans(entry, first, last, now)) if first and last else ()
    bodies = tuple(_bodies(entry, office, first, last, spans)) if first and last else ()
    if entry.kind in ("places", "window"):
        _number(entry)  # also where the days are wrong: everything is said at once
    if entry.errors:
        entry.errors = {name: entry.errors[name] for name in FIELDS if name in entry.errors}
        return ()
    if len(bodies) > MOST_LAYERS:
        entry.errors["last"] = TOO_WIDE
        return ()
    return tuple(layer_of(body, by, now) for body in bodies)


def _days(entry: Entry, today: date) -> tuple[date | None, date | None]:
    first = _day(entry, "first", None)
    last = _day(entry, "last", first)
    if first and last and last < first:
        entry.errors["last"] = BACKWARDS
    elif last and last < today:
        entry.errors["first"] = OVER
    return first, last


def _day(entry: Entry, field: str, otherwise: date | None) -> date | None:
    said = entry.value(field)
    if not said:
        if field == "first":
            entry.errors[field] = NEEDED
        return otherwise
    found = as_day(said)
    if found is None:
        entry.errors[field] = UNREADABLE
    return found


def _time(entry: Entry, field: str, *, needed: bool) -> time | None:
    said = entry.value(field)
    if not said:
        if needed:
            entry.errors[field] = NEEDED
        return None
    try:
        return time.fromisoformat(said).replace(tzinfo=None)
    except ValueError:
        entry.errors[field] = UNREADABLE
        return None


def _spans(
    entry: Entry, first: date, last: date, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The spans of the change: each day's with times of day, else the whole."""
    if entry.kind == "closure":
        return
    needed = entry.kind in ("window", "exception") or bool(entry.value("from") or entry.value("to"))
    opens, closes = _time(entry, "from", needed=needed), _time(entry, "to", needed=needed)
    zone = now.tzinfo
    if opens is None or closes is None:
        if not needed:
            whole = (
                datetime.combine(first, time(), zone),
                datetime.combine(last + _ONE_DAY, time(), zone),
            )
            yield whole
        return
    if closes <= opens:
        entry.errors["to"] = BACKWARDS
        return
    if (last - first).days >= MOST_DAYS and entry.kind != "exception":
        entry.errors["last"] = TOO_LONG
        return
    for n in range((last - first).days + 1):
        day = first + n * _ONE_DAY
        span = datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
        # As instants: in the hour that a clock change skips the wall runs backwards.
        if span[1].timestamp() > max(now.timestamp(), span[0].timestamp()):
            yield span
        if entry.kind == "exception":
            return


def _bodies(
    entry: Entry,
    office: Office,
    first: date,
    last: date,
    spans: tuple[tuple[datetime, datetime], ...],
) -> Iterator[AnyLayerBody]:
    reason = entry.value("reason")
    if entry.kind == "closure":
        yield ClosureBody(reason, first=first, last=last)
        return
    if not spans:
        if entry.errors.keys().isdisjoint(("first", "last", "from", "to")):
            entry.errors["to"] = OVER
        return
    if entry.kind == "exception":
        opens, closes = (at.time() for at in spans[0])
        hours = (HoursBody(opens, closes),)
        yield ExceptionBody(reason, first=first, last=last, hours=hours)
        return
    make = {"places": _places, "counter": _counter, "window": _window}[entry.kind]
    for since, until in spans:
        yield from make(entry, office, reason, since, until)


def _places(
    entry: Entry, office: Office, reason: str, since: datetime, until: datetime
) -> Iterator[AnyLayerBody]:
    limit, add = _limit(entry, office), _number(entry)
    if limit is not None and add is not None:
        yield PlacesBody(reason, since, until, limit=limit.key, add=add)


def _counter(
    entry: Entry, office: Office, reason: str, since: datetime, until: datetime
) -> Iterator[AnyLayerBody]:
    counter = office.counter(entry.value("counter"))
    if counter is None:
        entry.errors["counter"] = NOT_HERE
        return
    yield CounterBody(reason, since, until, counter=counter.key, add=-1)


def _window(
    entry: Entry, office: Office, reason: str, since: datetime, until: datetime
) -> Iterator[AnyLayerBody]:
    """A visit needs room in every limit that names its service: all of them are opened.

    One that counts visits by the day gets as many more as fit into the time, not as sit there at
    once.
    """
    limit, at_once = _limit(entry, office), _number(entry)
    if limit is None or at_once is None:
        return
    for each in office.limits:
        shared = [
            s for s in office.services if s.code in each.services and s.code in limit.services
        ]
        if each.taker is not limit.taker or not shared:
            continue
        more = at_once
        if limit.period is Period.TICK and each.period is not Period.TICK:
            shortest = timedelta(minutes=min(service.minutes_first for service in shared))
            more = min(MOST_ADDED, at_once * max(1, (until - since) // shortest))
        yield WindowBody(
            reason, None, until, limit=each.key, opens=since, closes=until, capacity=more
        )


def _limit(entry: Entry, office: Office) -> Limit | None:
    found = next((each for each in office.limits if each.key == entry.value("limit")), None)
    if found is None:
        entry.errors["limit"] = NOT_HERE
    return found


def _number(entry: Entry) -> int | None:
    said = entry.value("add").replace("−", "-").removeprefix("+")
    try:
        found = int(said)
    except ValueError:
        found = 0
    least = 1 if entry.kind == "window" else -MOST_ADDED
    if found == 0 or not least <= found <= MOST_ADDED:
        entry.errors["add"] = NO_COUNT if least > 0 else NO_NUMBER
        return None
    return found


def bookable(office: Office) -> tuple[Limit, ...]:
    """Limits that appointments take from, for the form of extra hours."""
    return tuple(limit for limit in office.limits if limit.taker is Taker.BOOKING)
