"""How clients of a played day ask the house: who they are, what they say, what they expect."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec

from bench import racing, wire
from bench.wire import Answer, Line


class Wrong(Exception):  # noqa: N818 - what was answered, not a fault of ours
    """The house answered what no client expected."""


class Door(msgspec.Struct, frozen=True):
    """How the day gets into the house."""

    slug: str
    line: Line
    tokens: Mapping[str, str]
    """Of kiosk, tablet, manager, and of whoever works at a counter, by its key."""
    move_clock: Callable[[datetime], Awaitable[None]]

    async def ask(
        self,
        method: str,
        path: str,
        body: object,
        who: str,
        ok: tuple[int, ...] = (200,),
    ) -> dict[str, object]:
        """Ask as `who`; raises Wrong for an answer that is not among `ok`."""
        return good(await self.say(method, path, body, who), ok, f"{method} {path}")

    async def say(self, method: str, path: str, body: object, who: str) -> Answer:
        """Ask as `who`, whatever the answer."""
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        if method == "POST":
            headers |= racing.key()
        return await self.line.ask(wire.request(method, path, body, headers))


def good(answer: Answer, ok: tuple[int, ...], what: str) -> dict[str, object]:
    """The answer's body; raises Wrong where its status is not among `ok`."""
    if answer.status not in ok:
        raise Wrong(f"{what}: {answer.status} {answer.body[:400]!r}")
    return answer.json()
