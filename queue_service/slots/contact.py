"""What people say of themselves: what cannot be so, and how it is kept.

An address that reaches nobody is worse than none: whoever has none is phoned when the office
changes their appointment, and whoever seems to have one waits for a letter.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

FIRST_YEAR = 1900
"""Of a birth."""
_JOINERS = "\u200c\u200d"
"""Invisible signs that belong to names and to pictures: Persian writes with the first."""
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_EMAIL = re.compile(r"""[^\s<>(),;:"\\\[\]@]{1,64}@[^\W_](?:[\w.-]{0,251}[^\W_])?""")
_PHONE = re.compile(r"(?=(\D*\d){3})[\d\s+()/.-]{3,40}")


def plain_line(text: str) -> str:
    """`text` in one line without signs that nobody sees: none that turns or hides what follows."""
    seen = (c if not _unseen(c) else " " if c.isspace() else "" for c in text)
    return " ".join("".join(seen).split())


def _unseen(sign: str) -> bool:
    return sign not in _JOINERS and unicodedata.category(sign) in _UNSEEN


def is_address(email: str) -> bool:
    """Whether `email` looks like the address of one letter box, without a sign that nobody sees."""
    return _EMAIL.fullmatch(email) is not None and not any(map(_unseen, email))


def impossible(
    *,
    name: str,
    email: str,
    phone: str,
    birth_date: date | None,
    today: date,
    document: str = "",
) -> Sequence[str]:
    """The fields that cannot be so; `today` is the office's. What is empty is another question."""
    wrong = {
        "name": bool(name.strip()) and not any(c.isalnum() for c in name),
        "birth_date": birth_date is not None
        and not (birth_date.year >= FIRST_YEAR and birth_date <= today),
        "email": bool(email.strip()) and not is_address(email.strip()),
        "document": bool(document.strip()) and not any(c.isalnum() for c in document),
        "phone": bool(phone.strip()) and not _PHONE.fullmatch(phone.strip()),
    }
    return [field for field, is_wrong in wrong.items() if is_wrong]
