"""Serving at a desk: next, call by number, serve now, again, not here, done, undo."""

from queue_service.events.floor import CallReason
from queue_service.floor import visit as engine
from queue_service.flows import undoing
from queue_service.flows.at_desk import DESKS, desk_after, on_visit, settle
from queue_service.flows.desk_shown import (
    DeskShown,
    UndoShown,
    VisitShown,
    at,
    desk,
    shown,
)
from queue_service.flows.wish import Decide, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ActorId
from queue_service.model.office import Counter
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit, VisitState
from queue_service.model.world import Needs

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
    found = at(house, public)
    if isinstance(found, Refusal):
        return found
    office, counter = found
    rules = office.office.line
    needs = Needs(line=True, hall=DESKS)
    return await _at_counter(
        house,
        found,
        by,
        key,
        needs,
        lambda world: engine.call_next(world, counter, rules, by),
        "next",
    )


async def call_number(
    house: House, public: str, number: str, by: ActorId, key: str | None = None, reason: str = ""
) -> DeskShown | Refusal:
    """Call somebody by number, out of turn; the reason is one of `CallReason`, or none is told."""
    found = at(house, public)
    if isinstance(found, Refusal):
        return found
    if reason and reason not in set(CallReason):
        known = ", ".join(CallReason)
        return Refusal(Code.INVALID, {"field": "reason", "reason": f"one of {known}"})
    office, counter = found
    rules, wanted = office.office.line, _number(number)
    needs = Needs(line=True, hall=DESKS)
    return await _at_counter(
        house,
        found,
        by,
        key,
        needs,
        lambda world: engine.call_number(world, counter.key, wanted, rules, reason),
        "call",
        wanted,
        *([reason] if reason else []),
    )


async def serve_now(
    house: House, public: str, number: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Serve somebody who stands at the counter: waiting, parked, or missed today."""
    found = at(house, public)
    if isinstance(found, Refusal):
        return found
    office, counter = found
    rules, wanted = office.office.line, _number(number)
    known = office.line.numbered(wanted)
    missed_one = known.id if known and _missed_today(office, known) else None
    needs = Needs(visits=(missed_one,) if missed_one else (), line=True, hall=DESKS)
    return await _at_counter(
        house,
        found,
        by,
        key,
        needs,
        lambda world: engine.serve_now(world, counter.key, wanted, rules, missed_one),
        "serve",
        wanted,
    )


def _missed_today(office: Followed, visit: Visit) -> bool:
    """Numbers of other days may come again."""
    today = visit.arrived.astimezone(office.office.tz).date() == office.now().date()
    return today and visit.state is VisitState.MISSED


def _number(said: str) -> str:
    return said.strip().upper().replace(" ", "")


async def _at_counter(
    house: House,
    place: tuple[Followed, Counter],
    by: ActorId,
    key: str | None,
    needs: Needs,
    decide: Decide,
    *act: object,
) -> DeskShown | Refusal:
    office, counter = place
    receipt = receipt_for(f"{office.key.slug}.{counter.key} {by}", key, *act)
    done = await settle(house, office, by, needs, decide, receipt)
    return done.answer if isinstance(done.answer, Refusal) else shown(office, counter)


async def start(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """They have come to the counter."""
    found = await on_visit(
        house, visit, by, key, lambda _, v: lambda world: engine.start(world, v.id), "start"
    )
    return desk_after(found)


async def recall(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Call the same number again."""
    found = await on_visit(
        house, visit, by, key, lambda _, v: lambda world: engine.recall(world, v.id), "recall"
    )
    return desk_after(found)


async def missed(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Nobody came to the counter."""
    found = await on_visit(
        house,
        visit,
        by,
        key,
        lambda office, v: lambda world: engine.missed(world, v.id, office.office.line),
        "missed",
    )
    return desk_after(found)


async def finish(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """What this counter does is done: on to the next stop, or served."""
    found = await on_visit(
        house,
        visit,
        by,
        key,
        lambda office, v: lambda world: engine.finish(world, v.id, office.office),
        "finish",
    )
    return desk_after(found)
