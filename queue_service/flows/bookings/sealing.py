"""Signed confirmations with the house's keys: seal, publish the public halves, check what comes.

What is signed and believed stands in `kiosk.signed`; private keys exist only while they sign.
"""

from datetime import datetime

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import signed
from queue_service.kiosk.signed import Checked, Known, PublicKey, Verdict
from queue_service.model.refusal import Code, Refusal
from queue_service.seals import Keys, sealed
from queue_service.store import bookings as store
from queue_service.store.database import transaction


def seal(keys: Keys, slug: str, code: str, start: datetime, now: datetime) -> str:
    """The signed confirmation of an appointment, under the key of `now` (office time)."""
    number = signed.number_at(now)
    said = signed.message(signed.Confirmation(signed.tag_of(slug), number, code, start))
    return signed.spelled(said, keys.seal(slug, number, said))


def public_keys(keys: Keys, slug: str, now: datetime) -> tuple[PublicKey, ...]:
    """The keys of one office that are published at `now`."""
    return tuple(
        signed.public_key(slug, number, keys.seal_public(slug, number))
        for number in signed.published(now)
    )


def authentic(house: House, text: str, office: str = "") -> Checked:
    """What `text` is worth by its signature alone, as a device without network sees it."""
    said = signed.read(text)
    tag = said[0].office if said else b""
    for followed in house.follower.offices.values():
        if signed.tag_of(followed.key.slug) == tag:
            return _verdict(house, followed, text, office, None)
    return Checked(Verdict.ALTERED)


async def check(house: House, text: str, office: str = "") -> Checked:
    """The same with what happened since, from the booking."""
    checked = authentic(house, text, office)
    followed = house.follower.office(checked.office)
    if followed is None:
        return checked
    async with transaction(house.pool, followed.key.authority) as connection:
        booking = await store.by_code(connection, checked.code)
    known = Known(booking.state, booking.start) if booking else None
    return _verdict(house, followed, text, office, known)


def code_of(house: House, scanned: str) -> str | Refusal:
    """The booking code in what was held up: itself, or the one signed for; altered is refused."""
    if not signed.is_signed(scanned):
        return scanned
    checked = authentic(house, scanned)
    return Refusal(Code.ALTERED) if checked.verdict is Verdict.ALTERED else checked.code


def _verdict(
    house: House, followed: Followed, text: str, office: str, known: Known | None
) -> Checked:
    now = followed.now()
    ring = public_keys(house.keys, followed.key.slug, now)
    return signed.verify(text, ring, check=sealed, now=now, office=office, known=known)
