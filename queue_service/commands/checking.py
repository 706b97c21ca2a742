"""`queue-service check`: configurations before they are loaded, and with --deep what is stored."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from queue_service import offices
from queue_service.commands.configurations import folders


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


def run(given: argparse.Namespace) -> int:
    """Check what was named; 1 when there is a fault or a difference."""
    if given.deep:
        from queue_service.commands import deep  # only this one needs a database

        return deep.run(given)
    if given.folder is None:
        given.wrong("name a folder, or give --deep to check what is stored")
    return configurations(folders(given.folder), as_json=given.json)


def configurations(found: Sequence[Path], *, as_json: bool) -> int:
    """Name every fault of these configurations; 1 when there is one."""
    faults = []
    for folder in found:
        read = offices.read(folder)
        wrong = read if isinstance(read, tuple) else ()
        faults += [(folder, fault) for fault in wrong]
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
        print(json.dumps({"folders": len(found), "faults": said}, ensure_ascii=False, indent=2))
    else:
        for _, fault in faults:
            print(fault.line(), file=sys.stderr)
        if not faults:
            print(f"{len(found)} configuration(s) without fault")
    return 1 if faults else 0
