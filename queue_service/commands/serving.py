"""`queue-service serve`: the application in worker processes behind one address."""

import argparse
import socket
from collections.abc import Callable

from queue_service.commands.failing import CommandError
from queue_service.commands.inside import in_house
from queue_service.house import House


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_between(0, 65_535), default=8000)
    parser.add_argument("--workers", type=_between(1, 256), default=1)


def run(given: argparse.Namespace) -> int:
    """Serve until somebody says stop; CommandError when nobody could listen there."""
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server

    _claim(given.host, given.port)
    in_house(_nothing)  # said here once, not by every worker again and again
    # Open streams count against backpressure: the default stops at 1,024 for one worker.
    Server(
        "queue_service.app:create",
        factory=True,
        interface=Interfaces.ASGI,
        address=given.host,
        port=given.port,
        workers=given.workers,
        loop=Loops.uvloop,
        backlog=16_384,
        backpressure=8_192,
        workers_kill_timeout=5,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()
    return 0


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text} is not between {lowest} and {highest}")
        return int(text)

    return number


def _claim(host: str, port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} ({error.strerror}). Choose another --port."
            ) from error


async def _nothing(_: House) -> None:
    """Only see whether the database answers and has its schema."""
