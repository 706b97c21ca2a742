"""SMART Scheduling Links: where and when something is free, in the format others collect.

Coarse (half days, counts as steps) and late (what is shown was taken at least one `DELAY` ago, but
for the first minutes of a process), so that nobody who asks often learns of a freed place sooner
than on the office's own page. Which places are free is left to `views.coarse`.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import structlog
from litestar import Litestar, Request, Response, get

from queue_service.clock import real_now
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.office import Office, Service
from queue_service.views.coarse import HalfDay, half_days
from queue_service.web.cache import Cached, answer

DELAY = timedelta(minutes=10)
FOLDER = "/.well-known/smart-scheduling/"
MANIFEST = FOLDER + "$bulk-publish"
_FILES = {"Location": "locations", "Schedule": "schedules", "Slot": "slots"}
_NDJSON = "application/fhir+ndjson"
_KEPT = f"public, max-age={int(DELAY.total_seconds()) // 2}"
_EXTENSION = "http://fhir-registry.smarthealthit.org/StructureDefinition/"
_AGS = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags"
_LEIKA = "urn:de:fim:leika:leistung"
_log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode


class Published(msgspec.Struct, frozen=True):
    """One state of affairs: the manifest and its files."""

    manifest: Cached
    files: dict[str, Cached]


class Links:
    """What is published now, and what will be next."""

    def __init__(self, house: House) -> None:
        """Nothing is published before `run` took the first state."""
        self._house = house
        self._next: Published | None = None
        self.shown: Published | None = None

    async def run(self) -> None:
        """Take a state each `DELAY`, on the same minute in every process, and show the one before.

        The first is shown at once: an office that has just started is no secret for long.
        """
        while True:
            try:
                taken = await take(self._house)
                self.shown, self._next = self._next or taken, taken
            except Exception:  # noqa: BLE001 - the process's edge: the next round may work again
                _log.exception("scheduling_links_defect")
            seconds = DELAY.total_seconds()
            await asyncio.sleep(seconds - real_now().timestamp() % seconds)


async def take(house: House) -> Published:
    """What is free now, of every office; other work goes on between two services."""
    base = house.settings.base_url.rstrip("/")
    taken = real_now().astimezone(UTC)
    lines: dict[str, list[bytes]] = {name: [] for name in _FILES.values()}
    for office in list(house.follower.offices.values()):
        lines["locations"].append(_encode(location(office.office)))
        for service, found in _bookable(office):
            lines["schedules"].append(_encode(schedule(office.office, service, base)))
            lines["slots"] += [_encode(slot(office.office, service, f, base)) for f in found]
            await asyncio.sleep(0)
    files = {name: Cached.of(b"".join(x + b"\n" for x in made)) for name, made in lines.items()}
    return Published(Cached.of(_encode(manifest(base, taken))), files)


def _bookable(office: Followed) -> Iterator[tuple[Service, list[HalfDay]]]:
    now = office.now()
    for service in office.office.services:
        found = list(half_days(office.openings, (Part(service.code, 1),), now))
        if found:
            yield service, found


def manifest(base: str, taken: datetime) -> dict[str, object]:
    """The entry point, which names the files."""
    return {
        "transactionTime": taken.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "request": base + MANIFEST,
        "output": [
            {"type": kind, "url": f"{base}{FOLDER}{name}.ndjson"} for kind, name in _FILES.items()
        ],
        "error": [],
    }


def location(office: Office) -> dict[str, object]:
    """Where an office stands and how it is reached, with its municipality key."""
    place = office.place
    reached = (("phone", place.phone), ("email", place.email), ("url", place.web))
    return {
        "resourceType": "Location",
        "id": _id(office.slug),
        "identifier": [{"system": _AGS, "value": office.ags}],
        "name": office.name["de"],
        "telecom": [{"system": kind, "value": value} for kind, value in reached if value],
        "address": {
            "line": [place.street],
            "city": place.town,
            "state": office.land,
            "postalCode": place.postcode,
            "country": "DE",
        },
    }


def schedule(office: Office, service: Service, base: str) -> dict[str, object]:
    """One service at one office, with its keys of the federal catalogue where it has some."""
    own = f"{base}/api/v1/offices/{office.slug}"
    coding = [{"system": own, "code": str(service.code), "display": service.name["de"]}]
    coding += [{"system": _LEIKA, "code": key} for key in service.leika]
    return {
        "resourceType": "Schedule",
        "id": _id(office.slug, service.code),
        "serviceType": [{"coding": coding, "text": service.name["de"]}],
        "actor": [{"reference": f"Location/{_id(office.slug)}"}],
    }


def slot(office: Office, service: Service, free: HalfDay, base: str) -> dict[str, object]:
    """A half day of a service: free with at least so many places, or busy."""
    asked = urlencode({"service": service.code, "persons": 1, "day": free.date.isoformat()})
    link = f"{base}/{office.languages[0]}/{office.slug}/book?{asked}"
    extension: list[dict[str, object]] = [
        {"url": _EXTENSION + "booking-deep-link", "valueUrl": link}
    ]
    if office.place.phone:
        phone = office.place.phone
        extension.append({"url": _EXTENSION + "booking-phone", "valueString": phone})
    if free.places:
        extension.append({"url": _EXTENSION + "slot-capacity", "valueInteger": free.places})
    return {
        "resourceType": "Slot",
        "id": _id(office.slug, service.code, f"{free.date:%Y%m%d}", free.half),
        "schedule": {"reference": f"Schedule/{_id(office.slug, service.code)}"},
        "status": "free" if free.places else "busy",
        "start": free.start.isoformat(),
        "end": free.end.isoformat(),
        "extension": extension,
    }


def _id(*parts: str) -> str:
    """At most 64 letters, digits, dots and underscores, as the format wants it."""
    return re.sub(r"[^A-Za-z0-9.]", "_", ".".join(parts))[:64]


@get(MANIFEST, include_in_schema=False)
async def bulk_publish(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The manifest of SMART Scheduling Links; names the files of locations, schedules, slots."""
    shown = _shown(request)
    return _late() if shown is None else answer(request, shown.manifest, cache_control=_KEPT)


@get([f"{FOLDER}{name}.ndjson" for name in _FILES.values()], include_in_schema=False)
async def bulk_file(request: Request[Any, Any, Any]) -> Response[bytes]:
    """One JSON object a line: places, services, half days."""
    shown = _shown(request)
    if shown is None:
        return _late()
    name = request.url.path.removeprefix(FOLDER).removesuffix(".ndjson")
    return answer(request, shown.files[name], media_type=_NDJSON, cache_control=_KEPT)


def _shown(request: Request[Any, Any, Any]) -> Published | None:
    links: Links = request.app.state.links
    return links.shown


def _late() -> Response[bytes]:
    """Nothing was taken yet: the process started a moment ago."""
    return Response(b"", status_code=503, headers={"retry-after": "1"})


@asynccontextmanager
async def publishing(app: Litestar) -> AsyncIterator[None]:
    """Publish while the application runs; its house is open already."""
    app.state.links = Links(app.state.house)
    task = asyncio.create_task(app.state.links.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


handlers = [bulk_publish, bulk_file]
