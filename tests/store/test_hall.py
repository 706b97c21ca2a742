"""The hall in two processes at once: numbers, quotas, codes and desks without a double."""

import asyncio

import pytest

from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.desks import serving
from queue_service.flows.desks.serving import DeskShown
from queue_service.flows.entrance import arriving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import VisitState
from tests import make
from tests.make import HELP, PICK
from tests.small import CLERK, SLUG, Small, refused, soon

DESKS = ("small.1", "small.2")
QUOTA = 20


async def walk_in(house: Small, service: str = PICK, key: str | None = None) -> object:
    return await arriving.walk_in(house.house, SLUG, service=service, by=CLERK, key=key)


async def check_in(house: Small, code: str, key: str | None = None) -> object:
    return await arriving.check_in(house.house, SLUG, code, CLERK, key)


async def press_next(house: Small, desk: str, key: str | None = None) -> object:
    return await serving.call_next(house.house, desk, CLERK, key)


async def test_of_forty_who_walk_in_at_once_the_quota_gets_a_number_each(
    small: Small, beside: Small
) -> None:
    answers = await asyncio.gather(*(walk_in((small, beside)[n % 2]) for n in range(40)))
    given = [a for a in answers if isinstance(a, TicketGiven)]
    assert len(given) == QUOTA
    assert len({g.number for g in given}) == len({g.ticket for g in given}) == QUOTA
    assert {r.code for r in refused(answers)} == {Code.WALK_INS_FULL}
    await small.audit()


async def test_numbers_go_on_where_another_process_stopped(small: Small, beside: Small) -> None:
    given = [await walk_in(house) for house in (small, beside, small, beside)]
    numbers = [g.number for g in given if isinstance(g, TicketGiven)]
    [row] = await small.fetch("select letter, start, issued from ticket_series")
    assert len(set(numbers)) == row["issued"] == 4
    assert numbers[0] == f"{row['letter']}{row['start']}"


async def test_a_code_held_against_two_kiosks_at_once_is_one_ticket(
    small: Small, beside: Small
) -> None:
    booked = await small.booked("08:40")
    answers = await asyncio.gather(
        *(check_in((small, beside)[n % 2], booked.code) for n in range(10))
    )
    tickets = {(a.ticket, a.number) for a in answers if isinstance(a, TicketGiven)}
    assert refused(answers) == []
    assert len(tickets) == 1
    assert len(await small.fetch("select 1 from visit")) == 1
    await small.audit()


async def test_a_kiosk_that_asks_again_with_its_key_gets_the_same_ticket(
    small: Small, beside: Small
) -> None:
    first = await walk_in(small, key="mine")
    again = await walk_in(beside, key="mine")
    assert isinstance(first, TicketGiven)
    assert isinstance(again, TicketGiven)
    assert (first.ticket, first.number) == (again.ticket, again.number)
    assert await walk_in(small, HELP, key="mine") == Refusal(Code.KEY_REUSED)


@pytest.mark.parametrize("people", [1, 2, 5])
async def test_two_desks_that_press_next_at_once_never_get_the_same_person(
    small: Small, beside: Small, people: int
) -> None:
    for _ in range(people):
        await walk_in(small)
    presses = [(house, desk) for house in (small, beside) for desk in DESKS] * 4
    answers = await asyncio.gather(*(press_next(house, desk) for house, desk in presses))
    called = await small.fetch("select counter, number from visit where state = 'called'")
    assert len(called) == min(people, 2)
    assert len({row["counter"] for row in called}) == len(called)
    assert {r.code for r in refused(answers)} <= {Code.NOBODY_WAITING, Code.COUNTER_OCCUPIED}
    assert sum(isinstance(a, DeskShown) for a in answers) == len(called)
    calls = [e for e in await small.journal() if e.tag == "called"]
    assert len(calls) == len(called)
    await small.audit()


async def test_a_desk_that_presses_next_twice_with_one_key_calls_one_person(
    small: Small, beside: Small
) -> None:
    for _ in range(3):
        await walk_in(small)
    answers = await asyncio.gather(
        *(press_next((small, beside)[n % 2], DESKS[0], "press") for n in range(6))
    )
    assert refused(answers) == []
    assert len([e for e in await small.journal() if e.tag == "called"]) == 1


async def test_finish_and_next_of_all_desks_serve_everybody_once(
    small: Small, beside: Small
) -> None:
    came = [await walk_in(small) for _ in range(12)]
    numbers = [each.number for each in came if isinstance(each, TicketGiven)]
    served: list[str] = []

    async def work(house: Small, desk: str) -> None:
        while True:
            shown = await press_next(house, desk)
            if isinstance(shown, Refusal):
                assert shown.code is Code.NOBODY_WAITING
                return
            assert isinstance(shown, DeskShown)
            assert shown.current is not None
            served.append(shown.current.number)
            await serving.finish(house.house, shown.current.visit, CLERK)

    await asyncio.gather(work(small, DESKS[0]), work(beside, DESKS[1]))
    assert sorted(served) == sorted(numbers)
    await small.audit()


async def test_a_desk_shows_its_own_call_whatever_process_it_asks(
    small: Small, beside: Small
) -> None:
    given = await walk_in(small)
    assert isinstance(given, TicketGiven)
    shown = await press_next(small, DESKS[0])
    assert isinstance(shown, DeskShown)
    assert shown.current is not None
    assert (shown.current.number, shown.current.why) == (given.number, "only_one")
    await beside.house.follower.reach(beside.office, shown.seq, 20)
    other = serving.desk(beside.house, DESKS[0])
    assert isinstance(other, DeskShown)
    assert other.current == shown.current
    ticket = await arriving.ticket(beside.house, given.ticket)
    assert not isinstance(ticket, Refusal)
    assert (ticket.state, ticket.counter) == (VisitState.CALLED, "1")


async def test_undo_restores_and_is_told_to_everybody(small: Small, beside: Small) -> None:
    booked = await small.booked("08:40")
    given = await check_in(small, booked.code)
    assert isinstance(given, TicketGiven)
    shown = await press_next(small, DESKS[0])
    assert isinstance(shown, DeskShown)
    assert shown.current is not None
    visit = shown.current.visit
    done = await serving.finish(small.house, visit, CLERK)
    assert isinstance(done, DeskShown)
    assert done.undo is not None
    [row] = await small.fetch("select state from booking")
    assert row["state"] == "served"
    back = await serving.undo(beside.house, visit, CLERK)
    assert isinstance(back, DeskShown), back
    assert back.current is not None
    assert back.current.number == given.number
    [row] = await small.fetch("select state from booking")
    assert row["state"] == "arrived"
    entry = (await small.journal())[-1]
    assert (entry.tag, entry.undoes) == ("undone", entry.seq - 1)
    again = await serving.undo(small.house, visit, CLERK)
    assert again == Refusal(Code.NOTHING_TO_UNDO)
    await small.audit()


async def test_two_confirmations_of_one_hold_at_once_make_one_booking(
    small: Small, beside: Small
) -> None:
    held = await small.held()
    answers = await asyncio.gather(
        *((small, beside)[n % 2].confirm(held, f"Applicant {n}") for n in range(6))
    )
    assert sum(isinstance(a, BookingGiven) for a in answers) == 1
    assert {r.code for r in refused(answers)} == {Code.ALREADY_BOOKED}
    assert len(await small.fetch("select 1 from person")) == 1
    await small.audit()


async def test_one_person_with_many_holds_gets_one_booking_of_a_group(
    small: Small, beside: Small
) -> None:
    houses = (small, beside)
    holds = [await small.held(f"10:{n}0") for n in range(6)]
    answers = await asyncio.gather(
        *(houses[n % 2].confirm(held, document="C01X00T47") for n, held in enumerate(holds))
    )
    assert sum(isinstance(a, BookingGiven) for a in answers) == 1
    assert {r.code for r in refused(answers)} == {Code.ALREADY_BOOKED}
    await small.audit()


async def test_a_ticket_of_nobody_and_a_code_of_nowhere_open_nothing(small: Small) -> None:
    assert await arriving.ticket(small.house, "0" * 26) == Refusal(Code.UNKNOWN_TICKET)
    assert await arriving.ticket(small.house, "") == Refusal(Code.UNKNOWN_TICKET)
    for code in ("", "22222222", "ß" * 8, "2" * 400, "https://x.example/T/"):
        assert await check_in(small, code) == Refusal(Code.UNKNOWN_CODE)


async def test_nobody_is_taken_in_while_the_office_is_closed(small: Small) -> None:
    await small.set_clock(make.at("13:00"))
    await soon(lambda: small.office.now() >= make.at("13:00"))
    answer = await walk_in(small)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.CLOSED
