"""The appointment as a calendar entry that updates and withdraws itself (RFC 5545, 5546).

It says only "appointment": calendars are shared with employers and flatmates. For the same reason
it carries neither link nor code.
"""

from datetime import UTC, date, datetime
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress
from icalendar.enums import CLASS, STATUS, TRANSP

from queue_service.language import catalogue
from queue_service.notify.letters.facts import Facts

_PRODUCT = "-//queue-service//letters//EN"


class Method(StrEnum):
    """What a calendar shall do with the entry."""

    REQUEST = "REQUEST"
    """Enter it, or replace what it knows under the same UID."""
    CANCEL = "CANCEL"


def calendar(facts: Facts, method: Method, sequence: int) -> bytes:
    """The entry of `facts.booking`; one UID a booking, `sequence` rises with every change.

    The same arguments give the same bytes, so a letter sent twice brings one entry.
    """
    zone = facts.office.tz
    booking, place = facts.booking, facts.office.place
    cancelled = method is Method.CANCEL
    attendee = vCalAddress(f"mailto:{facts.email}")
    attendee.params["PARTSTAT"] = "ACCEPTED"
    attendee.params["RSVP"] = "FALSE"
    event = Event.new(
        uid=str(booking.id),
        sequence=sequence,
        stamp=facts.written.astimezone(UTC),
        start=booking.start.astimezone(zone),
        end=booking.leaves.astimezone(zone),
        summary=catalogue(booking.language)("Appointment"),
        location=f"{place.street}, {place.postcode} {place.town}",
        organizer=vCalAddress(f"mailto:{facts.sender}"),
        attendees=[attendee],
        classification=CLASS.PRIVATE,
        status=STATUS.CANCELLED if cancelled else STATUS.CONFIRMED,
        transparency=TRANSP.TRANSPARENT if cancelled else TRANSP.OPAQUE,
    )
    whole = Calendar.new(prodid=_PRODUCT, method=str(method), subcomponents=[event])
    whole.pop("UID", None)  # drawn at random by `new`
    _add_zone(whole, booking.start.astimezone(zone))
    written: bytes = whole.to_ical()
    return written


def _add_zone(whole: Calendar, start: datetime) -> None:
    """The rules of the zone for the years around `start`; all years would be 7 kB."""
    whole.add_missing_timezones(date(start.year - 1, 1, 1), date(start.year + 1, 12, 31))
