"""Whether forecasting holds requests up: a cheap one's p99 with a scene a second, and without.

One event loop answers a client process; in every other window it also builds the scene of a full
hall, has a worker process play it and takes the answer, as the server does for each office.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec

from bench.report import median, percentile
from queue_service.demo.presets import preset
from queue_service.model.booking import Part
from queue_service.model.ids import VisitId
from queue_service.model.office import Office
from queue_service.model.visit import NeedClass, Visit, VisitState
from queue_service.views.habits import Habits
from queue_service.views.outlook import scene
from queue_service.views.waits import Waits
from queue_service.workers import Workers

CROWD = 80
WINDOW_SECONDS = 1.5
SETTLE_SECONDS = 1.0
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
_NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
_SPANS = ((_NOW - timedelta(hours=1), _NOW + timedelta(hours=3)),)
Window = tuple[float, float]


def p99_ratio(pairs: int) -> float:
    """p99 with over p99 without forecasts, the middle of so many pairs of windows."""
    return asyncio.run(_measure(pairs))


async def _measure(pairs: int) -> float:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    workers, waits = Workers(), Waits()
    await _forecast(workers, waits)
    # The windows last a little longer than they should; the client must outlast them.
    seconds = SETTLE_SECONDS + 2.4 * pairs * WINDOW_SECONDS + 2
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.knocking",
        str(port),
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )
    told = asyncio.create_task(client.communicate())
    await asyncio.sleep(SETTLE_SECONDS)
    windows: list[tuple[Window, Window]] = []
    try:
        for turn in range(pairs):
            # Which comes first changes: whatever drifts meanwhile meets both.
            first = await _window(workers, waits, forecasts=bool(turn % 2))
            second = await _window(workers, waits, forecasts=not turn % 2)
            windows.append((first, second) if turn % 2 else (second, first))
        said, _ = await told
    finally:
        await workers.stop()
        server.close()
    asked = msgspec.json.decode(said, type=list[tuple[float, float]])
    ratios = [
        _p99(asked, with_forecasts) / _p99(asked, without) for with_forecasts, without in windows
    ]
    return median(ratios)


def _p99(asked: list[tuple[float, float]], window: Window) -> float:
    return percentile([took for at, took in asked if window[0] <= at < window[1]], 0.99)


async def _window(workers: Workers, waits: Waits, *, forecasts: bool) -> Window:
    begun = time.monotonic()
    while (left := begun + WINDOW_SECONDS - time.monotonic()) > 0:
        if forecasts:
            await _forecast(workers, waits)
        await asyncio.sleep(min(1.0, left))
    return begun, time.monotonic()


async def _forecast(workers: Workers, waits: Waits) -> None:
    """One recomputation, as `flows.forecasting` makes it."""
    office, people = _hall()
    asked = scene(office, people, office.counters, Habits(), _NOW, open_today=_SPANS)
    answer = await workers.look(asked)
    if answer is not None:
        waits.take(asked, answer, _NOW)


@lru_cache(maxsize=1)
def _hall() -> tuple[Office, list[Visit]]:
    office = preset("heidelberg")
    return office, [_visitor(office, number) for number in range(CROWD)]


def _visitor(office: Office, number: int) -> Visit:
    came = _NOW - timedelta(seconds=30 * number)
    service = office.services[number % len(office.services)].code
    return Visit(
        VisitId(UUID(int=number + 1)),
        f"A{number}",
        VisitState.WAITING,
        NeedClass.WALK_IN,
        (Part(service, 1),),
        "de",
        came,
        came,
    )


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(_ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
