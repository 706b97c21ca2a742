"""Sets the stage for a run: a durable PostgreSQL, the measured office, servers; and clears it.

Everything listens on this machine only and ends with the run, however it ends.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench import office as measured
from queue_service import settings as configuration
from queue_service.demo.postgres import database
from queue_service.demo.processes import HOST, Child, free_port
from queue_service.flows.access import devices, sessions
from queue_service.flows.capacity import planning
from queue_service.house import House, close_house, open_house
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal
from queue_service.rights import Role
from queue_service.store import migrate

BOARD = "board-1"
READY_SECONDS = 60.0
STOPPING_SECONDS = 8.0
_SECRET = "bench" * 8
_ROOT = Path(__file__).parent.parent


@dataclass
class Stage:
    """A database with the measured office, and where servers for it are started."""

    folder: Path
    owner_dsn: str
    children: list[Child] = field(default_factory=list)
    staff_token: str = ""
    kiosk_key: str = ""
    board_key: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a server of this stage is told; throttles are off, they would be all we measure."""
        return {
            "QUEUE_DATABASE_URL": self.owner_dsn,
            "QUEUE_SECRET": _SECRET,
            "QUEUE_BASE_URL": "http://localhost",
            "QUEUE_HOLDS_PER_MINUTE": "0",
            "QUEUE_DEMO_CLOCK": "true",
        }

    @property
    def settings(self) -> configuration.Settings:
        """The same for a house in this process."""
        return configuration.from_environment(self.environment)

    def serve(self, *, workers: int = 1, environment: dict[str, str] | None = None) -> int:
        """Start one server process group and return its port once it is ready."""
        port = free_port()
        command = [sys.executable, "-m", "queue_service.cli", "serve"]
        command += ["--port", str(port), "--workers", str(workers)]
        self._start("server", command, port, "/health/ready", environment or {})
        return port

    def hello(self, *, workers: int = 1) -> int:
        """Start the yardstick with the server's own options and return its port."""
        port = free_port()
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"]
        command += ["--backlog", "16384", "--backpressure", "8192", "--host", HOST]
        command += ["--port", str(port), "--workers", str(workers), "--log-level", "error"]
        self._start("hello", [*command, "bench.hello:app"], port, "/", {})
        return port

    def _start(
        self, name: str, command: Sequence[str], port: int, path: str, more: dict[str, str]
    ) -> None:
        log = self.folder / f"{name}-{port}.log"
        environment = os.environ | self.environment | more
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(_ROOT), environment.get("PYTHONPATH")))
        )
        child = Child(name, command, log=log, env=environment)
        self.children.append(child)
        wait_until_answers(child, f"http://{HOST}:{port}{path}")

    def stop(self, *, keep: int = 0) -> None:
        """End every server but the first `keep`."""
        while len(self.children) > keep:
            self.children.pop().stop(STOPPING_SECONDS)


def wait_until_answers(child: Child, address: str) -> None:
    """Return when the address answers 200; raises RuntimeError with the end of the log if not."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.ended is None:
        # The address is our own.
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(address, timeout=5) as answer,  # noqa: S310 - loopback, our own server
        ):
            if answer.status == 200:
                return
        time.sleep(0.05)
    said = child.log.read_text(errors="replace")[-3000:]
    raise RuntimeError(f"{child.name} did not answer at {address}:\n{said}")


@contextlib.contextmanager
def stage(offices: Sequence[Office] = ()) -> Iterator[Stage]:
    """A fresh durable database with the measured office (and `offices`), until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="queue-bench-"))
    # PostgreSQL, which root runs as another user, must be able to pass through.
    folder.chmod(0o711)
    try:
        with database(folder / "database") as owner_dsn:
            migrate.upgrade(owner_dsn)
            made = Stage(folder, owner_dsn)
            asyncio.run(_load(made, (measured.office(), *offices)))
            try:
                yield made
            finally:
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _load(made: Stage, offices: Sequence[Office]) -> None:
    async with house(made) as opened:
        for office in offices:
            await planning.load(opened, office)
            await planning.set_clock(opened, office.slug, measured.MONDAY, 1.0)
            await planning.plan(opened, opened.follower.offices[office.slug])
        await _let_in(made, opened)


async def _let_in(made: Stage, opened: House) -> None:
    """One manager signed in, one kiosk and one board."""
    slug, login, password = measured.SLUG, "manager", os.urandom(16).hex()
    await sessions.set_staff(opened, slug, login=login, password=password, roles=(Role.MANAGER,))
    signed = await sessions.sign_in(opened, login, password)
    if isinstance(signed, Refusal):
        raise TypeError(f"the manager was not let in: {signed.code}")
    made.staff_token = signed.token
    made.kiosk_key = (await devices.admit(opened, slug, device="kiosk-1", role=Role.KIOSK)).key
    made.board_key = (await devices.admit(opened, slug, device=BOARD, role=Role.DISPLAY)).key


@contextlib.asynccontextmanager
async def house(made: Stage) -> AsyncIterator[House]:
    """The service without its web layer, in this process."""
    opened = await open_house(made.settings)
    try:
        yield opened
    finally:
        await close_house(opened)


async def fetch(made: Stage, question: str, *values: object) -> list[asyncpg.Record]:
    """Ask the database itself, as its owner inside the measured authority."""
    connection = await asyncpg.connect(made.owner_dsn)
    try:
        async with connection.transaction():
            number = await connection.fetchval(
                "select id from authority where slug = $1", measured.SLUG
            )
            await connection.execute("select set_config('queue.authority', $1, true)", str(number))
            found: list[asyncpg.Record] = await connection.fetch(question, *values)
            return found
    finally:
        await connection.close()


async def execute(made: Stage, command: str) -> None:
    """Change the schema as its owner: negative controls switch guards off with it."""
    connection = await asyncpg.connect(made.owner_dsn)
    try:
        await connection.execute(command)
    finally:
        await connection.close()


def server_version(made: Stage) -> str:
    """The version of PostgreSQL that is measured with."""
    return str(asyncio.run(fetch(made, "show server_version"))[0][0]).split()[0]
