"""Settings that hold from day to day: "no appointment needed" between two dates.

An Office that engines see says only what holds now, so nobody else compares dates. Days are local
and both ends are included. When settings are read anew because of a date is told by `turns`.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from queue_service.model.layer import Layer
from queue_service.model.office import Office, Service


def as_of(office: Office, at: datetime) -> Office:
    """`office` without what does not hold on the local day of `at`."""
    day = at.astimezone(office.tz).date()
    if all(_unchanged(service) for service in office.services):
        return office
    services = tuple(_on(service, day) for service in office.services)
    return msgspec.structs.replace(office, services=services)


def holds(first: date | None, last: date | None, day: date) -> bool:
    """Whether `day` lies between both, included; None leaves a side open."""
    return (first is None or first <= day) and (last is None or day <= last)


def named_days(layer: Layer) -> tuple[tuple[date, date], ...]:
    """First and last of the days that a layer on closures or exceptions adds; () for others."""
    added = _said(layer).get("add", ()) if layer.subject in ("closures", "exceptions") else ()
    return tuple(
        (date.fromisoformat(each["first"]), date.fromisoformat(each["last"])) for each in added
    )


def turns(layers: Iterable[Layer]) -> Iterator[datetime]:
    """The instants at which something begins or ends to hold by its date."""
    layers = tuple(layers)
    zones = [
        zone
        for layer in layers
        if layer.subject == "office" and (zone := _said(layer).get("zone")) is not None
    ]
    zone = ZoneInfo(zones[-1]) if zones else UTC
    for layer in layers:
        if layer.subject.startswith("service:"):
            for begins, after in _dates(_said(layer)):
                day = begins + timedelta(days=1) if after else begins
                yield datetime.combine(day, time(), zone).astimezone(UTC)


def _unchanged(service: Service) -> bool:
    return not service.exempt and not (service.not_needed_from or service.not_needed_to)


def _on(service: Service, day: date) -> Service:
    if _unchanged(service):
        return service
    general = holds(service.not_needed_from, service.not_needed_to, day)
    return msgspec.structs.replace(
        service,
        not_needed=service.not_needed if general else {},
        exempt=tuple(e for e in service.exempt if holds(e.valid_from, e.valid_to, day)),
    )


def _dates(said: dict[str, Any]) -> Iterator[tuple[date, bool]]:
    """(day, whether the change comes after it). Any: a layer's JSON."""
    for one in (said, *(said.get("exempt") or ())):
        for name, after in (
            ("not_needed_from", False),
            ("not_needed_to", True),
            ("valid_from", False),
            ("valid_to", True),
        ):
            if one.get(name):
                yield date.fromisoformat(one[name]), after


def _said(layer: Layer) -> dict[str, Any]:
    said = msgspec.json.decode(layer.change)
    return said if isinstance(said, dict) else {}
