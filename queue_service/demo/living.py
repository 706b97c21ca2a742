"""The living office: a process of its own that plays visitors and clerks through the public API.

Started by `run` with the demo's folder; reads `links.json` and the configuration, writes diaries
and a tally. It follows the office's own clock and ends when its parent does.
"""

import asyncio
import contextlib
import itertools
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from queue_service.demo import days, diary, links, people, visitors
from queue_service.demo.clerk import Clerk
from queue_service.demo.client import Client
from queue_service.demo.diary import Diary
from queue_service.demo.links import OfficeLinks
from queue_service.demo.presets import preset
from queue_service.demo.scene import Scene, read_clock, set_scene
from queue_service.demo.team import Team
from queue_service.model.ids import split_address
from queue_service.rights import Role

log = logging.getLogger("queue_service.demo.living")

CLOCK_SECONDS = 2.0
TICK_SECONDS = 0.25
DIARY_SECONDS = 3.0
TALLY_SECONDS = 60.0
VISITORS_AT_ONCE = 4
NEVER_MORE_WISHES = 400
"""After a long weekend that was skipped."""
FILL_PAUSE_SECONDS = 0.2

_Deed = Callable[[], Awaitable[object]]


async def fill_today(folder: Path, seconds: float) -> None:
    """Give today's appointments to people who booked before the demo; stop after `seconds`."""
    told = links.read(folder)
    client = Client(told.base_url)
    try:
        scenes = [set_scene(client, preset(o.office), o, _diary(folder, o)) for o in told.offices]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(_fill_today(one) for one in scenes))
        for one in scenes:
            diary.write(_diary_file(folder, one.office.slug), one.diary)
    finally:
        await client.close()


async def _fill_today(scene: Scene) -> None:
    if scene.diary.to_fill is not None or not await read_clock(scene):
        return
    today = scene.time.now().date()
    begins = days.first_moment(scene.office, today)
    to_fill = scene.diary.to_fill = _booked_so_far(scene, today)

    async def some() -> None:
        while to_fill.get(today, 0) > 0:
            to_fill[today] -= 1
            await visitors.book(scene, today, hurry=True, not_before=begins)

    await asyncio.gather(*(some() for _ in range(VISITORS_AT_ONCE)))


async def live(folder: Path) -> None:
    """Play every office of the demo in `folder` until cancelled."""
    told = links.read(folder)
    client = Client(told.base_url)
    try:
        async with asyncio.TaskGroup() as group:
            for office_links in told.offices:
                kept = _diary(folder, office_links)
                one = set_scene(client, preset(office_links.office), office_links, kept)
                group.create_task(_play(one, folder))
    finally:
        await client.close()


async def _play(scene: Scene, folder: Path) -> None:
    await _first_look(scene)
    at_the_door: asyncio.Queue[_Deed] = asyncio.Queue()
    at_home: asyncio.Queue[_Deed] = asyncio.Queue()
    sent: set[str] = set()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_follow_clock(scene))
            group.create_task(_agenda(scene, at_the_door, at_home))
            group.create_task(_fill_ahead(scene))
            group.create_task(_keep_diary(scene, folder))
            group.create_task(_keep_tally(scene))
            for _ in range(VISITORS_AT_ONCE):
                group.create_task(_do(at_the_door))
                group.create_task(_do(at_home))
            for clerk in _clerks(scene, sent):
                group.create_task(clerk.work())
    finally:
        diary.write(_diary_file(folder, scene.office.slug), scene.diary)


def _clerks(scene: Scene, sent: set[str]) -> list[Clerk]:
    """One at each counter that nobody at the terminal plays."""
    played = [counter for counter in scene.links.counters if not counter.free]
    found = []
    for link, login in zip(played, scene.links.played, strict=True):
        counter = scene.office.counter(split_address(link.counter)[1])
        if counter is not None:
            found.append(Clerk(scene, Team(scene, login), link.counter, counter, sent))
    return found


async def _first_look(scene: Scene) -> None:
    for pause in itertools.repeat(CLOCK_SECONDS):
        if await read_clock(scene):
            return
        await asyncio.sleep(pause)


async def _follow_clock(scene: Scene) -> None:
    while True:
        await asyncio.sleep(CLOCK_SECONDS)
        await read_clock(scene)


async def _do(todo: asyncio.Queue[_Deed]) -> None:
    while True:
        deed = await todo.get()
        await deed()


async def _fill_ahead(scene: Scene) -> None:
    """Give today and the days ahead what they still lack from before the demo, one by one."""
    if scene.diary.to_fill is None:
        scene.diary.to_fill = _booked_so_far(scene, scene.time.now().date())
    for day in sorted(scene.diary.to_fill):
        while scene.diary.to_fill[day] > 0:
            scene.diary.to_fill[day] -= 1
            await visitors.book(scene, max(day, scene.time.now().date()), hurry=True)
            await asyncio.sleep(FILL_PAUSE_SECONDS)


async def _agenda(
    scene: Scene, at_the_door: asyncio.Queue[_Deed], at_home: asyncio.Queue[_Deed]
) -> None:
    """Put into the queues what somebody wants to do by now: come, cancel, walk in, book."""
    login = next(each for each in scene.links.logins if each.role == Role.GUIDE)
    guide = Team(scene, login)
    planned: date | None = None
    coming: list[people.WalkIn] = []
    while True:
        now = scene.time.now()
        since = scene.diary.lived_until or days.opened(scene.office, now)
        if planned != now.date():
            planned = now.date()
            coming = [one for one in _walk_ins(scene, planned) if one.at > since]
        for plan in scene.diary.take_due(now):
            at_the_door.put_nowait(partial(visitors.keep, scene, plan))
        while coming and coming[0].at <= now:
            at_the_door.put_nowait(partial(visitors.walk_in, scene, coming.pop(0), guide))
        for _ in _wishes(scene, since, now):
            at_home.put_nowait(partial(visitors.book, scene, _wished_day(scene, now)))
        scene.diary.lived_until = max(since, now)
        await asyncio.sleep(TICK_SECONDS)


async def _keep_diary(scene: Scene, folder: Path) -> None:
    while True:
        await asyncio.sleep(DIARY_SECONDS)
        try:
            diary.write(_diary_file(folder, scene.office.slug), scene.diary)
        except OSError as error:
            log.warning("%s: the diary was not written: %s", scene.office.slug, error.strerror)


async def _keep_tally(scene: Scene) -> None:
    while True:
        await asyncio.sleep(TALLY_SECONDS)
        counts = ", ".join(f"{deed} {n}" for deed, n in sorted(scene.tally.items()))
        log.info("%s %s: %s", scene.office.slug, scene.time.now().isoformat("T", "minutes"), counts)


def _walk_ins(scene: Scene, day: date) -> tuple[people.WalkIn, ...]:
    # The same day brings the same people, also after a restart at noon.
    chance = Random(f"{scene.office.slug} {day}")
    return people.walk_ins(
        days.windows(scene.office, day),
        scene.demand.times(_length(scene, day)),
        offers=scene.open_door,
        emergency=scene.emergency,
        chance=chance,
    )


def _wishes(scene: Scene, since: datetime, now: datetime) -> tuple[datetime, ...]:
    weekly = scene.demand.bookings * days.working_days_a_week(scene.office)
    moments = people.wishes(since, now, weekly=weekly, shape=scene.shape, chance=scene.chance)
    return moments[:NEVER_MORE_WISHES]


def _wished_day(scene: Scene, now: datetime) -> date:
    return people.wished_day(
        now.date(),
        window_days=scene.office.booking.window_days,
        shape=scene.shape,
        chance=scene.chance,
    )


def _booked_so_far(scene: Scene, today: date) -> dict[date, int]:
    window = scene.office.booking.window_days
    ahead = (today + timedelta(days=n) for n in range(window + 1))
    expected = {day: scene.demand.bookings * _length(scene, day) for day in ahead}
    booked = people.booked_so_far(today, expected, window_days=window, shape=scene.shape)
    return dict(booked)


def _length(scene: Scene, day: date) -> float:
    """How long the office is open on `day`, as a multiple of its average working day."""
    spans = days.windows(scene.office, day)
    return sum((b - a for a, b in spans), timedelta()) / days.average_length(scene.office)


def _diary(folder: Path, office_links: OfficeLinks) -> Diary:
    return diary.read(_diary_file(folder, office_links.office))


def _diary_file(folder: Path, slug: str) -> Path:
    return folder / f"diary-{slug}.json"


def main(argv: list[str]) -> int:
    """Play until told to stop; `argv` is the demo's folder."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    async def until_told() -> None:
        task = asyncio.ensure_future(live(Path(argv[0])))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_told())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
