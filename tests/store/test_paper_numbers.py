"""Numbers given on paper: told afterwards by staff, once each and in the order they were given."""

from datetime import time

from queue_service.flows.days import day_list
from queue_service.flows.entrance import paper
from queue_service.flows.entrance.paper import PaperRow, Taken
from queue_service.model.refusal import Code
from tests.make import HELP, NOW, PICK
from tests.small import CLERK, SLUG, Small


async def sheet(house: Small) -> tuple[str, ...]:
    assert await day_list.reserve(house.house, house.office, NOW.date(), 1, CLERK) == 1
    return (await day_list.day_list(house.house, house.office, NOW.date())).sheets[0]


async def told(house: Small, *rows: PaperRow) -> tuple[Taken, ...]:
    found = await paper.take_back_in(house.house, SLUG, rows, CLERK)
    assert isinstance(found, tuple), found
    return found


async def test_paper_numbers_come_back_once_in_the_order_they_were_given(
    small: Small, beside: Small
) -> None:
    numbers = await sheet(small)
    await small.wait(120)
    rows = (
        PaperRow(numbers[1].lower(), PICK, 2, time(9, 20)),
        PaperRow(numbers[0], PICK, 1, time(9, 10)),
    )
    assert await told(small, *rows) == (Taken(1, numbers[1]), Taken(2, numbers[0]))
    again = await told(beside, *rows)
    assert [taken.known for taken in again] == [True, True]
    visits = await small.fetch("select number, arrived from visit order by arrived")
    assert [v["number"] for v in visits] == [numbers[0], numbers[1]]
    line = small.office.line.waiting(small.office.now())
    assert [visit.number for visit in line] == [numbers[0], numbers[1]]
    await small.chain()


async def test_a_row_that_cannot_be_is_named_and_the_others_stay(small: Small) -> None:
    numbers = await sheet(small)
    await small.wait(120)
    found = await told(
        small,
        PaperRow("A000", PICK, 1, time(9, 0)),
        PaperRow(numbers[2], PICK, 1, time(9, 5)),
        PaperRow(numbers[3], HELP, 1, time(9, 5)),
        PaperRow(numbers[4], PICK, 1, time(23, 0)),
        PaperRow(numbers[5], "NONE", 1, time(9, 5)),
    )
    assert [taken.refusal and taken.refusal.code for taken in found] == [
        Code.UNKNOWN_NUMBER,
        None,
        Code.EMERGENCY_NEEDS_GUIDE,
        Code.INVALID,
        Code.UNKNOWN_SERVICE,
    ]
    visits = await small.fetch("select number from visit")
    assert [v["number"] for v in visits] == [numbers[2]]
