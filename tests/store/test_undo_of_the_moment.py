"""What a desk did last outlives a reload of settings and the process that heard of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from queue_service.flows.desks import serving
from queue_service.flows.desks.desk_shown import DeskShown
from queue_service.flows.desks.undoing_own import own_last
from queue_service.flows.entrance import arriving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import VisitState
from queue_service.store import lately
from tests.conftest import Database
from tests.make import PICK
from tests.small import CLERK, SLUG, Small, opened

A = f"{SLUG}.1"
After = Callable[[], Awaitable[Small]]
"""The house as it is after something that makes views start anew."""


@pytest.fixture(params=["settings read anew", "another process started", "clock set"])
async def after(
    request: pytest.FixtureRequest, small: Small, small_database: Database
) -> AsyncIterator[After]:
    """Lets that happen; the answer is the house to go on with."""
    async with AsyncExitStack() as houses:

        async def another() -> Small:
            return await houses.enter_async_context(opened(small_database.owner_dsn))

        async def reloaded() -> Small:
            await small.load(name={"de": "Neuer Name", "en": "New name"})
            return small

        async def clock_set() -> Small:
            await small.wait(0)
            return small

        ways = {"another process started": another, "clock set": clock_set}
        yield ways.get(request.param, reloaded)


async def comes(small: Small) -> TicketGiven:
    given = await arriving.walk_in(small.house, SLUG, service=PICK, by=CLERK)
    assert isinstance(given, TicketGiven), given
    return given


async def missed(small: Small) -> TicketGiven:
    """Somebody who was called as often as the rules say, and did not come."""
    given = await comes(small)
    await serving.call_next(small.house, A, CLERK)
    for _ in range(2):
        await serving.recall(small.house, f"{SLUG}.{given.visit}", CLERK)
    done = await serving.missed(small.house, f"{SLUG}.{given.visit}", CLERK)
    assert isinstance(done, DeskShown), done
    assert await small.fetch("select state from visit") == [("missed",)]
    return given


async def test_a_call_can_still_be_taken_back(small: Small, after: After) -> None:
    given = await comes(small)
    before = await serving.call_next(small.house, A, CLERK)
    assert isinstance(before, DeskShown)
    house = await after()
    assert serving.desk(house.house, A).undo == before.undo  # type: ignore[union-attr]  # known
    undone = await serving.undo_at(house.house, A, CLERK)
    assert isinstance(undone, DeskShown), undone
    found = house.office.line.visit(given.visit)
    assert found is not None
    assert found.state is VisitState.WAITING


async def test_an_act_whose_call_was_long_before_is_known_by_its_counter(
    small: Small, after: After
) -> None:
    given = await comes(small)
    await serving.call_next(small.house, A, CLERK)
    await small.wait(10)
    before = await serving.missed(small.house, f"{SLUG}.{given.visit}", CLERK)
    assert isinstance(before, DeskShown)
    assert before.undo is not None
    house = await after()
    assert serving.desk(house.house, A).undo == before.undo  # type: ignore[union-attr]  # known
    assert isinstance(await serving.undo_at(house.house, A, CLERK), DeskShown)
    assert await small.fetch("select state, counter from visit") == [("called", "1")]


async def test_who_was_served_by_mistake_comes_back(small: Small, after: After) -> None:
    given = await comes(small)
    await serving.call_next(small.house, A, CLERK)
    before = await serving.finish(small.house, f"{SLUG}.{given.visit}", CLERK)
    assert isinstance(before, DeskShown)
    house = await after()
    assert serving.desk(house.house, A).undo == before.undo  # type: ignore[union-attr]  # known
    assert isinstance(await serving.undo_at(house.house, A, CLERK), DeskShown)


async def test_a_guide_still_sees_whom_they_let_in(small: Small, after: After) -> None:
    await comes(small)
    before = own_last(small.office, CLERK)
    assert before is not None
    assert own_last((await after()).office, CLERK) == before


async def test_what_lies_too_far_back_is_forgotten(small: Small, after: After) -> None:
    await comes(small)
    await serving.call_next(small.house, A, CLERK)
    await small.wait(1)
    house = await after()
    assert house.office.line.at(house.office.office.counters[0].key) is not None
    assert isinstance(await serving.undo_at(house.house, A, CLERK), Refusal)


async def test_why_somebody_was_called_is_shown_until_the_call_is_over(small: Small) -> None:
    await comes(small)
    await small.wait(5)
    before = await serving.call_next(small.house, A, CLERK)
    await small.wait(5)
    await small.load(name={"de": "Neuer Name"})
    now = serving.desk(small.house, A)
    assert isinstance(before, DeskShown)
    assert isinstance(now, DeskShown)
    assert before.current is not None
    assert now.current is not None
    assert (now.current.why, now.current.waited_minutes) == (before.current.why, 5)


async def test_who_was_missed_today_is_served_when_they_come_after_all(
    small: Small, after: After
) -> None:
    given = await missed(small)
    await small.wait(30)
    house = await after()
    served = await serving.serve_now(house.house, A, given.number, CLERK)
    assert isinstance(served, DeskShown), served
    assert await small.fetch("select state, counter from visit") == [("serving", "1")]


async def test_who_was_missed_on_another_day_is_not(small: Small, after: After) -> None:
    given = await missed(small)
    await small.wait(24 * 60)
    house = await after()
    refused = await serving.serve_now(house.house, A, given.number, CLERK)
    assert refused == Refusal(Code.NOT_WAITING, {"number": given.number})


async def test_who_left_by_the_book_is_not_served_again(small: Small, after: After) -> None:
    given = await comes(small)
    await serving.call_next(small.house, A, CLERK)
    await serving.finish(small.house, f"{SLUG}.{given.visit}", CLERK)
    house = await after()
    refused = await serving.serve_now(house.house, A, given.number, CLERK)
    assert refused == Refusal(Code.NOT_WAITING, {"number": given.number})


async def test_entries_that_cannot_be_read_leave_the_rows_as_they_are(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = await comes(small)
    await serving.call_next(small.house, A, CLERK)

    def newer(entry: object) -> object:
        raise lately.UnknownTagError(0)

    monkeypatch.setattr(lately, "decode", newer)
    await small.load(name={"de": "Neuer Name"})
    at = small.office.line.at(small.office.office.counters[0].key)
    assert at is not None
    assert at.id == given.visit
    assert isinstance(await serving.undo_at(small.house, A, CLERK), Refusal)


async def test_a_storm_of_entries_is_not_read_back_to_its_beginning(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = await comes(small)
    await serving.call_next(small.house, A, CLERK)
    monkeypatch.setattr(lately, "MOST", 1)
    await small.load(name={"de": "Neuer Name"})
    found = small.office.line.visit(given.visit)
    assert found is not None
    assert found.state is VisitState.CALLED
