"""Keeps one server process no longer than its launcher lives; run as a file, never imported.

Arguments: the launcher's process id, user id and group id of the server (-1: as we are), then the
server's command. The launcher holds the other end of standard input: a byte, its end or the
launcher's death each stop the server. Should the keeper itself be killed, the kernel stops the
server (parent-death signal). It leaves alone when a server is started and what is in it.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.5
# Fast shutdown writes a checkpoint; the rougher ways lose nothing that was committed either.
WAYS_TO_STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


def _dies_with(keeper: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)

    def before_exec() -> None:
        # After the change of user, which would clear it.
        if hasattr(libc, "prctl"):
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)

    return before_exec


def _stop(server: "subprocess.Popen[bytes]") -> None:
    for how, seconds in WAYS_TO_STOP:
        server.send_signal(how)
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def main() -> int:
    """Start the server, wait for a reason to stop it; the server's exit code."""
    launcher, uid, gid = (int(argument) for argument in sys.argv[1:4])
    # Any: the keywords of Popen differ in type.
    other: dict[str, Any] = {} if uid < 0 else {"user": uid, "group": gid, "extra_groups": []}
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    server: subprocess.Popen[bytes] = subprocess.Popen(
        sys.argv[4:],
        stdin=subprocess.DEVNULL,
        preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509 - no thread runs here
        **other,
    )
    while server.poll() is None:
        said, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
        if said or asked or os.getppid() != launcher:
            _stop(server)
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
