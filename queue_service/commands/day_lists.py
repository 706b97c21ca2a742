"""`queue-service day-list OFFICE`: the day on paper, as text or JSON.

A line an appointment with boxes to tick, then who is in the house, then numbers for paper.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import date

import msgspec

from queue_service.commands.failing import CommandError
from queue_service.commands.inside import in_house, known
from queue_service.flows.days import day_list
from queue_service.flows.days.day_list import A_SHEET, MOST_SHEETS, DayList
from queue_service.house import House
from queue_service.language import LANGUAGES, catalogue, clock, day_long
from queue_service.language.paper import part_words, row_notes, spoken_in
from queue_service.model.booking import Part
from queue_service.model.ids import SYSTEM
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal

_BOXES = "[ ] [ ] [ ]"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    parser.add_argument("office")
    parser.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="default: today")
    parser.add_argument(
        "--sheets",
        type=int,
        default=1,
        choices=range(MOST_SHEETS + 1),
        metavar=f"0-{MOST_SHEETS}",
        help=f"reserve this many sheets of {A_SHEET} numbers for paper (default 1); those stay",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="de", help="default: de")
    parser.add_argument("--json", action="store_true")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no date such as 2026-11-23") from None


def run(given: argparse.Namespace) -> int:
    """Print the list; 0, or CommandError as `print_day` raises it."""
    return in_house(lambda house: print_day(house, given))


async def print_day(house: House, given: argparse.Namespace) -> None:
    """Print the list of the day; its numbers are reserved before.

    Raises CommandError for an office that is not known, or a day so far off that it has no numbers.
    """
    office = known(house, given.office)
    day = given.date or office.now().date()
    if given.sheets:
        kept = await day_list.reserve(house, office, day, given.sheets, SYSTEM)
        if isinstance(kept, Refusal):
            raise CommandError(
                f"--date {day}: numbers are reserved from today to"
                f" {day_list.MOST_DAYS_AHEAD} days ahead; with --sheets 0 any day is printed"
            )
    found = await day_list.day_list(house, office, day)
    if given.json:
        said = json.dumps(msgspec.to_builtins(found), ensure_ascii=False)
    else:
        said = "\n".join(lines(found, office.office, given.language))
    sys.stdout.write(f"{said}\n")


def lines(found: DayList, office: Office, language: str) -> Iterable[str]:
    """The list as plain text."""
    t = catalogue(language)
    yield f"{office.name.get(language, office.name['de'])} - {day_long(found.day, language)}"
    made = f"{day_long(found.made, language)}, {clock(found.made)}"
    yield t("As of {time}", time=made)
    yield ""
    boxes = " / ".join((t("came"), t("served"), t("not come")))
    yield f"{t('Appointments')} ({len(found.expected)})   [ ] [ ] [ ] = {boxes}"
    for each in found.expected:
        code = f"{each.short} {each.code[len(each.short) :]}".strip()
        yield "  ".join((_BOXES, clock(each.start), f"{code:<9}", _what(each, office, language)))
    if found.present:
        yield ""
        yield f"{t('In the house')} ({len(found.present)})"
        for here in found.present:
            urgent = [t("emergency")] if here.emergency else []
            words = ", ".join((*urgent, _what(here, office, language)))
            yield "  ".join((_BOXES, clock(here.since), here.number, words))
    for n, sheet in enumerate(found.sheets, 1):
        yield ""
        yield t("Numbers for paper, sheet {n}", n=n)
        for first in range(0, len(sheet), 10):
            yield "  ".join(f"[ ] {number}" for number in sheet[first : first + 10])


def _what(each: day_list.Expected | day_list.Present, office: Office, language: str) -> str:
    parts: tuple[Part, ...] = each.parts
    services = "; ".join(part_words(part, office, language) for part in parts)
    notes = row_notes(parts, each.flags, office, language)
    return ", ".join((services, spoken_in(each.language, language), *notes))
