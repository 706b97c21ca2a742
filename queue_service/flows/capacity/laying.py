"""Lets the layers of surge rules follow what the journal says: laid once, ended when it is over."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from queue_service import offices as configuration
from queue_service.events.surge import SurgeDecided
from queue_service.flows.capacity import cells, layering
from queue_service.flows.capacity.cells import Stand
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import SYSTEM, Tick
from queue_service.model.layer import Layer, Origin
from queue_service.model.refusal import Code, Refusal
from queue_service.model.surge import Kind, SurgeRule, of_wave, waves
from queue_service.model.world import Needs, Told
from queue_service.offices.layers import Added, Opened, added_by
from queue_service.slots.calendar import tick_of, ticks_of
from queue_service.slots.ground import Ground
from queue_service.slots.measures import MOST_DAYS_AHEAD, Blocked, plan
from queue_service.slots.surge_state import Outcome, Phase, State, told
from queue_service.store import surge as store
from queue_service.store.database import transaction
from queue_service.views import desks

_MARK = re.compile(r"surge (?P<rule>\S+) (?P<begun>\d+)/(?P<wave>\d+)")
ONE_DAY = timedelta(days=1)


async def ground_of(house: House, office: Followed) -> Ground:
    """The office with its layers, what is taken from now on, and who is there on which day."""
    found = await cells.stand(house, office)
    first = tick_of(found.now)
    async with transaction(house.pool, office.key.authority) as connection:
        taken = await store.taken(connection, office.key.office, Tick(first))
    keys = {number: key for key, number in office.key.limits.items()}
    year = found.now.year
    return Ground(
        office.office,
        configuration.public_holidays(office.office.land, (year, year + 1)),
        found.layers,
        {keys[number]: ticks for number, ticks in taken.items() if number in keys},
        _staff(found, office),
        len(desks.on_duty(office.office, office.desks)),
    )


async def reconcile(house: House, office: Followed, states: Mapping[str, State]) -> None:
    """Lay what running rules have not laid yet, and end what belongs to no running rule."""
    found = await cells.stand(house, office)
    laid = _laid(found)
    running = {
        (rule.id, state.begun): (rule, state)
        for rule in office.office.surge.rule
        if (state := states.get(rule.id)) is not None and state.phase is Phase.RUNNING
    }
    still = {(name, s.begun) for name, s in states.items() if s.phase is Phase.RUNNING}
    over = [
        layer.id
        for (rule, begun, _), layers in laid.items()
        if (rule, begun) not in still
        for layer in layers
        if layer.id is not None and (layer.until is None or layer.until > found.now)
    ]
    if over:
        await layering.end(house, office, tuple(over), SYSTEM)
    for (name, begun), (rule, state) in running.items():
        for wave in range(1, min(state.wave, len(waves(rule))) + 1):
            if (name, begun, wave) not in laid and _changes_something(rule, wave):
                await _lay(house, office, rule, state, wave)


async def _lay(house: House, office: Followed, rule: SurgeRule, state: State, wave: int) -> None:
    ground = await ground_of(house, office)
    found = plan(rule, ground, office.now(), began=state.since, wave=wave)
    if isinstance(found, Blocked):
        await _say_blocked(house, office, rule, state, found.reason)
        return
    mark = f"surge {rule.id} {state.begun}/{wave}"
    layers = [msgspec.structs.replace(layer, reason=mark) for layer in found.layers]
    takes = tuple(layer for layer in layers if _takes(layer))
    gives = tuple(layer for layer in layers if not _takes(layer))
    answer: object = None
    if takes:
        # First taken away, then looked at again: what was booked meanwhile is not given twice.
        answer = await layering.add(house, office, takes, SYSTEM, key=f"{mark} takes")
        gives = await _not_overdrawn(house, office, takes, gives)
    if gives and not _refused(answer):
        answer = await layering.add(house, office, gives, SYSTEM, key=mark)
    if _refused(answer):
        await _say_blocked(house, office, rule, state, "refused")


def _refused(answer: object) -> bool:
    """Whether layers were refused; a known key means that they lie there already."""
    return isinstance(answer, Refusal) and answer.code is not Code.KEY_REUSED


async def _not_overdrawn(
    house: House, office: Followed, takes: Sequence[Layer], gives: Sequence[Layer]
) -> tuple[Layer, ...]:
    """Of what is given, all but the spans in which more is booked than was left."""
    ground = await ground_of(house, office)
    bad: set[Tick] = set()
    for layer in takes:
        said = added_by(layer)
        if not isinstance(said, Added) or layer.until is None:
            continue
        have = ground.capacities(layer.since.astimezone(office.office.tz).date())[said.limit]
        taken = ground.taken.get(said.limit, {})
        span = (Tick(tick) for tick in ticks_of(layer.since, layer.until))
        bad |= {tick for tick in span if taken.get(tick, 0) > have.get(tick, 0)}
    return tuple(
        layer
        for layer in gives
        if not isinstance(said := added_by(layer), Opened)
        or bad.isdisjoint(Tick(tick) for tick in ticks_of(said.opens, said.closes))
    )


async def _say_blocked(
    house: House, office: Followed, rule: SurgeRule, state: State, reason: str
) -> None:
    """A guard stands in the way of a wave that was agreed to: said once."""
    if state.told == told(Outcome.BLOCKED, reason):
        return
    fact = SurgeDecided(rule=rule.id, on=state.seq, outcome=Outcome.BLOCKED, reason=reason)
    receipt = receipt_for(f"surge:{office.key.slug}:{rule.id}", str(state.seq), "decide")
    await house.turn(office.key, SYSTEM, Needs(), lambda _world: Told(fact), receipt=receipt)


def _laid(found: Stand) -> dict[tuple[str, int, int], list[Layer]]:
    """Layers of surge rules by rule, the entry that began it, and wave."""
    laid: dict[tuple[str, int, int], list[Layer]] = {}
    for layer in found.layers:
        mark = _MARK.fullmatch(layer.reason) if layer.origin is Origin.SURGE else None
        if mark is not None:
            key = (mark["rule"], int(mark["begun"]), int(mark["wave"]))
            laid.setdefault(key, []).append(layer)
    return laid


def _changes_something(rule: SurgeRule, wave: int) -> bool:
    return any(do.action is not Kind.NOTIFY for do in of_wave(rule, wave))


def _takes(layer: Layer) -> bool:
    said = added_by(layer)
    return isinstance(said, Added) and said.add < 0


def _staff(found: Stand, office: Followed) -> dict[date, int]:
    """The fewest people present on the days for which a layer says something about it."""
    zone, today = office.office.tz, found.now.astimezone(office.office.tz).date()
    usual = office.office.staff.present
    present: dict[date, int] = {}
    for layer in found.layers:
        if layer.subject != "staff" or layer.origin is Origin.CONFIG:
            continue
        for day in (today + n * ONE_DAY for n in range(MOST_DAYS_AHEAD)):
            begin = datetime.combine(day, time(), zone)
            if layer.since < begin + ONE_DAY and (layer.until is None or begin < layer.until):
                at = max(begin, layer.since)
                there = configuration.resolve(found.layers, at).staff.present or usual
                present[day] = min(present.get(day, there), there)
    return {day: there for day, there in present.items() if there}
