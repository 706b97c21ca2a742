"""What applicants type, read kindly and checked field by field; keeps nothing.

Digits of other scripts count as digits. An answer is never cut: what is too long is said.
"""

import re
from collections.abc import Mapping
from datetime import date

import msgspec

from queue_service.language import catalogue, mark
from queue_service.language.refusals import FIELDS
from queue_service.slots.contact import is_address

LENGTHS = {"name": 120, "email": 254, "phone": 40, "birth_date": 20, "document": 40}
_MISSING = mark("Please fill in: {field}.")
_TOO_LONG = mark("{field}: at most {most} characters, please.")
_WRONG = {
    "email": mark("E-mail: an address looks like name@example.org."),
    "phone": mark("Phone: only digits, spaces and + please."),
    "birth_date": mark("Date of birth: please write day, month, year, like 31.01.1990."),
}
_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]{2,}")
_PHONE = re.compile(r"\+?[\d\s()/.-]{5,}")
_DIGITS = {ord(sign): str(n % 10) for n, sign in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}


class Answers(msgspec.Struct, frozen=True):
    """The fields of the form as they were typed, white space tidied."""

    name: str = ""
    email: str = ""
    phone: str = ""
    birth_date: str = ""
    document: str = ""


def read(form: Mapping[str, object]) -> Answers:
    """The answers in a posted form."""
    return Answers(**{field: text(form, field) for field in LENGTHS})


def text(form: Mapping[str, object], field: str) -> str:
    """One field as tidy text; an upload or nothing is empty."""
    value = form.get(field)
    return " ".join(value.replace("\0", " ").split()) if isinstance(value, str) else ""


def faults(answers: Answers, required: tuple[str, ...], language: str) -> dict[str, str]:
    """What is wrong, field by field in the order of the form; empty when all is well."""
    t = catalogue(language)
    found: dict[str, str] = {}
    for field in ("name", "birth_date", "document", "email", "phone"):
        value = getattr(answers, field)
        if not value:
            if field in required:
                found[field] = t(_MISSING, field=t(FIELDS[field]))
        elif len(value) > LENGTHS[field]:
            found[field] = t(_TOO_LONG, field=t(FIELDS[field]), most=LENGTHS[field])
        elif not _well_formed(field, value):
            found[field] = t(_WRONG[field])
    return found


def _well_formed(field: str, value: str) -> bool:
    if field == "email":
        return _EMAIL.fullmatch(value) is not None and is_address(value)
    if field == "phone":
        return _PHONE.fullmatch(value.translate(_DIGITS)) is not None
    return field != "birth_date" or as_birth_date(value) is not None


def as_birth_date(typed: str) -> date | None:
    """A date of birth as people write it: 31.1.1990, 31/01/1990 or 1990-01-31."""
    if len(typed) > LENGTHS["birth_date"]:
        return None
    numbers = [int(part) for part in re.split(r"\D+", typed.translate(_DIGITS)) if part][:4]
    if len(numbers) != 3:
        return None
    year, month, day = numbers if numbers[0] > 31 else reversed(numbers)
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return born if year >= 1900 else None
