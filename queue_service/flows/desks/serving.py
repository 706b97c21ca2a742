"""Serving at a desk: next, call by number, serve now, again, not here, done, undo.

`seen_at` is everywhere the public counter whose desk shows the visit, as `at_desk.on_visit`.
"""

from datetime import datetime, time

from queue_service.events.floor import CallReason
from queue_service.floor import visit as engine
from queue_service.flows.desks import undoing
from queue_service.flows.desks.at_desk import at_counter, from_desk
from queue_service.flows.desks.desk_shown import (
    DeskShown,
    UndoShown,
    VisitShown,
    at,
    desk,
    shown,
)
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ActorId, VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import VisitState
from queue_service.store import finding
from queue_service.store.database import transaction

__all__ = [
    "DeskShown",
    "UndoShown",
    "VisitShown",
    "at",
    "call_next",
    "call_number",
    "desk",
    "finish",
    "missed",
    "recall",
    "serve_now",
    "shown",
    "start",
    "undo",
    "undo_at",
]

undo = undoing.undo
undo_at = undoing.undo_at


async def call_next(
    house: House, public: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Call whoever is next for a counter; two desks never get the same person."""
    return await at_counter(
        house,
        at(house, public),
        by,
        key,
        lambda world, office, counter: engine.call_next(world, counter, office.office.line, by),
        "next",
    )


async def call_number(
    house: House, public: str, number: str, by: ActorId, key: str | None = None, reason: str = ""
) -> DeskShown | Refusal:
    """Call somebody by number, out of turn; the reason is one of `CallReason`, or none is told."""
    place, wanted = at(house, public), _number(number)
    if not isinstance(place, Refusal) and reason and reason not in set(CallReason):
        known = ", ".join(CallReason)
        return Refusal(Code.INVALID, {"field": "reason", "reason": f"one of {known}"})
    return await at_counter(
        house,
        place,
        by,
        key,
        lambda world, office, counter: engine.call_number(
            world, counter.key, wanted, office.office.line, reason
        ),
        "call",
        wanted,
        *([reason] if reason else []),
    )


async def serve_now(
    house: House, public: str, number: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Serve somebody who stands at the counter: waiting, parked, or missed today."""
    place, wanted = at(house, public), _number(number)
    missed_one = None
    if not isinstance(place, Refusal):
        missed_one = await _missed_today(house, place[0], wanted)
    return await at_counter(
        house,
        place,
        by,
        key,
        lambda world, office, counter: engine.serve_now(
            world, counter.key, wanted, office.office.line, missed_one
        ),
        "serve",
        wanted,
        visits=(missed_one,) if missed_one else (),
    )


async def _missed_today(house: House, office: Followed, number: str) -> VisitId | None:
    """Whoever has the number and was missed; numbers of other days may come again.

    Who is not in the house is read from their row: a view remembers some who left, no restart.
    """
    if office.line.numbered(number) is not None:
        return None
    midnight = datetime.combine(office.now().date(), time(), office.office.tz)
    async with transaction(house.pool, office.key.authority) as connection:
        visit = await finding.by_number(connection, office.key.office, number, midnight)
    return visit.id if visit and visit.state is VisitState.MISSED else None


def _number(said: str) -> str:
    return said.strip().upper().replace(" ", "")


async def start(
    house: House, visit: str, by: ActorId, key: str | None = None, *, seen_at: str = ""
) -> DeskShown | Refusal:
    """They have come to the counter."""
    return await from_desk(
        house,
        visit,
        by,
        key,
        lambda world, _, v: engine.start(world, v.id),
        "start",
        seen_at=seen_at,
    )


async def recall(
    house: House, visit: str, by: ActorId, key: str | None = None, *, seen_at: str = ""
) -> DeskShown | Refusal:
    """Call the same number again."""
    return await from_desk(
        house,
        visit,
        by,
        key,
        lambda world, _, v: engine.recall(world, v.id),
        "recall",
        seen_at=seen_at,
    )


async def missed(
    house: House, visit: str, by: ActorId, key: str | None = None, *, seen_at: str = ""
) -> DeskShown | Refusal:
    """Nobody came to the counter."""
    return await from_desk(
        house,
        visit,
        by,
        key,
        lambda world, office, v: engine.missed(world, v.id, office.office.line),
        "missed",
        seen_at=seen_at,
    )


async def finish(
    house: House, visit: str, by: ActorId, key: str | None = None, *, seen_at: str = ""
) -> DeskShown | Refusal:
    """What this counter does is done: on to the next stop, or served."""
    return await from_desk(
        house,
        visit,
        by,
        key,
        lambda world, office, v: engine.finish(world, v.id, office.office),
        "finish",
        seen_at=seen_at,
    )
