"""The demo's clocks: where each office begins, where it goes on, and how a night is skipped.

Office time is kept beside the database, so that a demo that rested for a week goes on where it was.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from queue_service.clock import real_now
from queue_service.demo import days, private
from queue_service.model.office import Office, OfficeClock

FILE = "clocks.json"
SAVE_EACH = timedelta(seconds=2)

SetClock = Callable[[str, datetime, float], None]
"""Office, its time from now on, and how much faster than real it runs."""


class Nights:
    """The clocks of all offices of one demo."""

    def __init__(self, folder: Path, offices: dict[str, Office], speeds: dict[str, float]) -> None:
        """Reads what was kept; nothing is set before `open`."""
        self._file = folder / FILE
        self._offices, self._speeds = offices, speeds
        self._clocks: dict[str, OfficeClock] = {}
        self._saved_at = real_now()
        self.rested = _read(self._file)
        """What the clocks showed when the demo was stopped last."""
        self.begin = {slug: self._begin(office) for slug, office in offices.items()}
        """Where each office goes on, or in the early morning of a new demo's first day."""

    def open(self, set_clock: SetClock) -> None:
        """Let every clock run; a new office's from the first moment of its first day."""
        for slug, at in self.begin.items():
            if slug in self.rested:
                self._set(set_clock, slug, at)
            else:
                office = self._offices[slug]
                first_day = at.astimezone(office.tz).date()
                self._set(set_clock, slug, days.first_moment(office, first_day))
        self.save()

    def look(self, set_clock: SetClock) -> None:
        """Skip the night of an office whose day is over; keep the time now and then."""
        now = real_now()
        for slug, clock in list(self._clocks.items()):
            goes_on = days.after_the_night(self._offices[slug], clock.at(now))
            if goes_on is not None:
                self._set(set_clock, slug, goes_on)
        if now - self._saved_at > SAVE_EACH:
            self.save()

    def save(self) -> None:
        """Keep what the clocks show now."""
        self._saved_at = real_now()
        shown = {slug: clock.at(self._saved_at) for slug, clock in self._clocks.items()}
        private.write(self._file, msgspec.json.encode(self.rested | shown))

    def _begin(self, office: Office) -> datetime:
        rested = self.rested.get(office.slug)
        if rested is not None:
            return days.after_the_night(office, rested) or rested
        return days.booking_moment(office, days.first_day(office, real_now()))

    def _set(self, set_clock: SetClock, slug: str, at: datetime) -> None:
        set_clock(slug, at, self._speeds[slug])
        self._clocks[slug] = OfficeClock(real_now(), at, self._speeds[slug])


def _read(file: Path) -> dict[str, datetime]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, datetime])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
