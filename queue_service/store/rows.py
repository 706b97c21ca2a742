"""Rows of subjects as Structs and back: the one place that knows how each is laid out."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from queue_service.events.entry import Entry
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import LimitId, Tick
from queue_service.model.triage import Need
from queue_service.model.visit import Aid, Hand, NeedClass, Stop, Visit, VisitState
from queue_service.store import tables as t

INSTANT = DateTime(timezone=True)
_parts = msgspec.json.Decoder(tuple[Part, ...])
_once = msgspec.json.Decoder(tuple[tuple[LimitId, Tick], ...])
_flags = msgspec.json.Decoder(tuple[str, ...])
_cards = msgspec.json.Decoder(tuple[bytes, ...])
_stops = msgspec.json.Decoder(tuple[Stop, ...])
_aids = msgspec.json.Decoder(tuple[Aid, ...])
_hand = msgspec.json.Decoder(Hand)
_json = msgspec.json.Encoder()

Kinds = dict[str, TypeEngine[Any]]

BOOKING: Kinds = {
    "id": Uuid(),
    "state": Text(),
    "start": INSTANT,
    "end": INSTANT,
    "parts": Text(),
    "limits": ARRAY(Integer),
    "once": Text(),
    "language": Text(),
    "seq": BigInteger(),
    "generation": Integer(),
    "code": Text(),
    "group": Text(),
    "person_key": LargeBinary(),
    "until": INSTANT,
    "held_at": INSTANT,
    "extensions": Integer(),
    "overbooked": Boolean(),
    "rest_of": Uuid(),
    "email_key": LargeBinary(),
    "moved_from": INSTANT,
    "buffer": Integer(),
    "flags": Text(),
    "cards": Text(),
}
"""Columns as they are sent: one JSON text, in which `parts` and `once` are taken as they stand."""

VISIT: Kinds = {
    "id": Uuid(),
    "number": Text(),
    "state": Text(),
    "need": Text(),
    "parts": Text(),
    "language": Text(),
    "arrived": INSTANT,
    "due": INSTANT,
    "seq": BigInteger(),
    "booking": Uuid(),
    "counter": Text(),
    "called_at": INSTANT,
    "calls": Integer(),
    "ended_at": INSTANT,
    "ticket_hash": LargeBinary(),
    "flags": Text(),
    "stops": Text(),
    "only": Text(),
    "hand": Text(),
    "aids": Text(),
    "away_until": INSTANT,
    "served_at": INSTANT,
    "parked": Text(),
    "urgency": Text(),
}

PERSON: Kinds = {
    "booking": Uuid(),
    "name": Text(),
    "email": Text(),
    "phone": Text(),
    "birth_date": Date(),
}

JOURNAL: Kinds = {
    "seq": BigInteger(),
    "recorded": INSTANT,
    "happened": INSTANT,
    "by": Integer(),
    "undoes": BigInteger(),
    "tag": Text(),
    "body": Text(),
    "digest": LargeBinary(),
    "salt": LargeBinary(),
    "link": LargeBinary(),
}

CARD: Kinds = {
    "key": LargeBinary(),
    "state": Text(),
    "since": Date(),
    "lapses": Integer(),
    "booking": Uuid(),
}

SERIES: Kinds = {"day": Date(), "letter": Text(), "start": Integer(), "issued": Integer()}

BLOCK: Kinds = {
    "id": Uuid(),
    "day": Date(),
    "device": Integer(),
    "first": Integer(),
    "many": Integer(),
}

DESK: Kinds = {
    "counter": Text(),
    "state": Text(),
    "since": INSTANT,
    "by": Integer(),
    "seq": BigInteger(),
}

ERRAND: Kinds = {"id": Uuid(), "kind": Text(), "params": Text(), "cursor": Text()}

LAYER: Kinds = {
    "subject": Text(),
    "change": Text(),
    "since": INSTANT,
    "until": INSTANT,
    "author": Integer(),
    "reason": Text(),
    "origin": Text(),
}


def columns(rows: Sequence[msgspec.Struct], kinds: Kinds) -> dict[str, list[Any]]:
    """One list a column, in the order of `rows`. Any: whatever the driver encodes."""
    return {name: [getattr(r, name) for r in rows] for name in kinds}


def text_of(rows: Sequence[msgspec.Struct]) -> str:
    """Rows as one JSON text for `statement.given_json`; bytes as base64."""
    return _json.encode(rows).decode()


def text_of_columns(columns: Mapping[str, Sequence[Any]]) -> str:
    """The same of one list a column."""
    named = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return _json.encode(named).decode()


def booking(row: asyncpg.Record) -> Booking:
    """A row of `booking`."""
    return Booking(
        id=row["id"],
        state=BookingState(row["state"]),
        start=row["start"],
        end=row["end"],
        parts=_parts.decode(row["parts"]),
        limits=tuple(row["limits"]),
        once=_once.decode(row["once"]),
        language=row["language"],
        seq=row["seq"],
        generation=row["generation"],
        code=row["code"],
        group=row["group"],
        person_key=row["person_key"],
        until=row["until"],
        held_at=row["held_at"],
        extensions=row["extensions"],
        overbooked=row["overbooked"],
        rest_of=row["rest_of"],
        email_key=row["email_key"],
        moved_from=row["moved_from"],
        buffer=row["buffer"],
        flags=_flags.decode(row["flags"]),
        cards=_cards.decode(row["cards"]),
    )


def visit(row: asyncpg.Record) -> Visit:
    """A row of `visit`."""
    return Visit(
        id=row["id"],
        number=row["number"],
        state=VisitState(row["state"]),
        need=NeedClass(row["need"]),
        parts=_parts.decode(row["parts"]),
        language=row["language"],
        arrived=row["arrived"],
        due=row["due"],
        seq=row["seq"],
        booking=row["booking"],
        counter=row["counter"],
        called_at=row["called_at"],
        calls=row["calls"],
        ended_at=row["ended_at"],
        ticket_hash=row["ticket_hash"],
        flags=_flags.decode(row["flags"]),
        stops=_stops.decode(row["stops"]),
        only=row["only"],
        hand=row["hand"] and _hand.decode(row["hand"]),
        aids=_aids.decode(row["aids"]),
        away_until=row["away_until"],
        served_at=row["served_at"],
        parked=row["parked"],
        urgency=row["urgency"] and Need(row["urgency"]),
    )


def entry(row: asyncpg.Record) -> Entry:
    """A row of `journal`."""
    return Entry(
        office=row["office"],
        seq=row["seq"],
        recorded=row["recorded"],
        happened=row["happened"],
        by=row["by"],
        undoes=row["undoes"],
        tag=row["tag"],
        body=row["body"],
        digest=row["digest"],
        salt=row["salt"],
        link=row["link"],
    )


def fields(table: Table, kinds: Kinds) -> list[Any]:
    """The table's columns of those names. Any: Core's column types."""
    return [table.c[name] for name in kinds]


BOOKING_COLUMNS = fields(t.booking, BOOKING)
VISIT_COLUMNS = fields(t.visit, VISIT)
JOURNAL_COLUMNS = [t.journal.c.office, *fields(t.journal, JOURNAL)]
