"""The list of cards that an office exports as CSV: read kindly, every bad row named.

Columns ``serial`` (number of the card or of its order), ``state``, ``date`` (since when); others
are passed over. Comma or semicolon, quotes or none, German or English words. What the rows mean
for a card is decided in `cards`.
"""

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from queue_service.model.card import CardState, Doubt, Why
from queue_service.model.codes import ordinary
from queue_service.slots.cards import RECORDABLE

MOST_ROWS = 50_000
MOST_DOUBTS = 1_000
"""A file that is no list would be answered with many times its size."""
_ABOVE = re.compile(r'[\s;,|]*|"?sep=(?P<divider>[;,|\t])"?[\s;,|]*', re.IGNORECASE)
"""A line that spreadsheets write above the header: an empty row, or how cells are divided."""
SERIAL_LENGTHS = range(4, 41)
COLUMNS = {
    "serial": ("serial", "seriennummer", "reference", "vorgangsnummer", "kartennummer"),
    "state": ("state", "status", "zustand"),
    "date": ("date", "datum", "seit"),
}
"""Our name of a column → names it may have in a file, in small letters."""
GERMAN = {
    "bestellt": CardState.ORDERED,
    "produziert": CardState.PRODUCED,
    "geliefert": CardState.DELIVERED,
    "nachbestellt": CardState.RE_ORDERED,
    "erfasst": CardState.RECORDED,
    "abholbereit": CardState.READY,
    "bereit": CardState.READY,
    "im tresor": CardState.IN_SAFE,
    "ausgegeben": CardState.HANDED_OUT,
    "versandt": CardState.POSTED,
    "direktversand": CardState.DIRECT_SHIPPED,
}


class Row(msgspec.Struct, frozen=True):
    """A row that could be read; the number is hashed at once and then dropped."""

    line: int
    serial: str
    state: CardState
    since: date


class Read(msgspec.Struct, frozen=True):
    """A file as it was read: good rows, and a doubt for every other."""

    rows: tuple[Row, ...]
    doubts: tuple[Doubt, ...]


def decoded(content: bytes) -> str:
    """The text of a file; what is not UTF-8 comes from an old spreadsheet in Western letters."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(text: str) -> Read:
    """The rows of a list; a file without the three columns has one doubt at its header.

    Each line is a row: a quote that nobody closed costs its own row and no other. Empty rows, and
    the ``sep=;`` of spreadsheets, may stand above the header.
    """
    lines = iter(enumerate(text.splitlines(), 1))
    number, first, divider = 1, "", ""
    while above := _ABOVE.fullmatch(first):
        divider = above["divider"] or divider
        number, first = next(lines, (0, ""))
        if not number:
            return Read((), (Doubt(1, Why.EMPTY),))
    divider = divider or (";" if first.count(";") >= first.count(",") else ",")
    try:
        at = _places(next(csv.reader([first], delimiter=divider)))
    except csv.Error as error:
        return Read((), (Doubt(number, Why.UNREADABLE, str(error)[:80]),))
    missing = [name for name in COLUMNS if name not in at]
    if missing:
        return Read((), (Doubt(number, Why.NO_COLUMNS, ", ".join(missing)),))
    return _rows(lines, divider, at)


def _rows(lines: Iterable[tuple[int, str]], divider: str, at: dict[str, int]) -> Read:
    rows: list[Row] = []
    doubts: list[Doubt] = []
    for number, line in lines:
        each = _each(number, line, divider, at)
        if isinstance(each, Row):
            rows.append(each)
        elif each is not None:
            doubts.append(each)
        if len(rows) > MOST_ROWS:
            doubts.append(Doubt(number, Why.TOO_MANY, str(MOST_ROWS)))
            break
        if len(doubts) >= MOST_DOUBTS:
            doubts.append(Doubt(number, Why.TOO_MANY_DOUBTS, str(MOST_DOUBTS)))
            break
    return Read(tuple(rows), tuple(doubts))


def _places(header: list[str]) -> dict[str, int]:
    named = [name.strip().casefold() for name in header]
    found = {
        ours: next((named.index(theirs) for theirs in names if theirs in named), -1)
        for ours, names in COLUMNS.items()
    }
    return {ours: place for ours, place in found.items() if place >= 0}


def _each(number: int, line: str, divider: str, at: dict[str, int]) -> Row | Doubt | None:
    try:
        cells = next(csv.reader([line], delimiter=divider), [])
    except csv.Error as error:
        return Doubt(number, Why.UNREADABLE, str(error)[:80])
    return _row(number, cells, at) if any(cell.strip() for cell in cells) else None


def _row(line: int, cells: list[str], at: dict[str, int]) -> Row | Doubt:
    if len(cells) <= max(at.values()):
        return Doubt(line, Why.TOO_SHORT, str(len(cells)))
    serial, state, since = (cells[at[name]].strip() for name in COLUMNS)
    if len(plain(serial)) not in SERIAL_LENGTHS:
        # The number itself is never repeated: this line is shown and may be printed.
        return Doubt(line, Why.SERIAL)
    known = _state(state)
    if known is None:
        return Doubt(line, Why.STATE, state[:30])
    day = _day(since)
    if day is None:
        return Doubt(line, Why.DATE, since[:30])
    return Row(line, serial, known, day)


def plain(serial: str) -> str:
    """A card's number without the signs that people and programs put between, in our digits."""
    return "".join(sign for sign in ordinary(serial).upper() if sign.isalnum())


def _state(said: str) -> CardState | None:
    word = " ".join(said.casefold().replace("_", " ").split())
    german = GERMAN.get(word)
    if german is not None:
        return german
    return next((s for s in RECORDABLE if s.value.replace("_", " ") == word), None)


def _day(said: str) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(said, form).date()  # noqa: DTZ007 - a day, no instant
        except ValueError:
            continue
    return None
