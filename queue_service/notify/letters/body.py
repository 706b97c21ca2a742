"""The words of a letter, in order, before they become text or HTML.

Every sentence stands here; templates only lay out.
"""

from datetime import timedelta

import msgspec

from queue_service.events.booking import Why
from queue_service.language import (
    LANGUAGES,
    Catalogue,
    catalogue,
    clock,
    day_long,
    direction,
    pick,
    span,
)
from queue_service.model.ids import ServiceCode
from queue_service.model.reminding import ReminderText
from queue_service.notify.letters.code import signed_link
from queue_service.notify.letters.facts import Facts, greetable, one_line
from queue_service.notify.plan import Purpose
from queue_service.slots.life import fixed_from

_FIRST_STRONG_ISOLATE = "\u2068"
_END_OF_ISOLATE = "\u2069"
_GERMAN = "de"


class Link(msgspec.Struct, frozen=True):
    """Something to do, and where."""

    words: str
    url: str


class Passage(msgspec.Struct, frozen=True):
    """A list under a heading, perhaps in another language than the letter."""

    heading: str
    items: tuple[str, ...]
    language: str
    direction: str


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A letter's words."""

    language: str
    direction: str
    subject: str
    greeting: str
    lead: str
    rows: tuple[tuple[str, str], ...]
    """Label and value: when, where, what for, under which code."""
    links: tuple[Link, ...]
    bring: tuple[Passage, ...] = ()
    arrival: str = ""
    """What to do at the entrance; empty where there is nothing to come to."""
    code: str = ""
    """Shown as a picture; empty for letters without one."""
    closing: str
    privacy: str


def body(purpose: Purpose, facts: Facts, language: str) -> Body:
    """What the letter says in `language`; German for a language without a catalogue."""
    language = language if language in LANGUAGES else _GERMAN
    t = catalogue(language)
    binding = purpose not in (Purpose.CONFIRM_BY_LINK, Purpose.CANCELLATION)
    return Body(
        language=language,
        direction=direction(language),
        subject=t("Appointment"),
        greeting=_greeting(t, facts),
        lead=_lead(t, purpose, facts),
        rows=_rows(t, facts, with_code=binding),
        links=_links(t, purpose, facts),
        bring=_bring(facts, language) if binding else (),
        arrival=_arrival(t, facts) if binding else "",
        code=facts.booking.code or "" if binding else "",
        closing=t("This message was made automatically. Replies to it are not read."),
        privacy=t(
            "Data protection: we use your name and address only for this appointment."
            " Never give the link or the code to others."
        ),
    )


def _greeting(t: Catalogue, facts: Facts) -> str:
    name = greetable(facts.name)
    return t("Hello {name},", name=isolated(t, name)) if name else t("Hello,")


def _lead(t: Catalogue, purpose: Purpose, facts: Facts) -> str:
    match purpose:
        case Purpose.CONFIRMATION:
            return t("Your appointment is confirmed.")
        case Purpose.CHANGE:
            moved = t("Your appointment was moved. Only the time below holds now.")
            return f"{because(t, facts.why)} {moved}".lstrip()
        case Purpose.CANCELLATION:
            cancelled = t("Your appointment was cancelled. You need not come.")
            return f"{because(t, facts.why)} {cancelled}".lstrip()
        case Purpose.MISSING_PAPERS if _fixed(facts):
            return t(
                "A paper is still missing for your appointment, as you told us. Please bring"
                " everything named below."
            )
        case Purpose.MISSING_PAPERS:
            return t(
                "A paper is still missing for your appointment, as you told us. Please bring"
                " everything named below, or cancel so that somebody else can have the place."
            )
        case Purpose.FIRST_REMINDER | Purpose.SECOND_REMINDER | Purpose.THIRD_REMINDER:
            return f"{t('We remind you of your appointment.')} {_reminding(t, facts)}".rstrip()
        case Purpose.CONFIRM_BY_LINK:
            until = facts.booking.until
            if until is None:
                return t("Please confirm your appointment with the link below.")
            return t(
                "Please confirm your appointment with the link below until {time}."
                " Otherwise the place goes to others.",
                time=isolated(t, clock(until.astimezone(facts.office.tz))),
            )


def _reminding(t: Catalogue, facts: Facts) -> str:
    """The words that are tried side by side; each says how to cancel, as long as one can."""
    if _fixed(facts):
        phone = isolated(t, one_line(facts.office.place.phone))
        if not phone:
            return ""
        return t("If you cannot come any more, please call us: {phone}.", phone=phone)
    match facts.text:
        case ReminderText.OTHERS:
            return t(
                "Somebody else may need this place. If you cannot come, please cancel with the"
                " link below: two taps, and they can have it."
            )
        case ReminderText.MINUTES:
            minutes = (facts.booking.leaves - facts.booking.start) // timedelta(minutes=1)
            return t.plural(
                "{n} minute is kept free for you. If you cannot come, please cancel with the link"
                " below: two taps are enough.",
                "{n} minutes are kept free for you. If you cannot come, please cancel with the link"
                " below: two taps are enough.",
                minutes,
            )
        case _:
            return t("If you cannot come, please cancel with the link below: two taps are enough.")


def because(t: Catalogue, why: Why | None) -> str:
    """Why the office changed the appointment; empty where somebody else did."""
    match why:
        case None:
            return ""
        case Why.STAFF_MISSING:
            return t("We are sorry: too few colleagues are here on that day.")
        case Why.CLOSED:
            return t("We are sorry: the office is closed at that time.")
        case Why.TECHNICAL:
            return t("We are sorry: for technical reasons we cannot serve you at that time.")
        case Why.TITLE_EXTENDED:
            return t(
                "Your residence title was extended by law."
                " It remains valid without an appointment; keep this message."
            )


def _rows(t: Catalogue, facts: Facts, *, with_code: bool) -> tuple[tuple[str, str], ...]:
    booking, place, zone = facts.booking, facts.office.place, facts.office.tz
    start, end = booking.start.astimezone(zone), booking.leaves.astimezone(zone)
    name, _ = pick(facts.office.name, t.language)
    way, _ = pick(place.way, t.language)
    rows = [
        (t("Day"), day_long(start.date(), t.language)),
        (t("Time"), span(clock(start), clock(end), t.language)),
        (t("Office"), one_line(name)),
        (t("Address"), one_line(f"{place.street}, {place.postcode} {place.town}")),
        (t("How to get there"), one_line(way)),
        (t("Service"), one_line(_services(t, facts))),
    ]
    if with_code:
        rows += [(t("Code"), booking.code or ""), (t("PIN"), facts.pin)]
    return tuple((label, isolated(t, value)) for label, value in rows if value)


def _services(t: Catalogue, facts: Facts) -> str:
    parts = []
    for part in facts.booking.parts:
        name = _service_name(facts, part.service, t.language)
        persons = t.plural("{n} person", "{n} persons", part.persons)
        parts.append(f"{name} ({persons})" if part.persons > 1 else name)
    return ", ".join(parts)


def _service_name(facts: Facts, code: ServiceCode, language: str) -> str:
    """The service as the office names it; its code once the office no longer has it."""
    service = facts.office.service(code)
    return pick(service.name, language)[0] if service else code


def _links(t: Catalogue, purpose: Purpose, facts: Facts) -> tuple[Link, ...]:
    base = f"{facts.base_url.rstrip('/')}/{t.language}"
    mine = f"{base}/b/{facts.booking.code}/{facts.secret}"
    cancel = Link(t("Cancel the appointment"), f"{mine}/cancel")
    match purpose:
        case Purpose.CANCELLATION:
            return (Link(t("Book a new appointment"), f"{base}/{facts.office.slug}"),)
        case Purpose.CONFIRM_BY_LINK:
            confirm = Link(t("Confirm the appointment"), mine)
            return (confirm,) if _fixed(facts) else (confirm, cancel)
        case _ if _fixed(facts):
            return (Link(t("See my appointment"), mine), *_proof(t, facts))
        case _:
            shown = Link(t("See or move the appointment"), mine)
            return (cancel, shown, *_proof(t, facts))


def _fixed(facts: Facts) -> bool:
    """Whether it is too late for its owner to move or cancel it."""
    return fixed_from(facts.booking.start, facts.office.booking) <= facts.written


def _proof(t: Catalogue, facts: Facts) -> tuple[Link, ...]:
    """For authorities and employers who are shown the letter."""
    if not facts.sealed:
        return ()
    words = t("For others: check that this confirmation is genuine")
    return (Link(words, signed_link(facts.base_url, facts.sealed)),)


def _bring(facts: Facts, language: str) -> tuple[Passage, ...]:
    """What to bring in the letter's language and in German, which the papers are named in."""
    passages: list[Passage] = []
    for each in dict.fromkeys((language, _GERMAN)):
        found = _papers(facts, each)
        if found and all(found != earlier.items for earlier in passages):
            passages.append(Passage(catalogue(each)("Please bring"), found, each, direction(each)))
    return tuple(passages)


def _papers(facts: Facts, language: str) -> tuple[str, ...]:
    services = [s for p in facts.booking.parts if (s := facts.office.service(p.service))]
    flags = [flag for service in services for flag in service.flags if flag.bring]
    papers = [flag.bring for flag in flags if flag.key in facts.booking.flags]
    papers += [paper for service in services for paper in service.bring]
    return tuple(dict.fromkeys(pick(paper, language)[0] for paper in papers))


def _arrival(t: Catalogue, facts: Facts) -> str:
    early = timedelta(minutes=facts.office.booking.early_minutes)
    opens = (facts.booking.start - early).astimezone(facts.office.tz)
    return t(
        "When you arrive, from {time} on, hold your code to the machine at the entrance"
        " or type it in. You get a number there.",
        time=isolated(t, clock(opens)),
    )


def isolated(t: Catalogue, value: str) -> str:
    """`value` with its own direction inside right-to-left text.

    Only there: some mail programs show the invisible signs as boxes.
    """
    if t.direction != "rtl" or not value or value.startswith("\u2066"):
        return value
    return f"{_FIRST_STRONG_ISOLATE}{value}{_END_OF_ISOLATE}"
