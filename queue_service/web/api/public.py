"""For anyone: offices and what is free there."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from queue_service.follow import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode, address
from queue_service.model.office import Office, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.openings import DayState
from queue_service.web.cache import Cached, answer
from queue_service.web.problems import problem

MOST_DAYS = 62
YEARS = range(2000, 2200)
"""Days of other years are mistyped; the calendar's last year would have no day after it."""
_encode = msgspec.json.Encoder().encode

Services = Annotated[list[str], QueryParameter(name="service", description="Service codes")]
Persons = Annotated[list[int] | None, QueryParameter(name="persons", description="One a service")]
From = Annotated[date | None, QueryParameter(name="from", description="First local day")]
To = Annotated[date | None, QueryParameter(name="to", description="Last local day, ≤ 62 days on")]


@get("/offices", summary="All offices")
async def offices(request: Request[Any, Any, Any], house: House) -> Response[bytes]:
    """Every office with its languages and services."""
    found = [
        {
            "office": o.office.slug,
            "name": o.office.name,
            "languages": o.office.languages,
            "services": [{"service": s.code, "name": s.name} for s in o.office.services],
        }
        for o in house.follower.offices.values()
    ]
    return answer(request, Cached.of(_encode({"offices": found})))


@get("/offices/{office:str}", summary="One office")
async def office(
    request: Request[Any, Any, Any], house: House, office: FromPath[str]
) -> Response[Any]:
    """Services, languages, hours and the rules in force; `now` is the office's clock."""
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    found = _details(followed.office) | {
        "now": followed.now(),
        "rate": followed.clock.rate,
        "seq": followed.seq,
    }
    return Response(
        _encode(found), media_type="application/json", headers={"cache-control": "no-store"}
    )


def _details(office: Office) -> dict[str, object]:
    return {
        "office": office.slug,
        "name": office.name,
        "zone": office.zone,
        "ags": office.ags,
        "place": office.place,
        "languages": office.languages,
        "services": [_service(s) for s in office.services],
        "counters": [
            {"counter": address(office.slug, c.key), "name": c.name, "skills": c.skills}
            for c in office.counters
        ],
        "hours": office.hours,
        "closures": office.closures,
        "rules": {"booking": office.booking, "line": office.line},
    }


def _service(service: Service) -> dict[str, object]:
    said = msgspec.structs.asdict(service)
    said["service"] = said.pop("code")
    return said


@get("/offices/{office:str}/availability", summary="What is free")
async def availability(
    request: Request[Any, Any, Any],
    house: House,
    office: FromPath[str],
    service: Services,
    persons: Persons = None,
    first: From = None,
    last: To = None,
) -> Response[Any]:
    """Per day the free starts with places; cached bytes with ETag, refreshed by the journal."""
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    found = _month(followed, tuple(service), tuple(persons or ()), first, last)
    return problem(request, found) if isinstance(found, Refusal) else answer(request, found)


_months: dict[tuple[object, ...], tuple[tuple[object, ...], Cached]] = {}
_MOST_MONTHS = 2_000


def _month(
    followed: Followed,
    services: tuple[str, ...],
    persons: tuple[int, ...],
    first: date | None,
    last: date | None,
) -> Cached | Refusal:
    now = followed.now()
    first = first or now.date()
    if first.year not in YEARS:
        return Refusal(Code.INVALID, {"field": "from", "reason": "years 2000 to 2199"})
    last = last or first + timedelta(days=followed.office.booking.window_days)
    if last < first or (last - first).days >= MOST_DAYS:
        return Refusal(Code.INVALID, {"field": "to", "reason": f"0 to {MOST_DAYS - 1} days"})
    key = (followed.key.office, services, persons, first, last)
    stamp = (id(followed.openings), *followed.openings.stamp(first, last, now))
    known = _months.get(key)
    if known is not None and known[0] == stamp:
        return known[1]
    parts = _parts(services, persons)
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
    if len(_months) > _MOST_MONTHS:
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


handlers = [offices, office, availability]
