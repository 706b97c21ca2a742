"""Surge rules at work: the leader looks each minute, and every process knows where they stand.

What is decided stands in the journal first; layers follow from it (`reconcile`), marked with the
entry they belong to, so a crash between the two is made good at the next look and nothing is laid
twice. What people do to rules is left to `surge_acts`.
"""

from weakref import WeakKeyDictionary

import msgspec

from queue_service.events.chapters import UnknownTagError, decode
from queue_service.events.entry import Entry
from queue_service.events.surge import SurgeFact
from queue_service.flows.capacity import readings
from queue_service.flows.capacity.laying import ground_of, reconcile
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import SYSTEM
from queue_service.model.surge import SurgeRule
from queue_service.model.world import Needs, Told
from queue_service.slots.surge import CALM, Snapshot, decide, due
from queue_service.slots.surge_state import Phase, State, after
from queue_service.store import surge as store
from queue_service.store.database import transaction


class Standing(msgspec.Struct, frozen=True):
    """Every rule's state as of one entry."""

    seq: int = 0
    states: dict[str, State] = {}


_known: WeakKeyDictionary[Followed, Standing] = WeakKeyDictionary()
"""What this process has folded; any other comes to the same."""


async def standing(house: House, office: Followed) -> dict[str, State]:
    """Where every rule stands now, from the journal's entries about rules alone."""
    known = _known.get(office, Standing())
    async with transaction(house.pool, office.key.authority) as connection:
        new = await store.entries(connection, office.key.office, known.seq)
    states, seq = dict(known.states), known.seq
    for entry in new:
        seq = entry.seq
        fact = fact_of(entry)
        if fact is not None:
            state = states.get(fact.rule, CALM)
            states[fact.rule] = after(state, entry.seq, entry.recorded, entry.by, fact)
    _known[office] = Standing(seq, states)
    return states


def fact_of(entry: Entry) -> SurgeFact | None:
    """What an entry says of a rule; nothing where it is of a newer version, or struck."""
    try:
        fact = decode(entry)
    except UnknownTagError:
        return None
    return fact if isinstance(fact, SurgeFact) else None


async def look(house: House, office: Followed) -> tuple[SurgeFact, ...]:
    """One look at every rule: decide, write down what changed, and let the layers follow."""
    rules = office.office.surge.rule
    states = await standing(house, office)
    if not rules and not any(state.phase is Phase.RUNNING for state in states.values()):
        return ()
    snapshot = await _snapshot(house, office)
    now = office.now()
    if due(snapshot, rules, states, now):
        ground = await ground_of(house, office)
        snapshot = msgspec.structs.replace(snapshot, ground=ground)
    facts = decide(snapshot, rules, states, now)
    for fact in facts:
        await _tell(house, office, fact)
    await reconcile(house, office, await standing(house, office))
    return facts


def rule_of(office: Followed, rule_id: str) -> SurgeRule | None:
    """The rule of that name, or None."""
    return next((rule for rule in office.office.surge.rule if rule.id == rule_id), None)


async def _snapshot(house: House, office: Followed) -> Snapshot:
    surge = office.office.surge
    return Snapshot(
        office.office.tz,
        await readings.read(house, office, surge.rule),
        None,
        surge.most_a_day,
        surge.most_level_3_a_day,
    )


async def _tell(house: House, office: Followed, fact: SurgeFact) -> None:
    """Write one decision down; of two leaders that decide on the same state one is heard."""
    receipt = receipt_for(f"surge:{office.key.slug}:{fact.rule}", str(fact.on), "decide")
    await house.turn(office.key, SYSTEM, Needs(), lambda _world: Told(fact), receipt=receipt)
