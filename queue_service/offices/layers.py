"""Layers: the truth of settings and capacity, as changes with an interval, an author and a reason.

Of setting layers the latest holds; capacity layers add up, so the order in which layers are given
never matters. Configuration is one layer a subject (`layers_of`); loading compares it with what is
in force and touches nothing else (`differences`). Storing is left to `store`.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from queue_service.model.asking import Jurisdiction, Referral
from queue_service.model.expecting import Expecting
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import (
    BookingRules,
    Closure,
    Counter,
    Limit,
    LineRules,
    Office,
    Place,
    Service,
    Special,
    Texts,
    Tickets,
    Window,
)
from queue_service.model.per_person import LimitsPerPerson
from queue_service.model.reminding import Reminders
from queue_service.model.surge import Staff, SurgeRule
from queue_service.model.triage import Triage
from queue_service.model.waiting import WaitingRules
from queue_service.offices.checking import in_normal_order
from queue_service.offices.surge_rules import SurgeBounds, whole_surge
from queue_service.offices.validity import as_of
from queue_service.offices.validity import turns as dated


class Added(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A capacity layer: `add` places (or fewer) in each cell of one limit while that is open."""

    limit: str
    add: int


class DeskAdded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A capacity layer: a desk more or fewer in every limit that names the counter.

    However often a counter is said to be absent, it is missing once.
    """

    counter: str
    add: int


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A capacity layer: `capacity` places of a limit in [opens, closes), open otherwise or not."""

    limit: str
    opens: datetime
    closes: datetime
    capacity: int


Addition = Added | DeskAdded | Opened


class Identity(msgspec.Struct, frozen=True):
    """The subject ``office``: what an office is, apart from what it does."""

    slug: str
    authority: str
    name: Texts
    zone: str
    land: str
    ags: str
    place: Place
    languages: tuple[str, ...]
    jurisdiction: Jurisdiction = Jurisdiction()


class Rules(msgspec.Struct, frozen=True):
    """The subject ``rules``."""

    booking: BookingRules = BookingRules()
    line: LineRules = LineRules()
    tickets: Tickets = Tickets()
    limits_per_person: LimitsPerPerson = LimitsPerPerson()
    waiting: WaitingRules = WaitingRules()


class Replaced(msgspec.Struct, frozen=True):
    """A config layer that ends and the one that follows it."""

    old: Layer
    new: Layer


class Preview(msgspec.Struct, frozen=True):
    """What loading would do; nothing in it means that nothing changes."""

    add: tuple[Layer, ...]
    replace: tuple[Replaced, ...]
    end: tuple[Layer, ...]

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.add or self.replace or self.end)

    def lines(self) -> tuple[str, ...]:
        """One line a change: ``+`` new subject, ``~`` subject key: old → new, ``-`` ended."""
        changed = [
            f"~ {each.new.subject} {change}"
            for each in self.replace
            for change in _changes(_json(each.old.change), _json(each.new.change))
        ]
        added = [f"+ {layer.subject}" for layer in self.add]
        return (*added, *changed, *(f"- {layer.subject}" for layer in self.end))


def layers_of(office: Office, at: datetime) -> tuple[Layer, ...]:
    """The config layers that say everything about `office` from `at` on, one a subject."""
    subjects: dict[str, object] = {
        "office": Identity(**{f: getattr(office, f) for f in Identity.__struct_fields__}),
        "rules": Rules(**{f: getattr(office, f) for f in Rules.__struct_fields__}),
        **{f"service:{service.code}": service for service in office.services},
        **{f"counter:{counter.key}": counter for counter in office.counters},
        **{f"limit:{limit.key}": limit for limit in office.limits},
        "surge": SurgeBounds.of(office.surge),
        **{f"surge_rule:{rule.id}": rule for rule in office.surge.rule},
        **{name: getattr(office, name) for name in (*_LISTS, *_TABLES)},
    }
    encode = msgspec.json.Encoder(order="deterministic").encode
    return tuple(Layer(name, encode(said).decode(), at) for name, said in subjects.items())


def resolve(layers: Iterable[Layer], at: datetime, *, that_day: bool = True) -> Office:
    """The office in force at `at`: per subject the latest configuration, patched by later layers.

    With `that_day` only what holds on its date (`validity`), else all that is written down.
    Raises LookupError when no configuration of an office is in force.
    """
    said: dict[str, Any] = {"relief": {"called": [], "stops": []}}
    in_force = sorted((layer for layer in layers if layer.in_force(at)), key=_order)
    # Configuration first: a manager's word stands above it whenever it was loaded.
    for layer in sorted(in_force, key=lambda layer: layer.origin is not Origin.CONFIG):
        if layer.origin is Origin.CONFIG:
            said[layer.subject] = _json(layer.change)
        elif layer.subject in said:
            said[layer.subject] = _patched(said[layer.subject], _json(layer.change))
    if "office" not in said:
        raise LookupError("no configuration of an office is in force")

    def each(prefix: str) -> list[Any]:
        return [value for subject, value in said.items() if subject.startswith(prefix)]

    whole = {
        **said["office"],
        **said.get("rules", {}),
        "services": each("service:"),
        "counters": each("counter:"),
        "limits": each("limit:"),
        **{name: said.get(name, []) for name in _LISTS},
        **{name: said.get(name, {}) for name in (*_TABLES, "relief")},
        "surge": whole_surge(said.get("surge", {}), each("surge_rule:")),
    }
    written = in_normal_order(msgspec.convert(whole, Office))
    return as_of(written, at) if that_day else written


def next_change(layers: Iterable[Layer], after: datetime) -> datetime | None:
    """The first instant after `after` at which settings begin or end by themselves.

    Capacity layers do not count: cells know their intervals beforehand.
    """
    layers = tuple(layers)
    settings = (layer for layer in layers if not is_capacity(layer.subject))
    turns = (t for layer in settings for t in (layer.since, layer.until) if t is not None)
    return min((t for t in (*turns, *dated(layers)) if t > after), default=None)


def differences(in_force: Iterable[Layer], wanted: Office, at: datetime) -> Preview:
    """What loading `wanted` at `at` changes; an old layer ends, a new one begins at `at`.

    Only layers of origin config are compared; loading the same office again changes nothing.
    """
    config = [layer for layer in in_force if layer.origin is Origin.CONFIG and layer.in_force(at)]
    old = {layer.subject: layer for layer in sorted(config, key=_order)}
    new = {layer.subject: layer for layer in layers_of(wanted, at)}
    return Preview(
        add=tuple(layer for subject, layer in new.items() if subject not in old),
        replace=tuple(
            Replaced(old[subject], layer)
            for subject, layer in new.items()
            if subject in old and _said(old[subject]) != _said(layer)
        ),
        # Two loads at once may have begun a subject twice: only the latest layer of it goes on.
        end=tuple(
            layer for layer in config if layer.subject not in new or layer is not old[layer.subject]
        ),
    )


def is_capacity(subject: str) -> bool:
    """Whether layers of `subject` add to cells; all others change settings."""
    return subject.startswith("capacity:")


def added_by(layer: Layer) -> Addition | None:
    """What a capacity layer adds; None for every other subject.

    Raises msgspec.ValidationError for a change that has none of the three forms.
    """
    return _addition(layer.change) if is_capacity(layer.subject) else None


@lru_cache(maxsize=4096)
def _addition(change: str) -> Addition:
    said = _json(change)
    named = said if isinstance(said, dict) else {}
    if "opens" in named:
        return msgspec.convert(said, Opened)
    if "counter" in named:
        return msgspec.convert(said, DeskAdded)
    return msgspec.convert(said, Added)


_LISTS = ("hours", "closures", "exceptions", "authorities")
_TABLES = ("staff", "triage", "expecting", "reminders")
_KINDS: dict[str, Any] = {
    "office": Identity,
    "service": Service,
    "counter": Counter,
    "limit": Limit,
    "hours": tuple[Window, ...],
    "closures": tuple[Closure, ...],
    "exceptions": tuple[Special, ...],
    "rules": Rules,
    "staff": Staff,
    "surge": SurgeBounds,
    "surge_rule": SurgeRule,
    "triage": Triage,
    "expecting": Expecting,
    "reminders": Reminders,
    "authorities": tuple[Referral, ...],
}


def _said(layer: Layer) -> object:
    """The change as a value, so that a field with a new default is no difference."""
    try:
        return msgspec.json.decode(layer.change, type=_KINDS[layer.subject.partition(":")[0]])
    except msgspec.ValidationError:
        return layer.change


def _order(layer: Layer) -> tuple[datetime, int, str, str]:
    return (layer.since, layer.id or 0, layer.origin, layer.change)


def _json(change: str) -> Any:
    return msgspec.json.decode(change)


def _patched(value: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7396): tables are merged, null removes, all else replaces.

    ``{"add": [...]}`` adds to a list, so that two who add closures can be taken back apart.
    """
    if not isinstance(patch, dict):
        return patch
    if isinstance(value, list) and patch.keys() == {"add"}:
        return [*value, *patch["add"]]
    merged = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if change is None:
            merged.pop(key, None)
        else:
            merged[key] = _patched(merged.get(key), change)
    return merged


def _changes(old: Any, new: Any, key: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        names = dict.fromkeys((*old, *new))
        return [
            line
            for name in names
            for line in _changes(old.get(name), new.get(name), f"{key}.{name}" if key else name)
        ]
    return [] if old == new else [f"{f'{key}: ' if key else ''}{_short(old)} → {_short(new)}"]


def _short(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()
