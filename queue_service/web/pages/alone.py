"""What kiosk and tablet both take along for the time without network, in one language."""

from queue_service.language import catalogue, direction, own_name, pick, sentence, tag
from queue_service.model.refusal import Code, Refusal

TOLD = ("wait", "wait_early", "late_walk_in")
"""What may be told with a number that was given without network."""
_LOCAL = (
    Code.ALREADY_CHECKED_IN,
    Code.ALTERED,
    Code.OTHER_OFFICE,
    Code.OTHER_DAY,
    Code.TOO_EARLY,
)
"""What a device finds out by itself, by signature and clock."""
_AFTERWARDS = (
    *_LOCAL,
    Code.UNKNOWN_CODE,
    Code.CANCELLED,
    Code.TOO_LATE,
    Code.CLOSED,
    Code.UNKNOWN_NUMBER,
    Code.NO_WALK_INS,
    Code.UNKNOWN_SERVICE,
    Code.UNKNOWN_BOOKING,
    Code.ALREADY_BOOKED,
    Code.WALK_INS_FULL,
    Code.TICKETS_STOPPED,
    Code.TOO_MANY_PERSONS,
    Code.EMERGENCY_NEEDS_GUIDE,
    Code.NOT_ALLOWED,
    Code.INVALID,
)
"""What the server may find out once it is told; the staff reads it."""


def screen(lang: str, office: dict[str, str]) -> dict[str, object]:
    """What `alone.html` asks of a language; `office` is the name of the office."""
    return {
        "lang": lang,
        "tag": tag(lang),
        "dir": direction(lang),
        "name": own_name(lang),
        "office": pick(office, lang)[0],
        "t": catalogue(lang),
        "sorry": [(code.value, sentence(Refusal(code), lang)) for code in _LOCAL],
        "reasons": reasons(lang),
    }


def reasons(lang: str) -> list[tuple[str, str]]:
    """Code and title of what a person may have to look at."""
    return [(code.value, sentence(Refusal(code), lang).title) for code in _AFTERWARDS]
