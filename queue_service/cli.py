"""The command line: every command says what it does, fails plainly and exits accordingly.

Exit codes: 0 done, 1 failed (the message says why), 2 wrong use.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from getpass import getpass
from pathlib import Path

import asyncpg

from queue_service import __version__, offices, settings, unreachable
from queue_service.commands import (
    authority_files,
    card_files,
    checking,
    day_lists,
    enrolling,
    verifying,
)
from queue_service.flows.auditing import Audit
from queue_service.house import House, close_house, open_house
from queue_service.rights import Role
from queue_service.settings import SettingsError

_Run = Callable[[argparse.Namespace], int]


class CommandError(Exception):
    """A command cannot do its work; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the console script's entry."""
    parser = _parser()
    given, rest = parser.parse_known_args(arguments)
    if rest and given.command not in ("demo", "bench"):
        parser.error(f"unknown: {' '.join(rest)}")
    if not given.command:
        parser.print_help()
        return 2
    given.rest = rest
    try:
        code: int = given.run(given)
    except (CommandError, SettingsError) as error:
        print(f"queue-service {given.command}: {error}", file=sys.stderr)
        return 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"queue-service {given.command}: {unreachable.in_words(error)}", file=sys.stderr)
        return 1
    except RecursionError:
        print(f"queue-service {given.command}: nested too deep to be read", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="queue-service", description="Appointments and queues for immigration offices"
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, run: _Run, text: str, **more: bool) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, **more)  # type: ignore[arg-type]  # add_help only
        made.set_defaults(run=run)
        return made

    command("demo", _demo, "a living office on this machine, links printed", add_help=False)
    serve = command("serve", _serve, "serve the application")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_between(0, 65_535), default=8000)
    serve.add_argument("--workers", type=_between(1, 256), default=1)
    command("migrate", _migrate, "bring the database to the newest schema, as its owner")
    checking.arguments(command("check", _check, "check configurations, or what is stored"))
    load = command("load", _load, "load configurations; says what changes, idempotent")
    load.add_argument("folder", type=Path, help="a folder of one office, or of several")
    load.add_argument("--dry-run", action="store_true", help="only say what would change")
    staff = command("staff", _staff, "make a login or change its password and roles")
    staff.add_argument("office")
    staff.add_argument("login")
    staff.add_argument("--role", action="append", required=True, choices=_STAFF_ROLES)
    staff.add_argument("--password-stdin", action="store_true", help="read it from standard input")
    text = "enrol a device: print the link, or a code, that gives it its key"
    enrolling.arguments(command("enrol", _enrol, text))
    text = "check a signed confirmation with public keys, without network or database"
    verifying.arguments(command("verify-confirmation", verifying.run, text))
    card_files.arguments(command("cards", _inside(card_files.run), "import a list of cards (CSV)"))
    text = "take a list of authorities (CSV) into a configuration"
    authority_files.arguments(command("import-authorities", authority_files.run, text))
    text = "the day on paper, with numbers for the hour without server"
    day_lists.arguments(command("day-list", _inside(day_lists.run), text))
    command("bench", _bench, "measure; see queue-service bench --help", add_help=False)
    return parser


_STAFF_ROLES = [r.value for r in (Role.GUIDE, Role.CLERK, Role.CASE_WORKER, Role.MANAGER)]


def _inside(work: Callable[[House, argparse.Namespace], Awaitable[None]]) -> _Run:
    return lambda given: _in_house(lambda house: work(house, given))


def _demo(given: argparse.Namespace) -> int:
    from queue_service.demo import run  # the demo's packages are an extra

    return run.main(given.rest)


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text} is not between {lowest} and {highest}")
        return int(text)

    return number


def _bench(given: argparse.Namespace) -> int:
    from bench import cli  # the benches are not part of serving

    return cli.main(given.rest)


def _serve(given: argparse.Namespace) -> int:
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server

    _claim(given.host, given.port)
    _in_house(_nothing)  # said here once, not by every worker again and again
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


def _claim(host: str, port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} ({error.strerror}). Choose another --port."
            ) from error


def _migrate(_: argparse.Namespace) -> int:
    from sqlalchemy.exc import DBAPIError

    from queue_service.store import migrate

    url = os.environ.get("QUEUE_DATABASE_URL", "")
    if not url:
        raise CommandError("QUEUE_DATABASE_URL is missing: postgresql://owner:password@host/name")
    if not unreachable.readable(url):
        raise CommandError(unreachable.UNREADABLE)
    try:
        migrate.upgrade(url)
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        raise CommandError(unreachable.in_words(cause or error)) from error
    print("the schema is the newest")
    return 0


def _check(given: argparse.Namespace) -> int:
    if not given.deep:
        if given.folder is None:
            given.wrong("name a folder, or give --deep to check what is stored")
        return checking.configurations(_folders(given.folder), as_json=given.json)
    found: list[Audit] = []

    async def work(house: House) -> None:
        try:
            found.extend(await checking.audits(house, given.office))
        except LookupError as error:
            raise CommandError(str(error.args[0])) from error

    _in_house(work)
    return checking.tell(found, as_json=given.json)


def _folders(path: Path) -> tuple[Path, ...]:
    found = offices.folders(path) if path.is_dir() else ()
    if not found:
        raise CommandError(f"{path}: no folder with an office.toml")
    return found


def _load(given: argparse.Namespace) -> int:
    from queue_service.flows.capacity import planning

    wanted = []
    for folder in _folders(given.folder):
        read = offices.read(folder)
        if isinstance(read, tuple):
            raise CommandError(
                f"{folder} has faults, nothing was loaded: queue-service check {folder}"
            )
        wanted.append(read)

    async def work(house: House) -> None:
        for office in wanted:
            preview = await planning.load(house, office, dry=given.dry_run)
            lines = preview.lines()
            print(f"{office.slug}: {len(lines) or 'no'} change(s)")
            print("".join(f"  {line}\n" for line in lines), end="")

    return _in_house(work)


def _staff(given: argparse.Namespace) -> int:
    from queue_service.flows.access import sessions

    password = sys.stdin.readline().rstrip("\n") if given.password_stdin else getpass()
    if len(password) < 10:
        raise CommandError("a password has at least 10 characters")
    roles = tuple(Role(role) for role in given.role)

    async def work(house: House) -> None:
        _known(house, given.office)
        number = await sessions.set_staff(
            house, given.office, login=given.login, password=password, roles=roles
        )
        print(f"{given.login} is number {number} in {given.office}")

    return _in_house(work)


def _enrol(given: argparse.Namespace) -> int:
    async def work(house: House) -> None:
        _known(house, given.office)
        try:
            await enrolling.run(house, given)
        except enrolling.EnrolError as error:
            raise CommandError(str(error)) from error

    return _in_house(work)


def _known(house: House, slug: str) -> None:
    if slug not in house.follower.offices:
        known = ", ".join(house.follower.offices) or "none; run queue-service load"
        raise CommandError(f"no office {slug!r}; known: {known}")


async def _nothing(_: House) -> None:
    """Only see whether the database answers and has its schema."""


def _in_house(work: Callable[[House], Awaitable[None]]) -> int:
    async def run() -> None:
        chosen = settings.from_environment()
        if not unreachable.readable(chosen.database_url):
            raise CommandError(unreachable.UNREADABLE)
        house = await open_house(chosen, follow=False)
        try:
            await house.follower.refresh()
            await work(house)
        finally:
            await close_house(house)

    asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
