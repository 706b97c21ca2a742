"""`queue-service verify-confirmation`: check a signed confirmation without network or database.

All it needs are the public keys of one or more offices, as ``GET /api/v1/offices/{office}/keys``
gives them. What happened to the appointment since is known only to the office.
"""

import argparse
import json
import sys
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from queue_service.clock import real_now
from queue_service.commands.failing import CommandError
from queue_service.kiosk.signed import Checked, PublicKey, Verdict, verify
from queue_service.kiosk.ticket import code_in
from queue_service.seals import sealed


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    parser.add_argument("confirmation", help="what a scanner reads, a link or code; - reads a line")
    parser.add_argument(
        "--keys",
        action="append",
        required=True,
        type=Path,
        help="a file of an office's public keys",
    )
    parser.add_argument("--office", default="", help="tell others' confirmations as theirs")
    parser.add_argument("--json", action="store_true")


def run(given: argparse.Namespace) -> int:
    """Say the verdict; 0 only when the confirmation is genuine. Raises CommandError."""
    text = sys.stdin.readline() if given.confirmation == "-" else given.confirmation
    files = read_keys(given.keys)
    if given.office and all(file.office != given.office for file in files):
        raise CommandError(f"--office {given.office}: none of the files has its keys")
    checked = check(text, files, now=real_now(), office=given.office)
    sys.stdout.write(f"{lines(checked, files, as_json=given.json)}\n")
    return 0 if checked.verdict is Verdict.GENUINE else 1


class KeyFile(msgspec.Struct, frozen=True):
    """One file of keys; what else stands in it does not matter here."""

    office: str
    zone: str
    keys: tuple["KeyInFile", ...]


class KeyInFile(msgspec.Struct, frozen=True):
    """One key of it."""

    number: int
    public_key: str
    signs_from: datetime
    signs_until: datetime
    expires: datetime


def read_keys(files: Sequence[Path]) -> tuple[KeyFile, ...]:
    """The keys in `files`; raises CommandError."""
    return tuple(_read(file) for file in files)


def check(text: str, files: Sequence[KeyFile], *, now: datetime, office: str = "") -> Checked:
    """The verdict about a scanned or copied confirmation; `now` is an instant."""
    ring = [
        PublicKey(file.office, key.number, _raw(key), key.signs_from, key.signs_until, key.expires)
        for file in files
        for key in file.keys
    ]
    zones = {file.office: ZoneInfo(file.zone) for file in files}
    seen = verify(code_in(text), ring, check=sealed, now=now)
    here = now.astimezone(zones.get(office or seen.office, ZoneInfo("UTC")))
    return verify(code_in(text), ring, check=sealed, now=here, office=office)


def lines(checked: Checked, files: Sequence[KeyFile], *, as_json: bool) -> str:
    """The verdict for a person or a program."""
    zone = next((ZoneInfo(f.zone) for f in files if f.office == checked.office), None)
    start = checked.start.astimezone(zone) if checked.start and zone else None
    if as_json:
        return json.dumps(
            {
                "verdict": checked.verdict,
                "office": checked.office or None,
                "start": start.isoformat() if start else None,
            }
        )
    signed = f": {checked.office}, {start:%Y-%m-%d %H:%M}" if start else ""
    return f"{checked.verdict.replace('_', ' ')}{signed}"


def _read(file: Path) -> KeyFile:
    try:
        read = msgspec.json.decode(file.read_bytes(), type=KeyFile)
        ZoneInfo(read.zone)
        for key in read.keys:
            _raw(key)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from error
    except (ValueError, LookupError) as error:
        raise CommandError(f"{file}: no keys of an office: {error}") from error
    return read


def _raw(key: KeyInFile) -> bytes:
    return urlsafe_b64decode(key.public_key + "=" * (-len(key.public_key) % 4))
