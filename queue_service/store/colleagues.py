"""Who works in an office, by role: for handing something over to a colleague by name."""

import asyncpg
from sqlalchemy import any_, bindparam, select, text

from queue_service.model.ids import ActorId, OfficeId
from queue_service.store import tables as t
from queue_service.store.statement import Statement

_s = t.staff.c
WITH_ROLE = Statement(
    select(_s.id, _s.login)
    .where(
        _s.office == bindparam("office"), bindparam("role") == any_(_s.roles), text("staff.active")
    )
    .order_by(_s.login)
)


async def with_role(
    connection: asyncpg.Connection, office: OfficeId, role: str
) -> list[tuple[ActorId, str]]:
    """Number and login of everybody active in that role."""
    found = await WITH_ROLE.rows(connection, office=office, role=role)
    return [(ActorId(row["id"]), row["login"]) for row in found]
