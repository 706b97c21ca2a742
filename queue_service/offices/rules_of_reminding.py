"""What the table ``[reminders]`` must fulfil."""

from collections.abc import Iterator
from itertools import pairwise

from queue_service.model.office import Office
from queue_service.offices.reading import Found

MOST = 3
"""Each has a purpose of its own among the letters; more would be read by nobody."""
EARLIEST_MINUTES = 30 * 24 * 60
LATEST_MINUTES = 30


def reminder_faults(office: Office) -> Iterator[Found]:
    """Every broken rule of when and how people are reminded."""
    minutes, texts = office.reminders.minutes_before, office.reminders.texts
    if len(minutes) > MOST:
        yield Found("reminders.minutes_before", list(minutes), f"must be at most {MOST}")
    for each in minutes:
        if not LATEST_MINUTES <= each <= EARLIEST_MINUTES:
            reason = f"must be {LATEST_MINUTES} to {EARLIEST_MINUTES}"
            yield Found("reminders.minutes_before", each, reason)
    if any(later >= earlier for earlier, later in pairwise(minutes)):
        yield Found("reminders.minutes_before", list(minutes), "must name the earliest first")
    if not texts:
        yield Found("reminders.texts", [], "must not be empty: a reminder needs words")
    if len(set(texts)) < len(texts):
        yield Found("reminders.texts", [str(text) for text in texts], "must name each text once")
