"""Settings and capacity: load a configuration, plan cells day by day, set a demo's clock."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from queue_service import offices as configuration
from queue_service.clock import real_now
from queue_service.events.capacity import ClockSet, Configured
from queue_service.flows import errands
from queue_service.flows.capacity import cells, recounting
from queue_service.flows.errands import Progress, RunPiece
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import CONFIGURATION, SYSTEM
from queue_service.model.office import Office, OfficeClock, OfficeKey
from queue_service.model.refusal import Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.offices import Preview
from queue_service.slots.release import furthest
from queue_service.store import offices as store
from queue_service.store.database import outside, transaction

DAYS_BEYOND_WINDOW = 7
"""Cells are planned this far past the booking window, so that a day opens complete."""


async def load(
    house: House, wanted: Office, *, dry: bool = False, progress: Progress | None = None
) -> Preview:
    """Load a checked configuration; idempotent.

    Answers what changes; with `dry` nothing is written. Touches only layers of origin config, then
    plans the cells of the booking window.
    """
    async with outside(house.pool) as connection:
        authority = await store.authority(connection, wanted.authority)
    async with transaction(house.pool, authority) as connection:
        row = next((r for r in await store.offices(connection) if r.key.slug == wanted.slug), None)
        layers = await store.layers(connection, row.key.office) if row else ()
        at = row.clock.at(real_now()) if row else real_now()
        at = max(at, row.recorded) if row and row.recorded else at
        preview = configuration.differences(layers, wanted, at)
        if dry:
            return preview
        await store.found(connection, authority, wanted.slug, real_now())
        row = next(r for r in await store.offices(connection) if r.key.slug == wanted.slug)
        await store.number_limits(connection, row.key, [limit.key for limit in wanted.limits])
    if preview:
        await _configure(house, row.key, preview)
    await house.follower.refresh()
    office = house.follower.offices[wanted.slug]
    await plan(house, office, progress=progress)
    if any(subject.startswith("limit:") for subject in _subjects(preview)):
        await recounting.recount_all(house, office, *planned_days(office))
    return preview


def _subjects(preview: Preview) -> tuple[str, ...]:
    begun = (*preview.add, *(replaced.new for replaced in preview.replace))
    return tuple(layer.subject for layer in (*begun, *preview.end))


async def _configure(house: House, key: OfficeKey, preview: Preview) -> None:
    ended = (*preview.end, *(r.old for r in preview.replace))
    begun = (*preview.add, *(r.new for r in preview.replace))

    def decide(world: World) -> Told | Refusal:
        fact = Configured(subjects=tuple(sorted({layer.subject for layer in (*begun, *ended)})))
        return Told(
            fact,
            layers=tuple(msgspec.structs.replace(b, since=world.now) for b in begun),
            ended_layers={e.id: None for e in ended if e.id is not None},
        )

    await house.turn(key, CONFIGURATION, Needs(), decide)


async def plan(house: House, office: Followed, *, progress: Progress | None = None) -> None:
    """Plan every day from today to the end of the window, as an errand that survives a crash."""
    first, last = planned_days(office)
    row = await errands.note(house, office, "plan", cells.Days(last), first.isoformat())
    await errands.run(house, office, row, cells.plan_day, progress)


def planned_days(office: Followed) -> tuple[date, date]:
    """First and last local day that should have cells now."""
    today = office.now().date()
    return today, today + timedelta(days=furthest(office.office) + DAYS_BEYOND_WINDOW)


ERRANDS: dict[str, RunPiece] = {
    "plan": cells.plan_day,
    "edit": cells.edit_days,
    "recount": recounting.recount_day,
}
"""Kinds of errands about cells with what runs a piece of each."""


async def rest_clocks(house: House, rested: Mapping[str, datetime]) -> None:
    """Stop office clocks where they stood: no office time passed while a demo was off.

    Beside the journal on purpose: a turn would be stamped with the time that a fast clock reached
    meanwhile, weeks ahead, and office time never runs backwards.
    Raises PermissionError where the installation does not allow it.
    """
    if not house.settings.demo_clock:
        raise PermissionError("the clock of a production office cannot be set")
    async with outside(house.pool) as connection:
        authorities = await store.authorities(connection)
    for authority in authorities:
        async with transaction(house.pool, authority) as connection:
            for slug, at in rested.items():
                await store.rest_clock(connection, slug, real=real_now(), at=at)


async def set_clock(house: House, slug: str, at: datetime, rate: float) -> OfficeClock:
    """Map real to office time anew: `at` is now, running `rate` times as fast (demo and tests).

    Raises PermissionError where the installation does not allow it, LookupError for an unknown
    office. Office time never runs backwards: the journal's last entry bounds it from below.
    """
    if not house.settings.demo_clock:
        raise PermissionError("the clock of a production office cannot be set")
    office = house.follower.offices[slug]
    clock = OfficeClock(real_now(), at, rate)
    await house.turn(office.key, SYSTEM, Needs(), lambda _world: Told(ClockSet(), clock=clock))
    await house.follower.refresh()
    return clock
