"""What the API answers at the entrance, as types for the OpenAPI document."""

from datetime import datetime

import msgspec

from queue_service.flows.entrance.taken_along import Kit
from queue_service.kiosk.signed import Verdict
from queue_service.model.booking import BookingState
from queue_service.model.visit import NeedClass, VisitState
from queue_service.web.api.answers.exact import Answer
from queue_service.web.api.answers.hall import TicketGiven, Wait


class Decoded(Answer, frozen=True):
    """The code in a photo, in the symbols that a scanner types."""

    code: str


class Service(Answer, frozen=True):
    """One service for so many persons."""

    service: str
    persons: int


class BookingSeen(Answer, frozen=True):
    """An appointment, without its person and its whole code."""

    booking: str
    code_end: str
    state: BookingState
    start: datetime
    services: tuple[Service, ...]


class NotNow(Answer, frozen=True):
    """What a check-in would be refused for."""

    code: str
    title: str
    detail: str


class VisitSeen(Answer, frozen=True):
    """Where somebody stands, and why, in the language asked for."""

    visit: str
    number: str
    state: VisitState
    need: NeedClass
    ahead: int
    emergencies_ahead: int
    wait: Wait | None
    waited_minutes: int
    target_minutes: int
    why: tuple[str, ...]
    papers: tuple[str, ...]
    """What to bring for these services."""


class Looked(Answer, frozen=True):
    """What was held up: a verdict for what is signed, an appointment or a visit of this office."""

    verdict: Verdict | None
    office: str | None
    start: datetime | None
    booking: BookingSeen | None
    not_now: NotNow | None
    visit: VisitSeen | None


class People(Answer, frozen=True):
    """Who fits exactly, at most three."""

    people: tuple[BookingSeen, ...]


GUIDE_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /guide/decode": (200, Decoded),
    "POST /guide/{office}/looks": (200, Looked),
    "POST /guide/{office}/people": (200, People),
    "POST /guide/bookings/{booking}/check-in": (201, TicketGiven),
    "GET /guide/visits/{visit}": (200, VisitSeen),
    "POST /guide/visits/{visit}/undo": (200, VisitSeen),
    "GET /guide/{office}/kit": (200, Kit),
}
"""As `answers.ANSWERS`."""
