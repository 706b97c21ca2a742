"""Errands: a row with kind, parameters and cursor; each piece is one turn that re-checks its plan.

A crash between a piece and its mark repeats the piece, so every kind's pieces change nothing when
run twice.
"""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID, uuid4

import msgspec
import structlog

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.store import errands as store
from queue_service.store.database import transaction
from queue_service.store.errands import ErrandRow

_log = structlog.get_logger()

RunPiece = Callable[[House, Followed, str, str], Awaitable[str | None]]
"""Runs the piece at (params, cursor); answers the next cursor, or None after the last piece."""

Progress = Callable[[str], None]


async def note(
    house: House, office: Followed, kind: str, params: msgspec.Struct, cursor: str
) -> ErrandRow:
    """Note an errand; whoever leads runs it if this process dies."""
    text = msgspec.json.encode(params).decode()
    row = ErrandRow(uuid4(), office.key.office, kind, text, cursor)
    async with transaction(house.pool, office.key.authority) as connection:
        await store.new(connection, office.key, row)
    return row


async def one(house: House, office: Followed, errand: UUID) -> ErrandRow:
    """An errand of the office as it stands. Raises LookupError for one that never was."""
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.one(connection, office.key.office, errand)


async def run(
    house: House,
    office: Followed,
    row: ErrandRow,
    piece: RunPiece,
    progress: Progress | None = None,
) -> str:
    """Run an errand from its cursor to the end, marking every piece; the last cursor."""
    cursor = row.cursor
    while True:
        following = await piece(house, office, row.params, cursor)
        async with transaction(house.pool, office.key.authority) as connection:
            await store.mark(connection, row.id, cursor=following or cursor, done=following is None)
        if progress is not None:
            progress(cursor)
        if following is None:
            return cursor
        cursor = following


async def resume(house: House, office: Followed, kinds: Mapping[str, RunPiece]) -> int:
    """Run every unfinished errand of an office; how many there were.

    One of a kind unknown here waits for a process that knows it: after a rolling upgrade the older
    program must not stop the others.
    """
    async with transaction(house.pool, office.key.authority) as connection:
        rows = await store.unfinished(connection, office.key.office)
    for row in rows:
        piece = kinds.get(row.kind)
        if piece is None:
            _log.warning("errand_of_unknown_kind", office=office.key.slug, kind=row.kind)
            continue
        await run(house, office, row, piece)
    return len(rows)
