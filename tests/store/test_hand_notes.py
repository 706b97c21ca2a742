"""A sentence that goes along: there before anybody hears of the act, gone when nobody will."""

from typing import Any

import pytest

from queue_service.flows.desks import hands, journeys, notes, serving
from queue_service.flows.desks.at_desk import Stands
from queue_service.flows.entrance import arriving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.flows.turn import Turns
from queue_service.flows.wish import Done
from queue_service.model.ids import CounterKey, VisitId, address
from queue_service.model.refusal import Code, Refusal
from tests.make import PICK
from tests.small import CLERK, SLUG, Small

NEXT_DESK = CounterKey("2")


async def come(house: Small) -> VisitId:
    given = await arriving.walk_in(house.house, SLUG, service=PICK, by=CLERK)
    assert isinstance(given, TicketGiven)
    return given.visit


async def left(house: Small, visit: VisitId) -> list[str]:
    return [note.text for note in await notes.of_visit(house.house, house.office, visit)]


async def test_the_sentence_is_there_before_the_turn_tells_of_the_emergency(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await come(small)
    seen: list[list[str]] = []
    turn = Turns.__call__

    async def watched(*given: Any, **named: Any) -> Done:
        seen.append(await left(small, visit))
        return await turn(*given, **named)

    monkeypatch.setattr(Turns, "__call__", watched)
    for _ in range(2):
        done = await hands.hand_over(
            small.house, address(SLUG, visit), CLERK, sentence="Reist morgen.", key="press"
        )
        assert isinstance(done, Stands)
    assert seen[0] == ["Reist morgen."]
    assert await left(small, visit) == ["Reist morgen."]


async def test_the_sentence_of_a_refused_hand_over_does_not_stay(small: Small) -> None:
    visit = await come(small)
    await serving.call_next(small.house, "small.1", CLERK)
    await serving.finish(small.house, address(SLUG, visit), CLERK)
    refused = await hands.hand_over(small.house, address(SLUG, visit), CLERK, sentence="Eilt.")
    assert isinstance(refused, Refusal)
    assert refused.code is Code.NOT_WAITING
    assert await left(small, visit) == []


async def test_the_sentence_of_a_visit_sent_on_stays_and_that_of_a_refused_one_does_not(
    small: Small,
) -> None:
    visit = await come(small)
    public = address(SLUG, visit)
    early = await journeys.forward(small.house, public, CLERK, to=NEXT_DESK, sentence="Zu früh.")
    assert isinstance(early, Refusal)
    assert await left(small, visit) == []
    await serving.call_next(small.house, "small.1", CLERK)
    for _ in range(2):
        done = await journeys.forward(
            small.house, public, CLERK, to=NEXT_DESK, sentence="Foto fehlt.", key="press"
        )
        assert not isinstance(done, Refusal), done
    assert await left(small, visit) == ["Foto fehlt."]
