"""The signed confirmation: what its picture carries, and what somebody who reads it may believe.

Ed25519, so that those who check hold public keys only: a kiosk or tablet that is stolen forges
nothing. Checking needs no network; what happened since is known only where bookings are. Says
nothing about the person. The signature itself is made and checked by `seals`, handed in here.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

import msgspec

from queue_service.model.booking import BookingState
from queue_service.model.codes import CODE_ALPHABET, CODE_LENGTH, TOKEN_ALPHABET

VERSION = 1
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
KEY_LIFE = timedelta(days=90)
"""So long a key signs; then the next number does."""
BELIEVED = timedelta(days=400)
"""So long after its last signature a key is believed: appointments are at most a year away."""
_SIGNATURE_BYTES = 64
_TAG_BYTES = 4
_CODE_BYTES = 5
_MESSAGE_BYTES = 1 + 2 + _TAG_BYTES + _CODE_BYTES + 4
_BYTES = _MESSAGE_BYTES + _SIGNATURE_BYTES
SIGNED_LENGTH = _BYTES * 8 // 5
"""Symbols of a signed confirmation: 640 bits, none to spare, so that each has one spelling."""
_VALUES = {symbol: value for value, symbol in enumerate(TOKEN_ALPHABET)}

Check = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key, message, signature) belong together."""


class Confirmation(msgspec.Struct, frozen=True):
    """What is signed: this code has an appointment at this office and time."""

    office: bytes
    """`tag_of` the office."""
    key: int
    code: str
    start: datetime
    """In whole minutes."""


class PublicKey(msgspec.Struct, frozen=True):
    """A key as published: `number` counts the office's keys."""

    office: str
    number: int
    key: bytes
    signs_from: datetime
    signs_until: datetime
    expires: datetime
    """From then on it is not believed any more."""


class Known(msgspec.Struct, frozen=True):
    """The booking as it stands now; only the house knows."""

    state: BookingState
    start: datetime


class Verdict(StrEnum):
    """What a signed confirmation is worth."""

    GENUINE = "genuine"
    ALTERED = "altered"
    """Not signed by any key we know, as it stands."""
    USED = "used"
    """The visit took place or its day is over."""
    CANCELLED = "cancelled"
    MOVED = "moved"
    """There is a newer confirmation with another time."""
    OTHER_OFFICE = "other_office"
    EXPIRED = "expired"
    """Signed by a key that is not believed any more."""


class Checked(msgspec.Struct, frozen=True):
    """A verdict and, unless altered, what was signed."""

    verdict: Verdict
    office: str = ""
    start: datetime | None = None
    code: str = ""


def tag_of(slug: str) -> bytes:
    """How a confirmation names its office."""
    return blake2b(slug.encode(), digest_size=_TAG_BYTES).digest()


def number_at(now: datetime) -> int:
    """The number of the key that signs at `now`."""
    return max(0, (now - EPOCH) // KEY_LIFE)


def public_key(office: str, number: int, key: bytes) -> PublicKey:
    """The key with its times."""
    begins = EPOCH + number * KEY_LIFE
    return PublicKey(office, number, key, begins, begins + KEY_LIFE, begins + KEY_LIFE + BELIEVED)


def published(now: datetime) -> range:
    """The numbers of the keys to publish at `now`: those that may have signed what is still shown.

    The next one is among them, so that a device without network does not stand there on the day
    of the change; so are the ones that expired within a year, which can then be told from forged.
    """
    first = number_at(now - 2 * BELIEVED) if now - EPOCH > 2 * BELIEVED else 0
    return range(first, number_at(now) + 2)


def message(said: Confirmation) -> bytes:
    """The bytes that are signed."""
    code = 0
    for symbol in said.code:
        code = code * len(CODE_ALPHABET) + CODE_ALPHABET.index(symbol)
    minutes = int(said.start.timestamp()) // 60
    return b"".join(
        (
            bytes((VERSION,)),
            said.key.to_bytes(2, "big"),
            said.office,
            code.to_bytes(_CODE_BYTES, "big"),
            minutes.to_bytes(4, "big"),
        )
    )


def spelled(signed: bytes, signature: bytes) -> str:
    """Message and signature in the symbols that every scanner types."""
    number = int.from_bytes(signed + signature, "big")
    shifts = range(SIGNED_LENGTH * 5 - 5, -1, -5)
    return "".join(TOKEN_ALPHABET[number >> shift & 31] for shift in shifts)


def is_signed(text: str) -> bool:
    """Whether `text` has the form of a signed confirmation."""
    return len(text) == SIGNED_LENGTH and all(symbol in _VALUES for symbol in text)


def read(text: str) -> tuple[Confirmation, bytes, bytes] | None:
    """What `text` says, its message and signature; None when it says nothing.

    Nothing of it is to be believed before `verify`.
    """
    if not is_signed(text):
        return None
    number = 0
    for symbol in text:
        number = number << 5 | _VALUES[symbol]
    raw = number.to_bytes(_BYTES, "big")
    signed, signature = raw[:_MESSAGE_BYTES], raw[_MESSAGE_BYTES:]
    tag, code, minutes = signed[3:7], int.from_bytes(signed[7:12], "big"), signed[12:]
    if signed[0] != VERSION or code >= len(CODE_ALPHABET) ** CODE_LENGTH:
        return None
    start = datetime.fromtimestamp(int.from_bytes(minutes, "big") * 60, UTC)
    said = Confirmation(tag, int.from_bytes(signed[1:3], "big"), _code(code), start)
    return said, signed, signature


def verify(
    text: str,
    ring: Iterable[PublicKey],
    *,
    check: Check,
    now: datetime,
    office: str = "",
    known: Known | None = None,
) -> Checked:
    """What the confirmation `text` is worth at `now`, which is in the zone of the asking office.

    `ring` holds all keys that the asker has; with `office`, others' confirmations are told as
    theirs. Without `known` nothing is said of what happened since.
    """
    parsed = read(text)
    if parsed is None:
        return Checked(Verdict.ALTERED)
    said, signed, signature = parsed
    key = next(
        (
            key
            for key in ring
            if key.number == said.key
            and tag_of(key.office) == said.office
            and check(key.key, signed, signature)
        ),
        None,
    )
    if key is None:
        return Checked(Verdict.ALTERED)
    verdict = _verdict(said, key, now, office, known)
    return Checked(verdict, key.office, said.start, said.code)


def _verdict(
    said: Confirmation, key: PublicKey, now: datetime, office: str, known: Known | None
) -> Verdict:
    if office and key.office != office:
        return Verdict.OTHER_OFFICE
    if now >= key.expires:
        return Verdict.EXPIRED
    if known is not None and known.state in _GIVEN_UP:
        return Verdict.CANCELLED
    if (
        known is not None
        and int(known.start.timestamp()) // 60 != int(said.start.timestamp()) // 60
    ):
        return Verdict.MOVED
    over = said.start.astimezone(now.tzinfo).date() < now.date()
    if over or (known is not None and known.state not in _TO_COME):
        return Verdict.USED
    return Verdict.GENUINE


_GIVEN_UP = frozenset({BookingState.CANCELLED, BookingState.LAPSED, BookingState.RESTING})
_TO_COME = frozenset({BookingState.BOOKED, BookingState.PENDING, BookingState.OFFERED})


def _code(number: int) -> str:
    symbols = []
    for _ in range(CODE_LENGTH):
        number, value = divmod(number, len(CODE_ALPHABET))
        symbols.append(CODE_ALPHABET[value])
    return "".join(reversed(symbols))
