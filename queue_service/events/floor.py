"""What can happen in the house."""

import msgspec

from queue_service.events.entry import Fact


class WhyNext(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why this person is next, as code and numbers; `language` makes the sentence."""

    code: str
    """emergency_floor · longest_share_of_target · by_number · only_one."""
    waited_minutes: int = 0
    target_minutes: int = 0
    ahead_passed: int = 0
    """How many who could be served here came earlier and were passed."""


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


class Undone(Fact, frozen=True, tag="undone"):
    """An act of a desk within its last seconds is taken back; the entry names which."""
