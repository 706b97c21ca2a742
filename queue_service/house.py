"""What a process works with, put together once by `app` and handed to every use case."""

import asyncio
from dataclasses import dataclass, field

import asyncpg

from queue_service.chance import fresh_bytes
from queue_service.flows.asking import Remembered, Turn
from queue_service.flows.turn import Turns
from queue_service.follow import Follower
from queue_service.model.ids import OfficeId
from queue_service.seals import Keys
from queue_service.settings import Settings
from queue_service.slots import release
from queue_service.slots.release import FREE_AT_ONCE, Lapsing
from queue_service.store.database import Backends, open_pool


@dataclass(frozen=True, slots=True)
class House:
    """Pools, keys, follower and turns of one process."""

    settings: Settings
    keys: Keys
    pool: asyncpg.Pool
    turn_pool: asyncpg.Pool
    turn: Turn
    follower: Follower
    remembered: Remembered = field(default_factory=Remembered)
    """Whose sessions were seen; what they want done is proved by the turn."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server stops: live streams end."""


async def open_house(settings: Settings, *, follow: bool = True) -> House:
    """Connect, load the offices and follow them; `follow=False` for commands that end soon."""
    # Two at least: the follower reads on while a request has the other.
    pool = await open_pool(settings.database_url, size=max(2, settings.database_connections))
    own = Backends()
    turn_pool = await open_pool(settings.database_url, size=4, turns=True, backends=own)
    follower = Follower(pool, settings.database_url, own)

    def rests(office: OfficeId) -> Lapsing:
        followed = follower.by_id(office)
        if followed is None:
            return FREE_AT_ONCE
        return release.lapsing(followed.office, followed.clock, fresh_bytes(32))

    house = House(
        settings,
        Keys(settings.secret.encode()),
        pool,
        turn_pool,
        Turns(turn_pool, follower.hand, rests),
        follower,
    )
    if follow:
        await follower.start()
    return house


async def close_house(house: House) -> None:
    """End everything `open_house` began."""
    house.closing.set()
    await house.follower.stop()
    await house.turn_pool.close()
    await house.pool.close()
