"""A surge rule's trigger, way back and hours, asked about one value or one moment.

What follows from the answers is left to `surge`.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from queue_service.model.surge import SurgeRule


def crossed(rule: SurgeRule, value: float | None) -> bool:
    """Whether the metric is past the trigger."""
    when = rule.when
    if value is None:
        return False
    return value > when.above if when.above is not None else value < (when.below or 0)


def cleared(rule: SurgeRule, value: float | None) -> bool:
    """Whether the metric is past the way back."""
    until = rule.until
    if value is None:
        return False
    return value < until.below if until.below is not None else value > (until.above or 0)


def near(rule: SurgeRule, value: float | None) -> bool:
    """Whether the metric is past the middle between way back and trigger."""
    up, down = rule.when.above, rule.when.below
    back = rule.until.below if rule.until.below is not None else rule.until.above
    if value is None or back is None:
        return False
    return value > (up + back) / 2 if up is not None else value < ((down or 0) + back) / 2


def looks(rule: SurgeRule, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the rule looks at its metric at this time of the local day."""
    clock = now.astimezone(zone).time()
    early = rule.when.not_before is not None and clock < rule.when.not_before
    late = rule.when.not_after is not None and clock >= rule.when.not_after
    return not early and not late


def unbroken(rule: SurgeRule, since: datetime | None, now: datetime, zone: ZoneInfo) -> timedelta:
    """How long the rule has looked without a break since `since`; None: not at all.

    The hours at which it does not look are a break: what was so the evening before is not known to
    have been so all night.
    """
    if since is None:
        return timedelta(0)
    begun = since.astimezone(UTC)
    if rule.when.not_before is not None or rule.when.not_after is not None:
        begins = rule.when.not_before or time()
        day = now.astimezone(zone).date()
        begun = max(begun, datetime.combine(day, begins, zone).astimezone(UTC))
    return max(timedelta(0), now.astimezone(UTC) - begun)
