"""A hundred offices with so many bookings, by bulk statements; cells count exactly their bookings.

One office is loaded and planned as any other, then copied with its layers, limits and cells. The
columns are read from the catalogue, so that a new one needs no word here.
"""
# Statements are put together from the catalogue's names and from constants above and below, never
# from what anybody said.
# ruff: noqa: S608

import contextlib
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from bench import office as measured
from queue_service.model.ids import TICK_SECONDS
from queue_service.model.office import Office

TEMPLATE = "month000"
OFFICES = 100
FAR = 7
"""So many offices are open for booking three months ahead, the others one."""
FAR_DAYS, NEAR_DAYS = 92, 31
BEYOND = 7
"""Days that are planned past the window."""
PLACES = 40
_TICKS = measured.GRID_MINUTES * 60 // TICK_SECONDS


def slug(number: int) -> str:
    """The name of an office."""
    return f"month{number:03d}"


def office() -> Office:
    """The office that is copied: one service, two limits, every cell with forty places."""
    wide = measured.office()
    limits = (msgspec.structs.replace(limit, capacity=PLACES) for limit in wide.limits[:2])
    counters = (
        msgspec.structs.replace(counter, skills=wide.limits[0].services)
        for counter in wide.counters[:1]
    )
    return msgspec.structs.replace(
        wide,
        slug=TEMPLATE,
        services=wide.services[:1],
        limits=tuple(limits),
        counters=tuple(counters),
        booking=msgspec.structs.replace(wide.booking, window_days=FAR_DAYS),
    )


def sibling(dsn: str, name: str) -> str:
    """The same server's database of that name."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def copy_database(dsn: str, name: str) -> str:
    """A copy of the database, nobody being connected to it."""
    source = urlsplit(dsn).path.lstrip("/")
    connection = await asyncpg.connect(sibling(dsn, "postgres"))
    try:
        await connection.execute(f'drop database if exists "{name}"')
        await connection.execute(f'create database "{name}" template "{source}"')
    finally:
        await connection.close()
    return sibling(dsn, name)


async def fill(dsn: str, bookings: int) -> None:
    """Ninety-nine more offices, and `bookings` bookings evenly over all offices and starts."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            number = await connection.fetchval(
                "select id from authority where slug = $1", measured.SLUG
            )
            await connection.execute("select set_config('queue.authority', $1, true)", str(number))
            await _copy_offices(connection)
            await _book(connection, bookings)
            await _copy_cells(connection)
        await connection.execute("vacuum analyze")
        # What was written in bulk must not be written out beside what is measured.
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute("checkpoint")
    finally:
        await connection.close()


async def _copy_offices(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "create temp table copied on commit drop as select n, 'month' || lpad(n::text, 3, '0')"
        f" as slug, case when n < {FAR} then {FAR_DAYS} else {NEAR_DAYS} end as days"
        f" from generate_series(0, {OFFICES - 1}) n"
    )
    given = {"slug": "c.slug", "seq": "0", "head": "convert_to(c.slug, 'UTF8')"}
    await _copy(connection, "office", given, "copied c", f"s.slug = '{TEMPLATE}' and c.n > 0")
    # Which office is which: every later copy goes through this.
    await connection.execute(
        "create temp table pairs on commit drop as select c.*, o.id as office, t.id as template"
        f" from copied c join office o using (slug) join office t on t.slug = '{TEMPLATE}'"
    )
    others = "s.office = c.template and c.office <> c.template"
    await _copy(connection, "limit", {"office": "c.office"}, "pairs c", others)
    change = f"replace(s.change, '{TEMPLATE}', c.slug)"
    window = f"""replace({change}, '"window_days":{FAR_DAYS}', '"window_days":' || c.days)"""
    await _copy(connection, "layer", {"office": "c.office", "change": window}, "pairs c", others)


async def _book(connection: asyncpg.Connection, bookings: int) -> None:
    """The starts of a month in turn; the row copied is the one real booking of the template."""
    first = int(measured.MONDAY.timestamp()) // TICK_SECONDS
    end = first + NEAR_DAYS * 288
    await connection.execute(
        "create temp table starts on commit drop as select row_number() over (order by tick) - 1"
        ' as n, tick from (select distinct tick from cell join "limit" l on l.id = cell."limit"'
        " join pairs p on p.office = l.office and p.n = 0"
        f" where tick % {_TICKS} = 0 and tick between {first + 288} and {end} and capacity > 0) t"
    )
    await connection.execute(
        "create temp table wanted on commit drop as select p.office, s.tick,"
        ' (select array_agg(l.id order by l.key) from "limit" l where l.office = p.office)'
        " as limits, x.n from pairs p"
        f" cross join generate_series(0, {bookings // OFFICES - 1}) x(n)"
        " join starts s on s.n = x.n % (select count(*) from starts)"
    )
    start = f"to_timestamp(c.tick * {TICK_SECONDS}.0)"
    given = {
        "id": "gen_random_uuid()",
        "office": "c.office",
        "start": start,
        "end": f"{start} + interval '{measured.GRID_MINUTES} minutes'",
        "limits": "c.limits",
        "code": "null",
        "person_key": "null",
        "seq": "0",
    }
    await _copy(connection, "booking", given, "wanted c", "s.state = 'booked'")


async def _copy_cells(connection: asyncpg.Connection) -> None:
    """Cells of every office as far as its window is planned, counting the bookings made above."""
    await connection.execute(
        "create temp table counted on commit drop as"
        " select office, tick, count(*) as many from wanted group by office, tick"
    )
    await connection.execute("create index on counted (office, tick)")
    first = int(measured.MONDAY.timestamp()) // TICK_SECONDS
    taken = (
        "coalesce((select many from counted k where k.office = p.office"
        f" and k.tick = s.tick - s.tick % {_TICKS}), 0)"
    )
    source = (
        'pairs p join "limit" l on l.office = p.office'
        ' join "limit" t on t.office = p.template and t.key = l.key'
    )
    near = f"s.tick between {first} - 288 and {first} + (p.days + {BEYOND} + 1) * 288"
    given = {"limit": "l.id", "taken": taken}
    where = f's."limit" = t.id and p.office <> p.template and {near}'
    await _copy(connection, "cell", given, source, where)
    await connection.execute(
        f'update cell s set taken = taken + {taken} from pairs p join "limit" l'
        ' on l.office = p.office where p.n = 0 and s."limit" = l.id'
    )


async def _copy(
    connection: asyncpg.Connection, table: str, given: dict[str, str], source: str, where: str
) -> None:
    """Insert rows like those of the table (`s`), with the given expressions in their columns."""
    columns = [
        row["attname"]
        for row in await connection.fetch(
            "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0"
            " and not attisdropped and (atthasdef = false or attname <> 'id')"
            " and attidentity = '' and attgenerated = ''",
            f'"{table}"',
        )
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(given.get(name, f's."{name}"') for name in columns)
    await connection.execute(
        f'insert into "{table}" ({names}) select {values} from "{table}" s, {source} where {where}'
    )
