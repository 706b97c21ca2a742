"""What is free, per day: the page everybody reloads, so it is answered from ready bytes.

A month is made once per change of its days (the view's versions), of days that are made once per
change of their own, and kept with its compressed form and validator; until the view or the
five-minute tick of `now` moves, a request costs one look-up.
"""

from datetime import date, timedelta
from urllib.parse import parse_qsl

import msgspec
from litestar import get
from litestar.types import ASGIApp, Scope

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode
from queue_service.model.refusal import Code, Refusal
from queue_service.offices.jurisdiction import gate
from queue_service.slots.openings import DayOpenings, DayState
from queue_service.web.cache import Cached, Kept, lean_answer
from queue_service.web.days import beyond
from queue_service.web.lean import AnyRequest, documented, parameter
from queue_service.web.problems import lean_problem

MOST_DAYS = 62
_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """A question about an office's days."""

    services: tuple[str, ...]
    persons: tuple[int, ...]
    first: date | None
    last: date | None
    ags: str = ""
    postcode: str = ""


_LIST_OF_TEXT = {"type": "array", "items": {"type": "string"}}
_LIST_OF_NUMBERS = {"type": "array", "items": {"type": "integer", "minimum": 1}}
_TEXT = {"type": "string", "maxLength": 20}
_DAY = {"type": "string", "format": "date"}
_PARAMETERS = (
    parameter("service", "query", _LIST_OF_TEXT, "Service codes; may repeat", required=True),
    parameter("persons", "query", _LIST_OF_NUMBERS, "Persons, one a service; default 1"),
    parameter("ags", "query", _TEXT, "Municipality key of residence: may answer not_responsible"),
    parameter("postcode", "query", _TEXT, "The same by postcode; may answer which_municipality"),
    parameter("from", "query", _DAY, "First local day; default today"),
    parameter("to", "query", _DAY, "Last local day; default the window's end; at most 62 days"),
)

_BESIDE = 500
"""Bytes that an answer or a day costs beside its content."""


def _size(made: Cached) -> int:
    return len(made.plain) + len(made.zipped) + _BESIDE


_answers = Kept[Cached](24_000_000, _size)
"""By query as it was sent."""
_months = Kept[Cached](24_000_000, _size)
_days = Kept[bytes](24_000_000, lambda piece: len(piece) + _BESIDE)


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
    mark = followed.openings.stand(now)
    key = (followed.key.slug, query)
    found = _answers.find(key, mark)
    if found is not None:
        return found
    asked = _asked(query)
    made = asked if isinstance(asked, Refusal) else _month(followed, asked)
    if isinstance(made, Cached):
        _answers.keep(key, mark, made)
    return made


def _asked(query: bytes) -> Asked | Refusal:
    services: list[str] = []
    persons: list[int] = []
    days: dict[str, date] = {}
    place = {"ags": "", "postcode": ""}
    try:
        fields = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=40)
    except ValueError:
        return Refusal(Code.INVALID, {"field": "service", "reason": "unreadable query"})
    for name, value in fields:
        try:
            if name == "service":
                services.append(value)
            elif name == "persons":
                persons.append(_whole(value))
            elif name in days:
                return Refusal(Code.INVALID, {"field": name, "reason": "given twice"})
            elif name in ("from", "to"):
                days[name] = _day_of(value)
            elif name in place:
                place[name] = value[:20]
            else:
                return Refusal(Code.INVALID, {"field": name[:80], "reason": "unknown"})
        except ValueError:
            return Refusal(Code.INVALID, {"field": name, "value": value[:80]})
    if not services:
        return Refusal(Code.FIELD_REQUIRED, {"fields": ["service"]})
    return Asked(tuple(services), tuple(persons), days.get("from"), days.get("to"), **place)


def _whole(value: str) -> int:
    if not (value.isascii() and value.removeprefix("-").isdigit()):
        raise ValueError(value)
    return int(value)


def _day_of(value: str) -> date:
    """As everywhere else: ``2026-11-23``, no week and nothing left out."""
    day = date.fromisoformat(value)
    if day.isoformat() != value:
        raise ValueError(value)
    return day


def _horizon(followed: Followed, asked: Asked) -> int:
    parts = (Part(ServiceCode(code), 1) for code in asked.services)
    return followed.rules_for(tuple(parts)).window_days


def _month(followed: Followed, asked: Asked) -> Cached | Refusal:
    now = followed.now()
    first = asked.first or now.date()
    refusal = beyond(from_=first)
    if refusal is not None:
        return refusal
    horizon = min(_horizon(followed, asked), MOST_DAYS - 1)
    last = asked.last or first + timedelta(days=horizon)
    if last < first or (last - first).days >= MOST_DAYS:
        return Refusal(Code.INVALID, {"field": "to", "reason": f"0 to {MOST_DAYS - 1} days"})
    parts = _parts(asked.services, asked.persons)
    if isinstance(parts, Refusal):
        return parts
    elsewhere = gate(followed.office, ags=asked.ags, postcode=asked.postcode)
    if elsewhere is not None:
        return elsewhere
    # Kept for everybody, wherever they live: that was asked above.
    key = (followed.key.office, asked.services, asked.persons, first, last)
    stamp = followed.openings.stamp(first, last, now)
    known = _months.find(key, stamp)
    if known is not None:
        return known
    request = followed.openings.request(parts)
    if isinstance(request, Refusal):
        return request
    slug = followed.key.slug
    days = [
        msgspec.Raw(_day(slug, parts, day))
        for day in followed.openings.month(parts, first, last, now)
    ]
    made = Cached.of(
        _encode(
            {
                "office": slug,
                "services": [{"service": p.service, "persons": p.persons} for p in parts],
                "minutes": request.visit_minutes,
                "days": days,
            }
        )
    )
    _months.keep(key, stamp, made)
    return made


def _day(slug: str, parts: tuple[Part, ...], day: DayOpenings) -> bytes:
    key = (slug, parts, day.date)
    made = _days.find(key, day)
    if made is None:
        free = [
            {"start": s.start, "places": s.places} for s in day.starts if s.state is DayState.FREE
        ]
        made = _encode({"date": day.date, "state": day.state, "starts": free})
        if day.starts:
            _days.keep(key, day, made)
    return made


def _parts(services: tuple[str, ...], persons: tuple[int, ...]) -> tuple[Part, ...] | Refusal:
    if persons and len(persons) != len(services):
        return Refusal(Code.INVALID, {"field": "persons", "reason": "one for each service"})
    if len(services) > 8:
        return Refusal(Code.INVALID, {"field": "service", "reason": "at most 8"})
    many = persons or (1,) * len(services)
    return tuple(Part(ServiceCode(s), n) for s, n in zip(services, many, strict=True))


handlers = [availability]
