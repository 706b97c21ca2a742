"""A ticket in sentences: place, wait, how long one may leave, what is next, and why one waits.

Page and script show the same. Counts only, never another visitor's number; a range, never a minute
that would be taken for a promise.
"""

import msgspec

from queue_service.flows.entrance.tickets import Reasons, TicketShown
from queue_service.followed import Followed
from queue_service.language import (
    about_minutes,
    catalogue,
    clock,
    mark,
    pick,
    sentence,
    visit_state,
)
from queue_service.language.floor_words import step
from queue_service.language.refusals import Sentence
from queue_service.model.expecting import Longer
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, VisitState

LONGER: dict[Longer, str] = {
    Longer.EMERGENCY: mark("It takes longer: somebody with an emergency came in."),
    Longer.FEWER_COUNTERS: mark("It takes longer: a counter has closed or takes a break."),
    Longer.SERVED_LONGER: mark("It takes longer: a visit before you lasts longer than usual."),
    Longer.MORE_FIRST: mark("It takes longer: people with an appointment have arrived."),
    Longer.CAME_BACK: mark(
        "It takes longer: somebody who was sent to fetch something has come back."
    ),
    Longer.WORKED_OUT: mark("We have now worked your wait out more exactly."),
}
PARKED: dict[str, str] = {
    "papers": mark("Please fetch the papers you were asked for, then come back to the counter."),
    "photo": mark("Please have your photo taken, then come back to the counter."),
    "payment": mark("Please pay, then come back to the counter."),
}
_NEED_A_PERSON = mark("Please ask the staff at the entrance.")
_NOT_CALLED = mark("The day ended before you were called. We are sorry.")
_COME_AGAIN = mark("This number is no longer valid. Please book an appointment or come again.")
_COME_BACK = mark("Please come back to the counter. You do not have to wait again.")


class TicketNow(msgspec.Struct, frozen=True):
    """The ticket in words, as page and script show it; only this visitor's own."""

    state: str
    number: str
    title: str
    counter: str = ""
    missed: str = ""
    ahead: str = ""
    wait: str = ""
    longer: str = ""
    leave: str = ""
    next: str = ""
    at: str = ""
    why: tuple[str, ...] = ()
    late: bool = False
    """Whether "I am late" can be said now."""


def in_words(
    followed: Followed, shown: TicketShown, why: Reasons | None, language: str, calls: int = 0
) -> TicketNow:
    """Everything the owner of a ticket is told now; `calls` went by without their coming."""
    t = catalogue(language)
    waiting, missed = shown.state is VisitState.WAITING, shown.state is VisitState.MISSED
    return TicketNow(
        state=str(shown.state),
        number=shown.number,
        title=visit_state(shown.state, language) if calls or not missed else t(_NOT_CALLED),
        counter=_counter(followed, shown, language),
        missed=_missed(followed, calls, language) if waiting else "",
        ahead=_ahead(shown, language) if waiting else "",
        wait=_wait(shown, language),
        longer=t(LONGER[shown.longer]) if shown.longer else "",
        leave=_leave(shown, language),
        next=_next(shown, language) if calls or not missed else t(_COME_AGAIN),
        at=t("As of {time}", time=clock(followed.now())),
        why=_why(why, language) if why is not None else (),
        late=shown.may_be_late,
    )


def too_late(refusal: Refusal, language: str) -> Sentence:
    """Why "I am late" was not taken, said to the visitor and not to a clerk."""
    if refusal.code is not Code.NOT_WAITING:
        return sentence(refusal, language)
    t = catalogue(language)
    return Sentence(
        t("Your turn can no longer be put off"),
        t("You have been called, or your visit has begun or ended."),
        t("What is next stands below."),
    )


def _counter(followed: Followed, shown: TicketShown, language: str) -> str:
    if shown.state is not VisitState.CALLED or not shown.counter:
        return ""
    counter = followed.office.counter(shown.counter)
    return pick(counter.name, language)[0] if counter else shown.counter


def _missed(followed: Followed, calls: int, language: str) -> str:
    """That a call went by, and how many are left; the last one is for good."""
    left = followed.office.line.calls_before_missed - calls
    if not calls or left < 1:
        return ""
    return catalogue(language).plural(
        "You were called and nobody came. We call you {n} more time.",
        "You were called and nobody came. We call you {n} more times.",
        left,
    )


def _ahead(shown: TicketShown, language: str) -> str:
    t = catalogue(language)
    if shown.away_until is not None:
        return ""
    if shown.ahead == 0:
        return t("You are next.")
    return t.plural("{n} person before you", "{n} persons before you", shown.ahead)


def _wait(shown: TicketShown, language: str) -> str:
    if shown.wait is None or shown.away_until is not None:
        return ""
    return about_minutes(shown.wait.from_minutes, shown.wait.to_minutes, language)


def _leave(shown: TicketShown, language: str) -> str:
    """Until when one may go out; said with care, since who is away is missed."""
    t = catalogue(language)
    if shown.away_until is not None:
        time = clock(shown.away_until)
        return t("You keep your turn. You will not be called before {time}.", time=time)
    if shown.back_by is not None:
        time = clock(shown.back_by)
        return t("You may leave the waiting room until {time}. Please be back by then.", time=time)
    return t("Please stay close by.") if shown.state is VisitState.WAITING else ""


def _next(shown: TicketShown, language: str) -> str:
    t = catalogue(language)
    if shown.state is VisitState.PARKED:
        return t(PARKED.get(shown.parked, _COME_BACK))
    if shown.state in (VisitState.MISSED, VisitState.WITHDRAWN):
        return t(_NEED_A_PERSON)
    if shown.next_step is None:
        return ""
    place = step(shown.next_step, language)
    if shown.state is VisitState.WAITING:
        return t("You are waiting for: {place}", place=place)
    return t("Next: {place}", place=place)


def _why(why: Reasons, language: str) -> tuple[str, ...]:
    """The rule log: since when, by which rule, who goes first, and who works."""
    t = catalogue(language)
    found = [_since(why, language), _rule(why, language)]
    for text, many in (
        (_emergencies(why.emergencies, language), why.emergencies),
        (_appointments(why.appointments, language), why.appointments),
        (_others(why.others, language), why.others),
    ):
        if many:
            found.append(text)
    if not why.on_duty:
        found.append(t("At the moment no open counter can help with your matter."))
    else:
        found.append(
            t.plural(
                "{n} of {of} open counters can help with your matter.",
                "{n} of {of} open counters can help with your matter.",
                why.on_duty,
                of=why.counters,
            )
        )
    return tuple(found)


def _since(why: Reasons, language: str) -> str:
    t = catalogue(language)
    if why.has_appointment and why.need is NeedClass.BOOKING:
        return t("Your appointment is at {time}; your wait counts from then.", time=clock(why.due))
    return t("You came at {time}; your wait counts from then.", time=clock(why.arrived))


def _rule(why: Reasons, language: str) -> str:
    t = catalogue(language)
    if why.need is NeedClass.EMERGENCY:
        return t("You go before everybody who is no emergency.")
    return t.plural(
        "You should wait {n} minute at most. Whoever has used up most of their time is next.",
        "You should wait {n} minutes at most. Whoever has used up most of their time is next.",
        why.target_minutes,
    )


def _emergencies(many: int, language: str) -> str:
    return catalogue(language).plural(
        "{n} emergency goes before you.", "{n} emergencies go before you.", many
    )


def _appointments(many: int, language: str) -> str:
    return catalogue(language).plural(
        "{n} person with an appointment goes before you.",
        "{n} persons with an appointment go before you.",
        many,
    )


def _others(many: int, language: str) -> str:
    return catalogue(language).plural(
        "{n} person who came earlier goes before you.",
        "{n} persons who came earlier go before you.",
        many,
    )
