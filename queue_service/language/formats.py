"""Times, days, ranges and money: Latin digits and 24 hours in every language.

A ticket, the board and a clock on the wall must show the same signs, so the digits never follow
the language; only the names of days and months and the order of a date do.
"""

from collections.abc import Iterable
from datetime import date, datetime, time

from babel.dates import format_date, get_day_names
from babel.numbers import format_currency, format_decimal

from queue_service.language.catalogues import LANGUAGES, LOCALES, direction

_LEFT_TO_RIGHT_ISOLATE = "\u2066"
_END_OF_ISOLATE = "\u2069"
_WEEKDAY_DAY_MONTH = {
    "de": "EEE, d. MMM",
    "de_simple": "EEEE, d. MMMM",
    "en": "EEE d MMM",
    "uk": "EEE, d MMM",
    "ar": "EEEE d MMMM",
    "tr": "d MMM EEE",
    "ru": "EEE, d MMM",
    "fr": "EEE d MMM",
    "fa": "EEEE d MMMM",
}
_FULL = {"uk": "EEEE, d MMMM y 'року'", "ru": "EEEE, d MMMM y 'года'"}
"""Where the usual form ends in a dot, which would be one too many at the end of a sentence."""


def _locale(language: str) -> str:
    return LOCALES.get(language, LOCALES[LANGUAGES[0]])


def clock(moment: datetime | time) -> str:
    """``08:05``, as every clock in the house shows it."""
    return f"{moment:%H:%M}"


def day_long(day: date, language: str) -> str:
    """Weekday, day, month and year in words: ``Donnerstag, 3. Dezember 2026``."""
    return format_date(day, _FULL.get(language, "full"), locale=_locale(language))


def day_short(day: date, language: str) -> str:
    """Weekday, day and month, short: ``Do., 3. Dez.``."""
    pattern = _WEEKDAY_DAY_MONTH.get(language, _WEEKDAY_DAY_MONTH[LANGUAGES[0]])
    return format_date(day, pattern, locale=_locale(language))


def span(first: object, last: object, language: str) -> str:
    """A range that reads from small to large also inside right-to-left text; one value if equal."""
    text = f"{first}–{last}" if first != last else str(first)
    if direction(language) == "rtl":
        return f"{_LEFT_TO_RIGHT_ISOLATE}{text}{_END_OF_ISOLATE}"
    return text


def money(cents: int, language: str) -> str:
    """Euros in the language's order; no decimals where there are none."""
    pattern = "#,##0 ¤" if cents % 100 == 0 else "#,##0.00 ¤"
    said = format_currency(
        cents / 100,
        "EUR",
        format=pattern,
        locale=_locale(language),
        currency_digits=False,
        numbering_system="latn",
    )
    # Ukrainian data spell the currency's code; people here see the sign on every price.
    return said.replace("EUR", "€")


def number(value: float, language: str) -> str:
    """A whole number where it is one, else one decimal behind the language's sign."""
    return format_decimal(value, "0.#", locale=_locale(language), numbering_system="latn")


def weekdays(days: Iterable[int], language: str) -> str:
    """Names of weekdays (0 = Monday), short: ``Mo., Di.``."""
    names = get_day_names("abbreviated", locale=_locale(language))
    return ("، " if direction(language) == "rtl" else ", ").join(names[day] for day in days)
