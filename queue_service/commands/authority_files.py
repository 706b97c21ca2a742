"""`queue-service import-authorities FILE FOLDER`: take a list of authorities into a configuration.

The list becomes `authorities.toml` of the office's folder, which `check` proves and `load` brings
into force. Bad rows are named by their line; nothing accepted before is lost.
"""

import argparse
import os
import sys
import tomllib
from pathlib import Path

import msgspec

from queue_service.commands.configurations import folders
from queue_service.commands.failing import CommandError
from queue_service.model.asking import Referral
from queue_service.offices import authorities

FILE = "authorities.toml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    columns = ",".join(authorities.COLUMNS)
    parser.add_argument("file", type=Path, help=f"CSV: {columns}; comma or semicolon")
    parser.add_argument("folder", type=Path, help="a folder of one office, or of several")


def run(given: argparse.Namespace) -> int:
    """Take the good rows over, name the bad ones; 1 when one was bad.

    Raises CommandError when nothing could be taken.
    """
    try:
        text = given.file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{given.file}: byte {error.start}: the file is not UTF-8") from error
    found = folders(given.folder)
    read = authorities.read(text)
    for doubt in read.doubts:
        sys.stderr.write(f"{given.file}: {doubt.said()}\n")
    for folder in found:
        try:
            before = _before(folder / FILE)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise CommandError(f"{folder / FILE}: {error}; nothing was changed") from error
        after = authorities.merged(before, read.by_key)
        if after != before:
            _replace(folder / FILE, authorities.written(after))
        keys = sum(len(said.ags) for said in after)
        taken = f"{read.rows} row(s); {len(after)} authorities for {keys} keys"
        sys.stdout.write(f"{folder.name}: {taken}\n")
    return 1 if read.doubts else 0


def _before(file: Path) -> tuple[Referral, ...]:
    if not file.exists():
        return ()
    said = tomllib.loads(file.read_text("utf-8")).get("authorities", [])
    return msgspec.convert(said, tuple[Referral, ...])


def _replace(file: Path, text: str) -> None:
    """Whole or not at all: a crash leaves the file as it was."""
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
