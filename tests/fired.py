"""A small office with a surge rule that fires, and what became of it."""

from datetime import date, time, timedelta

import msgspec

from queue_service.events.surge import SurgeDecided, SurgeEnded, SurgeFact
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import planning, surging
from queue_service.model.ids import ActorId
from queue_service.model.layer import Origin
from queue_service.model.office import Office
from queue_service.model.surge import (
    Approval,
    Do,
    Kind,
    Metric,
    Staff,
    Surge,
    SurgeRule,
    Until,
    When,
)
from queue_service.store import offices as store
from queue_service.store.database import transaction
from tests import make
from tests.small import Small

FIRST, SECOND = ActorId(7), ActorId(8)
OPEN = Do(Kind.OPEN_COUNTERS, limit="desks", desks=2, opens=time(13), closes=time(14))
MINUTE = timedelta(minutes=1)


def rule(**more: object) -> SurgeRule:
    """With any booking in the window the office opens two desks from one to two."""
    made = SurgeRule(
        id="busy",
        title={"de": "Viel los"},
        owner="Leitung",
        expires=date(2099, 1, 1),
        when=When(Metric.BOOKED_SHARE, limit="desks", days=0, above=1),
        until=Until(below=0.5),
        do=(OPEN,),
        cooldown=30 * MINUTE,
        approval=Approval.AUTO,
    )
    return msgspec.structs.replace(made, **more)


def office(*rules: SurgeRule) -> Office:
    return msgspec.structs.replace(make.office(), surge=Surge(rules), staff=Staff(8))


async def with_rule(small: Small, **more: object) -> HoldGiven:
    await planning.load(small.house, office(rule(**more)))
    await small.settle()
    return await small.held("10:00")


async def afternoon(small: Small) -> list[int]:
    """Places of the desks in each cell from one to two."""
    first = make.tick(make.at("13:00"))
    rows = await small.fetch(
        'select capacity from cell where "limit" = 1 and tick >= $1 and tick < $2 order by tick',
        first,
        first + 12,
    )
    return [row["capacity"] for row in rows]


async def laid(small: Small) -> int:
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        layers = await store.layers(connection, small.office.key.office)
    return sum(layer.origin is Origin.SURGE for layer in layers)


async def said(small: Small) -> list[str]:
    facts = [fact for fact in await small.facts() if isinstance(fact, SurgeFact)]
    return [
        f.outcome
        if isinstance(f, SurgeDecided)
        else f"ended_{f.why}"
        if isinstance(f, SurgeEnded)
        else str(f.__struct_config__.tag)
        for f in facts
    ]


async def look(small: Small) -> None:
    await small.settle()
    await surging.look(small.house, small.office)
    await small.settle()
