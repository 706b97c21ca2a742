"""The rows of the paper page as they were typed, and what they say; none is lost or guessed."""

import re
from collections.abc import Mapping, Sequence
from datetime import time

from queue_service.flows.entrance.listed import plain
from queue_service.flows.entrance.paper import MOST_ROWS, Meant, PaperRow
from queue_service.model.refusal import Code, Refusal
from queue_service.web.pages.applicant.answers import text

ROWS = 10
"""As many as the page begins with, and as many as are added at a time."""
MOST_PERSONS = 50
FIELDS = ("number", "time", "appointment", "service", "persons", "language")
_MOST_SIGNS = 60
"""Far beyond what the fields take: no page grows by what a program sends."""
_TIME = re.compile(r"(\d{1,2})[:.,H]?(\d{2})(UHR)?")

Typed = dict[str, str]
"""One row, field by field."""
BLANK: Typed = {**dict.fromkeys(FIELDS, ""), "persons": "1"}


def typed_rows(form: Mapping[str, object]) -> list[Typed]:
    """Every row in which something stands, in the order of the form."""
    rows = (
        {name: text(form, f"{name}_{n}")[:_MOST_SIGNS] for name in FIELDS} for n in range(MOST_ROWS)
    )
    return [row for row in rows if any(row[f] for f in FIELDS if f != "persons")]


def read_row(row: Typed) -> PaperRow | Refusal:
    """The row as the flow takes it, or which field cannot be read."""
    at, persons = _time(row["time"]), plain(row["persons"]) or "1"
    if not row["number"]:
        return _unreadable("number")
    if at is None:
        return _unreadable("time")
    if not persons.isdecimal() or not 1 <= int(persons) <= MOST_PERSONS:
        return _unreadable("persons")
    if not row["service"] and not row["appointment"]:
        return _unreadable("service")
    return PaperRow(
        row["number"], row["service"], int(persons), at, row["language"], row["appointment"]
    )


def as_looked_at(typed: Sequence[Typed], meant: Mapping[int, Meant]) -> list[Typed]:
    """The rows with the code of the appointment that was looked at, wherever a place stood."""
    return [
        {**row, "appointment": meant[n].code} if n in meant and meant[n].code else row
        for n, row in enumerate(typed)
    ]


def _time(typed: str) -> time | None:
    found = _TIME.fullmatch(plain(typed))
    hours, minutes = (int(found[1]), int(found[2])) if found else (24, 0)
    return time(hours, minutes) if hours < 24 and minutes < 60 else None


def _unreadable(field: str) -> Refusal:
    return Refusal(Code.INVALID, {"field": field})
