"""Load from a process of its own: keep-alive connections that ask again as soon as an answer came.

A slow generator flatters every ratio, so the requests are built beforehand, answers are parsed for
status and length only, and the CPU share of the generator is part of the result.
"""

import asyncio
import itertools
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import cast

import msgspec
import uvloop

from bench.report import percentile
from bench.wire import HOST, complete

KEY = b"{key}"
"""Stands in a request for a text that differs in every request of a run."""

_DRAIN_SECONDS = 10.0


class Plan(msgspec.Struct, frozen=True):
    """What is asked, by how many connections and for how long; `ports` are taken in turn."""

    ports: tuple[int, ...]
    requests: tuple[bytes, ...]
    connections: int = 200
    seconds: float = 3.0
    warm_seconds: float = 0.3
    run: str = "0"
    """Makes the keys of this run differ from those of every other."""
    pause_seconds: float = 0.0
    """Between an answer and the next question of its connection, on average."""


class Load(msgspec.Struct, frozen=True):
    """What came back during the counted seconds."""

    seconds: float
    statuses: dict[int, int]
    cpu_share: float
    p50_ms: float
    p99_ms: float
    sample: bytes = b""
    """The last answer of the rarest status, to explain a run that went wrong."""

    def rate(self, status: int) -> float:
        """Answers of one status a second."""
        return self.statuses.get(status, 0) / self.seconds

    def only(self, status: int) -> float:
        """Answers a second; raises if any had another status, for then the ratio means nothing."""
        if set(self.statuses) - {status}:
            raise RuntimeError(
                f"expected only {status}, got {self.statuses}: {self.sample[:600]!r}"
            )
        return self.rate(status)


class _Run:
    """Shared by the connections of one generator."""

    def __init__(self, plan: Plan) -> None:
        self.next = _questions(plan).__next__
        self.pause = plan.pause_seconds
        self.counting = False
        self.sending = True
        self.statuses: Counter[int] = Counter()
        self.samples: dict[int, bytes] = {}
        self.waits: list[float] = []
        self.open = 0
        self.quiet = asyncio.Event()


def _questions(plan: Plan) -> Iterator[bytes]:
    halves = [question.partition(KEY) for question in plan.requests]
    if not any(mark for _, mark, _ in halves):
        return itertools.cycle(plan.requests)
    run = plan.run.encode()
    return (
        b"%b%b-%08x%b" % (head, run, number, tail)
        for number, (head, _, tail) in enumerate(itertools.cycle(halves))
    )


class _Asker(asyncio.Protocol):
    """One connection; asks, waits, asks again."""

    __slots__ = ("_asked", "_data", "_run", "_write")

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._data = b""
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self._write = cast("asyncio.Transport", transport).write

    def ask(self) -> None:
        self._run.open += 1
        self._asked = time.perf_counter()
        self._write(self._run.next())

    def data_received(self, data: bytes) -> None:
        if self._data:
            data = self._data + data
        _, end, status = complete(data)
        if end < 0:
            self._data = data
            return
        self._data = b""
        run = self._run
        now = time.perf_counter()
        if run.counting:
            run.statuses[status] += 1
            run.waits.append(now - self._asked)
            if status >= 400:
                run.samples[status] = data
        if run.sending and not run.pause:
            self._asked = now
            self._write(run.next())
            return
        if run.sending:
            pause = random.uniform(0, 2 * run.pause)
            asyncio.get_running_loop().call_later(pause, self._again)
            return
        self._rest()

    def _again(self) -> None:
        if self._run.sending:
            self._asked = time.perf_counter()
            self._write(self._run.next())
        else:
            self._rest()

    def _rest(self) -> None:
        self._run.open -= 1
        if not self._run.open:
            self._run.quiet.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.statuses[0] += 1
        self._run.samples[0] = f"the server closed a connection: {exc}".encode()


async def _load(plan: Plan) -> Load:
    loop = asyncio.get_running_loop()
    run = _Run(plan)
    askers = []
    for number in range(plan.connections):
        port = plan.ports[number % len(plan.ports)]
        _, asker = await loop.create_connection(lambda: _Asker(run), HOST, port)
        askers.append(asker)
    for number, asker in enumerate(askers):
        loop.call_later(2 * plan.pause_seconds * number / len(askers), asker.ask)
    await asyncio.sleep(plan.warm_seconds)
    begin, cpu = time.perf_counter(), time.process_time()
    run.counting = True
    await asyncio.sleep(plan.seconds)
    run.counting = False
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    run.sending = False
    await asyncio.wait_for(run.quiet.wait(), _DRAIN_SECONDS)
    rarest = min(run.samples, key=lambda status: run.statuses[status], default=0)
    return Load(
        seconds=seconds,
        statuses=dict(run.statuses),
        cpu_share=cpu / seconds,
        p50_ms=percentile(run.waits, 0.5) * 1000,
        p99_ms=percentile(run.waits, 0.99) * 1000,
        sample=run.samples.get(rarest, b"")[:2000],
    )


def load(plan: Plan) -> Load:
    """Run the plan in a generator process of its own and wait for what it counted.

    Raises RuntimeError with the generator's own words if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.msgpack.encode(plan),
        capture_output=True,
        check=False,
        timeout=plan.seconds + plan.warm_seconds + _DRAIN_SECONDS + 20,
    )
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr.decode()[-2000:]}")
    return msgspec.msgpack.decode(done.stdout, type=Load)


def main() -> int:
    """Read a plan from standard input, run it, write the result to standard output."""
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.msgpack.encode(uvloop.run(_load(plan))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
