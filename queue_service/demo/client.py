"""The HTTP client of the living office: asks the public API, repeats safely, never raises.

A refusal is an answer like any other. A lost connection or an office that is busy is waited out
with growing pauses under the same idempotency key, as the contract asks of every program.
"""

import asyncio
import uuid
from typing import TypeVar

import httpx
import msgspec

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
ATTEMPTS = 8
_LATER = frozenset({429, 502, 503, 504})


class Answer(msgspec.Struct, frozen=True):
    """What came back; `status` 0 when the office could not be reached at all."""

    status: int
    body: bytes = b""

    @property
    def granted(self) -> bool:
        """Whether the wish was granted."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The stable code of a refusal, or an empty string."""
        problem = self.read(_Problem)
        return problem.code if problem is not None else ""

    def read(self, kind: type[T]) -> T | None:
        """The body as `kind`; None when it is something else."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.DecodeError:
            return None


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


class Client:
    """One pool of connections to the running demo."""

    def __init__(self, base_url: str) -> None:
        """All paths are below `base_url`/api/v1."""
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=16)
        self._http = httpx.AsyncClient(
            base_url=f"{base_url}/api/v1", limits=limits, timeout=15.0, trust_env=False
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def get(self, path: str, *, bearer: str = "", **query: str | int) -> Answer:
        """Read something."""
        return await self.ask("GET", path, bearer=bearer, query=query)

    async def post(self, path: str, body: object = None, *, bearer: str = "") -> Answer:
        """Wish something, once, however often it has to be said."""
        return await self.ask("POST", path, body, bearer=bearer)

    async def delete(self, path: str, *, bearer: str = "") -> Answer:
        """Give something up."""
        return await self.ask("DELETE", path, bearer=bearer)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        bearer: str = "",
        query: dict[str, str | int] | None = None,
    ) -> Answer:
        """Any method; what it wishes is wished once, however often it has to be said."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        pause = FIRST_PAUSE_SECONDS
        answer = Answer(0)
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            try:
                reply = await self._http.request(
                    method, path, params=query, content=content, headers=headers
                )
            except (httpx.TransportError, httpx.InvalidURL):
                answer = Answer(0)
                continue
            answer = Answer(reply.status_code, reply.content)
            if reply.status_code not in _LATER:
                break
        return answer
