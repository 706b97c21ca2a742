"""A small pool of worker processes for what would hold the event loop up.

A process is started when it is first needed and again after it died; all end with this one, since
each reads from a pipe that only this process holds open. `worker` is the other side.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

import msgspec
import structlog

from queue_service.rehearsal.outlook import Outlook, Scene
from queue_service.worker import HEADER

PATIENCE_SECONDS = 20.0
"""A worker that took longer hangs, and is replaced."""
_encode = msgspec.msgpack.Encoder().encode
_outlook = msgspec.msgpack.Decoder(Outlook)
_log = structlog.get_logger()


class Workers:
    """Up to `most` processes, each with one scene at a time."""

    def __init__(self, most: int = 1) -> None:
        """Nothing is started yet."""
        self._turns = asyncio.Semaphore(most)
        self._resting: list[Process] = []
        self._alive: set[Process] = set()
        self.started = 0
        """How many processes were ever started."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that run."""
        return tuple(process.pid for process in self._alive if process.returncode is None)

    async def look(self, scene: Scene) -> Outlook | None:
        """The outlook of a scene; None when the worker failed, the next call has another one."""
        async with self._turns:
            process = await self._worker()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    found = await _ask(process, _encode(scene))
            except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as lost:
                _log.warning("worker_lost", pid=process.pid, error=type(lost).__name__)
                await self._end(process)
                return None
            except BaseException:
                # Cut off half way: its answer would be taken for the next one's.
                await self._end(process)
                raise
            self._resting.append(process)
            return found

    async def stop(self) -> None:
        """End every process."""
        for process in list(self._alive):
            await self._end(process)

    async def _worker(self) -> Process:
        while self._resting:
            process = self._resting.pop()
            if process.returncode is None:
                return process
            self._alive.discard(process)
        self.started += 1
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "queue_service.worker", stdin=PIPE, stdout=PIPE
        )
        self._alive.add(process)
        return process

    async def _end(self, process: Process) -> None:
        self._alive.discard(process)
        if process in self._resting:
            self._resting.remove(process)
        if process.returncode is None:
            try:
                process.kill()
            except ProcessLookupError:
                return
            await process.wait()


async def _ask(process: Process, message: bytes) -> Outlook:
    if process.stdin is None or process.stdout is None:
        raise EOFError("a worker without pipes")
    process.stdin.write(HEADER.pack(len(message)) + message)
    await process.stdin.drain()
    header = await process.stdout.readexactly(HEADER.size)
    return _outlook.decode(await process.stdout.readexactly(HEADER.unpack(header)[0]))
