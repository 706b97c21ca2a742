"""What the API answers about the figures of a day, as types for the OpenAPI document."""

from datetime import date, datetime

import msgspec

from queue_service.web.api.answers.exact import Answer


class FiguresShown(Answer, frozen=True):
    """Some visits in figures; minutes, and null where there is nothing to count."""

    visits: int
    called: int
    wait_p50: float | None
    wait_p80: float | None
    wait_longest: float | None
    in_target_share: float | None
    service_minutes: float | None


class OfServiceShown(Answer, frozen=True):
    """The visits for one service."""

    service: str
    figures: FiguresShown


class OfNeedShown(Answer, frozen=True):
    """The visits of one need class."""

    need: str
    figures: FiguresShown


class HourShown(Answer, frozen=True):
    """Arrivals of one hour."""

    start: datetime
    arrivals: int


class DayReportShown(Answer, frozen=True):
    """One day of one office, from its journal; nobody is named or ranked."""

    office: str
    day: date
    visits: int
    with_appointment: int
    served: int
    left: int
    in_house: int
    no_shows: int
    emergencies: int
    emergencies_accepted: int
    figures: FiguresShown
    services: tuple[OfServiceShown, ...]
    needs: tuple[OfNeedShown, ...]
    hours: tuple[HourShown, ...]


class WaitScore(Answer, frozen=True):
    """Forecasts of one day against what came; means of those who were called."""

    day: date
    given: int
    """People who were told a range at check-in."""
    called: int
    error: float
    """Minutes between the middle of the forecast and the call."""
    naive_error: float
    """The same of mean length times people, divided by counters."""
    within_p80: float
    """Share of people called within the range; 0.77 to 0.83 is aimed at."""
    under: float
    """Share of people called more than ten minutes later than told."""


class WaitErrors(Answer, frozen=True):
    """Day by day and together; `total` is null where nobody with a forecast was called."""

    office: str
    from_: date = msgspec.field(name="from")
    to: date
    days: tuple[WaitScore, ...]
    total: WaitScore | None


class ShareShown(Answer, frozen=True):
    """A share from 0 to 1 with its 95 % interval."""

    share: float
    low: float
    high: float


class OfTextShown(Answer, frozen=True):
    """Appointments whose reminders had one text; shares are null where there were none."""

    text: str
    reminded: int
    came: int
    missed: int
    cancelled: int
    missed_share: ShareShown | None
    cancelled_share: ShareShown | None


class ReminderEffect(Answer, frozen=True):
    """What reminders did in some days, by text; what the office cancelled is not counted."""

    office: str
    from_: date = msgspec.field(name="from")
    to: date
    texts: tuple[OfTextShown, ...]


REPORT_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "GET /offices/{office}/reports/waits": (200, WaitErrors),
    "GET /offices/{office}/reports/day": (200, DayReportShown),
    "GET /offices/{office}/reports/reminders": (200, ReminderEffect),
}
"""As `answers.ANSWERS`."""
