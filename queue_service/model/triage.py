"""Triage as data: a tree of questions that ends in what somebody does next.

Walked in `kiosk.triage`, proved complete in `offices.triage_rules`. Answers are never kept: they
live in the address of a page until it is left.
"""

from enum import StrEnum

import msgspec

from queue_service.model.asking import Texts
from queue_service.model.ids import ServiceCode


class Kind(StrEnum):
    """How a question of the tree is asked."""

    CHOICE = "choice"
    PLACE = "place"
    """Where somebody lives: a postcode, and the municipality where it is ambiguous."""
    PAPERS = "papers"
    """Is everything here that the service needs? Shows its list."""


class Need(StrEnum):
    """Need classes, the most pressing first; N0 goes to a case worker at once."""

    N0 = "N0"
    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    N4 = "N4"
    N5 = "N5"


class End(StrEnum):
    """Where a path of the tree ends."""

    RESPONSIBLE = "responsible"
    """Here and now, without appointment: a number for the service."""
    ELSEWHERE = "elsewhere"
    """Another authority; which one follows from the municipality."""
    NO_APPOINTMENT = "no_appointment"
    """Nothing to do, or nothing to do here, while a rule of the service holds."""
    CARD = "card"
    """Is the card ready? Asked by its number, where the office keeps a list."""
    ONLINE = "online"
    BOOK = "book"
    """An appointment is needed first."""
    GUIDE = "guide"
    """To the staff at the entrance, at once."""


PICTURES = frozenset(
    {
        "aeroplane",
        "book",
        "briefcase",
        "calendar",
        "card",
        "check",
        "clock",
        "computer",
        "cross",
        "danger",
        "document",
        "family",
        "fingerprint",
        "guide",
        "heart",
        "house",
        "lost",
        "map",
        "passport",
        "pen",
        "question",
        "ticket",
        "today",
        "ukraine",
        "week",
    }
)
"""Pictograms by name; every one is drawn in the pages' templates."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer, shown as a large button with its picture; leads to a question or an outcome."""

    key: str
    text: Texts
    next: str
    picture: str = ""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question a page."""

    key: str
    text: Texts
    kind: Kind = Kind.CHOICE
    hint: Texts = {}
    answers: tuple[Answer, ...] = ()
    service: ServiceCode | None = None
    """Of papers: whose list is shown."""
    here: str = ""
    """Of a place: what follows for this office's residents."""
    elsewhere: str = ""
    """Of a place: the outcome for everybody else."""


class Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody does next, with everything a page needs to say it."""

    key: str
    kind: End
    text: Texts
    detail: Texts = {}
    picture: str = ""
    service: ServiceCode | None = None
    need: Need | None = None
    papers: bool = False
    """The list of papers was gone through and is complete."""
    exempt: str = ""
    """Of no_appointment: the key of the service's exemption; empty: its general one."""
    otherwise: str = ""
    """Of no_appointment: the outcome on days on which that rule does not hold."""
    link: str = ""
    """Of online: where."""


class Triage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tree of an office; empty: it asks nothing."""

    first: str = ""
    questions: tuple[Question, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    def question(self, key: str) -> Question | None:
        """The question of that key, or None."""
        return next((q for q in self.questions if q.key == key), None)

    def outcome(self, key: str) -> Outcome | None:
        """The outcome of that key, or None."""
        return next((o for o in self.outcomes if o.key == key), None)
