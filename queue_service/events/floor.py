"""What can happen in the house."""

from enum import StrEnum

import msgspec

from queue_service.events.entry import Fact


class WhyNext(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why this person is next, as code and numbers; `language` makes the sentence."""

    code: str
    """emergency_floor · longest_share_of_target · only_one · fallback · handed_to_you · returned ·
    by_number · serve_now · accepted."""
    waited_minutes: int = 0
    target_minutes: int = 0
    ahead_passed: int = 0
    """How many who could be served here came earlier and were passed."""
    reason: str = ""
    """Code of why somebody was called by number, where the clerk gave one (`CallReason`)."""


class CallReason(StrEnum):
    """Why a clerk calls somebody out of turn."""

    HEALTH = "health"
    CHILDREN = "children"
    INTERPRETER = "interpreter"
    BELONGS_HERE = "belongs_here"
    """The matter was begun here, or belongs to somebody waiting with them."""
    CAME_BACK = "came_back"
    OTHER = "other"


class CheckedIn(Fact, frozen=True, tag="checked_in"):
    """Somebody with or without a booking arrived and has a number."""


class Called(Fact, frozen=True, tag="called"):
    """A number is called to a counter."""

    why: WhyNext = WhyNext("by_number")


class Recalled(Fact, frozen=True, tag="recalled"):
    """The same number is called again."""


class Missed(Fact, frozen=True, tag="missed"):
    """Called and not there: back into the line, or missed for good after the last call."""


class Finished(Fact, frozen=True, tag="finished"):
    """The visit is served."""


class Started(Fact, frozen=True, tag="started"):
    """They have come to the counter, called or served on the spot."""

    why: WhyNext | None = None
    """Where they were not called before."""


class Parked(Fact, frozen=True, tag="parked"):
    """Sent to fetch something; the place in the line is kept."""


class Resumed(Fact, frozen=True, tag="resumed"):
    """Back from being parked, to where they stood."""


class Forwarded(Fact, frozen=True, tag="forwarded"):
    """Handed over to another counter, station or step under the same number."""


class ServiceAdded(Fact, frozen=True, tag="service_added"):
    """One more service in the same visit."""


class HandedOver(Fact, frozen=True, tag="handed_over"):
    """An emergency goes to a named or any free case worker."""


class HandAccepted(Fact, frozen=True, tag="hand_accepted"):
    """The case worker takes the emergency: it is called to their counter."""

    why: WhyNext = WhyNext("accepted")


class HandPassed(Fact, frozen=True, tag="hand_passed"):
    """The case worker cannot take it; it stays handed over to the others."""


class ComesLater(Fact, frozen=True, tag="comes_later"):
    """Somebody says they are some minutes late, and keeps their turn."""


class Marked(Fact, frozen=True, tag="marked"):
    """What a guide saw: aids, need class, language."""


class DeskChanged(Fact, frozen=True, tag="desk_changed"):
    """A counter opens, pauses, works behind the scenes or closes."""


class PersonSought(Fact, frozen=True, tag="person_sought"):
    """Staff looked for somebody without code by name and birth date, neither of which stands here.

    Who looked is `by` of the entry.
    """

    reason: str = ""
    """Code: lost_code · no_phone · helped_by_others."""
    found: int = 0
    """How many were shown."""


class NumbersReserved(Fact, frozen=True, tag="numbers_reserved"):
    """A kiosk keeps a block of the day's numbers for the hour without network."""

    day: str = ""
    first: int = 0
    """Place in the day's series."""
    many: int = 0
    device: int = 0


class Renumbered(Fact, frozen=True, tag="renumbered"):
    """A visit takes the number that a kiosk gave its owner when the answer was lost."""


class Undone(Fact, frozen=True, tag="undone"):
    """An act of a desk within its last seconds is taken back; the entry names which."""
