"""What the API answers about signed confirmations, as types for the OpenAPI document."""

from datetime import datetime

import msgspec

from queue_service.kiosk.signed import Verdict


class PublicKeyShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """32 bytes in base64url without padding; signs from–until, believed until it expires."""

    number: int
    public_key: str
    signs_from: datetime
    signs_until: datetime
    expires: datetime


class KeysShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that checks an office's confirmations without a network."""

    office: str
    name: dict[str, str]
    zone: str
    algorithm: str
    keys: list[PublicKeyShown]


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A verdict; office and start as they were signed, nothing when altered."""

    verdict: Verdict
    office: str | None
    start: datetime | None


CONFIRMATION_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "GET /offices/{office}/keys": (200, KeysShown),
    "GET /confirmations/{signed}": (200, Judged),
}
"""As `answers.ANSWERS`."""
