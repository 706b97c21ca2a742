"""A clerk of the living office: opens a counter, serves, sends people on, takes breaks.

Case workers accept emergencies before anybody else; now and then nobody comes when called, a paper
is missing, or a photo has to be taken at the station.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from queue_service.demo import people
from queue_service.demo.scene import Scene
from queue_service.demo.team import SENTENCES, Team
from queue_service.model.office import Counter
from queue_service.model.visit import Step

PAUSE = timedelta(seconds=40)
"""Between two looks at an empty line."""
PAUSE_SECONDS = 1.0
WALK = timedelta(seconds=45)
"""From the waiting room to the counter."""
UNKNOWN_MINUTES = 10
STATION = timedelta(minutes=3)
"""One photo, one set of fingerprints, one payment."""
NOBODY_COMES = 0.04
CALLS = 3
PARKED = 0.05
"""Share of visits that lack something to be fetched; its reasons:"""
REASONS = ("papers", "papers", "photo", "payment")
FETCHING = timedelta(minutes=12)
TO_THE_STATION = 0.3
"""Share of those whose photo the station takes and who were not there yet."""
CANNOT_WAIT = 0.012
"""Share of visits that turn out to be an emergency at the counter."""
PASSED_ON = 0.15
BETWEEN_BREAKS = timedelta(minutes=110)
BREAK = timedelta(minutes=12)
NEVER = datetime.max.replace(tzinfo=UTC)


class Visit(msgspec.Struct, frozen=True):
    """Somebody at the counter, as the API tells."""

    visit: str
    service: str = ""
    persons: int = 1
    need: str = ""
    state: str = ""


class _Desk(msgspec.Struct, frozen=True):
    current: Visit | None = None
    parked: tuple[Visit, ...] = ()


class _Hand(msgspec.Struct, frozen=True):
    visit: str
    to_you: bool = False
    named: bool = False
    passed: bool = False


class _Hands(msgspec.Struct, frozen=True):
    hands: tuple[_Hand, ...] = ()


@dataclass
class Clerk:
    """Somebody who works at one counter for ever."""

    scene: Scene
    team: Team
    public: str
    """The counter: ``heidelberg.5``."""
    counter: Counter
    sent: set[str] = field(default_factory=set)
    """Visits that have been sent on or away once; shared by all clerks of an office."""
    errands: set[asyncio.Task[None]] = field(default_factory=set)
    """People who fetch something and come back."""
    breaks_at: datetime = NEVER

    async def work(self) -> None:
        """Who is there from before a restart is finished first."""
        await self._state("open")
        self.breaks_at = self._next_break()
        desk = (await self.team.get(f"/desks/{self.public}")).read(_Desk)
        for gone in desk.parked if desk is not None else ():
            self._sends_off(gone)
        if desk is not None and desk.current is not None:
            await self._serve(desk.current)
        while True:
            visit = await self._accepted() or await self._called()
            if visit is not None:
                await self._serve(visit)
            elif self.scene.time.now() >= self.breaks_at:
                await self._break()
            else:
                pause = PAUSE * self.scene.chance.uniform(0.5, 1.5)
                await self.scene.time.pass_by(pause, at_least_seconds=PAUSE_SECONDS)

    @property
    def _station(self) -> bool:
        return not {Step.COUNTER, Step.CASE_WORKER} & set(self.counter.steps)

    def _next_break(self) -> datetime:
        return self.scene.time.now() + BETWEEN_BREAKS * self.scene.chance.uniform(0.4, 1.3)

    async def _state(self, state: str) -> None:
        answer = await self.team.put(f"/desks/{self.public}/state", {"state": state})
        self.scene.count(f"counter {state}", answer)

    async def _break(self) -> None:
        await self._state("break")
        await self.scene.time.pass_by(BREAK * self.scene.chance.uniform(0.7, 1.4))
        await self._state("open")
        self.breaks_at = self._next_break()

    async def _called(self) -> Visit | None:
        answer = await self.team.post(f"/desks/{self.public}/next")
        desk = answer.read(_Desk) if answer.granted else None
        if desk is None or desk.current is None:
            if answer.code not in ("nobody_waiting", "desk_not_open"):
                self.scene.count("called", answer)
            return None
        self.scene.count("called", answer)
        return desk.current

    async def _accepted(self) -> Visit | None:
        """An emergency that waits for a case worker, taken or left to a colleague."""
        if Step.CASE_WORKER not in self.counter.steps:
            return None
        hands = (await self.team.get(f"/offices/{self.scene.office.slug}/hands")).read(_Hands)
        for hand in hands.hands if hands is not None else ():
            if hand.passed or (hand.named and not hand.to_you):
                continue
            if self.scene.chance.random() < PASSED_ON:
                passed = await self.team.post(f"/visits/{hand.visit}/pass")
                self.scene.count("emergency passed on", passed)
                continue
            answer = await self.team.post(f"/visits/{hand.visit}/accept", {"counter": self.public})
            desk = answer.read(_Desk) if answer.granted else None
            self.scene.count("emergency accepted", answer)
            if desk is not None and desk.current is not None:
                return desk.current
        return None

    async def _serve(self, visit: Visit) -> None:
        chance = self.scene.chance
        if visit.state != "serving":
            if chance.random() < NOBODY_COMES:
                await self._wait_in_vain(visit)
                return
            await self.scene.time.pass_by(WALK * chance.uniform(0.5, 1.5))
            await self.team.post(f"/visits/{visit.visit}/start")
        if self._station:
            await self.scene.time.pass_by(STATION * chance.uniform(0.6, 1.5))
        else:
            planned = self._minutes(visit)
            if await self._leads_on(visit, planned):
                return
            await self.scene.time.pass_by(people.service_time(planned, chance))
        done = await self.team.post(f"/visits/{visit.visit}/finish")
        self.scene.count("served", done)

    def _minutes(self, visit: Visit) -> int:
        if self.scene.at_closing():
            return 1
        service = self.scene.office.service(visit.service)
        if service is None:
            return UNKNOWN_MINUTES
        return service.minutes_first + service.minutes_next * (visit.persons - 1)

    async def _leads_on(self, visit: Visit, planned: int) -> bool:
        """Whether somebody leaves the counter unserved, each visit at most once."""
        scene, drawn = self.scene, self.scene.chance.random()
        if visit.visit in self.sent or scene.at_closing():
            return False
        path = f"/visits/{visit.visit}"
        case_worker = Step.CASE_WORKER in self.counter.steps
        urgent = visit.need == "emergency" or drawn < CANNOT_WAIT
        if urgent and not case_worker and self._elsewhere(Step.CASE_WORKER):
            said = {"sentence": scene.chance.choice(SENTENCES)}
            return await self._away("emergency handed over", visit, f"{path}/hand-over", said)
        drawn = scene.chance.random()
        if drawn < TO_THE_STATION and self._elsewhere(Step.PHOTO, visit.service):
            await scene.time.pass_by(people.service_time(planned, scene.chance) / 3)
            return await self._away(
                "sent to the photo", visit, f"{path}/forward", {"step": "photo"}
            )
        if drawn > 1 - PARKED:
            await scene.time.pass_by(people.service_time(planned, scene.chance) / 3)
            said = {"reason": scene.chance.choice(REASONS)}
            if await self._away("parked", visit, f"{path}/park", said):
                self._sends_off(visit)
                return True
        return False

    def _elsewhere(self, step: Step, service: str = "") -> bool:
        """Whether another counter does what this one does not."""
        return step not in self.counter.steps and any(
            step in other.steps and (not service or service in (*other.skills, *other.fallback))
            for other in self.scene.office.counters
        )

    async def _away(self, deed: str, visit: Visit, path: str, body: object) -> bool:
        self.sent.add(visit.visit)
        return self.scene.count(deed, await self.team.post(path, body))

    def _sends_off(self, visit: Visit) -> None:
        errand = asyncio.create_task(self._fetch(visit))
        self.errands.add(errand)
        errand.add_done_callback(self.errands.discard)

    async def _fetch(self, visit: Visit) -> None:
        """They come back and tell the guide, or the counter itself."""
        await self.scene.time.pass_by(FETCHING * self.scene.chance.uniform(0.4, 1.6))
        back = await self.team.post(f"/visits/{visit.visit}/resume")
        self.scene.count("came back", back)

    async def _wait_in_vain(self, visit: Visit) -> None:
        path = f"/visits/{visit.visit}"
        for _ in range(CALLS - 1):
            await self.scene.time.pass_by(WALK * 2)
            if not self.scene.count("called again", await self.team.post(f"{path}/recall")):
                break
        await self.scene.time.pass_by(WALK * 2)
        self.scene.count("missed", await self.team.post(f"{path}/missed"))
