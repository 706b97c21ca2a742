"""One wish that is broken, poisoned or cannot be stored costs its neighbours nothing."""

import asyncio
from collections.abc import Callable

import pytest

from queue_service.events.booking import Held
from queue_service.events.capacity import Configured
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.wish import Done
from queue_service.model.booking import Person
from queue_service.model.ids import APPLICANT, AuthorityId, OfficeId, Tick
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, NotNamedError, Told, World
from queue_service.slots import claims
from tests import make
from tests.conftest import Database
from tests.make import DESKS, HALL
from tests.small import Small
from tests.store.gathering import gathered, turns_run, wish


async def test_a_decision_that_raises_fails_alone(small_database: Database, small: Small) -> None:
    def broken(world: World) -> Told | Refusal:
        raise ZeroDivisionError("a defect")

    def curious(world: World) -> Told | Refusal:
        world.cell((DESKS, Tick(1)))
        return Refusal(Code.INVALID)

    before = await turns_run(small)
    answers = await gathered(
        small_database.owner_dsn,
        small,
        small.hold("10:00"),
        wish(small, broken),
        small.hold("10:00"),
        wish(small, curious),
        small.hold("10:20"),
    )
    kinds = [type(a) for a in answers]
    assert kinds == [HoldGiven, ZeroDivisionError, HoldGiven, NotNamedError, HoldGiven]
    assert await turns_run(small) == before + 1
    await small.audit()


def beyond_capacity(start: str = "10:00") -> tuple[Callable[[World], Told], Needs]:
    """A decision that forgot to look: only the guard of the cell is left."""
    wanted = make.booking(make.at(start), limits=(DESKS, HALL))

    def decide(world: World) -> Told:
        change = dict.fromkeys(claims.taken_by(wanted), 9)
        return Told(Held(), net=change)

    return decide, Needs(cells=claims.taken_by(wanted))


async def test_a_guard_that_fires_refuses_its_wish_and_answers_all_neighbours(
    small_database: Database, small: Small
) -> None:
    poison, needs = beyond_capacity()
    neighbours = [small.hold(f"{9 + n // 4:02}:{n % 4 * 10:02}") for n in range(12)]
    answers = await gathered(
        small_database.owner_dsn,
        small,
        *neighbours[:7],
        wish(small, poison, needs),
        *neighbours[7:],
    )
    assert answers.pop(7) == Done(Refusal(Code.SLOT_FULL))
    assert {type(a) for a in answers} == {HoldGiven}
    await small.audit()


def unstorable(name: str, code: str) -> tuple[Callable[[World], Told], Needs]:
    """A decision that writes what no column takes; what people type is cleaned before."""
    wanted = make.booking(make.at("10:30"), limits=(DESKS, HALL), code=code)

    def decide(world: World) -> Told:
        taken = dict.fromkeys(claims.taken_by(wanted), 1)
        return Told(Held(), bookings=(wanted,), people=(Person(wanted.id, name),), net=taken)

    return decide, Needs(cells=claims.taken_by(wanted), bookings=(wanted.id,))


@pytest.mark.parametrize(
    ("name", "code"),
    [("nul \x00 inside", "ABCD2345"), ("half a pair \ud83d", "ABCD2345"), ("Amal", "ABC\ud83d")],
    ids=["server", "driver", "encoder"],
)
async def test_a_text_that_cannot_be_stored_is_invalid_and_costs_nobody_else_anything(
    small_database: Database, small: Small, beside: Small, name: str, code: str
) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, said: complaints.append(said))
    holds = [await small.held(f"09:{n}0") for n in range(4)]
    poison, needs = unstorable(name, code)
    confirmed = [small.confirm(hold) for hold in holds]
    answers = await gathered(
        small_database.owner_dsn,
        small,
        *confirmed[:2],
        wish(small, poison, needs),
        *confirmed[2:],
    )
    assert answers.pop(2) == Done(Refusal(Code.INVALID))
    assert {type(a) for a in answers} == {BookingGiven}
    assert complaints == [], "the driver had to end a transaction that was left open"
    assert isinstance(await beside.hold("11:00"), HoldGiven)
    await small.audit()


async def test_an_attempt_that_was_rolled_back_leaves_nothing_on_its_wishes(
    small_database: Database, small: Small
) -> None:
    poison, needs = beyond_capacity()
    tries: list[int] = []

    def faint(world: World) -> Told | Refusal:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError("only while the poison lay before it")
        return Refusal(Code.INVALID)

    def withdrawn(world: World) -> Told | Refusal:
        tries.append(1)
        return Told(Held()) if len(tries) < 3 else Refusal(Code.CLOSED)

    answers = await gathered(
        small_database.owner_dsn,
        small,
        wish(small, poison, needs),
        wish(small, faint),
        wish(small, withdrawn),
    )
    assert answers == [
        Done(Refusal(Code.SLOT_FULL)),
        Done(Refusal(Code.INVALID)),
        Done(Refusal(Code.CLOSED)),
    ]


async def test_a_defect_of_the_whole_turn_is_told_and_the_next_turn_works(small: Small) -> None:
    untold = Configured(subjects=(object(),))  # type: ignore[arg-type]  # the defect
    with pytest.raises(TypeError):
        await wish(small, lambda _w: Told(untold))
    assert isinstance(await small.hold(), HoldGiven)
    await small.audit()


async def test_an_office_that_is_not_there_is_a_fault_and_blocks_nobody(small: Small) -> None:
    nowhere = OfficeKey(AuthorityId(1), OfficeId(999), "nowhere")
    with pytest.raises(LookupError):
        await small.house.turn(nowhere, APPLICANT, Needs(), lambda _w: Refusal(Code.INVALID))
    assert isinstance(await small.hold(), HoldGiven)
