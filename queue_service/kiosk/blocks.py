"""Numbers of a day by their place in its series, and blocks of them kept for one kiosk.

A block is a run of places that the series has passed, so no other ticket ever gets one of them. A
kiosk gives its numbers out without network; what it gave is believed by the office's signature,
which holds even where the office's letters change during the day. What a visit is called by the
database is no matter of this module: `seals` derives it from block and place.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import msgspec

from queue_service.kiosk.signed import tag_of
from queue_service.model.visit import TicketBlock, TicketSeries

LOWEST, HIGHEST = 100, 999
A_ROUND = HIGHEST - LOWEST + 1
"""Numbers of one letter."""
A_BLOCK = 120
"""Numbers of a block: a busy kiosk's two hours."""
BLOCKS_A_DAY = 8
"""A device that asks for more in one day is out of order."""
DAYS_AHEAD = 3
"""Over a weekend: a kiosk that is switched on without network has numbers of that day."""


def number_at(series: TicketSeries, place: int, letters: str) -> str:
    """The number at `place`: 900 of a letter in turn, then the next letter."""
    turn, rest = divmod(place, A_ROUND)
    # The office may have taken the day's letter out of use since.
    first = letters.index(series.letter) if series.letter in letters else 0
    letter = letters[(first + turn) % len(letters)]
    return f"{letter}{LOWEST + (series.start - LOWEST + rest) % A_ROUND}"


def reserve(
    series: TicketSeries, block: UUID, device: int, many: int = A_BLOCK
) -> tuple[TicketBlock, TicketSeries]:
    """The next `many` places for `device`, and the series after it."""
    kept = TicketBlock(block, series.day, device, series.issued, many)
    return kept, msgspec.structs.replace(series, issued=series.issued + many)


def numbers_of(block: TicketBlock, series: TicketSeries, letters: str) -> tuple[str, ...]:
    """The block's numbers in the order in which they are given out."""
    return tuple(number_at(series, block.first + place, letters) for place in range(block.many))


class GivenOffline(msgspec.Struct, frozen=True):
    """A number that a kiosk gave without network, as it claims."""

    block: UUID
    place: int
    """Within the block."""
    number: str
    key: int
    """Number of the office's key that signed it."""
    signature: bytes
    happened: datetime


def message(slug: str, block: UUID, place: int, number: str) -> bytes:
    """The bytes that are signed for one number; never those of a confirmation."""
    where = (tag_of(slug), block.bytes, place.to_bytes(2, "big"))
    return b"".join((b"N\x01", *where, number.encode()))


def bounded(happened: datetime, day: date, now: datetime) -> datetime:
    """When it is taken to have happened: on the block's day, never later than now.

    `now` is in the office's zone. A device's clock is a claim: one that is wrong by hours moves
    nobody to another day, and nobody ahead of those who are still to come.
    """
    zone = now.tzinfo
    begins = datetime.combine(day, time(), zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    latest = min(now.astimezone(UTC), ends - timedelta(seconds=1))
    return max(begins, min(happened.astimezone(UTC), latest)).astimezone(zone)
