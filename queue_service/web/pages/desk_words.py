"""A desk in words: everything a call desk shows, as sentences of one language.

Page, stream and answers give the same words, so the script only puts text in its place. What may
be said is decided in `flows.serving`; nothing of it is remembered here.
"""

from datetime import datetime

import msgspec
from babel import Locale

from queue_service.events.floor import WhyNext
from queue_service.flows.serving import DeskShown, VisitShown
from queue_service.language import Catalogue, catalogue, clock, pick, why_next
from queue_service.model.office import Office, OfficeClock, Service
from queue_service.model.visit import NeedClass


class VisitNow(msgspec.Struct, frozen=True):
    """A visit in the clerk's words."""

    visit: str
    number: str
    service: str
    facts: str
    """Appointment or not, lateness, persons, language: one line."""
    wait: str
    urgent: bool
    why: str = ""


class UndoNow(msgspec.Struct, frozen=True):
    """What can be taken back, and for how many real seconds."""

    visit: str
    text: str
    seconds: float


class DeskNow(msgspec.Struct, frozen=True):
    """Everything on the desk's screen."""

    seq: int
    clock: str
    line: str
    current: VisitNow | None
    next: VisitNow | None
    undo: UndoNow | None
    waiting: tuple[VisitNow, ...]
    more: str
    """How many wait beyond the list; empty when all are in it."""


def in_words(desk: DeskShown, office: Office, office_clock: OfficeClock, language: str) -> DeskNow:
    """`desk` in `language`."""
    t = catalogue(language)
    waiting = tuple(_visit(visit, office, language, desk.now) for visit in desk.waiting)
    beyond = desk.waiting_count - len(waiting)
    return DeskNow(
        seq=desk.seq,
        clock=clock(desk.now.astimezone(office.tz)),
        line=_line(t, desk),
        current=_visit(desk.current, office, language, desk.now) if desk.current else None,
        next=waiting[0] if waiting else None,
        undo=_undo(t, desk, office_clock),
        waiting=waiting,
        more=t.plural("and {n} more", "and {n} more", beyond) if beyond > 0 else "",
    )


def _line(t: Catalogue, desk: DeskShown) -> str:
    text = t.plural("{n} waiting", "{n} waiting", desk.waiting_count)
    if desk.emergencies:
        text += " · " + t.plural("{n} emergency", "{n} emergencies", desk.emergencies)
    return text


def _undo(t: Catalogue, desk: DeskShown, office_clock: OfficeClock) -> UndoNow | None:
    if desk.undo is None:
        return None
    done = {
        "called": t("called {number}", number=desk.undo.number),
        "recalled": t("called {number} again", number=desk.undo.number),
        "missed": t("{number} marked as absent", number=desk.undo.number),
        "finished": t("{number} finished", number=desk.undo.number),
    }
    left = (desk.undo.until - desk.now).total_seconds() / max(office_clock.rate, 1.0)
    text = done.get(desk.undo.act, desk.undo.number)
    return UndoNow(desk.undo.visit, text, max(0.0, round(left, 1)))


def _visit(visit: VisitShown, office: Office, language: str, now: datetime) -> VisitNow:
    t = catalogue(language)
    service = office.service(visit.service)
    why = WhyNext(visit.why, visit.waited_minutes, visit.target_minutes, visit.ahead_passed)
    return VisitNow(
        visit=visit.visit,
        number=visit.number,
        service=pick(service.name, language)[0] if service else visit.service,
        facts=" · ".join(_facts(t, visit, service, language, now)),
        wait=t("{n} min", n=visit.waited_minutes),
        urgent=visit.need == NeedClass.EMERGENCY,
        why=why_next(why, language) if visit.why else "",
    )


def _facts(
    t: Catalogue, visit: VisitShown, service: Service | None, language: str, now: datetime
) -> list[str]:
    facts = []
    if visit.need == NeedClass.EMERGENCY:
        facts.append(t("emergency"))
    if visit.has_appointment:
        facts.append(t("appointment {time}", time=clock(visit.due)))
        late = int((visit.arrived - visit.due).total_seconds() // 60)
        if late > 0:
            facts.append(t.plural("{n} minute late", "{n} minutes late", late))
    else:
        facts.append(t("without appointment, here since {time}", time=clock(visit.arrived)))
    if visit.persons > 1:
        facts.append(t.plural("{n} person", "{n} persons", visit.persons))
    facts.append(_spoken(visit.language, language))
    facts += [
        pick(flag.text, language)[0]
        for flag in (service.flags if service else ())
        if flag.key in visit.flags
    ]
    if visit.calls > 1:
        facts.append(t("call {n}", n=visit.calls))
    return facts


def _spoken(language: str, shown_in: str) -> str:
    """Name of the visitor's language in the clerk's."""
    name = Locale.parse(language.replace("-", "_")).get_display_name(shown_in)
    return name or language
