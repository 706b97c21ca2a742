"""What judges journals finds what is wrong in them: each lie is told and found out."""

from datetime import timedelta

import msgspec
import pytest

from bench import discipline, legal
from bench.legal import WAYS
from queue_service.events import floor
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry, VisitNow
from queue_service.floor import line
from queue_service.model.ids import CounterKey
from queue_service.model.office import Counter
from queue_service.model.visit import NeedClass, Visit, VisitState
from tests import make
from tests.tales import CLERK, MINUTE, ONE, TWO, Told

S = VisitState
OFFICE = make.office()


def counter(key: CounterKey = ONE) -> Counter:
    found = OFFICE.counter(key)
    assert found is not None
    return found


def called(told: Told, key: CounterKey = ONE, number: str = "") -> Told:
    """The counter presses next; with a `number` somebody else than it should is called."""
    told.now += MINUTE
    chosen = line.choose(told.visits.values(), counter(key), told.now, OFFICE.line, CLERK)
    assert chosen is not None
    visit = told.visits[number or chosen[0].number]
    after = msgspec.structs.replace(
        visit, state=S.CALLED, counter=key, called_at=told.now, calls=visit.calls + 1
    )
    fact = floor.Called(visits=(VisitNow.of(after, seq_of(told, visit)),), why=chosen[1])
    told.visits[visit.number] = msgspec.structs.replace(after, seq=len(told.entries) + 1)
    told.entries.append((told.entry(fact, CLERK, None), fact))
    return told


def seq_of(told: Told, visit: Visit) -> int:
    """The entry that wrote a visit last."""
    return max(e.seq for e, fact in told.entries if any(v.id == visit.id for v in fact.visits))


def hall() -> Told:
    told = Told().come("A1").come("A2").come("A3", need=NeedClass.EMERGENCY)
    told.now += 6 * MINUTE
    return told


def test_a_journal_that_keeps_the_discipline_is_found_in_order() -> None:
    told = called(called(hall()), TWO)
    judged = discipline.judge(told.entries, OFFICE)
    assert (judged.calls, judged.numbers) == (2, 3)
    assert (judged.called_twice, judged.skipped, judged.duplicate_numbers) == (0, 0, 0)


def test_somebody_who_was_skipped_is_found() -> None:
    judged = discipline.judge(called(hall(), number="A2").entries, OFFICE)
    assert judged.skipped == 1
    assert "A2" in judged.first_wrong


def test_somebody_called_to_two_counters_is_found() -> None:
    told = called(hall())
    entry, fact = told.entries[-1]
    [now] = fact.visits
    again = msgspec.structs.replace(fact, visits=(msgspec.structs.replace(now, counter=TWO),))
    told.entries.append((msgspec.structs.replace(entry, seq=entry.seq + 1), again))
    assert discipline.judge(told.entries, OFFICE).called_twice == 1
    assert any("called led from called" in line for line in legal.illegal(told.entries))


def test_a_number_given_twice_is_found() -> None:
    told = hall()
    told.visits.clear()
    told.come("A1")
    assert discipline.judge(told.entries, OFFICE).duplicate_numbers == 1


def linked(told: Told) -> list[tuple[Entry, AnyFact]]:
    """The entries with each visit naming the entry before it."""
    last: dict[object, int] = {}
    found = []
    for entry, fact in told.entries:
        visits = tuple(
            msgspec.structs.replace(now, before=last.get(now.id, 0)) for now in fact.visits
        )
        last |= dict.fromkeys((now.id for now in visits), entry.seq)
        found.append((entry, msgspec.structs.replace(fact, visits=visits)))
    return found


def test_a_whole_journey_is_legal() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).act(floor.Started, S.SERVING, 1)
    told.act(floor.Parked, S.PARKED, 4).undo(0.1).act(floor.Parked, S.PARKED, 1)
    told.act(floor.Resumed, S.WAITING, 9).act(floor.Called, S.CALLED, 1)
    told.act(floor.Finished, S.FINISHED, 8)
    assert legal.illegal(linked(told)) == []


@pytest.mark.parametrize("tag", sorted(set(WAYS) - {"called", "not_coming"}))
def test_what_has_ended_does_not_go_on(tag: str) -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).act(floor.Finished, S.FINISHED, 8)
    entries = linked(told)
    entry, fact = entries[1]
    state = next(after for _, after in sorted(WAYS[tag], key=str))
    now = msgspec.structs.replace(fact.visits[0], state=state, before=entries[-1][0].seq)
    late = msgspec.structs.replace(fact, visits=(now,))
    more = msgspec.structs.replace(
        entry, seq=entries[-1][0].seq + 1, tag=tag, recorded=entry.recorded + timedelta(hours=1)
    )
    assert any(
        f"{tag} led from finished" in said for said in legal.illegal([*entries, (more, late)])
    )


def test_two_people_at_one_counter_are_found() -> None:
    told = Told().come("A1").come("A2").act(floor.Called, S.CALLED, 5, "A1")
    told.act(floor.Called, S.CALLED, 5, "A2")
    assert any("is at counter 1 with ['A1']" in said for said in legal.illegal(linked(told)))


def test_an_undo_that_restores_something_else_is_found() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).undo(0.1)
    entries = linked(told)
    entry, fact = entries[-1]
    now = msgspec.structs.replace(fact.visits[0], state=S.PARKED)
    entries[-1] = (entry, msgspec.structs.replace(fact, visits=(now,)))
    assert any("not restored" in said for said in legal.illegal(entries))
