"""The demo's child processes: apart from the terminal's signals, and never outliving the demo."""

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
HOST = "127.0.0.1"
_FAULTS = ("level='error'", "level='critical'", "[ERROR]", "Traceback")


class PortTakenError(Exception):
    """Somebody else listens on the port; the message says what to do."""


class Child:
    """One program, started at once; what it says goes to the end of `log`."""

    def __init__(
        self, name: str, command: Sequence[str | Path], *, log: Path, env: dict[str, str]
    ) -> None:
        """Ctrl-C in the terminal does not reach the child: the demo stops things in order."""
        self.name, self.log = name, log
        self._seen = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
                preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509 - only async-safe calls
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.poll()

    def complaints(self) -> list[str]:
        """Lines of its log since the last look that report a fault."""
        with self.log.open("rb") as log:
            log.seek(self._seen)
            # A line that is still being written waits for the next look.
            whole = log.read().rpartition(b"\n")[0]
        self._seen += len(whole)
        lines = whole.decode(errors="replace").splitlines()
        return [line for line in lines if any(word in line for word in _FAULTS)]

    def stop(self, patience_seconds: float) -> None:
        """Ask it to end, wait so long, then insist; nothing it started is left behind."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def claim_port(port: int) -> None:
    """Raise `PortTakenError` when nobody could listen on `port` of this machine now."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(_why(port, error)) from error


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.socket() as tried:
        tried.bind((HOST, 0))
        return int(tried.getsockname()[1])


def _why(port: int, error: OSError) -> str:
    other = f"choose another one: queue-service demo --port {port + 80 if port < 65000 else 8080}"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Stop that program, or {other}"
    return f"Port {port} cannot be used ({error.strerror}); {other}"


def _dies_with(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)

    def before_exec() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
