"""Questions about staff and their sessions: small plain transactions of their own."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    any_,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from queue_service.model.ids import AuthorityId, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.store import tables as t
from queue_service.store.statement import Statement


class StaffRow(msgspec.Struct, frozen=True):
    """A member of staff; `password` is an argon2 hash."""

    id: int
    office: OfficeId
    login: str
    password: str
    roles: list[str]
    active: bool


class Holder(msgspec.Struct, frozen=True):
    """The member of staff who holds a session."""

    id: int
    office: OfficeId
    login: str
    roles: list[str]


_s = t.staff.c
_STAFF = (_s.id, _s.office, _s.login, _s.password, _s.roles, _s.active)
BY_LOGIN = Statement(select(*_STAFF).where(_s.login == bindparam("login")))
# Functions of the schema (migration 0004) go inside the authority by themselves.
_holder = func.holder_of_session(
    bindparam("authority", type_=Integer()),
    bindparam("hash", type_=LargeBinary()),
    bindparam("now", type_=DateTime(timezone=True)),
).table_valued(
    column("id", Integer()),
    column("office", Integer()),
    column("login", Text()),
    column("roles", ARRAY(Text())),
)
HOLDER = Statement(select(*_holder.c))
# In the turn's transaction, which is inside the authority already.
HOLDERS = Statement(
    select(t.session.c.hash, _s.id, _s.office, _s.login, _s.roles)
    .join(t.staff, _s.id == t.session.c.staff)
    .where(
        t.session.c.hash == any_(bindparam("hashes", type_=ARRAY(LargeBinary()))),
        t.session.c.until > bindparam("now", type_=DateTime(timezone=True)),
        _s.active,
    )
)
NEW_SESSION = Statement(
    insert(t.session).values(
        hash=bindparam("hash"),
        authority=bindparam("authority"),
        staff=bindparam("staff"),
        until=bindparam("until"),
    )
)
END_SESSION = Statement(delete(t.session).where(t.session.c.hash == bindparam("hash")))
OLD_SESSIONS = Statement(delete(t.session).where(t.session.c.until <= bindparam("now")))
OLD_RECEIPTS = Statement(delete(t.receipt).where(t.receipt.c.at < bindparam("before")))
_staff = insert(t.staff).values(
    authority=bindparam("authority"),
    office=bindparam("office"),
    login=bindparam("login"),
    password=bindparam("password"),
    roles=bindparam("roles"),
    active=literal_column("true", Boolean()),
)
SET_STAFF = Statement(
    _staff.on_conflict_do_update(
        index_elements=["login"],
        set_={
            "password": bindparam("password"),
            "roles": bindparam("roles"),
            "active": literal_column("true", Boolean()),
        },
    ).returning(t.staff.c.id)
)


async def staff_by_login(connection: asyncpg.Connection, login: str) -> StaffRow | None:
    """The member of staff of that login within the authority."""
    row = await BY_LOGIN.row(connection, login=login)
    return row and StaffRow(*row)


async def holder(
    connection: asyncpg.Connection, authority: AuthorityId, session_hash: bytes, now: datetime
) -> Holder | None:
    """Who holds a session that has not ended, and still works there; needs no transaction."""
    row = await HOLDER.row(connection, authority=authority, hash=session_hash, now=now)
    return row and Holder(*row)


async def holders(
    connection: asyncpg.Connection, hashes: Sequence[bytes], now: datetime
) -> dict[bytes, Holder]:
    """Who holds these sessions, of those that have not ended; inside their authority."""
    if not hashes:
        return {}
    found = await HOLDERS.rows(connection, hashes=hashes, now=now)
    return {session: Holder(*who) for session, *who in found}


async def begin_session(
    connection: asyncpg.Connection,
    authority: AuthorityId,
    *,
    session_hash: bytes,
    staff: int,
    until: datetime,
) -> None:
    """Note a session."""
    await NEW_SESSION.execute(
        connection, hash=session_hash, authority=authority, staff=staff, until=until
    )


async def end_session(connection: asyncpg.Connection, session_hash: bytes) -> None:
    """Forget a session."""
    await END_SESSION.execute(connection, hash=session_hash)


async def purge(
    connection: asyncpg.Connection, *, now: datetime, receipts_before: datetime
) -> None:
    """Forget ended sessions and receipts older than a day."""
    await OLD_SESSIONS.execute(connection, now=now)
    await OLD_RECEIPTS.execute(connection, before=receipts_before)


async def set_staff(
    connection: asyncpg.Connection, key: OfficeKey, *, login: str, password: str, roles: list[str]
) -> int:
    """Make or change a member of staff; `password` is hashed already."""
    found: int = await SET_STAFF.value(
        connection,
        authority=key.authority,
        office=key.office,
        login=login,
        password=password,
        roles=roles,
    )
    return found
