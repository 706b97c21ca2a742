"""What the API answers about surge rules, as types for the OpenAPI document."""

from datetime import date, datetime

import msgspec

from queue_service.web.api.answers.exact import Answer


class MeasureShown(Answer, frozen=True):
    """One action: what changes where, and for how long."""

    action: str
    subject: str
    desks: int
    first: datetime | None
    last: datetime | None
    days: int
    places: int
    wave: int
    text: str


class PlanShown(Answer, frozen=True):
    """All actions of a rule and what they add up to."""

    measures: tuple[MeasureShown, ...]
    places_before: int
    places_after: int
    days_to_clear: int
    ends: datetime | None


class RuleShown(Answer, frozen=True):
    """One rule with its values as measured now."""

    rule: str
    title: dict[str, str]
    text: dict[str, str]
    owner: str
    level: int
    approval: str
    expires: date
    dry_run: bool
    phase: str
    since: datetime | None
    metric: str
    need: str
    service: str
    limit: str
    value: float | None
    threshold: float
    clear: float
    held_minutes: int
    hold_minutes: int
    cooldown_left_minutes: int
    fired_today: int
    a_day: int
    paused_until: datetime | None
    ends: datetime | None
    wave: int
    waves: int
    approvals: int
    plan: PlanShown | None
    explain: tuple[str, ...]
    """Metric, threshold, hold and cool-down left as sentences."""


class HappenedShown(Answer, frozen=True):
    """One entry of the journal about a rule."""

    seq: int
    at: datetime
    by: int
    rule: str
    what: str
    reason: str
    value: float | None
    threshold: float | None
    text: str


class Surge(Answer, frozen=True):
    """Every rule of an office and what happened lately, newest first."""

    office: str
    now: datetime
    rules: tuple[RuleShown, ...]
    history: tuple[HappenedShown, ...]


SURGE_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "GET /offices/{office}/surge": (200, Surge),
    "POST /offices/{office}/surge/{rule}/approve": (200, RuleShown),
    "POST /offices/{office}/surge/{rule}/decline": (200, RuleShown),
    "POST /offices/{office}/surge/{rule}/override": (200, RuleShown),
    "POST /offices/{office}/surge/{rule}/dry-run": (200, PlanShown),
}
"""As `answers.ANSWERS`."""
