"""A wire between a house and its database that can be cut at the worst moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

COMMIT = b"Q\x00\x00\x00\x0bcommit\x00"
TURN = b"enable_seqscan"
"""Only connections of the turn are opened with this setting."""


class Cut(StrEnum):
    """When the wire breaks."""

    BEFORE_COMMIT = "before_commit"
    """The database never hears of it."""
    AFTER_COMMIT = "after_commit"
    """The database has committed, its answer is lost."""


class Wire:
    """Carries bytes both ways; `cuts` says what befalls the next commits of turns."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.cuts: list[Cut] = []
        self.done: list[Cut] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        far, there = await asyncio.open_connection(self._host, self._port)
        self._writers |= {back, there}
        answer = asyncio.create_task(self._pump(far, back))
        self._tasks.add(answer)
        turns = False
        try:
            while data := await near.read(65_536):
                turns = turns or TURN in data
                if turns and self.cuts and data.endswith(COMMIT):
                    await self._cut(self.cuts.pop(0), data, answer, far, there)
                    return
                there.write(data)
                await there.drain()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            answer.cancel()
            for writer in (back, there):
                writer.close()
                self._writers.discard(writer)

    async def _cut(
        self,
        cut: Cut,
        data: bytes,
        answer: asyncio.Task[None],
        far: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
        if cut is Cut.AFTER_COMMIT:
            there.write(data)
            await there.drain()
            assert b"COMMIT" in await far.read(65_536)
        self.done.append(cut)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
            writer.close()

    def tear(self) -> None:
        """Break every connection at once."""
        for writer in list(self._writers):
            writer.transport.abort()


@asynccontextmanager
async def wired(dsn: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the database of `dsn`, and the DSN that leads over it."""
    parts = urlsplit(dsn)
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    login, _, _ = parts.netloc.rpartition("@")
    over = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
    try:
        yield wire, over
    finally:
        wire.tear()
        server.close()
