"""Hands and their clock: emergencies, named case workers, and why somebody is next."""

import pytest

from display.board import event
from queue_service.events.floor import WhyNext
from queue_service.floor import desks, handing, journey, line
from queue_service.floor import visit as engine
from queue_service.language import why_next
from queue_service.model.desk import DeskState
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import ANYBODY, Aid, Hand, NeedClass, VisitState
from queue_service.model.world import Told
from tests.core.town import (
    BOSS,
    DESK,
    OFFICE,
    OTHER,
    RULES,
    SECOND,
    WORKER,
    Town,
    counter,
    visit,
)
from tests.make import HELP, MINUTE, NOW, PICK


def test_handed_to_a_counter_only_it_calls_whatever_its_skills() -> None:
    one = visit(PICK)
    town = Town(one)
    town.next(DESK)
    town.forward(one, to=BOSS)
    assert town.next(DESK) == town.next(OTHER) == Refusal(Code.NOBODY_WAITING)
    assert isinstance(town.next(BOSS), Told)
    assert town.why() == "handed_to_you"
    town.act(lambda w: engine.missed(w, one.id, RULES))
    assert town.next(DESK) == Refusal(Code.NOBODY_WAITING)
    assert isinstance(town.next(BOSS), Told)
    assert town.finish(one).state is VisitState.FINISHED


def test_an_emergency_goes_to_any_free_case_worker_and_to_nobody_else() -> None:
    one = visit(PICK)
    town = Town(one)
    town.act(lambda w: handing.hand_over(w, one.id))
    assert town.visits[one.id].need is NeedClass.EMERGENCY
    assert town.next(DESK) == Refusal(Code.NOBODY_WAITING)
    told = town.act(lambda w: handing.accept(w, one.id, BOSS, RULES, WORKER))
    assert isinstance(told, Told)
    assert (town.visits[one.id].counter, town.visits[one.id].hand) == (BOSS, None)
    assert town.why() == "accepted"
    name = event(told.fact, OFFICE)  # type: ignore[arg-type]  # a fact of the floor
    assert name is not None
    assert name[0] == "call"


def test_next_at_a_case_workers_counter_takes_an_emergency_that_waits() -> None:
    one = visit(PICK)
    town = Town(one, visit(HELP, number="A2"))
    town.act(lambda w: handing.hand_over(w, one.id))
    town.wait(6)
    town.next(BOSS, WORKER)
    assert town.visits[one.id].counter == BOSS


def test_a_named_case_worker_has_ten_minutes_then_whoever_can_calls() -> None:
    one = visit(PICK)
    town = Town(one)
    town.act(lambda w: handing.hand_over(w, one.id, WORKER))
    assert town.next(BOSS, SECOND) == Refusal(Code.NOBODY_WAITING)
    refused = town.act(lambda w: handing.accept(w, one.id, BOSS, RULES, SECOND))
    assert refused == Refusal(Code.NOT_HANDED, {"number": "A1"})
    hand = town.visits[one.id].hand
    assert hand is not None
    assert not line.overdue(hand, town.now + 9.9 * MINUTE, RULES)
    town.wait(RULES.hand_minutes)
    assert line.overdue(hand, town.now, RULES)
    assert isinstance(town.next(DESK), Told)


def test_a_case_worker_who_goes_leaves_their_emergency_to_the_others() -> None:
    one = visit(PICK)
    town = Town(one)
    town.act(lambda w: desks.change(w, counter(BOSS), DeskState.OPEN, WORKER))
    town.act(lambda w: handing.hand_over(w, one.id, WORKER))
    town.wait(2)
    town.act(lambda w: desks.change(w, counter(BOSS), DeskState.OPEN, WORKER))
    assert town.visits[one.id].hand == Hand(NOW, WORKER)
    town.act(lambda w: desks.change(w, counter(BOSS), DeskState.BREAK, WORKER))
    assert town.visits[one.id].hand == Hand(NOW, ANYBODY)
    town.act(lambda w: desks.change(w, counter(BOSS), DeskState.OPEN, SECOND))
    assert isinstance(town.act(lambda w: handing.accept(w, one.id, BOSS, RULES, SECOND)), Told)


def test_who_passes_leaves_it_to_the_others_and_the_clock_goes_on() -> None:
    one = visit(PICK)
    town = Town(one)
    town.act(lambda w: handing.hand_over(w, one.id, WORKER))
    town.wait(3)
    assert isinstance(town.act(lambda w: handing.pass_on(w, one.id, WORKER)), Told)
    hand = town.visits[one.id].hand
    assert hand is not None
    assert (hand.at, hand.to, hand.passed) == (NOW, ANYBODY, (WORKER,))
    assert town.act(lambda w: handing.pass_on(w, one.id, WORKER)) == Refusal(
        Code.NOT_HANDED, {"number": "A1"}
    )
    assert town.next(BOSS, WORKER) == Refusal(Code.NOBODY_WAITING)
    assert isinstance(town.next(BOSS, SECOND), Told)


def test_marking_an_emergency_ends_the_wait_for_an_appointment() -> None:
    one = visit(PICK, need=NeedClass.WALK_IN, due=NOW + 20 * MINUTE)
    town = Town(one)
    town.act(
        lambda w: journey.mark(
            w, one.id, aids=(Aid.VULNERABLE, Aid.VULNERABLE), need=NeedClass.EMERGENCY
        )
    )
    after = town.visits[one.id]
    assert (after.aids, after.need, after.due) == ((Aid.VULNERABLE,), NeedClass.EMERGENCY, NOW)
    refused = town.act(lambda w: journey.mark(w, one.id, need=NeedClass.BOOKING))
    assert isinstance(refused, Refusal)


@pytest.mark.parametrize(
    "code", ["fallback", "handed_to_you", "returned", "serve_now", "accepted", "by_number"]
)
def test_each_choice_has_a_sentence_of_its_own(code: str) -> None:
    said = {why_next(WhyNext(code, 5, 60), tag) for tag in ("de", "en", "ar")}
    assert len(said) == 3
    assert why_next(WhyNext("of a newer version", 5, 60), "de") not in said


def test_with_no_case_worker_there_every_counter_that_can_calls_at_once() -> None:
    one, other, third = visit(PICK), visit(PICK, number="A2"), visit(PICK, number="A3")
    town = Town(one, other, third)
    town.act(lambda w: handing.hand_over(w, one.id, workers=(BOSS,)))
    assert town.next(DESK) != Refusal(Code.NOBODY_WAITING)
    assert town.visits[one.id].counter is None, "a counter that never spoke is open: it is waited"
    town.act(lambda w: desks.change(w, counter(BOSS), DeskState.BREAK, WORKER, (BOSS,)))
    hand = town.visits[one.id].hand
    assert hand == Hand(NOW, unattended=True)
    assert isinstance(town.act(lambda w: handing.hand_over(w, third.id, workers=(BOSS,))), Told)
    town.finish(other)
    for _ in range(2):
        told = town.next(DESK)
        assert isinstance(told, Told)
        town.finish(told.visits[0])


def test_who_passes_as_the_only_one_leaves_it_to_every_counter() -> None:
    one = visit(PICK)
    town = Town(one)
    town.act(lambda w: desks.change(w, counter(BOSS), DeskState.OPEN, WORKER, (BOSS,)))
    town.act(lambda w: handing.hand_over(w, one.id, workers=(BOSS,)))
    assert town.next(DESK) == Refusal(Code.NOBODY_WAITING)
    town.act(lambda w: handing.pass_on(w, one.id, WORKER, (BOSS,)))
    assert isinstance(town.next(DESK), Told)
