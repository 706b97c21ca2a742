"""What requests may say: unknown fields and endless texts are refused by type."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from queue_service.events.booking import ExceedReason, RestoreReason, SwapReason
from queue_service.flows.bookings.booking import Applicant
from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode
from queue_service.model.triage import Need
from queue_service.web.days import FIRST, LAST, is_known

Short = Annotated[str, Meta(max_length=80)]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset")]
Language = Annotated[str, Meta(pattern="^[a-z]{2}(_[A-Za-z]{2,8})?$")]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request's body: unknown fields are an error."""


class Dated(Body, frozen=True):
    """A body whose days and instants are such that days can be counted from them."""

    def __post_init__(self) -> None:
        """Raise ValueError naming the first that is not."""
        for name in self.__struct_fields__:
            said = getattr(self, name)
            day = said.date() if isinstance(said, datetime) else said
            if isinstance(day, date) and not is_known(day):
                raise ValueError(f"{name} must be between {FIRST} and {LAST}")


class PartBody(Body, frozen=True):
    """One service for so many persons."""

    service: Annotated[str, Meta(max_length=40)]
    persons: Annotated[int, Meta(ge=1, le=50)] = 1


Serial = Annotated[str, Meta(min_length=1, max_length=60)]
Cards = Annotated[tuple[Serial, ...], Meta(max_length=8)]
Parts = Annotated[tuple[PartBody, ...], Meta(min_length=1, max_length=8)]


class HoldBody(Body, frozen=True):
    """Places wanted at a start."""

    services: Parts
    start: Instant
    language: Language = "de"
    cards: Cards = ()
    """Numbers of the cards to collect, one a person, where the service goes by cards."""
    ags: Annotated[str, Meta(max_length=20)] = ""
    """Municipality key of residence: may answer `not_responsible`."""
    postcode: Annotated[str, Meta(max_length=20)] = ""


class ApplicantBody(Body, frozen=True):
    """Who comes; the service says which fields are required."""

    name: Annotated[str, Meta(max_length=120)]
    email: Annotated[str, Meta(max_length=254)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    birth_date: date | None = None
    document: Annotated[str, Meta(max_length=40)] = ""

    def applicant(self) -> Applicant:
        """As the flows take it."""
        return Applicant(
            self.name.strip(), self.email.strip(), self.phone, self.birth_date, self.document
        )


class BookingBody(Body, frozen=True):
    """A hold to make binding."""

    hold: Short
    secret: Short
    applicant: ApplicantBody
    language: Language = "de"
    answers: dict[Short, Annotated[str, Meta(max_length=500)]] = {}


class StaffBookingBody(Body, frozen=True):
    """A booking by staff, without a hold."""

    services: Parts
    start: Instant
    applicant: ApplicantBody
    language: Language = "de"
    exceed_reason: ExceedReason | None = None
    """A reason code; with it, roles that may do so exceed capacity."""
    cards: Cards = ()
    """Numbers of the cards to collect, one a person; left away, none is bound."""


class CardsBody(Body, frozen=True):
    """Cards somebody wants to collect with a service."""

    service: Annotated[str, Meta(max_length=40)]
    cards: Annotated[tuple[Serial, ...], Meta(min_length=1, max_length=8)]


class CardContactBody(Body, frozen=True):
    """Somebody who wants to be told when a card is ready."""

    service: Annotated[str, Meta(max_length=40)]
    card: Serial
    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]{2,}$")]
    language: Language = "de"


class MoveBody(Body, frozen=True):
    """Another start."""

    start: Instant


class SwapBody(Body, frozen=True):
    """Two bookings that trade their times."""

    one: Annotated[str, Meta(max_length=64)]
    other: Annotated[str, Meta(max_length=64)]
    reason: SwapReason


class RestoreBody(Body, frozen=True):
    """A booking that shall stand again, in its own place or at another start."""

    reason: RestoreReason
    start: Instant | None = None


class SessionBody(Body, frozen=True):
    """A login."""

    login: Annotated[str, Meta(max_length=200)]
    password: Annotated[str, Meta(max_length=1000)]


class WalkInBody(Body, frozen=True):
    """Somebody without an appointment."""

    service: Annotated[str, Meta(max_length=40)]
    persons: Annotated[int, Meta(ge=1, le=50)] = 1
    language: Language = "de"
    postcode: Annotated[str, Meta(max_length=10)] = ""
    urgency: Need | None = None
    """Of an emergency: the class that triage found; N0 is the word of who may guide."""


class OfflineBody(Body, frozen=True):
    """A number that a kiosk gave away without network, from the block it keeps."""

    block: UUID
    place: Annotated[int, Meta(ge=0, le=10_000)]
    number: Annotated[str, Meta(max_length=10)]
    key: Annotated[int, Meta(ge=0, le=65_535)]
    signature: Annotated[str, Meta(max_length=100)]
    happened: Instant
    """When the person was there; kept within the block's day and never in the future."""


class CheckInBody(Body, frozen=True):
    """A code or a walk-in, one of both; `offline` where it happened without network."""

    code: Annotated[str, Meta(max_length=400)] = ""
    walk_in: WalkInBody | None = None
    offline: OfflineBody | None = None


class LateBody(Body, frozen=True):
    """So many minutes somebody who waits comes later."""

    minutes: Annotated[int, Meta(ge=1, le=10)] = 10


def parts_of(parts: tuple[PartBody, ...]) -> tuple[Part, ...]:
    """As the flows take them."""
    return tuple(Part(ServiceCode(p.service), p.persons) for p in parts)
