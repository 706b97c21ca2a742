"""Reads the journal for how long single stops and absences take: in small pieces, once each.

A process reads on a little whenever it looks at the day, so that a month is known after some
minutes; until then the configuration speaks.
"""

import asyncio
from datetime import timedelta

import msgspec

from queue_service.events.chapters import UnknownTagError, decode
from queue_service.flows.days.reports import TAGS
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.store import ledger as store
from queue_service.store.database import transaction
from queue_service.views.lengths import Lengths, Told

NUMBERS_A_PASS = 5_000
"""Of the journal's numbers; some of them are about visits."""
AT_ONCE = 50
"""Entries between two chances for whoever asks over HTTP."""


class Journeys(msgspec.Struct):
    """What one process has read of an office's journal."""

    lengths: Lengths = msgspec.field(default_factory=Lengths)
    seq: int = -1
    """Read up to here; before the first reading below all numbers."""


async def read_on(house: House, office: Followed, known: Journeys, days: int) -> Told:
    """Read the next entries, and say what the last `days` days say."""
    now, key, newest = office.now(), office.key.office, office.seq
    since = now - timedelta(days=days)
    async with transaction(house.pool, office.key.authority, snapshot=True) as snapshot:
        if known.seq < 0:
            known.seq = await store.last_before(snapshot, key, since, newest)
        last = min(newest, known.seq + NUMBERS_A_PASS)
        many = 0
        async for entry in store.entries(snapshot, key, after=known.seq, last=last, tags=TAGS):
            try:
                fact = decode(entry)
            except UnknownTagError:  # of a newer version, or struck: no length of ours
                continue
            known.lengths.apply(entry, fact)
            known.seq = entry.seq
            many += 1
            if many % AT_ONCE == 0:
                await asyncio.sleep(0)
        known.seq = max(known.seq, last)
    return known.lengths.told(since, now)
