"""Waits played forward in a worker process, promises scored by the journal, and coming later."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from queue_service.floor.line import Range
from queue_service.flows.days import promises
from queue_service.flows.days.forecasting import Forecasting
from queue_service.flows.days.promises import WaitErrors
from queue_service.flows.desks import serving, undoing
from queue_service.flows.entrance import arriving, tickets
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.flows.entrance.tickets import TicketShown
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass
from queue_service.rehearsal import outlook
from queue_service.ticker import RHYTHM
from queue_service.worker import HEADER, NICER_BY
from queue_service.workers import Workers
from tests import make
from tests.conftest import Database
from tests.small import CLERK, Small, found, opened

COUNTER = "small.1"


@pytest.fixture
async def small(database: Database) -> AsyncIterator[Small]:
    await found(database.owner_dsn)
    async with opened(database.owner_dsn) as made:
        yield made


@pytest.fixture
async def forecasting(small: Small) -> AsyncIterator[tuple[Forecasting, Workers]]:
    workers = Workers()
    made = Forecasting(small.house, workers)
    yield made, workers
    await made.stop()
    assert workers.pids == ()


async def comes(small: Small, service: str = make.PICK) -> TicketGiven:
    given = await arriving.walk_in(small.house, small.slug, service=service, by=CLERK)
    assert isinstance(given, TicketGiven)
    return given


async def calls(small: Small, counter: str = COUNTER) -> None:
    shown = await serving.call_next(small.house, counter, CLERK)
    assert not isinstance(shown, Refusal), shown


async def errors(small: Small) -> WaitErrors:
    today = make.NOW.date()
    return await promises.errors_of_days(small.house, small.office, today, today)


async def test_a_worker_plays_the_line_forward_and_the_ticket_shows_it(
    small: Small, forecasting: tuple[Forecasting, Workers]
) -> None:
    played, workers = forecasting
    given = [await comes(small) for _ in range(9)]
    rough = small.office.line.wait(small.office.line.waiting(make.NOW)[-1], make.NOW)
    await played.once(small.office)
    assert workers.started == 1
    last = await tickets.ticket(small.house, given[-1].ticket)
    assert isinstance(last, TicketShown)
    assert last.wait is not None
    forecast = small.office.waits.shown(given[-1].visit, small.office.now())
    assert forecast is not None
    assert last.wait == forecast.range != rough
    assert 30 <= last.wait.from_minutes <= 45
    assert last.back_by is not None
    assert make.NOW < last.back_by < make.NOW + timedelta(minutes=last.wait.from_minutes)
    first = await tickets.ticket(small.house, given[0].ticket)
    assert isinstance(first, TicketShown)
    assert first.back_by is None
    p80 = small.office.waits.p80(NeedClass.WALK_IN, small.office.now())
    assert p80 is not None
    assert last.wait.to_minutes - 10 <= p80


async def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(
    small: Small, forecasting: tuple[Forecasting, Workers]
) -> None:
    played, workers = forecasting
    await comes(small)
    await played.once(small.office)
    [pid] = workers.pids
    os.kill(pid, signal.SIGKILL)
    for _ in range(3):
        before = small.office.waits.answered
        await played.once(small.office)
        if small.office.waits.answered > before:
            break
    else:
        pytest.fail("no worker came back")
    assert workers.pids != (pid,)


async def test_a_worker_is_nicer_than_the_server_and_ends_with_its_pipe() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "queue_service.worker", stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked = outlook.Scene((), (), (), (), make.office().line)
    message = msgspec.msgpack.encode(asked)
    process.stdin.write(HEADER.pack(len(message)) + message)
    header = await process.stdout.readexactly(HEADER.size)
    await process.stdout.readexactly(HEADER.unpack(header)[0])
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, ours + NICER_BY)
    process.stdin.close()
    async with asyncio.timeout(60):
        assert await process.wait() == 0


async def test_a_worker_is_started_only_where_somebody_is_in_the_house(
    small: Small, forecasting: tuple[Forecasting, Workers]
) -> None:
    played, workers = forecasting
    await played.once(small.office)
    assert workers.started == 0
    door = small.office.waits.door(make.PICK, small.office.now())
    assert door is not None
    assert door.from_minutes == 0


async def test_a_move_of_the_line_is_played_within_a_second_or_two(
    small: Small, forecasting: tuple[Forecasting, Workers]
) -> None:
    played, _ = forecasting
    await played.start()
    given = await comes(small)
    async with asyncio.timeout(60):
        while small.office.waits.shown(given.visit, small.office.now()) is None:  # noqa: ASYNC110 - a view has no event of its own
            await asyncio.sleep(0.05)


async def test_who_is_awaited_at_a_counter_is_not_told_the_wait_at_the_door(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = small.office.line.visit((await comes(small)).visit)
    assert visit is not None
    door = Range(90, 95)
    monkeypatch.setattr(type(small.office.waits), "door", lambda *_: door)
    line, now = small.office.line, small.office.now()
    assert line.rough_wait(visit, now) == door
    back = msgspec.structs.replace(visit, only=small.office.office.counters[0].key)
    assert line.rough_wait(back, now).to_minutes < door.from_minutes


async def test_a_promise_is_kept_at_check_in_and_scored_at_the_call(
    small: Small, forecasting: tuple[Forecasting, Workers]
) -> None:
    played, _ = forecasting
    assert await promises.keep(small.house, small.office) == 0
    for _ in range(4):
        await comes(small)
    assert await promises.keep(small.house, small.office) == 0, "the forecast is still to come"
    await played.once(small.office)
    assert await promises.keep(small.house, small.office) == 4
    assert (await errors(small)).total is None
    await small.wait(minutes=25)
    await calls(small)
    await calls(small, "small.2")
    assert await promises.keep(small.house, small.office) == 3  # the clock was set, too
    assert await promises.keep(small.house, small.office) == 0
    [day] = (await errors(small)).days
    assert (day.day, day.given, day.called) == (make.NOW.date(), 4, 2)
    assert day.error == pytest.approx(25, abs=6)
    assert day.within_p80 == 0
    assert day.under == 1
    assert day.naive_error == pytest.approx(5, abs=4)


async def test_a_call_that_was_taken_back_is_not_scored(
    small: Small, forecasting: tuple[Forecasting, Workers]
) -> None:
    played, _ = forecasting
    await promises.keep(small.house, small.office)
    given = await comes(small)
    await played.once(small.office)
    await calls(small)
    await promises.keep(small.house, small.office)
    assert (await errors(small)).days[0].called == 1
    undone = await undoing.undo(small.house, f"small.{given.visit}", CLERK)
    assert not isinstance(undone, Refusal), undone
    await promises.keep(small.house, small.office)
    assert (await errors(small)).days[0].called == 0


async def test_old_promises_are_deleted_a_bounded_number_a_run(
    small: Small, forecasting: tuple[Forecasting, Workers], monkeypatch: pytest.MonkeyPatch
) -> None:
    played, _ = forecasting
    await promises.keep(small.house, small.office)
    for _ in range(4):
        await comes(small)
    await played.once(small.office)
    await promises.keep(small.house, small.office)
    old = make.NOW - promises.KEPT
    for days, number in ((0, 0), (1, 1), (2, 2)):
        await small.fetch(
            "update promise set given_at = $1 where visit ="
            " (select id from visit order by number offset $2 limit 1)",
            old - timedelta(days=days) + timedelta(seconds=5 if not days else 0),
            number,
        )
    monkeypatch.setattr(promises, "FORGOTTEN_A_RUN", 1)
    assert await promises.purge(small.house, small.office) == 1
    [(left,)] = await small.fetch("select min(given_at) from promise")
    assert left == old - timedelta(days=1), "the oldest goes first"
    assert await promises.purge(small.house, small.office) == 1
    assert await promises.purge(small.house, small.office) == 0
    [(many,)] = await small.fetch("select count(*) from promise")
    assert many == 2
    assert promises.purge in {work for _, work in RHYTHM}


async def test_who_says_later_keeps_the_turn_is_not_called_meanwhile_and_may_say_so_twice(
    small: Small,
) -> None:
    given = await comes(small)
    shown = await tickets.come_later(small.house, given.ticket, 10)
    assert isinstance(shown, TicketShown)
    assert shown.away_until == small.office.now() + timedelta(minutes=10)
    assert not shown.may_be_late
    nobody = await serving.call_next(small.house, COUNTER, CLERK)
    assert isinstance(nobody, Refusal)
    assert nobody.code is Code.NOBODY_WAITING
    await small.wait(minutes=11)
    again = await tickets.come_later(small.house, given.ticket, 10, key="k" * 16)
    assert isinstance(again, TicketShown)
    repeated = await tickets.come_later(small.house, given.ticket, 10, key="k" * 16)
    assert isinstance(repeated, TicketShown)
    third = await tickets.come_later(small.house, given.ticket, 10)
    assert isinstance(third, Refusal)
    assert third.code is Code.LATE_TOO_OFTEN
    await small.wait(minutes=11)
    after = await comes(small)
    await calls(small)
    called = small.office.line.visit(given.visit)
    assert called is not None
    assert called.counter == "1"
    assert after.visit in {v.id for v in small.office.line.waiting(small.office.now())}


async def test_two_at_once_count_twice(small: Small) -> None:
    given = await comes(small)
    answers = await asyncio.gather(
        *(tickets.come_later(small.house, given.ticket, 5) for _ in range(3))
    )
    refused = [a.code for a in answers if isinstance(a, Refusal)]
    assert refused == [Code.LATE_TOO_OFTEN]


async def test_a_wrong_number_of_minutes_or_ticket_is_named(small: Small) -> None:
    given = await comes(small)
    wrong = await tickets.come_later(small.house, given.ticket, 11)
    assert isinstance(wrong, Refusal)
    assert (wrong.code, wrong.data["field"]) == (Code.INVALID, "minutes")
    nobody = await tickets.come_later(small.house, "X" * 26, 10)
    assert isinstance(nobody, Refusal)
    assert nobody.code is Code.UNKNOWN_TICKET
