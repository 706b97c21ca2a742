"""Scores of waits: what people were told first is kept, and compared when they are called.

The leader reads the journal behind a cursor of its own. A check-in waits a moment for its forecast;
somebody for whom none was made has no promise. Every pass is one small transaction that may be
repeated. What is older than a quarter is deleted.
"""

from datetime import date, datetime, time, timedelta

import asyncpg
import msgspec

from queue_service.events.chapters import AnyFact, UnknownTagError, decode
from queue_service.events.entry import Entry
from queue_service.events.floor import CheckedIn, Undone
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import VisitId
from queue_service.model.visit import VisitState
from queue_service.store import offices as store_offices
from queue_service.store import promises as store
from queue_service.store.database import transaction
from queue_service.store.promises import PromiseRow, Score

ENTRIES_A_PASS = 500
PATIENCE = timedelta(seconds=20)
"""People's own time after which a check-in is passed without a forecast."""
KEPT = timedelta(days=90)
"""As long as the key that tells two visits of a person together (domain handbook, retention)."""
FORGOTTEN_A_RUN = 5_000
"""Far more than people come between two runs; a backlog goes bit by bit."""


async def keep(house: House, office: Followed) -> int:
    """Keep and settle the promises of new entries; returns the number of entries passed."""
    key = office.key
    async with transaction(house.pool, key.authority) as connection:
        after = await store.cursor(connection, key, office.seq)
        entries = await store_offices.entries(connection, key.office, after, ENTRIES_A_PASS)
        upto, promised = after, list[PromiseRow]()
        for entry in entries:
            fact = _fact(entry)
            if fact is not None:
                made = _promised(office, entry, fact)
                if made is None:
                    break
                promised += made
            upto = entry.seq
        await store.keep(connection, key, promised)
        for entry in entries:
            if entry.seq <= upto and (fact := _fact(entry)) is not None:
                await _settle(connection, office, entry, fact)
        if upto != after:
            await store.move(connection, key, upto)
    return upto - after


def _fact(entry: Entry) -> AnyFact | None:
    """What an entry says; None for a struck body or one of a newer version."""
    try:
        return decode(entry) if entry.body is not None else None
    except UnknownTagError:
        return None


def _promised(office: Followed, entry: Entry, fact: AnyFact) -> list[PromiseRow] | None:
    """What was told to who checked in by this entry; None while it is too early to say."""
    if not isinstance(fact, CheckedIn):
        return []
    found = []
    for visit in fact.visits:
        promise = office.waits.promise(visit.id)
        if promise is not None:
            numbers = promise.p50, promise.p80, promise.naive
            found.append(PromiseRow(visit.id, visit.need, promise.given_at, *numbers))
        elif _may_come(office, entry, visit.id):
            return None
    return found


def _may_come(office: Followed, entry: Entry, visit: VisitId) -> bool:
    """Whether a forecast is still to be expected."""
    found = office.line.visit(visit)
    waits = found is not None and found.state is VisitState.WAITING
    return waits and office.now() - entry.recorded < office.clock.patience(PATIENCE)


async def _settle(
    connection: asyncpg.Connection, office: Followed, entry: Entry, fact: AnyFact
) -> None:
    for visit in fact.visits:
        if visit.state is VisitState.CALLED:
            at = visit.called_at or entry.recorded
            await store.called(connection, office.key.office, visit.id, at)
        elif isinstance(fact, Undone) and visit.state is VisitState.WAITING:
            await store.taken_back(connection, office.key.office, visit.id)


async def purge(house: House, office: Followed) -> int:
    """Delete the promises of days long past, a bounded number a run; how many they were."""
    async with transaction(house.pool, office.key.authority) as connection:
        before = office.now() - KEPT
        return await store.forget(connection, office.key.office, before, FORGOTTEN_A_RUN)


class WaitErrors(msgspec.Struct, frozen=True):
    """How far forecasts were from what came, day by day; and the days together."""

    days: tuple[Score, ...]
    total: Score | None
    """None where nobody with a forecast was called."""


async def errors_of_days(house: House, office: Followed, first: date, last: date) -> WaitErrors:
    """The scores of the local days `first` to `last`, both included."""
    zone = office.office.tz
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    async with transaction(house.pool, office.key.authority) as connection:
        days = await store.scores(connection, office.key.office, begin, end, office.office.zone)
    return WaitErrors(tuple(days), _together(days))


def _together(days: list[Score]) -> Score | None:
    called = sum(day.called for day in days)
    if not called:
        return None

    def mean(name: str) -> float:
        return sum(float(getattr(day, name)) * day.called for day in days) / called

    return Score(
        days[-1].day,
        sum(day.given for day in days),
        called,
        mean("error"),
        mean("naive_error"),
        mean("within_p80"),
        mean("under"),
    )
