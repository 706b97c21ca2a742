"""`queue-service cards import OFFICE FILE`: take an office's list of cards over from a CSV file.

Columns ``serial``, ``state``, ``date`` (or in German); what becomes of each row is decided in
`slots.cards`. The file stays where it is and is read once.
"""

import argparse
import json
import sys
from pathlib import Path

import msgspec

from queue_service.commands.inside import in_house, known
from queue_service.flows.bookings import cards
from queue_service.flows.bookings.cards import Imported
from queue_service.house import House
from queue_service.language import catalogue
from queue_service.language.doubts import doubt_in_words
from queue_service.model.ids import CONFIGURATION


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    parser.add_argument("act", choices=["import"])
    parser.add_argument("office")
    parser.add_argument("file", type=Path, help="CSV: serial, state, date; comma or semicolon")
    parser.add_argument("--json", action="store_true")


def run(given: argparse.Namespace) -> int:
    """Import the file; 0, or CommandError for an office that is not known."""
    return in_house(lambda house: take_over(house, given))


async def take_over(house: House, given: argparse.Namespace) -> None:
    """Import the file and say what became of it, without any number of a card."""
    office = known(house, given.office)
    content = given.file.read_bytes()
    done = await cards.import_list(house, office, content, CONFIGURATION)
    said = json.dumps(msgspec.to_builtins(done), ensure_ascii=False)
    sys.stdout.write(f"{said if given.json else chr(10).join(lines(done, given.file))}\n")


def lines(done: Imported, file: Path) -> list[str]:
    """One line for what was taken, one for each row that was not."""
    taken = f"{done.rows} row(s): {done.changed} changed, {done.same} as before"
    older = f", {done.older} older than what is known" if done.older else ""
    t = catalogue("en")
    doubts = [f"{file}: line {d.line}: {doubt_in_words(t, d)}" for d in done.doubts]
    return [taken + older, *doubts]
