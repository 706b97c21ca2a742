"""A house for one command: opened for it, closed behind it; nothing follows what others do."""

import asyncio
from collections.abc import Awaitable, Callable

from queue_service import settings, unreachable
from queue_service.commands.failing import CommandError
from queue_service.followed import Followed
from queue_service.house import House, close_house, open_house


def in_house(work: Callable[[House], Awaitable[None]]) -> int:
    """Do `work` with every office read to its end; 0, or CommandError without a usable address."""

    async def run() -> None:
        chosen = settings.from_environment()
        if not unreachable.readable(chosen.database_url):
            raise CommandError(unreachable.UNREADABLE)
        house = await open_house(chosen, follow=False)
        try:
            await house.follower.refresh()
            await work(house)
        finally:
            await close_house(house)

    asyncio.run(run())
    return 0


def known(house: House, slug: str) -> Followed:
    """The office of that name; raises CommandError with the names there are."""
    office = house.follower.office(slug)
    if office is None:
        names = ", ".join(house.follower.offices) or "none; run queue-service load"
        raise CommandError(f"no office {slug!r}; known: {names}")
    return office
