"""`queue-service check`: configurations before they are loaded, and with --deep what is stored."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from queue_service import offices
from queue_service.flows import auditing
from queue_service.flows.auditing import Audit
from queue_service.house import House

MOST_LINES = 50
"""Of differences that are printed; how many there are is always said."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    parser.add_argument(
        "folder", type=Path, nargs="?", help="a folder of one office, or of several"
    )
    parser.add_argument(
        "--deep",
        action="store_true",
        help="check what is stored: every cell against its bookings, the journal's chain",
    )
    parser.add_argument("--office", help="with --deep: this office alone")
    parser.set_defaults(wrong=parser.error)
    parser.add_argument("--json", action="store_true")


def configurations(folders: Sequence[Path], *, as_json: bool) -> int:
    """Name every fault of these configurations; 1 when there is one."""
    faults = []
    for folder in folders:
        read = offices.read(folder)
        found = read if isinstance(read, tuple) else ()
        faults += [(folder, fault) for fault in found]
    if as_json:
        said = [
            {
                "folder": str(f),
                "file": x.file,
                "key": x.key,
                "value": str(x.value),
                "reason": x.reason,
            }
            for f, x in faults
        ]
        print(json.dumps({"folders": len(folders), "faults": said}, ensure_ascii=False, indent=2))
    else:
        for _, fault in faults:
            print(fault.line(), file=sys.stderr)
        if not faults:
            print(f"{len(folders)} configuration(s) without fault")
    return 1 if faults else 0


async def audits(house: House, slug: str | None) -> list[Audit]:
    """Audit one office or all; raises LookupError for one that is not known."""
    known = house.follower.offices
    if slug is not None and slug not in known:
        raise LookupError(f"no office {slug!r}; known: {', '.join(known) or 'none'}")
    return [await auditing.audit(house, known[each]) for each in known if slug in (None, each)]


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
