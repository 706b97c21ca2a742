"""From the texts of a folder to a checked Office or all its faults.

Every top-level key of `Office` stands in exactly one file; how a town spreads them is its own
matter. Meaning is judged in `rules`, form in `reading`.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import get_args

import msgspec

from queue_service.model.office import Office, Place
from queue_service.offices.reading import SHOWN_CHARACTERS, Fault, Found, Reader
from queue_service.offices.rules import Draft, broken_rules
from queue_service.offices.rules_of_sharing import with_shared_limits
from queue_service.offices.sharing import Sharing
from queue_service.offices.surge_rules import what_could_be_read

Raw = dict[str, object]
_SHARING = "sharing"
"""The one table that is no part of an Office: it is turned into limits."""

_LISTS = ("services", "counters", "limits", "hours", "closures", "exceptions")
_EMPTY: Raw = {
    "slug": "",
    "authority": "",
    "name": {},
    "zone": "",
    "land": "",
    "ags": "",
    "place": Place("", "", ""),
    "languages": (),
    "services": (),
    "counters": (),
    "limits": (),
    "hours": (),
}
"""Stand-ins for what could not be read, so that the rest is judged in the same pass."""


def check(texts: Mapping[str, str]) -> Office | tuple[Fault, ...]:
    """The office that the files describe (name → TOML text), or every fault found in them.

    Services, counters and limits of the result are in normal order, so two texts that differ in
    order only give the same office.
    """
    faults: list[Fault] = []
    tables: Raw = {}
    files: dict[str, str] = {}
    for file, text in sorted(texts.items()):
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(_syntax(file, text, str(error)))
            continue
        for key, value in content.items():
            if key in files:
                reason = f"stands in {files[key]} too: each key belongs in one file"
                faults.append(Found(key, value, reason).in_file(file))
                continue
            files[key], tables[key] = file, value
    home = next((f for f in texts if f.endswith("office.toml")), min(texts, default="office.toml"))
    # What is missing cannot be told while a file is unreadable; what stands there still can.
    draft, found = _draft(tables, partial=bool(faults))
    faults += [f.in_file(files.get(_top(f.key), home)) for f in found]
    return tuple(sorted(set(faults))) or in_normal_order(draft.office)


def in_normal_order(office: Office) -> Office:
    """`office` with services by order and code, counters by number, limits by key."""
    return msgspec.structs.replace(
        office,
        services=tuple(sorted(office.services, key=lambda s: (s.order, s.code))),
        counters=tuple(sorted(office.counters, key=lambda c: natural(c.key))),
        limits=tuple(sorted(office.limits, key=lambda limit: limit.key)),
        surge=msgspec.structs.replace(
            office.surge, rule=tuple(sorted(office.surge.rule, key=lambda rule: rule.id))
        ),
    )


def natural(key: str) -> tuple[tuple[int, str], ...]:
    """Sorts "2" before "10" and "A2" before "A10"."""
    return tuple((int(digits or 0), text) for digits, text in re.findall(r"(\d+)|(\D+)", key))


def _draft(tables: Raw, *, partial: bool) -> tuple[Draft, list[Found]]:
    said = tables.get("languages")
    known = isinstance(said, list) and all(isinstance(tag, str) for tag in said)
    reader = Reader(tuple(said) if known and isinstance(said, list) else ())
    own = {key: value for key, value in tables.items() if key != _SHARING}
    office = reader.struct(Office, own, "")
    sharing = reader.struct(Sharing, tables.get(_SHARING, {}), _SHARING)
    found = reader.found
    if "relief" in own:
        found.append(Found("relief", own["relief"], "is no configuration: surge rules call it"))
    faulty = frozenset(_top(f.key) for f in found)
    unread: frozenset[str] = frozenset()
    if office is None:
        office, unread = _what_could_be_read(own)
    if partial:
        found = [f for f in found if not (f.value is None and f.key in _fields())]
    draft = Draft(office, unread, faulty, _codes(tables))
    if _SHARING in tables:
        draft, faults = with_shared_limits(draft, sharing)
        found.extend(faults)
    return draft, found + list(broken_rules(draft))


def _what_could_be_read(tables: Raw) -> tuple[Office, frozenset[str]]:
    """An office of all that could be read, and the keys that are not whole in it."""
    silent = Reader(())
    values, unread = dict(_EMPTY), set()
    for name, field in _fields().items():
        raw = tables.get(name)
        if name in _LISTS and isinstance(raw, list):
            values[name] = read = silent.each(get_args(field.type)[0], raw, name)
            whole = len(read) == len(raw)
        elif name == "surge" and isinstance(raw, dict):
            values[name] = read_surge = what_could_be_read(silent, raw)
            whole = len(read_surge.rule) == len(raw.get("rule", ()))
        elif whole := (value := silent.value(field.type, raw, name)) is not None:
            values[name] = value
        if not whole and (name in tables or name in _EMPTY):
            unread.add(name)
    return msgspec.convert(values, Office, from_attributes=True), frozenset(unread)


def _fields() -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(Office)}


def _codes(tables: Raw) -> frozenset[str] | None:
    rows = tables.get("services")
    if not isinstance(rows, list):
        return None
    codes = [row.get("code") if isinstance(row, dict) else None for row in rows]
    known = [code for code in codes if isinstance(code, str)]
    return frozenset(known) if len(known) == len(rows) else None


def _syntax(file: str, text: str, message: str) -> Fault:
    at = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)", message)
    lines = text.splitlines() or [""]
    number = int(at[1]) if at and at[1] else len(lines)
    reason = f"not valid TOML: {message[: at.start()].strip() if at else message}"
    line = lines[number - 1] if number <= len(lines) else ""
    return Fault(file, f"line {number}", line.strip()[:SHOWN_CHARACTERS], reason)


def _top(key: str) -> str:
    return re.split(r"[.\[]", key, maxsplit=1)[0]
