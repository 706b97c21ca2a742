"""Counters that open, pause and close, by day and at its end."""

from datetime import timedelta

import pytest

from queue_service.floor import closing, desks, journey
from queue_service.floor import visit as engine
from queue_service.model.desk import Desk, DeskState
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import VisitState
from queue_service.model.world import Told, World
from tests.core.town import BOSS, CLERK, DESK, OTHER, RULES, WORKER, Town, counter, visit
from tests.make import NOW, PICK


def test_a_desk_that_closes_gives_those_who_were_to_return_to_the_others() -> None:
    one = visit(PICK)
    town = Town(one)
    town.next(DESK)
    town.act(lambda w: journey.park(w, one.id, "photo"))
    town.act(lambda w: desks.change(w, counter(DESK), DeskState.CLOSED, CLERK))
    town.act(lambda w: journey.resume(w, one.id))
    assert isinstance(town.next(OTHER), Told)


def test_a_desk_that_shows_somebody_who_has_gone_on_is_out_of_date() -> None:
    one = visit(PICK)
    town = Town(one)
    here, gone = None, Refusal(Code.NOT_AT_THIS_COUNTER, {"number": "A1"})

    def seen() -> list[Refusal | None]:
        world = World(NOW, visits=town.visits)
        return [engine.elsewhere(world, one.id, key) for key in (DESK, OTHER)]

    assert seen() == [gone, gone]
    town.next(DESK)
    assert seen() == [here, gone]
    town.act(lambda w: journey.park(w, one.id, "photo"))
    assert seen() == [here, gone]
    town.act(lambda w: journey.resume(w, one.id))
    assert seen() == [gone, gone]


@pytest.mark.parametrize("state", [DeskState.BREAK, DeskState.BACK_OFFICE, DeskState.CLOSED])
def test_only_an_open_counter_calls(state: DeskState) -> None:
    town = Town(visit(PICK))
    town.act(lambda w: desks.change(w, counter(DESK), state, CLERK))
    closed = Refusal(Code.DESK_NOT_OPEN, {"counter": DESK})
    assert town.next(DESK) == closed
    assert town.act(lambda w: engine.call_number(w, DESK, "A1", RULES)) == closed
    assert town.act(lambda w: engine.serve_now(w, DESK, "A1", RULES)) == closed
    town.act(lambda w: desks.change(w, counter(DESK), DeskState.OPEN, CLERK))
    assert isinstance(town.next(DESK), Told)


def test_a_counter_with_somebody_there_cannot_close() -> None:
    town = Town(visit(PICK))
    town.next(DESK)
    refused = town.act(lambda w: desks.change(w, counter(DESK), DeskState.BREAK, CLERK))
    assert refused == Refusal(Code.COUNTER_OCCUPIED, {"number": "A1"})


def test_a_clerk_who_opens_another_counter_has_left_the_first() -> None:
    town = Town()
    for key in (DESK, OTHER):
        town.act(lambda w, k=key: desks.change(w, counter(k), DeskState.OPEN, CLERK))
    town.act(lambda w: desks.change(w, counter(BOSS), DeskState.OPEN, WORKER))
    states = {d.counter: d.state for d in town.desks.values()}
    assert states == {DESK: DeskState.CLOSED, OTHER: DeskState.OPEN, BOSS: DeskState.OPEN}


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        (VisitState.WAITING, VisitState.MISSED),
        (VisitState.PARKED, VisitState.MISSED),
        (VisitState.CALLED, VisitState.FINISHED),
        (VisitState.SERVING, VisitState.FINISHED),
    ],
)
def test_nobody_stays_overnight(state: VisitState, ends: VisitState) -> None:
    one = visit(PICK, state=state, arrived=NOW - timedelta(days=1))
    town = Town(one)
    town.desks[DESK] = Desk(DESK, DeskState.BREAK, NOW - timedelta(hours=20), CLERK)
    town.desks[OTHER] = Desk(OTHER, DeskState.OPEN, NOW - timedelta(hours=20), CLERK)
    begins = NOW.replace(hour=0, minute=0)
    town.act(lambda w: closing.close(w, begins, ()))
    assert town.visits[one.id].state is ends
    assert town.desks[DESK].state is DeskState.CLOSED
    assert town.desks[OTHER].state is DeskState.OPEN
    assert town.act(lambda w: closing.close(w, begins, ())) == Refusal(Code.NOBODY_WAITING)
