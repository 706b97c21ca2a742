"""What the rules of release must fulfil: rests, horizons, shares for the last minute, reserves."""

from collections.abc import Iterator

from queue_service.model.ids import TICK_SECONDS
from queue_service.model.office import Limit, Office, Period, Taker
from queue_service.model.release import LastMinute, Release, Reserve
from queue_service.offices.reading import Found

TICK_MINUTES = TICK_SECONDS // 60
FURTHEST_DAYS = 366


def release_faults(office: Office) -> Iterator[Found]:
    """Every broken rule of release in `office`."""
    yield from _release("booking.release", office.booking.release)
    for service in office.services:
        days = service.window_days
        if days is not None and not 0 <= days <= FURTHEST_DAYS:
            key = f"services.{service.code}.window_days"
            yield Found(key, days, f"must be 0 to {FURTHEST_DAYS}")
    for limit in office.limits:
        key = f"limits.{limit.key}"
        for number, share in enumerate(limit.last_minute, 1):
            yield from _share(f"{key}.last_minute[{number}]", share)
        yield from _reserve(f"{key}.reserve", limit.reserve, limit)
        if limit.taker is Taker.WALK_IN and (limit.last_minute or _keeps(limit.reserve)):
            reason = "must not stand at a limit of walk-ins: nobody books there"
            yield Found(f"{key}.last_minute", None, reason)


def _release(key: str, rules: Release) -> Iterator[Found]:
    for name in ("rest_minutes", "hold_rest_minutes"):
        said = getattr(rules, name)
        if said and (len(said) != 2 or not 0 <= said[0] < said[1]):
            reason = "must be two numbers, the smaller first, not below 0"
            yield Found(f"{key}.{name}", said, reason)
    if rules.rest_to and not rules.rest_minutes:
        reason = "is missing: how much later than rest_to, such as [0, 30]"
        yield Found(f"{key}.rest_minutes", None, reason)
    between = rules.open_between
    if between and (len(between) != 2 or not between[0] < between[1]):
        reason = "must be two times, the earlier first"
        yield Found(f"{key}.open_between", [str(at) for at in between], reason)
    if not 0 < rules.calm_below < rules.busy_above:
        reason = f"must be more than 0 and less than busy_above {rules.busy_above}"
        yield Found(f"{key}.calm_below", rules.calm_below, reason)
    if rules.busy_window_days < 0:
        yield Found(f"{key}.busy_window_days", rules.busy_window_days, "must be at least 0")


def _share(key: str, share: LastMinute) -> Iterator[Found]:
    if not 1 <= share.percent <= 100:
        yield Found(f"{key}.percent", share.percent, "must be 1 to 100")
    if share.hours < 1:
        yield Found(f"{key}.hours", share.hours, "must be at least 1")
    if not 0 <= share.jitter_minutes <= share.hours * 60:
        reason = f"must be 0 to {share.hours * 60}: by its start a place must be open"
        yield Found(f"{key}.jitter_minutes", share.jitter_minutes, reason)
    if share.block_minutes < TICK_MINUTES or share.block_minutes % TICK_MINUTES:
        reason = f"must be a multiple of {TICK_MINUTES}"
        yield Found(f"{key}.block_minutes", share.block_minutes, reason)


def _reserve(key: str, reserve: Reserve, limit: Limit) -> Iterator[Found]:
    if reserve.a_day < 0:
        yield Found(f"{key}.a_day", reserve.a_day, "must be at least 0")
    if reserve.a_day > 600:
        yield Found(f"{key}.a_day", reserve.a_day, "must be at most 600")
    if not 0.5 <= reserve.quantile <= 0.999:
        yield Found(f"{key}.quantile", reserve.quantile, "must be 0.5 to 0.999")
    if reserve.by_hour and (min(reserve.by_hour) < 0 or not sum(reserve.by_hour)):
        reason = "must be weights of at least 0, one of them more"
        yield Found(f"{key}.by_hour", reserve.by_hour, reason)
    if reserve.keep is not None and reserve.keep < 0:
        yield Found(f"{key}.keep", reserve.keep, "must be at least 0")
    for number, step in enumerate(reserve.steps, 1):
        if step.places < 0:
            yield Found(f"{key}.steps[{number}].places", step.places, "must be at least 0")
    if not 0 <= reserve.jitter_minutes <= 60:
        yield Found(f"{key}.jitter_minutes", reserve.jitter_minutes, "must be 0 to 60")
    if _keeps(reserve) and limit.period is Period.TICK:
        reason = "needs a limit of period day or half_day; shares of single times: last_minute"
        yield Found(key, None, reason)


def _keeps(reserve: Reserve) -> bool:
    return bool(reserve.a_day or reserve.steps)
