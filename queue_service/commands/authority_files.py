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

from queue_service import offices
from queue_service.model.asking import Referral
from queue_service.offices import authorities

FILE = "authorities.toml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    columns = ",".join(authorities.COLUMNS)
    parser.add_argument("file", type=Path, help=f"CSV: {columns}; comma or semicolon")
    parser.add_argument("folder", type=Path, help="a folder of one office, or of several")


def run(given: argparse.Namespace) -> int:
    """Take the good rows over, name the bad ones; 1 when nothing could be taken or one was bad."""
    try:
        text = given.file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        return _failed(f"{given.file}: byte {error.start}: the file is not UTF-8")
    folders = offices.folders(given.folder) if given.folder.is_dir() else ()
    if not folders:
        return _failed(f"{given.folder}: no folder with an office.toml")
    read = authorities.read(text)
    for doubt in read.doubts:
        sys.stderr.write(f"{given.file}: {doubt.said()}\n")
    for folder in folders:
        try:
            before = _before(folder / FILE)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            return _failed(f"{folder / FILE}: {error}; nothing was changed")
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


def _failed(why: str) -> int:
    sys.stderr.write(f"queue-service import-authorities: {why}\n")
    return 1
