"""What the API answers about cards, as types for the OpenAPI document."""

import msgspec

from queue_service.flows.bookings.cards import Imported, NotReady


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cards may be booked; `asked` is false while the office goes by no list yet."""

    ready: bool
    asked: bool


class CardsShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cards by the state the office recorded, and those that lie ready without an appointment."""

    listed: bool
    ready_unbooked: int
    states: dict[str, int]


CARD_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /offices/{office}/card-checks": (200, Ready),
    "POST /offices/{office}/card-contacts": (201, NotReady),
    "DELETE /offices/{office}/card-contacts/{contact}": (204, None),
    "GET /offices/{office}/cards": (200, CardsShown),
    "POST /offices/{office}/card-lists": (200, Imported),
}
"""As `answers.ANSWERS`."""
