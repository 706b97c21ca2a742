"""Journeys with real turns in two processes: stations, hands and states of desks."""

import asyncio
import random
from uuid import UUID

from queue_service.events.floor import Undone
from queue_service.flows.days import closing
from queue_service.flows.desks import hands, journeys, notes, serving
from queue_service.flows.desks.at_desk import Stands
from queue_service.flows.desks.desk_shown import DeskShown
from queue_service.flows.desks.hands import HandsShown
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId, CounterKey, VisitId, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import AT_COUNTER, NeedClass, Step, VisitState
from queue_service.store import visits as store
from queue_service.store.database import transaction
from tests.make import BIO, HELP, PICK
from tests.small import CLERK, SLUG, Small
from tests.stations import ON_CALLED, ON_WAITING, WORKER, A, B, C, come, ticket


async def test_one_number_leads_through_booth_and_desk(town: Small, beside: Small) -> None:
    one, code = await come(town, BIO)
    assert (await ticket(town, code)).state is VisitState.WAITING
    refused = await serving.call_next(town.house, A, CLERK)
    assert refused == Refusal(Code.NOBODY_WAITING)
    shown = await serving.call_next(town.house, C, CLERK)
    assert isinstance(shown, DeskShown)
    assert shown.current is not None
    assert [s.step for s in shown.current.here] == [Step.PHOTO]
    assert [s.step for s in shown.current.later] == [Step.COUNTER]
    await serving.finish(beside.house, one, CLERK)
    await town.settle()
    shown = await serving.call_next(town.house, A, CLERK)
    assert isinstance(shown, DeskShown)
    await serving.finish(town.house, one, CLERK)
    assert (await ticket(town, code)).state is VisitState.FINISHED
    [row] = await town.fetch("select state, stops from visit")
    assert row["state"] == "finished"
    await town.chain()
    await town.same_views()


async def test_case_workers_who_accept_at_once_get_one_emergency_each(
    town: Small, beside: Small
) -> None:
    one, _ = await come(town)
    await hands.hand_over(town.house, one, CLERK)
    await beside.settle()
    answers = await asyncio.gather(
        hands.accept(town.house, one, A, WORKER),
        hands.accept(beside.house, one, B, ActorId(9)),
        serving.call_next(beside.house, B, ActorId(9)),
    )
    assert sum(isinstance(a, DeskShown) for a in answers) == 1
    called = await town.fetch("select counter from visit where state = 'called'")
    assert len(called) == 1


async def test_a_hand_that_nobody_accepts_shows_as_overdue_and_keeps_its_sentence(
    town: Small,
) -> None:
    one, _ = await come(town)
    done = await hands.hand_over(town.house, one, CLERK, to=WORKER, sentence="Reist  morgen.\n")
    assert isinstance(done, Stands)
    assert done.need is NeedClass.EMERGENCY
    await town.wait(9)
    shown = await hands.hands(town.house, SLUG, WORKER)
    assert isinstance(shown, HandsShown)
    assert [(h.overdue, h.to_you, h.sentence) for h in shown.hands] == [
        (False, True, "Reist morgen.")
    ]
    await town.wait(1)
    shown = await hands.hands(town.house, SLUG, CLERK)
    assert isinstance(shown, HandsShown)
    assert [(h.overdue, h.to_you, h.named) for h in shown.hands] == [(True, False, True)]
    assert isinstance(await serving.call_next(town.house, A, CLERK), DeskShown)
    shown = await hands.hands(town.house, SLUG, CLERK)
    assert isinstance(shown, HandsShown)
    assert shown.hands == ()
    journal = "".join(e.body or "" for e in await town.journal())
    assert "morgen" not in journal


async def test_an_act_repeated_with_its_key_leaves_one_entry_and_one_note(town: Small) -> None:
    one, _ = await come(town)
    await serving.call_next(town.house, A, CLERK)
    for _ in range(3):
        again = await journeys.forward(
            town.house, one, CLERK, to=CounterKey("2"), sentence="Akte 7", key="press"
        )
        assert isinstance(again, DeskShown)
        assert again.counter == A
    assert [e.tag for e in await town.journal()].count("forwarded") == 1
    visit = next(iter(town.office.line.waiting(town.office.now())))
    left = await notes.of_visit(town.house, town.office, visit.id)
    assert [n.text for n in left] == ["Akte 7"]


async def test_a_counter_on_a_break_calls_nobody_and_does_not_count(town: Small) -> None:
    for _ in range(6):
        await come(town)
    visit = town.office.line.waiting(town.office.now())[-1]
    both = town.office.line.wait(visit, town.office.now())
    await journeys.desk_state(town.house, B, DeskState.BREAK, CLERK)
    alone = town.office.line.wait(visit, town.office.now())
    assert (alone.from_minutes, alone.to_minutes) > (both.from_minutes, both.to_minutes)
    refused = await serving.call_next(town.house, B, CLERK)
    assert refused == Refusal(Code.DESK_NOT_OPEN, {"counter": "2"})
    await town.chain()
    await town.same_views()


async def test_who_was_missed_and_stands_there_after_all_is_served_now(town: Small) -> None:
    one, code = await come(town)
    for _ in range(3):
        shown = await serving.call_next(town.house, A, CLERK)
        assert isinstance(shown, DeskShown)
        wanted = shown.current.number if shown.current else ""
        await serving.missed(town.house, one, CLERK)
    assert (await ticket(town, code)).state is VisitState.MISSED
    shown = await serving.serve_now(town.house, B, wanted.lower(), CLERK)
    assert isinstance(shown, DeskShown)
    assert shown.current is not None
    assert (shown.current.state, shown.current.why) == (VisitState.SERVING, "serve_now")
    await serving.undo(town.house, one, CLERK)
    assert (await ticket(town, code)).state is VisitState.MISSED


async def test_a_number_of_yesterday_is_nobodys_today(town: Small) -> None:
    one, _ = await come(town)
    shown = await serving.call_next(town.house, A, CLERK)
    assert isinstance(shown, DeskShown)
    assert shown.current is not None
    for _ in range(2):
        await serving.recall(town.house, one, CLERK)
    await serving.missed(town.house, one, CLERK)
    await town.wait(24 * 60)
    refused = await serving.serve_now(town.house, A, shown.current.number, CLERK)
    assert refused == Refusal(Code.NOT_WAITING, {"number": shown.current.number})


async def test_the_day_ends_for_those_sent_away_and_for_counters_that_pause(town: Small) -> None:
    one, _ = await come(town)
    await serving.call_next(town.house, A, CLERK)
    await journeys.park(town.house, one, "papers", CLERK)
    await journeys.desk_state(town.house, A, DeskState.BREAK, CLERK)
    await town.wait(24 * 60)
    await closing.close_days(town.house, town.office)
    async with transaction(town.house.pool, town.office.key.authority) as connection:
        found = await store.by_id(
            connection, town.office.key.office, VisitId(UUID(split_address(one)[1]))
        )
    assert found is not None
    assert found.state is VisitState.MISSED
    await town.settle()
    assert town.office.desks[CounterKey("1")].state is DeskState.CLOSED
    many = len(await town.journal())
    await closing.close_days(town.house, town.office)
    assert len(await town.journal()) == many


LEGAL = {
    VisitState.WAITING: {VisitState.WAITING, VisitState.CALLED, VisitState.SERVING},
    VisitState.CALLED: set(VisitState),
    VisitState.SERVING: set(VisitState) - {VisitState.CALLED, VisitState.MISSED},
    VisitState.PARKED: {VisitState.WAITING, VisitState.SERVING, VisitState.PARKED},
    VisitState.MISSED: {VisitState.SERVING},
    VisitState.FINISHED: set[VisitState](),
}
"""Where a visit may go, apart from undo, which leads to where it was."""


async def test_a_storm_of_acts_in_two_processes_leaves_only_legal_journeys(
    town: Small, beside: Small
) -> None:
    people = [(await come(town, service))[0] for service in (PICK, BIO, HELP) * 4]
    await beside.settle()
    chance = random.Random(4)

    async def clerk(house: Small, desk: str, by: ActorId) -> None:
        for _ in range(16):
            shown = await serving.call_next(house.house, desk, by)
            current = shown.current.visit if isinstance(shown, DeskShown) and shown.current else ""
            visit = current or chance.choice(people)
            act = chance.choice([*ON_CALLED.values(), *ON_CALLED.values(), ON_WAITING["mark"]])
            await act(house, visit)
            if chance.random() < 0.3:
                await serving.undo(house.house, visit, by)
            if chance.random() < 0.3:
                await journeys.resume(house.house, chance.choice(people), by)

    desks = [(house, desk) for house in (town, beside) for desk in (A, B, C)]
    await asyncio.gather(*(clerk(*at, ActorId(20 + n)) for n, at in enumerate(desks)))
    past: dict[VisitId, list[VisitState]] = {}
    there: dict[VisitId, str] = {}
    for fact in await town.facts():
        for now in fact.visits:
            been = past.setdefault(now.id, [])
            legal = (
                been if isinstance(fact, Undone) else LEGAL[been[-1]] if been else set(VisitState)
            )
            assert now.state in legal, (been, fact)
            been.append(now.state)
            there.pop(now.id, None)
            if now.state in AT_COUNTER:
                assert now.counter is not None
                there[now.id] = now.counter
        assert len(set(there.values())) == len(there), fact
    assert len(past) == len(people)
    await town.chain()
    await town.settle()
    await town.same_views()
