"""Limits that come later count those who are booked already: no desk is promised twice."""

import msgspec

from queue_service.events.capacity import Recounted
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import planning
from queue_service.model.office import Limit, Office
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.small import Small

SAFE = Limit("safe", {"de": "Tresor"}, 2, (make.PICK,))


def with_limits(*more: Limit) -> Office:
    office = make.office()
    return msgspec.structs.replace(office, limits=(*office.limits, *more))


async def taken(small: Small, key: str = "safe") -> list[int]:
    found = await small.fetch(
        'select taken from cell where "limit" = $1 and taken > 0 order by tick',
        small.office.key.limits[key],
    )
    return [row["taken"] for row in found]


async def test_a_new_limit_knows_who_is_booked_and_gives_only_the_rest(small: Small) -> None:
    await small.booked("10:00", name="Amal")
    held = await small.held("10:30")
    await planning.load(small.house, with_limits(SAFE))
    assert await taken(small) == [1, 1, 1, 1]
    assert isinstance(await small.hold("10:00"), HoldGiven)
    full = await small.hold("10:00")
    assert isinstance(full, Refusal)
    assert full.code is Code.SLOT_FULL
    await small.confirm(held, name="Bo")
    await small.audit()


async def test_more_than_a_new_limit_has_keep_their_places_and_nobody_joins_them(
    small: Small,
) -> None:
    booked = [await small.booked("10:00", name=name) for name in ("Amal", "Bo", "Cem")]
    await planning.load(small.house, with_limits(SAFE))
    assert await taken(small) == [3, 3]
    assert isinstance(await small.hold("10:00"), Refusal)
    await small.audit()
    assert len({given.code for given in booked}) == 3


async def test_a_limit_that_is_gone_gives_its_places_back(small: Small) -> None:
    await planning.load(small.house, with_limits(SAFE))
    await small.settle()
    await small.booked("10:00", name="Amal")
    assert await taken(small) == [1, 1]
    await planning.load(small.house, with_limits())
    assert await taken(small, "desks") == [1, 1]
    [row] = await small.fetch("select limits from booking where state = 'booked'")
    assert set(row["limits"]) == {make.DESKS, make.HALL}
    await small.audit()


async def test_loading_the_same_again_recounts_nobody(small: Small) -> None:
    await small.booked("10:00", name="Amal")
    await planning.load(small.house, with_limits(SAFE))
    before = await small.facts()
    assert sum(isinstance(fact, Recounted) for fact in before) == 1
    await planning.load(small.house, with_limits(SAFE))
    assert await small.facts() == before
