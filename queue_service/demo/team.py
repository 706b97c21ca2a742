"""A session of staff in the living office: signs in when asked to, and again when it ended."""

import asyncio

import msgspec

from queue_service.demo.client import Answer
from queue_service.demo.links import Login
from queue_service.demo.scene import Scene

SENTENCES = (
    "Flug heute Abend, Mutter im Krankenhaus.",
    "Arbeitgeber verlangt die Bescheinigung bis morgen früh.",
    "Titel läuft heute ab, Antrag ist gestellt.",
)
"""What staff hand on with an emergency."""


class _Session(msgspec.Struct, frozen=True):
    token: str


class Team:
    """One login, shared by whoever works under it."""

    def __init__(self, scene: Scene, login: Login) -> None:
        """Signs in at the first deed."""
        self._scene, self._login = scene, login
        self._token = ""
        self._door = asyncio.Lock()

    async def post(self, path: str, body: object = None) -> Answer:
        """Do something."""
        return await self._ask("POST", path, body)

    async def put(self, path: str, body: object) -> Answer:
        """Set something."""
        return await self._ask("PUT", path, body)

    async def get(self, path: str) -> Answer:
        """Look at something."""
        return await self._ask("GET", path)

    async def _ask(self, method: str, path: str, body: object = None) -> Answer:
        token = await self._signed_in(not_with="")
        answer = await self._scene.client.ask(method, path, body, bearer=token)
        if answer.status == 401:
            token = await self._signed_in(not_with=token)
            answer = await self._scene.client.ask(method, path, body, bearer=token)
        return answer

    async def _signed_in(self, *, not_with: str) -> str:
        """A token other than the one that was refused; one of the team signs in for all."""
        async with self._door:
            if self._token == not_with:
                wish = {"login": self._login.login, "password": self._login.password}
                answer = await self._scene.client.post("/sessions", wish)
                session = answer.read(_Session)
                self._scene.count("signed in", answer)
                self._token = session.token if answer.granted and session else ""
            return self._token
