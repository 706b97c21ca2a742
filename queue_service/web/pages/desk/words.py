"""A desk in words: everything a call desk shows, as sentences of one language.

Page, stream and answers give the same words, so the script only puts text in its place. What may
be said is decided in `flows.serving`; nothing of it is remembered here.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from queue_service.events.floor import WhyNext
from queue_service.floor import steps
from queue_service.flows.desks.desk_shown import DeskShown, VisitShown
from queue_service.followed import Followed
from queue_service.language import Catalogue, catalogue, clock, direction, why_next
from queue_service.language.floor_words import aid, desk_state, parked, step, urgency
from queue_service.language.paper import part_words, row_notes, spoken_in
from queue_service.model.desk import DeskState
from queue_service.model.ids import VisitId, split_address
from queue_service.model.office import Office
from queue_service.model.visit import NeedClass, Step, Visit, VisitState
from queue_service.web.pages.desk.marks import Marks, marks


class VisitNow(msgspec.Struct, frozen=True):
    """A visit in the clerk's words."""

    visit: str
    number: str
    service: str
    facts: str
    """Appointment or not, lateness, persons, language, aids: one line."""
    wait: str
    urgent: bool
    why: str = ""
    ready: str = ""
    """What to fetch before the call, and what is missing; empty: nothing."""
    journey: str = ""
    """The stops, where there is more than one."""
    notes: tuple[str, ...] = ()
    """Sentences that colleagues handed on."""


class UndoNow(msgspec.Struct, frozen=True):
    """What can be taken back, and for how many real seconds."""

    visit: str
    text: str
    seconds: float
    until: str
    """In the office's time; tells this undo from one of another act."""


class ParkedNow(msgspec.Struct, frozen=True):
    """Somebody who is away for a moment and keeps their place."""

    visit: str
    number: str
    facts: str


class Target(msgspec.Struct, frozen=True):
    """Where a visit can go on: the value of the button and its words."""

    value: str
    label: str
    hint: str = ""


class HandNow(msgspec.Struct, frozen=True):
    """An emergency that waits for a case worker to accept it."""

    visit: str
    number: str
    facts: str
    sentence: str
    seconds: float
    """How long it waits, in the office's time."""


class OtherDesk(msgspec.Struct, frozen=True):
    """A counter that is still open in the name of whoever looks."""

    counter: str
    text: str


class Around(msgspec.Struct, frozen=True):
    """What concerns the clerk besides the line: `web.pages.desk.around`."""

    targets: tuple[Target, ...] = ()
    hands: tuple[HandNow, ...] = ()
    rate: float = 1.0
    """How many office seconds a real one has."""
    others: tuple[OtherDesk, ...] = ()
    shared: str = ""
    """Why a counter of the same login keeps this one from being open; empty while none does."""
    notices: tuple[str, ...] = ()
    """What surge rules ask of everybody in the hall."""


class DeskNow(msgspec.Struct, frozen=True):
    """Everything on the desk's screen."""

    seq: int
    clock: str
    line: str
    phase: str
    """free · called · serving · off: the counter is not open."""
    state: str
    """Of the counter, as code."""
    since: str
    current: VisitNow | None
    next: VisitNow | None
    undo: UndoNow | None
    waiting: tuple[VisitNow, ...]
    more: str
    """How many wait beyond the list; empty when all are in it."""
    parked: tuple[ParkedNow, ...]
    around: Around
    marks: Marks | None = None
    """What can be noted about whoever is here."""
    own: str = ""
    """One's own numbers, shown to nobody else."""


def in_words(
    desk: DeskShown,
    office: Followed,
    language: str,
    *,
    around: Around,
    notes: tuple[str, ...] = (),
    own: str = "",
) -> DeskNow:
    """`desk` in `language`; `notes` belong to whoever is at the counter."""
    t = catalogue(language)
    waiting = tuple(_visit(visit, office, language) for visit in desk.waiting)
    beyond = desk.waiting_count - len(waiting)
    current = _visit(desk.current, office, language) if desk.current else None
    here = visit_of(office, desk.current.visit) if desk.current else None
    return DeskNow(
        seq=desk.seq,
        clock=clock(desk.now.astimezone(office.office.tz)),
        line=_line(t, desk),
        phase=_phase(desk),
        state=desk.state.value,
        since=t("since {time}", time=clock(desk.since)) if desk.since else "",
        current=msgspec.structs.replace(current, notes=notes) if current else None,
        next=waiting[0] if waiting else None,
        undo=_undo(t, desk, office, language),
        waiting=waiting,
        more=t.plural("and {n} more", "and {n} more", beyond) if beyond > 0 else "",
        parked=tuple(_parked(visit, office, desk.now, language) for visit in desk.parked),
        around=around,
        marks=marks(here, office.office, language) if here else None,
        own=own,
    )


def _phase(desk: DeskShown) -> str:
    if desk.current is not None:
        return "serving" if desk.current.state is VisitState.SERVING else "called"
    return "free" if desk.state is DeskState.OPEN else "off"


def visit_of(office: Followed, public: str) -> Visit | None:
    """The visit behind a public id, as the view has it."""
    try:
        return office.line.visit(VisitId(UUID(split_address(public)[1])))
    except ValueError:
        return None


def _line(t: Catalogue, desk: DeskShown) -> str:
    text = t.plural("{n} waiting", "{n} waiting", desk.waiting_count)
    if desk.emergencies:
        text += " · " + t.plural("{n} emergency", "{n} emergencies", desk.emergencies)
    return text


def _undo(t: Catalogue, desk: DeskShown, office: Followed, language: str) -> UndoNow | None:
    if desk.undo is None:
        return None
    number, state = desk.undo.number, desk_state(desk.state.value, language)
    done = {
        "called": t("called {number}", number=number),
        "recalled": t("called {number} again", number=number),
        "missed": t("{number} marked as absent", number=number),
        "finished": t("{number} finished", number=number),
        "started": t("{number} has come", number=number),
        "parked": t("{number} parked", number=number),
        "resumed": t("{number} is back", number=number),
        "forwarded": t("{number} sent on", number=number),
        "service_added": t("service added to {number}", number=number),
        "handed_over": t("{number} handed over", number=number),
        "hand_accepted": t("{number} accepted", number=number),
        "hand_passed": t("{number} passed on", number=number),
        "marked": t("{number} marked", number=number),
        "desk_changed": t("this counter: {state}", state=state),
    }
    left = (desk.undo.until - desk.now).total_seconds() / max(office.clock.rate, 1.0)
    text = done.get(desk.undo.act, number)
    until = desk.undo.until.isoformat()
    return UndoNow(desk.undo.visit, text, max(0.0, round(left, 1)), until)


def _visit(shown: VisitShown, office: Followed, language: str) -> VisitNow:
    t, rules = catalogue(language), office.office
    visit = visit_of(office, shown.visit)
    why = WhyNext(shown.why, shown.waited_minutes, shown.target_minutes, shown.ahead_passed)
    return VisitNow(
        visit=shown.visit,
        number=shown.number,
        service=_services(visit, rules, language) if visit else shown.service,
        facts=" · ".join(_facts(t, shown, language)),
        wait=t("{n} min", n=shown.waited_minutes),
        urgent=shown.need == NeedClass.EMERGENCY,
        why=why_next(why, language) if shown.why else "",
        ready=" · ".join(_ready(shown, visit, rules, language)) if visit else "",
        journey=_journey(visit, rules, language) if visit else "",
    )


def _ready(shown: VisitShown, visit: Visit, office: Office, language: str) -> list[str]:
    """What to have ready; a station needs neither card nor file."""
    station = bool(shown.here) and all(stop.step in steps.STATIONS for stop in shown.here)
    return row_notes(visit.parts, visit.flags, office, language, fetch=not station)


def _services(visit: Visit, office: Office, language: str) -> str:
    return "; ".join(part_words(part, office, language, persons=False) for part in visit.parts)


def _journey(visit: Visit, office: Office, language: str) -> str:
    """The stops in order, done ones ticked; empty where one counter serves everything."""
    stops = steps.written_out(visit)
    if len(stops) < 2:
        return ""
    several = len(visit.parts) > 1
    words = []
    for stop in stops:
        name = step(stop.step.value, language)
        if several and stop.step in (Step.COUNTER, Step.CASE_WORKER):
            service = next(p for p in visit.parts if p.service == stop.service)
            name = f"{name}: {part_words(service, office, language, persons=False)}"
        words.append(f"✓ {name}" if stop.done else name)
    return (" ← " if direction(language) == "rtl" else " → ").join(words)


def _facts(t: Catalogue, shown: VisitShown, language: str) -> list[str]:
    facts = []
    if shown.need == NeedClass.EMERGENCY:
        facts.append(t("emergency"))
        if shown.urgency is not None:
            facts.append(urgency(shown.urgency.value, t.language))
    if shown.has_appointment:
        facts.append(t("appointment {time}", time=clock(shown.due)))
        late = int((shown.arrived - shown.due).total_seconds() // 60)
        if late > 0:
            facts.append(t.plural("{n} minute late", "{n} minutes late", late))
    else:
        facts.append(t("without appointment, here since {time}", time=clock(shown.arrived)))
    if shown.persons > 1:
        facts.append(t.plural("{n} person", "{n} persons", shown.persons))
    facts.append(spoken_in(shown.language, language))
    facts += [aid(each.value, language) for each in shown.aids]
    if shown.calls > 1:
        facts.append(t("call {n}", n=shown.calls))
    return facts


def _parked(shown: VisitShown, office: Followed, now: datetime, language: str) -> ParkedNow:
    visit, t = visit_of(office, shown.visit), catalogue(language)
    minutes = max(0, int((now - shown.arrived) / timedelta(minutes=1)))
    facts = (
        _services(visit, office.office, language) if visit else "",
        parked(shown.parked, language),
        t("here for {n} min", n=minutes),
    )
    return ParkedNow(shown.visit, shown.number, " · ".join(filter(None, facts)))
