"""Heartbeats: what devices say of themselves each minute, and what managers should look after.

Only the last one of each is kept. Who may send one at all is `devices`.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from queue_service.clock import real_now
from queue_service.flows.access.devices import FIRST
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Actor
from queue_service.store import devices as store
from queue_service.store.database import transaction
from queue_service.store.devices import BeatRow, DeviceRow, InvitedRow

BEAT_SECONDS = 60
STALE = timedelta(minutes=2)
"""One heartbeat may be lost."""
CLOCK_OFF_MS = 5_000
"""A device's clock shows minutes: less than this nobody sees."""


class Sound(StrEnum):
    """Whether a device can be heard."""

    ON = "on"
    OFF = "off"
    NONE = "none"
    """It has nothing to say."""


class Paper(StrEnum):
    """How much a printer has left."""

    OK = "ok"
    LOW = "low"
    OUT = "out"
    NONE = "none"
    """It prints nothing, or does not know."""


class Beat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device says of itself."""

    version: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """Of the page or program that runs on it."""
    last_event: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    """The last journal number it has shown."""
    sound: Sound = Sound.NONE
    sent: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """What its own clock showed when it sent this."""
    paper: Paper = Paper.NONE
    printer: Annotated[str, msgspec.Meta(pattern="^[a-z0-9_]{0,40}$")] = ""
    """A code for what is wrong with its printer; empty while all is well."""


class Heard(msgspec.Struct, frozen=True):
    """The answer to a heartbeat."""

    now: datetime
    """The server's clock: a device that is off puts itself right by it."""
    seq: int
    """The journal's end; whoever is behind has lost its stream."""
    again_seconds: int


class DeviceShown(msgspec.Struct, frozen=True):
    """A device as managers see it."""

    device: str
    role: str
    state: str
    """`enrolled`, `revoked`, or `invited` before its first enrolment."""
    invited_until: datetime | None = None
    seen: datetime | None = None
    version: str = ""
    last_event: int | None = None
    behind: int = 0
    """Journal entries it had not shown."""
    sound: Sound = Sound.NONE
    offset_ms: int | None = None
    """Its clock less the server's."""
    paper: Paper = Paper.NONE
    printer: str = ""
    warnings: tuple[str, ...] = ()
    """`stale`, `sound_off`, `clock_off`, `paper_low`, `paper_out`, `printer`."""


async def beat(house: House, actor: Actor, said: Beat) -> Heard | Refusal:
    """Note that a device lives and how it is."""
    office = house.follower.office(actor.office)
    if office is None or actor.id >= FIRST:
        return Refusal(Code.NOT_ALLOWED)
    now = real_now()
    row = BeatRow(
        now,
        said.version,
        said.last_event,
        said.sound.value,
        None if said.sent is None else round((said.sent - now) / timedelta(milliseconds=1)),
        said.paper.value,
        said.printer,
    )
    async with transaction(house.pool, office.key.authority) as connection:
        await store.beat(connection, office.key, FIRST - actor.id, row)
    return Heard(now, office.seq, BEAT_SECONDS)


async def listed(house: House, slug: str) -> tuple[DeviceShown, ...]:
    """The devices of an office and those invited; raises LookupError for an unknown office."""
    office = house.follower.offices[slug]
    now = real_now()
    async with transaction(house.pool, office.key.authority) as connection:
        known = await store.devices(connection, office.key.office)
        invited = {
            each.device: each for each in await store.invited(connection, office.key.office, now)
        }
    shown = [_shown(row, said, invited.pop(row.key, None), office.seq, now) for row, said in known]
    new = [_new(each) for each in invited.values()]
    return tuple(sorted(shown + new, key=lambda each: each.device))


def _shown(
    row: DeviceRow, said: BeatRow | None, invited: InvitedRow | None, seq: int, now: datetime
) -> DeviceShown:
    behind = max(0, seq - said.last_event) if said and said.last_event is not None else 0
    return DeviceShown(
        row.key,
        row.role,
        "revoked" if row.revoked else "enrolled",
        invited.until if invited else None,
        said.seen if said else None,
        said.version if said else "",
        said.last_event if said else None,
        behind,
        Sound(said.sound) if said else Sound.NONE,
        said.offset_ms if said else None,
        Paper(said.paper) if said else Paper.NONE,
        said.printer if said else "",
        () if row.revoked else warnings(said, now),
    )


def _new(invited: InvitedRow) -> DeviceShown:
    return DeviceShown(invited.device, invited.role, "invited", invited.until)


def warnings(said: BeatRow | None, now: datetime) -> tuple[str, ...]:
    """What somebody should look after, by code; a device that is silent says nothing else."""
    if said is None or now - said.seen > STALE:
        return ("stale",)
    found = {
        "sound_off": said.sound == Sound.OFF,
        "clock_off": abs(said.offset_ms or 0) > CLOCK_OFF_MS,
        "paper_low": said.paper == Paper.LOW,
        "paper_out": said.paper == Paper.OUT,
        "printer": bool(said.printer) and said.paper != Paper.OUT,
    }
    return tuple(code for code, wrong in found.items() if wrong)
