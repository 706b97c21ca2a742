"""What the buttons of a call desk do: each act of a form becomes one wish of the turn.

Reads the form and asks the use cases; whether the act may be is decided there.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from litestar.datastructures import FormMultiDict

from queue_service.flows.desks import hands, journeys, serving
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId, CounterKey, address, split_address
from queue_service.model.office import Counter
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Step
from queue_service.rights import Actor
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.desk.marks import noted
from queue_service.web.pages.desk.words import visit_of

_LONGEST_SENTENCE = 300
_UNKNOWN = Refusal(Code.UNKNOWN_VISIT)


class Seat(msgspec.Struct, frozen=True):
    """Somebody who may work at a counter, and where that is."""

    actor: Actor
    followed: Followed
    counter: Counter
    public: str


class Pressed(msgspec.Struct, frozen=True):
    """One button: who pressed it where, and what the form says."""

    house: House
    seat: Seat
    form: FormMultiDict

    @property
    def by(self) -> ActorId:
        """Who pressed it."""
        return self.seat.actor.id

    @property
    def here(self) -> str:
        """Where the screen shows whom it is about: an old screen does nothing to others."""
        return self.seat.public

    @property
    def key(self) -> str | None:
        """Makes pressing again safe."""
        return text(self.form, "idempotency_key")[:64] or None

    def said(self, field: str, most: int = 80) -> str:
        """A field of the form."""
        return text(self.form, field)[:most]

    @property
    def visit(self) -> str:
        """The visit it is about, empty where it is another office's."""
        visit = self.said("visit")
        return visit if split_address(visit)[0] == self.seat.followed.key.slug else ""


Answer = object | Refusal
Does = Callable[[Pressed], Awaitable[Answer]]


async def do(act: str, pressed: Pressed) -> Answer:
    """Do it; a Refusal says why not."""
    if act in _ON_VISIT and not pressed.visit:
        return _UNKNOWN
    does = _AT_COUNTER.get(act) or _ON_VISIT.get(act)
    return await does(pressed) if does else _UNKNOWN


async def _next(p: Pressed) -> Answer:
    return await serving.call_next(p.house, p.seat.public, p.by, p.key)


async def _call(p: Pressed) -> Answer:
    number, reason = p.said("number", 10), p.said("reason", 20)
    if p.said("how") == "now":
        return await serving.serve_now(p.house, p.seat.public, number, p.by, p.key)
    return await serving.call_number(p.house, p.seat.public, number, p.by, p.key, reason)


async def _state(p: Pressed) -> Answer:
    """Of this counter, or of another that is left."""
    wanted = p.said("state", 20)
    if wanted not in set(DeskState):
        return Refusal(Code.INVALID, {"field": "state"})
    other = p.said("counter", 40)
    public = address(p.seat.followed.key.slug, other) if other else p.seat.public
    return await journeys.desk_state(p.house, public, DeskState(wanted), p.by, p.key)


async def _undo(p: Pressed) -> Answer:
    """Of a visit, or of what was done with the counter itself."""
    if p.said("visit"):
        public = p.visit
        return await serving.undo(p.house, public, p.by, p.key) if public else _UNKNOWN
    return await serving.undo_at(p.house, p.seat.public, p.by, p.key)


async def _park(p: Pressed) -> Answer:
    reason = p.said("reason", 20)
    return await journeys.park(p.house, p.visit, reason, p.by, p.key, seen_at=p.here)


async def _forward(p: Pressed) -> Answer:
    kind, _, value = p.said("to").partition(":")
    step = Step(value) if kind == "step" and value in set(Step) else None
    return await journeys.forward(
        p.house,
        p.visit,
        p.by,
        to=CounterKey(value) if kind == "counter" else None,
        step=step,
        sentence=p.said("sentence", _LONGEST_SENTENCE),
        key=p.key,
        seen_at=p.here,
    )


async def _add(p: Pressed) -> Answer:
    many = p.said("persons", 3)
    persons = int(many) if many.isascii() and many.isdigit() else 1
    return await journeys.add_service(
        p.house,
        p.visit,
        p.said("service", 40),
        p.by,
        persons=persons,
        key=p.key,
        seen_at=p.here,
    )


async def _mark(p: Pressed) -> Answer:
    visit = visit_of(p.seat.followed, p.visit)
    said = noted(p.form, visit) if visit is not None else _UNKNOWN
    if isinstance(said, Refusal):
        return said
    return await journeys.mark(
        p.house,
        p.visit,
        p.by,
        aids=said.aids,
        need=said.need,
        urgency=said.urgency,
        language=said.language,
        key=p.key,
        seen_at=p.here,
    )


async def _hand(p: Pressed) -> Answer:
    to = p.said("to", 10)
    return await hands.hand_over(
        p.house,
        p.visit,
        p.by,
        to=ActorId(int(to) if to.isascii() and to.isdigit() else 0),
        sentence=p.said("sentence", _LONGEST_SENTENCE),
        key=p.key,
        seen_at=p.here,
    )


async def _accept(p: Pressed) -> Answer:
    return await hands.accept(p.house, p.visit, p.seat.public, p.by, p.key)


async def _pass(p: Pressed) -> Answer:
    return await hands.pass_on(p.house, p.visit, p.by, p.key)


class _Plain(Protocol):
    """An act that needs nothing but the visit and where it is seen."""

    def __call__(
        self, house: House, visit: str, by: ActorId, key: str | None, *, seen_at: str
    ) -> Awaitable[Answer]: ...


def _plain(act: _Plain) -> Does:
    async def done(p: Pressed) -> Answer:
        return await act(p.house, p.visit, p.by, p.key, seen_at=p.here)

    return done


_AT_COUNTER: dict[str, Does] = {"next": _next, "call": _call, "state": _state, "undo": _undo}
_ON_VISIT: dict[str, Does] = {
    "start": _plain(serving.start),
    "recall": _plain(serving.recall),
    "missed": _plain(serving.missed),
    "finish": _plain(serving.finish),
    "resume": _plain(journeys.resume),
    "pass": _pass,
    "park": _park,
    "forward": _forward,
    "add": _add,
    "mark": _mark,
    "hand": _hand,
    "accept": _accept,
}
