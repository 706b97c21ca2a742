"""Layers for the small office, and the places they leave."""

import json
from datetime import datetime, timedelta

import msgspec

from queue_service.flows.capacity import layering
from queue_service.model.ids import ActorId, CounterKey
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office
from tests import make
from tests.small import Small

MANAGER = ActorId(9)


def places(add: int, since: str, until: str, limit: str = "desks") -> Layer:
    return made(f"capacity:{limit}", {"limit": limit, "add": add}, since, until)


def desk(counter: str, add: int, since: str, until: str) -> Layer:
    return made(f"capacity:{counter}", {"counter": counter, "add": add}, since, until)


def made(subject: str, change: object, since: str, until: str) -> Layer:
    return Layer(
        subject,
        json.dumps(change),
        make.at(since),
        make.at(until),
        MANAGER,
        "peak",
        Origin.MANAGER,
    )


def of_desks() -> Office:
    """The small office, its pool made of three counters."""
    office = make.office()
    third = msgspec.structs.replace(office.counters[1], key=CounterKey("3"))
    pool = office.limits[0]
    assert pool.key == "desks"
    named = msgspec.structs.replace(pool, counters=tuple(map(CounterKey, "123")))
    return msgspec.structs.replace(
        office, counters=(*office.counters, third), limits=(named, *office.limits[1:])
    )


async def capacities(small: Small, limit: str = "desks") -> dict[str, int]:
    """From when on the limit has how many places today."""
    found: dict[str, int] = {}
    last = None
    day = make.at("00:00")
    for row in await small.fetch(
        'select tick, capacity from cell where "limit" = $1 and tick >= $2 and tick < $3'
        " order by tick",
        small.office.key.limits[limit],
        make.tick(day),
        make.tick(day + timedelta(days=1)),
    ):
        if row["capacity"] != last:
            start = datetime.fromtimestamp(row["tick"] * 300, make.BERLIN)
            found[f"{start:%H:%M}"] = last = row["capacity"]
    return found


async def added(small: Small, *layers: Layer, key: str | None = None) -> tuple[int, ...]:
    numbers = await layering.add(small.house, small.office, layers, MANAGER, key=key)
    assert isinstance(numbers, tuple), numbers
    return numbers
