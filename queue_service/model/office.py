"""An office as engines see it: services, counters, limits, hours, rules; checked in `offices`.

All local times are in the office's one IANA zone. Money is integer cents.
"""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from queue_service.model import asking, tickets
from queue_service.model.asking import Exemption, Flag, Jurisdiction, Pickup, Question
from queue_service.model.expecting import Expecting
from queue_service.model.ids import AuthorityId, CounterKey, LimitId, OfficeId, ServiceCode
from queue_service.model.per_person import LimitsPerPerson
from queue_service.model.release import LastMinute, Release, Reserve
from queue_service.model.relief import Relief
from queue_service.model.reminding import Reminders
from queue_service.model.surge import Staff, Surge
from queue_service.model.triage import Triage
from queue_service.model.visit import Step
from queue_service.model.waiting import WaitingRules

Texts = asking.Texts
Tickets = tickets.Tickets


class Fee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An expected fee (Gebühr); the officer decides."""

    cents: int
    law: str
    valid_from: date
    valid_to: date | None = None
    condition: Texts = {}


class Confirm(StrEnum):
    """How a booking becomes binding."""

    AT_ONCE = "at_once"
    BY_MAIL = "by_mail"


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people come for; minutes for the first and for each further person."""

    code: ServiceCode
    name: Texts
    minutes_first: int
    minutes_next: int
    group: str
    """One live booking per person and group."""
    max_persons: int = 8
    bring: tuple[Texts, ...] = ()
    fees: tuple[Fee, ...] = ()
    leika: tuple[str, ...] = ()
    emergency: bool = False
    bookable: bool = True
    walk_in: bool = True
    target_minutes: int = 60
    """Wait that is promised; the line's priority grows by waited / target."""
    confirm: Confirm = Confirm.AT_ONCE
    required: tuple[str, ...] = ("name",)
    """Fields of the applicant that must be given: name, email, phone, birth_date, document."""
    not_needed: Texts = {}
    """Shown instead of slots while no appointment is needed."""
    not_needed_from: date | None = None
    not_needed_to: date | None = None
    """Both days included; `offices.resolve` leaves `not_needed` out on other days."""
    exempt: tuple[Exemption, ...] = ()
    """Groups that need no appointment; likewise only those in force."""
    buffer_minutes: int = 0
    """After a visit: counted in the cells, not shown as its length."""
    questions: tuple[Question, ...] = ()
    flags: tuple[Flag, ...] = ()
    pickup: Pickup | None = None
    """Cards are collected: only with the number of a card that is ready."""
    order: int = 100
    window_days: int | None = None
    """Horizon of this service; None: the office's."""
    steps: tuple[Step, ...] = (Step.COUNTER,)
    """What one visit for it goes through, in order."""
    fetch: Texts = {}
    """What the clerk has ready before the call: the card, the file, a form."""
    short: Texts = {}
    """Its name on the lobby board; some thirteen letters leave room for the wait beside it."""
    first_come: bool = True
    """Public switch; a layer of the service itself turns it off while demand exceeds supply."""


class Counter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counter (Schalter, Platz) and what can be served there."""

    key: CounterKey
    name: Texts
    skills: tuple[ServiceCode, ...]
    way: Texts = {}
    steps: tuple[Step, ...] = (Step.COUNTER,)
    """Which steps of those services are done here; a station has no `counter` step."""
    fallback: tuple[ServiceCode, ...] = ()
    """Served here too, but only while nobody waits for its own skills."""

    @property
    def is_station(self) -> bool:
        """Whether it does steps on the way only, and no appointment as such."""
        return Step.COUNTER not in self.steps and Step.CASE_WORKER not in self.steps


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A weekly opening, local time; weekdays 0 = Monday."""

    weekdays: tuple[int, ...]
    opens: time
    closes: time
    valid_from: date | None = None
    valid_to: date | None = None


class Closure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days, both included, on which the office is closed."""

    first: date
    last: date
    reason: Texts


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when until when, local time, on one day."""

    opens: time
    closes: time


class Special(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days, both included, with hours of their own instead of the weekly ones."""

    first: date
    last: date
    hours: tuple[Opening, ...]
    reason: Texts


class Period(StrEnum):
    """How long one cell of a limit lasts."""

    TICK = "tick"
    HALF_DAY = "half_day"
    DAY = "day"


class Taker(StrEnum):
    """Who takes from a limit."""

    BOOKING = "booking"
    WALK_IN = "walk_in"


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Anything that can run out: desks of a pool (Kontingent), the house, a quota for walk-ins."""

    key: str
    name: Texts
    capacity: int
    services: tuple[ServiceCode, ...]
    period: Period = Period.TICK
    taker: Taker = Taker.BOOKING
    hours: tuple[Window, ...] = ()
    """Empty: the office's hours."""
    counters: tuple[CounterKey, ...] = ()
    """The desks this limit is made of; empty: a limit without desks of its own.

    A counter layer ``{"counter": key, "add": -1}`` takes one place from each limit that names it.
    """
    together: tuple[tuple[ServiceCode, ...], ...] = ()
    """Services that take from this limit only when one visit is for all of them."""
    last_minute: tuple[LastMinute, ...] = ()
    """Shares that open late, stage by stage."""
    reserve: Reserve = Reserve()
    """What is kept for people without booking; demand and steps only for days and half days."""


class BookingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for every booking of the office."""

    window_days: int = 14
    lead_minutes: int = 30
    grid_minutes: int = 10
    hold_minutes: int = 10
    extend_minutes: int = 5
    hold_cap_minutes: int = 70
    confirm_minutes: int = 60
    """How long a booking waits for its mailed link."""
    cancel_minutes_before: int = 0
    early_minutes: int = 60
    """How long before the appointment a check-in is taken."""
    late_minutes: int = 10
    """Up to here late people keep their turn; later they wait as walk-ins."""
    release: Release = Release()


class LineRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Accumulating priority by target with an emergency floor (engineering handbook, 5.1)."""

    emergency_minutes: int = 15
    emergency_floor_minutes: int = 5
    booking_minutes: int = 20
    walk_in_minutes: int = 60
    undo_seconds: int = 10
    calls_before_missed: int = 3
    hand_minutes: int = 10
    """Within these a case worker accepts an emergency; then any counter that can calls it."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the office stands and how it is reached."""

    street: str
    postcode: str
    town: str
    phone: str = ""
    email: str = ""
    web: str = ""
    way: Texts = {}


class Office(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One office with everything in force; `offices.resolve` makes it from layers."""

    slug: str
    authority: str
    name: Texts
    zone: str
    land: str
    """Federal state for public holidays, ISO 3166-2 without country: BW."""
    ags: str
    place: Place
    languages: tuple[str, ...]
    services: tuple[Service, ...]
    counters: tuple[Counter, ...]
    limits: tuple[Limit, ...]
    hours: tuple[Window, ...]
    closures: tuple[Closure, ...] = ()
    exceptions: tuple[Special, ...] = ()
    """Of several for one day the last holds; closures and public holidays stand above them."""
    booking: BookingRules = BookingRules()
    line: LineRules = LineRules()
    tickets: Tickets = Tickets()
    waiting: WaitingRules = WaitingRules()
    surge: Surge = Surge()
    staff: Staff = Staff()
    relief: Relief = Relief()
    """Laid by surge rules and managers; no configuration."""
    limits_per_person: LimitsPerPerson = LimitsPerPerson()
    jurisdiction: Jurisdiction = Jurisdiction()
    authorities: tuple[asking.Referral, ...] = ()
    """Who is responsible elsewhere, as imported."""
    triage: Triage = Triage()
    expecting: Expecting = Expecting()
    reminders: Reminders = Reminders()

    def service(self, code: str) -> Service | None:
        """The service of that code, or None."""
        return next((s for s in self.services if s.code == code), None)

    def counter(self, key: str) -> Counter | None:
        """The counter of that key, or None."""
        return next((c for c in self.counters if c.key == key), None)

    @property
    def tz(self) -> ZoneInfo:
        """The one zone of the office."""
        return ZoneInfo(self.zone)


class OfficeClock(msgspec.Struct, frozen=True):
    """Maps real time to office time: rate 1 in production, 30 in a demo, 0 when tests move it."""

    real_anchor: datetime
    office_anchor: datetime
    rate: float = 1.0

    def at(self, real: datetime) -> datetime:
        """Office time at the real instant `real`."""
        return self.office_anchor + (real - self.real_anchor) * self.rate

    def patience(self, real: timedelta) -> timedelta:
        """How much office time people need to keep `real` time of their own."""
        return real * self.rate if self.rate > 1 else real


class OfficeKey(msgspec.Struct, frozen=True):
    """How the store names an office; limit keys with their numbers."""

    authority: AuthorityId
    office: OfficeId
    slug: str
    limits: dict[str, LimitId] = {}
