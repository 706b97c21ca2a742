"""The list of cards that an office exports as CSV: read kindly, every bad row named.

Columns ``serial`` (number of the card or of its order), ``state``, ``date`` (since when); others
are passed over. Comma or semicolon, quotes or none, German or English words. What the rows mean
for a card is decided in `cards`.
"""

import csv
from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from queue_service.model.card import CardState, Doubt, Why
from queue_service.slots.cards import RECORDABLE

MOST_ROWS = 50_000
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
    """The rows of a list; a file without the three columns has one doubt at line 1."""
    lines = text.splitlines()
    if not lines:
        return Read((), (Doubt(1, Why.EMPTY),))
    first = lines[0]
    divider = ";" if first.count(";") >= first.count(",") else ","
    table = csv.reader(lines, delimiter=divider)
    try:
        at = _places(next(table))
    except csv.Error as error:
        return Read((), (Doubt(1, Why.UNREADABLE, str(error)[:80]),))
    missing = [name for name in COLUMNS if name not in at]
    if missing:
        return Read((), (Doubt(1, Why.NO_COLUMNS, ", ".join(missing)),))
    rows: list[Row] = []
    doubts: list[Doubt] = []
    for each in _each(table, at):
        (rows if isinstance(each, Row) else doubts).append(each)  # type: ignore[arg-type]  # by its type
        if len(rows) > MOST_ROWS:
            doubts.append(Doubt(each.line, Why.TOO_MANY, str(MOST_ROWS)))
            break
    return Read(tuple(rows), tuple(doubts))


def _places(header: list[str]) -> dict[str, int]:
    named = [name.strip().casefold() for name in header]
    found = {
        ours: next((named.index(theirs) for theirs in names if theirs in named), -1)
        for ours, names in COLUMNS.items()
    }
    return {ours: place for ours, place in found.items() if place >= 0}


def _each(table: Iterator[list[str]], at: dict[str, int]) -> Iterator[Row | Doubt]:
    while True:
        line = getattr(table, "line_num", 0) + 1
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield Doubt(line, Why.UNREADABLE, str(error)[:80])
            continue
        if any(cell.strip() for cell in cells):
            yield _row(line, cells, at)


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
    """A card's number without the signs that people and programs put between."""
    return "".join(sign for sign in serial.upper() if sign.isalnum())


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
