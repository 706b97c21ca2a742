"""A real SMTP server on this machine that keeps every letter as a file and passes nothing on.

Reading the letters is the business of `letters`; this module needs the extra `demo`.
"""

import hashlib
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from queue_service.demo import processes

KEPT_LETTERS = 1_000


class Sink:
    """Takes letters from `start` to `stop` in a thread of its own; `port` says where."""

    def __init__(self, folder: Path) -> None:
        """Letters go into `folder`, which must exist."""
        self.port = processes.free_port()
        self._controller = Controller(_Keeper(folder), hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        """Listen on the chosen port of this machine."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening; letters under way are asked to come again by their sender."""
        self._controller.stop()


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # The name and the arguments are those of aiosmtpd's hook.
    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        if not isinstance(content, bytes):
            return "550 no letter"
        try:
            keep(self._folder, content)
        except OSError:
            return "452 the demo cannot write this letter to the disk, try again later"
        return "250 kept"


def keep(folder: Path, letter: bytes) -> Path:
    """Write the letter whole or not at all, and forget the oldest beyond the thousand kept."""
    name = f"{time.time_ns():020d}-{hashlib.sha256(letter).hexdigest()[:8]}.eml"
    part, whole = folder / f"{name}.part", folder / name
    part.write_bytes(letter)
    part.rename(whole)
    for old in sorted(folder.glob("*.eml"))[:-KEPT_LETTERS]:
        old.unlink(missing_ok=True)
    return whole
