"""Keys as values → secrets, signatures, person keys. No secret is stored: each can be rebuilt.

All but signatures are keyed BLAKE2b over length-prefixed fields under a key of their own, derived
from the master secret by purpose, so that one kind can never stand in for another.
"""

import hashlib
import hmac
import secrets
from datetime import date
from functools import lru_cache
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from queue_service.model.codes import (
    CODE_ALPHABET,
    CODE_LENGTH,
    TOKEN_ALPHABET,
    TOKEN_LENGTH,
    ordinary,
)
from queue_service.model.ids import BookingId, VisitId, WishId
from queue_service.model.per_person import letter_box


class Keys(msgspec.Struct, frozen=True):
    """The master secret of one installation."""

    master: bytes

    def _mac(self, purpose: str, *fields: bytes) -> bytes:
        key = _purpose_key(self.master, purpose)
        message = b"".join(len(f).to_bytes(4, "big") + f for f in fields)
        # Keyed BLAKE2b is a MAC and keeps the interpreter lock, unlike OpenSSL's HMAC.
        return hashlib.blake2b(message, key=key, digest_size=32).digest()

    def booking_secret(self, booking: BookingId, generation: int) -> str:
        """The secret of a hold or booking, as in links; raising `generation` voids it."""
        return _token(self._mac("booking", booking.bytes, str(generation).encode()))

    def booking_pin(self, booking: BookingId, generation: int) -> str:
        """Six printed digits: the second factor of people without a stored birth date."""
        mac = self._mac("pin", booking.bytes, str(generation).encode())
        return f"{int.from_bytes(mac[:8], 'big') % 1_000_000:06d}"

    def release_chance(self, office: str, day: date) -> bytes:
        """Chance of one day's releases: the same in every process, computed by nobody else."""
        return self._mac("release", office.encode(), day.isoformat().encode())

    def wish_secret(self, wish: WishId, generation: int) -> str:
        """The secret of a wish on the waiting list."""
        return _token(self._mac("wish", wish.bytes, str(generation).encode()))

    def ticket(self, visit: VisitId) -> str:
        """The code on a ticket, 128 bits: opens that ticket and no other."""
        return _token(self._mac("ticket", visit.bytes))

    def block(self, office: str, day: date, device: int, keeper: UUID, turn: int) -> UUID:
        """The number block of a device's browser on a day; asked for again it is the same one."""
        named = f"{office} {day.isoformat()} {device} {turn}".encode()
        return UUID(bytes=self._mac("block", named, keeper.bytes)[:16], version=4)

    def block_visit(self, block: UUID, place: int) -> VisitId:
        """The visit behind a block's number: told twice, it is one visit."""
        mac = self._mac("block_visit", block.bytes, place.to_bytes(2, "big"))
        return VisitId(UUID(bytes=mac[:16], version=4))

    def device_key(self, authority: int, device: int, generation: int) -> str:
        """The key a device carries; it starts with where to look the device up."""
        mac = self._mac("device", f"{authority}.{device}.{generation}".encode())
        return f"D{authority}X{device}X{_token(mac)}"

    def enrolment(self, code: str) -> bytes:
        """How a code that enrols a device is kept; keyed, since eight signs could be tried out."""
        return self._mac("enrolment", code.encode())

    def card_key(self, office: str, serial: str) -> bytes:
        """How a card is known in one office; its number (tidied by the caller) cannot be got back.

        Keyed, because the numbers are few enough to try them all against a plain hash.
        """
        return self._mac("card", office.encode(), serial.encode())[:16]

    def card_contact(self, contact: UUID) -> str:
        """The secret with which somebody who waits for a card takes their address back."""
        return _token(self._mac("card_contact", contact.bytes))

    def person_key(
        self, office: str, *, document: str, birth_date: date | None, name: str, contact: str
    ) -> bytes | None:
        """Who somebody is within one office, without saying it.

        A document number and birth date name a person; else name and contact do. None when
        neither is given: such people are bound by nothing but the throttles. Only letters and
        digits count, in the width of ordinary ones and of whatever script the digits are: hyphens
        and signs that nobody sees make nobody another person.
        """
        born = birth_date.isoformat() if birth_date else ""
        number = "".join(_letters(document).split()).upper()
        if number:
            fields = ("document", number, born)
        elif contact or born:
            fields = (
                "contact",
                " ".join(_letters(name).split()).casefold(),
                _reach(contact) or born,
            )
        else:
            return None
        return self._mac("person", office.encode(), *(f.encode() for f in fields))[:16]

    def told(self, *words: object) -> str:
        """What somebody says of themselves, as a receipt keeps it: nobody can try it out there."""
        return self._mac("told", *(repr(each).encode() for each in words)).hex()

    def email_key(self, office: str, email: str) -> bytes | None:
        """How bookings of one letter box are counted in one office; None without an address."""
        box = letter_box(email)
        return self._mac("email", office.encode(), box.encode())[:16] if box else None

    def seal(self, office: str, number: int, message: bytes) -> bytes:
        """The office's Ed25519 signature under its key of that number, 64 bytes."""
        return _seal_key(self._seal_seed(office, number)).sign(message)

    def seal_public(self, office: str, number: int) -> bytes:
        """The public half of that key, 32 bytes; all that checking needs."""
        public = _seal_key(self._seal_seed(office, number)).public_key()
        return public.public_bytes_raw()

    def is_sealed(self, office: str, number: int, message: bytes, signature: bytes) -> bool:
        """Whether the office signed exactly `message` under that key."""
        return sealed(self.seal_public(office, number), message, signature)

    def _seal_seed(self, office: str, number: int) -> bytes:
        return self._mac("seal", office.encode(), str(number).encode())


def _letters(text: str) -> str:
    return "".join(sign for sign in ordinary(text) if sign.isalnum() or sign.isspace())


def _reach(contact: str) -> str:
    """The letter box of an e-mail address, a telephone number by its digits alone."""
    if "@" in contact:
        return letter_box(contact)
    digits = "".join(sign for sign in ordinary(contact) if sign.isdecimal() or sign == "+")
    for abroad in ("+49", "0049"):
        if digits.startswith(abroad):
            return "0" + digits.removeprefix(abroad).removeprefix("0")
    return digits


def sealed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of the private half of `public` signed exactly `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=256)
def _seal_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


TOKEN_BITS = 5 * TOKEN_LENGTH
_PAIRS = tuple(a + b for a in TOKEN_ALPHABET for b in TOKEN_ALPHABET)
"""Two symbols a step: a library's base 32 works bytewise and took a fortieth of a hold."""
_SHIFTS = range(TOKEN_BITS - 10, -1, -10)


@lru_cache(maxsize=64)
def _purpose_key(master: bytes, purpose: str) -> bytes:
    return hmac.digest(master, purpose.encode(), "sha256")


def _token(mac: bytes) -> str:
    number = int.from_bytes(mac[:20], "big") >> (160 - TOKEN_BITS)
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def same(given: str, expected: str) -> bool:
    """Constant-time comparison of what somebody typed with what is right."""
    return hmac.compare_digest(given.strip().upper().encode(), expected.upper().encode())


def new_code() -> str:
    """A fresh booking code; chance comes from the system, the directory refuses a second one."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def new_session() -> str:
    """A fresh session token, 256 bits."""
    return secrets.token_urlsafe(32)


def session_hash(token: str) -> bytes:
    """How a session token is stored."""
    return hashlib.sha256(token.encode()).digest()


def as_uuid(text: str) -> UUID | None:
    """The UUID written in `text`, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
