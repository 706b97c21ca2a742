"""The office's list of cards on a real database: taken over, doubted, no number kept."""

from queue_service.flows.bookings import cards
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.model.card import Why
from queue_service.model.refusal import Code
from queue_service.slots.card_list import plain
from tests.by_cards import by_cards, code_of, hold, listed
from tests.small import Small

OLDER = b"serial,state,date\nYZ12345,recorded,2026-11-19\n"


async def test_before_the_first_list_nobody_is_asked_for_a_card(small: Small) -> None:
    await by_cards(small)
    assert isinstance(await hold(small), HoldGiven)
    await listed(small)
    assert code_of(await hold(small, start="10:30")) is Code.FIELD_REQUIRED


async def test_a_list_is_taken_over_row_by_row_and_twice_changes_nothing(small: Small) -> None:
    first = await listed(small)
    assert (first.rows, first.changed) == (2, 2)
    assert [(d.line, d.why) for d in first.doubts] == [(2, Why.SERIAL)]
    entries = len(await small.journal())
    again = await listed(small)
    assert (again.changed, again.same) == (0, 2)
    assert len(await small.journal()) == entries
    assert (await listed(small, OLDER)).older == 1
    assert await cards.ready_unbooked(small.house, small.office) == 2
    await small.audit()


async def test_a_list_of_the_night_is_taken_and_a_mistyped_year_locks_no_card(small: Small) -> None:
    await by_cards(small)
    await small.wait(16 * 60)  # 00:30, yesterday in UTC
    mistyped = await listed(small, b"serial,state,date\nBB10001,delivered,2027-11-20\n")
    assert [(d.line, d.why) for d in mistyped.doubts] == [(2, Why.NOT_YET)]
    night = await listed(small, b"serial,state,date\nBB10001,ready,2026-11-24\n")
    assert (night.changed, night.doubts) == (1, ())
    assert isinstance(await hold(small, "BB10001", start="2026-11-24 10:00"), HoldGiven)


async def test_a_list_of_several_turns_is_one_import(small: Small) -> None:
    rows = "".join(f"AB{n:06},recorded,2026-11-20\n" for n in range(cards.ROWS_A_TURN + 3))
    done = await listed(small, b"serial,state,date\n" + rows.encode())
    assert (done.rows, done.changed) == (cards.ROWS_A_TURN + 3,) * 2
    assert await cards.counts(small.house, small.office) == {"recorded": cards.ROWS_A_TURN + 3}


def test_a_number_is_compared_without_the_signs_between() -> None:
    assert plain(" yz-123 45/6 ") == "YZ123456"


async def test_no_number_of_a_card_is_written_anywhere(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    await hold(small, "YZ12345")
    tables = await small.fetch(
        "select table_name from information_schema.tables where table_schema = 'public'"
        " and table_name <> 'alembic_version'"
    )
    for table in tables:
        rows = await small.fetch(f'select t::text as row from "{table["table_name"]}" t')
        assert not any("YZ1234" in row["row"] for row in rows), table["table_name"]
