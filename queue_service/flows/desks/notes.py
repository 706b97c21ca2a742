"""A sentence that goes along with a visit: shown at desks and to guides, deletable, never told.

Free text stays out of the journal, of streams to phones and of boards.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ActorId, VisitId
from queue_service.store import notes as store
from queue_service.store.database import transaction

LONGEST = 200
"""Characters: one sentence, no file."""
KEPT = timedelta(days=1)
"""A visit ends with its day; so does what was written about it."""
SKEW = timedelta(seconds=5)
"""So long before its act a sentence may have been left: clocks differ, a turn takes its time."""


class Note(msgspec.Struct, frozen=True):
    """What somebody wrote, and when."""

    text: str
    by: ActorId
    at: datetime


async def leave(
    house: House, office: Followed, visit: VisitId, text: str, by: ActorId
) -> UUID | None:
    """Leave a sentence with a visit and say which; an empty one leaves nothing."""
    said = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST]
    if not said:
        return None
    note = uuid4()
    async with transaction(house.pool, office.key.authority) as connection:
        await store.leave(
            connection, office.key, note=note, visit=visit, text=said, by=by, at=office.now()
        )
    return note


async def withdraw(house: House, office: Followed, note: UUID) -> None:
    """Delete one sentence: the act it was to go with was not done."""
    async with transaction(house.pool, office.key.authority) as connection:
        await store.delete_one(connection, office.key.office, note)


async def of_visit(house: House, office: Followed, visit: VisitId) -> tuple[Note, ...]:
    """Every sentence left with a visit, the newest first."""
    return (await of_visits(house, office, (visit,))).get(visit, ())


async def of_visits(
    house: House, office: Followed, visits: tuple[VisitId, ...]
) -> dict[VisitId, tuple[Note, ...]]:
    """The sentences of several visits, the newest first; visits without any are left out."""
    async with transaction(house.pool, office.key.authority) as connection:
        rows = await store.of_visits(connection, office.key.office, visits)
    found: dict[VisitId, tuple[Note, ...]] = {}
    for row in rows:
        note = Note(row.text, row.by, row.at.astimezone(office.office.tz))
        found[row.visit] = (*found.get(row.visit, ()), note)
    return found


async def take_back(
    house: House, office: Followed, visit: VisitId, by: ActorId, *, since: datetime
) -> None:
    """Delete what `by` left with a visit from `since` on: the act it went with was undone."""
    async with transaction(house.pool, office.key.authority) as connection:
        await store.delete(connection, office.key.office, visit=visit, by=by, since=since)


async def purge(house: House, office: Followed) -> None:
    """Delete what was left with the visits of earlier days."""
    async with transaction(house.pool, office.key.authority) as connection:
        await store.delete_old(connection, office.key.office, office.now() - KEPT)
