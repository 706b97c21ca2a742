"""Sentences about a signed confirmation, for people who are shown one."""

from typing import NamedTuple

from queue_service.kiosk.signed import Verdict
from queue_service.language.catalogues import catalogue, mark
from queue_service.model.refusal import Code


class Told(NamedTuple):
    """A verdict in words."""

    title: str
    detail: str


_VERDICTS: dict[Verdict, tuple[str, str]] = {
    Verdict.GENUINE: (
        mark("This confirmation is genuine"),
        mark("The office issued it exactly so. Compare day, time and office with the paper."),
    ),
    Verdict.ALTERED: (
        mark("This is no confirmation of ours"),
        mark("The signature is invalid: it was altered, is incomplete or was made by others."),
    ),
    Verdict.USED: (
        mark("This confirmation was used"),
        mark("The office issued it, but somebody has come with it or the appointment is over."),
    ),
    Verdict.CANCELLED: (
        mark("This appointment was cancelled"),
        mark("The office issued the confirmation, but it does not hold any more."),
    ),
    Verdict.MOVED: (
        mark("This appointment was moved"),
        mark("The office issued the confirmation, but a newer one with another time holds."),
    ),
    Verdict.OTHER_OFFICE: (
        mark("This confirmation belongs to another office"),
        mark("It is genuine, but not for this place."),
    ),
    Verdict.EXPIRED: (
        mark("This confirmation is too old"),
        mark("Its signature is not accepted any more; the appointment is long over."),
    ),
}

CONFIRMATIONS: dict[Code, tuple[str, str, str]] = {
    Code.ALTERED: (
        mark("The signature is invalid"),
        mark("The picture was altered, is incomplete or was made by others."),
        mark("Please type the code of your appointment or ask the staff."),
    ),
}
"""Refusals about confirmations."""


def verdict(found: Verdict, language: str) -> Told:
    """The verdict in `language`."""
    t = catalogue(language)
    title, detail = _VERDICTS[found]
    return Told(t(title), t(detail))
