"""`check --deep`: silent while all is right, and it names what was tampered with, and where."""

import pytest

from queue_service.commands import deep
from queue_service.commands.failing import CommandError
from queue_service.flows import auditing
from queue_service.flows.auditing import Wrong
from tests import make
from tests.conftest import Database
from tests.small import Small, owner


async def wrong(small: Small) -> tuple[Wrong, ...]:
    return (await auditing.audit(small.house, small.office)).wrong


async def test_an_office_in_which_much_happened_is_right(
    small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    await small.booked("10:00", name="Amal")
    await small.by_staff("10:00", name="Bo")
    await small.held("11:00")
    await small.wait(11)
    await small.held("11:00")
    [found] = await deep.audits(small.house, None)
    assert found.wrong == ()
    assert (found.bookings, found.entries) == (3, len(await small.journal()))
    assert deep.tell([found], as_json=False) == 0
    assert "no difference" in capsys.readouterr().out


async def test_a_cell_that_counts_wrong_is_named(
    small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    await small.booked("10:00")
    tick = make.tick(make.at("10:00"))
    await small.fetch('update cell set taken = 0 where "limit" = 1 and tick = $1', tick)
    await small.fetch('update cell set taken = 1 where "limit" = 1 and tick = $1', tick + 6)
    found = await deep.audits(small.house, small.slug)
    assert [each.line() for each in found[0].wrong] == [
        "small: limit desks, 2026-11-23 10:00, places taken: stored 0, counted 1",
        "small: limit desks, 2026-11-23 10:30, places taken: stored 1, counted 0",
    ]
    assert deep.tell(found, as_json=False) == 1
    assert "limit desks" in capsys.readouterr().err
    assert deep.tell(found, as_json=True) == 1


async def test_a_journal_that_was_changed_is_named(small: Small, small_database: Database) -> None:
    await small.booked("10:00")
    last = len(await small.journal())
    async with owner(small_database.owner_dsn) as connection:
        await connection.execute("set queue.authority = '1'")
        await connection.execute("update journal set by = 77 where seq = $1", last - 1)
    [found] = await wrong(small)
    assert found.where == f"journal entry {last - 1}"


async def test_a_journal_with_a_gap_or_another_end_is_named(
    small: Small, small_database: Database
) -> None:
    await small.booked("10:00")
    last = len(await small.journal())
    async with owner(small_database.owner_dsn) as connection:
        await connection.execute("set queue.authority = '1'")
        await connection.execute("delete from journal where seq = $1", last)
        [end] = await wrong(small)
        assert end.where == "the journal's end"
        await connection.execute("delete from journal where seq = $1", last - 2)
    [gap] = await wrong(small)
    assert gap.where == f"journal entry {last - 2}"


async def test_people_without_appointment_are_counted_by_their_quota(small: Small) -> None:
    quota = small.office.key.limits["quota"]
    await small.fetch(
        'update cell set taken = 1 where "limit" = $1 and tick ='
        ' (select min(tick) from cell where "limit" = $1)',
        quota,
    )
    [found] = await wrong(small)
    assert found.where.startswith("limit quota")


async def test_an_office_that_is_not_known_is_said_to_be_none(small: Small) -> None:
    with pytest.raises(CommandError, match="small"):
        await deep.audits(small.house, "moon")
