"""A small office with stations: two desks, and a booth for photos that comes before one of them."""

from collections.abc import Awaitable, Callable

import msgspec

from queue_service.flows.desks import hands, journeys, serving
from queue_service.flows.entrance import arriving, tickets
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.flows.entrance.tickets import TicketShown
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId, CounterKey
from queue_service.model.office import Office
from queue_service.model.visit import Aid, NeedClass, Step
from tests import make
from tests.make import BIO, HELP, MAIL, PICK
from tests.small import CLERK, SLUG, Small

A, B, C = "small.1", "small.2", "small.3"
WORKER = ActorId(8)


def office_with_stations() -> Office:
    """Two desks, and a booth for photos that comes before the desk for BIO."""
    made = make.office()
    return msgspec.structs.replace(
        made,
        services=tuple(
            msgspec.structs.replace(s, steps=(Step.PHOTO, Step.COUNTER)) if s.code == BIO else s
            for s in made.services
        ),
        limits=tuple(
            msgspec.structs.replace(limit, services=(PICK, BIO)) if limit.key == "quota" else limit
            for limit in made.limits
        ),
        counters=(
            make.counter("1", PICK, BIO, MAIL),
            make.counter("2", PICK, HELP, steps=(Step.COUNTER, Step.CASE_WORKER)),
            make.counter("3", BIO, steps=(Step.PHOTO,)),
        ),
    )


async def come(town: Small, service: str = PICK) -> tuple[str, str]:
    """Public id and ticket of somebody who just walked in."""
    given = await arriving.walk_in(town.house, SLUG, service=service, by=CLERK)
    assert isinstance(given, TicketGiven), given
    return f"{SLUG}.{given.visit}", given.ticket


def number(town: Small, public: str) -> str:
    found = next(
        v
        for v in (*town.office.line.waiting(town.office.now()), *town.office.line.called())
        if public.endswith(str(v.id))
    )
    return found.number


async def ticket(town: Small, code: str) -> TicketShown:
    """What a phone shows of a ticket, apart from the number of the entry."""
    found = await tickets.ticket(town.house, code)
    assert isinstance(found, TicketShown)
    return msgspec.structs.replace(found, seq=0)


Act = Callable[[Small, str], Awaitable[object]]
ON_WAITING: dict[str, Act] = {
    "next": lambda t, _: serving.call_next(t.house, A, CLERK),
    "call": lambda t, v: serving.call_number(t.house, A, number(t, v), CLERK, reason="health"),
    "serve": lambda t, v: serving.serve_now(t.house, A, number(t, v), CLERK),
    "mark": lambda t, v: journeys.mark(
        t.house, v, CLERK, aids=(Aid.HEARING,), need=NeedClass.EMERGENCY, language="ar"
    ),
    "hand over": lambda t, v: hands.hand_over(t.house, v, CLERK, sentence="Reist morgen."),
    "add": lambda t, v: journeys.add_service(t.house, v, BIO, CLERK),
    "break": lambda t, _: journeys.desk_state(t.house, A, DeskState.BREAK, CLERK),
}
ON_CALLED: dict[str, Act] = {
    "recall": lambda t, v: serving.recall(t.house, v, CLERK),
    "start": lambda t, v: serving.start(t.house, v, CLERK),
    "missed": lambda t, v: serving.missed(t.house, v, CLERK),
    "finish": lambda t, v: serving.finish(t.house, v, CLERK),
    "park": lambda t, v: journeys.park(t.house, v, "papers", CLERK),
    "to a counter": lambda t, v: journeys.forward(
        t.house, v, CLERK, to=CounterKey("2"), sentence="Bitte Akte holen."
    ),
    "to a case worker": lambda t, v: hands.hand_over(t.house, v, CLERK, to=WORKER),
}
