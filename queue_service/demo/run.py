"""`queue-service demo`: everything up, a table of links, a living office; Ctrl-C ends it all.

Orchestrates only: the database is `postgres`, offices and logins `prepare`, the nights `nights`,
the visitors a process of their own (`living`). A second start in the same folder continues.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType

from queue_service.demo import folder as folders
from queue_service.demo import links, living, prepare, presets, processes
from queue_service.demo.links import Links, ToPlay
from queue_service.demo.nights import Nights, SetClock
from queue_service.demo.postgres import LaunchError, database
from queue_service.demo.processes import HOST, Child
from queue_service.demo.sink import Sink
from queue_service.store import migrate

PORT = 8000
OFFICES = ("heidelberg", "stuttgart")
SPEEDS = {"heidelberg": 30.0}
"""Office seconds in a real one; 1 for every other office."""
FASTEST = 120.0
HANDS_FREE_UP_TO = 5.0
"""Up to this speed a person can play along, so a counter is left free."""
READY_SECONDS = 60.0
FILLING_SECONDS = 8.0
"""What is not booked by then is booked while the demo runs."""
STOPPING_SECONDS = 5.0
LOOK_SECONDS = 0.5
SHOWN_COMPLAINTS = 20


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


class _StopError(KeyboardInterrupt):
    """Somebody asked the demo to end; of this kind, for asyncio swallows every other."""


class Options(argparse.Namespace):
    """What was asked for on the command line."""

    port: int
    speed: float | None
    still: bool
    office: list[str]
    folder: Path | None


def parser() -> argparse.ArgumentParser:
    """The options of `queue-service demo`."""
    told = argparse.ArgumentParser(
        prog="queue-service demo",
        description="Start a complete demo on this machine: database, offices, people, letters.",
    )
    told.add_argument("--port", type=_port, default=PORT, help=f"default {PORT}")
    told.add_argument(
        "--speed", type=_speed, help="how fast every office runs; default 30 and 1, see README"
    )
    told.add_argument("--still", action="store_true", help="nobody comes by itself")
    told.add_argument(
        "--office", action="append", metavar="SLUG", help="only this office; may be repeated"
    )
    told.add_argument(
        "--folder", type=Path, help=f"where everything is kept; default {folders.BESIDE_US}"
    )
    return told


def main(argv: Sequence[str] = ()) -> int:
    """Run the demo until it is told to stop; 0 after a clean end, 1 after a fault, 2 for usage."""
    options = parser().parse_args(list(argv), namespace=Options())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    before = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        return _run(options)
    except _StopError:
        _say("Stopped. Start again to continue where you left.")
        return 0
    except _TOLD as error:
        print(f"queue-service demo: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if not folders.is_full(error):
            raise
        print(f"queue-service demo: {folders.full(error.filename)}", file=sys.stderr)
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_TOLD = (
    DemoError,
    LaunchError,
    folders.FolderError,
    presets.UnusableError,
    processes.PortTakenError,
)
"""Faults whose message is meant for the person at the terminal."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise _StopError


def _run(options: Options) -> int:
    slugs = tuple(dict.fromkeys(options.office or OFFICES))
    offices = {slug: presets.preset(slug) for slug in slugs}
    processes.claim_port(options.port)
    folder = folders.choose(options.folder)
    base_url = f"http://localhost:{options.port}"
    with contextlib.ExitStack() as stack:
        _say("Starting the database …")
        owner_dsn = stack.enter_context(database(folder / "database"))
        migrate.upgrade(owner_dsn)
        _say("Loading the offices …")
        sink = Sink(folders.letters(folder))
        environment = {
            "QUEUE_DATABASE_URL": owner_dsn,
            "QUEUE_BASE_URL": base_url,
            "QUEUE_SECRET": folders.secret(folder),
            "QUEUE_SMTP_HOST": HOST,
            "QUEUE_SMTP_PORT": str(sink.port),
            "QUEUE_HOLDS_PER_MINUTE": "0",
            "QUEUE_DEMO_LETTERS": str(folders.letters(folder)),
            "QUEUE_DEMO_CLOCK": "true",
        }
        speeds = {slug: options.speed or SPEEDS.get(slug, 1.0) for slug in slugs}
        nights = Nights(folder, offices, speeds)
        told = Links(
            base_url=base_url,
            living=not options.still,
            offices=prepare.prepare(
                environment,
                offices,
                rested=nights.rested,
                begin=nights.begin,
                to_play={slug: _to_play(options, speeds[slug]) for slug in slugs},
                speeds=speeds,
                played=not options.still,
            ),
        )
        links.write(folder, told)
        sink.start()
        stack.callback(sink.stop)
        _say("Starting the server …")
        children = [_server(folder, options.port, environment)]
        stack.callback(_stop_all, children)
        _wait_until_ready(children[0], f"http://{HOST}:{options.port}")
        if not options.still:
            _say("Letting the first people book …")
            asyncio.run(living.fill_today(folder, FILLING_SECONDS))
        set_clock = partial(prepare.set_clock, environment)
        nights.open(set_clock)
        stack.callback(nights.save)
        if not options.still:
            children.append(_living(folder))
        _say(links.table(told))
        _say(f"\nready: {base_url} (Ctrl-C stops everything; a second start continues)")
        return _watch(children, nights, set_clock)


def _to_play(options: Options, speed: float) -> ToPlay:
    if options.still:
        return ToPlay.EVERYTHING
    return ToPlay.ONE_COUNTER if speed <= HANDS_FREE_UP_TO else ToPlay.NOTHING


def _watch(children: list[Child], nights: Nights, set_clock: SetClock) -> int:
    """Skip nights and look after the children, until one of them dies or somebody says stop."""
    left = SHOWN_COMPLAINTS
    while True:
        time.sleep(LOOK_SECONDS)
        nights.look(set_clock)
        for child in children:
            for line in child.complaints()[:left]:
                left -= 1
                _say(f"{child.name} reports a fault (see {child.log}): {line[:200]}")
            if child.ended is not None:
                said = folders.end_of(child.log) or "nothing"
                raise DemoError(
                    f"{child.name} ended by itself (exit code {child.ended}), everything else was "
                    f"stopped. The last it said in {child.log}: {said}"
                )


def _server(folder: Path, port: int, environment: dict[str, str]) -> Child:
    command = [sys.executable, "-m", "queue_service.cli", "serve", "--port", str(port)]
    return Child(
        "The server",
        command,
        log=folders.fresh(folder / "server.log"),
        env=os.environ | environment,
    )


def _living(folder: Path) -> Child:
    command = [sys.executable, "-m", "queue_service.demo.living", str(folder)]
    log = folders.fresh(folder / "living.log")
    return Child("The living office", command, log=log, env=dict(os.environ))


def _stop_all(children: list[Child]) -> None:
    for child in reversed(children):
        child.stop(STOPPING_SECONDS)


def _wait_until_ready(server: Child, address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.ended is not None:
            raise DemoError(f"The server did not start:\n{folders.end_of(server.log)}")
        # The address is our own.
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer,  # noqa: S310 - our own server on this machine
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise DemoError(f"The server was not ready within {READY_SECONDS:.0f} s; see {server.log}")


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 2**16:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 65535")
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {FASTEST:g}")
    return speed


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, flush=True)
