"""One small PostgreSQL of ours: started here, reachable on this machine only, gone when we are.

`database` names the order: QUEUE_DATABASE_URL, else a server in a private folder that survives
from start to start. Leaves alone the schema and its roles (`store.migrate`), and any server that
it did not start itself.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from queue_service.demo import postgres_data
from queue_service.demo.postgres_data import DATABASE, OWNER, environment
from queue_service.demo.postgres_place import (
    Account,
    LaunchError,
    choose_account,
    choose_binaries,
    choose_folder,
)

__all__ = ["LaunchError", "Postgres", "database"]

_KEEPER = Path(__file__).with_name("postgres_keeper.py")
_PROCESSES = Path("/proc")
_START_SECONDS = 60
# A server killed with its launcher writes a checkpoint first; a crashed one is soon reaped.
_GONE_SECONDS = 30
_PASSING = ("already exists", "shared memory block", "Address already in use")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # The benches measure two hundred clients at once, each with a connection of its own.
    "max_connections": "250",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    # A log line must not carry what people typed.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "256MB"}
_FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


class Postgres:
    """A server in `folder`, for as long as this process lives and until `stop`.

    `durable=False` trades every promise for speed and belongs in tests; its data are removed by
    `stop` where they had to be kept outside `folder`. All methods block.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.wanted = folder.resolve()
        self.durable = durable
        self.folder = self.wanted
        self.port = 0
        self._account = Account()
        self._lock: IO[str] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def owner_dsn(self) -> str:
        """Where the database is and how its owner logs in; migrations and `load` use it."""
        password = (self.folder / "password").read_text().strip()
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        """Process id of the running server; None while there is none."""
        pid, _, status = self._said()
        return pid if status == "ready" and self._is_ours(pid) else None

    def start(self) -> None:
        """Return when the server answers; under the port it had before, where that is free.

        Raises LaunchError, in words for the person at the terminal.
        """
        if self._keeper and self._keeper.poll() is None and self.pid:
            return
        self.restart()

    def restart(self) -> None:
        """Stop what still runs and start anew; as `start`, also right after a crash."""
        self._end_keeper()
        try:
            self._prepare()
            self._run()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server, let the folder go; harmless when there is no server."""
        self._end_keeper()
        if self._lock:
            self._lock.close()
            self._lock = None
        if not self.durable and self.folder != self.wanted:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        self._account = choose_account(self.wanted)
        self.folder = choose_folder(self.wanted, self._account, lasting=self.durable)
        self._take()
        postgres_data.check_room(self.folder)
        self._end_of_the_last()
        made_by = postgres_data.version(self.folder)
        self._binaries = choose_binaries(self.folder, self._account, made_by)
        if made_by is None:
            postgres_data.make(self.folder, self._binaries, self._account, lasting=self.durable)

    def _take(self) -> None:
        if self._lock:
            return
        try:
            lock = (self.folder / "lock").open("a")
        except OSError as error:
            raise LaunchError(f"{self.folder} cannot be written: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise LaunchError(
                f"{self.folder} is in use: another demo runs on it. "
                "Stop that one, or give this one a folder of its own."
            ) from error
        self._lock = lock

    def _end_of_the_last(self) -> None:
        """Wait until a server that a killed launcher left has gone, then forget its pid file."""
        pid, _, _ = self._said()
        deadline = time.monotonic() + _GONE_SECONDS
        while pid and self._is_ours(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        if _PROCESSES.exists():
            (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        """Whether a living process is the server of this folder; a stranger's pid is not."""
        try:
            return (_PROCESSES / str(pid) / "cwd").readlink() == self.folder / "data"
        except OSError:
            return False

    def _said(self) -> tuple[int, int, str]:
        """Process id, port and status as the server wrote them; zeros when it wrote nothing."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().split("\n")
            return int(lines[0]), int(lines[3]), lines[7].strip()
        except (OSError, ValueError, IndexError):
            return 0, 0, ""

    def _run(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._launched(deadline):
            if time.monotonic() > deadline:
                log = self.folder / "server.log"
                raise LaunchError(f"PostgreSQL did not start within {_START_SECONDS} s; see {log}.")
            time.sleep(0.25)

    def _launched(self, deadline: float) -> bool:
        """One try; False when it failed for a reason that passes."""
        self.port = self.port if _is_free(self.port) else _free_port()
        settings = _SETTINGS | (_DURABLE if self.durable else _FLEETING) | {"port": str(self.port)}
        command: list[str | Path] = [self._binaries / "postgres", "-D", self.folder / "data"]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        told = self.folder / "server.log"
        told.unlink(missing_ok=True)
        with told.open("wb") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", _KEEPER, str(os.getpid()), str(self._account.uid),
                 str(self._account.gid), *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder,
                env=environment(), start_new_session=True,
            )  # fmt: skip
        while self._keeper.poll() is None and time.monotonic() < deadline:
            if self._said()[1:] == (self.port, "ready"):
                return True
            time.sleep(0.02)
        said = told.read_text(errors="replace")
        if self._keeper.poll() is not None and not any(reason in said for reason in _PASSING):
            raise postgres_data.failure(self.folder, "PostgreSQL did not start", said)
        return False

    def _end_keeper(self) -> None:
        if not self._keeper:
            return
        with contextlib.suppress(OSError):
            self._keeper.terminate()
        with contextlib.suppress(OSError):
            if self._keeper.stdin:
                self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper = None


@contextlib.contextmanager
def database(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """The owner's DSN: QUEUE_DATABASE_URL, else a server that runs as long as the block."""
    given = os.environ.get("QUEUE_DATABASE_URL")
    if given:
        yield given
        return
    with Postgres(folder, durable=durable) as server:
        yield server.owner_dsn


def _is_free(port: int) -> bool:
    if not port:
        return False
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])
