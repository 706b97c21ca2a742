"""How far layers reach: whether they may stand, and whose cells on which days they touch."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import msgspec

from queue_service.flows.capacity.cells import Stand, local_days
from queue_service.flows.capacity.planning import planned_days
from queue_service.followed import Followed
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office, Period
from queue_service.model.refusal import Code, Refusal
from queue_service.offices.layer_rules import layer_faults
from queue_service.offices.layers import Added, DeskAdded, Opened, added_by, is_capacity
from queue_service.slots.calendar import instant_of
from queue_service.slots.calendar import touched as cells_touched
from queue_service.slots.capacity import reaches

_AFTER_ALL = 1 << 62
"""Above every number that the database gives."""


def begun(layers: Sequence[Layer], now: datetime) -> tuple[Layer, ...]:
    """The layers as they will stand: from now at the soonest, and after all that stand already.

    In UTC: times of one zone are compared by the wall, which is wrong twice a year.
    """
    return tuple(
        msgspec.structs.replace(
            layer,
            id=_AFTER_ALL + n,
            since=max(layer.since.astimezone(UTC), now.astimezone(UTC)),
            until=layer.until and layer.until.astimezone(UTC),
        )
        for n, layer in enumerate(layers)
    )


def check(found: Stand, office: Office, layers: Sequence[Layer]) -> Refusal | None:
    """None when these layers can be set, else every fault of them."""
    faults = layer_faults(layers, found.layers, office, found.now)
    if not faults and layers:
        return None
    told = [{"field": f.key, "value": str(f.value), "reason": f.reason} for f in faults]
    return Refusal(Code.INVALID, {"errors": told or [{"field": "layers", "reason": "empty"}]})


def endable(found: Stand, ids: Iterable[int]) -> dict[int, Layer] | Refusal:
    """The layers of these numbers, none of which is configuration; else `unknown_layer`."""
    known = {layer.id: layer for layer in found.layers if layer.origin is not Origin.CONFIG}
    wanted = list(ids)
    unknown = [number for number in wanted if number not in known]
    if unknown:
        return Refusal(Code.UNKNOWN_LAYER, {"layers": unknown})
    return {number: known[number] for number in wanted}


def touched(office: Followed, layers: Iterable[Layer]) -> tuple[date, date, tuple[str, ...]] | None:
    """First and last planned day whose cells may change, and in which limits; () = in all."""
    today, planned = planned_days(office)
    first, last, limits = planned, today, set[str]()
    everything = False
    for layer in layers:
        begins, ends = _days(layer, office.office)
        first, last = min(first, max(today, begins)), max(last, min(planned, ends or planned))
        said = added_by(layer)
        if isinstance(said, Added | Opened):
            limits.add(said.limit)
        elif isinstance(said, DeskAdded):
            limits |= {x.key for x in office.office.limits if reaches(said, x)}
        else:
            everything = True
    if first > last or not (limits or everything):
        return None
    return first, last, () if everything else tuple(sorted(limits))


def _days(layer: Layer, office: Office) -> tuple[date, date | None]:
    said = added_by(layer)
    if isinstance(said, Opened):
        return local_days(said.opens, said.closes, office)
    if not is_capacity(layer.subject):
        # Settings may name days of their own, whenever they were set.
        return layer.since.astimezone(office.tz).date(), None
    return local_days(layer.since, layer.until, office)


def without(found: Stand, office: Office, ended: Iterable[int]) -> tuple[Layer, ...]:
    """The layers as they would be if those of these numbers were taken back now."""
    gone = set(ended)
    return tuple(
        msgspec.structs.replace(layer, until=_ended(layer, office, found.now))
        if layer.id in gone
        else layer
        for layer in found.layers
    )


def _ended(layer: Layer, office: Office, now: datetime) -> datetime:
    at = taken_back(layer, office, now)
    return at if layer.until is None else min(layer.until, at)


def taken_back(layer: Layer, office: Office, now: datetime) -> datetime:
    """From when on a layer counts no more that is taken back now.

    Whole cells count a layer: where one is a day or half a day, ended now it would count in the
    running one all the same. It ends with that cell's beginning.
    """
    said = added_by(layer)
    if said is None:
        return now
    wholes = {limit.period for limit in office.limits if reaches(said, limit)} - {Period.TICK}
    begun = [cell for period in wholes for cell in cells_touched(period, now, now, office.tz)]
    return instant_of(min(begun)) if begun else now
