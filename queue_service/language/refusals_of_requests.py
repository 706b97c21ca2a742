"""Sentences for what is answered before any time is shown: cards, residence, persons, answers.

Texts that an office wrote itself come with the refusal, one a language.
"""

from datetime import date

from queue_service.language.catalogues import Catalogue, mark, pick
from queue_service.language.formats import day_long
from queue_service.model.refusal import Code, Refusal

REQUESTS: dict[Code, tuple[str, str, str]] = {
    Code.CARD_NOT_READY: (
        mark("This card cannot be picked up yet"),
        mark(
            "It is not ready, or an appointment for it exists already."
            " A PIN letter is no sign that the card has arrived."
        ),
        mark("Please look again on the day named, or let us tell you when it is ready."),
    ),
    Code.NOT_RESPONSIBLE: (
        mark("Another authority is responsible for you"),
        mark("Your place of residence decides which office may help."),
        mark("Please turn to the authority of your place of residence; your town hall knows it."),
    ),
    Code.WHICH_MUNICIPALITY: (
        mark("Which municipality do you live in?"),
        mark("This postcode belongs to several municipalities with different authorities."),
        mark("Please choose your municipality."),
    ),
    Code.UNKNOWN_PLACE: (
        mark("We do not know this place"),
        mark("The postcode may be mistyped or new."),
        mark("Please check it; if it is right, call us and we will tell you who is responsible."),
    ),
    Code.UNKNOWN_CONTACT: (
        mark("This link does not fit"),
        mark("It may be mistyped or cut off."),
        mark("Please open the whole link from the page or the message."),
    ),
    Code.TOO_MANY_CONTACTS: (
        mark("Enough addresses wait for this card"),
        mark("A card tells only some addresses that it is ready."),
        mark("Please ask whoever left theirs, or look again here another day."),
    ),
    Code.TOO_MANY_PERSONS: (
        mark("So many persons cannot come at once"),
        mark("The office has no room for so many in one appointment."),
        mark("Please choose fewer persons or book two appointments."),
    ),
    Code.NOT_TOGETHER: (
        mark("These services cannot be had in one appointment"),
        mark("They are given at different counters."),
        mark("Please book an appointment for each of them."),
    ),
    Code.TOO_LONG: (
        mark("This is too much for one appointment"),
        mark("So long a time is never free in one piece."),
        mark("Please choose fewer services or persons, or book two appointments."),
    ),
    Code.NOT_SO: (
        mark("This cannot be booked like this"),
        mark("One of your answers rules it out."),
        mark("Please change the answer if it was a mistake, or call us."),
    ),
}


def detail_of_request(t: Catalogue, refusal: Refusal) -> str:
    """What the refusal's data say besides its general sentence; empty where they say nothing."""
    data = refusal.data
    match refusal.code:
        case Code.CARD_NOT_READY:
            day = _day(data.get("next_check"))
            general = t(REQUESTS[refusal.code][1])
            said = t("Next check: {day}.", day=day_long(day, t.language)) if day else ""
            return f"{general} {said}".rstrip()
        case Code.NOT_RESPONSIBLE:
            named = data.get("responsible")
            name = _text(named.get("name"), t) if isinstance(named, dict) else ""
            return t("Responsible for you: {name}.", name=name) if name else ""
        case Code.NOT_SO:
            return _text(data.get("texts"), t)
        case Code.TOO_LONG:
            minutes, longest = data.get("minutes"), data.get("longest_minutes")
            if isinstance(minutes, int) and isinstance(longest, int):
                return t(
                    "It would take {minutes} minutes; the longest time in one piece is {longest}.",
                    minutes=minutes,
                    longest=longest,
                )
            return ""
        case Code.TOO_MANY_PERSONS if isinstance(most := data.get("max_persons"), int):
            return t.plural(
                "At most {n} person can come.", "At most {n} persons can come together.", most
            )
        case _:
            return ""


def _text(texts: object, t: Catalogue) -> str:
    if not isinstance(texts, dict):
        return ""
    return pick({str(k): str(v) for k, v in texts.items()}, t.language)[0]


def _day(said: object) -> date | None:
    if isinstance(said, date):
        return said
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        return None
