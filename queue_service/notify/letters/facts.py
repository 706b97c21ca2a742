"""What a letter is written from and what it consists of."""

import unicodedata
from datetime import datetime

import msgspec

from queue_service.events.booking import Why
from queue_service.model.booking import Booking
from queue_service.model.office import Office
from queue_service.model.reminding import ReminderText

_LONGEST_LINE = 200
_LONGEST_NAME = 80
_IN_NAMES = " '’-"
"""Signs in names beside letters and their marks."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a letter may say, read when it is sent."""

    booking: Booking
    office: Office
    sequence: int
    """Rises with every change of the booking; calendars keep the highest."""
    written: datetime
    """Instant of the change the letter tells."""
    base_url: str
    sender: str
    """Address of the house."""
    email: str
    name: str = ""
    secret: str = ""
    """Opens the booking; part of its links."""
    sealed: str = ""
    """The signed confirmation; the letter's picture and a link to check it by."""
    pin: str = ""
    """Second factor of people who gave no date of birth; empty where it is not used."""
    why: Why | None = None
    """Why the office changed the appointment, where it did so itself."""
    text: ReminderText | None = None
    """Which words a reminder is written in."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter ready to send; both bodies say the same."""

    language: str
    subject: str
    text: str
    html: str
    ics: bytes | None = None
    method: str = ""
    """iCalendar method of `ics`."""
    qr: bytes | None = None
    qr_cid: str = "code"
    """How the HTML names the picture."""


def one_line(text: str) -> str:
    """`text` without line breaks, control and direction signs, at most 200 characters."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:_LONGEST_LINE].rstrip()


def greetable(name: str) -> str:
    """The name if a letter may repeat it, else ``""``.

    Anybody can book with somebody else's address; a "name" that is a web address or a sentence
    would make the office send advertisements. Letters, marks, ``'``, ``-`` and abbreviating dots
    are all that names need.
    """
    line = one_line(name)
    if not line or len(line) > _LONGEST_NAME:
        return ""
    for sign, after in zip(line, line[1:] + " ", strict=True):
        if unicodedata.category(sign)[0] in "LM" or sign in _IN_NAMES:
            continue
        if sign == "." and after == " ":
            continue
        return ""
    return line
