"""What the living office remembers across a restart: who has an appointment and will do what.

Kept in the demo's private folder; the people are invented, the secrets are of the demo only.
"""

from datetime import date, datetime
from pathlib import Path

import msgspec

from queue_service.demo import private
from queue_service.demo.people import End


class Plan(msgspec.Struct, frozen=True):
    """One person's intention about an appointment."""

    at: datetime
    end: End
    code: str
    secret: str


class Diary(msgspec.Struct):
    """The plans of one office's people."""

    plans: list[Plan] = []
    lived_until: datetime | None = None
    """Office time up to which everybody who was to come has come."""
    to_fill: dict[date, int] | None = None
    """Bookings from before the demo that each day still lacks; None before they are known."""

    def take_due(self, now: datetime) -> list[Plan]:
        """Remove and return what is to be done by `now`, the oldest first."""
        due = sorted((plan for plan in self.plans if plan.at <= now), key=lambda plan: plan.at)
        if due:
            self.plans = [plan for plan in self.plans if plan.at > now]
        return due


def read(file: Path) -> Diary:
    """The diary in `file`; an empty one when there is none or it cannot be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Diary)
    except (FileNotFoundError, msgspec.DecodeError):
        return Diary()


def write(file: Path, diary: Diary) -> None:
    """Write the diary whole, for the owner only."""
    private.write(file, msgspec.json.encode(diary))
