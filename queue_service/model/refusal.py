"""A refusal: a value with a stable code and data; sentences are made in `language` alone."""

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """Stable refusal codes, part of the public contract."""

    SLOT_FULL = "slot_full"
    HOLD_EXPIRED = "hold_expired"
    HOLD_CAP_REACHED = "hold_cap_reached"
    ALREADY_BOOKED = "already_booked"
    NOT_BOOKABLE_YET = "not_bookable_yet"
    PAST = "past"
    CLOSED = "closed"
    NOT_RESPONSIBLE = "not_responsible"
    CARD_NOT_READY = "card_not_ready"
    NO_APPOINTMENT_NEEDED = "no_appointment_needed"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a code of the contract, no secret
    TOO_MANY = "too_many"
    TOO_MANY_BOOKINGS = "too_many_bookings"
    BUSY_RETRY = "busy_retry"
    KEY_REUSED = "key_reused"
    UNKNOWN_OFFICE = "unknown_office"
    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_BOOKING = "unknown_booking"
    UNKNOWN_TICKET = "unknown_ticket"
    UNKNOWN_COUNTER = "unknown_counter"
    UNKNOWN_VISIT = "unknown_visit"
    UNKNOWN_DISPLAY = "unknown_display"
    UNKNOWN_LAYER = "unknown_layer"
    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_ENROLMENT = "wrong_enrolment"
    """A one-time code that does not enrol a device: mistyped, used or over."""
    UNREADABLE_PICTURE = "unreadable_picture"
    NO_CODE_IN_PICTURE = "no_code_in_picture"
    UNKNOWN_PERSON = "unknown_person"
    INVALID = "invalid"
    FIELD_REQUIRED = "field_required"
    NOT_A_START = "not_a_start"
    TOO_MANY_PERSONS = "too_many_persons"
    NOT_TOGETHER = "not_together"
    TOO_LONG = "too_long"
    NOT_SO = "not_so"
    """An answer rules an appointment out; the data say why in every language."""
    WHICH_MUNICIPALITY = "which_municipality"
    UNKNOWN_PLACE = "unknown_place"
    UNKNOWN_CONTACT = "unknown_contact"
    CANCELLED = "cancelled"
    ALREADY_CHECKED_IN = "already_checked_in"
    UNKNOWN_NUMBER = "unknown_number"
    """Not a number that was kept for a kiosk, or not signed by us."""
    EMERGENCY_NEEDS_GUIDE = "emergency_needs_guide"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    OTHER_DAY = "other_day"
    OTHER_OFFICE = "other_office"
    WALK_INS_FULL = "walk_ins_full"
    NO_WALK_INS = "no_walk_ins"
    TICKETS_STOPPED = "tickets_stopped"
    NOBODY_WAITING = "nobody_waiting"
    COUNTER_OCCUPIED = "counter_occupied"
    NOT_AT_THIS_COUNTER = "not_at_this_counter"
    NOT_WAITING = "not_waiting"
    NOT_PARKED = "not_parked"
    NOT_HANDED = "not_handed"
    NO_STATION = "no_station"
    DESK_NOT_OPEN = "desk_not_open"
    UNDO_TOO_LATE = "undo_too_late"
    UNDO_OVERTAKEN = "undo_overtaken"
    NOTHING_TO_UNDO = "nothing_to_undo"
    WAITING_CLOSED = "waiting_closed"
    ALREADY_WAITING = "already_waiting"
    HAS_OFFER = "has_offer"
    OFFER_OVER = "offer_over"
    NOT_WAITING_ANY_MORE = "not_waiting_any_more"
    UNKNOWN_RULE = "unknown_rule"
    NOT_SUGGESTED = "not_suggested"
    SECOND_PERSON = "second_person"
    RULE_STOPPED = "rule_stopped"
    """A guard of the surge rules stands in the way; the data name it."""
    ALTERED = "altered"
    NOT_SIGNED_IN = "not_signed_in"
    NOT_ALLOWED = "not_allowed"
    WRONG_LOGIN = "wrong_login"


class Refusal(msgspec.Struct, frozen=True):
    """Why a wish was not granted.

    `data` holds JSON-ready facts for the sentence and the machine (alternatives, limits, fields);
    it never contains a contact datum.
    """

    code: Code
    data: dict[str, object] = {}
