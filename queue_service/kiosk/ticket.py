"""Tickets: numbers that reveal nothing of matter, class or count, and codes as scanners give them.

The letter is random per day, never one that stands for a service, and the numbers start anywhere;
they are given out from the day's row under the office's lock, never by counting tickets.
"""

from datetime import date
from random import Random

import msgspec

from queue_service.kiosk.blocks import HIGHEST, LOWEST, number_at
from queue_service.model.codes import TOKEN_ALPHABET
from queue_service.model.visit import TicketSeries


def open_series(day: date, letters: str, chance: Random) -> TicketSeries:
    """The first row of a day; `chance` is drawn outside the turn."""
    return TicketSeries(day, chance.choice(letters), chance.randint(LOWEST, HIGHEST))


def next_number(series: TicketSeries, letters: str) -> tuple[str, TicketSeries]:
    """The next number and the row after it: 900 numbers a letter, then the next letter."""
    number = number_at(series, series.issued, letters)
    return number, msgspec.structs.replace(series, issued=series.issued + 1)


def code_in(scanned: str) -> str:
    """The last run of code symbols in what a scanner typed: a link, garbled or not, or a code."""
    run, found = "", ""
    for symbol in scanned.strip().upper():
        run = run + symbol if symbol in TOKEN_ALPHABET else ""
        found = run or found
    return found
