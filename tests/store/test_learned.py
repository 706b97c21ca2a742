"""Stops and absences as the journal tells them, read in pieces, and what a forecast makes of it."""

from collections.abc import AsyncIterator

import pytest

from queue_service.flows.days import learned
from queue_service.flows.days.forecasting import Forecasting
from queue_service.flows.desks import journeys, serving
from queue_service.flows.entrance import arriving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.model.refusal import Refusal
from queue_service.rehearsal import outlook
from queue_service.workers import Workers
from tests import make
from tests.conftest import Database
from tests.small import CLERK, Small, found, opened


@pytest.fixture
async def small(database: Database) -> AsyncIterator[Small]:
    await found(database.owner_dsn)
    async with opened(database.owner_dsn) as made:
        yield made


async def comes(small: Small) -> TicketGiven:
    given = await arriving.walk_in(small.house, small.slug, service=make.PICK, by=CLERK)
    assert isinstance(given, TicketGiven)
    return given


async def calls(small: Small) -> None:
    shown = await serving.call_next(small.house, "small.1", CLERK)
    assert not isinstance(shown, Refusal), shown


async def test_stops_and_absences_are_read_from_the_journal_in_pieces(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "NUMBERS_A_PASS", 7)
    known = learned.Journeys()
    for _ in range(5):
        given = await comes(small)
        public = f"small.{given.visit}"
        await calls(small)
        assert not isinstance(await journeys.park(small.house, public, "photo", CLERK), Refusal)
        await small.wait(minutes=12)
        assert not isinstance(await journeys.resume(small.house, public, CLERK), Refusal)
        await calls(small)
        await small.wait(minutes=6)
        assert not isinstance(await serving.finish(small.house, public, CLERK), Refusal)
    away = await comes(small)
    await calls(small)
    await journeys.park(small.house, f"small.{away.visit}", "papers", CLERK)
    parked_at = small.office.now()
    await small.wait(minutes=11)
    first = await learned.read_on(small.house, small.office, known, 28)
    assert (first.away, known.seq < small.office.seq) == ({}, True)
    while known.seq < small.office.seq:
        said = await learned.read_on(small.house, small.office, known, 28)
    assert (said.returned, said.sent) == (5, 5)
    assert said.away["photo"].minutes == pytest.approx((12.0,) * 20)
    assert known.lengths.away_since([away.visit]) == {away.visit: parked_at}
    assert (await learned.read_on(small.house, small.office, known, 28)) == said


async def test_who_was_sent_away_is_in_the_scene_since_they_went(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, waits = await comes(small), await comes(small)
    await calls(small)
    await journeys.park(small.house, f"small.{given.visit}", "papers", CLERK)
    await small.wait(minutes=3)
    asked: list[outlook.Scene] = []

    async def look(_workers: Workers, scene: outlook.Scene) -> None:
        asked.append(scene)

    monkeypatch.setattr(Workers, "look", look)
    await Forecasting(small.house, Workers()).once(small.office)
    [scene] = asked
    assert (scene.visits, scene.away) == ((waits.visit,), (given.visit,))
    assert scene.returning[0].since == pytest.approx(3, abs=0.1)
