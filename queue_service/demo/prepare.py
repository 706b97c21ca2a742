"""Makes the demo's database ready: offices loaded, staff and devices let in, clocks set.

Everything here may be done again at every start and then changes nothing but the clocks.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from queue_service.demo.links import Counter, Device, Login, OfficeLinks, ToPlay
from queue_service.flows.access import devices, sessions
from queue_service.flows.capacity import planning
from queue_service.house import House, close_house, open_house
from queue_service.model import office as model
from queue_service.model.ids import CounterKey, address
from queue_service.model.office import Office
from queue_service.model.visit import Step
from queue_service.rights import Role
from queue_service.settings import from_environment
from queue_service.store import access
from queue_service.store.database import transaction

PASSWORD = "guten-morgen"  # noqa: S105 - printed by the demo; its server listens on this machine only
STAFF = (Role.CLERK, Role.GUIDE, Role.CASE_WORKER, Role.MANAGER)


def prepare(
    environment: dict[str, str],
    wanted: Mapping[str, Office],
    *,
    rested: Mapping[str, datetime],
    begin: Mapping[str, datetime],
    to_play: Mapping[str, ToPlay],
    speeds: Mapping[str, float],
    played: bool = False,
) -> tuple[OfficeLinks, ...]:
    """Load the `wanted` offices and set their clocks to `begin`, in real time; what links tell.

    `rested` is what the clocks of known offices showed when the demo was stopped. With `played`
    every counter that is not free gets a clerk of its own: one clerk has one open counter.
    """

    async def run() -> tuple[OfficeLinks, ...]:
        house = await open_house(from_environment(environment), follow=False)
        try:
            await planning.rest_clocks(house, rested)
            for slug, office in wanted.items():
                await planning.load(house, office)
                await planning.set_clock(house, slug, begin[slug], 1.0)
                await planning.plan(house, house.follower.offices[slug])
            return tuple(
                [
                    await _let_in(
                        house, office, speed=speeds[slug], to_play=to_play[slug], played=played
                    )
                    for slug, office in wanted.items()
                ]
            )
        finally:
            await close_house(house)

    return asyncio.run(run())


def set_clock(environment: dict[str, str], slug: str, at: datetime, rate: float) -> None:
    """From now on it is `at` in the office, running `rate` times as fast as real."""

    async def run() -> None:
        house = await open_house(from_environment(environment), follow=False)
        try:
            await house.follower.refresh()
            await planning.set_clock(house, slug, at, rate)
        finally:
            await close_house(house)

    asyncio.run(run())


async def _let_in(
    house: House, office: Office, *, speed: float, to_play: ToPlay, played: bool
) -> OfficeLinks:
    kiosk = await devices.admit(house, office.slug, device="kiosk-1", role=Role.KIOSK)
    board = await devices.admit(house, office.slug, device="board-1", role=Role.DISPLAY)
    tablet = await devices.admit(house, office.slug, device="entrance-1", role=Role.TABLET)
    counters = _counters(office, to_play)
    return OfficeLinks(
        office=office.slug,
        name=office.name["de"],
        speed=speed,
        kiosk=Device(address(office.slug, kiosk.device), kiosk.key),
        board=Device(address(office.slug, board.device), board.key),
        tablet=Device(address(office.slug, tablet.device), tablet.key),
        counters=counters,
        logins=tuple([await _login(house, office, role) for role in STAFF]),
        played=tuple(
            [
                await _login(house, office, _role_at(counter), f"-{counter.key}")
                for counter, link in zip(office.counters, counters, strict=True)
                if played and not link.free
            ]
        ),
    )


def _role_at(counter: model.Counter) -> Role:
    return Role.CASE_WORKER if Step.CASE_WORKER in counter.steps else Role.CLERK


async def _login(house: House, office: Office, role: Role, more: str = "") -> Login:
    login = f"{role.value.replace('_', '-')}{more}@{office.slug}"
    authority = house.follower.offices[office.slug].key.authority
    async with transaction(house.pool, authority) as connection:
        known = await access.staff_by_login(connection, login)
    if known is None:
        await sessions.set_staff(house, office.slug, login=login, password=PASSWORD, roles=(role,))
    return Login(login, PASSWORD, role.value)


def _counters(office: Office, to_play: ToPlay) -> tuple[Counter, ...]:
    free = {counter.key for counter in office.counters if to_play is ToPlay.EVERYTHING}
    if to_play is ToPlay.ONE_COUNTER:
        free.add(_spare(office))
    return tuple(
        Counter(address(office.slug, c.key), c.name["de"], c.key in free) for c in office.counters
    )


def _spare(office: Office) -> CounterKey:
    """The first counter whose every service is served elsewhere too: nobody waits in vain."""
    for counter in office.counters:
        others = {skill for c in office.counters if c.key != counter.key for skill in c.skills}
        if len(counter.skills) > 1 and others.issuperset(counter.skills):
            return counter.key
    return office.counters[0].key
