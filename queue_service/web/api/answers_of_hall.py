"""What the API answers in the house, as types for the OpenAPI document: kiosk, tickets, desks."""

from datetime import datetime

import msgspec

from display.board import Snapshot
from queue_service.flows.serving import UndoShown
from queue_service.model.visit import NeedClass, VisitState


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly these fields."""


class Wait(Answer, frozen=True):
    """An honest range of minutes."""

    from_: int = msgspec.field(name="from")
    to: int


class TicketGiven(Answer, frozen=True):
    """A number in the hall and the ticket that follows it."""

    ticket: str
    number: str
    wait: Wait
    instructions: str
    language: str


class TicketState(Answer, frozen=True):
    """A ticket; `wait` only while waiting, the counter only while called."""

    number: str
    state: VisitState
    ahead: int
    wait: Wait | None
    counter: str | None
    counter_name: str | None
    called_at: datetime | None
    language: str
    office: str
    seq: int


class Why(Answer, frozen=True):
    """Why somebody is next; the code is empty where nobody chose."""

    code: str
    waited_minutes: int
    target_minutes: int


class VisitAtDesk(Answer, frozen=True):
    """A visit as a desk sees it."""

    visit: str
    number: str
    service: str
    persons: int
    language: str
    need: NeedClass
    arrived: datetime
    due: datetime
    waited_minutes: int
    target_minutes: int
    why: Why
    ahead_passed: int
    called_at: datetime | None
    calls: int
    has_appointment: bool
    flags: tuple[str, ...]
    service_name: str
    text: str


class Desk(Answer, frozen=True):
    """A desk after the act."""

    counter: str
    counter_name: str
    office: str
    seq: int
    now: datetime
    current: VisitAtDesk | None
    undo: UndoShown | None
    waiting_count: int
    emergencies: int
    waiting: tuple[VisitAtDesk, ...]


HALL_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /kiosk/check-ins": (201, TicketGiven),
    "GET /tickets/{code}": (200, TicketState),
    "GET /displays/{display}/board": (200, Snapshot),
    "GET /desks/{counter}": (200, Desk),
    "POST /desks/{counter}/next": (200, Desk),
    "POST /desks/{counter}/call": (200, Desk),
    "POST /visits/{visit}/recall": (200, Desk),
    "POST /visits/{visit}/missed": (200, Desk),
    "POST /visits/{visit}/finish": (200, Desk),
    "POST /visits/{visit}/undo": (200, Desk),
}
"""As `answers.ANSWERS`."""
