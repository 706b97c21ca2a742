"""How surge actions relieve the hall: counters and guides called, tickets stopped, as layers.

Pure. Whether there are people for more counters is the guard here; who opens which counter is
left to them.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from queue_service.events.surge import Measure
from queue_service.model.ids import SYSTEM
from queue_service.model.layer import Layer, Origin
from queue_service.model.relief import CalledIn, Help, TicketStop
from queue_service.model.surge import Do, Kind, in_hall
from queue_service.slots.calendar import tick_of
from queue_service.slots.ground import Ground

SUBJECT = "relief"
_encode = msgspec.json.Encoder().encode


def layers(do: Do, ground: Ground, began: datetime, now: datetime) -> Iterator[Layer]:
    """What one action lays: from now until it ends by itself."""
    until = began + do.after + do.lead + do.lasts
    if until <= now:
        return
    since = now + do.lead
    if do.action is Kind.STOP_TICKETS:
        yield _layer({"stops": {"add": [TicketStop(since, until)]}}, now, until)
        return
    what = Help.GUIDES if do.action is Kind.CALL_GUIDES else Help.COUNTERS
    many = wanted(do, ground, now)
    if many > 0:
        called = CalledIn(what, many, since, until)
        yield _layer({"called": {"add": [called]}}, now, until)


def wanted(do: Do, ground: Ground, now: datetime) -> int:
    """How many an action calls: guides no more than its cap together with those called before."""
    if do.action is not Kind.CALL_GUIDES:
        return do.desks
    left = do.cap - ground.office.relief.many(Help.GUIDES, now) if do.cap else do.count
    return max(0, min(do.count, left))


def measure(do: Do, made: tuple[Layer, ...], ground: Ground, now: datetime, wave: int) -> Measure:
    """The action as it was worked out; `desks` says how many counters or guides."""
    counters = do.action is Kind.OPEN_COUNTERS
    return Measure(
        action="call_counters" if counters else do.action,
        desks=0 if do.action is Kind.STOP_TICKETS else wanted(do, ground, now),
        first=made[0].since + do.lead if made else None,
        last=made[0].until if made else None,
        wave=wave,
    )


def too_few(dos: Iterable[Do], ground: Ground, now: datetime) -> bool:
    """Whether the actions call more counters than there are people for.

    Who was called and is still on the way counts as much as who sits at an open counter.
    """
    more = sum(do.desks for do in dos if do.action is Kind.OPEN_COUNTERS and in_hall(do))
    coming = sum(
        each.many
        for each in ground.office.relief.called
        if each.what is Help.COUNTERS and now < each.since
    )
    today = now.astimezone(ground.office.tz).date()
    present = ground.present(today) - ground.absent(today).get(tick_of(now), 0)
    return more > 0 and ground.on_duty + coming + more > present


def _layer(patch: dict[str, object], since: datetime, until: datetime) -> Layer:
    return Layer(SUBJECT, _encode(patch).decode(), since, until, author=SYSTEM, origin=Origin.SURGE)
