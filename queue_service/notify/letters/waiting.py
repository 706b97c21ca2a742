"""Letters of the waiting list in words: joined, offered, not answered in time."""

from datetime import datetime

import msgspec

from queue_service.language import (
    LANGUAGES,
    Catalogue,
    catalogue,
    clock,
    day_long,
    direction,
    pick,
)
from queue_service.model.booking import Part
from queue_service.model.office import Office
from queue_service.notify.letters.body import Body, Link, isolated
from queue_service.notify.letters.facts import greetable, one_line
from queue_service.notify.plan import ListPurpose


class ListFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything such a letter may say, read when it is sent."""

    office: Office
    parts: tuple[Part, ...]
    base_url: str
    name: str
    wish: tuple[str, str]
    """Code and secret of the wish; part of its link."""
    offer: tuple[str, str] = ("", "")
    start: datetime | None = None
    until: datetime | None = None
    later: datetime | None = None
    """The appointment that would be given up for the place offered."""


def list_body(purpose: ListPurpose, facts: ListFacts, language: str) -> Body:
    """What the letter says in `language`; German for a language without a catalogue."""
    language = language if language in LANGUAGES else "de"
    t = catalogue(language)
    name = greetable(facts.name)
    return Body(
        language=language,
        direction=direction(language),
        subject=t("Appointment"),
        greeting=t("Hello {name},", name=isolated(t, name)) if name else t("Hello,"),
        lead=_lead(t, purpose, facts),
        rows=_rows(t, purpose, facts),
        links=_links(t, purpose, facts),
        closing=t("This message was made automatically. Replies to it are not read."),
        privacy=t(
            "Data protection: we use your name and address only for this appointment."
            " Never give the link or the code to others."
        ),
    )


def _lead(t: Catalogue, purpose: ListPurpose, facts: ListFacts) -> str:
    match purpose:
        case ListPurpose.JOINED:
            return t(
                "You are on the waiting list. We write to you as soon as a place that suits you"
                " is free. You then have to answer soon: please look at your messages."
            )
        case ListPurpose.LAPSED:
            return t(
                "You did not answer our offer in time, so the place went to the next person."
                " You need not do anything: you stay on the waiting list."
            )
        case ListPurpose.OFFER:
            lead = t(
                "A place is free for you. It is yours if you say yes until {time}.",
                time=isolated(t, _moment(t, facts, facts.until)),
            )
            if facts.later is None:
                return lead
            kept = t(
                "Your appointment on {time} stays yours until then; if you say yes, it goes to"
                " somebody else.",
                time=isolated(t, _moment(t, facts, facts.later)),
            )
            return f"{lead} {kept}"


def _moment(t: Catalogue, facts: ListFacts, at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(facts.office.tz)
    return f"{day_long(local.date(), t.language)}, {clock(local)}"


def _rows(t: Catalogue, purpose: ListPurpose, facts: ListFacts) -> tuple[tuple[str, str], ...]:
    office, place = facts.office, facts.office.place
    rows = []
    if purpose is not ListPurpose.JOINED and facts.start is not None:
        start = facts.start.astimezone(office.tz)
        rows += [(t("Day"), day_long(start.date(), t.language)), (t("Time"), clock(start))]
    rows += [
        (t("Office"), one_line(pick(office.name, t.language)[0])),
        (t("Address"), one_line(f"{place.street}, {place.postcode} {place.town}")),
        (t("Service"), one_line(_services(t, facts))),
    ]
    return tuple((label, isolated(t, value)) for label, value in rows if value)


def _services(t: Catalogue, facts: ListFacts) -> str:
    named = []
    for part in facts.parts:
        service = facts.office.service(part.service)
        name = pick(service.name, t.language)[0] if service else part.service
        persons = t.plural("{n} person", "{n} persons", part.persons)
        named.append(f"{name} ({persons})" if part.persons > 1 else name)
    return ", ".join(named)


def _links(t: Catalogue, purpose: ListPurpose, facts: ListFacts) -> tuple[Link, ...]:
    base = f"{facts.base_url.rstrip('/')}/{t.language}"
    wish = Link(t("See where you are on the list, or leave it"), f"{base}/w/{'/'.join(facts.wish)}")
    if purpose is ListPurpose.OFFER:
        return (Link(t("Say yes or no to this place"), f"{base}/o/{'/'.join(facts.offer)}"), wish)
    return (wish,)
