"""What managers see of surge rules: each with its values, what waits or runs, and the history."""

from datetime import datetime

import msgspec

from queue_service.events.entry import Entry
from queue_service.events.surge import Measured, SurgeFact
from queue_service.flows.capacity import readings
from queue_service.flows.capacity.surging import fact_of, standing
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ActorId
from queue_service.model.surge import SurgeRule, waves
from queue_service.slots.surge import CALM
from queue_service.slots.surge_state import State, measured
from queue_service.store import surge as store
from queue_service.store.database import transaction

HISTORY = 200
"""Entries looked at; more are in the journal."""


class Told(msgspec.Struct, frozen=True):
    """One entry about a rule."""

    seq: int
    at: datetime
    by: ActorId
    fact: SurgeFact


class RuleShown(msgspec.Struct, frozen=True):
    """One rule as it stands now."""

    rule: SurgeRule
    state: State
    value: float | None
    measured: Measured
    waves: int


class SurgeShown(msgspec.Struct, frozen=True):
    """Every rule of an office, in the order of their names, and what happened, newest first."""

    now: datetime
    rules: tuple[RuleShown, ...]
    history: tuple[Told, ...]


async def shown(house: House, office: Followed) -> SurgeShown:
    """All rules with their metrics measured now."""
    rules = office.office.surge.rule
    states = await standing(house, office)
    values = await readings.read(house, office, rules)
    async with transaction(house.pool, office.key.authority) as connection:
        newest = await store.newest(connection, office.key.office, HISTORY)
    history = tuple(told for entry in newest if (told := _told(entry)) is not None)
    now = office.now()
    return SurgeShown(
        now,
        tuple(
            RuleShown(
                rule,
                state := states.get(rule.id, CALM),
                values[rule.id],
                measured(rule, values[rule.id], state, now, office.office.tz),
                len(waves(rule)),
            )
            for rule in sorted(rules, key=lambda rule: rule.id)
        ),
        history,
    )


def _told(entry: Entry) -> Told | None:
    fact = fact_of(entry)
    return None if fact is None else Told(entry.seq, entry.recorded, entry.by, fact)
