"""What a layer must fulfil before it may begin; the whole of the office it would make is judged.

Whether somebody may set it is left to `rights`, what it does to cells to `slots.capacity`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.model.ids import TICK_SECONDS
from queue_service.model.layer import Layer
from queue_service.model.office import Office
from queue_service.offices.layers import Added, DeskAdded, Opened, added_by, is_capacity, resolve
from queue_service.offices.reading import Found
from queue_service.offices.rules import Draft, broken_rules

MOST_ADDED = 500
LONGEST_WINDOW = timedelta(days=1)
KINDS = frozenset(
    {
        "capacity",
        "hours",
        "closures",
        "exceptions",
        "rules",
        "service",
        "limit",
        "counter",
        "surge",
        "surge_rule",
        "staff",
        "relief",
    }
)
"""Subjects that layers beside the configuration may change; an office stays who it is."""


def layer_faults(
    layers: Sequence[Layer], in_force: Iterable[Layer], office: Office, now: datetime
) -> tuple[Found, ...]:
    """Every fault of `layers`, were they to stand beside those `in_force`; `office` is today's.

    Their times are in UTC.
    """
    found = [fault for layer in layers for fault in _layer(layer, office, now)]
    settings = [layer for layer in layers if not is_capacity(layer.subject)]
    if found or not settings:
        return tuple(found)
    return tuple(_together((*in_force, *settings), settings, office, now))


def _layer(layer: Layer, office: Office, now: datetime) -> Iterator[Found]:
    kind, _, key = layer.subject.partition(":")
    if kind not in KINDS:
        yield Found("subject", layer.subject, "is nothing that a layer changes")
        return
    if layer.until is not None and layer.until <= max(now, layer.since):
        yield Found("until", layer.until.isoformat(), "is not after the beginning, or is past")
    try:
        said = added_by(layer)
        msgspec.json.decode(layer.change)
    except msgspec.DecodeError as error:
        yield Found("change", layer.change[:200], str(error))
        return
    if said is None:
        return
    if key != (said.counter if isinstance(said, DeskAdded) else said.limit):
        yield Found("subject", layer.subject, "must name what the change names")
    yield from _addition(said, office)


def _addition(said: Added | DeskAdded | Opened, office: Office) -> Iterator[Found]:
    if isinstance(said, DeskAdded):
        if office.counter(said.counter) is None:
            yield Found("counter", said.counter, "is no counter of this office")
        if said.add not in (-1, 1):
            yield Found("add", said.add, "must be 1 or -1: a counter is one desk")
        return
    if said.limit not in {limit.key for limit in office.limits}:
        yield Found("limit", said.limit, "is no limit of this office")
    if isinstance(said, Added):
        if said.add == 0 or abs(said.add) > MOST_ADDED:
            yield Found("add", said.add, f"must be 1 to {MOST_ADDED}, or less than 0")
        return
    if not 1 <= said.capacity <= MOST_ADDED:
        yield Found("capacity", said.capacity, f"must be 1 to {MOST_ADDED}")
    yield from _window(said)


def _window(said: Opened) -> Iterator[Found]:
    if said.opens.tzinfo is None or said.closes.tzinfo is None:
        yield Found("opens", str(said.opens), "must have an offset")
    elif not said.opens < said.closes <= said.opens + LONGEST_WINDOW:
        yield Found("closes", said.closes.isoformat(), "must be after opens, by a day at most")
    elif said.opens.timestamp() % TICK_SECONDS or said.closes.timestamp() % TICK_SECONDS:
        reason = f"must lie on a multiple of {TICK_SECONDS // 60} minutes"
        yield Found("opens", said.opens.isoformat(), reason)


def _together(
    layers: Sequence[Layer], new: Sequence[Layer], office: Office, now: datetime
) -> Iterator[Found]:
    """What is wrong with the office that results, at the beginning of each new layer."""
    for at in sorted({max(now, layer.since) for layer in new}):
        try:
            # As written: an exemption that is over is no fault of what names it.
            result = resolve(layers, at, that_day=False)
        except (msgspec.ValidationError, TypeError) as error:
            yield Found("change", new[0].change[:200], str(error))
            return
        yield from _skills(result, office)
        codes = frozenset(service.code for service in result.services)
        yield from broken_rules(Draft(result, frozenset(), frozenset(), codes))


def _skills(result: Office, office: Office) -> Iterator[Found]:
    """Limits are made of skills when a configuration is read: a layer would leave them behind."""
    for counter in result.counters:
        before = office.counter(counter.key)
        if before is None or set(before.skills) != set(counter.skills):
            reason = "is the configuration's to change: load it, so that limits and places follow"
            yield Found(f"counters.{counter.key}.skills", counter.skills, reason)
