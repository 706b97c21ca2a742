"""A thousand screens in a process of their own: who saw which event, and when.

Reads server-sent events and Redis pub/sub alike: whatever the wire, an event is a line ``id: N``.
Commands come as lines on standard input: ``drop N`` cuts N screens off and lets them come back,
``end`` ends the watch and writes what was seen.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from types import TracebackType
from typing import Self, cast

import msgspec
import uvloop

from bench.wire import HOST

AWAY_SECONDS = 0.5
_CHUNK = 60_000
_ID = re.compile(rb"(?:^|\n)id: (\d+)\r?\n")
_READY_SECONDS = 60.0


class Watch(msgspec.Struct, frozen=True):
    """Where to look: how each connection opens, without the empty line that ends a request."""

    port: int
    opening: bytes
    count: int
    resumes: bool
    """Whether a screen that comes back names the last event it saw."""


class Seen(msgspec.Struct, frozen=True):
    """Arrival times of each event, one a screen that saw it, as real seconds since 1970."""

    arrivals: dict[int, list[float]]
    cpu_share: float
    returned: int
    """How often a cut-off screen came back."""


class _Run:
    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.arrivals: dict[int, list[float]] = {}
        self.returned = 0
        self.connected = 0
        self.ready = asyncio.Event()

    def met(self) -> None:
        self.connected += 1
        if self.connected >= self.watch.count:
            self.ready.set()


class _Screen(asyncio.Protocol):
    """One connection; keeps the last event it saw over a reconnection."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.last = 0
        self._tail = b""
        self._met = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        opening = self.run.watch.opening
        if self.run.watch.resumes:
            opening += b"last-event-id: %d\r\n" % self.last if self.last else b""
            opening += b"\r\n"
        self._tail = b""
        self._transport.write(opening)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        data = self._tail + data
        whole = data.rfind(b"\n") + 1
        # The newline stays in front of the tail: an id begins a line.
        self._tail = data[max(0, whole - 1) :]
        if not self._met:
            self._met = True
            self.run.met()
        for found in _ID.finditer(data, 0, whole):
            event = int(found[1])
            if event > self.last:
                self.last = event
                self.run.arrivals.setdefault(event, []).append(now)

    def drop(self) -> None:
        """Cut the connection as a broken network would."""
        self._transport.abort()


async def _back(screen: _Screen) -> None:
    await asyncio.sleep(AWAY_SECONDS)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: screen, HOST, screen.run.watch.port)
    screen.run.returned += 1


async def _watch(watch: Watch) -> Seen:
    loop = asyncio.get_running_loop()
    run = _Run(watch)
    screens: list[_Screen] = []
    for _ in range(watch.count):
        _, screen = await loop.create_connection(lambda: _Screen(run), HOST, watch.port)
        screens.append(screen)
    await asyncio.wait_for(run.ready.wait(), _READY_SECONDS)
    print("ready", flush=True)
    begin, cpu = time.monotonic(), time.process_time()
    while (command := await loop.run_in_executor(None, sys.stdin.readline)).startswith("drop"):
        gone = screens[: int(command.split()[1])]
        for screen in gone:
            screen.drop()
        await asyncio.gather(*map(_back, gone))
        print("back", flush=True)
    share = (time.process_time() - cpu) / (time.monotonic() - begin)
    return Seen(run.arrivals, share, run.returned)


class Screens:
    """The watching process; use as a context, `end` once."""

    def __init__(self, watch: Watch) -> None:
        """Connects when entered."""
        self._watch = watch

    def __enter__(self) -> Self:
        """Return once every screen has heard from its server."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.screens"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(msgspec.json.encode(self._watch).decode())
        try:
            self._hear("ready")
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        return self._process.stdout.readline().strip()

    def _hear(self, wanted: str) -> None:
        heard = self._line()
        if heard != wanted:
            raise RuntimeError(f"the screens said {heard!r} instead of {wanted!r}")

    def drop(self, count: int) -> None:
        """Cut `count` screens off and wait until they are back."""
        self._say(f"drop {count}")
        self._hear("back")

    def end(self) -> Seen:
        """Stop watching and tell what was seen."""
        self._say("end")
        said = self._line()
        if not said.startswith("{"):
            raise RuntimeError(
                f"the screens ended with {said[:200]!r}, exit {self._process.poll()}"
            )
        return msgspec.json.decode(said, type=Seen)


def main() -> int:
    """Read a watch from the first line of standard input and follow commands until ``end``."""
    watch = msgspec.json.decode(sys.stdin.readline(), type=Watch)
    told = msgspec.json.encode(uvloop.run(_watch(watch))) + b"\n"
    # After a uvloop run a large `print` to a pipe ends silently after its first 64 kB.
    while told:
        told = told[os.write(sys.stdout.fileno(), told[:_CHUNK]) :]
    return 0


if __name__ == "__main__":
    sys.exit(main())
