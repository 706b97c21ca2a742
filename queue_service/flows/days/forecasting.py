"""Keeps every office's waits fresh: a scene whenever the line moved, played by a worker process.

At most one scene a second and office, and one a minute where nothing moved. The event loop only
builds the scene and takes the answer; what takes milliseconds happens in the worker. A worker that
fails costs nothing but freshness: the formula stands in (`views.line`).
"""

import asyncio
from datetime import datetime, timedelta
from random import Random

import msgspec
import structlog

from queue_service.floor.line import Range
from queue_service.flows.days import learned
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.expecting import ToCome
from queue_service.model.ids import OfficeId, ServiceCode, VisitId
from queue_service.model.visit import Visit
from queue_service.offices import public_holidays
from queue_service.rehearsal.outlook import Scene, look
from queue_service.slots.calendar import windows
from queue_service.store import habits as store
from queue_service.store.database import UNANSWERED, transaction
from queue_service.views import desks as duty
from queue_service.views.habits import Habits, Learned
from queue_service.views.outlook import scene
from queue_service.views.waits import FRESH, Formula
from queue_service.workers import Workers

PAUSE_SECONDS = 1.0
"""At least, between two scenes of an office."""
STILL_SECONDS = 60.0
"""Office time after which a scene is played though nothing moved."""
NEW_OFFICES_SECONDS = 5.0
LEARNED_DAYS = 28
HABITS_SECONDS = 1_800.0
TODAY_SECONDS = 60.0
SLACK = timedelta(seconds=6)
"""People's own time a forecast stays fresh for at least, where office time runs quickly."""
_log = structlog.get_logger()


class _Known(msgspec.Struct):
    """What was read for an office, and when (the loop's time)."""

    habits: Habits = Habits()
    to_come: tuple[ToCome, ...] = ()
    journeys: learned.Journeys = msgspec.field(default_factory=learned.Journeys)
    habits_at: float = float("-inf")
    today_at: float = float("-inf")


class Forecasting:
    """The forecasts of one process, for every office it follows."""

    def __init__(self, house: House, workers: Workers) -> None:
        """Nothing happens until `start`."""
        self._house = house
        self._workers = workers
        self._known: dict[OfficeId, _Known] = {}
        self._tasks: dict[OfficeId, asyncio.Task[None]] = {}
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin with every office, also those that come later."""
        self._watch = asyncio.create_task(self._meet())

    async def stop(self) -> None:
        """End all tasks, and the worker processes."""
        tasks = [*self._tasks.values(), *([self._watch] if self._watch else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._workers.stop()

    async def _meet(self) -> None:
        while True:
            for office in list(self._house.follower.offices.values()):
                if office.key.office not in self._tasks:
                    self._tasks[office.key.office] = asyncio.create_task(self._follow(office))
            await asyncio.sleep(NEW_OFFICES_SECONDS)

    async def _follow(self, office: Followed) -> None:
        while True:
            moved = office.waits.moved
            try:
                await self.once(office)
            except UNANSWERED as away:
                _log.warning("forecast_put_off", error=type(away).__name__)
            except Exception:  # noqa: BLE001 - the process's edge: waits of one office must not end with a defect
                _log.exception("forecast_defect", office=office.key.slug)
            await asyncio.sleep(PAUSE_SECONDS)
            await _until_due(office, moved)

    async def once(self, office: Followed) -> None:
        """Play the office as it stands now."""
        people = _people(office, office.now())
        known = self._known.setdefault(office.key.office, _Known())
        if people:
            await self._read(office, known)
        now = office.now()
        asked = _scene(office, known, now) if people else _empty(office, now)
        answer = await self._workers.look(asked) if people else look(asked, Random(0), paths=1)  # noqa: S311 - nobody's secret
        if answer is None:
            return
        lasts = max(FRESH, office.clock.patience(SLACK))
        office.waits.take(asked, answer, now, lasts=lasts, formula=_rough(office, people, now))

    async def _read(self, office: Followed, known: _Known) -> None:
        """Look again at what past days and today say, where that was long ago."""
        at, quick = asyncio.get_running_loop().time(), max(1.0, office.clock.rate)
        if at - known.today_at < TODAY_SECONDS / quick:
            return
        now, zone, key = office.now(), office.office.zone, office.key
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        async with transaction(self._house.pool, key.authority) as connection:
            if at - known.habits_at >= HABITS_SECONDS / quick:
                since = midnight - timedelta(days=LEARNED_DAYS)
                known.habits = _habits(
                    await store.took(connection, key.office, since, now),
                    await store.gaps(connection, key.office, since, now),
                    await store.came(connection, key.office, since, midnight, zone),
                    await store.days(connection, key.office, since, midnight, zone),
                    await store.showed(connection, key.office, since, midnight),
                )
                known.habits_at = at
            today = await store.today(connection, key.office, midnight)
            end = midnight + timedelta(days=1)
            known.to_come = tuple(await store.to_come(connection, key.office, now, end))
        said = await learned.read_on(self._house, office, known.journeys, LEARNED_DAYS)
        known.habits = msgspec.structs.replace(
            known.habits,
            today=today,
            stops=said.stops,
            away=said.away,
            returned=said.returned,
            sent=said.sent,
        )
        known.today_at = at


def _people(office: Followed, now: datetime) -> list[Visit]:
    """Who waits, is at a counter, or comes back."""
    line = office.line
    return [*line.waiting(now), *line.called(), *line.parked()]


def _rough(office: Followed, people: list[Visit], now: datetime) -> Formula:
    """What somebody was shown until now; worked out only for those who are new in the line."""
    known = {visit.id: visit for visit in people}

    def formula(visit: VisitId) -> Range | None:
        found = known.get(visit)
        return office.line.rough_wait(found, now) if found else None

    return formula


async def _until_due(office: Followed, moved: int) -> None:
    """Until the line has moved since, or a minute of the office is over."""
    loop = asyncio.get_running_loop()
    still = max(PAUSE_SECONDS, STILL_SECONDS / max(1.0, office.clock.rate)) - PAUSE_SECONDS
    due = loop.time() + still
    while office.waits.moved == moved and (left := due - loop.time()) > 0:
        await office.changed(office.seq, left)


def _habits(
    took: list[store.Took],
    gaps: tuple[int, tuple[float, ...]],
    came: list[store.Came],
    days: int,
    showed: tuple[int, int],
) -> Habits:
    arrivals: dict[tuple[ServiceCode, int], int] = {}
    for each in came:
        key = (each.parts[0].service, each.hour)
        arrivals[key] = arrivals.get(key, 0) + each.many
    durations = {each.parts: Learned(each.many, each.minutes) for each in took}
    return Habits(days, durations, arrivals, Learned(*gaps), *showed)


def _scene(office: Followed, known: _Known, now: datetime) -> Scene:
    people = _people(office, now)
    closed = public_holidays(office.office.land, (now.year,))
    here = {visit.booking for visit in people}
    return scene(
        office.office,
        people,
        duty.on_duty(office.office, office.desks),
        known.habits,
        now,
        to_come=[each for each in known.to_come if each.booking not in here],
        open_today=windows(office.office, (), now.date(), closed),
        away=known.journeys.lengths.away_since(v.id for v in office.line.parked()),
        # The same all day and in every process: two screens show the same, and a scene that comes
        # back (by undo) looks as it did.
        seed=now.toordinal(),
    )


def _empty(office: Followed, now: datetime) -> Scene:
    """Nobody is here: whoever comes in is called at once where somebody is on duty."""
    return scene(office.office, [], duty.on_duty(office.office, office.desks), Habits(), now)
