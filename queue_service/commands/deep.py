"""`queue-service check --deep`: every cell against its bookings, and the journal's chain."""

import argparse
import sys
from collections.abc import Sequence

import msgspec

from queue_service.commands.inside import in_house, known
from queue_service.flows import auditing
from queue_service.flows.auditing import Audit
from queue_service.house import House

MOST_LINES = 50
"""Of differences that are printed; how many there are is always said."""


def run(given: argparse.Namespace) -> int:
    """Audit one office or all; 1 when anything is wrong."""
    found: list[Audit] = []

    async def work(house: House) -> None:
        found.extend(await audits(house, given.office))

    in_house(work)
    return tell(found, as_json=given.json)


async def audits(house: House, slug: str | None) -> list[Audit]:
    """Audit one office or all; raises CommandError for one that is not known."""
    chosen = house.follower.offices.values() if slug is None else [known(house, slug)]
    return [await auditing.audit(house, each) for each in chosen]


def tell(found: Sequence[Audit], *, as_json: bool) -> int:
    """Print what the audits found; 1 when anything is wrong."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(list(found)), indent=2).decode())
    else:
        for audit in found:
            print(
                f"{audit.office}: {audit.cells} cells, {audit.bookings} bookings, "
                f"{audit.entries} entries, {len(audit.wrong) or 'no'} difference(s)"
            )
            for wrong in audit.wrong[:MOST_LINES]:
                print(wrong.line(), file=sys.stderr)
    return 1 if any(audit.wrong for audit in found) else 0
