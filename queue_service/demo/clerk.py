"""A clerk of the living office: next, serve, finish; now and then nobody comes when called."""

import asyncio
from datetime import timedelta

import msgspec

from queue_service.demo import people
from queue_service.demo.client import Answer
from queue_service.demo.scene import Scene

PAUSE = timedelta(seconds=40)
"""Between two looks at an empty line."""
PAUSE_SECONDS = 1.0
WALK = timedelta(seconds=45)
"""From the waiting room to the counter."""
UNKNOWN_MINUTES = 10
NOBODY_COMES = 0.04
CALLS = 3


class _Visit(msgspec.Struct, frozen=True):
    visit: str
    service: str = ""
    persons: int = 1


class _Desk(msgspec.Struct, frozen=True):
    current: _Visit | None = None


class Team:
    """The login that all clerks of an office's demo share; signs in again when asked to."""

    def __init__(self, scene: Scene, login: str, password: str) -> None:
        """Signs in at the first deed."""
        self._scene, self._login, self._password = scene, login, password
        self._token = ""
        self._door = asyncio.Lock()

    async def post(self, path: str) -> Answer:
        """Do something as a member of the team."""
        token = await self._signed_in(not_with="")
        answer = await self._scene.client.post(path, bearer=token)
        if answer.status == 401:
            token = await self._signed_in(not_with=token)
            answer = await self._scene.client.post(path, bearer=token)
        return answer

    async def get(self, path: str) -> Answer:
        """Look at something as a member of the team."""
        token = await self._signed_in(not_with="")
        return await self._scene.client.get(path, bearer=token)

    async def _signed_in(self, *, not_with: str) -> str:
        """A token other than the one that was refused; one of the team signs in for all."""
        async with self._door:
            if self._token == not_with:
                wish = {"login": self._login, "password": self._password}
                answer = await self._scene.client.post("/sessions", wish)
                session = answer.read(_Session)
                self._scene.count("signed in", answer)
                self._token = session.token if answer.granted and session else ""
            return self._token


class _Session(msgspec.Struct, frozen=True):
    token: str


async def work(scene: Scene, team: Team, counter: str) -> None:
    """Serve at `counter` for ever; who is there from before a restart is finished first."""
    desk = (await team.get(f"/desks/{counter}")).read(_Desk)
    if desk is not None and desk.current is not None:
        await _serve(scene, team, desk.current)
    while True:
        answer = await team.post(f"/desks/{counter}/next")
        desk = answer.read(_Desk) if answer.granted else None
        if desk is None or desk.current is None:
            if answer.code != "nobody_waiting":
                scene.count("called", answer)
            pause = PAUSE * scene.chance.uniform(0.5, 1.5)
            await scene.time.pass_by(pause, at_least_seconds=PAUSE_SECONDS)
            continue
        scene.count("called", answer)
        await _serve(scene, team, desk.current)


async def _serve(scene: Scene, team: Team, visit: _Visit) -> None:
    if scene.chance.random() < NOBODY_COMES:
        await _wait_in_vain(scene, team, visit)
        return
    await scene.time.pass_by(WALK * scene.chance.uniform(0.5, 1.5))
    service = scene.office.service(visit.service)
    planned = UNKNOWN_MINUTES
    if service is not None:
        planned = service.minutes_first + service.minutes_next * (visit.persons - 1)
    if scene.at_closing():
        planned = 1
    await scene.time.pass_by(people.service_time(planned, scene.chance))
    scene.count("served", await team.post(f"/visits/{visit.visit}/finish"))


async def _wait_in_vain(scene: Scene, team: Team, visit: _Visit) -> None:
    for _ in range(CALLS - 1):
        await scene.time.pass_by(WALK * 2)
        if not scene.count("called again", await team.post(f"/visits/{visit.visit}/recall")):
            break
    await scene.time.pass_by(WALK * 2)
    scene.count("missed", await team.post(f"/visits/{visit.visit}/missed"))
