"""`queue-service enrol OFFICE DEVICE --role ROLE`: a link or a code that makes a device ours.

The link holds as long as the key in it; the code is typed on the device, holds for ten minutes and
once. Who may run this may read the database: nothing is asked.
"""

import argparse
import json
import sys

from queue_service.commands.failing import CommandError
from queue_service.commands.inside import in_house, known
from queue_service.flows.access import devices
from queue_service.flows.access.devices import DEVICE_ROLES
from queue_service.house import House
from queue_service.model.ids import CONFIGURATION, address
from queue_service.model.refusal import Refusal
from queue_service.rights import Role

EXPLAINED = (
    "Enrol a device and print the link that gives it its key. With --code print a one-time code"
    " instead: open /de/enrol on the device within ten minutes and type it there; a key that the"
    " device had before dies when the code is used. Managers do the same on the console under"
    " Devices."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    parser.description = EXPLAINED
    parser.add_argument("office")
    parser.add_argument("device", help="its name, such as kiosk-1: small letters, digits, hyphens")
    parser.add_argument("--role", required=True, choices=[role.value for role in DEVICE_ROLES])
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--code", action="store_true", help="print a code for ten minutes, not a link")
    way.add_argument("--revoke", action="store_true", help="let its key die at once")
    parser.add_argument("--json", action="store_true")


def run(given: argparse.Namespace) -> int:
    """Enrol, invite or revoke; 0, or CommandError for what is not known or no name."""
    return in_house(lambda house: _enrol(house, given))


async def _enrol(house: House, given: argparse.Namespace) -> None:
    known(house, given.office)
    if given.revoke:
        if not await devices.revoke(house, given.office, given.device):
            raise CommandError(f"{given.office} has no device {given.device}")
        sys.stdout.write(f"the key of {given.device} is dead\n")
    elif given.code:
        await _invite(house, given)
    else:
        await _admit(house, given)


async def _invite(house: House, given: argparse.Namespace) -> None:
    role = Role(given.role)
    invited = await devices.invite(
        house, given.office, device=given.device, role=role, by=CONFIGURATION
    )
    if isinstance(invited, Refusal):
        raise CommandError(
            f"{given.device!r} is no name for a device: {invited.data.get('reason')}"
        )
    page = f"{house.settings.base_url}/de/enrol"
    if given.json:
        device = address(given.office, given.device)
        until = invited.until.isoformat()
        said = {"device": device, "code": invited.code, "until": until, "link": page}
        sys.stdout.write(f"{json.dumps(said)}\n")
    else:
        code = f"{invited.code[:4]} {invited.code[4:]}"
        sys.stdout.write(f"open {page} on the device within ten minutes and type {code}\n")


async def _admit(house: House, given: argparse.Namespace) -> None:
    if not devices.named(given.device):
        raise CommandError(f"{given.device!r} is no name for a device: a-z, 0-9 and -, at most 40")
    enrolled = await devices.admit(house, given.office, device=given.device, role=Role(given.role))
    link = f"{house.settings.base_url}/enrol/{enrolled.key}"
    if given.json:
        device = address(given.office, enrolled.device)
        said = {"device": device, "key": enrolled.key, "link": link}
        sys.stdout.write(f"{json.dumps(said)}\n")
    else:
        sys.stdout.write(f"open on the device, once: {link}\n")
