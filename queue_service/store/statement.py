"""A Core statement compiled once and run on the driver connection.

Compiling per call costs more than the database does (a lone turn took 3.9 ms instead of 2.6), so
each statement is compiled at import and keeps the order of its parameters.
"""

import re
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import (
    ARRAY,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSON, Insert, insert
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.expression import Executable
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

_PARAMETER = re.compile(r"\$(\d+)")
_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves dialects untyped


class Statement:
    """One question; parameters are given by name on every call."""

    __slots__ = ("_fixed", "_names", "sql")

    def __init__(self, statement: Executable) -> None:
        """Compile `statement` for asyncpg."""
        compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]  # every Core statement compiles
        self.sql = str(compiled)
        self._names: list[str] = list(compiled.positiontup or [])
        given = dict(compiled.params)
        self._fixed = {name: value for name, value in given.items() if value is not None}

    @property
    def parameters(self) -> int:
        """How many it takes."""
        return len(self._names)

    def _in_order(self, values: dict[str, Any]) -> list[Any]:
        # Any: whatever the driver encodes for the column at hand.
        fixed = self._fixed
        return [values[n] if n in values else fixed[n] for n in self._names]

    def write(self, **values: Any) -> "Write":
        """It with its values, to be run `together` with others."""
        return Write(self, self._in_order(values))

    async def execute(self, connection: asyncpg.Connection, **values: Any) -> None:
        """Run it and leave what it returns alone."""
        await connection.fetch(self.sql, *self._in_order(values))

    async def count(self, connection: asyncpg.Connection, **values: Any) -> int:
        """Run it and say how many rows it wrote."""
        said: str = await connection.execute(self.sql, *self._in_order(values))
        return int(said.rpartition(" ")[2])

    async def rows(self, connection: asyncpg.Connection, **values: Any) -> list[asyncpg.Record]:
        """All rows."""
        found: list[asyncpg.Record] = await connection.fetch(self.sql, *self._in_order(values))
        return found

    async def each(
        self, connection: asyncpg.Connection, **values: Any
    ) -> AsyncIterator[asyncpg.Record]:
        """All rows, fetched in portions: for questions as long as a table."""
        async for row in connection.cursor(self.sql, *self._in_order(values), prefetch=1000):
            yield row

    async def row(self, connection: asyncpg.Connection, **values: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return await connection.fetchrow(self.sql, *self._in_order(values))

    async def value(self, connection: asyncpg.Connection, **values: Any) -> Any:
        """The first column of the first row, or None."""
        return await connection.fetchval(self.sql, *self._in_order(values))


class Write(NamedTuple):
    """A statement that writes, with its values in order. Any: as in `Statement`."""

    statement: Statement
    values: list[Any]


async def together(connection: asyncpg.Connection, writes: Iterable[Write]) -> None:
    """Run them as one statement: one way to the database and back, which all else waits for.

    They are parts of one WITH, so each sees what was there before: none may write a row that
    another writes, or look for one. Guards fire as ever, foreign keys once everything is written.
    """
    parts = tuple(writes)
    if parts:
        values = [value for part in parts for value in part.values]
        await connection.fetch(_joined(tuple(part.statement for part in parts)), *values)


@lru_cache(maxsize=1_024)
def _joined(statements: tuple[Statement, ...]) -> str:
    """The SQL of all, with the parameters numbered on."""
    parts = list[str]()
    before = 0
    for statement in statements:
        parts.append(_renumbered(statement.sql, before))
        before += statement.parameters
    *others, last = parts
    named = ", ".join(f"part_{number} AS ({sql})" for number, sql in enumerate(others))
    return f"WITH {named} {last}" if others else last


def _renumbered(sql: str, before: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + before}", sql)


def given(**columns: TypeEngine[Any]) -> TableValuedAlias:
    """Parallel arrays as a table: each parameter is named as its column (set-based writes)."""
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in columns.items()]
    shape = [column(name, kind) for name, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*shape, name="given").render_derived()


def given_json(**columns: TypeEngine[Any]) -> TableValuedAlias:
    """One JSON text of Structs, parameter `rows`, as a table.

    The driver encodes arrays element by element: a row of 17 columns costs 8 us that way, 2 so.
    Bytes travel as base64 text, see `plain`.
    """
    shape = [
        column(name, Text() if isinstance(kind, LargeBinary) else kind)
        for name, kind in columns.items()
    ]
    text = cast(bindparam("rows", type_=Text()), JSON)
    table = func.json_to_recordset(text).table_valued(*shape, name="given")
    return table.render_derived(with_types=True)


def plain(given: TableValuedAlias, **columns: TypeEngine[Any]) -> list[Any]:
    """The columns of `given_json` as they are stored."""
    return [
        func.decode(given.c[name], literal_column("'base64'")).label(name)
        if isinstance(kind, LargeBinary)
        else given.c[name]
        for name, kind in columns.items()
    ]


def insert_rows(table: Table, kinds: dict[str, TypeEngine[Any]], **same: str) -> Insert:
    """Write Structs, parameter `rows` as `given_json` has them, as rows of an office.

    Columns named in `same` have that text in all of them.
    """
    scope = [bindparam(name, type_=Integer()) for name in ("authority", "office")]
    texts = [literal(text) for text in same.values()]
    return insert(table).from_select(
        ["authority", "office", *same, *kinds],
        select(*scope, *texts, *plain(given_json(**kinds), **kinds)),
    )


def upsert(table: Table, kinds: dict[str, TypeEngine[Any]], *key: str) -> Statement:
    """The same, or anew where they are known by the primary key `key`.

    By the primary key only: a guard on any other index still raises and halves the batch.
    """
    statement = insert_rows(table, kinds)
    after = {n: statement.excluded[n] for n in kinds if n not in key}
    return Statement(statement.on_conflict_do_update(index_elements=key, set_=after))
