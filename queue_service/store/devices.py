"""Questions about devices: who is enrolled, who is invited, what each said last of itself.

Small plain transactions of their own; nothing here stands in the journal.
"""

from datetime import datetime

import asyncpg
import msgspec
from sqlalchemy import (
    Boolean,
    Integer,
    bindparam,
    case,
    column,
    delete,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy import update as change
from sqlalchemy.dialects.postgresql import insert

from queue_service.model.ids import AuthorityId, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.store import tables as t
from queue_service.store.statement import Statement


class DeviceRow(msgspec.Struct, frozen=True):
    """An enrolled device."""

    id: int
    office: OfficeId
    key: str
    role: str
    generation: int
    revoked: bool


class BeatRow(msgspec.Struct, frozen=True):
    """What a device said last of itself."""

    seen: datetime
    version: str
    last_event: int | None
    sound: str
    offset_ms: int | None
    paper: str
    printer: str


class InvitedRow(msgspec.Struct, frozen=True):
    """A device that may still enrol."""

    office: OfficeId
    device: str
    role: str
    until: datetime


_d, _b, _e = t.device.c, t.heartbeat.c, t.enrolment.c
_DEVICE = (_d.id, _d.office, _d.key, _d.role, _d.generation, _d.revoked)
_BEAT = (_b.seen, _b.version, _b.last_event, _b.sound, _b.offset_ms, _b.paper, _b.printer)
_INVITED = (_e.office, _e.device, _e.role, _e.until)
_FALSE = literal_column("false", Boolean())
_device = insert(t.device).values(
    authority=bindparam("authority"),
    office=bindparam("office"),
    key=bindparam("key"),
    role=bindparam("role"),
    generation=literal_column("1"),
    revoked=_FALSE,
)
SET_DEVICE = Statement(
    _device.on_conflict_do_update(
        index_elements=["office", "key"],
        set_={
            "role": bindparam("role"),
            "revoked": _FALSE,
            # A key is for one role; a device that enrols anew leaves its old key behind.
            "generation": t.device.c.generation
            + case(
                (or_(bindparam("anew", type_=Boolean()), _d.role != bindparam("role")), 1),
                else_=0,
            ),
        },
    ).returning(*_DEVICE)
)
REVOKE = Statement(
    change(t.device)
    .where(_d.office == bindparam("office"), _d.key == bindparam("key"))
    .values(revoked=literal_column("true", Boolean()), generation=_d.generation + 1)
    .returning(*_DEVICE)
)
BY_KEY = Statement(
    select(*_DEVICE).where(_d.office == bindparam("office"), _d.key == bindparam("key"))
)
# A function of the schema (migration 0004) that goes inside the authority by itself.
_numbered = func.device_of_number(
    bindparam("authority", type_=Integer()), bindparam("number", type_=Integer())
).table_valued(*(column(c.name, c.type) for c in _DEVICE))
DEVICE = Statement(select(*_numbered.c))
DEVICES = Statement(
    select(*_DEVICE, *_BEAT)
    .select_from(t.device.outerjoin(t.heartbeat, _b.device == _d.id))
    .where(_d.office == bindparam("office"))
    .order_by(_d.key)
)
_beat = insert(t.heartbeat).values(
    device=bindparam("device"),
    authority=bindparam("authority"),
    office=bindparam("office"),
    **{column.name: bindparam(column.name) for column in _BEAT},
)
BEAT = Statement(
    _beat.on_conflict_do_update(
        index_elements=["device"], set_={column.name: bindparam(column.name) for column in _BEAT}
    )
)
INVITE = Statement(
    insert(t.enrolment).values(
        authority=bindparam("authority"),
        office=bindparam("office"),
        device=bindparam("device"),
        role=bindparam("role"),
        hash=bindparam("hash"),
        until=bindparam("until"),
        by=bindparam("by"),
    )
)
TAKE = Statement(
    delete(t.enrolment)
    .where(_e.hash == bindparam("hash"), _e.until > bindparam("now"))
    .returning(*_INVITED)
)
INVITED = Statement(
    select(*_INVITED).where(_e.office == bindparam("office"), _e.until > bindparam("now"))
)
TAKE_BACK = Statement(
    delete(t.enrolment)
    .where(
        _e.office == bindparam("office"),
        or_(_e.device == bindparam("device"), _e.until <= bindparam("now")),
    )
    .returning(_e.device, _e.hash)
)
FORGET = Statement(delete(t.directory).where(t.directory.c.hash == bindparam("hash")))


async def set_device(
    connection: asyncpg.Connection, office: OfficeKey, *, key: str, role: str, anew: bool = False
) -> DeviceRow:
    """Enrol a device; with `anew`, or in another role, whatever key it had dies."""
    row = await SET_DEVICE.row(
        connection, authority=office.authority, office=office.office, key=key, role=role, anew=anew
    )
    if row is None:
        raise LookupError(key)
    return DeviceRow(*row)


async def revoke_device(
    connection: asyncpg.Connection, office: OfficeId, key: str
) -> DeviceRow | None:
    """A lost device's key dies at once."""
    row = await REVOKE.row(connection, office=office, key=key)
    return row and DeviceRow(*row)


async def device_by_key(
    connection: asyncpg.Connection, office: OfficeId, key: str
) -> DeviceRow | None:
    """The device of that name in an office."""
    row = await BY_KEY.row(connection, office=office, key=key)
    return row and DeviceRow(*row)


async def device(
    connection: asyncpg.Connection, authority: AuthorityId, number: int
) -> DeviceRow | None:
    """The device of that number within the authority; needs no transaction."""
    row = await DEVICE.row(connection, authority=authority, number=number)
    return row and DeviceRow(*row)


async def devices(
    connection: asyncpg.Connection, office: OfficeId
) -> list[tuple[DeviceRow, BeatRow | None]]:
    """All devices of an office by name, each with what it said last."""
    found = [tuple(row) for row in await DEVICES.rows(connection, office=office)]
    return [
        (DeviceRow(*row[: len(_DEVICE)]), BeatRow(*said) if said[0] else None)
        for row in found
        for said in [row[len(_DEVICE) :]]
    ]


async def beat(
    connection: asyncpg.Connection, office: OfficeKey, number: int, row: BeatRow
) -> None:
    """Note what a device says of itself in place of what it said before."""
    said = {name: getattr(row, name) for name in BeatRow.__struct_fields__}
    await BEAT.execute(
        connection, authority=office.authority, office=office.office, device=number, **said
    )


async def invite(
    connection: asyncpg.Connection,
    office: OfficeKey,
    *,
    device: str,
    role: str,
    code_hash: bytes,
    until: datetime,
    by: int,
) -> None:
    """Let a device enrol by a code; one given before for the same name was taken back."""
    await INVITE.execute(
        connection,
        authority=office.authority,
        office=office.office,
        device=device,
        role=role,
        hash=code_hash,
        until=until,
        by=by,
    )


async def take_back(
    connection: asyncpg.Connection, office: OfficeId, device: str, now: datetime
) -> bool:
    """End the invitation of a device and all that are over; whether the device had one."""
    gone = await TAKE_BACK.rows(connection, office=office, device=device, now=now)
    for row in gone:
        await forget(connection, row["hash"])
    return any(row["device"] == device for row in gone)


async def take(
    connection: asyncpg.Connection, code_hash: bytes, now: datetime
) -> InvitedRow | None:
    """The invitation of a code that still holds; it is used up by this."""
    row = await TAKE.row(connection, hash=code_hash, now=now)
    return row and InvitedRow(*row)


async def invited(
    connection: asyncpg.Connection, office: OfficeId, now: datetime
) -> list[InvitedRow]:
    """Invitations that still hold."""
    return [InvitedRow(*row) for row in await INVITED.rows(connection, office=office, now=now)]


async def forget(connection: asyncpg.Connection, code_hash: bytes) -> None:
    """Take a used code out of the directory."""
    await FORGET.execute(connection, hash=code_hash)
