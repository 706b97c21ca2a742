"""What the API answers a kiosk that must be able to go on alone, as types for the document."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from queue_service.model.office import Texts
from queue_service.web.api.answers.exact import Answer


class KeptNumber(Answer, frozen=True):
    """A number to give away, the code of its ticket, and the office's signature."""

    place: int
    number: str
    ticket: str
    signature: str


class SigningKey(Answer, frozen=True):
    """A public key of the office, Ed25519, base64url."""

    number: int
    public_key: str
    expires: datetime


class Open(Answer, frozen=True):
    """From when until when."""

    from_: datetime = msgspec.field(name="from")
    to: datetime


class WalkInService(Answer, frozen=True):
    """What one may come for without appointment, and when that day."""

    service: str
    name: Texts
    max_persons: int
    open: tuple[Open, ...]


class NumberBlock(Answer, frozen=True):
    """Everything a kiosk keeps to act alone on one day."""

    block: UUID
    office: str
    day: date
    next: int
    key: int
    numbers: tuple[KeptNumber, ...]
    now: datetime
    rate: float
    zone: str
    early_minutes: int
    late_minutes: int
    tag: str
    keys: tuple[SigningKey, ...]
    services: tuple[WalkInService, ...]


KIOSK_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "GET /kiosk/block": (200, NumberBlock),
}
"""As `answers.ANSWERS`."""
