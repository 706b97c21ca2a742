"""Sentences for refusals: what happened, why, and what to do now, for every code.

Only the code and the refusal's public data are read. Data that is missing or of another shape
leaves the sentence general; it never fails.
"""

import re
from datetime import datetime
from typing import NamedTuple

from queue_service.language.catalogues import Catalogue, catalogue, mark, own_name, pick
from queue_service.language.formats import clock, day_long
from queue_service.language.refusals_of_requests import REQUESTS, detail_of_request
from queue_service.language.refusals_of_the_hall import OF_THE_HALL
from queue_service.language.surge_words import REFUSALS as OF_SURGE
from queue_service.language.surge_words import stopped
from queue_service.language.verdicts import CONFIRMATIONS
from queue_service.model.refusal import Code, Refusal

_WITHIN = re.compile(r"^applicant\.|^services\[\d+\]\.|\[.*$")


class Sentence(NamedTuple):
    """A refusal in words."""

    title: str
    detail: str
    next_step: str


FIELDS = {
    "name": mark("Name as in the passport"),
    "email": mark("E-mail"),
    "phone": mark("Phone"),
    "birth_date": mark("Date of birth"),
    "document": mark("Number of the document"),
    "service": mark("Service"),
    "services": mark("Service"),
    "persons": mark("Number of persons"),
    "start": mark("Day and time"),
    "postcode": mark("Postcode"),
    "cards": mark("Number of the card"),
    "language": mark("Language"),
    "windows": mark("Days and times that suit"),
}
"""Labels of the fields people fill in, here once for forms and errors."""

SENTENCES: dict[Code, tuple[str, str, str]] = {
    Code.SLOT_FULL: (
        mark("This time is no longer free"),
        mark("Somebody else was given the last place."),
        mark("Please choose one of the nearest free times."),
    ),
    Code.HOLD_EXPIRED: (
        mark("The time reserved for you has run out"),
        mark("The place was given back so that others can have it."),
        mark("Please choose a time again. Your answers are kept."),
    ),
    Code.HOLD_CAP_REACHED: (
        mark("The time cannot be reserved any longer"),
        mark("It was already extended as often as possible."),
        mark("Please finish the booking before the time shown."),
    ),
    Code.ALREADY_BOOKED: (
        mark("You already have an appointment for this"),
        mark("Each person can have one appointment of this kind at a time."),
        mark("Use the link in your confirmation to move or cancel it."),
    ),
    Code.NOT_BOOKABLE_YET: (
        mark("This day cannot be booked yet"),
        mark("Places are opened step by step, only some days ahead."),
        mark("Please choose an earlier day or come back later."),
    ),
    Code.PAST: (
        mark("This time is over or too near"),
        mark("Appointments need a little time to be prepared."),
        mark("Please choose a later time."),
    ),
    Code.CLOSED: (
        mark("The office is closed at that time"),
        mark("There are no appointments outside the opening hours."),
        mark("Please choose another day or time."),
    ),
    Code.NO_APPOINTMENT_NEEDED: (
        mark("You need no appointment for this"),
        mark("This service is given without booking."),
        mark("Please come during the opening hours and get a number at the entrance."),
    ),
    Code.WRONG_SECRET: (
        mark("The details do not match"),
        mark("The link or the second detail does not belong to this code."),
        mark("Please check both or open the link in your confirmation."),
    ),
    Code.WAITING_CLOSED: (
        mark("The waiting list is closed"),
        mark("There are enough free places, or the list is full for now."),
        mark("Please look for a free time, or come back later."),
    ),
    Code.ALREADY_WAITING: (
        mark("You are already on the waiting list"),
        mark("Each person can be on it once for services of this kind."),
        mark("Use the link in the message you got when you joined."),
    ),
    Code.HAS_OFFER: (
        mark("Another offer is still open for you"),
        mark("Nobody is offered two places at a time."),
        mark("Please answer that one first."),
    ),
    Code.OFFER_OVER: (
        mark("This offer is no longer open"),
        mark("Its time was over, it was answered, or the place is gone."),
        mark("You need not do anything: you stay on the list unless you left it."),
    ),
    Code.NOT_WAITING_ANY_MORE: (
        mark("You are no longer on the waiting list"),
        mark("You left it, got a place, or its time is over."),
        mark("You can join it again."),
    ),
    Code.TOO_MANY: (
        mark("Too many attempts in a short time"),
        mark("This limit protects the places from machines."),
        mark("Please wait a minute and go on; nothing is lost."),
    ),
    Code.TOO_MANY_BOOKINGS: (
        mark("This e-mail address has enough appointments"),
        mark("An address can have only some appointments at a time, so that others get theirs."),
        mark("Please give the address of the person who comes, or cancel one of your others."),
    ),
    Code.BUSY_RETRY: (
        mark("There is a great rush just now"),
        mark("Your wish could not be decided in time; nothing was changed."),
        mark("Please press the button again."),
    ),
    Code.KEY_REUSED: (
        mark("This form was already sent with other answers"),
        mark("To be safe, the second version was not taken."),
        mark("Please open the page anew and send it once."),
    ),
    Code.UNKNOWN_OFFICE: (
        mark("We do not know this office"),
        mark("The address may be mistyped."),
        mark("Please choose your office from the list."),
    ),
    Code.UNKNOWN_SERVICE: (
        mark("This office does not offer this service"),
        mark("The service may have another name or belong to another office."),
        mark("Please choose from the list of services."),
    ),
    Code.UNKNOWN_BOOKING: (
        mark("We found no appointment for this"),
        mark("The code may be mistyped, or the appointment is over and was deleted."),
        mark("Please check the code in your confirmation or ask the staff."),
    ),
    Code.UNKNOWN_TICKET: (
        mark("We found no ticket for this"),
        mark("Tickets are valid only on the day they are given out."),
        mark("Please get a new number at the entrance or ask the staff."),
    ),
    Code.UNKNOWN_COUNTER: (
        mark("There is no such counter"),
        mark("The office has no counter under this name."),
        mark("Please choose a counter from the list."),
    ),
    Code.UNKNOWN_LAYER: (
        mark("This change does not exist any more"),
        mark("Somebody may have taken it back, or it was never made in this office."),
        mark("Please look at the list of changes again."),
    ),
    Code.UNKNOWN_VISIT: (
        mark("This visit does not exist"),
        mark("It may belong to another office or another day."),
        mark("Please load the page again."),
    ),
    Code.UNKNOWN_DISPLAY: (
        mark("This screen is not registered"),
        mark("Its key is unknown or was withdrawn."),
        mark("Please register the device again."),
    ),
    Code.UNKNOWN_CODE: (
        mark("We do not know this code"),
        mark("It may be mistyped or belong to another office."),
        mark("Please try again or ask the staff."),
    ),
    Code.INVALID: (
        mark("Something in your answers cannot be right"),
        mark("An answer is too long or has the wrong form."),
        mark("Please check the marked answers and send them again."),
    ),
    Code.FIELD_REQUIRED: (
        mark("An answer is missing"),
        mark("We need it for this service."),
        mark("Please fill in the marked answers and send them again."),
    ),
    Code.NOT_A_START: (
        mark("No appointment begins at this time"),
        mark("Appointments begin only at the times shown."),
        mark("Please choose one of the times in the list."),
    ),
    Code.NOT_SIGNED_IN: (
        mark("Please sign in"),
        mark("Your session has ended or was never begun."),
        mark("Sign in again; then repeat the step."),
    ),
    Code.NOT_ALLOWED: (
        mark("You may not do this"),
        mark("Your role does not include this step."),
        mark("Please ask a colleague who may."),
    ),
    Code.WRONG_LOGIN: (
        mark("Name or password is wrong"),
        mark("Both must be typed exactly, also capital and small letters."),
        mark("Please try again or ask your manager for a new password."),
    ),
    **REQUESTS,
    **OF_THE_HALL,
    **OF_SURGE,
    **CONFIRMATIONS,
}


def sentence(refusal: Refusal, language: str) -> Sentence:
    """Title, reason and next step of `refusal` in `language`."""
    t = catalogue(language)
    title, detail, next_step = SENTENCES[refusal.code]
    return Sentence(t(title), _detail(t, refusal, detail), _wait(t, refusal) or t(next_step))


def _wait(t: Catalogue, refusal: Refusal) -> str:
    """How long to wait where that is more than a minute."""
    seconds = refusal.data.get("retry_after_seconds")
    if refusal.code is not Code.TOO_MANY or not isinstance(seconds, int) or seconds <= 60:
        return ""
    return t.plural(
        "Please wait {n} minute and go on; nothing is lost.",
        "Please wait {n} minutes and go on; nothing is lost.",
        -(-seconds // 60),
    )


def _detail(t: Catalogue, refusal: Refusal, general: str) -> str:
    labels = [t(FIELDS[name]) for name in _fields(refusal) if name in FIELDS]
    if labels and refusal.code in (Code.INVALID, Code.FIELD_REQUIRED):
        said = t("Please look at: {fields}.", fields=", ".join(labels))
        return f"{said} {_known(t, refusal)}".rstrip()
    said = detail_of_request(t, refusal) or stopped(t, refusal)
    if said:
        return said
    start, opens = _instant(refusal, "start"), _instant(refusal, "check_in_from")
    if refusal.code is Code.OTHER_DAY and start:
        day = day_long(start.date(), t.language)
        return t("It is on {day} at {time}.", day=day, time=clock(start))
    given = _instant(refusal, "numbers_from")
    if refusal.code is Code.CLOSED and given:
        day = day_long(given.date(), t.language)
        return t("Numbers are given from {day}, {time} on.", day=day, time=clock(given))
    noted = _instant(refusal, "noted_from")
    if refusal.code is Code.NOT_MISSED_YET and noted:
        day = day_long(noted.date(), t.language)
        return t(
            "It can be noted from {day}, {time} on; until then late people keep their turn.",
            day=day,
            time=clock(noted),
        )
    if refusal.code is Code.TOO_EARLY and opens:
        return t("You can check in from {time} on.", time=clock(opens))
    named = refusal.data.get("office_name")
    if refusal.code is Code.OTHER_OFFICE and isinstance(named, dict) and "de" in named:
        return t("It is here: {office}.", office=pick(named, t.language)[0])
    return t(general)


def _known(t: Catalogue, refusal: Refusal) -> str:
    """The languages somebody may choose from, in their own names, where that is the question."""
    tags = refusal.data.get("languages")
    if not isinstance(tags, list | tuple):
        return ""
    names = ", ".join(own_name(str(tag)) for tag in tags)
    return t("You can choose: {languages}.", languages=names)


def _fields(refusal: Refusal) -> list[str]:
    """The fields at fault, also of the parts and the person a request may hold."""
    several, errors = refusal.data.get("fields"), refusal.data.get("errors")
    named = several if isinstance(several, list | tuple) else [refusal.data.get("field")]
    if isinstance(errors, list | tuple):
        named = [*named, *(each.get("field") for each in errors if isinstance(each, dict))]
    return list(dict.fromkeys(_WITHIN.sub("", str(name)) for name in named if name))


def _instant(refusal: Refusal, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(str(refusal.data.get(name)))
    except ValueError:
        return None
