"""How people book, as shares of lead, hour and weekday; a pure reader of `shapes.csv`.

Where the shares come from and how they were derived stands in the README beside the file.
"""

import csv
from collections.abc import Iterable

import msgspec

MEAN = "mean"
"""The profile of an office that has none of its own."""


class Shape(msgspec.Struct, frozen=True):
    """One profile; the shares of each kind add up to 1."""

    lead_tenths: tuple[float, ...]
    """How far ahead the booked day lies, in tenths of the booking window."""
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]

    def still_to_come(self, ahead: float) -> float:
        """Share of a day's bookings that arrive later than `ahead` (0 to 1) windows before it."""
        place = min(max(ahead, 0.0), 1.0) * 10
        whole = int(place)
        part = self.lead_tenths[whole] * (place - whole) if whole < 10 else 0.0
        return min(1.0, sum(self.lead_tenths[:whole]) + part)


def read(lines: Iterable[str]) -> dict[str, Shape]:
    """Profiles by name, from the lines of the CSV file; each list is scaled to 1."""
    shares: dict[str, dict[str, list[float]]] = {}
    for row in csv.DictReader(lines):
        kinds = shares.setdefault(row["profile"], {})
        kinds.setdefault(row["kind"], []).append(float(row["share"]))
    return {
        profile: Shape(
            lead_tenths=_scaled(kinds["lead_tenth"]),
            hours=_scaled(kinds["booking_hour"]),
            weekdays=_scaled(kinds["booking_weekday"]),
        )
        for profile, kinds in shares.items()
    }


def _scaled(shares: list[float]) -> tuple[float, ...]:
    total = sum(shares)
    return tuple(share / total for share in shares)
