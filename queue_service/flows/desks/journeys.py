"""Journeys: away and back, to another counter or step, more services, marks, states of desks.

`seen_at` is everywhere the public counter whose desk shows the visit, as `at_desk.on_visit`.
"""

from queue_service.floor import desks, journey, steps
from queue_service.flows.desks.at_desk import (
    Stands,
    at_counter,
    desk_after,
    from_desk,
    on_visit,
    stands,
)
from queue_service.flows.desks.desk_shown import DeskShown, at
from queue_service.flows.spoken import unspoken
from queue_service.house import House
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId, CounterKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import Aid, NeedClass, Step

__all__ = [
    "add_service",
    "desk_state",
    "forward",
    "mark",
    "park",
    "resume",
]


async def park(
    house: House,
    visit: str,
    reason: str,
    by: ActorId,
    key: str | None = None,
    *,
    seen_at: str = "",
) -> DeskShown | Refusal:
    """Send somebody at a counter to fetch something."""
    return await from_desk(
        house,
        visit,
        by,
        key,
        lambda world, _, v: journey.park(world, v.id, reason),
        "park",
        reason,
        seen_at=seen_at,
    )


async def resume(
    house: House, visit: str, by: ActorId, key: str | None = None, *, seen_at: str = ""
) -> DeskShown | Refusal:
    """Back from being parked, to where they stood."""
    return await from_desk(
        house,
        visit,
        by,
        key,
        lambda world, _, v: journey.resume(world, v.id),
        "resume",
        desks=True,
        seen_at=seen_at,
    )


async def forward(
    house: House,
    visit: str,
    by: ActorId,
    *,
    to: CounterKey | None = None,
    step: Step | None = None,
    sentence: str = "",
    key: str | None = None,
    seen_at: str = "",
) -> DeskShown | Refusal:
    """Hand somebody over under the same number, with a sentence for whoever is next."""
    found = await on_visit(
        house,
        visit,
        by,
        key,
        lambda world, office, v: journey.forward(world, v.id, office.office, to=to, step=step),
        "forward",
        to,
        step,
        desks=True,
        sentence=sentence,
        seen_at=seen_at,
    )
    return desk_after(found)


async def add_service(
    house: House,
    visit: str,
    service: str,
    by: ActorId,
    *,
    persons: int = 1,
    key: str | None = None,
    seen_at: str = "",
) -> DeskShown | Refusal:
    """One more service in the same visit, or more persons for one it has."""
    slug, _, _ = visit.partition(".")
    office = house.follower.office(slug)
    offered = office.office.service(service) if office else None
    if offered is None:
        return Refusal(Code.UNKNOWN_SERVICE, {"service": service[:40]})
    return await from_desk(
        house,
        visit,
        by,
        key,
        lambda world, office, v: journey.add_service(world, v.id, office.office, offered, persons),
        "add",
        service,
        persons,
        seen_at=seen_at,
    )


async def mark(
    house: House,
    visit: str,
    by: ActorId,
    *,
    aids: tuple[Aid, ...] | None = None,
    need: NeedClass | None = None,
    urgency: Need | None = None,
    language: str | None = None,
    key: str | None = None,
    seen_at: str = "",
) -> Stands | Refusal:
    """Note what a guide or clerk sees: aids, class of need, language; None leaves as it is."""
    slug, _, _ = visit.partition(".")
    office = house.follower.office(slug)
    strange = unspoken(office, language) if office and language is not None else None
    if strange is not None:
        return strange
    found = await on_visit(
        house,
        visit,
        by,
        key,
        lambda world, _, v: journey.mark(
            world, v.id, aids=aids, need=need, urgency=urgency, language=language
        ),
        "mark",
        aids,
        need,
        urgency,
        language,
        seen_at=seen_at,
    )
    return stands(found)


async def desk_state(
    house: House, public: str, state: DeskState, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """A counter opens, pauses, works behind the scenes or closes."""
    return await at_counter(
        house,
        at(house, public),
        by,
        key,
        lambda world, office, counter: desks.change(
            world, counter, state, by, steps.case_workers(office.office)
        ),
        "state",
        state,
    )
