"""What can happen on the waiting list.

Every offer names the wish, its rank and everybody before it with the reason why they were passed
over, so that the order can be proved from the journal alone (`slots.proof`).
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from queue_service.events.entry import Fact
from queue_service.model.booking import Part
from queue_service.model.ids import BookingId, WishId
from queue_service.model.waiting import Acceptable, Passed, Wish, WishClass, WishState


class WishNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Public state of a wish after the entry."""

    id: WishId
    state: WishState
    order: WishClass
    parts: tuple[Part, ...]
    windows: tuple[Acceptable, ...]
    until: datetime
    language: str
    before: int = 0
    number: int = 0
    """Number of the entry by which it joined; 0 in that entry itself."""
    booking: BookingId | None = None
    kin: WishId | None = None
    here: datetime | None = None

    @classmethod
    def of(cls, after: Wish, before: int) -> "WishNow":
        """The public part of `after`, written last by entry `before`."""
        return cls(
            after.id,
            after.state,
            after.order,
            after.parts,
            after.windows,
            after.until,
            after.language,
            before,
            after.number,
            after.booking,
            after.kin,
            after.here,
        )


class PassedOver(msgspec.Struct, frozen=True, array_like=True):
    """Wishes with a better rank that were passed over for one reason, by their numbers."""

    why: Passed
    numbers: tuple[int, ...]


class OfferMade(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place was offered to a wish."""

    booking: BookingId
    wish: WishId
    number: int
    rank: int
    """Place in the list at that moment, 1 = first."""
    start: datetime
    passed: tuple[PassedOver, ...] = ()
    at_once: bool = False
    """Somebody in the house already, who has it without being asked."""


class WaitingFact(Fact, frozen=True):
    """What facts of this chapter share."""

    wishes: tuple[WishNow, ...] = ()
    offers: tuple[OfferMade, ...] = ()
    seen: int = 0
    """Wishes that joined after this entry were not looked at yet."""


class WishJoined(WaitingFact, frozen=True, tag="wish_joined"):
    """Somebody joined the list."""


class Offered(WaitingFact, frozen=True, tag="offered"):
    """Places that were free or resting are offered."""


class OfferAccepted(WaitingFact, frozen=True, tag="offer_accepted"):
    """An offer became a booking; what it set free is offered to the next in the same entry."""

    moved: BookingId | None = None
    """The appointment that was brought forward, where there was one."""


class OfferDeclined(WaitingFact, frozen=True, tag="offer_declined"):
    """An offer was not wanted; the next gets it in the same entry."""


class EndReason(StrEnum):
    """Why a wish is no longer on the list."""

    LEFT = "left"
    OVER = "over"


class WishHere(WaitingFact, frozen=True, tag="wish_here"):
    """Somebody on the list is in the house."""


class WishEnded(WaitingFact, frozen=True, tag="wish_ended"):
    """Wishes are no longer on the list without having been placed by it."""

    reason: EndReason = EndReason.LEFT
