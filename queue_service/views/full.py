"""What memory must know before it may say no: what is held, when the next ends, and known keys.

Memory of full cells never says yes; it says no only while no hold of the office is due and only to
a key nobody has used. Which cells are full is left to `cells`.
"""

import heapq
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count

from queue_service.events.entry import BookingNow
from queue_service.model.booking import DUE, BookingState
from queue_service.model.ids import BookingId


class Holds:
    """Bookings that end by themselves: holds, offers, pending ones, and places that rest."""

    def __init__(self) -> None:
        """None yet."""
        self._live: dict[BookingId, BookingNow] = {}
        self._due: list[tuple[datetime, int, BookingId]] = []
        """A heap; numbers stand before the ids, whose order is dear to ask for and says nothing."""
        self._number = count()

    def load(self, holds: Iterable[BookingNow]) -> None:
        """Start anew from the live ones."""
        self._live = {hold.id: hold for hold in holds}
        self._due = [(h.until, next(self._number), h.id) for h in self._live.values() if h.until]
        heapq.heapify(self._due)

    def follow(self, booking: BookingNow) -> BookingNow | None:
        """Take over a booking's state; answers the hold it was before, or None."""
        if booking.state not in DUE:
            return self._live.pop(booking.id, None)
        before = self._live.get(booking.id)
        self._live[booking.id] = booking
        if booking.until is not None:
            heapq.heappush(self._due, (booking.until, next(self._number), booking.id))
        return before

    def live(self) -> Iterable[BookingNow]:
        """Every one, in no order."""
        return self._live.values()

    def is_live(self, booking: BookingId) -> bool:
        """Whether that booking is one."""
        return booking in self._live

    def is_due(self, now: datetime) -> bool:
        """Whether one is over; what was extended or is gone is dropped on the way."""
        while self._due:
            until, _, booking = self._due[0]
            hold = self._live.get(booking)
            if hold is not None and hold.until == until:
                return now >= until
            heapq.heappop(self._due)
        return False


def same_cells(before: BookingNow, after: BookingNow) -> bool:
    """Whether a hold that changed still sits where it sat, and is told alike."""
    return (
        before.start == after.start
        and before.end == after.end
        and before.limits == after.limits
        and before.parts == after.parts
        and BookingState.RESTING not in (before.state, after.state)
    )


class Keys:
    """Idempotency keys of accepted holds, for as long as their receipts are stored.

    Kept in two generations: a key is forgotten between one and two `KEPT` after it was heard of.
    """

    KEPT = timedelta(hours=26)
    """Longer than the day after which receipts are purged, counted in real time."""
    MOST = 200_000
    """Beyond this many in a generation (some 20 MB) every key counts as known: that costs a turn,
    while a known key refused from memory would cost somebody their answer."""

    def __init__(self) -> None:
        """None yet."""
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._lost_young = self._lost_old = False
        self._since: datetime | None = None

    def load(self, receipts: Iterable[str]) -> None:
        """Start anew from what is stored; how old it is stays unknown, so it counts as new."""
        self._young, self._old = set(receipts), set()
        self._lost_young = self._lost_old = False
        self._since = None

    def add(self, receipt: str) -> None:
        """Remember a key: the first 8 bytes of its receipt, hex."""
        if len(self._young) < self.MOST:
            self._young.add(receipt)
        else:
            self._lost_young = True

    def knows(self, receipt: str) -> bool:
        """Whether an accepted hold may have carried this key; no key is never known."""
        if not receipt:
            return False
        if self._lost_young or self._lost_old:
            return True
        return receipt in self._young or receipt in self._old

    def grow_older(self, real: datetime) -> None:
        """It is `real` now: begin a new generation when the young one is old enough."""
        if self._since is None:
            self._since = real
        elif real - self._since >= self.KEPT:
            self._old, self._young, self._since = self._young, set(), real
            self._lost_old, self._lost_young = self._lost_young, False
