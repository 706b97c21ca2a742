"""Resting places, shares, reserves and the horizon on a real database, also in two processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import time, timedelta

import msgspec
import pytest

from queue_service.events.capacity import Configured, KeptBack
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import layering, releasing
from queue_service.model.booking import BookingState
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.release import LastMinute, Release, Reserve
from queue_service.slots.openings import DayState
from queue_service.store.world import MOST_DUE
from queue_service.ticker import lapse_holds
from queue_service.web.pages.applicant import times
from tests import make
from tests.conftest import Database, copied
from tests.small import CLERK, PICK, Small, found, opened

RESTING = "state = 'resting'"
TOMORROW = "2026-11-24 10:00"


def releasing_office(desks: int = 1, hall: int = 4, **rules: object) -> Office:
    release = Release(**({"rest_minutes": (5, 90), "hold_rest_minutes": (1, 10)} | rules))  # type: ignore[arg-type]  # names of its fields
    office = make.office(desks=desks, hall=hall)
    # Layers are refused in an office that breaks rules: these two have no limit of walk-ins.
    services = tuple(
        msgspec.structs.replace(s, walk_in=s.code in ("PICK", "HELP")) for s in office.services
    )
    rules = msgspec.structs.replace(office.booking, release=release)
    return msgspec.structs.replace(office, services=services, booking=rules)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as entered:
        yield entered


@pytest.fixture
def empty(postgres: str, template: str) -> AsyncIterator[Database]:
    with copied(postgres, template) as made:
        yield made


async def process(stack: AsyncExitStack, database: Database) -> Small:
    return await stack.enter_async_context(opened(database.owner_dsn))


async def cancelled(small: Small, booked: BookingGiven) -> None:
    answer = await flow.cancel(small.house, booked.code, Proof(secret=booked.secret))
    assert isinstance(answer, BookingGiven), answer
    assert answer.state is BookingState.CANCELLED


async def over(small: Small) -> None:
    """Office time goes to where the last rest is over, and the leader looks."""
    [row] = await small.fetch("select max(until) as until from booking where " + RESTING)
    await small.set_clock(row["until"].astimezone(make.BERLIN))
    await lapse_holds(small.house, small.office)
    await small.settle()


async def test_a_cancelled_place_is_shown_as_taken_until_its_rest_is_over(
    stack: AsyncExitStack, empty: Database
) -> None:
    await found(empty.owner_dsn, releasing_office())
    small = await process(stack, empty)
    booked = await small.booked(TOMORROW)
    await cancelled(small, booked)
    await small.settle()
    start = make.at(TOMORROW)

    def state() -> DayState:
        office = small.office
        [day] = office.openings.month(PICK, start.date(), start.date(), office.now())
        return next(s.state for s in day.starts if s.start == start)

    assert state() is DayState.TAKEN
    again = await flow.show(small.house, booked.code, Proof(secret=booked.secret))
    assert isinstance(again, BookingGiven)
    assert again.state is BookingState.CANCELLED
    refusal = await small.hold(TOMORROW)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.SLOT_FULL
    await small.audit()
    await over(small)
    assert state() is DayState.FREE
    assert isinstance(await small.hold(TOMORROW), HoldGiven)
    await small.audit()


async def test_whoever_claims_while_another_process_cancels_gains_nothing(
    stack: AsyncExitStack, empty: Database
) -> None:
    await found(empty.owner_dsn, releasing_office())
    here, there = await process(stack, empty), await process(stack, empty)
    for _ in range(4):
        booked = await here.booked(TOMORROW)
        answers = await asyncio.gather(
            cancelled(here, booked),
            *(house.hold(TOMORROW) for house in (here, there) for _ in range(10)),
        )
        assert not any(isinstance(answer, HoldGiven) for answer in answers)
        await here.audit()
        await over(here)
        await there.settle()
        claims = await asyncio.gather(
            *(house.hold(TOMORROW) for house in (here, there) for _ in range(10))
        )
        won = [claim for claim in claims if isinstance(claim, HoldGiven)]
        assert len(won) == 1
        assert await flow.release(here.house, won[0].hold, won[0].secret) is None
        await over(here)
    assert await here.fetch("select 1 from cell where taken > capacity") == []
    await here.audit()


async def test_a_browser_and_a_booking_return_to_the_place_they_left(
    stack: AsyncExitStack, empty: Database
) -> None:
    await found(empty.owner_dsn, releasing_office())
    small = await process(stack, empty)
    booked = await small.booked(TOMORROW)
    proof = Proof(secret=booked.secret)
    later = make.at("2026-11-24 11:00")
    moved = await flow.move(small.house, booked.code, proof, later)
    assert isinstance(moved, BookingGiven)
    back = await flow.move(small.house, booked.code, proof, make.at(TOMORROW))
    assert isinstance(back, BookingGiven)
    assert back.start == make.at(TOMORROW)
    first = await small.held("2026-11-24 09:00")
    second = await flow.hold(
        small.house,
        small.slug,
        parts=PICK,
        start=make.at("2026-11-24 09:30"),
        language="de",
        replaces=(first.hold, first.secret),
    )
    assert isinstance(second, HoldGiven)
    third = await flow.hold(
        small.house,
        small.slug,
        parts=PICK,
        start=make.at("2026-11-24 09:00"),
        language="de",
        replaces=(second.hold, second.secret),
    )
    assert isinstance(third, HoldGiven)
    await small.audit()


async def test_what_is_due_lapses_in_turns_of_bounded_size(
    stack: AsyncExitStack, empty: Database
) -> None:
    many = MOST_DUE + 30
    await found(empty.owner_dsn, releasing_office(many, many, rest_minutes=()))
    small = await process(stack, empty)
    await asyncio.gather(*(small.held(TOMORROW) for _ in range(many)))
    assert isinstance(await small.hold(TOMORROW), Refusal)
    await small.wait(11)
    await lapse_holds(small.house, small.office)
    lapsed = [len(fact.bookings) for fact in await small.facts() if fact.bookings[1:]]
    assert max(lapsed) == MOST_DUE
    await lapse_holds(small.house, small.office)
    await small.settle()
    assert not small.office.openings.has_due(small.office.now())
    assert await small.fetch("select 1 from booking where state = 'held'") == []
    await small.audit()


def with_shares(office: Office) -> Office:
    own: dict[str, dict[str, object]] = {
        "desks": {"last_minute": (LastMinute(50, 48, 60),)},
        "bio-day": {"reserve": Reserve(a_day=1.0)},
    }
    limits = [msgspec.structs.replace(x, **own.get(x.key, {})) for x in office.limits]
    return msgspec.structs.replace(office, limits=tuple(limits))


async def test_shares_are_kept_once_come_back_by_themselves_and_end_with_a_managers_word(
    stack: AsyncExitStack, empty: Database
) -> None:
    await found(empty.owner_dsn, with_shares(releasing_office(2)))
    small = await process(stack, empty)
    house, office = small.house, small.office
    far = make.at("2026-11-26 10:00")
    # Somebody booked before anything was kept: their place stays theirs.
    for minute in ("00", "00", "10", "10"):
        await small.booked(f"2026-11-26 10:{minute}")
    await releasing.keep_back_day(house, office, far.date())
    await small.settle()
    kept = await small.fetch(f"select start, until, rest_of from booking where {RESTING}")
    assert [row["rest_of"] for row in kept] == [None] * len(kept)
    blocks = [row for row in kept if row["start"] != row["until"] and row["until"] < row["start"]]
    assert 3 <= len(blocks) <= 4
    assert all(
        timedelta(hours=47) <= row["start"] - row["until"] <= timedelta(hours=48) for row in blocks
    )
    assert len(kept) - len(blocks) == 3  # the 95 % quantile of one a day
    await small.audit()
    before = small.office.seq
    await releasing.keep_back_day(house, office, far.date())
    await small.settle()
    assert small.office.seq == before
    word = Layer("limit:desks", '{"reserve": {"keep": 0}}', small.office.now(), reason="peak")
    word = msgspec.structs.replace(word, origin=Origin.MANAGER)
    await layering.add(house, office, (word,), CLERK)
    await small.settle()
    await releasing.keep_back_day(house, small.office, far.date())
    still = await small.fetch(f"select start, until from booking where {RESTING}")
    assert len(still) == 3
    await small.wait(4 * 24 * 60)
    await lapse_holds(house, small.office)
    assert await small.fetch(f"select 1 from booking where {RESTING}") == []
    assert [fact for fact in await small.facts() if isinstance(fact, KeptBack)]
    await small.audit()


async def test_the_horizon_moves_on_at_its_moment_and_only_once_a_day(
    stack: AsyncExitStack, empty: Database
) -> None:
    await found(empty.owner_dsn, releasing_office(open_between=(time(10), time(12))))
    small = await process(stack, empty)
    house = small.house

    async def moved_on() -> object:
        await releasing.move_on(house, small.office)
        await small.settle()
        return small.office.office.booking.release.moved_on

    assert await moved_on() is None
    await small.set_clock(make.at("12:00"))
    assert await moved_on() == make.NOW.date()
    seq = small.office.seq
    await moved_on()
    assert small.office.seq == seq
    await small.set_clock(make.at("2026-11-24 09:00"))
    new = make.at("2026-11-27 09:00")
    days = small.office.openings.month(PICK, new.date(), new.date(), small.office.now())
    assert [day.state for day in days] == [DayState.NOT_YET]
    refusal = await small.hold("2026-11-27 09:00")
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NOT_BOOKABLE_YET
    await small.set_clock(make.at("2026-11-24 12:00"))
    assert await moved_on() == make.at("2026-11-24 09:00").date()
    assert isinstance(await small.hold("2026-11-27 09:00"), HoldGiven)
    layers = await small.fetch("select until from layer where origin = 'release'")
    assert len([row for row in layers if row["until"] is None]) == 1


async def test_a_service_is_switched_when_demand_exceeds_supply_and_back(
    stack: AsyncExitStack, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await found(empty.owner_dsn, releasing_office(busy_window_days=1))
    small = await process(stack, empty)

    async def switched(many: int) -> bool:
        async def waits(*_: object) -> dict[object, int]:
            return {PICK: many}

        monkeypatch.setattr(releasing.wishes, "length", waits)
        await releasing.switch(small.house, small.office)
        await small.settle()
        service = small.office.office.service("PICK")
        assert service is not None
        return service.first_come

    assert await switched(10)
    assert not await switched(1000)
    shown = times.shown(small.office, PICK, None, str)
    assert (shown.first_come, shown.ahead, len(shown.days)) == (False, 1, 2)
    refusal = await small.hold("2026-11-26 10:00")
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NOT_BOOKABLE_YET
    assert await switched(0)
    assert isinstance(await small.hold("2026-11-26 10:00"), HoldGiven)
    said = [fact for fact in await small.facts() if isinstance(fact, Configured)]
    assert any("service:PICK" in fact.subjects for fact in said)


async def test_nobody_is_asked_to_leave_for_a_place_that_only_rests(
    stack: AsyncExitStack, empty: Database
) -> None:
    await found(empty.owner_dsn, releasing_office(2))
    small = await process(stack, empty)
    gone, _stays = await small.booked(TOMORROW), await small.booked(TOMORROW)
    await cancelled(small, gone)
    away = Layer(
        "capacity:desks",
        '{"limit": "desks", "add": -1}',
        make.at("2026-11-24 08:00"),
        make.at("2026-11-24 12:00"),
        reason="ill",
        origin=Origin.MANAGER,
    )
    shown = await layering.preview(small.house, small.office, (away,))
    assert isinstance(shown, layering.Preview)
    assert shown.lost
    assert shown.proposals == ()
    two = msgspec.structs.replace(away, change='{"limit": "desks", "add": -2}')
    emptied = await layering.preview(small.house, small.office, (two,))
    assert isinstance(emptied, layering.Preview)
    assert len(emptied.proposals) == 1
    await layering.add(small.house, small.office, (away,), CLERK)
    await over(small)
    assert isinstance(await small.hold(TOMORROW), Refusal)
    await small.audit()
