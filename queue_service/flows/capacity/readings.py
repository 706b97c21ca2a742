"""What surge rules measure: one function a metric, from views and small questions.

A metric that cannot be told now reads None; rules then stay as they are.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta

from queue_service.flows.bookings import cards
from queue_service.flows.waitlist import wishes
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import Tick
from queue_service.model.refusal import Refusal
from queue_service.model.surge import Metric, SurgeRule, When
from queue_service.model.visit import NeedClass
from queue_service.slots.calendar import day_tick, later, tick_of
from queue_service.slots.openings import DayOpenings, DayState, Start
from queue_service.store import surge as store
from queue_service.store.database import transaction
from queue_service.views import desks, hall_metrics

ONE_DAY = timedelta(days=1)
Read = Callable[[House, Followed, When], Awaitable[float | None]]


async def read(
    house: House, office: Followed, rules: tuple[SurgeRule, ...]
) -> dict[str, float | None]:
    """The metric of every rule now; each distinct one is measured once."""
    known: dict[tuple[object, ...], float | None] = {}
    found: dict[str, float | None] = {}
    for rule in rules:
        when = rule.when
        scope = (when.metric, when.service, when.limit, when.days, when.need_class)
        if scope not in known:
            known[scope] = await METRICS[when.metric](house, office, when)
        found[rule.id] = known[scope]
    return found


async def free_places(_house: House, office: Followed, when: When) -> float | None:
    """Visits of the service for one person that still fit, one after the other."""
    wanted = office.openings.request((Part(when.service, 1),))
    if isinstance(wanted, Refusal):
        return None
    length = timedelta(minutes=wanted.minutes)
    return float(sum(_one_after_the_other(day.starts, length) for day in _days(office, when)))


async def days_to_free(_house: House, office: Followed, when: When) -> float | None:
    """Days until the first free start; one more than were looked at when there is none."""
    days = _days(office, when)
    if not days:
        return None
    today = office.now().date()
    first = next((day.date for day in days if day.state is DayState.FREE), None)
    return float((first - today).days if first else len(days))


async def booked_share(house: House, office: Followed, when: When) -> float | None:
    """Per cent of the limit's places from now on that are taken; None where it has none."""
    limit = office.key.limits.get(when.limit)
    if limit is None:
        return None
    now, zone = office.now(), office.office.tz
    end = day_tick(now.date() + (when.days + 1) * ONE_DAY, zone)
    async with transaction(house.pool, office.key.authority) as connection:
        taken, places = await store.filled(connection, limit, Tick(tick_of(now)), end)
    return 100.0 * taken / places if places else None


async def no_shows_today(house: House, office: Followed, _when: When) -> float | None:
    """Bookings of today that are later than people may be, and nobody came."""
    now = office.now()
    begin = datetime.combine(now.date(), time(), office.office.tz)
    late = later(now, -timedelta(minutes=office.office.booking.late_minutes))
    async with transaction(house.pool, office.key.authority) as connection:
        return float(await store.not_come(connection, office.key.office, begin, late))


async def cards_ready(house: House, office: Followed, _when: When) -> float | None:
    """Cards that lie ready and have no pickup appointment."""
    return float(await cards.ready_unbooked(house, office))


async def waiting(house: House, office: Followed, when: When) -> float | None:
    """People who wait for a place of the service."""
    return float((await wishes.length(house, office)).get(when.service, 0))


async def work_minutes_per_counter(_house: House, office: Followed, _when: When) -> float | None:
    """Minutes of work that wait in the hall for each open counter."""
    waits = office.line.waiting(office.now())
    open_now = len(desks.on_duty(office.office, office.desks))
    return hall_metrics.work_per_counter(waits, office.office, open_now)


async def oldest_wait(_house: House, office: Followed, when: When) -> float | None:
    """Minutes that the longest waiting person has waited."""
    now = office.now()
    return hall_metrics.oldest_wait(office.line.waiting(now), now, when.need_class)


async def predicted_p80(_house: House, office: Followed, when: When) -> float | None:
    """Minutes within which eight of ten will be called; without a forecast, as they are told."""
    now = office.now()
    classes = tuple(NeedClass) if when.need_class is None else (when.need_class,)
    known = [office.waits.p80(need, now) for need in classes]
    forecast = [minutes for minutes in known if minutes is not None]
    if forecast:
        return max(forecast)
    line = office.line.waiting(now)
    told = [float(office.line.wait(visit, now).to_minutes) for visit in line]
    return hall_metrics.predicted_p80(line, when.need_class, told)


async def unserved_emergencies(_house: House, office: Followed, _when: When) -> float | None:
    """Emergencies that no counter has taken yet."""
    return float(hall_metrics.unserved_emergencies(office.line.waiting(office.now())))


METRICS: dict[Metric, Read] = {
    Metric.FREE_PLACES: free_places,
    Metric.DAYS_TO_FREE: days_to_free,
    Metric.BOOKED_SHARE: booked_share,
    Metric.NO_SHOWS_TODAY: no_shows_today,
    Metric.CARDS_READY: cards_ready,
    Metric.WAITING_LIST: waiting,
    Metric.WORK_MINUTES: work_minutes_per_counter,
    Metric.OLDEST_WAIT: oldest_wait,
    Metric.PREDICTED_P80: predicted_p80,
    Metric.UNSERVED_EMERGENCIES: unserved_emergencies,
}
"""A metric more is a function more."""


def _days(office: Followed, when: When) -> tuple[DayOpenings, ...]:
    now = office.now()
    parts = (Part(when.service, 1),)
    return office.openings.month(parts, now.date(), now.date() + when.days * ONE_DAY, now)


def _one_after_the_other(starts: tuple[Start, ...], length: timedelta) -> int:
    places, free_from = 0, None
    for each in starts:
        if each.places and (free_from is None or each.start >= free_from):
            places += each.places
            free_from = later(each.start, length)
    return places
