"""What a layer that moves no desk sets, and why any layer is there, in words for managers.

Rules of the house and of surges write layers with a note of their own in place of a reason; here
it becomes a sentence. What a manager typed is shown as typed. Knows no request.
"""

import re
from typing import Any

import msgspec

from queue_service.events.booking import Why
from queue_service.language import catalogue, mark, pick
from queue_service.language.formats import clock, number, span
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office, Special

ORIGINS = {
    Origin.MANAGER: mark("Manager"),
    Origin.SURGE: mark("Surge rule"),
    Origin.DISRUPTION: mark("Disruption"),
    Origin.CONFIG: mark("Configuration"),
    Origin.RELEASE: mark("By itself"),
}
WHYS = {
    Why.STAFF_MISSING: mark("Colleagues are missing"),
    Why.CLOSED: mark("The office is closed"),
    Why.TECHNICAL: mark("Technical reasons"),
    Why.TITLE_EXTENDED: mark("Titles were extended by law: nobody of the group needs to come"),
}
_SUBJECTS = {
    "closures": mark("Closed"),
    "exceptions": mark("Other hours"),
    "hours": mark("Weekly hours"),
    "staff": mark("Other number of staff"),
}
_RULE_NOTE = re.compile(r"surge (?P<rule>\S+) \d+/\d+")
_DEMAND_NOTE = re.compile(r"demand over supply (?P<ratio>[\d.]+)")


def sets(layer: Layer, office: Office, language: str) -> str:
    """What a layer sets that adds no places; its subject where there are no words for it."""
    t = catalogue(language)
    kind, _, key = layer.subject.partition(":")
    said = msgspec.json.decode(layer.change)
    patch = said if isinstance(said, dict) else {}
    if kind in _SUBJECTS:
        hours = _hours(patch, language) if kind == "exceptions" else ""
        return f"{t(_SUBJECTS[kind])}: {hours}" if hours else t(_SUBJECTS[kind])
    if kind == "service":
        service = office.service(key)
        name = pick(service.name, language)[0] if service else key
        found = _of_service(patch, language)
        return f"{name}: {found}" if found else name
    if kind == "limit" and (keep := patch.get("reserve", {}).get("keep")) is not None:
        limit = next((each for each in office.limits if each.key == key), None)
        name = pick(limit.name, language)[0] if limit else key
        return t("{limit}: {n} kept in reserve", limit=name, n=keep)
    return _of_rules(kind, patch, language) or t("Rule: {subject}", subject=key or kind)


def _hours(patch: dict[str, Any], language: str) -> str:
    """When the house is open on days with hours of their own. Any: a layer's JSON."""
    days = msgspec.convert(patch.get("add", ()), tuple[Special, ...])
    opened = dict.fromkeys(
        span(clock(opening.opens), clock(opening.closes), language)
        for day in days
        for opening in day.hours
    )
    return ", ".join(opened)


def _of_service(patch: dict[str, Any], language: str) -> str:
    t = catalogue(language)
    if "first_come" in patch:
        return t("all days again") if patch["first_come"] else t("bookable fewer days ahead")
    if "window_days" in patch:
        return _days_ahead(int(patch["window_days"]), language)
    return ""


def _of_rules(kind: str, patch: dict[str, Any], language: str) -> str:
    t = catalogue(language)
    booking = patch.get("booking", {})
    if kind == "relief":
        stops = t("No numbers without appointment; emergencies and appointments go on")
        return stops if "stops" in patch else t("More people in the hall")
    if "moved_on" in booking.get("release", {}):
        return t("The next day can be booked")
    if "window_days" in booking:
        return _days_ahead(int(booking["window_days"]), language)
    return t("The waiting list opens") if patch.get("waiting", {}).get("open") else ""


def _days_ahead(days: int, language: str) -> str:
    return catalogue(language).plural("Bookable {n} day ahead", "Bookable {n} days ahead", days)


def why(layer: Layer, office: Office, language: str) -> str:
    """The reason of a layer, as typed or as a sentence."""
    t = catalogue(language)
    if layer.origin is Origin.DISRUPTION and layer.reason in set(Why):
        return t(WHYS[Why(layer.reason)])
    if layer.origin is Origin.SURGE and (note := _RULE_NOTE.fullmatch(layer.reason)):
        rule = next((each for each in office.surge.rule if each.id == note["rule"]), None)
        return pick(rule.title, language)[0] if rule else note["rule"]
    if layer.origin is Origin.RELEASE:
        note = _DEMAND_NOTE.fullmatch(layer.reason)
        if note:
            ratio = number(float(note["ratio"]), language)
            return t("Wishes for each free place: {ratio}", ratio=ratio)
        return t("Each day at a moment nobody can foresee")
    return layer.reason
