"""A visit on its way: steps in order, stations and back, away and back."""

from typing import Any

import pytest

from display.board import Board, event
from queue_service.floor import journey, steps, undoing
from queue_service.floor import visit as engine
from queue_service.model.booking import Part
from queue_service.model.ids import CounterKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Step, Stop, VisitState
from queue_service.model.world import Told
from tests import make
from tests.core.town import BOOTH, BOSS, CASH, DESK, OFFICE, OTHER, RULES, Town, counter, visit
from tests.make import BIO, HELP, MAIL, MINUTE, NOW, PICK


def test_a_visit_that_one_counter_serves_has_no_stops() -> None:
    assert steps.plan(OFFICE, (Part(PICK, 2),)) == ()
    assert steps.plan(OFFICE, (Part(HELP, 1), Part(MAIL, 1))) == ()


def test_services_that_no_counter_does_together_are_stops_of_one_visit() -> None:
    assert steps.plan(OFFICE, (Part(PICK, 1), Part(HELP, 1))) == (Stop(PICK), Stop(HELP))


def test_one_number_leads_through_the_booth_the_desk_and_the_cashier() -> None:
    one = visit(BIO, arrived=NOW - 10 * MINUTE)
    town = Town(one)
    assert town.next(CASH) == town.next(DESK) == Refusal(Code.NOBODY_WAITING)
    town.next(BOOTH)
    after = town.finish(one)
    assert (after.state, after.number, after.due) == (VisitState.WAITING, "A1", one.due)
    assert [s.step for s in steps.open_stops(after)] == [Step.COUNTER, Step.FEE]
    assert town.next(BOOTH) == Refusal(Code.NOBODY_WAITING)
    town.next(DESK)
    town.finish(one)
    town.next(CASH)
    assert town.finish(one).state is VisitState.FINISHED


def test_steps_that_one_counter_does_are_done_in_one_go_but_never_out_of_order() -> None:
    everything = make.counter("9", BIO, steps=(Step.PHOTO, Step.FINGERPRINTS, Step.FEE))
    one = visit(BIO)
    assert [s.step for s in steps.here(one, everything)] == [Step.FINGERPRINTS, Step.PHOTO]


def test_services_of_a_visit_do_not_wait_for_each_other() -> None:
    one = visit(BIO, HELP)
    assert steps.here(one, counter(BOSS)) == (Stop(HELP),)
    assert [s.step for s in steps.here(one, counter(BOOTH))] == [Step.FINGERPRINTS, Step.PHOTO]


def test_a_counter_falls_back_only_while_nobody_waits_for_its_own_skills() -> None:
    mail = visit(MAIL, number="A1", arrived=NOW - 50 * MINUTE)
    own = visit(PICK, number="A2", arrived=NOW)
    town = Town(mail, own)
    town.next(OTHER)
    assert town.visits[own.id].state is VisitState.CALLED
    town.finish(own)
    town.next(OTHER)
    assert town.visits[mail.id].state is VisitState.CALLED
    assert town.why() == "fallback"
    assert town.finish(mail).state is VisitState.FINISHED


def test_somebody_sent_to_the_booth_comes_back_to_the_desk_before_later_people() -> None:
    one = visit(PICK, arrived=NOW - 30 * MINUTE)
    town = Town(one, visit(PICK, number="A2", arrived=NOW - 20 * MINUTE))
    town.next(DESK)
    assert isinstance(town.forward(one, step=Step.PHOTO), Told)
    assert town.visits[one.id].state is VisitState.WAITING
    town.next(BOOTH)
    town.finish(one)
    town.next(OTHER)
    assert town.visits[one.id].counter == OTHER
    assert town.finish(one).state is VisitState.FINISHED


def test_a_case_worker_takes_the_place_of_what_was_to_be_done_here() -> None:
    office_counter = counter(BOSS)
    one = visit(MAIL)
    town = Town(one)
    town.act(lambda w: engine.call_number(w, OTHER, "A1", RULES))
    assert isinstance(town.forward(one, step=Step.CASE_WORKER), Told)
    after = town.visits[one.id]
    assert after.stops == (Stop(MAIL, Step.CASE_WORKER),)
    assert steps.served_by(after, office_counter)
    assert not steps.served_by(after, counter(OTHER))


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({}, Code.INVALID),
        ({"to": CounterKey("99")}, Code.UNKNOWN_COUNTER),
        ({"to": DESK}, Code.UNKNOWN_COUNTER),
        ({"step": Step.CASE_WORKER}, Code.NO_STATION),
    ],
)
def test_nobody_is_sent_nowhere(how: dict[str, object], code: Code) -> None:
    one = visit(PICK)
    town = Town(one)
    town.next(DESK)
    refused = town.forward(one, **how)
    assert isinstance(refused, Refusal)
    assert refused.code is code


def test_who_was_parked_comes_back_to_where_they_stood() -> None:
    one = visit(PICK, arrived=NOW - 30 * MINUTE)
    town = Town(one, visit(PICK, number="A2", arrived=NOW - 20 * MINUTE))
    town.next(DESK)
    town.act(lambda w: journey.park(w, one.id, "papers"))
    assert town.visits[one.id].state is VisitState.PARKED
    town.next(DESK)
    town.act(lambda w: engine.finish(w, w.line()[0].id, OFFICE))
    assert all(v.state is not VisitState.WAITING for v in town.visits.values())
    town.act(lambda w: journey.resume(w, one.id))
    assert town.visits[one.id].due == one.due


def test_parked_people_are_not_called_and_return_to_their_desk() -> None:
    one = visit(PICK)
    town = Town(one)
    town.next(DESK)
    town.act(lambda w: journey.park(w, one.id, "photo"))
    assert town.next(DESK) == Refusal(Code.NOBODY_WAITING)
    town.act(lambda w: journey.resume(w, one.id))
    assert town.next(OTHER) == Refusal(Code.NOBODY_WAITING)
    assert isinstance(town.next(DESK), Told)
    assert town.why() == "returned"
    assert town.visits[one.id].parked == ""


def test_who_comes_later_is_not_called_before_and_keeps_their_turn() -> None:
    one = visit(PICK, arrived=NOW - 30 * MINUTE)
    town = Town(one, visit(PICK, number="A2", arrived=NOW - 20 * MINUTE))
    town.act(lambda w: engine.come_later(w, one.id, NOW + 10 * MINUTE))
    town.next(DESK)
    assert town.visits[one.id].state is VisitState.WAITING
    assert town.next(OTHER) == Refusal(Code.NOBODY_WAITING)
    town.wait(10)
    town.next(OTHER)
    assert town.visits[one.id].counter == OTHER
    assert town.why() == "returned"


def test_serve_now_takes_who_stands_there_even_missed_and_the_board_shows_nothing() -> None:
    one = visit(PICK, state=VisitState.MISSED, ended_at=NOW)
    town = Town(one)
    told = town.act(lambda w: engine.serve_now(w, DESK, "A1", RULES, one.id))
    assert isinstance(told, Told)
    after = town.visits[one.id]
    assert (after.state, after.served_at, after.ended_at) == (VisitState.SERVING, NOW, None)
    fact: Any = told.fact
    assert Board().apply(1, fact).calls == ()
    assert town.finish(one).state is VisitState.FINISHED


def test_a_number_leaves_the_board_when_its_owner_has_come_and_undo_brings_it_back() -> None:
    one = visit(PICK)
    town = Town(one)
    town.next(DESK)
    board = Board().apply(2, town.journal[-1][1])
    town.act(lambda w: engine.start(w, one.id))
    gone = event(town.journal[-1][1], OFFICE)
    assert gone is not None
    assert (gone[0], gone[1].gone) == ("gone", ("A1",))
    assert board.apply(3, town.journal[-1][1]).calls == ()
    last = town.last_of(one.id)
    assert last is not None
    town.act(lambda w: undoing.undo(w, last, RULES, make.CLOCK))
    told = event(town.journal[-1][1], OFFICE)
    assert told is not None
    assert told[0] == "back"
    assert board.apply(3, town.journal[-1][1]).calls == board.calls


def test_one_more_service_joins_the_visit_under_the_same_number() -> None:
    one = visit(PICK)
    town = Town(one)
    town.next(OTHER)
    service = OFFICE.service(HELP)
    assert service is not None
    town.act(lambda w: journey.add_service(w, one.id, OFFICE, service, 1))
    after = town.finish(one)
    assert (after.state, after.number) == (VisitState.WAITING, "A1")
    assert steps.open_stops(after) == (Stop(HELP),)
    town.next(BOSS)
    assert town.finish(one).state is VisitState.FINISHED


def test_more_persons_than_a_service_takes_are_refused() -> None:
    one = visit(PICK)
    town = Town(one)
    service = OFFICE.service(PICK)
    assert service is not None
    refused = town.act(lambda w: journey.add_service(w, one.id, OFFICE, service, 8))
    assert isinstance(refused, Refusal)
    assert refused.code is Code.TOO_MANY_PERSONS
