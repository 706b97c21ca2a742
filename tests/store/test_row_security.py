"""Row-level security: another authority's rows are not there, and forgetting to say who fails."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import msgspec
import pytest

from queue_service.clock import real_now
from queue_service.flows.access import devices
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.entrance import arriving
from queue_service.model.ids import AuthorityId, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.rights import Role
from queue_service.store import access, offices, tables
from queue_service.store import devices as store_devices
from queue_service.store.database import APP_ROLE, open_pool, transaction
from tests import make
from tests.conftest import Database, aside, copied
from tests.small import CLERK, Small, found, opened, owner

TABLES = sorted(table.name for table in tables.metadata.tables.values())
SECURED = sorted(set(TABLES) - tables.OUTSIDE_ROW_SECURITY)
STRANGER = AuthorityId(4_711)


async def lived_in(dsn: str) -> None:
    """A row in every table: a day in the small office."""
    await found(dsn)
    async with opened(dsn) as small:
        slug = small.slug
        booked = await small.booked("08:40", name="Amal", email="amal@example.org", key="k")
        await small.hold("10:00")
        assert isinstance(booked, BookingGiven)
        await arriving.check_in(small.house, slug, booked.code, CLERK)
        await devices.admit(small.house, slug, device="kiosk-1", role=Role.KIOSK)
    async with owner(dsn) as connection, connection.transaction():
        await connection.execute("set local queue.authority = '1'")
        await connection.execute(
            "insert into staff (authority, office, login, password, roles, active)"
            " values (1, 1, 'somebody', 'hash', '{clerk}', true)"
        )
        await connection.execute(
            "insert into promise (visit, authority, office, need, given_at, p50, p80, naive)"
            " values (gen_random_uuid(), 1, 1, 'walk_in', now(), 5, 9, 12)"
        )
        await connection.execute(
            "insert into promise_cursor (office, authority, seq) values (1, 1, 0)"
        )
        await connection.execute(
            "insert into session (hash, authority, staff, until) values ('h', 1, 1, now())"
        )
        await connection.execute(
            "insert into outbox (id, authority, office, seq, purpose, booking, generation, due,"
            " state, next_try) values (gen_random_uuid(), 1, 1, 1, 'confirmation',"
            " gen_random_uuid(), 0, now(), 'due', now())"
        )
        await connection.execute(
            'insert into wish (id, authority, office, state, "order", parts, windows, until, reach,'
            ' language, "group", person_key, code, number, seq, generation, asked, cards)'
            " values (gen_random_uuid(), 1, 1, 'open', 'without', '[]', '[]', now(), 'email', 'de',"
            " 'pick', 'k', 'WISHCODE', 1, 1, 0, '[]', '[]')"
        )
        await connection.execute(
            "insert into wish_person (wish, authority, office, name, email, phone)"
            " values (gen_random_uuid(), 1, 1, 'Amal', '', '')"
        )
        await connection.execute(
            "insert into offer (booking, authority, office, wish, rank, made, until, answer)"
            " values (gen_random_uuid(), 1, 1, gen_random_uuid(), 1, now(), now(), '')"
        )
        await connection.execute(
            "insert into card (key, authority, office, state, since, lapses)"
            " values ('c', 1, 1, 'ready', now(), 0)"
        )
        await connection.execute(
            "insert into card_contact (id, authority, office, card, email, language, service,"
            " left_at) values (gen_random_uuid(), 1, 1, 'c', 'a@example.org', 'de', 'PICK', now())"
        )
        await connection.execute(
            "insert into ticket_block (id, authority, office, day, device, first, many)"
            " values (gen_random_uuid(), 1, 1, current_date, 1, 0, 100)"
        )
        await connection.execute(
            "insert into desk (authority, office, counter, state, by, seq)"
            " values (1, 1, '5', 'open', 1, 1)"
        )
        await connection.execute(
            "insert into note (id, authority, office, visit, text, by, at)"
            " values (gen_random_uuid(), 1, 1, gen_random_uuid(), 'fees paid', 1, now())"
        )
        await connection.execute(
            "insert into enrolment (authority, office, device, role, hash, until, by)"
            " values (1, 1, 'tablet-1', 'tablet', 'h', now(), 1)"
        )
        await connection.execute(
            "insert into heartbeat (device, authority, office, seen, version, sound, paper,"
            " printer) values (1, 1, 1, now(), '', 'on', 'ok', '')"
        )
        await connection.execute(
            "insert into outbox_cursor (office, authority, seq) values (1, 1, 0)"
        )


@pytest.fixture(scope="module")
def house_with_rows(postgres: str, template: str) -> Iterator[Database]:
    """A database with a row in every table, all of one authority."""
    with copied(postgres, template) as made:
        aside(lambda: asyncio.run(lived_in(made.owner_dsn)))
        yield made


@pytest.fixture
async def pool(house_with_rows: Database) -> AsyncIterator[asyncpg.Pool]:
    made = await open_pool(house_with_rows.owner_dsn, size=2)
    yield made
    await made.close()


@asynccontextmanager
async def inside(pool: asyncpg.Pool, authority: AuthorityId) -> AsyncIterator[asyncpg.Connection]:
    async with transaction(pool, authority) as connection:
        yield connection


@pytest.mark.parametrize("table", SECURED)
async def test_a_table_shows_its_rows_to_their_authority_and_none_to_another(
    pool: asyncpg.Pool, table: str
) -> None:
    async with inside(pool, AuthorityId(1)) as connection:
        assert await connection.fetchval(f'select count(*) from "{table}"') > 0
    async with inside(pool, STRANGER) as connection:
        assert await connection.fetchval(f'select count(*) from "{table}"') == 0


@pytest.mark.parametrize("table", SECURED)
async def test_forgetting_the_authority_fails_loudly(pool: asyncpg.Pool, table: str) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.PostgresError):
            await connection.fetch(f'select * from "{table}" limit 1')
    async with inside(pool, AuthorityId(1)):
        pass
    async with pool.acquire() as connection:  # the setting has gone with its transaction
        with pytest.raises(asyncpg.PostgresError):
            await connection.fetch(f'select * from "{table}" limit 1')


@pytest.mark.parametrize("table", sorted(set(SECURED) - {"journal"}))
async def test_another_authority_changes_and_deletes_nothing(
    pool: asyncpg.Pool, table: str
) -> None:
    async with inside(pool, STRANGER) as connection:
        changed = await connection.execute(f'update "{table}" set authority = {STRANGER}')
        deleted = await connection.execute(f'delete from "{table}"')
    assert (changed, deleted) == ("UPDATE 0", "DELETE 0")


@pytest.mark.parametrize("table", SECURED)
async def test_nobody_writes_a_row_for_another_authority(pool: asyncpg.Pool, table: str) -> None:
    async with inside(pool, AuthorityId(1)) as connection:
        columns = await connection.fetch(
            "select column_name from information_schema.columns where table_name = $1"
            " and column_default is null",
            table,
        )
    names = ", ".join(f'"{c[0]}"' for c in columns)
    theirs = names.replace('"authority"', f"{STRANGER} as authority")
    copy = f'insert into "{table}" ({names}) select {theirs} from "{table}" limit 1'
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with inside(pool, AuthorityId(1)) as connection:
            await connection.execute(copy)


async def test_the_application_may_add_to_the_journal_and_never_change_it(
    pool: asyncpg.Pool,
) -> None:
    for attempt in (
        "update journal set body = null",
        "delete from journal",
        "truncate journal",
        "alter table journal disable row level security",
        "drop table journal",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with inside(pool, AuthorityId(1)) as connection:
                await connection.execute(attempt)


async def test_the_application_owns_nothing_and_cannot_lift_the_security(
    house_with_rows: Database, pool: asyncpg.Pool
) -> None:
    async with owner(house_with_rows.owner_dsn) as connection:
        owned = await connection.fetchval(
            "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner"
            " where r.rolname = $1",
            APP_ROLE,
        )
        [role] = await connection.fetch(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin"
            " from pg_roles where rolname = $1",
            APP_ROLE,
        )
    assert owned == 0
    assert set(role) == {False}
    async with pool.acquire() as connection:
        assert await connection.fetchval("select current_user") == APP_ROLE
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("create table theirs (x int)")


async def test_every_table_has_a_policy_that_binds_its_owner_too(
    house_with_rows: Database,
) -> None:
    async with owner(house_with_rows.owner_dsn) as connection:
        found = {
            row["relname"]: row
            for row in await connection.fetch(
                "select c.relname, c.relrowsecurity, c.relforcerowsecurity,"
                " (select count(*) from pg_policy p where p.polrelid = c.oid"
                "  and p.polqual is not null and p.polwithcheck is not null) as policies,"
                " exists (select from pg_attribute a where a.attrelid = c.oid"
                "  and a.attname = 'authority' and a.attnotnull) as named"
                " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                " where n.nspname = 'public' and c.relkind in ('r', 'p')"
            )
        }
    assert set(found) == {*TABLES, "alembic_version"}
    for table in SECURED:
        row = found[table]
        assert row["relrowsecurity"], table
        assert row["relforcerowsecurity"], table
        assert row["policies"] == 1, table
        assert row["named"], table
    assert {"authority", "directory"} == tables.OUTSIDE_ROW_SECURITY


async def test_who_asks_is_found_inside_the_named_authority_and_nothing_else_opens(
    pool: asyncpg.Pool,
) -> None:
    async with inside(pool, AuthorityId(1)) as connection:
        [number] = await connection.fetchrow("select id from device")
    before = datetime(2000, 1, 1, tzinfo=UTC)
    async with pool.acquire() as connection:
        for authority, here in ((AuthorityId(1), True), (STRANGER, False)):
            holder = await access.holder(connection, authority, b"h", before)
            assert (holder is not None) is here
            device = await store_devices.device(connection, authority, number)
            assert (device is not None) is here
            key = OfficeKey(authority, OfficeId(1), "small")
            assert len(await offices.news(connection, key, 0, 3)) == (3 if here else 0)
            with pytest.raises(asyncpg.PostgresError):  # the setting has gone with the answer
                await connection.fetch("select * from staff")
        assert await access.holder(connection, AuthorityId(1), b"h", real_now()) is None
    async with inside(pool, STRANGER) as connection:
        assert await access.holder(connection, AuthorityId(1), b"h", before) is not None
        assert await connection.fetch("select * from staff") == []


async def test_what_stands_outside_holds_no_person() -> None:
    columns = {
        table: {c.name for c in tables.metadata.tables[table].columns}
        for table in tables.OUTSIDE_ROW_SECURITY
    }
    assert columns == {
        "authority": {"id", "slug"},
        "directory": {"hash", "authority", "office"},
    }


async def test_a_house_of_two_authorities_keeps_them_apart(house_with_rows: Database) -> None:
    other = msgspec.structs.replace(make.office(), slug="other", authority="other-town")
    await found(house_with_rows.owner_dsn, other)
    async with opened(house_with_rows.owner_dsn) as small:
        assert set(small.house.follower.offices) == {"small", "other"}
        theirs = Small(small.house, "other")
        assert theirs.office.key.authority != small.office.key.authority
        booked = await theirs.booked("10:00")
        assert len(await theirs.fetch("select 1 from booking")) == 1
        assert len(await small.fetch("select 1 from booking where code = $1", booked.code)) == 0
        tickets = await arriving.check_in(small.house, "small", booked.code, CLERK)
        assert "other_office" in str(tickets)
