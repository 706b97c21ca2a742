"""Undo takes back what one did oneself, never what a colleague did a moment later."""

import pytest

from queue_service.flows.desks import serving
from queue_service.flows.desks.serving import DeskShown
from queue_service.flows.entrance import arriving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from tests.make import PICK
from tests.small import CLERK, SLUG, Small

COLLEAGUE = ActorId(8)
A, B = f"{SLUG}.1", f"{SLUG}.2"


@pytest.fixture
async def given(small: Small) -> TicketGiven:
    """Somebody waits."""
    came = await arriving.walk_in(small.house, SLUG, service=PICK, by=CLERK)
    assert isinstance(came, TicketGiven), came
    return came


async def test_a_call_by_a_colleague_stays(small: Small, given: TicketGiven) -> None:
    visit = f"{SLUG}.{given.visit}"
    await serving.call_next(small.house, A, CLERK)
    await serving.missed(small.house, visit, CLERK)
    called = await serving.call_number(small.house, B, given.number, COLLEAGUE)
    assert isinstance(called, DeskShown), called
    refused = await serving.undo(small.house, visit, CLERK)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.UNDO_OVERTAKEN
    assert await small.fetch("select counter, state from visit") == [("2", "called")]
    assert isinstance(await serving.undo(small.house, visit, COLLEAGUE), DeskShown)


async def test_an_undo_repeated_after_a_colleague_went_on_is_answered_the_same(
    small: Small, given: TicketGiven
) -> None:
    visit = f"{SLUG}.{given.visit}"
    await serving.call_next(small.house, A, CLERK)
    assert isinstance(await serving.undo(small.house, visit, CLERK, "press"), DeskShown)
    await serving.call_number(small.house, B, given.number, COLLEAGUE)
    assert isinstance(await serving.undo(small.house, visit, CLERK, "press"), DeskShown)
    assert await small.fetch("select counter, state from visit") == [("2", "called")]
