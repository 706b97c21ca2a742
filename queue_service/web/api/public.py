"""For anyone: offices and what is free there."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from queue_service.house import House
from queue_service.model.ids import address
from queue_service.model.office import Office, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.web.cache import Cached, answer
from queue_service.web.problems import problem

_encode = msgspec.json.Encoder().encode


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
    """Services, languages, hours and the rules in force; `now` is the office's clock.

    The ETag is that of everything else: for who asks with it a new hour alone is a 304. No cache
    may keep the answer: it would give out an hour long past.
    """
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    details = _details(followed.office)
    moment = {"now": followed.now(), "rate": followed.clock.rate, "seq": followed.seq}
    packed = Cached.of(_encode(details | moment), lasting=_encode(details))
    return answer(request, packed, cache_control="no-store")


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
        "rules": {"booking": office.booking, "line": office.line, "waiting": office.waiting},
        "jurisdiction": office.jurisdiction,
    }


def _service(service: Service) -> dict[str, object]:
    said = msgspec.structs.asdict(service)
    said["service"] = said.pop("code")
    return said


handlers = [offices, office]
