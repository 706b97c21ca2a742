"""States of an office's counters as the journal tells them; one that never spoke is open."""

from collections.abc import Mapping

from queue_service.events.entry import Fact
from queue_service.model.desk import Desk, DeskState
from queue_service.model.ids import CounterKey
from queue_service.model.office import Counter, Office

States = Mapping[CounterKey, Desk]


def apply(desks: dict[CounterKey, Desk], fact: Fact, seq: int) -> None:
    """Replace what entry `seq` says of counters."""
    for now in fact.desks:
        desks[now.counter] = Desk(now.counter, now.state, now.since, now.by, seq)


def state(desks: States, counter: CounterKey) -> DeskState:
    """What a counter does."""
    return (desks.get(counter) or Desk(counter)).state


def on_duty(office: Office, desks: States) -> tuple[Counter, ...]:
    """The counters that call now."""
    return tuple(c for c in office.counters if state(desks, c.key) is DeskState.OPEN)
