"""The schema's history leads to exactly what the tables say, also when run again."""

import asyncio
import re
import secrets
from collections.abc import Iterator

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from queue_service.store import migrate, tables
from tests.conftest import Database, beside, execute


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    """A database without any schema."""
    name = f"queue_empty_{secrets.token_hex(4)}"
    execute(postgres, f'create database "{name}"')
    yield beside(postgres, name)
    execute(postgres, f'drop database "{name}" with (force)')


async def ask(dsn: str, question: object) -> object:
    """Run a synchronous question of SQLAlchemy on a database."""
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(question)
    finally:
        await engine.dispose()


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, tables.metadata))


def _conditions(connection: Connection) -> dict[str, str]:
    """Every index and check by name, as PostgreSQL writes its condition."""
    rows = connection.execute(
        text(
            "select c.relname as name, pg_get_expr(i.indpred, i.indrelid) as condition"
            " from pg_index i join pg_class c on c.oid = i.indexrelid"
            " join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and i.indpred is not null"
            " union all select conname, pg_get_expr(conbin, conrelid) from pg_constraint"
            " where contype = 'c' and connamespace = 'public'::regnamespace"
        )
    )
    return {row.name: row.condition for row in rows}


async def test_the_migrated_schema_is_what_the_tables_say(database: Database) -> None:
    assert await ask(database.owner_dsn, _differences) == []


async def test_conditions_and_checks_are_the_same_as_those_of_freshly_made_tables(
    database: Database, empty: str
) -> None:
    engine = create_async_engine(empty.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(tables.metadata.create_all)
    await engine.dispose()
    migrated = await ask(database.owner_dsn, _conditions)
    assert migrated == await ask(empty, _conditions)
    assert migrated


async def test_running_all_again_changes_nothing(database: Database) -> None:
    before = await ask(database.owner_dsn, lambda c: inspect(c).get_table_names())
    await migrate.upgrade_async(database.owner_dsn)
    assert await ask(database.owner_dsn, lambda c: inspect(c).get_table_names()) == before


async def test_nodes_that_start_together_migrate_once(empty: str) -> None:
    await asyncio.gather(*(migrate.upgrade_async(empty) for _ in range(3)))
    assert await ask(empty, _differences) == []


BOUND = """
do $$ declare each integer; begin
    for each in select id from authority loop
        perform set_config('queue.authority', each::text, true);
        insert into booking (id, authority, office, state, start, "end", parts, limits, once,
            language, seq, generation, "group", extensions, overbooked)
        select lpad(each::text || n, 32, '0')::uuid, each, each, 'cancelled', now(),
            now() + interval '10 minutes', '[]', '{}', '[]', 'de', 1, 0, '', 0, false
        from generate_series(1, 2) n;
        insert into card (key, authority, office, state, since, lapses, booking)
        select decode(lpad(each::text || n, 32, '0'), 'hex'), each, each, 'ready', now(), 0,
            lpad(each::text || '1', 32, '0')::uuid
        from generate_series(1, 2) n;
    end loop;
end $$
"""


async def test_bookings_are_told_the_cards_that_name_them(empty: str) -> None:
    def before(connection: Connection) -> None:
        config = migrate._configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(text("insert into authority (slug) values ('one'), ('two')"))
        connection.execute(text(BOUND))

    engine = create_async_engine(empty.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(before)
    await engine.dispose()
    await migrate.upgrade_async(empty)

    def after(connection: Connection) -> dict[str, set[str]]:
        found = {}
        for authority in (1, 2):
            connection.execute(text(f"select set_config('queue.authority', '{authority}', true)"))
            rows = connection.execute(text("select id, cards from booking"))
            decode = msgspec.json.Decoder(tuple[bytes, ...]).decode
            found |= {row.id.hex.lstrip("0"): {k.hex() for k in decode(row.cards)} for row in rows}
        return found

    keys = {a: {f"{a}{n}".zfill(32) for n in (1, 2)} for a in (1, 2)}
    assert await ask(empty, after) == {"11": keys[1], "12": set(), "21": keys[2], "22": set()}


def test_the_history_is_one_line_and_only_leads_forward() -> None:
    scripts = ScriptDirectory(str(migrate.HERE))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    for script in scripts.walk_revisions():
        assert not hasattr(script.module, "downgrade")
        assert re.fullmatch(r"\d{4}", script.revision)


async def test_no_index_of_the_cells_mentions_what_is_taken(database: Database) -> None:
    indexes = await ask(database.owner_dsn, lambda c: inspect(c).get_indexes("cell"))
    assert "taken" not in str(indexes)


async def test_the_schema_needs_no_extension(database: Database) -> None:
    found = await ask(
        database.owner_dsn,
        lambda c: [row.extname for row in c.execute(text("select extname from pg_extension"))],
    )
    assert found == ["plpgsql"]
