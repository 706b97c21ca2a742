"""All facts as one tagged union, and their JSON."""

import msgspec

from queue_service.events import booking, capacity, cards, floor, surge, waiting
from queue_service.events.entry import Entry

AnyFact = (
    booking.Held
    | booking.Extended
    | booking.Booked
    | booking.BookedByStaff
    | booking.Moved
    | booking.Cancelled
    | booking.Swapped
    | booking.Restored
    | booking.NoShow
    | booking.Lapsed
    | booking.NotComing
    | floor.CheckedIn
    | floor.Called
    | floor.Recalled
    | floor.Missed
    | floor.Finished
    | floor.Started
    | floor.Parked
    | floor.Resumed
    | floor.Forwarded
    | floor.ServiceAdded
    | floor.HandedOver
    | floor.HandAccepted
    | floor.HandPassed
    | floor.ComesLater
    | floor.Marked
    | floor.DeskChanged
    | floor.NumbersReserved
    | floor.Renumbered
    | floor.PersonSought
    | floor.Undone
    | waiting.WishJoined
    | waiting.Offered
    | waiting.OfferAccepted
    | waiting.OfferDeclined
    | waiting.WishHere
    | waiting.WishEnded
    | capacity.Planned
    | capacity.Recounted
    | capacity.KeptBack
    | capacity.Configured
    | capacity.ClockSet
    | surge.SurgeDecided
    | surge.SurgeApproved
    | surge.SurgeDeclined
    | surge.SurgeOverridden
    | surge.SurgeEnded
    | cards.CardsRecorded
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyFact] = msgspec.json.Decoder(AnyFact)


class UnknownTagError(LookupError):
    """The entry was written by a newer version, or its body was struck: a view reloads."""


def encode(fact: msgspec.Struct) -> str:
    """The body of an entry as it is hashed and stored."""
    return _encoder.encode(fact).decode()


def decode(entry: Entry) -> AnyFact:
    """The fact of an entry.

    Raises UnknownTagError for a tag of a newer version or a struck body.
    """
    if entry.body is None:
        raise UnknownTagError(entry.seq)
    try:
        return _decoder.decode(entry.body)
    except msgspec.ValidationError as error:
        raise UnknownTagError(entry.seq, entry.tag) from error
