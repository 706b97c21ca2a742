"""What an office asks before it gives an appointment, as data: questions, cards, residence.

Answers are judged in `slots.asking` and never kept: only flags are, short codes without a person.
"""

from datetime import date
from enum import StrEnum

import msgspec

Texts = dict[str, str]
"""Language code → sentence; `de` is always present."""


class Kind(StrEnum):
    """How a question is answered."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"


YES, NO = "yes", "no"


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer of a choice."""

    key: str
    text: Texts


class Then(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer brings about; one of `answers`, or a number from `at_least` on."""

    answers: tuple[str, ...] = ()
    at_least: int = 0
    flag: str = ""
    """A flag of the service that the booking then carries."""
    refuse: Texts = {}
    """Why it cannot be booked so, and what to do instead."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asked on the page of details and by the API, under its key."""

    key: str
    text: Texts
    kind: Kind
    hint: Texts = {}
    options: tuple[Option, ...] = ()
    """Of a choice."""
    persons_from: int = 1
    """Asked only when so many come."""
    optional: bool = False
    """May be left open, which then brings nothing about."""
    after: str = ""
    """Answered only when this earlier question said yes, or a number above 0."""
    counts_persons: bool = False
    """A number of persons: all such answers together are at most those who come."""
    then: tuple[Then, ...] = ()


class Flag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a booking's answers mean for the papers; the desk reads it, nobody's name is in it."""

    key: str
    text: Texts
    """For the desk: "collects for another person"."""
    bring: Texts = {}
    """For the applicant's list of papers."""
    far: bool = False
    """Whoever has it comes from far: when the office has to move people, these go last."""

    @property
    def missing(self) -> bool:
        """Whether something is missing still, as the key says."""
        return is_missing(self.key)


def is_missing(flag: str) -> bool:
    """Flags whose key ends so name a paper that is missing: a reminder goes out a day before."""
    return flag.endswith("_missing")


class Pickup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Collecting cards: one number a person, and each card must be ready."""

    check_days: int = 7
    """Not ready: look again after so many days, on the next day the office is open."""
    number_hint: Texts = {}
    """Where people find the number of their card."""


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group that needs no appointment for a service, while it holds; both days included."""

    key: str
    who: Texts
    text: Texts
    valid_from: date | None = None
    valid_to: date | None = None


class Referral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is responsible for these municipalities, where we know for certain."""

    ags: tuple[str, ...]
    name: Texts
    street: str = ""
    postcode: str = ""
    town: str = ""
    phone: str = ""
    web: str = ""
    hours: Texts = {}
    """When it is open, in words; empty: not known, people look at its page."""
    office: str = ""
    """Its slug where it is an office of this house."""


class Jurisdiction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose residents the office may help; empty: nobody is asked."""

    ags: tuple[str, ...] = ()
    """Municipality keys: 8 digits, or the 5 of a district for all its municipalities."""
    ask: bool = False
    """The pages ask for the postcode before any time is shown."""
    referrals: tuple[Referral, ...] = ()
