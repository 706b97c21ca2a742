"""Makes the data of a new server of ours, whole or not at all, in a folder with room for them."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from queue_service.demo.postgres_place import Account, LaunchError

OWNER = "queue_owner"
DATABASE = "queue"
NEEDED_BYTES = 150_000_000
_FULL = "No space left on device"


def environment() -> dict[str, str]:
    """What a server and its tools see of ours: no locale, no zone, no library path."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def version(folder: Path) -> int | None:
    """Major version that made the data in `folder`; None while there are none."""
    made_by = folder / "data" / "PG_VERSION"
    return int(made_by.read_text()) if made_by.exists() else None


def check_room(folder: Path) -> None:
    """Raise LaunchError where a server would soon stand still for want of room."""
    if shutil.disk_usage(folder).free < NEEDED_BYTES:
        raise _full(folder)


def failure(folder: Path, what: str, said: str) -> LaunchError:
    """The error for the person at the terminal, from what a program of the server said."""
    if _FULL in said:
        return _full(folder)
    return LaunchError(f"{what} in {folder}:\n{said.strip()[-600:]}")


def make(folder: Path, binaries: Path, account: Account, *, lasting: bool) -> None:
    """Owner, password and empty database; made beside and moved into place when complete."""
    beside = folder / "data.new"
    shutil.rmtree(beside, ignore_errors=True)
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24) + "\n")
    account.own(password)

    def run(name: str, *arguments: str | Path, said: str = "") -> None:
        ran = subprocess.run(
            [binaries / name, *arguments],
            check=False,
            input=said,
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment(),
            **account.options(),
        )
        if ran.returncode or "ERROR:" in ran.stderr:
            raise failure(folder, f"{name} failed", ran.stderr)

    # No locale: sorting is the same everywhere, and an old image need not have one.
    making: list[str | Path] = [
        "-D",
        beside,
        "-U",
        OWNER,
        "--auth=scram-sha-256",
        f"--pwfile={password}",
    ]
    syncing = [] if lasting else ["--no-sync"]
    run("initdb", *making, "--encoding=UTF8", "--no-locale", *syncing)
    # The single-user mode needs no client program, and the wheel's are not all there.
    run("postgres", "--single", "-D", beside, "postgres", said=f"create database {DATABASE}\n")
    beside.rename(folder / "data")


def _full(folder: Path) -> LaunchError:
    return LaunchError(
        f"The disk under {folder} is full: the database needs {NEEDED_BYTES // 1_000_000} MB. "
        "Free some room and start again; nothing is lost."
    )
