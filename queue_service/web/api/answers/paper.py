"""What the API answers about paper numbers before they are taken in."""

from datetime import datetime

import msgspec

from queue_service.web.api.answers.exact import Answer
from queue_service.web.api.answers.guides import Service


class PaperRowMeant(Answer, frozen=True):
    """What a row means as things stand."""

    row: int
    number: str
    at: datetime | None
    """When they are told to have come: never before the doors open for an appointment."""
    services: tuple[Service, ...]
    language: str
    appointment: str | None
    """Code of the appointment that the row names."""
    start: datetime | None
    late: bool
    """They came so long after their time that they wait like somebody without an appointment."""
    known: bool
    """It has been told already."""
    code: str | None
    """Why it would not be taken."""


class PaperMeant(Answer, frozen=True):
    """What each row means, in the order sent."""

    rows: tuple[PaperRowMeant, ...]


PAPER_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /offices/{office}/paper-numbers/preview": (200, PaperMeant),
}
