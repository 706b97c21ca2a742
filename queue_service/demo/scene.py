"""One office as the living office sees it: its time, its people's habits, and what was counted."""

import asyncio
import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from random import Random

import msgspec

from queue_service.demo import days, people, shapes
from queue_service.demo.client import Answer, Client
from queue_service.demo.diary import Diary
from queue_service.demo.links import OfficeLinks
from queue_service.demo.people import Demand, Offer
from queue_service.demo.shapes import Shape
from queue_service.model.asking import Kind
from queue_service.model.office import Office, Service

LONGEST_NAP_SECONDS = 1.0
"""The office's clock may jump over a night: nobody sleeps longer without looking at it again."""
HEIDELBERG_LOAD = 0.88
GENTLE_LOAD = 0.6
BUSY_OFFICE = Demand(walk_ins=400, bookings=320, emergencies=20)
"""More than any preset's counters can bear; thinned by `Demand.within`."""


class OfficeTime:
    """The office's clock as last read from the API, running on by its rate in between."""

    def __init__(self, zone: tzinfo) -> None:
        """Unknown until the first `read`."""
        self._zone = zone
        self._office = datetime.now(zone)
        self._read_at = 0.0
        self.rate = 0.0

    def read(self, now: datetime, rate: float) -> None:
        """The office says it is `now`."""
        self._office, self.rate = now.astimezone(self._zone), rate
        self._read_at = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Office time at this moment."""
        passed = asyncio.get_running_loop().time() - self._read_at
        return self._office + timedelta(seconds=passed * self.rate)

    async def pass_by(self, span: timedelta, *, at_least_seconds: float = 0.0) -> None:
        """Let `span` of office time pass, and at least so many real seconds."""
        until = self.now() + span
        await asyncio.sleep(at_least_seconds)
        while (left := (until - self.now()).total_seconds()) > 0:
            nap = left / self.rate if self.rate > 0 else math.inf
            await asyncio.sleep(min(LONGEST_NAP_SECONDS, nap))


@dataclass
class Scene:
    """What visitors and clerks of one office share."""

    client: Client
    office: Office
    links: OfficeLinks
    time: OfficeTime
    demand: Demand
    shape: Shape
    open_door: tuple[Offer, ...]
    """What people walk in for, emergencies apart."""
    bookable: tuple[Offer, ...]
    emergency: Offer | None
    diary: Diary
    chance: Random
    tally: Counter[str] = field(default_factory=Counter)

    def at_closing(self) -> bool:
        """Whether the day ended a while ago: the last visitors are dealt with briefly."""
        today = days.windows(self.office, self.time.now().date())
        return bool(today) and self.time.now() > today[-1][1] + days.SWEEPING / 2

    def count(self, deed: str, answer: Answer) -> bool:
        """Note how a wish ended; True when it was granted."""
        if answer.granted:
            self.tally[deed] += 1
        else:
            self.tally[f"{deed}: {answer.code or answer.status}"] += 1
        return answer.granted


def set_scene(client: Client, office: Office, office_links: OfficeLinks, kept: Diary) -> Scene:
    """One office with the demand its staffed counters can bear."""
    usual = [service for service in office.services if not service.emergency]
    open_door = tuple(_offer(service) for service in usual if service.walk_in)
    bookable = tuple(_offer(service) for service in usual if service.bookable)
    emergency = next((_offer(s) for s in office.services if s.emergency), None)
    staffed = sum(not counter.free for counter in office_links.counters)
    busy = office.slug == "heidelberg"
    with Path(shapes.__file__).with_name("shapes.csv").open(encoding="utf-8") as lines:
        profiles = shapes.read(lines)
    return Scene(
        client=client,
        office=office,
        links=office_links,
        time=OfficeTime(office.tz),
        demand=(Demand() if busy else BUSY_OFFICE).within(
            work=days.average_length(office) * staffed,
            minutes=people.mean_minutes((*open_door, *bookable)),
            load=HEIDELBERG_LOAD if busy else GENTLE_LOAD,
        ),
        shape=profiles.get(office.slug, profiles[shapes.MEAN]),
        open_door=open_door,
        bookable=bookable,
        emergency=emergency,
        diary=kept,
        chance=Random(),
    )


class _Details(msgspec.Struct, frozen=True):
    now: datetime
    rate: float


async def read_clock(scene: Scene) -> bool:
    """Ask the office what time it is; False when it did not answer."""
    details = await scene.client.get(f"/offices/{scene.office.slug}")
    shown = details.read(_Details)
    if not details.granted or shown is None:
        return False
    scene.time.read(shown.now, shown.rate)
    return True


def _offer(service: Service) -> Offer:
    return Offer(
        code=service.code,
        minutes_first=service.minutes_first,
        minutes_next=service.minutes_next,
        max_persons=service.max_persons,
        required=service.required,
        popular=people.popularity(service.code),
        asked=tuple(
            (question.key, question.persons_from)
            for question in service.questions
            if question.kind is Kind.NUMBER and not question.optional and not question.after
        ),
    )
