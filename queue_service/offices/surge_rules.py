"""What surge rules must fulfil, and how the bounds they share are kept as a layer of their own.

Form is read like every other file of the folder, so a fault comes with file, key, value and
reason; an office with one is not loaded and its old rules stay in force.
"""

import re
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from queue_service.model.ids import TICK_SECONDS
from queue_service.model.office import Office, Period, Taker
from queue_service.model.surge import (
    OF_HALL,
    OF_NEED,
    ON_DESKS,
    Do,
    Kind,
    Metric,
    Minimum,
    Surge,
    SurgeRule,
    Until,
    When,
    in_hall,
)
from queue_service.offices.reading import Found, Reader

_ID = re.compile(r"[a-z][a-z0-9_-]{0,40}")
SHORTEST_COOLDOWN = timedelta(minutes=1)
LONGEST_HORIZON_DAYS = 366
LONGEST_RELIEF = timedelta(hours=12)
LEVELS = (1, 2, 3)
OF_SERVICE = frozenset({Metric.FREE_PLACES, Metric.DAYS_TO_FREE, Metric.WAITING_LIST})
"""Metrics that need a service."""


class SurgeBounds(msgspec.Struct, frozen=True):
    """The subject ``surge``: what bounds all rules together."""

    minimum: tuple[Minimum, ...] = ()
    most_a_day: int = 6
    most_level_3_a_day: int = 1

    @classmethod
    def of(cls, surge: Surge) -> "SurgeBounds":
        """All of `surge` but its rules."""
        return cls(surge.minimum, surge.most_a_day, surge.most_level_3_a_day)


# Any: plain JSON values on their way into an Office.
def whole_surge(bounds: Any, rules: Iterable[Any]) -> dict[str, Any]:
    """Bounds and rules as one table again, rules in the order of their names."""
    return {**bounds, "rule": sorted(rules, key=lambda rule: rule["id"])}


def surge_faults(office: Office, unsure: frozenset[str]) -> Iterator[Found]:
    """Every fault of the office's rules; keeps silent about lists in `unsure`."""
    surge = office.surge
    for name in ("most_a_day", "most_level_3_a_day"):
        if getattr(surge, name) < 0:
            yield Found(f"surge.{name}", getattr(surge, name), "must be at least 0")
    for number, minimum in enumerate(surge.minimum, 1):
        key = f"surge.minimum[{number}]"
        yield from _limit(office, unsure, f"{key}.limit", minimum.limit)
        if minimum.places < 0:
            yield Found(f"{key}.places", minimum.places, "must be at least 0")
    if office.staff.present < 0:
        yield Found("staff.present", office.staff.present, "must be at least 0")
    for name, times in Tally(rule.id for rule in surge.rule).items():
        if times > 1:
            yield Found(f"surge.rule.{name}.id", name, f"is used {times} times")
    for rule in surge.rule:
        yield from _rule(office, unsure, rule)


def what_could_be_read(silent: Reader, raw: dict[str, object]) -> Surge:
    """The rules without fault of form, so that the others are judged in the same pass."""
    said = {name: raw.get(name) for name in ("rule", "minimum")}
    rules, minimum = (rows if isinstance(rows, list) else [] for rows in said.values())
    return Surge(
        rule=silent.each(SurgeRule, rules, "surge.rule"),
        minimum=silent.each(Minimum, minimum, "surge.minimum"),
    )


def _rule(office: Office, unsure: frozenset[str], rule: SurgeRule) -> Iterator[Found]:
    key = f"surge.rule.{rule.id}"
    if not _ID.fullmatch(rule.id):
        yield Found(f"{key}.id", rule.id, "must be small letters, digits, - and _, a letter first")
    if not rule.owner.strip():
        yield Found(f"{key}.owner", rule.owner, "must say who answers for the rule")
    if rule.level not in LEVELS:
        yield Found(f"{key}.level", rule.level, "must be 1, 2 or 3")
    if rule.a_day < 1:
        yield Found(f"{key}.a_day", rule.a_day, "must be at least 1")
    if rule.cooldown < SHORTEST_COOLDOWN:
        yield Found(f"{key}.cooldown", rule.cooldown, "must be at least 1m")
    if rule.answer_within <= timedelta(0):
        yield Found(f"{key}.answer_within", rule.answer_within, "must be longer than nothing")
    yield from _trigger(f"{key}.when", rule.when)
    yield from _scope(office, unsure, f"{key}.when", rule.when)
    yield from _way_back(f"{key}.until", rule.when, rule.until)
    if not rule.do:
        yield Found(f"{key}.do", rule.do, "must not be empty: the rule would do nothing")
    for number, do in enumerate(rule.do, 1):
        yield from _action(office, unsure, f"{key}.do[{number}]", do)


def _trigger(key: str, when: When) -> Iterator[Found]:
    if (when.above is None) == (when.below is None):
        yield Found(key, None, "needs either above or below")
    if when.days < 0:
        yield Found(f"{key}.days", when.days, "must be at least 0")
    if when.hold < timedelta(0):
        yield Found(f"{key}.hold", when.hold, "must be at least 0")
    early, late = when.not_before or time(), when.not_after or time.max
    if early >= late:
        reason = f"must be later than not_before {early:%H:%M}: a rule looks within one day"
        yield Found(f"{key}.not_after", when.not_after, reason)
    elif when.hold >= _span(when):
        reason = "must be shorter than the hours at which the rule looks: then it looks no more"
        yield Found(f"{key}.hold", when.hold, reason)


def _span(when: When) -> timedelta:
    """How long the rule looks a day; `timedelta.max` without hours of its own, or faulty ones."""
    if when.not_before is None and when.not_after is None:
        return timedelta.max
    begin = datetime.combine(date.min, when.not_before or time())
    last = date.min if when.not_after else date.min + timedelta(days=1)
    end = datetime.combine(last, when.not_after or time())
    return end - begin if begin < end else timedelta.max


def _scope(office: Office, unsure: frozenset[str], key: str, when: When) -> Iterator[Found]:
    if when.metric in OF_SERVICE and not when.service:
        yield Found(f"{key}.service", None, f"is missing: {when.metric} is measured for a service")
    if when.metric is Metric.BOOKED_SHARE and not when.limit:
        yield Found(f"{key}.limit", None, f"is missing: {when.metric} is measured for a limit")
    if when.need_class is not None and when.metric not in OF_NEED:
        reason = f"is for {' and '.join(sorted(OF_NEED))} only"
        yield Found(f"{key}.need_class", when.need_class, reason)
    if when.metric in OF_HALL and (when.service or when.limit):
        name = "service" if when.service else "limit"
        yield Found(f"{key}.{name}", getattr(when, name), "is not measured in the hall")
    if when.service:
        yield from _service(office, unsure, f"{key}.service", when.service)
    if when.limit:
        yield from _limit(office, unsure, f"{key}.limit", when.limit)


def _way_back(key: str, when: When, until: Until) -> Iterator[Found]:
    """Hysteresis: the way back lies on the other side of the trigger, with room between."""
    if not timedelta(0) <= until.hold < _span(when):
        reason = "must be at least 0, and shorter than the hours at which the rule looks"
        yield Found(f"{key}.hold", until.hold, reason)
    if when.above is not None:
        if until.below is None or until.above is not None:
            yield Found(key, None, "needs below, as the trigger says above")
        elif until.below >= when.above:
            reason = f"must be less than the trigger's above {when.above:g} (hysteresis)"
            yield Found(f"{key}.below", until.below, reason)
    elif when.below is not None:
        if until.above is None or until.below is not None:
            yield Found(key, None, "needs above, as the trigger says below")
        elif until.above <= when.below:
            reason = f"must be more than the trigger's below {when.below:g} (hysteresis)"
            yield Found(f"{key}.above", until.above, reason)


def _action(office: Office, unsure: frozenset[str], key: str, do: Do) -> Iterator[Found]:
    for name in ("first_day", "cap", "keep"):
        if getattr(do, name) < 0:
            yield Found(f"{key}.{name}", getattr(do, name), "must be at least 0")
    for name in ("desks", "working_days"):
        if getattr(do, name) < 1:
            yield Found(f"{key}.{name}", getattr(do, name), "must be at least 1")
    if do.lasts <= timedelta(0):
        yield Found(f"{key}.lasts", do.lasts, "must be longer than nothing: it ends by itself")
    if do.lead < timedelta(0) or (do.lead and do.action is not Kind.OPEN_COUNTERS):
        yield Found(f"{key}.lead", do.lead, "is the time until a counter is open: open_counters")
    if do.count < 1:
        yield Found(f"{key}.count", do.count, "must be at least 1")
    if in_hall(do):
        yield from _hall(key, do)
    else:
        yield from _place(office, unsure, key, do)


def _hall(key: str, do: Do) -> Iterator[Found]:
    """Relief begins at once and ends by itself or with its rule."""
    for name in ("opens", "closes", "from_limit", "service", "limit"):
        if getattr(do, name):
            reason = "is not for the hall: help comes at once, for as long as lasts says"
            yield Found(f"{key}.{name}", getattr(do, name), reason)
    if do.lasts > LONGEST_RELIEF:
        yield Found(f"{key}.lasts", do.lasts, "must be at most 12h: it is for the running day")


def _place(office: Office, unsure: frozenset[str], key: str, do: Do) -> Iterator[Found]:
    """Where and when the action changes something, as its kind needs it."""
    if do.action in ON_DESKS or do.action is Kind.CONVERT_PLACES:
        yield from _hours(key, do, needed=do.action in ON_DESKS and not do.lead)
        yield from _tick_limit(office, unsure, f"{key}.limit", do.limit)
    if do.action is Kind.RELEASE_RESERVE:
        yield from _limit(office, unsure, f"{key}.limit", do.limit)
    if do.action is Kind.CONVERT_PLACES:
        yield from _tick_limit(office, unsure, f"{key}.from_limit", do.from_limit)
        if do.from_limit == do.limit:
            yield Found(f"{key}.from_limit", do.from_limit, "must be another limit")
    if do.action is Kind.HORIZON and not 1 <= do.days <= LONGEST_HORIZON_DAYS:
        yield Found(f"{key}.days", do.days, f"must be 1 to {LONGEST_HORIZON_DAYS}")
    if do.service:
        yield from _service(office, unsure, f"{key}.service", do.service)


def _hours(key: str, do: Do, *, needed: bool) -> Iterator[Found]:
    for name, at in (("opens", do.opens), ("closes", do.closes)):
        if at is None:
            if needed or (do.opens or do.closes):
                yield Found(f"{key}.{name}", None, "is missing")
        elif at.minute * 60 % TICK_SECONDS or at.second or at.microsecond:
            yield Found(f"{key}.{name}", at, "must lie on a multiple of 5 minutes")
    if do.opens and do.closes and do.closes <= do.opens:
        yield Found(f"{key}.closes", do.closes, f"is not after opens {do.opens:%H:%M}")
    if not do.weekdays:
        yield Found(f"{key}.weekdays", do.weekdays, "must be at least one day")


def _tick_limit(office: Office, unsure: frozenset[str], key: str, named: str) -> Iterator[Found]:
    yield from _limit(office, unsure, key, named)
    limit = next((one for one in office.limits if one.key == named), None)
    if limit and (limit.period is not Period.TICK or limit.taker is not Taker.BOOKING):
        yield Found(key, named, "must be a limit of bookings by time (period tick)")


def _limit(office: Office, unsure: frozenset[str], key: str, named: str) -> Iterator[Found]:
    if not named:
        yield Found(key, None, "is missing")
    elif "limits" not in unsure and all(limit.key != named for limit in office.limits):
        yield Found(key, named, "is no limit of this office")


def _service(office: Office, unsure: frozenset[str], key: str, named: str) -> Iterator[Found]:
    if not named:
        yield Found(key, None, "is missing")
    elif "services" not in unsure and office.service(named) is None:
        yield Found(key, named, "is no service of this office")
