"""What the values of an office must fulfil, alone and together; form was checked in `reading`.

Each rule yields every fault it sees. A rule about what is *missing elsewhere* (a limit for a
service) keeps silent while that other list could not be read whole.
"""

import re
from collections import Counter as Tally
from collections.abc import Iterable, Iterator

import msgspec

from queue_service.model.ids import TICK_SECONDS
from queue_service.model.office import Office, Service, Taker
from queue_service.offices.reading import Found
from queue_service.offices.rules_of_expecting import expecting_faults
from queue_service.offices.rules_of_release import release_faults
from queue_service.offices.rules_of_reminding import reminder_faults
from queue_service.offices.rules_of_requests import request_faults
from queue_service.offices.rules_of_steps import step_faults
from queue_service.offices.rules_of_tickets import ticket_faults
from queue_service.offices.rules_of_time import is_zone, special_faults, window_faults
from queue_service.offices.rules_of_waiting import waiting_faults
from queue_service.offices.surge_rules import surge_faults
from queue_service.offices.triage_rules import triage_faults

TICK_MINUTES = TICK_SECONDS // 60
APPLICANT_FIELDS = ("name", "email", "phone", "birth_date", "document")
EXTENSIONS_AT_LEAST = 10
LONGEST_WINDOW = 730
"""Days; every day ahead has its cells."""
"""WCAG 2.2, 2.2.1: whoever needs more time can extend a time limit at least ten times."""

AGS_PREFIX = {
    "SH": "01",
    "HH": "02",
    "NI": "03",
    "HB": "04",
    "NW": "05",
    "HE": "06",
    "RP": "07",
    "BW": "08",
    "BY": "09",
    "SL": "10",
    "BE": "11",
    "BB": "12",
    "MV": "13",
    "SN": "14",
    "ST": "15",
    "TH": "16",
}
"""The sixteen states (ISO 3166-2 without country) → first two digits of their municipality keys."""

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,40}")
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_MAIL = re.compile(r"[^@\s]*@[^@\s.]+(\.[^@\s.]+)+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,8})?")


class Draft(msgspec.Struct, frozen=True):
    """An office as far as it could be read."""

    office: Office
    unread: frozenset[str]
    """Top-level keys that are missing or could not be read whole."""
    faulty: frozenset[str]
    """Those and the ones with any fault of form below them."""
    codes: frozenset[str] | None
    """Codes of all services, also of those that could not be read; None when one has no code."""


def broken_rules(draft: Draft) -> Iterator[Found]:
    """Every broken rule of `draft`."""
    office = draft.office
    for found in (*_identity(office), *_place(office)):
        if found.key.split(".")[0] not in draft.unread:
            yield found
    yield from _services(draft)
    yield from _counters(draft)
    yield from _limits(draft)
    yield from window_faults(office.hours, "hours", office.zone)
    if not office.hours and "hours" not in draft.unread:
        yield Found("hours", None, "must not be empty: the office would never be open")
    for number, closure in enumerate(office.closures, 1):
        if closure.last < closure.first:
            yield Found(f"closures[{number}].last", closure.last, f"is before {closure.first}")
    yield from special_faults(office.exceptions, office.zone)
    yield from _booking_rules(office)
    yield from _line_rules(office)
    yield from ticket_faults(office)
    yield from surge_faults(office, draft.faulty)
    yield from _limits_per_person(office)
    yield from request_faults(office)
    yield from release_faults(office)
    yield from waiting_faults(office)
    yield from reminder_faults(office)
    yield from expecting_faults(office)
    yield from step_faults(office, draft.faulty, draft.codes)
    yield from triage_faults(office, draft.faulty)


def _identity(office: Office) -> Iterator[Found]:
    for key, said in (("slug", office.slug), ("authority", office.authority)):
        if not _SLUG.fullmatch(said):
            reason = "must be small letters, digits and hyphens, a letter first"
            yield Found(key, said, reason)
    if not is_zone(office.zone):
        yield Found("zone", office.zone, "is no time zone; write one such as Europe/Berlin")
    if office.land not in AGS_PREFIX:
        yield Found("land", office.land, f"must be one of {', '.join(AGS_PREFIX)}")
    if not re.fullmatch(r"\d{8}", office.ags):
        yield Found("ags", office.ags, "must be 8 digits in quotes (municipality key, AGS)")
    elif office.land in AGS_PREFIX and not office.ags.startswith(AGS_PREFIX[office.land]):
        reason = f"does not lie in {office.land}, whose keys begin with {AGS_PREFIX[office.land]}"
        yield Found("ags", office.ags, reason)
    if "de" not in office.languages:
        yield Found("languages", office.languages, "must contain de")
    yield from _repeated("languages", office.languages)
    for tag in office.languages:
        if not _LANGUAGE.fullmatch(tag):
            yield Found("languages", tag, "is no language code such as de, ar or en_GB")


def _place(office: Office) -> Iterator[Found]:
    for key, said in (("street", office.place.street), ("town", office.place.town)):
        if not said.strip():
            yield Found(f"place.{key}", said, "must not be empty")
    if not re.fullmatch(r"\d{5}", office.place.postcode):
        yield Found("place.postcode", office.place.postcode, "must be 5 digits in quotes")
    if office.place.web and not office.place.web.startswith("https://"):
        yield Found("place.web", office.place.web, "must begin with https://")


def _services(draft: Draft) -> Iterator[Found]:
    services = draft.office.services
    if not services and "services" not in draft.unread:
        yield Found("services", None, "must not be empty: nobody could come for anything")
    yield from _used_twice("services", "code", [service.code for service in services])
    for service in services:
        yield from _service(service)
        yield from _reachable(draft, service)


def _service(service: Service) -> Iterator[Found]:
    key = f"services.{service.code}"
    if not _CODE.fullmatch(service.code):
        yield Found(f"{key}.code", service.code, "must be 2 to 12 capitals and digits")
    yield from _at_least(key, service, minutes_first=1, minutes_next=0, max_persons=1)
    yield from _at_least(key, service, target_minutes=1)
    if not _KEY.fullmatch(service.group):
        yield Found(f"{key}.group", service.group, "must be letters, digits, - and _")
    for field in service.required:
        if field not in APPLICANT_FIELDS:
            reason = f"must be one of {', '.join(APPLICANT_FIELDS)}"
            yield Found(f"{key}.required", field, reason)
    if "name" not in service.required:
        yield Found(f"{key}.required", service.required, "must contain name")
    for leika in service.leika:
        if not re.fullmatch(r"\d{14}", leika):
            yield Found(f"{key}.leika", leika, "must be 14 digits in quotes")
    yield from _fees(key, service)


def _fees(key: str, service: Service) -> Iterator[Found]:
    for number, fee in enumerate(service.fees, 1):
        yield from _at_least(f"{key}.fees[{number}]", fee, cents=0)
        if not fee.law.strip():
            yield Found(f"{key}.fees[{number}].law", fee.law, "must name the law")
        if fee.valid_to is not None and fee.valid_to < fee.valid_from:
            reason = f"is before valid_from {fee.valid_from}"
            yield Found(f"{key}.fees[{number}].valid_to", fee.valid_to, reason)


def _reachable(draft: Draft, service: Service) -> Iterator[Found]:
    key, office = f"services.{service.code}", draft.office
    takers = {limit.taker for limit in office.limits if service.code in limit.services}
    if "limits" not in draft.faulty:
        if service.bookable and Taker.BOOKING not in takers:
            reason = "has no limit with taker booking, so no appointment could ever be free"
            yield Found(f"{key}.bookable", True, reason)
        if service.walk_in and Taker.WALK_IN not in takers:
            reason = "has no limit with taker walk_in, so nobody could come without appointment"
            yield Found(f"{key}.walk_in", True, reason)
    skilled = any(service.code in counter.skills for counter in office.counters)
    if "counters" not in draft.faulty and not skilled:
        for way in (way for way in ("bookable", "walk_in") if getattr(service, way)):
            yield Found(f"{key}.{way}", True, "has no counter with this skill")


def _counters(draft: Draft) -> Iterator[Found]:
    counters = draft.office.counters
    if not counters and "counters" not in draft.unread:
        yield Found("counters", None, "must not be empty: nobody could be called")
    yield from _used_twice("counters", "key", [counter.key for counter in counters])
    for counter in counters:
        key = f"counters.{counter.key}"
        if not _KEY.fullmatch(counter.key):
            yield Found(f"{key}.key", counter.key, "must be letters, digits, - and _")
        if not counter.skills:
            yield Found(f"{key}.skills", counter.skills, "must not be empty")
        yield from _known_services(f"{key}.skills", counter.skills, draft)


def _limits(draft: Draft) -> Iterator[Found]:
    office = draft.office
    yield from _used_twice("limits", "key", [limit.key for limit in office.limits])
    for limit in office.limits:
        key = f"limits.{limit.key}"
        if not _KEY.fullmatch(limit.key):
            yield Found(f"{key}.key", limit.key, "must be letters, digits, - and _")
        yield from _at_least(key, limit, capacity=0)
        if not limit.services and not limit.together:
            yield Found(f"{key}.services", limit.services, "must not be empty")
        yield from _known_services(f"{key}.services", limit.services, draft)
        for kind in limit.together:
            yield from _known_services(f"{key}.together", kind, draft)
        if limit.taker is Taker.WALK_IN and limit.period == "tick":
            reason = "must be half_day or day for walk-ins, who have no time of their own"
            yield Found(f"{key}.period", limit.period, reason)
        yield from window_faults(limit.hours, f"{key}.hours", office.zone)
        yield from _known_counters(f"{key}.counters", limit.counters, draft)


def _known_counters(key: str, named: tuple[str, ...], draft: Draft) -> Iterator[Found]:
    yield from _repeated(key, named)
    for counter in named:
        if "counters" not in draft.faulty and draft.office.counter(counter) is None:
            yield Found(key, counter, "is no counter of this office")


def _known_services(key: str, named: Iterable[str], draft: Draft) -> Iterator[Found]:
    named = tuple(named)
    yield from _repeated(key, named)
    for code in named:
        if draft.codes is not None and code not in draft.codes:
            yield Found(key, code, "is no service of this office")


def _booking_rules(office: Office) -> Iterator[Found]:
    rules = office.booking
    yield from _at_least("booking", rules, window_days=1, lead_minutes=0, hold_minutes=1)
    yield from _at_least("booking", rules, confirm_minutes=1)
    if rules.window_days > LONGEST_WINDOW:
        yield Found("booking.window_days", rules.window_days, f"must be at most {LONGEST_WINDOW}")
    yield from _at_least("booking", rules, extend_minutes=1, cancel_minutes_before=0)
    yield from _at_least("booking", rules, early_minutes=0, late_minutes=0, grid_minutes=5)
    if rules.grid_minutes % TICK_MINUTES:
        reason = f"must be a multiple of {TICK_MINUTES}"
        yield Found("booking.grid_minutes", rules.grid_minutes, reason)
    needed = rules.hold_minutes + EXTENSIONS_AT_LEAST * rules.extend_minutes
    if rules.hold_cap_minutes < needed:
        reason = (
            f"must be at least {needed}: {EXTENSIONS_AT_LEAST} extensions must fit (WCAG 2.2.1)"
        )
        yield Found("booking.hold_cap_minutes", rules.hold_cap_minutes, reason)


def _limits_per_person(office: Office) -> Iterator[Found]:
    key, limits = "limits_per_person", office.limits_per_person
    yield from _at_least(key, limits, live_per_email=0)
    for number, named in enumerate(limits.institutions, 1):
        at = f"{key}.institutions[{number}]"
        if not _MAIL.fullmatch(named.address):
            reason = "must be an address such as help@example.org, or @example.org for a domain"
            yield Found(f"{at}.address", named.address, reason)
        if named.live <= limits.live_per_email:
            reason = f"must be more than live_per_email ({limits.live_per_email})"
            yield Found(f"{at}.live", named.live, reason)


def _line_rules(office: Office) -> Iterator[Found]:
    rules = office.line
    yield from _at_least("line", rules, emergency_minutes=1, booking_minutes=1, walk_in_minutes=1)
    yield from _at_least("line", rules, emergency_floor_minutes=0, undo_seconds=0)
    yield from _at_least("line", rules, calls_before_missed=1, hand_minutes=1)
    if rules.emergency_floor_minutes > rules.emergency_minutes:
        reason = f"must not exceed emergency_minutes {rules.emergency_minutes}"
        yield Found("line.emergency_floor_minutes", rules.emergency_floor_minutes, reason)


def _at_least(key: str, values: msgspec.Struct, **bounds: int) -> Iterator[Found]:
    for name, bound in bounds.items():
        said = getattr(values, name)
        if said < bound:
            yield Found(f"{key}.{name}", said, f"must be at least {bound}")


def _used_twice(table: str, field: str, names: list[str]) -> Iterator[Found]:
    for name, times in Tally(names).items():
        if times > 1:
            yield Found(f"{table}.{name}.{field}", name, f"is used {times} times")


def _repeated(key: str, said: Iterable[str]) -> Iterator[Found]:
    for value, times in Tally(said).items():
        if times > 1:
            yield Found(key, value, f"stands there {times} times")
