"""Sold out, as ready bytes: the same body gets the same answer until anything could change it.

In a rush thousands send one and the same body. What it was told from memory is told again without
being parsed, as long as the office's views stand where they stood and memory may still refuse:
no hold is due, the key is unknown, the views are fresh. Everything else is decided anew.
"""

from datetime import datetime

from queue_service.flows.bookings import holding
from queue_service.followed import Followed
from queue_service.model.booking import Part
from queue_service.model.refusal import Code, Refusal
from queue_service.web.cache import Kept
from queue_service.web.lean import Sent

_kept = Kept[Sent](4_000_000, lambda sent: sent.size + 1_000)
LONGEST_BODY = 512
"""Bytes: crowds send short bodies."""


class Asked:
    """One body that asks for a hold, and where the office's views stood when it came."""

    __slots__ = ("_key", "_now", "_office", "_stand")

    def __init__(self, office: Followed, content: bytes, accept: str) -> None:
        """`accept` is the language asked for."""
        self._office, self._now = office, office.now()
        self._key = (office.key.slug, content, accept)
        self._stand = office.openings.stand(self._now)

    def told_before(self, key: str) -> Sent | None:
        """The answer to the same body, if under this idempotency key it is sold out still."""
        sent = _kept.find(self._key, self._stand)
        if sent is None or not holding.memory_may_refuse(self._office, key or None, self._now):
            return None
        return sent

    def keep(self, sent: Sent, refusal: Refusal, parts: tuple[Part, ...], start: datetime) -> None:
        """Remember what it was told, if memory alone says so and nothing happened meanwhile."""
        _, content, accept = self._key
        if refusal.code is not Code.SLOT_FULL or len(content) > LONGEST_BODY or len(accept) > 200:
            return
        now = self._office.now()
        if self._office.openings.stand(now) == self._stand and holding.is_certainly_full(
            self._office, parts, start, now
        ):
            _kept.keep(self._key, self._stand, sent)
