"""What stands in one row about somebody's visit: services, language, what to fetch or ask for.

And why a row that was typed in from paper cannot be taken, in words for staff.
"""

from collections.abc import Sequence
from datetime import datetime

from babel import Locale, UnknownLocaleError

from queue_service.language.catalogues import catalogue, mark, pick
from queue_service.language.formats import clock, day_long
from queue_service.language.refusals import sentence
from queue_service.model.booking import Part
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal

_TWICE = {
    Code.NUMBER_TAKEN: mark("This number stands in row {row}, too."),
    Code.ALREADY_CHECKED_IN: mark("This appointment stands in row {row}, too."),
}
_FAULTS = {
    Code.UNKNOWN_NUMBER: mark("This number is not on today's paper of this office."),
    Code.NUMBER_TAKEN: mark("Somebody else came in under this number today."),
    Code.ALREADY_CHECKED_IN: mark("This appointment has come in already."),
    Code.UNKNOWN_CODE: mark("Today there is no appointment with this code."),
    Code.OTHER_OFFICE: mark("This appointment is at another office."),
    Code.CANCELLED: mark("This appointment was cancelled."),
    Code.TOO_LATE: mark("It was noted that nobody came. Book the appointment again first."),
    Code.EMERGENCY_NEEDS_GUIDE: mark(
        "Emergencies get no number: take them to a case worker at once."
    ),
    Code.NO_WALK_INS: mark("This service is by appointment only: type in its code."),
    Code.CLOSED: mark("At that time there were no numbers for this service."),
}
_FIELDS = {
    "number": mark("The number is missing."),
    "time": mark("The time cannot be read. Write it like 09:20."),
    "persons": mark("The persons cannot be read. Write a number from 1 to 50."),
    "service": mark("Choose a service, or type in the code of the appointment."),
    "appointment": mark("This does not name one appointment alone. Type in the whole code."),
}
_STILL_TO_COME = mark("This time is still to come.")


def part_words(part: Part, office: Office, language: str, *, persons: bool = True) -> str:
    """A service, with the number of persons where it is not one and `persons` are wanted."""
    service = office.service(part.service)
    name = pick(service.name, language)[0] if service else part.service
    if part.persons == 1 or not persons:
        return name
    t = catalogue(language)
    return f"{name} · {t.plural('{n} person', '{n} persons', part.persons)}"


def spoken_in(language: str, shown_in: str) -> str:
    """Name of the visitor's language in the reader's; Easy German is one of its own."""
    if language == "de_simple":
        t = catalogue(shown_in)
        return t("Easy German")
    try:
        found = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return language
    return found.get_display_name(shown_in.partition("_simple")[0]) or language


def row_notes(
    parts: Sequence[Part],
    flags: Sequence[str],
    office: Office,
    language: str,
    *,
    fetch: bool = True,
) -> list[str]:
    """What to `fetch` before the call, and what the answers of the booking mean for the papers."""
    notes: list[str] = []
    for part in parts:
        service = office.service(part.service)
        if service is None:
            continue
        if fetch and service.fetch:
            notes.append(pick(service.fetch, language)[0])
        notes += [pick(f.text, language)[0] for f in service.flags if f.key in flags]
    return list(dict.fromkeys(notes))


def row_fault(refusal: Refusal, language: str) -> str:
    """Why a row typed in from paper is not taken, and what to do about it; for staff."""
    t, data = catalogue(language), refusal.data
    if "row" in data and refusal.code in _TWICE:
        return t(_TWICE[refusal.code], row=data["row"])
    if refusal.code is Code.OTHER_DAY and "start" in data:
        start = datetime.fromisoformat(str(data["start"]))
        day = day_long(start.date(), language)
        return t("This appointment is on {day} at {time}.", day=day, time=clock(start))
    if refusal.code is Code.TOO_EARLY and "check_in_from" in data:
        opens = datetime.fromisoformat(str(data["check_in_from"]))
        return t("This appointment can come in from {time} on.", time=clock(opens))
    if refusal.code is Code.INVALID and data.get("field") in _FIELDS:
        late = data["field"] == "time" and "reason" in data
        return t(_STILL_TO_COME if late else _FIELDS[str(data["field"])])
    if refusal.code in _FAULTS:
        return t(_FAULTS[refusal.code])
    said_to_visitors = sentence(refusal, language)
    if refusal.code is Code.TOO_MANY_PERSONS:
        return said_to_visitors.detail
    return said_to_visitors.title
