"""What concerns a clerk besides the line: where somebody can go on, emergencies to accept, desks.

Reads the views only; who may take what is decided in `floor` and `flows.hands`.
"""

from collections.abc import Sequence

from queue_service.floor import steps
from queue_service.floor.desks import STAYS
from queue_service.followed import Followed
from queue_service.language import catalogue, clock, pick
from queue_service.language.floor_words import aid, desk_state, step
from queue_service.language.paper import part_words, spoken_in
from queue_service.language.relief_words import notices
from queue_service.model.desk import DeskState
from queue_service.model.ids import CounterKey, address
from queue_service.model.office import Counter
from queue_service.model.visit import ANYBODY, Step, Visit, VisitState
from queue_service.rights import Actor, Role
from queue_service.views.desks import state
from queue_service.web.pages.desk.words import Around, HandNow, OtherDesk, Target


def around(
    office: Followed, counter: Counter, actor: Actor, language: str, notes: dict[str, str]
) -> Around:
    """Everything around the desk of `actor`; `notes` are sentences by public visit."""
    current = office.line.at(counter.key)
    return Around(
        targets=targets(office, counter, current, language) if current else (),
        hands=tuple(_hand(office, v, language, notes) for v in hands_for(office, actor)),
        rate=office.clock.rate,
        others=_others(office, counter, actor, language),
        shared=_shared(office, counter, actor, language),
        notices=notices(office.office, office.now(), language),
    )


def hands_for(office: Followed, actor: Actor) -> Sequence[Visit]:
    """Emergencies that `actor` is asked to accept, the longest waiting first."""
    if Role.CASE_WORKER not in actor.roles:
        return ()
    return [
        visit
        for visit in office.line.handed()
        if visit.hand is not None
        and visit.hand.to in (ANYBODY, actor.id)
        and actor.id not in visit.hand.passed
    ]


def targets(office: Followed, counter: Counter, visit: Visit, language: str) -> tuple[Target, ...]:
    """Steps that another counter does, then the counters that go on with what is open."""
    others = [each for each in office.office.counters if each.key != counter.key]
    waits = [stop.service for stop in steps.open_stops(visit)]
    ways = {each for other in others if _knows(other, waits[:1]) for each in other.steps}
    able = [c for c in others if _knows(c, waits) and state(office.desks, c.key) in STAYS]
    return (
        *(
            Target(f"step:{each.value}", step(each.value, language))
            for each in Step
            if each in ways - {Step.COUNTER}
        ),
        *(
            Target(f"counter:{c.key}", pick(c.name, language)[0], _hint(office, c, language))
            for c in able
        ),
    )


def _knows(counter: Counter, services: Sequence[str]) -> bool:
    return any(each in counter.skills or each in counter.fallback for each in services)


def _hint(office: Followed, counter: Counter, language: str) -> str:
    now = state(office.desks, counter.key)
    return "" if now is DeskState.OPEN else desk_state(now.value, language)


def _hand(office: Followed, visit: Visit, language: str, notes: dict[str, str]) -> HandNow:
    public = address(office.key.slug, visit.id)
    t = catalogue(language)
    at = visit.hand.at if visit.hand else visit.arrived
    facts = [
        *(part_words(part, office.office, language) for part in visit.parts),
        spoken_in(visit.language, language),
        *(aid(each.value, language) for each in visit.aids),
    ]
    if visit.hand is not None and visit.hand.to != ANYBODY:
        facts.insert(0, t("for you by name"))
    seconds = max(0.0, (office.now() - at).total_seconds())
    return HandNow(public, visit.number, " · ".join(facts), notes.get(public, ""), round(seconds))


def _others(
    office: Followed, counter: Counter, actor: Actor, language: str
) -> tuple[OtherDesk, ...]:
    """Counters that `actor` left without closing them."""
    t = catalogue(language)
    found = []
    for desk in office.desks.values():
        place = office.office.counter(desk.counter)
        if place is None or desk.counter == counter.key or desk.by != actor.id:
            continue
        if desk.state is DeskState.CLOSED or _busy(office, desk.counter):
            continue
        text = t("{counter} is still open in your name.", counter=pick(place.name, language)[0])
        found.append(OtherDesk(desk.counter, text))
    return tuple(found)


def _shared(office: Followed, counter: Counter, actor: Actor, language: str) -> str:
    """Told at a counter that another one of the same login closed, or keeps from opening.

    A login has one open counter. Somebody who moved knows that; two people who work under one login
    would close each other's counter and never learn why.
    """
    own = office.desks.get(counter.key)
    if own is not None and own.state is DeskState.OPEN:
        return ""
    open_now = (d for d in office.desks.values() if d.state is DeskState.OPEN and d.since)
    other = next((d for d in open_now if d.by == actor.id and d.counter != counter.key), None)
    place = office.office.counter(other.counter) if other else None
    if other is None or place is None:
        return ""
    t, zone = catalogue(language), office.office.tz
    said = {"counter": pick(place.name, language)[0], "login": actor.name}
    if own is not None and own.by == actor.id and own.since and own.since == other.since:
        # One entry closed this one and opened that one.
        said["time"] = clock(own.since.astimezone(zone))
        why = t("Closed at {time}: {counter} was opened under the login {login}.", **said)
    elif _busy(office, other.counter):
        why = t("{counter} is open under the login {login}, and somebody is there.", **said)
    else:
        return ""
    advice = t("One login has one open counter. If a colleague works there, sign in with your own.")
    return f"{why} {advice}"


def _busy(office: Followed, counter: CounterKey) -> bool:
    here = office.line.at(counter)
    return here is not None and here.state in (VisitState.CALLED, VisitState.SERVING)
