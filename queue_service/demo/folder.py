"""The demo's folder: where everything is kept from start to start, and what to say when it cannot.

Holds the database, the installation's secret, letters, logs, clocks, diaries and links.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from queue_service.demo import private

BESIDE_US = ".demo"
NEEDED_BYTES = 300_000_000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class FolderError(Exception):
    """There is no folder to work in; the message says why and what to do."""


def choose(asked: Path | None) -> Path:
    """The folder, made if need be; without a wish `.demo` here, else in the user's own data."""
    why = ""
    for folder in [asked] if asked else _places():
        try:
            # PostgreSQL, which root runs as another user, must be able to pass through.
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
            private.write(folder / "writable", b"")
        except OSError as error:
            if is_full(error):
                raise FolderError(full(folder)) from error
            why = why or f"{folder} cannot be written: {error.strerror}."
            continue
        if shutil.disk_usage(folder).free < NEEDED_BYTES:
            raise FolderError(full(folder))
        return folder.resolve()
    raise FolderError(f"{why} Name another folder: queue-service demo --folder DIR")


def is_full(error: OSError) -> bool:
    """Whether the disk, or the user's share of it, is what ran out."""
    return error.errno in _FULL


def full(place: object) -> str:
    """What to tell the person at the terminal."""
    return (
        f"The disk under {place} is full; the demo needs {NEEDED_BYTES // 1_000_000} MB there. "
        "Free some room, or name another folder with --folder; nothing is half-written."
    )


def letters(folder: Path) -> Path:
    """Where the letters that went out are kept."""
    kept = folder / "letters"
    kept.mkdir(mode=0o700, exist_ok=True)
    return kept


def secret(folder: Path) -> str:
    """The master key of this demo, the same at every start."""
    file = folder / "secret"
    if not file.exists():
        private.write(file, secrets.token_hex(32).encode())
    return file.read_text().strip()


def fresh(log: Path) -> Path:
    """An empty log; the one of the last start is kept beside it."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    log.touch(mode=0o600)
    return log


def end_of(log: Path, lines: int = 15) -> str:
    """The last words of a process."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _places() -> Iterator[Path]:
    yield Path(BESIDE_US)
    data = os.environ.get("XDG_DATA_HOME")
    yield (Path(data) if data else Path("~/.local/share").expanduser()) / "queue-service-demo"
