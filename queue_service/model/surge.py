"""Surge rules as values: what is measured, when a rule speaks, what it does and who must agree.

Written in ``config/<office>/surge.toml``, checked in `offices`, decided in `slots`.
"""

from datetime import date, time, timedelta
from enum import StrEnum

import msgspec

from queue_service.model.ids import ServiceCode
from queue_service.model.visit import NeedClass

Texts = dict[str, str]


class Metric(StrEnum):
    """What can be measured; each has one unit."""

    FREE_PLACES = "free_places"
    """Places of a service that can be booked from now on, within `days`."""
    DAYS_TO_FREE = "days_to_free"
    """Days until the next free start of a service; one more than the horizon when there is none."""
    BOOKED_SHARE = "booked_share"
    """Per cent of a limit's capacity that is taken from now on, within `days`."""
    NO_SHOWS_TODAY = "no_shows_today"
    """Bookings of today whose lateness is over and to which nobody came."""
    WAITING_LIST = "waiting_list"
    """People who wait for a place of a service."""
    CARDS_READY = "cards_ready_unbooked"
    """Cards that lie ready and have no pickup appointment."""
    WORK_MINUTES = "work_minutes_per_counter"
    """Minutes of work that wait in the hall, for each open counter."""
    OLDEST_WAIT = "oldest_wait"
    """Minutes that the longest waiting person (of a need class) has waited."""
    PREDICTED_P80 = "predicted_p80"
    """Minutes within which eight of ten who wait (of a need class) will be called."""
    UNSERVED_EMERGENCIES = "unserved_emergencies"
    """Emergencies that no counter has taken yet."""


class Approval(StrEnum):
    """Who must agree before a rule acts."""

    AUTO = "auto"
    SUGGEST = "suggest"
    TWO_PERSONS = "two_persons"


class Kind(StrEnum):
    """What a rule can do."""

    OPEN_COUNTERS = "open_counters"
    """Desks of the house serve a limit from `opens` to `closes`; shared limits stay as they are.

    Without a limit: counters of the hall that are not open are called, `lead` before they are.
    """
    EXTRA_TEAM = "extra_team"
    """More desks than usual: the limit and every limit it shares services with grow."""
    EXTRA_HOURS = "extra_hours"
    """The limit is open from `opens` to `closes` where it is closed; open time stays."""
    CONVERT_PLACES = "convert_places"
    """Places of `from_limit` that nobody booked become places of `limit`, desk for desk."""
    RELEASE_RESERVE = "release_reserve"
    """What is kept back in `limit` can be booked, all but `keep`."""
    HORIZON = "horizon"
    """Days that can be booked ahead: longer or shorter."""
    OPEN_WAITING_LIST = "open_waiting_list"
    """People may join the waiting list."""
    NOTIFY = "notify"
    """Nothing but telling."""
    CALL_GUIDES = "call_guides"
    """`count` guides are called into the hall for a while."""
    STOP_TICKETS = "stop_tickets"
    """No numbers without appointment for a while; emergencies and appointments go on."""


OF_HALL = frozenset(
    {Metric.WORK_MINUTES, Metric.OLDEST_WAIT, Metric.PREDICTED_P80, Metric.UNSERVED_EMERGENCIES}
)
"""What is measured in the hall."""
OF_NEED = frozenset({Metric.OLDEST_WAIT, Metric.PREDICTED_P80})
"""What may be measured for one need class."""
ON_DESKS = frozenset({Kind.OPEN_COUNTERS, Kind.EXTRA_TEAM, Kind.EXTRA_HOURS})


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The trigger: the metric is above (or below) a threshold for the whole of `hold`."""

    metric: Metric
    service: ServiceCode = ServiceCode("")
    limit: str = ""
    need_class: NeedClass | None = None
    """Of the hall's waits; None: everybody."""
    days: int = 14
    """How far ahead is measured; 0 = today alone."""
    above: float | None = None
    below: float | None = None
    hold: timedelta = timedelta(0)
    not_before: time | None = None
    not_after: time | None = None
    """Looked at between these two local times only."""


class Until(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The way back: past this threshold for the whole of `hold` the rule ends."""

    above: float | None = None
    below: float | None = None
    hold: timedelta = timedelta(0)


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One action; which fields it needs is its kind's matter."""

    action: Kind
    limit: str = ""
    from_limit: str = ""
    service: ServiceCode = ServiceCode("")
    desks: int = 1
    count: int = 1
    """Guides that are called."""
    opens: time | None = None
    closes: time | None = None
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    first_day: int = 0
    """0 = from the day it begins, 1 = from the next day on."""
    working_days: int = 1
    cap: int = 0
    """Places a day, or guides at a time, at most; 0 = what fits."""
    keep: int = 0
    """So many places of `from_limit` stay free at any time."""
    days: int = 0
    """The new horizon."""
    lasts: timedelta = timedelta(days=1)
    """How long a changed setting holds."""
    after: timedelta = timedelta(0)
    """How long after the rule began: actions with the same delay are one wave."""
    lead: timedelta = timedelta(0)
    """How long people need until a counter they are called to is open."""


class SurgeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule: trigger, way back, actions, and the bounds within which it may act."""

    id: str
    title: Texts
    owner: str
    expires: date
    when: When
    until: Until
    do: tuple[Do, ...]
    cooldown: timedelta
    """No automatic switch, on or off, sooner than this after the last one."""
    approval: Approval = Approval.SUGGEST
    level: int = 1
    """1 = within the plan, 2 = moves people, 3 = touches other services."""
    a_day: int = 1
    """Firings a day at most."""
    answer_within: timedelta = timedelta(days=1)
    """A suggestion nobody answered by then is withdrawn."""
    dry_run: bool = False
    """Decides and tells, but changes nothing."""
    paused: bool = False
    text: Texts = {}
    """What a manager reads before agreeing."""


class Minimum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No rule takes a limit below so many places at any time."""

    limit: str
    places: int


class Surge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules of an office and what bounds them together."""

    rule: tuple[SurgeRule, ...] = ()
    minimum: tuple[Minimum, ...] = ()
    most_a_day: int = 6
    """Firings of all rules together."""
    most_level_3_a_day: int = 1


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many people can sit at a desk at the same time; 0 = as many as there are counters."""

    present: int = 0


def in_hall(do: Do) -> bool:
    """Whether an action relieves the hall and leaves places and settings alone."""
    calls_counters = do.action is Kind.OPEN_COUNTERS and not do.limit
    return calls_counters or do.action in (Kind.CALL_GUIDES, Kind.STOP_TICKETS)


def waves(rule: SurgeRule) -> tuple[timedelta, ...]:
    """When each wave of the rule's actions comes, counted from its beginning."""
    return tuple(sorted({do.after for do in rule.do}))


def of_wave(rule: SurgeRule, wave: int) -> tuple[Do, ...]:
    """The actions of wave number `wave`, counted from 1."""
    due = waves(rule)[wave - 1]
    return tuple(do for do in rule.do if do.after == due)
