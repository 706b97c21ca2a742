"""What the API answers in the house, as types for the OpenAPI document: kiosk, tickets, desks."""

from datetime import datetime

import msgspec

from display.board import Snapshot
from display.words import BoardWaits
from queue_service.flows.desks.at_desk import Stands
from queue_service.flows.desks.desk_shown import UndoShown
from queue_service.flows.desks.hands import HandsShown
from queue_service.flows.desks.notes import Note
from queue_service.model.desk import DeskState
from queue_service.model.expecting import Longer
from queue_service.model.triage import Need
from queue_service.model.visit import Aid, NeedClass, Step, VisitState
from queue_service.web.api.answers.exact import Answer


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
    back_by: datetime | None
    """So long one may leave the waiting room."""
    away_until: datetime | None
    """Said "later": not called before."""
    longer: Longer | None
    """Why the wait became longer lately."""
    next_step: Step | None
    parked: str
    may_be_late: bool


class Why(Answer, frozen=True):
    """Why somebody is next; the code is empty where nobody chose."""

    code: str
    waited_minutes: int
    target_minutes: int


class StopNow(Answer, frozen=True):
    """A step of a service that is still to be done."""

    service: str
    step: Step


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
    state: VisitState
    served_at: datetime | None
    services: tuple[str, ...]
    here: tuple[StopNow, ...]
    """What this counter does in one go."""
    later: tuple[StopNow, ...]
    aids: tuple[Aid, ...]
    parked: str
    handed_at: datetime | None
    away_until: datetime | None
    reason: str
    urgency: Need | None
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
    state: DeskState
    since: datetime | None
    parked: tuple[VisitAtDesk, ...]
    """Sent to fetch something; they come back here."""
    handed: int
    """Emergencies that wait for a case worker to accept."""


class PaperRowTaken(Answer, frozen=True):
    """What became of a row."""

    row: int
    number: str
    taken: bool
    known: bool
    """It had been told before."""
    code: str | None
    """Why it was not taken."""


class PaperTaken(Answer, frozen=True):
    """What became of each row, in the order sent."""

    rows: tuple[PaperRowTaken, ...]


class Notes(Answer, frozen=True):
    """Sentences of colleagues."""

    notes: tuple[Note, ...]


HALL_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /kiosk/check-ins": (201, TicketGiven),
    "POST /offices/{office}/paper-numbers": (200, PaperTaken),
    "GET /tickets/{code}": (200, TicketState),
    "POST /tickets/{code}/late": (200, TicketState),
    "GET /displays/{display}/board": (200, Snapshot),
    "GET /displays/{display}/waits": (200, BoardWaits),
    "GET /desks/{counter}": (200, Desk),
    "POST /desks/{counter}/next": (200, Desk),
    "POST /desks/{counter}/call": (200, Desk),
    "POST /visits/{visit}/recall": (200, Desk),
    "POST /visits/{visit}/missed": (200, Desk),
    "POST /visits/{visit}/finish": (200, Desk),
    "POST /visits/{visit}/undo": (200, Desk),
}
"""As `answers.ANSWERS`."""

JOURNEY_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /desks/{counter}/serve": (200, Desk),
    "POST /desks/{counter}/undo": (200, Desk),
    "PUT /desks/{counter}/state": (200, Desk),
    "POST /visits/{visit}/start": (200, Desk),
    "POST /visits/{visit}/park": (200, Desk),
    "POST /visits/{visit}/resume": (200, Desk),
    "POST /visits/{visit}/forward": (200, Desk),
    "POST /visits/{visit}/add": (200, Desk),
    "POST /visits/{visit}/accept": (200, Desk),
    "POST /visits/{visit}/mark": (200, Stands),
    "POST /visits/{visit}/hand-over": (200, Stands),
    "POST /visits/{visit}/pass": (200, Stands),
    "GET /visits/{visit}/notes": (200, Notes),
    "GET /offices/{office}/hands": (200, HandsShown),
}
"""As `answers.ANSWERS`."""
