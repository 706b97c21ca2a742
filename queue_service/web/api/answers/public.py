"""What the API answers, as types for the OpenAPI document; handlers write the same by hand.

A test calls every operation and holds what it says against these types, so that neither drifts.
"""

from datetime import date, datetime

import msgspec

from queue_service.flows.access.sessions import Signed
from queue_service.flows.bookings.appointments import DayFigure
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.model.asking import Exemption, Flag, Jurisdiction, Pickup, Question
from queue_service.model.booking import BookingState
from queue_service.model.office import (
    BookingRules,
    Closure,
    Confirm,
    Fee,
    LineRules,
    Place,
    Window,
)
from queue_service.model.visit import Step
from queue_service.model.waiting import WaitingRules
from queue_service.slots.openings import DayState
from queue_service.web.api.answers.capacity import CAPACITY_ANSWERS
from queue_service.web.api.answers.cards import CARD_ANSWERS
from queue_service.web.api.answers.confirmations import CONFIRMATION_ANSWERS
from queue_service.web.api.answers.devices import DEVICE_ANSWERS
from queue_service.web.api.answers.disruption import DISRUPTION_ANSWERS
from queue_service.web.api.answers.exact import Answer
from queue_service.web.api.answers.guides import GUIDE_ANSWERS
from queue_service.web.api.answers.hall import HALL_ANSWERS, JOURNEY_ANSWERS
from queue_service.web.api.answers.kiosk import KIOSK_ANSWERS
from queue_service.web.api.answers.paper import PAPER_ANSWERS
from queue_service.web.api.answers.reports import REPORT_ANSWERS
from queue_service.web.api.answers.surge import SURGE_ANSWERS
from queue_service.web.api.answers.triage import TRIAGE_ANSWERS
from queue_service.web.api.answers.waiting import WAITING_ANSWERS

Texts = dict[str, str]
"""A text by language; `de` is always there."""


class ServiceName(Answer, frozen=True):
    """A service by code and name."""

    service: str
    name: Texts


class OfficeListed(Answer, frozen=True):
    """An office in the list."""

    office: str
    name: Texts
    languages: tuple[str, ...]
    services: tuple[ServiceName, ...]


class Offices(Answer, frozen=True):
    """All offices."""

    offices: tuple[OfficeListed, ...]


class ServiceShown(Answer, frozen=True):
    """Everything about a service."""

    service: str
    name: Texts
    minutes_first: int
    minutes_next: int
    group: str
    max_persons: int
    bring: tuple[Texts, ...]
    fees: tuple[Fee, ...]
    leika: tuple[str, ...]
    emergency: bool
    bookable: bool
    walk_in: bool
    target_minutes: int
    confirm: Confirm
    required: tuple[str, ...]
    not_needed: Texts
    not_needed_from: date | None
    not_needed_to: date | None
    exempt: tuple[Exemption, ...]
    buffer_minutes: int
    questions: tuple[Question, ...]
    flags: tuple[Flag, ...]
    pickup: Pickup | None
    order: int
    window_days: int | None
    steps: tuple[Step, ...]
    fetch: Texts
    short: Texts
    first_come: bool


class CounterShown(Answer, frozen=True):
    """A counter and the services it can do."""

    counter: str
    name: Texts
    skills: tuple[str, ...]


class RulesShown(Answer, frozen=True):
    """The rules in force."""

    booking: BookingRules
    line: LineRules
    waiting: WaitingRules


class OfficeShown(Answer, frozen=True):
    """Everything about an office; `now` is its clock, `seq` its journal's last number."""

    office: str
    name: Texts
    zone: str
    ags: str
    place: Place
    languages: tuple[str, ...]
    services: tuple[ServiceShown, ...]
    counters: tuple[CounterShown, ...]
    hours: tuple[Window, ...]
    closures: tuple[Closure, ...]
    rules: RulesShown
    jurisdiction: Jurisdiction
    now: datetime
    rate: float
    seq: int


class PartShown(Answer, frozen=True):
    """One service for so many persons."""

    service: str
    persons: int


class StartShown(Answer, frozen=True):
    """A free start and how many such visits still fit."""

    start: datetime
    places: int


class DayShown(Answer, frozen=True):
    """A local day; starts only while it is free."""

    date: date
    state: DayState
    starts: tuple[StartShown, ...]


class Availability(Answer, frozen=True):
    """Days with their free starts; a visit takes `minutes`."""

    office: str
    services: tuple[PartShown, ...]
    minutes: int
    days: tuple[DayShown, ...]


class BookingShown(Answer, frozen=True):
    """A booking with everything its owner needs."""

    code: str
    secret: str
    pin: str
    state: BookingState
    start: datetime
    end: datetime
    office: str
    services: tuple[PartShown, ...]
    language: str
    name: str


class StaffBookingShown(BookingShown, frozen=True):
    """A booking made by staff, with what they hand over."""

    overbooked: bool
    """Given beyond the places, with a reason."""


class BookingAtDesk(Answer, frozen=True):
    """A booking as staff see it: without secret and contact data."""

    code: str
    state: BookingState
    start: datetime
    end: datetime
    services: tuple[PartShown, ...]
    language: str
    overbooked: bool


class SwapShown(Answer, frozen=True):
    """Two bookings after they traded their times."""

    one: BookingAtDesk
    other: BookingAtDesk


class DayOfBookings(Answer, frozen=True):
    """The appointments of one local day."""

    office: str
    date: date
    bookings: tuple[BookingAtDesk, ...]


class OverbookedShown(Answer, frozen=True):
    """Bookings beyond the places, a day."""

    office: str
    days: tuple[DayFigure, ...]


class Problem(msgspec.Struct, frozen=True):
    """Why not, in the reader's language (RFC 9457); some codes carry more fields."""

    type: str
    title: str
    status: int
    code: str
    """Stable; programs decide by it."""
    detail: str
    next_step: str


ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "GET /offices": (200, Offices),
    "GET /offices/{office}": (200, OfficeShown),
    "GET /offices/{office}/availability": (200, Availability),
    "POST /offices/{office}/holds": (201, HoldGiven),
    "POST /holds/{hold}/extend": (200, HoldGiven),
    "DELETE /holds/{hold}": (204, None),
    "POST /bookings": (201, BookingShown),
    "GET /bookings/{code}": (200, BookingShown),
    "DELETE /bookings/{code}": (200, BookingShown),
    "POST /bookings/{code}/move": (200, BookingShown),
    "POST /bookings/{code}/confirm": (200, BookingShown),
    "POST /offices/{office}/bookings": (201, StaffBookingShown),
    "GET /offices/{office}/bookings": (200, DayOfBookings),
    "GET /offices/{office}/overbooked": (200, OverbookedShown),
    "POST /offices/{office}/swaps": (200, SwapShown),
    "POST /offices/{office}/bookings/{code}/move": (200, BookingAtDesk),
    "POST /offices/{office}/bookings/{code}/restore": (200, BookingAtDesk),
    "POST /offices/{office}/bookings/{code}/no-show": (200, BookingAtDesk),
    "POST /sessions": (201, Signed),
    "DELETE /sessions": (204, None),
    **HALL_ANSWERS,
    **JOURNEY_ANSWERS,
    **GUIDE_ANSWERS,
    **KIOSK_ANSWERS,
    **PAPER_ANSWERS,
    **CARD_ANSWERS,
    **WAITING_ANSWERS,
    **TRIAGE_ANSWERS,
    **CONFIRMATION_ANSWERS,
    **DISRUPTION_ANSWERS,
    **CAPACITY_ANSWERS,
    **SURGE_ANSWERS,
    **REPORT_ANSWERS,
    **DEVICE_ANSWERS,
}
"""What each operation answers when it succeeds; a refusal is a `Problem` everywhere."""
