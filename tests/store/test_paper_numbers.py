"""Numbers given on paper: told afterwards by staff, once each and in the order they were given."""

from datetime import time, timedelta

from queue_service.flows.days import day_list
from queue_service.flows.entrance import arriving, paper
from queue_service.flows.entrance.paper import Meant, PaperRow, Taken
from queue_service.model.booking import BookingState
from queue_service.model.refusal import Code
from tests.make import HELP, NOW, PICK, at
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
    # A time of the office that was set by hand reaches the other process by the journal.
    await beside.house.follower.reach(beside.office, small.office.seq, 20)
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


async def meant(house: Small, *rows: PaperRow) -> tuple[Meant, ...]:
    found = await paper.look(house.house, SLUG, rows)
    assert isinstance(found, tuple), found
    return found


def named(number: str, appointment: str, given: time, language: str = "") -> PaperRow:
    """Somebody with an appointment; a clerk leaves the rest to it."""
    return PaperRow(number, "", 1, given, language, appointment)


async def state(house: Small, code: str) -> str:
    [row] = await house.fetch("select state from booking where code = $1", code)
    return str(row["state"])


async def test_an_appointment_arrives_under_its_paper_number(small: Small, beside: Small) -> None:
    early, late = await small.booked("10:00"), await small.booked("10:30")
    numbers = await sheet(small)
    expected = (await day_list.day_list(small.house, small.office, NOW.date())).expected
    shorts = {each.code: each.short for each in expected}
    assert all(code.startswith(short) and len(short) < 8 for code, short in shorts.items())
    await small.wait(120)
    rows = (
        named(numbers[0], shorts[late.code], time(10, 25)),
        named(numbers[1], early.code.lower(), time(9, 55), "ar"),
    )
    assert await told(small, *rows) == (Taken(1, numbers[0]), Taken(2, numbers[1]))
    assert await state(small, early.code) == await state(small, late.code) == BookingState.ARRIVED
    # A time of the office that was set by hand reaches the other process by the journal.
    await beside.house.follower.reach(beside.office, small.office.seq, 20)
    again = await told(beside, *rows)
    assert [taken.known for taken in again] == [True, True]
    visits = await small.fetch(
        "select number, need, language, arrived, due from visit order by arrived"
    )
    assert [(v["number"], v["need"], v["language"], v["arrived"], v["due"]) for v in visits] == [
        (numbers[1], "booking", "ar", at("09:55"), at("10:00")),
        (numbers[0], "booking", "de", at("10:25"), at("10:30")),
    ]
    await small.audit()


async def test_a_printed_list_stays_good_when_somebody_books_before_those_on_it(
    small: Small,
) -> None:
    printed = await small.booked("10:00")
    [row] = (await day_list.day_list(small.house, small.office, NOW.date())).expected
    earlier = await small.booked("09:00")
    await arriving.check_in(small.house, SLUG, earlier.code, CLERK)
    [left] = (await day_list.day_list(small.house, small.office, NOW.date())).expected
    assert (left.code, left.start) == (printed.code, at("10:00"))
    numbers = await sheet(small)
    await small.wait(90)
    [found] = await meant(small, named(numbers[0], row.short.lower(), time(9, 50)))
    assert (found.code, found.start, found.refusal) == (printed.code, at("10:00"), None)
    [counted] = await meant(small, named(numbers[0], "1", time(9, 50)))
    assert counted.refusal is not None
    assert counted.refusal.code is Code.INVALID


async def test_looking_at_rows_says_what_they_mean_and_tells_nothing(small: Small) -> None:
    booked = await small.booked("09:30")
    numbers = await sheet(small)
    await small.wait(120)
    entries = len(await small.journal())
    rows = (
        named(numbers[0], booked.code[:5], time(9, 0)),
        PaperRow(numbers[1], PICK, 2, time(9, 20), "ar"),
        named(numbers[2], booked.code, time(9, 45)),
        PaperRow(numbers[3], PICK, 50, time(9, 20)),
    )
    found = await meant(small, *rows)
    assert [(m.number, m.at, m.code, m.language, m.known) for m in found[:2]] == [
        (numbers[0], at("09:00"), booked.code, "de", False),
        (numbers[1], at("09:20"), "", "ar", False),
    ]
    assert [m.refusal and m.refusal.code for m in found] == [
        None,
        None,
        Code.ALREADY_CHECKED_IN,
        Code.TOO_MANY_PERSONS,
    ]
    assert found[2].refusal is not None
    assert found[2].refusal.data == {"row": 1}
    [late] = await meant(small, rows[2])
    assert late.late
    assert len(await small.journal()) == entries
    await told(small, rows[1])
    assert [m.known for m in await meant(small, *rows[:2])] == [False, True]


async def test_a_paper_number_is_one_person_and_an_appointment_has_one_number(small: Small) -> None:
    booked, other = await small.booked("10:00"), await small.booked("10:00")
    numbers = await sheet(small)
    await small.wait(120)
    assert await told(small, PaperRow(numbers[0], PICK, 1, time(9, 50))) == (Taken(1, numbers[0]),)
    found = await told(
        small,
        named(numbers[0], booked.code, time(9, 50)),
        named(numbers[1], booked.code, time(9, 50)),
        named(numbers[2], booked.code, time(9, 50)),
        named(numbers[1], other.code, time(9, 50)),
    )
    assert [taken.refusal and taken.refusal.code for taken in found] == [
        Code.NUMBER_TAKEN,
        None,
        Code.ALREADY_CHECKED_IN,
        Code.NUMBER_TAKEN,
    ]
    assert await state(small, other.code) == BookingState.BOOKED
    [once_more] = await told(small, named(numbers[2], booked.code, time(9, 50)))
    assert once_more.refusal is not None
    assert once_more.refusal.code is Code.ALREADY_CHECKED_IN


async def test_an_appointment_that_cannot_be_found_or_come_in_is_said(small: Small) -> None:
    tomorrow = await small.booked("2026-11-24 09:00")
    later, gone = await small.booked("11:50"), await small.booked("10:00")
    numbers = await sheet(small)
    await small.fetch("update booking set state = 'cancelled' where code = $1", gone.code)
    await small.wait(30)
    rows = [tomorrow.code, later.code, gone.code, "2222", "2A", "2222ZZZZ"]
    found = await meant(
        small, *(named(numbers[n], said, time(8, 40)) for n, said in enumerate(rows))
    )
    assert [m.refusal and m.refusal.code for m in found] == [
        Code.OTHER_DAY,
        Code.TOO_EARLY,
        Code.CANCELLED,
        Code.UNKNOWN_CODE,
        Code.INVALID,
        Code.UNKNOWN_CODE,
    ]


async def test_whoever_came_long_before_their_time_counts_from_when_doors_open_for_them(
    small: Small,
) -> None:
    booked = await small.booked("11:00")
    numbers = await sheet(small)
    await small.wait(120)
    early = timedelta(minutes=small.office.office.booking.early_minutes)
    [found] = await meant(small, named(numbers[0], booked.code, time(8, 31)))
    assert found.at == at("11:00") - early
    assert await told(small, named(numbers[0], booked.code, time(8, 31))) == (Taken(1, numbers[0]),)
    assert await state(small, booked.code) == BookingState.ARRIVED
