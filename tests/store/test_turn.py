"""The turn on a real database: its lanes, its batches, its time, and the views after it."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from queue_service.flows import turn as turns
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.settling import Kept
from queue_service.flows.turn import Gatherer
from queue_service.flows.wish import Done, HeldSession, Wish
from queue_service.model.ids import APPLICANT, Tick
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, Needs, Told, World
from queue_service.store.access import Holder
from queue_service.store.world import Locked
from tests import make
from tests.conftest import Database
from tests.make import DESKS
from tests.small import PICK, Small, opened, soon
from tests.store.gathering import (
    gathered,
    locked,
    narrow,
    turns_run,
    unheard,
    waiting_for_the_lock,
    wish,
)


async def test_a_wish_that_comes_while_the_gatherer_goes_to_rest_is_not_forgotten(
    small: Small,
) -> None:
    async def one_after_the_other(n: int) -> None:
        for _ in range(25):
            await wish(small, lambda _w: Refusal(Code.INVALID))
            if n % 2:
                await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await asyncio.gather(*(one_after_the_other(n) for n in range(8)))


def lanes(floor: int, bookings: int) -> Gatherer:
    """A gatherer with so many wishes that nobody settles."""
    gatherer = Gatherer(None, None, unheard)  # type: ignore[arg-type]  # it is not run
    gatherer._floor = deque(_queued(floor))
    gatherer._bookings = deque(_queued(bookings))
    return gatherer


def _queued(many: int, cells: int = 2) -> list[Wish]:
    needs = Needs(cells=tuple((DESKS, Tick(n)) for n in range(cells)))
    future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
    return [Wish(APPLICANT, needs, lambda _w: Refusal(Code.INVALID), None, future)] * many


async def test_floor_wishes_go_first_but_at_most_twice_running_while_bookings_wait() -> None:
    gatherer = lanes(floor=450, bookings=150)
    pattern = []
    while gatherer._floor or gatherer._bookings:
        before = len(gatherer._floor)
        many = len(gatherer._next_batch())
        pattern.append(("floor" if len(gatherer._floor) < before else "bookings", many))
    assert pattern == [
        ("floor", 100),
        ("floor", 100),
        ("bookings", 100),
        ("floor", 100),
        ("floor", 100),
        ("bookings", 50),
        ("floor", 50),
    ]


async def test_who_comes_while_another_process_has_the_office_joins_its_turn_the_floor_first(
    small_database: Database, small: Small
) -> None:
    told = Refusal(Code.NOBODY_WAITING)
    order: list[str] = []

    def said(name: str) -> Callable[[World], Told | Refusal]:
        def decide(_world: World) -> Told | Refusal:
            order.append(name)
            return told

        return decide

    key, turn = small.office.key, small.house.turn
    async with locked(small_database.owner_dsn):
        booking = asyncio.create_task(turn(key, APPLICANT, Needs(), said("booking")))
        await waiting_for_the_lock(small_database.owner_dsn)
        floor = asyncio.create_task(turn(key, APPLICANT, Needs(), said("floor"), floor=True))
        queued = turn._gatherers[key.office]
        await soon(lambda: len(queued._floor) == 1)
    await asyncio.gather(booking, floor)
    assert order == ["floor", "booking"]


async def test_an_ended_session_gets_nothing_done_and_costs_its_neighbours_nothing(
    small_database: Database, small: Small
) -> None:
    ended = HeldSession(b"ended", Holder(1, small.office.key.office, "clerk", ["clerk"]))
    asked = [Refusal(Code.NOBODY_WAITING), Refusal(Code.NOBODY_WAITING)]
    refused = small.house.turn(
        small.office.key, APPLICANT, Needs(), lambda _w: asked.pop(), session=ended
    )
    neighbour = wish(small, lambda _w: asked.pop())
    answers = await gathered(small_database.owner_dsn, small, refused, neighbour)
    assert answers == [Done(Refusal(Code.NOT_SIGNED_IN)), Done(Refusal(Code.NOBODY_WAITING))]
    assert len(asked) == 1, "nothing was decided for who is not signed in"


async def test_a_batch_ends_at_its_cells_yet_takes_a_wish_that_is_larger_alone() -> None:
    gatherer = lanes(0, 0)
    gatherer._bookings = deque([*_queued(3, 900), *_queued(1, 5_000), *_queued(2, 1)])
    sizes = []
    while gatherer._bookings:
        sizes.append(len(gatherer._next_batch()))
    assert sizes == [2, 1, 1, 2]
    assert turns.MOST_CELLS == 2_000


async def test_wishes_that_wait_for_a_commit_are_settled_in_one(
    small_database: Database, small: Small
) -> None:
    before = await turns_run(small)
    starts = [f"{9 + n // 6:02}:{n % 6}0" for n in range(16)]
    answers = await gathered(
        small_database.owner_dsn, small, *(small.hold(start) for start in starts)
    )
    assert {type(a) for a in answers} == {HoldGiven}
    assert await turns_run(small) == before + 1


async def test_holds_that_are_over_are_given_back_before_anything_is_decided(
    small_database: Database,
) -> None:
    await narrow(small_database.owner_dsn, 1)
    async with opened(small_database.owner_dsn) as small:
        await small.held("10:00")
        await small.wait(9)
        refusal = await small.hold("10:00")
        assert isinstance(refusal, Refusal)
        await small.wait(1)
        assert isinstance(await small.hold("10:00"), HoldGiven)
        tags = [e.tag for e in await small.journal()]
        assert tags[-2:] == ["lapsed", "held"] or tags[-3:] == ["lapsed", "clock_set", "held"]
        await small.audit()


@pytest.mark.parametrize(
    ("year", "code"), [(1, Code.PAST), (1969, Code.PAST), (9999, Code.NOT_BOOKABLE_YET)]
)
async def test_a_date_beyond_every_calendar_is_past_or_far_off(
    small: Small, year: int, code: Code
) -> None:
    start = datetime(year, 12 if year > 1 else 1, 31 if year > 1 else 1, tzinfo=UTC)
    booked = await small.booked("10:00")
    proof = Proof(secret=booked.secret)
    for answer in (
        await flow.hold(small.house, small.slug, parts=PICK, start=start, language="de"),
        await moving.move(small.house, booked.code, proof, start),
    ):
        assert isinstance(answer, Refusal)
        assert answer.code is code


async def test_office_time_never_runs_backwards(small: Small) -> None:
    await small.wait(30)
    await small.set_clock(make.NOW)
    await small.hold("10:00")
    await small.chain()
    assert (await small.journal())[-1].recorded == make.at("09:00")


async def test_views_have_what_their_own_process_committed_before_anything_is_read_back(
    small: Small,
) -> None:
    follower = small.house.follower
    async with follower._reading:  # the reader stands still
        before = small.office.seq
        given = await small.hold("10:00", key="mine")
        assert isinstance(given, HoldGiven)
        await asyncio.sleep(0)
        assert small.office.seq == before + 1
        assert small.office.recent(before)


async def test_a_process_knows_whether_another_had_a_turn_between_its_own(
    small: Small, beside: Small
) -> None:
    def alone() -> bool:
        gatherer: Gatherer = small.house.turn._gatherers[small.office.key.office]
        return gatherer._settling.alone

    await small.held("10:00")
    assert not alone()
    await small.held("10:10")
    assert alone()
    await beside.held("10:20")
    await small.held("10:30")
    assert not alone()


def test_cells_are_kept_only_while_nobody_else_had_a_turn() -> None:
    cells = {(DESKS, Tick(1)): Cell(3, 1)}
    kept = Kept(7, b"link", cells)

    def locked(seq: int, head: bytes) -> Locked:
        return Locked(seq, head, make.NOW, make.CLOCK, make.NOW)

    assert kept.true_at(locked(7, b"link"))
    assert not kept.true_at(locked(8, b"link"))
    assert kept.cells_at(locked(7, b"link")) == cells
    assert kept.cells_at(locked(8, b"link")) == {}
    assert kept.cells_at(locked(7, b"another")) == {}
    assert Kept().cells_at(locked(0, b"")) == {}


async def test_places_added_in_a_turn_are_there_in_the_next(small: Small) -> None:
    for _ in range(3):
        assert isinstance(await small.hold("10:00"), HoldGiven)
    given = await small.by_staff("10:00", reason="crowd", name="Above")
    assert isinstance(given, BookingGiven)
    assert isinstance(await small.hold("10:00"), Refusal)
    assert isinstance(await small.hold("10:10"), HoldGiven)
    await small.audit()
