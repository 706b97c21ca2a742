"""Devices: invited by a code, enrolled with a key of their own, revoked at once.

A key is for one device of one office in one role; it is derived, never stored, and dies with its
generation. A code is eight signs that a person types on the device: it holds for ten minutes and
once, and is kept only as a keyed hash. How devices are is `heartbeats`.
"""

import re
from datetime import datetime, timedelta

import msgspec

from queue_service.clock import real_now
from queue_service.house import House
from queue_service.model.codes import CODE_LENGTH
from queue_service.model.ids import ActorId, AuthorityId, address
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Actor, Role
from queue_service.seals import new_code, same
from queue_service.store import devices as store
from queue_service.store import offices as store_offices
from queue_service.store.database import outside, transaction
from queue_service.store.devices import DeviceRow

DEVICE_ROLES: tuple[Role, ...] = (Role.KIOSK, Role.DISPLAY, Role.TABLET)
CODE_HOLDS = timedelta(minutes=10)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_KEY = re.compile(r"D(\d{1,9})X(\d{1,9})X[0-9A-X]{26}")
FIRST = -100
"""Devices act under numbers below this one."""


class Invited(msgspec.Struct, frozen=True):
    """A code to be typed on the device, once."""

    device: str
    role: str
    code: str
    until: datetime


class Enrolled(msgspec.Struct, frozen=True):
    """A device and the key it carries from now on."""

    device: str
    office: str
    role: str
    key: str


def named(name: str) -> bool:
    """Whether `name` is one that a device may have: it stands in addresses."""
    return _NAME.fullmatch(name) is not None


async def invite(
    house: House, slug: str, *, device: str, role: Role, by: ActorId
) -> Invited | Refusal:
    """A one-time code for a new device, or for one that shall have a new key.

    Its present key lives until the code is used; a code given before is void.
    """
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE)
    if not named(device):
        return Refusal(Code.INVALID, {"field": "device", "reason": "a-z, 0-9 and -, at most 40"})
    if role not in DEVICE_ROLES:
        return Refusal(Code.INVALID, {"field": "role", "reason": ", ".join(DEVICE_ROLES)})
    code, now = new_code(), real_now()
    until = now + CODE_HOLDS
    code_hash = house.keys.enrolment(code)
    async with transaction(house.pool, office.key.authority) as connection:
        await store.take_back(connection, office.key.office, device, now)
        await store.invite(
            connection,
            office.key,
            device=device,
            role=role.value,
            code_hash=code_hash,
            until=until,
            by=by,
        )
        await store_offices.enter(connection, office.key, code_hash)
    return Invited(device, role.value, code, until)


async def enrol(house: House, code: str) -> Enrolled | Refusal:
    """Trade a code for a key; wrong, used and late codes are refused alike."""
    refusal = Refusal(Code.WRONG_ENROLMENT)
    plain = "".join(sign for sign in code[:80] if sign.isalnum()).upper()
    if len(plain) != CODE_LENGTH or not plain.isascii():
        return refusal
    code_hash = house.keys.enrolment(plain)
    async with outside(house.pool) as connection:
        number = await store_offices.where(connection, code_hash)
    office = None if number is None else house.follower.by_id(number)
    if office is None:
        return refusal
    async with transaction(house.pool, office.key.authority) as connection:
        invited = await store.take(connection, code_hash, real_now())
        if invited is None or invited.office != office.key.office:
            return refusal
        await store.forget(connection, code_hash)
        row = await store.set_device(
            connection, office.key, key=invited.device, role=invited.role, anew=True
        )
    return _enrolled(house, office.key.authority, office.key.slug, row)


async def admit(house: House, slug: str, *, device: str, role: Role) -> Enrolled:
    """Enrol a device without a code, for whoever has the command line; the same key every time.

    Raises LookupError for an unknown office.
    """
    office = house.follower.offices[slug]
    async with transaction(house.pool, office.key.authority) as connection:
        row = await store.set_device(connection, office.key, key=device, role=role.value)
    return _enrolled(house, office.key.authority, slug, row)


async def revoke(house: House, slug: str, device: str) -> bool:
    """A lost device's key dies at once; False when there is no such device."""
    office = house.follower.offices[slug]
    async with transaction(house.pool, office.key.authority) as connection:
        withdrawn = await store.take_back(connection, office.key.office, device, real_now())
        revoked = await store.revoke_device(connection, office.key.office, device)
    return withdrawn or revoked is not None


async def by_key(house: House, key: str) -> Actor | None:
    """The device that carries `key`; None when no living device does."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    authority = AuthorityId(int(match[1]))
    async with outside(house.pool) as connection:
        device = await store.device(connection, authority, int(match[2]))
    if device is None or device.revoked:
        return None
    if not same(key, house.keys.device_key(authority, device.id, device.generation)):
        return None
    office = house.follower.by_id(device.office)
    if office is None:
        return None
    return Actor(
        ActorId(FIRST - device.id), office.key.slug, frozenset({Role(device.role)}), device.key
    )


def screen_of(office: str, device: str, role: str, language: str) -> str:
    """Where a device that has its key goes on."""
    if role == Role.DISPLAY:
        return f"/board/{address(office, device)}"
    return f"/{language}/guide" if role == Role.TABLET else f"/{language}/kiosk"


def _enrolled(house: House, authority: AuthorityId, slug: str, row: DeviceRow) -> Enrolled:
    key = house.keys.device_key(authority, row.id, row.generation)
    return Enrolled(row.key, slug, row.role, key)
