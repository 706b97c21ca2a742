"""A visit on its way: steps in order, stations and back, away and back, hands and their clock."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from display.board import Board, event
from queue_service.events.entry import VisitNow
from queue_service.events.floor import Called, CheckedIn, HandAccepted, WhyNext
from queue_service.floor import closing, desks, handing, journey, line, steps, undoing
from queue_service.floor import visit as engine
from queue_service.language import why_next
from queue_service.model.booking import Part
from queue_service.model.desk import Desk, DeskState
from queue_service.model.ids import ActorId, CounterKey
from queue_service.model.office import Counter, LineRules
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import ANYBODY, Aid, NeedClass, Step, Stop, Visit, VisitState
from queue_service.model.world import Told
from tests import make
from tests.make import BIO, HELP, MAIL, MINUTE, NOW, PICK
from tests.rehearsed import Rehearsed

RULES = LineRules()
DESK, OTHER, BOOTH, CASH, BOSS = (CounterKey(key) for key in "12345")
CLERK, WORKER, SECOND = ActorId(7), ActorId(8), ActorId(9)
OFFICE = msgspec.structs.replace(
    make.office(),
    services=tuple(
        msgspec.structs.replace(s, steps=(Step.FINGERPRINTS, Step.PHOTO, Step.COUNTER, Step.FEE))
        if s.code == BIO
        else s
        for s in make.office().services
    ),
    counters=(
        make.counter(DESK, PICK, BIO),
        make.counter(OTHER, PICK, fallback=(MAIL,)),
        make.counter(BOOTH, BIO, PICK, steps=(Step.FINGERPRINTS, Step.PHOTO)),
        make.counter(CASH, BIO, PICK, steps=(Step.FEE,)),
        make.counter(BOSS, HELP, MAIL, steps=(Step.COUNTER, Step.CASE_WORKER)),
    ),
)


def counter(key: CounterKey) -> Counter:
    return next(c for c in OFFICE.counters if c.key == key)


def visit(*services: str, number: str = "A1", **more: Any) -> Visit:
    parts = tuple(Part(s, 1) for s in services or (PICK,))  # type: ignore[arg-type]  # codes
    return make.visit(number, parts=parts, stops=steps.plan(OFFICE, parts), **more)


class Town(Rehearsed):
    """An office in memory, with words for what its desks do."""

    def __init__(self, *people: Visit) -> None:
        super().__init__({})
        for one in people:
            self.act(lambda _w, v=one: Told(CheckedIn(visits=(VisitNow.of(v, 0),)), visits=(v,)))

    def next(self, key: CounterKey, by: ActorId = CLERK) -> Told | Refusal:
        return self.act(lambda w: engine.call_next(w, counter(key), RULES, by))

    def finish(self, one: Visit) -> Visit:
        told = self.act(lambda w: engine.finish(w, one.id, OFFICE))
        assert isinstance(told, Told), told
        return self.visits[one.id]

    def why(self) -> str:
        fact = self.journal[-1][1]
        assert isinstance(fact, Called | HandAccepted)
        return fact.why.code

    def forward(self, one: Visit, **how: Any) -> Told | Refusal:
        return self.act(lambda w: journey.forward(w, one.id, OFFICE, **how))


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


def test_a_desk_that_closes_gives_those_who_were_to_return_to_the_others() -> None:
    one = visit(PICK)
    town = Town(one)
    town.next(DESK)
    town.act(lambda w: journey.park(w, one.id, "photo"))
    town.act(lambda w: desks.change(w, counter(DESK), DeskState.CLOSED, CLERK))
    town.act(lambda w: journey.resume(w, one.id))
    assert isinstance(town.next(OTHER), Told)


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


@pytest.mark.parametrize(
    "code", ["fallback", "handed_to_you", "returned", "serve_now", "accepted", "by_number"]
)
def test_each_choice_has_a_sentence_of_its_own(code: str) -> None:
    said = {why_next(WhyNext(code, 5, 60), tag) for tag in ("de", "en", "ar")}
    assert len(said) == 3
    assert why_next(WhyNext("of a newer version", 5, 60), "de") not in said
