"""What a surge rule's actions change: layers with an end, worked out for the ground they fall on.

Pure: the ground is the office with its layers and what is taken. A plan that would break a guard
(more desks than staff present, below a minimum, nothing to be moved) is `Blocked` with the reason.
Guards look at capacity alone: no action can touch a booking.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from queue_service.events.surge import Measure
from queue_service.model.ids import SYSTEM, TICK_SECONDS, Tick
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Limit, Office
from queue_service.model.surge import ON_DESKS, Do, Kind, SurgeRule, in_hall, of_wave, waves
from queue_service.slots import relief
from queue_service.slots.calendar import Span, instant_of, tick_of, ticks_of, windows
from queue_service.slots.desks import step_ticks
from queue_service.slots.ground import Ground, broken_guard

ONE_DAY = timedelta(days=1)
MOST_DAYS_AHEAD = 90
"""How far an action looks for its working days."""
ON_CELLS = ON_DESKS | {Kind.CONVERT_PLACES}


class Plan(msgspec.Struct, frozen=True):
    """What a rule would do: layers of the wave at hand, and the measures of all waves."""

    layers: tuple[Layer, ...]
    measures: tuple[Measure, ...]
    ends: datetime
    places_before: int = 0
    places_after: int = 0


class Blocked(msgspec.Struct, frozen=True):
    """A guard said no."""

    reason: str
    """staff · minimum · nothing_free · unknown_limit · over."""


def plan(
    rule: SurgeRule, ground: Ground, now: datetime, *, began: datetime | None = None, wave: int = 1
) -> Plan | Blocked:
    """The rule's actions from `now` on when it began at `began` (default: now).

    Layers are those of wave number `wave`; measures, end and guards look at all waves to come, so
    that what is agreed to can be kept.
    """
    began = began or now
    found: list[tuple[int, Measure, tuple[Layer, ...]]] = []
    standing = ground
    for number in range(wave, len(waves(rule)) + 1):
        for do in of_wave(rule, number):
            try:
                made = tuple(_layers(do, standing, began, now))
            except LookupError:
                return Blocked("unknown_limit")
            if do.action in ON_CELLS and not made and not in_hall(do):
                return Blocked("nothing_free" if do.action not in ON_DESKS else "over")
            said = _measure(do, made, standing, number)
            if in_hall(do):
                said = relief.measure(do, made, ground, now, number)
            found.append((number, said, made))
            standing = standing.with_layers(made)
    to_come = (do for number in range(wave, len(waves(rule)) + 1) for do in of_wave(rule, number))
    if relief.too_few(to_come, ground, now):
        return Blocked("staff")
    reason = broken_guard(ground, standing, _days_of(ground, standing))
    if reason:
        return Blocked(reason)
    layers = tuple(layer for number, _, made in found if number == wave for layer in made)
    ends = [layer.until for _, _, made in found for layer in made if layer.until is not None]
    before, after = _places(rule, ground, standing)
    lasting = began + max(
        (do.lasts for do in rule.do if do.action not in ON_CELLS), default=0 * ONE_DAY
    )
    return Plan(
        layers, tuple(measure for _, measure, _ in found), max([*ends, lasting]), before, after
    )


def _layers(do: Do, ground: Ground, began: datetime, now: datetime) -> Iterator[Layer]:
    if in_hall(do):
        yield from relief.layers(do, ground, began, now)
    elif do.action in ON_DESKS:
        for span in _spans(do, ground, began, now + do.lead):
            yield from _desks(do, ground, span)
    elif do.action is Kind.CONVERT_PLACES:
        for span in _spans(do, ground, began, now):
            yield from _converted(do, ground, span)
    elif do.action is not Kind.NOTIFY:
        yield from _settings(do, ground, began, now)


def _spans(do: Do, ground: Ground, began: datetime, now: datetime) -> Iterator[Span]:
    """The hours of the action on each of its working days, from now on."""
    zone = ground.office.tz
    day = began.astimezone(zone).date() + do.first_day * ONE_DAY
    left = do.working_days
    for _ in range(MOST_DAYS_AHEAD):
        if left == 0:
            return
        opening = windows(ground.office, (), day, ground.holidays)
        if opening and day.weekday() in do.weekdays:
            left -= 1
            begin = _at(day, do.opens, ground.office) if do.opens else opening[0][0]
            end = _at(day, do.closes, ground.office) if do.closes else opening[-1][1]
            begin = max(begin, _next_tick(now))
            if begin < end:
                yield begin, end
        day += ONE_DAY


def _desks(do: Do, ground: Ground, span: Span) -> Iterator[Layer]:
    target = ground.limit(do.limit)
    day = span[0].astimezone(ground.office.tz).date()
    open_ticks = ground.usually_open(day)
    begin, end = _capped(do, ground, target, span)
    if end <= begin:
        return
    wanted = range(tick_of(begin), tick_of(end))
    parts = [wanted]
    if do.action is Kind.EXTRA_HOURS:
        parts = list(_runs(t for t in wanted if not open_ticks[target.key].get(Tick(t))))
    for part in parts:
        yield _window(target.key, part, do.desks)
        for other in ground.beside(target):
            closed = (t for t in part if Tick(t) not in open_ticks[other.key])
            extra = do.action is Kind.EXTRA_TEAM
            for run in [part] if extra else _runs(closed):
                yield _window(other.key, run, do.desks)


def _capped(do: Do, ground: Ground, target: Limit, span: Span) -> Span:
    """The span, ended where `cap` places of it are used up."""
    if not do.cap:
        return span
    step = step_ticks(ground.office, target)
    begin = span[0]
    end = begin + timedelta(seconds=do.cap // do.desks * step * TICK_SECONDS)
    return begin, min(span[1], end)


def _converted(do: Do, ground: Ground, span: Span) -> Iterator[Layer]:
    """Free places from one limit to the other, visit by visit of the one that takes them."""
    source, target = ground.limit(do.from_limit), ground.limit(do.limit)
    day = span[0].astimezone(ground.office.tz).date()
    have = ground.capacities(day)
    keep = max(do.keep, _minimum(ground.office, source.key))
    taken = ground.taken.get(source.key, {})
    step, left = step_ticks(ground.office, target), do.cap or None
    for open_run in _runs(t for t in ticks_of(*span) if have[source.key].get(Tick(t))):
        for first in range(open_run.start, open_run.stop - step + 1, step):
            block = range(first, first + step)
            free = min(have[source.key][Tick(t)] - taken.get(Tick(t), 0) - keep for t in block)
            moved = min(free, do.desks, do.desks if left is None else left)
            if moved > 0:
                left = None if left is None else left - moved
                yield _added(source.key, block, -moved)
                yield _window(target.key, block, moved)


def _settings(do: Do, ground: Ground, began: datetime, now: datetime) -> Iterator[Layer]:
    until = began + do.lasts
    if until <= now:
        return
    if do.action is Kind.HORIZON and do.service:
        yield _setting(f"service:{do.service}", {"window_days": do.days}, now, until)
    elif do.action is Kind.HORIZON:
        yield _setting("rules", {"booking": {"window_days": do.days}}, now, until)
    elif do.action is Kind.OPEN_WAITING_LIST:
        yield _setting("rules", {"waiting": {"open": True}}, now, until)
    elif do.action is Kind.RELEASE_RESERVE:
        yield _setting(f"limit:{do.limit}", {"reserve": {"keep": do.keep}}, now, until)


def _measure(do: Do, made: tuple[Layer, ...], ground: Ground, wave: int) -> Measure:
    zone = ground.office.tz
    days = {layer.since.astimezone(zone).date() for layer in made}
    more = do.days
    if do.action in ON_CELLS and do.limit:
        laid = ground.with_layers(made)
        target = ground.limit(do.limit)
        more = max(
            (laid.places(target, day) - ground.places(target, day) for day in days),
            default=0,
        )
    return Measure(
        action=do.action,
        subject=do.limit or do.service,
        desks=do.desks if do.action in ON_CELLS else 0,
        first=min((layer.since for layer in made), default=None),
        last=max((layer.until for layer in made if layer.until), default=None),
        days=len(days),
        places=more,
        wave=wave,
    )


def _places(rule: SurgeRule, before: Ground, after: Ground) -> tuple[int, int]:
    """Places of the rule's first limit on the day on which it gains most."""
    do = next((do for do in rule.do if do.action in ON_CELLS and do.limit), None)
    if do is None:
        return 0, 0
    target = before.limit(do.limit)
    days = _days_of(before, after)
    both = [(before.places(target, day), after.places(target, day)) for day in days]
    return max(both, key=lambda pair: pair[1] - pair[0], default=(0, 0))


def _days_of(before: Ground, after: Ground) -> tuple[date, ...]:
    zone = after.office.tz
    new = after.layers[len(before.layers) :]
    cells = [layer for layer in new if layer.subject.startswith("capacity:")]
    return tuple(sorted({layer.since.astimezone(zone).date() for layer in cells}))


def _minimum(office: Office, limit: str) -> int:
    return next((m.places for m in office.surge.minimum if m.limit == limit), 0)


def _runs(ticks: Iterable[int]) -> list[range]:
    """Ticks, in order, as runs without a gap."""
    runs: list[range] = []
    for tick in ticks:
        if runs and runs[-1].stop == tick:
            runs[-1] = range(runs[-1].start, tick + 1)
        else:
            runs.append(range(tick, tick + 1))
    return runs


def _at(day: date, local: time, office: Office) -> datetime:
    return datetime.combine(day, local, office.tz).astimezone(UTC)


def _next_tick(now: datetime) -> datetime:
    tick = tick_of(now)
    begins = instant_of(tick)
    return begins if begins == now else instant_of(Tick(tick + 1))


def _window(limit: str, ticks: range, desks: int) -> Layer:
    opens, closes = instant_of(Tick(ticks.start)), instant_of(Tick(ticks.stop))
    said = {"limit": limit, "opens": opens, "closes": closes, "capacity": desks}
    return _layer(f"capacity:{limit}", said, opens, closes)


def _added(limit: str, ticks: range, add: int) -> Layer:
    begins, ends = instant_of(Tick(ticks.start)), instant_of(Tick(ticks.stop))
    return _layer(f"capacity:{limit}", {"limit": limit, "add": add}, begins, ends)


def _setting(subject: str, patch: dict[str, object], since: datetime, until: datetime) -> Layer:
    return _layer(subject, patch, since, until)


def _layer(subject: str, said: dict[str, object], since: datetime, until: datetime) -> Layer:
    change = msgspec.json.encode(said).decode()
    return Layer(subject, change, since, until, author=SYSTEM, origin=Origin.SURGE)
