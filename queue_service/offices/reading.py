"""Turns tables into values and collects every fault of form on the way.

msgspec stops at its first error; a person who repairs a file wants all of them. So each table is
read field by field: unknown and missing keys, wrong types, texts without German. What the values
*mean* together is left to `rules`.
"""

import difflib
import json
import re
import types
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Any, NewType, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from queue_service.model.office import Texts, Window
from queue_service.model.surge import Do

SHOWN_CHARACTERS = 80
LARGEST = 100_000
"""No number of an office is larger; minutes of that size still make a date."""
AHEAD = ("uk", "tr", "ru", "fr", "fa", "de_simple")
"""Texts in these may be written before an office offers the language."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

T = TypeVar("T", bound=msgspec.Struct)

_KINDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    timedelta: "a duration such as 30m, 2h or 5d",
    str: "text in quotes",
    bool: "true or false",
    date: "a date such as 2026-12-24",
    time: "a time such as 08:00:00",
}

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Fault(msgspec.Struct, frozen=True, order=True):
    """One thing wrong in a configuration, for the person who repairs it."""

    file: str
    key: str
    """Path of the value: ``services.PICK.minutes_first``; items without name count from 1."""
    value: str
    """What stands there, as text; empty when nothing does."""
    reason: str

    def line(self) -> str:
        """One printable line with file, key, value and reason."""
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}{f' = {self.value}' if self.value else ''}: {self.reason}"

    def __str__(self) -> str:
        return self.line()


class Found(msgspec.Struct, frozen=True):
    """A fault before it is known in which file its key stands."""

    key: str
    value: object
    """None when nothing stands there."""
    reason: str

    def in_file(self, file: str) -> Fault:
        """The fault, told with its file."""
        return Fault(file, self.key, shown(self.value), self.reason)


def shown(value: object) -> str:
    """`value` as it may stand in a message: one line, shortened."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


class Reader:
    """Reads values of given types and keeps what was wrong in `found`."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        """`languages` are those the office offers (empty: unknown); texts in others are faults."""
        self.found: list[Found] = []
        self._languages = languages

    # Any: the types of fields are known at run time only; each branch returns what `kind` says.
    def value(self, kind: Any, raw: object, key: str) -> Any:
        """`raw` as a `kind`, or None after noting why not."""
        if _is_union(kind) and isinstance(raw, dict):
            kind = get_args(kind)[0]
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(kind, raw, key)
        if get_origin(kind) is tuple:
            return self.items(get_args(kind)[0], raw, key)
        if kind == Texts:
            return self.texts(raw, key)
        if kind is timedelta:
            return self.duration(raw, key)
        try:
            read = msgspec.convert(raw, kind)
        except msgspec.ValidationError:
            self._note(key, raw, f"must be {_said(kind)}")
            return None
        impossible = _impossible(read)
        if impossible:
            self._note(key, raw, impossible)
        return None if impossible else read

    def struct(self, kind: type[T], raw: object, key: str) -> T | None:
        """A table as a Struct; every one of its fields is looked at."""
        if not isinstance(raw, dict):
            self._note(key, raw, "must be a table")
            return None
        prefix = f"{key}." if key else ""
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        meant = {
            name: _near(name, fields.keys() - raw.keys()) for name in raw.keys() - fields.keys()
        }
        for name, near in meant.items():
            reason = "is not a known key" + (f"; do you mean {near}?" if near else "")
            self._note(f"{prefix}{name}", raw[name], reason)
        values: dict[str, Any] = {}
        whole = True
        for name, field in fields.items():
            if name in raw:
                read = _OWN_FORM.get((kind, name), Reader.value)
                values[name] = read(self, field.type, raw[name], f"{prefix}{name}")
                whole = whole and values[name] is not None
            elif _required(field):
                whole = False
                if name not in meant.values():
                    self._note(f"{prefix}{name}", None, "is missing")
        return kind(**values) if whole else None

    def items(self, kind: Any, raw: object, key: str) -> tuple[Any, ...] | None:
        """A list as a tuple; None when an item could not be read."""
        if not isinstance(raw, list):
            self._note(key, raw, "must be a list")
            return None
        read = self.each(kind, raw, key)
        return read if len(read) == len(raw) else None

    def each(self, kind: Any, raw: list[object], key: str) -> tuple[Any, ...]:
        """The items of a list that could be read."""
        read = (self.value(kind, item, label(key, n, item)) for n, item in enumerate(raw, 1))
        return tuple(item for item in read if item is not None)

    def texts(self, raw: object, key: str) -> Texts | None:
        """Sentences by language; German is always among them."""
        if not isinstance(raw, dict):
            self._note(key, raw, 'must be a table of languages such as { de = "…", en = "…" }')
            return None
        if "de" not in raw:
            self._note(f"{key}.de", None, "is missing: every text needs German")
        for language, text in raw.items():
            if not isinstance(text, str) or not text.strip():
                self._note(f"{key}.{language}", text, "must be text in quotes, not empty")
            elif impossible := _impossible(text):
                self._note(f"{key}.{language}", text, impossible)
            if self._languages and language not in (*self._languages, "de", *AHEAD):
                self._note(f"{key}.{language}", text, "is not a language of this office")
        return raw if all(isinstance(text, str) for text in raw.values()) else None

    def weekdays(self, _kind: Any, raw: object, key: str) -> tuple[int, ...] | None:
        """Weekdays are written as names, kept as numbers."""
        if not isinstance(raw, list) or any(day not in WEEKDAYS for day in raw):
            self._note(key, raw, f"must be a list of {', '.join(WEEKDAYS)}")
            return None
        return tuple(WEEKDAYS.index(day) for day in raw)

    def duration(self, raw: object, key: str) -> timedelta | None:
        """A length of time is written as a number and its unit: 30m, 2h, 5d."""
        said = re.fullmatch(r"(\d{1,5})([mhd])", raw) if isinstance(raw, str) else None
        if said is None:
            self._note(key, raw, f"must be {_KINDS[timedelta]}")
            return None
        return timedelta(**{_UNITS[said[2]]: int(said[1])})

    def _note(self, key: str, value: object, reason: str) -> None:
        self.found.append(Found(key, value, reason))


_OWN_FORM: dict[tuple[type, str], Callable[[Reader, Any, object, str], Any]] = {
    (Window, "weekdays"): Reader.weekdays,
    (Do, "weekdays"): Reader.weekdays,
}


def label(key: str, number: int, item: object) -> str:
    """How an item of a list is called: by code, key or id, else by its place counted from 1."""
    named = item if isinstance(item, dict) else {}
    name = named.get("code", named.get("key", named.get("id")))
    return f"{key}.{name}" if isinstance(name, str) and name else f"{key}[{number}]"


def _required(field: FieldInfo) -> bool:
    return field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT


def _near(name: str, missing: Iterable[str]) -> str:
    """The missing key that `name` was probably meant to be; empty when none is like it."""
    return next(iter(difflib.get_close_matches(name, missing, n=1)), "")


def _impossible(value: object) -> str:
    """Why no office can have that number or text; empty when one may."""
    if isinstance(value, int | float) and not abs(value) <= LARGEST:  # so that nan is none, too
        return f"must be a number up to {LARGEST}"
    if isinstance(value, str) and any(sign < " " and sign != "\n" for sign in value):
        return "contains an unprintable sign"
    return ""


def _is_union(kind: Any) -> bool:
    """Whether a field may be absent, however its type is written: NewTypes make the older form."""
    return isinstance(kind, types.UnionType) or get_origin(kind) is Union


def _said(kind: Any) -> str:
    if isinstance(kind, NewType):
        return _said(kind.__supertype__)
    if _is_union(kind):
        return _said(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"one of {', '.join(kind)}"
    return _KINDS[kind]
