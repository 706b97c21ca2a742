"""What is free, per day: the page everybody reloads, so it is answered from ready bytes.

A month is made once per change of its days (the view's versions) and kept with its compressed form
and validator; until the view or the five-minute tick of `now` moves, a request costs one look-up.
"""

from datetime import date, timedelta
from urllib.parse import parse_qsl

import msgspec
from litestar import get
from litestar.types import ASGIApp, Scope

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import TICK_SECONDS, ServiceCode
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.openings import DayState
from queue_service.web.cache import Cached, lean_answer
from queue_service.web.lean import AnyRequest, documented, parameter
from queue_service.web.problems import lean_problem

MOST_DAYS = 62
YEARS = range(2000, 2200)
"""Days of other years are mistyped; the calendar's last year would have no day after it."""
_MOST_KEPT = 2_000
_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """A question about an office's days."""

    services: tuple[str, ...]
    persons: tuple[int, ...]
    first: date | None
    last: date | None


_LIST_OF_TEXT = {"type": "array", "items": {"type": "string"}}
_LIST_OF_NUMBERS = {"type": "array", "items": {"type": "integer", "minimum": 1}}
_DAY = {"type": "string", "format": "date"}
_PARAMETERS = (
    parameter("service", "query", _LIST_OF_TEXT, "Service codes; may repeat", required=True),
    parameter("persons", "query", _LIST_OF_NUMBERS, "Persons, one a service; default 1"),
    parameter("from", "query", _DAY, "First local day; default today"),
    parameter("to", "query", _DAY, "Last local day, at most 62 days; default the window's end"),
)

_quick: dict[tuple[str, bytes], tuple[tuple[object, ...], Cached]] = {}
_months: dict[tuple[object, ...], tuple[tuple[object, ...], Cached]] = {}


@get(
    "/offices/{office:str}/availability",
    summary="What is free",
    operation_class=documented(parameters=_PARAMETERS),
)
async def availability(request: AnyRequest) -> ASGIApp:
    """Per day the free starts with places; cached bytes with ETag, refreshed by the journal."""
    scope: Scope = request.scope
    house: House = request.app.state.house
    slug = scope["path_params"]["office"]
    followed = house.follower.office(slug)
    if followed is None:
        return lean_problem(scope, Refusal(Code.UNKNOWN_OFFICE, {"office": slug[:80]}))
    found = _answer(followed, scope["query_string"])
    return lean_problem(scope, found) if isinstance(found, Refusal) else lean_answer(scope, found)


def _answer(followed: Followed, query: bytes) -> Cached | Refusal:
    now = followed.now()
    openings = followed.openings
    mark = (id(openings), openings.version, int(now.timestamp()) // TICK_SECONDS)
    known = _quick.get((followed.key.slug, query))
    if known is not None and known[0] == mark:
        return known[1]
    asked = _asked(query)
    found = asked if isinstance(asked, Refusal) else _month(followed, asked)
    if isinstance(found, Cached):
        if len(_quick) > _MOST_KEPT:
            _quick.clear()
        _quick[(followed.key.slug, query)] = (mark, found)
    return found


def _asked(query: bytes) -> Asked | Refusal:
    services: list[str] = []
    persons: list[int] = []
    days: dict[str, date] = {}
    try:
        fields = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=40)
    except ValueError:
        return Refusal(Code.INVALID, {"field": "service", "reason": "unreadable query"})
    for name, value in fields:
        try:
            if name == "service":
                services.append(value)
            elif name == "persons":
                persons.append(int(value))
            elif name in ("from", "to"):
                days[name] = date.fromisoformat(value)
            else:
                return Refusal(Code.INVALID, {"field": name[:80], "reason": "unknown"})
        except ValueError:
            return Refusal(Code.INVALID, {"field": name, "value": value[:80]})
    if not services:
        return Refusal(Code.FIELD_REQUIRED, {"fields": ["service"]})
    return Asked(tuple(services), tuple(persons), days.get("from"), days.get("to"))


def _month(followed: Followed, asked: Asked) -> Cached | Refusal:
    now = followed.now()
    first = asked.first or now.date()
    if first.year not in YEARS:
        return Refusal(Code.INVALID, {"field": "from", "reason": "years 2000 to 2199"})
    last = asked.last or first + timedelta(days=followed.office.booking.window_days)
    if last < first or (last - first).days >= MOST_DAYS:
        return Refusal(Code.INVALID, {"field": "to", "reason": f"0 to {MOST_DAYS - 1} days"})
    key = (followed.key.office, asked.services, asked.persons, first, last)
    stamp = (id(followed.openings), *followed.openings.stamp(first, last, now))
    known = _months.get(key)
    if known is not None and known[0] == stamp:
        return known[1]
    parts = _parts(asked.services, asked.persons)
    if isinstance(parts, Refusal):
        return parts
    request = followed.openings.request(parts)
    if isinstance(request, Refusal):
        return request
    days = [
        {
            "date": day.date,
            "state": day.state,
            "starts": [
                {"start": s.start, "places": s.places}
                for s in day.starts
                if s.state is DayState.FREE
            ],
        }
        for day in followed.openings.month(parts, first, last, now)
    ]
    made = Cached.of(
        _encode(
            {
                "office": followed.key.slug,
                "services": [{"service": p.service, "persons": p.persons} for p in parts],
                "minutes": request.minutes,
                "days": days,
            }
        )
    )
    if len(_months) > _MOST_KEPT:
        _months.clear()
    _months[key] = (stamp, made)
    return made


def _parts(services: tuple[str, ...], persons: tuple[int, ...]) -> tuple[Part, ...] | Refusal:
    if persons and len(persons) != len(services):
        return Refusal(Code.INVALID, {"field": "persons", "reason": "one for each service"})
    if len(services) > 8:
        return Refusal(Code.INVALID, {"field": "service", "reason": "at most 8"})
    many = persons or (1,) * len(services)
    return tuple(Part(ServiceCode(s), n) for s, n in zip(services, many, strict=True))


handlers = [availability]
