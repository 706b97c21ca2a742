"""`queue-service staff OFFICE LOGIN`: make a login, or change its password and roles."""

import argparse
import sys
from getpass import getpass

from queue_service.commands.failing import CommandError
from queue_service.commands.inside import in_house, known
from queue_service.flows.access import sessions
from queue_service.house import House
from queue_service.rights import Role

STAFF_ROLES = (Role.GUIDE, Role.CLERK, Role.CASE_WORKER, Role.MANAGER)
SHORTEST_PASSWORD = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told; a password is asked for or read, never an argument."""
    parser.add_argument("office")
    parser.add_argument("login")
    roles = [role.value for role in STAFF_ROLES]
    parser.add_argument("--role", action="append", required=True, choices=roles)
    parser.add_argument("--password-stdin", action="store_true", help="read it from standard input")


def run(given: argparse.Namespace) -> int:
    """Keep the login and say its number; CommandError for a weak password or no such office."""
    password = sys.stdin.readline().rstrip("\n") if given.password_stdin else getpass()
    if len(password) < SHORTEST_PASSWORD:
        raise CommandError(f"a password has at least {SHORTEST_PASSWORD} characters")
    roles = tuple(Role(role) for role in given.role)

    async def work(house: House) -> None:
        known(house, given.office)
        number = await sessions.set_staff(
            house, given.office, login=given.login, password=password, roles=roles
        )
        print(f"{given.login} is number {number} in {given.office}")

    return in_house(work)
