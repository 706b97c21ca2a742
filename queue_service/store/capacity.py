"""Questions about capacity: the layers' stamp, their numbers, and what cells are planned with."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy import ARRAY, Integer, any_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from queue_service.model.ids import LimitId, OfficeId, Tick
from queue_service.model.world import Cell, CellKey
from queue_service.store import tables as t
from queue_service.store.statement import Statement

_l, _c = t.layer.c, t.cell.c
STAMP = Statement(
    select(
        func.md5(
            func.string_agg(
                func.concat(_l.id, literal_column("' '"), _l.until),
                aggregate_order_by(literal_column("','"), _l.id),
            )
        )
    ).where(_l.office == bindparam("office"))
)
NUMBERS = Statement(
    select(func.nextval(literal_column("'layer_id_seq'")).label("id")).select_from(
        func.generate_series(literal_column("1"), bindparam("many", type_=Integer()))
    )
)
LIMITS = Statement(
    select(t.limit.c.key, t.limit.c.id).where(t.limit.c.office == bindparam("office"))
)
CELLS = Statement(
    select(
        _c.limit, _c.tick, _c.capacity, _c.taken, (_c.granted + _c.left_over).label("allowed")
    ).where(
        _c.limit == any_(bindparam("limits", type_=ARRAY(Integer))),
        _c.tick >= bindparam("first"),
        _c.tick < bindparam("end"),
    )
)


async def stamp(connection: asyncpg.Connection, office: OfficeId) -> str:
    """Which layers there are and when each ends: who read the same stamp read the same layers."""
    return await STAMP.value(connection, office=office) or "none"


async def limit_numbers(connection: asyncpg.Connection, office: OfficeId) -> dict[str, LimitId]:
    """The number of every limit the office ever had, by key."""
    return {row["key"]: row["id"] for row in await LIMITS.rows(connection, office=office)}


async def layer_numbers(connection: asyncpg.Connection, many: int) -> list[int]:
    """So many numbers for layers to come; a number that is not used is lost."""
    return [row["id"] for row in await NUMBERS.rows(connection, many=many)]


async def capacities(
    connection: asyncpg.Connection, limits: Sequence[LimitId], first: Tick, end: Tick
) -> dict[CellKey, int]:
    """The planned places of these limits in [first, end)."""
    found = await CELLS.rows(connection, limits=limits, first=first, end=end)
    return {(limit, tick): capacity for limit, tick, capacity, _, _ in found}


async def cells(
    connection: asyncpg.Connection, limits: Sequence[LimitId], first: Tick, end: Tick
) -> dict[CellKey, Cell]:
    """The cells of these limits in [first, end), as they stand."""
    found = await CELLS.rows(connection, limits=limits, first=first, end=end)
    return {
        (limit, tick): Cell(capacity, taken, allowed)
        for limit, tick, capacity, taken, allowed in found
    }
