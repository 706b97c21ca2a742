"""Signing in: argon2 passwords and server-side sessions; whose a credential is."""

import asyncio
from datetime import timedelta

import argon2
import msgspec

from queue_service.clock import real_now
from queue_service.flows.access import devices
from queue_service.flows.asking import Known
from queue_service.flows.wish import HeldSession
from queue_service.house import House
from queue_service.model.ids import ActorId, AuthorityId
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Actor, Role
from queue_service.seals import new_session, session_hash
from queue_service.store import access as store
from queue_service.store import offices as store_offices
from queue_service.store.access import StaffRow
from queue_service.store.database import outside, transaction
from queue_service.store.told import code_hash

LONGEST = 200
"""Signs of a credential: nothing longer is one."""
SESSION = timedelta(hours=12)
_hasher = argon2.PasswordHasher()
# A hash costs 100 ms of one core: two at a time, so that signing in cannot stop the hall.
_at_once = asyncio.Semaphore(2)
# Of random bytes nobody kept, as `_hasher` hashes: made anew it would cost each start 100 ms.
_UNKNOWN = (
    "$argon2id$v=19$m=65536,t=3,p=4$jrYFjCIFPYNEvAc/lwjgEA"
    "$LuwrIGZVw1bdqWylBAkrscUsH7UcmpjhT3HYlMzpd2c"
)


class Signed(msgspec.Struct, frozen=True):
    """Who signed in, and the token that says so."""

    token: str
    login: str
    office: str
    roles: tuple[str, ...]


async def sign_in(house: House, login: str, password: str) -> Signed | Refusal:
    """Open a session; an unknown login takes as long as a wrong password."""
    authority = await _authority_of(house, login)
    staff: StaffRow | None = None
    if authority is not None:
        async with transaction(house.pool, authority) as connection:
            staff = await store.staff_by_login(connection, login)
    expected = staff.password if staff and staff.active else _UNKNOWN
    async with _at_once:
        fits = await asyncio.to_thread(_fits, expected, password[:1_000])
    office = house.follower.by_id(staff.office) if staff else None
    if not fits or authority is None or staff is None or office is None:
        return Refusal(Code.WRONG_LOGIN)
    token = f"{authority}.{new_session()}"
    async with transaction(house.pool, authority) as connection:
        await store.begin_session(
            connection,
            authority,
            session_hash=session_hash(token),
            staff=staff.id,
            until=real_now() + SESSION,
        )
    return Signed(token, staff.login, office.key.slug, tuple(staff.roles))


def _fits(expected: str, password: str) -> bool:
    try:
        return _hasher.verify(expected, password)
    except argon2.exceptions.Argon2Error:
        return False


async def _authority_of(house: House, login: str) -> AuthorityId | None:
    async with outside(house.pool) as connection:
        office = await store_offices.where(connection, code_hash(f"staff:{login}"))
    followed = None if office is None else house.follower.by_id(office)
    return followed.key.authority if followed else None


async def sign_out(house: House, token: str) -> None:
    """End a session; an unknown one is no error."""
    authority = _authority_in(token)
    if authority is not None:
        async with transaction(house.pool, authority) as connection:
            await store.end_session(connection, session_hash(token))


def _authority_in(token: str) -> AuthorityId | None:
    head, dot, _ = token.partition(".")
    return AuthorityId(int(head)) if dot and head.isdigit() and len(head) < 10 else None


async def actor(house: House, credential: str) -> Actor | None:
    """Who holds a session token or a device key; None when nobody does."""
    if len(credential) > LONGEST:
        return None
    authority = _authority_in(credential)
    if authority is None:
        return await devices.by_key(house, credential)
    session = session_hash(credential)
    async with outside(house.pool) as connection:
        holder = await store.holder(connection, authority, session, real_now())
    office = house.follower.by_id(holder.office) if holder else None
    if holder is None or office is None:
        house.remembered.forget(session)
        return None
    roles = frozenset(Role(role) for role in holder.roles)
    found = Actor(ActorId(holder.id), office.key.slug, roles, holder.login)
    house.remembered.keep(Known(found, HeldSession(session, holder)))
    return found


def remembered(house: House, credential: str) -> Known | None:
    """Who held a session token when this process saw it last; only a turn says whether it holds."""
    if len(credential) > LONGEST or _authority_in(credential) is None:
        return None
    return house.remembered.of(session_hash(credential))


async def set_staff(
    house: House, slug: str, *, login: str, password: str, roles: tuple[Role, ...]
) -> int:
    """Make or change a member of staff; raises LookupError for an unknown office."""
    office = house.follower.offices[slug]
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with transaction(house.pool, office.key.authority) as connection:
        number = await store.set_staff(
            connection,
            office.key,
            login=login,
            password=hashed,
            roles=[role.value for role in roles],
        )
        await store_offices.enter(connection, office.key, code_hash(f"staff:{login}"))
    return number
