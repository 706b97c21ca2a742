"""Emergencies on their way to a case worker: who waits to be accepted, and for how long."""

from datetime import datetime, timedelta

import msgspec

from queue_service.floor import handing, steps
from queue_service.floor.line import overdue
from queue_service.flows.desks import notes
from queue_service.flows.desks.at_desk import Stands, on_visit, stands
from queue_service.flows.desks.desk_shown import DeskShown, at, shown
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId, address, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import ANYBODY, Aid, Step
from queue_service.rights import MAY, Act
from queue_service.store.colleagues import with_role
from queue_service.store.database import transaction
from queue_service.views.desks import state


class HandShown(msgspec.Struct, frozen=True):
    """An emergency that waits for a case worker."""

    visit: str
    number: str
    service: str
    language: str
    aids: tuple[Aid, ...]
    at: datetime
    """Handed over at."""
    until: datetime
    """To be accepted by then."""
    waited_seconds: int
    overdue: bool
    """Nobody accepted in time, or nobody is there to: every counter that can calls it now."""
    unattended: bool
    """No case worker is at a counter who could accept."""
    to_you: bool
    named: bool
    """Handed over to one case worker by name."""
    passed: bool
    """You passed it on."""
    sentence: str = ""


class OnDuty(msgspec.Struct, frozen=True):
    """A case worker at an open counter, to whom an emergency may be handed by name."""

    actor: ActorId
    counter: str
    counter_name: str
    free: bool


class HandsShown(msgspec.Struct, frozen=True):
    """Everybody who waits to be accepted, the longest first, and who is there to accept."""

    office: str
    seq: int
    now: datetime
    hands: tuple[HandShown, ...]
    on_duty: tuple[OnDuty, ...]


async def hand_over(
    house: House,
    visit: str,
    by: ActorId,
    *,
    to: ActorId = ANYBODY,
    sentence: str = "",
    key: str | None = None,
    seen_at: str = "",
) -> Stands | Refusal:
    """Hand an emergency over to a named or any free case worker, with a sentence.

    `seen_at` is the counter whose desk shows the visit, as `at_desk.on_visit`; empty elsewhere.
    """
    if to != ANYBODY and not await _may_accept(house, visit, to):
        return Refusal(Code.INVALID, {"field": "to", "reason": "no case worker of this office"})
    found = await on_visit(
        house,
        visit,
        by,
        key,
        lambda world, office, v: handing.hand_over(
            world, v.id, to, steps.case_workers(office.office)
        ),
        "hand_over",
        to,
        desks=True,
        sentence=sentence,
        seen_at=seen_at,
    )
    return stands(found)


async def _may_accept(house: House, visit: str, to: ActorId) -> bool:
    """Whether `to` is somebody whom an emergency can be handed to by name."""
    office = house.follower.office(split_address(visit)[0])
    if office is None:
        return True  # the visit is unknown, too: that is the better answer
    async with transaction(house.pool, office.key.authority) as connection:
        for role in sorted(MAY[Act.ACCEPT_HAND]):
            known = await with_role(connection, office.key.office, role.value)
            if any(actor == to for actor, _ in known):
                return True
    return False


async def accept(
    house: House, visit: str, counter: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Take an emergency: it is called to one's counter."""
    place = at(house, counter)
    if isinstance(place, Refusal):
        return place
    if counter.partition(".")[0] != visit.partition(".")[0]:
        return Refusal(Code.UNKNOWN_VISIT)
    at_home = place[1]
    found = await on_visit(
        house,
        visit,
        by,
        key,
        lambda world, office, v: handing.accept(world, v.id, at_home.key, office.office.line, by),
        "accept",
        at_home.key,
        line=True,
        desks=True,
    )
    return found if isinstance(found, Refusal) else shown(*place)


async def pass_on(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> Stands | Refusal:
    """Leave an emergency to the other case workers."""
    found = await on_visit(
        house,
        visit,
        by,
        key,
        lambda world, office, v: handing.pass_on(
            world, v.id, by, steps.case_workers(office.office)
        ),
        "pass",
        desks=True,
    )
    return stands(found)


async def hands(house: House, slug: str, by: ActorId) -> HandsShown | Refusal:
    """Who waits to be accepted, as `by` sees it."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug[:80]})
    waiting = office.line.handed()
    said = await notes.of_visits(house, office, tuple(v.id for v in waiting))
    sentences = {visit: left[0].text for visit, left in said.items()}
    now, zone, rules = office.now(), office.office.tz, office.office.line
    shown_hands = tuple(
        HandShown(
            address(slug, v.id),
            v.number,
            v.parts[0].service,
            v.language,
            v.aids,
            v.hand.at.astimezone(zone),
            (v.hand.at + timedelta(minutes=rules.hand_minutes)).astimezone(zone),
            max(0, int((now - v.hand.at).total_seconds())),
            overdue(v.hand, now, rules),
            v.hand.unattended,
            v.hand.to == by,
            v.hand.to != ANYBODY,
            by in v.hand.passed,
            sentences.get(v.id, ""),
        )
        for v in waiting
        if v.hand is not None
    )
    return HandsShown(slug, office.seq, now, shown_hands, _on_duty(office))


def _on_duty(office: Followed) -> tuple[OnDuty, ...]:
    return tuple(
        OnDuty(
            desk.by,
            address(office.key.slug, counter.key),
            counter.name["de"],
            office.line.at(counter.key) is None,
        )
        for counter in office.office.counters
        if Step.CASE_WORKER in counter.steps
        and state(office.desks, counter.key) is DeskState.OPEN
        and (desk := office.desks.get(counter.key)) is not None
        and desk.by > 0
    )
