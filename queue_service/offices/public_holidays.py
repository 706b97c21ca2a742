"""Public holidays of a German state; the one place that asks the library for them.

Closures of one town are configuration, not this.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from queue_service.offices.rules import AGS_PREFIX


def public_holidays(land: str, years: Iterable[int]) -> frozenset[date]:
    """Days on which offices in `land` are closed by law.

    Raises KeyError for a state that does not exist; `check` refuses such a configuration.
    """
    return frozenset(day for year in years for day, _ in _holidays(land, year))


def holiday_names(land: str, years: Iterable[int]) -> dict[date, str]:
    """The same days with their German names."""
    return {day: name for year in years for day, name in _holidays(land, year)}


@lru_cache(maxsize=256)
def _holidays(land: str, year: int) -> tuple[tuple[date, str], ...]:
    if land not in AGS_PREFIX:
        raise KeyError(land)
    # Imported here: the library loads every country of the world (0.15 s), start-up does not wait.
    from holidays import country_holidays

    found = country_holidays("DE", subdiv=land, years=year, language="de")
    return tuple(sorted(found.items()))
