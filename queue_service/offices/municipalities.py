"""Which municipalities a postcode belongs to; several belong to many, and none is ever guessed.

The table lies beside this module with its source. Who is responsible for a municipality is left to
`jurisdiction`.
"""

import csv
from functools import lru_cache
from importlib.resources import files

import msgspec

POSTCODE_DIGITS = 5
DISTRICT_DIGITS = 5
"""Of a municipality's key, the first ones name its district."""


class Municipality(msgspec.Struct, frozen=True, order=True):
    """A municipality by its key (AGS)."""

    name: str
    ags: str
    district: str = ""


def of_postcode(postcode: str) -> tuple[Municipality, ...]:
    """Every municipality of `postcode`, by name; none when the table does not know it."""
    return _table()[0].get(postcode, ())


def of_key(ags: str) -> Municipality | None:
    """The municipality of an 8-digit key, or None."""
    return _table()[1].get(ags)


def of_district(district: str) -> tuple[str, ...]:
    """Keys of every municipality of a district, by the first 5 digits."""
    return tuple(sorted(key for key in _table()[1] if key[:DISTRICT_DIGITS] == district))


def by_postcode() -> dict[str, tuple[Municipality, ...]]:
    """Every postcode that the table knows, with its municipalities by name."""
    return dict(_table()[0])


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, tuple[Municipality, ...]], dict[str, Municipality]]:
    by_key: dict[str, Municipality] = {}
    by_postcode: dict[str, list[Municipality]] = {}
    source = files("queue_service.offices").joinpath("municipalities.csv")
    for row in csv.DictReader(source.read_text("utf-8").splitlines()):
        ags = row["ags"]
        place = by_key.setdefault(ags, Municipality(row["municipality"], ags, row["district"]))
        by_postcode.setdefault(row["postcode"], []).append(place)
    return {code: tuple(sorted(places)) for code, places in by_postcode.items()}, by_key
