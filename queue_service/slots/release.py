"""What becomes bookable when: the horizon of a service, and freed places that rest for a while.

A place that comes back at the click of whoever gives it up can be handed on, or sold. So it rests
(`resting`) and comes back at a moment nobody can compute. Chance is passed in, drawn from the
system.
"""

import hashlib
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import msgspec

from queue_service.model.booking import Part
from queue_service.model.office import BookingRules, Office, OfficeClock, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.release import Release

ONE_DAY = timedelta(days=1)


def in_window(
    start: datetime, now: datetime, rules: BookingRules, zone: ZoneInfo
) -> Refusal | None:
    """None when `start` may be booked now; both ends of the window are the office's rules.

    The window ends with its last day in the office's `zone`.
    """
    if start < now + timedelta(minutes=rules.lead_minutes):
        return Refusal(Code.PAST)
    if start.astimezone(zone).date() > _last(rules, now.astimezone(zone).date()):
        return Refusal(Code.NOT_BOOKABLE_YET, {"window_days": rules.window_days})
    return None


def may_start(
    office: Office, parts: Iterable[Part], start: datetime, now: datetime
) -> Refusal | None:
    """None when a visit of these parts may be booked now to begin at `start`."""
    return in_window(start, now, rules_for(office, parts), office.tz)


def rules_for(office: Office, parts: Iterable[Part]) -> BookingRules:
    """The office's rules with the horizon of these parts: that of the shortest."""
    services = [s for part in parts if (s := office.service(part.service)) is not None]
    return msgspec.structs.replace(office.booking, window_days=_days(office.booking, services))


def without_lead(rules: BookingRules) -> BookingRules:
    """The same for staff, who may book what begins at once, and move away as late."""
    return msgspec.structs.replace(rules, lead_minutes=0, cancel_minutes_before=0)


def last_bookable(rules: BookingRules, services: Iterable[Service], now: datetime) -> date:
    """Last local day that a visit for these services may be booked on; `now` in the zone."""
    found = msgspec.structs.replace(rules, window_days=_days(rules, services))
    return _last(found, now.date())


def furthest(office: Office) -> int:
    """The longest horizon of any service, in days: cells are planned as far as that."""
    own = (service.window_days or 0 for service in office.services)
    return max((office.booking.window_days, *own))


def _days(rules: BookingRules, services: Iterable[Service]) -> int:
    return min((_horizon(rules, service) for service in services), default=rules.window_days)


def _horizon(rules: BookingRules, service: Service) -> int:
    days = rules.window_days if service.window_days is None else service.window_days
    busy = rules.release.busy_window_days
    return days if service.first_come or not busy else min(days, busy)


def _last(rules: BookingRules, today: date) -> date:
    last = today + rules.window_days * ONE_DAY
    moved = rules.release.moved_on
    waits = bool(rules.release.open_between) and moved is not None and moved < today
    # What was open yesterday stays open, however long nobody moved the horizon on.
    return last - ONE_DAY if waits else last


def opening(rules: Release, now: datetime, chance: bytes) -> datetime:
    """The moment of the local day of `now` at which its new day of the horizon opens.

    `chance` belongs to that day and office alone, and is told to nobody.
    """
    first, last = (datetime.combine(now.date(), at, now.tzinfo) for at in rules.open_between)
    # Added as instants: on a day of a clock change the wall does not run evenly.
    begin = first.timestamp()
    moment = begin + (last.timestamp() - begin) * fraction(chance, b"move on")
    return datetime.fromtimestamp(moment, now.tzinfo)


class Rest(msgspec.Struct, frozen=True):
    """How places freed in one turn rest."""

    release: Release
    lead: timedelta
    """So long before its start a place can no longer be booked."""
    zone: ZoneInfo
    chance: bytes
    """At least 16 fresh bytes of the system, told to nobody."""


def rest(office: Office, chance: bytes) -> Rest | None:
    """How freed places rest in this office; None where they are free at once."""
    rules = office.booking
    if not rules.release.rest_minutes and not rules.release.rest_to:
        return None
    return Rest(rules.release, timedelta(minutes=rules.lead_minutes), office.tz, chance)


ASKED_WITHIN = 1
"""Minutes: the leader asks the list each second, a new one is found within some."""


class Lapsing(msgspec.Struct, frozen=True):
    """How what runs out in one turn rests."""

    rest: Rest | None = None
    """As the office says; None where it is free at once."""
    awaited: Rest | None = None
    """There: the place of an offer, while others are on the list."""


FREE_AT_ONCE = Lapsing()


def lapsing(office: Office, clock: OfficeClock, chance: bytes) -> Lapsing:
    """How what runs out rests in this office; an offer's place at least until the next is asked."""
    found = rest(office, chance)
    if found is not None:
        return Lapsing(found)
    minutes = ceil(clock.patience(timedelta(minutes=ASKED_WITHIN)) / timedelta(minutes=1))
    lead = timedelta(minutes=office.booking.lead_minutes)
    rules = Release(rest_minutes=(minutes, minutes))
    return Lapsing(awaited=Rest(rules, lead, office.tz, chance))


def rest_until(
    start: datetime, now: datetime, how: Rest, *, gave_up: bool, mark: bytes
) -> datetime | None:
    """When a place freed now may be taken again; None where a rest would only waste it.

    It never rests for more than half of the time in which it can still be booked, and near its
    start for a random share of that half, so that even then no click brings it back. `gave_up`:
    a hold that its own browser let go; `mark` tells the places of one turn apart.
    """
    half = (start - how.lead - now) / 2
    if half <= timedelta(0):
        return None
    low, high = _bounds(now, how, gave_up=gave_up)
    if high > half:
        low, high = min(low, half / 2), half
    return now + low + (high - low) * fraction(how.chance, mark)


def _bounds(now: datetime, how: Rest, *, gave_up: bool) -> tuple[timedelta, timedelta]:
    rules = how.release
    minutes = (gave_up and rules.hold_rest_minutes) or rules.rest_minutes or (0, 30)
    low, high = timedelta(minutes=minutes[0]), timedelta(minutes=minutes[1])
    if rules.rest_to and not (gave_up and rules.hold_rest_minutes):
        wait = _next(rules.rest_to, now.astimezone(how.zone)) - now
        return wait + low, wait + high
    return low, high


def _next(times: Collection[time], now: datetime) -> datetime:
    days = (now.date(), now.date() + ONE_DAY)
    every = (datetime.combine(day, at, now.tzinfo) for day in days for at in times)
    return min(at for at in every if at.timestamp() > now.timestamp())


def fraction(secret: bytes, mark: bytes) -> float:
    """A number in [0, 1) that nobody can compute without `secret`."""
    digest = hashlib.blake2b(mark, key=secret[:64], digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)
