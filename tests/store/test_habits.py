"""What past days say: lengths, gaps, arrivals by hour, and appointments nobody came to."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from queue_service.model.booking import Part
from queue_service.store import habits
from queue_service.store.database import transaction
from tests import make
from tests.conftest import Database
from tests.small import Small, found, opened

PARTS = (Part(make.BIO, 1),)
YESTERDAY = make.at("2026-11-20 09:00")
SINCE, UNTIL = YESTERDAY - timedelta(days=7), make.at("00:00")
ZONE = "Europe/Berlin"


@pytest.fixture
async def small(database: Database) -> AsyncIterator[Small]:
    await found(database.owner_dsn)
    async with opened(database.owner_dsn) as made:
        yield made


async def came(small: Small, number: int, arrived: datetime, called: float, took: float) -> None:
    """Somebody was at counter 1 on that day, minutes counted from `YESTERDAY`."""
    at = YESTERDAY + timedelta(minutes=called)
    key = small.office.key
    await small.fetch(
        "insert into visit (id, authority, office, number, state, need, parts, language, arrived,"
        " due, seq, counter, called_at, calls, ended_at, ticket_hash) values (gen_random_uuid(),"
        " $1, $2, $3, 'finished', 'walk_in', '[[\"BIO\",1]]', 'de', $4, $4, 1, '1', $5, 1, $6, $7)",
        key.authority,
        key.office,
        f"A{number}",
        arrived,
        at,
        at + timedelta(minutes=took),
        str(number).encode(),
    )


async def test_lengths_gaps_and_arrivals_of_past_days(small: Small) -> None:
    for n in range(8):
        await came(small, n, YESTERDAY, called=12.0 * n, took=10.0)
    await came(small, 8, YESTERDAY + timedelta(hours=3), called=180 + 200, took=600.0)
    office = small.office.key.office
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        [took] = await habits.took(connection, office, SINCE, UNTIL)
        many, gaps = await habits.gaps(connection, office, SINCE, UNTIL)
        arrivals = await habits.came(connection, office, SINCE, UNTIL, ZONE)
        days = await habits.days(connection, office, SINCE, UNTIL, ZONE)
        nothing = await habits.gaps(connection, office, UNTIL, UNTIL)
    assert (took.parts, took.many, set(took.minutes)) == (PARTS, 8, {10.0})
    assert (many, gaps[0], gaps[-1]) == (8, pytest.approx(0.35), 2.0)
    assert nothing == (0, ())
    assert {(each.hour, each.many) for each in arrivals} == {(9, 8), (12, 1)}
    assert days == 1


async def test_appointments_are_to_come_until_somebody_checks_in(small: Small) -> None:
    booked = await small.booked("10:00")
    office, now = small.office.key.office, small.office.now()
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        [to_come] = await habits.to_come(connection, office, now, make.at("23:00"))
        assert to_come.start == make.at("10:00")
        assert to_come.parts == (Part(make.PICK, 1),)
        await connection.execute("update booking set state = 'no_show'")
        assert await habits.to_come(connection, office, now, make.at("23:00")) == []
        shown = await habits.showed(connection, office, SINCE, make.at("23:00"))
    assert shown == (0, 1)
    assert booked.code
