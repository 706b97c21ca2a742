"""The list of authorities: rows of a CSV → referrals, merged with what was accepted before.

Pure. One row says who is responsible for a municipality (8 digits), or for what is left of a
district (5 digits). A row that cannot be meant is named by its line and changes nothing; a row that
is missing in a newer list changes nothing either.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from queue_service.model.asking import Referral
from queue_service.offices import municipalities

COLUMNS = ("AGS", "name", "street", "postcode", "town", "phone", "web", "hours")
LONGEST = 200
"""Of one value, in characters."""
_LONG = f"is longer than {LONGEST} characters"
_KEY = re.compile(r"[0-9]{5}|[0-9]{8}")
_POSTCODE = re.compile(r"([0-9]{5})?")
_WEB = re.compile(r"(https://\S+)?")


class Doubt(msgspec.Struct, frozen=True):
    """A row that was not taken: its line in the file, the column, what stands there, why not."""

    line: int
    column: str
    value: str
    reason: str

    def said(self) -> str:
        """One line for whoever repairs the file."""
        shown = f" = {self.value[:80]!r}" if self.value else ""
        return f"line {self.line}: {self.column}{shown}: {self.reason}"


class Read(msgspec.Struct, frozen=True):
    """A list as read: who is responsible, by key, and what was not taken."""

    by_key: dict[str, Referral]
    rows: int
    doubts: tuple[Doubt, ...]


def read(text: str) -> Read:
    """The rows of a list; comma or semicolon, header in any order."""
    lines = text.lstrip("\ufeff").splitlines()
    header = lines[0] if lines else ""
    table = csv.DictReader(lines, delimiter=";" if header.count(";") > header.count(",") else ",")
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        reason = f"the header must name {', '.join(COLUMNS)}"
        return Read({}, 0, (Doubt(1, ", ".join(missing), "", f"is missing: {reason}"),))
    by_key: dict[str, Referral] = {}
    seen: dict[str, int] = {}
    doubts: list[Doubt] = []
    rows = 0
    for raw in table:
        row = {name: " ".join((raw.get(name) or "").split()) for name in COLUMNS}
        if not any(row.values()):
            continue
        rows += 1
        line = table.line_num
        found = list(_doubts(line, row, seen, whole=None not in raw))
        doubts += found
        if not found:
            seen[row["AGS"]] = line
            by_key[row["AGS"]] = _referral(row)
    return Read(by_key, rows, tuple(doubts))


def merged(before: Iterable[Referral], new: Mapping[str, Referral]) -> tuple[Referral, ...]:
    """What was accepted before with the new rows above it, grouped by authority, keys in order."""
    by_key = {key: msgspec.structs.replace(said, ags=()) for said in before for key in said.ags}
    by_key |= new
    groups: dict[bytes, list[str]] = {}
    for key, said in sorted(by_key.items()):
        groups.setdefault(msgspec.json.encode(said), []).append(key)
    return tuple(
        msgspec.structs.replace(msgspec.json.decode(said, type=Referral), ags=tuple(keys))
        for said, keys in groups.items()
    )


def written(authorities: Iterable[Referral]) -> str:
    """The same as a configuration file."""
    return (
        "# Written by queue-service import-authorities; corrections belong into the list.\n"
        + "".join(_table(said) for said in authorities)
    )


def _table(said: Referral) -> str:
    keys = "".join(f"    {_quoted(key)},\n" for key in said.ags)
    fields = [
        f"{name} = {_quoted(value)}\n"
        for name in ("street", "postcode", "town", "phone", "web", "office")
        if (value := getattr(said, name))
    ]
    texts = [
        f"[authorities.{name}]\n" + "".join(f"{tag} = {_quoted(t)}\n" for tag, t in texts.items())
        for name, texts in (("name", said.name), ("hours", said.hours))
        if texts
    ]
    return f"\n[[authorities]]\nags = [\n{keys}]\n{''.join(fields)}{''.join(texts)}"


def _quoted(value: str) -> str:
    """`value` as a TOML string; JSON's form is one."""
    return msgspec.json.encode(value).decode().replace("\x7f", "")


def _referral(row: Mapping[str, str]) -> Referral:
    return Referral(
        ags=(),
        name={"de": row["name"]},
        street=row["street"],
        postcode=row["postcode"],
        town=row["town"],
        phone=row["phone"],
        web=row["web"],
        hours={"de": row["hours"]} if row["hours"] else {},
    )


def _doubts(
    line: int, row: Mapping[str, str], seen: Mapping[str, int], *, whole: bool
) -> Iterator[Doubt]:
    reasons = [
        ("row", "" if whole else "has more values than the header names"),
        ("AGS", _key_reason(row["AGS"], seen)),
        *((column, "" if row[column] else "is missing") for column in ("name", "town")),
        ("postcode", "" if _POSTCODE.fullmatch(row["postcode"]) else "must be 5 digits"),
        ("web", "" if _WEB.fullmatch(row["web"]) else "must begin with https://"),
        *((name, _LONG if len(row[name]) > LONGEST else "") for name in COLUMNS),
    ]
    return (Doubt(line, name, row.get(name, ""), reason) for name, reason in reasons if reason)


def _key_reason(key: str, seen: Mapping[str, int]) -> str:
    if not _KEY.fullmatch(key):
        return "must be the 8 digits of a municipality or the 5 of a district"
    if municipalities.of_key(key) is None and not municipalities.of_district(key):
        return "is not in the table of municipalities"
    return f"stands in line {seen[key]} already" if key in seen else ""
