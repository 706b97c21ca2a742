"""Who asks, proved by the turn: a session that is remembered costs no question of its own.

The memory says only who it was; whether it still is so is read under the office's lock, for all
wishes of a turn together. A session that ended, or whose holder has other roles by now, gets
nothing done.
"""

from collections import OrderedDict
from typing import Protocol

import msgspec

from queue_service.flows.wish import Decide, Done, HeldSession, ReceiptKey
from queue_service.model.ids import ActorId
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs
from queue_service.rights import Actor

MOST_REMEMBERED = 10_000
"""Sessions in one process: all desks of a state."""


class Turn(Protocol):
    """Settles one wish in the office's next turn, as `flows.turn.Turns`."""

    async def __call__(
        self,
        office: OfficeKey,
        by: ActorId,
        needs: Needs,
        decide: Decide,
        *,
        receipt: ReceiptKey | None = None,
        floor: bool = False,
        session: HeldSession | None = None,
    ) -> Done:
        """How the wish ended; without a `session` who asks was looked at already."""


class Known(msgspec.Struct, frozen=True):
    """Somebody signed in as this process saw them last, and what the turn compares with it."""

    actor: Actor
    session: HeldSession


class Remembered:
    """Sessions that this process has seen; the one longest unasked is forgotten first."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._known: OrderedDict[bytes, Known] = OrderedDict()

    def of(self, session: bytes) -> Known | None:
        """Who held that session, by its hash."""
        known = self._known.get(session)
        if known is not None:
            self._known.move_to_end(session)
        return known

    def keep(self, known: Known) -> None:
        """As just read."""
        self._known[known.session.hash] = known
        self._known.move_to_end(known.session.hash)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    def forget(self, session: bytes) -> None:
        """It has ended."""
        self._known.pop(session, None)


class Asking:
    """The turn for one request of somebody remembered: each of its wishes names the session."""

    def __init__(self, turn: Turn, session: HeldSession) -> None:
        """`held` is False until a turn found the session as it was remembered."""
        self._turn = turn
        self._session = session
        self.held = False

    async def __call__(
        self,
        office: OfficeKey,
        by: ActorId,
        needs: Needs,
        decide: Decide,
        *,
        receipt: ReceiptKey | None = None,
        floor: bool = False,
        session: HeldSession | None = None,
    ) -> Done:
        """As the turn; `not_signed_in` when the session is not what was remembered."""
        done = await self._turn(
            office,
            by,
            needs,
            decide,
            receipt=receipt,
            floor=floor,
            session=session or self._session,
        )
        self.held = done.answer != Refusal(Code.NOT_SIGNED_IN)
        return done
